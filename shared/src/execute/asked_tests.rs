//! Operations that only ask are asked again, and not for ever.

use serde_json::json;

use super::*;
use crate::testing::{Script, World};
use crate::tracking::State;

const ASKED: &str = "GET /v1/loans/external-id/L?associations=all";
const OFFICE: &str = "GET /v1/offices/1";

/// So many tries without an answer, with one between them for which Fineract was away.
async fn lost(times: usize) -> (World, Received) {
    let world = World::new();
    let message = world.accept("LOAN_GET", json!({"external_loan_id": "L"})).await;
    world.run(&Script::default().unreachable(ASKED), &message).await;
    for time in 0..times {
        world.clock.advance(WAIT_MAX);
        let script = match time {
            0 => Script::default().on(OFFICE, 200, json!({"id": 1})),
            _ => Script::default(),
        };
        world.run(&script.lost(ASKED), &message).await;
    }
    world.clock.advance(WAIT_MAX);
    (world, message)
}

#[tokio::test]
async fn five_tries_without_an_answer_are_all() {
    for (times, state) in [(1, State::Waiting), (4, State::Waiting), (5, State::Failed)] {
        let (world, _) = lost(times).await;
        let row = world.row();
        assert_eq!((row.state, row.maybe_sent), (state, false), "{times}");
        let code = row.failure.map(|failure| failure.code().unwrap_or_default().to_owned());
        let unanswered = (state == State::Failed).then(|| "gateway.unanswered".to_owned());
        assert_eq!(code, unanswered, "{times}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_be_read_is_not_asked_for_again() {
    let world = World::new();
    let message = world.accept("LOAN_GET", json!({"external_loan_id": "L"})).await;
    world.run(&Script::default().too_large(ASKED), &message).await;
    let failure = world.row().failure.unwrap();
    assert_eq!(failure.code(), Some("gateway.response-too-large"));
}

#[tokio::test]
async fn the_answer_of_the_last_try_counts() {
    let (world, message) = lost(4).await;
    let loan = json!({"id": 2, "externalId": "L"});
    world
        .run(&Script::default().on(ASKED, 200, loan.clone()), &message)
        .await;
    assert_eq!(
        (world.row().state, world.row().response),
        (State::Succeeded, Some(loan))
    );
}
