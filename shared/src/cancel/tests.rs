use serde_json::json;

use super::*;
use crate::row::tests::row;
use crate::testing::{RETENTION, World, caller};
use crate::track::track;

async fn cancel(world: &World, who: &str, row: &Row) -> Result<serde_json::Value, u16> {
    let canceller = Canceller {
        ledger: &world.ledger,
        queue: &world.queue,
        clock: &world.clock,
        retention: RETENTION,
    };
    let report = canceller.cancel(&caller(who), &row.tracking_id().to_string()).await;
    report
        .map(|report| report.body)
        .map_err(|problem| problem.kind.http_status())
}

#[tokio::test]
async fn only_what_was_never_sent_can_be_cancelled() {
    for state in State::ALL {
        for maybe_sent in [false, true] {
            let world = World::new();
            let before = Row {
                state,
                maybe_sent,
                ..row()
            };
            world.ledger.put(before.clone());
            let answer = cancel(&world, "los", &before).await.map(|body| body["state"].clone());
            let can = matches!(state, State::Accepted | State::Waiting) && !maybe_sent;
            let expected = if can || state == State::Cancelled {
                Ok(json!("cancelled"))
            } else {
                Err(409)
            };
            assert_eq!(answer, expected, "{state:?} {maybe_sent}");
            assert_eq!(world.row() == before, !can, "{state:?} {maybe_sent}");
        }
    }
}

#[tokio::test]
async fn a_cancelled_operation_is_a_final_failure_and_its_message_comes_back_at_once() {
    let world = World::new();
    let waiting = Row {
        state: State::Waiting,
        receipt: Some("r".to_owned()),
        ..row()
    };
    world.ledger.put(waiting.clone());
    let body = cancel(&world, "los", &waiting).await.unwrap();
    assert_eq!(
        (&body["status"], &body["error"]["code"]),
        (&json!("failed"), &json!("gateway.cancelled"))
    );
    assert!(body["error_message"].as_str().unwrap().starts_with("Gateway refused: "));
    assert_eq!(world.queue.put_off_for(), [Duration::ZERO]);
    let id = waiting.tracking_id().to_string();
    assert_eq!(
        track(&world.ledger, &world.clock, &caller("los"), &id)
            .await
            .unwrap()
            .body,
        body
    );
    assert_eq!(
        cancel(&world, "los", &waiting).await.unwrap(),
        body,
        "again, the same answer"
    );
    assert!(world.row().expires_at.is_some());
}

#[tokio::test]
async fn nobody_cancels_for_another() {
    let world = World::new();
    world.ledger.put(row());
    assert_eq!(cancel(&world, "other", &row()).await, Err(404));
    assert_eq!(world.row(), row());
}
