//! What is lost on the way, and what is not.

use fineract_simulator::{Action, Fault, Match, Moment, Times};
use local::{Function, Options};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::bench::{Bench, published};

fn kill_workers(bench: &Bench) {
    let processes = bench.stack.processes(Function::Worker).unwrap();
    assert!(!processes.is_empty(), "a worker runs");
    for number in processes {
        let pid = Pid::from_raw(i32::try_from(number).unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
    }
}

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
    kill_workers(&bench);
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

    // An accepted operation as operate stores it, without a message.
    let uuid = id.split_once('|').unwrap().1;
    let mut row = bench.stack.row(uuid).await.unwrap().unwrap();
    let lost = "018f0000-0000-7000-8000-000000000001";
    let subject = gateway::subject::Subject::stored("client:INC-2");
    let long_ago = "2026-01-01T00:00:00.000000Z";
    let data = published::with(
        published::client_create(),
        json!({"externalId": "INC-2", "mobileNo": null}),
    );
    let members = row.as_object_mut().unwrap();
    for ended in ["processed_at", "expires_at", "response", "owner", "queue_seq"] {
        members.shift_remove(ended);
    }
    let text = |text: &str| json!({"S": text});
    for (name, value) in [
        ("id", lost),
        ("subject", subject.as_str()),
        ("data", &data.to_string()),
        ("state", "accepted"),
        ("accepted_at", long_ago),
        ("next_attempt_at", long_ago),
        ("open_shard", &subject.shard()),
        ("open_key", &format!("{subject}\u{1f}{long_ago}\u{1f}{lost}")),
    ] {
        members.insert(name.to_owned(), text(value));
    }
    members.insert("maybe_sent".to_owned(), json!({"BOOL": false}));
    bench.stack.put_row(&row).await.unwrap();

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
