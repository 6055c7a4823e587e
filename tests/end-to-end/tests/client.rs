//! `docs/client`: the Python client, over a connection that loses requests and answers.

use std::path::Path;
use std::process::Stdio;

use local::console::Console;
use local::environment::{Environment, Purpose};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::bench::Bench;
use crate::lossy::{Fate, Lossy};

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_lives_through_lost_answers_and_nothing_is_done_twice() {
    let bench = Bench::start().await;
    // Every request meets each of these in turn; the client asks again until one comes through.
    let fates = [Fate::AnswerLost, Fate::RequestLost, Fate::AnswerCutOff, Fate::Passes];
    let lossy = Lossy::start(bench.api.url(), &fates).await;
    let dead = Lossy::start(bench.api.url(), &[Fate::RequestLost]).await;
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let environment = Environment::ensure(Purpose::Emulator, Console::Quiet).await.unwrap();
    let mut python = Command::new(environment.python());
    // Without the site's packages: the client needs none.
    python
        .args(["-S", "-B"])
        .arg(top.join("tests/end-to-end/tests/client.py"));
    python.env_clear().env("PYTHONPATH", top.join("docs/client"));
    python
        .env("LOSSY_URL", lossy.url())
        .env("GATEWAY_URL", bench.api.url())
        .env("GATEWAY_TOKEN", bench.api.token())
        .env("DEAD_URL", dead.url());
    let output = python.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");

    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let succeeded = json!([true, null, false]);
    let early = "error.msg.loan.disbursal.account.is.not.approve.not.disbursed.state";
    let expected = json!({
        "client": succeeded, "loan": succeeded, "early": [false, early, false], "approve": succeeded,
        "disburse": succeeded, "show": succeeded, "principal": "100000.1", "same": true, "again": true,
        "reused": [422, "idempotency-key-reused"], "faults": ["/data/firstname", "/data/activationDate"],
        "cancel": "too-late-to-cancel", "history": ["LOAN_DISBURSE", "LOAN_APPROVE", "LOAN_DISBURSE", "LOAN_CREATE"],
        "stranger": "unauthorized", "dead": "k", "open": true,
        "door": ["Refused", "Refused", "NoAnswer", "NoAnswer", "Refused"],
    });
    assert_eq!(told, expected);
    assert_eq!(
        (bench.effects("INC-1001").len(), bench.effects("LOAN-123").len()),
        (1, 3)
    );
    for fate in fates {
        assert!(lossy.met(fate) > 10, "{fate:?}");
    }
}
