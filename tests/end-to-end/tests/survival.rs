//! What is lost on the way, and what is not.

use fineract_simulator::{Action, Fault, Match, Moment, Times};
use local::{Function, Options};
use serde_json::{Value, json};

use crate::bench::{Bench, published};

fn on(method: &str, path: &str, action: Action) -> Fault {
    Fault {
        on: Match::of(method, path),
        action,
        times: Times::Once,
    }
}

/// Kills the worker while Fineract holds its call at this moment.
async fn a_killed_worker_loses_nothing(moment: Moment) {
    let bench = Bench::with(Options::with_short_times).await;
    let held = bench
        .simulator
        .faults()
        .add(on("POST", "/v1/clients", Action::Hold(moment)));
    let id = bench.accept("CLIENT_CREATE", published::client_create()).await;
    held.wait_until_held().await;
    assert_ne!(bench.kill(Function::Worker).await, 0, "a worker runs");
    held.release();
    let body = bench.ended(&id).await;
    assert_eq!(body["status"], "success", "{body}");
    assert!(
        body["attempts"].as_u64().unwrap() >= 2,
        "another worker took it up: {body}"
    );
    let effects = bench.effects("INC-1001");
    assert_eq!(effects.len(), 1, "one effect: {effects:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_before_the_effect_loses_nothing() {
    a_killed_worker_loses_nothing(Moment::BeforeEffect).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_after_the_effect_loses_nothing() {
    a_killed_worker_loses_nothing(Moment::AfterEffect).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_after_the_effect_is_asked_again_under_the_same_key() {
    let bench = Bench::start().await;
    let cut = bench
        .simulator
        .faults()
        .add(on("POST", "/v1/clients", Action::Cut(Moment::AfterEffect)));
    let body = bench.perform("CLIENT_CREATE", published::client_create()).await;
    assert_eq!(cut.hits(), 1);
    assert_eq!(
        (&body["status"], &body["attempts"]),
        (&json!("success"), &json!(2)),
        "{body}"
    );
    assert_eq!(bench.effects("INC-1001").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_takes_up_an_operation_whose_message_was_lost() {
    let bench = Bench::with(Options::with_short_times).await;
    let id = bench.accept("CLIENT_CREATE", published::client_create()).await;
    bench.ended(&id).await;

    let uuid = id.split_once('|').unwrap().1;
    let lost = "018f0000-0000-7000-8000-000000000001";
    bench.store_without_message(uuid, lost, "INC-2").await;

    let swept: Value = bench.stack.sweep().await.unwrap();
    assert_eq!(
        (&swept["sent"], &swept["complete"]),
        (&json!(1), &json!(true)),
        "{swept}"
    );
    let body = bench.ended(&format!("CLIENT_CREATE|{lost}")).await;
    assert_eq!(body["status"], "success", "{body}");
    assert_eq!(bench.effects("INC-2").len(), 1);
}
