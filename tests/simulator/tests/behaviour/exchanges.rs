//! Faults in process: nothing waits, and what would have taken time is told.

use std::time::Duration;

use fineract_simulator::{Exchanged, Outcome, Release, Simulator};
use serde_json::{Value, json};

use crate::bank::{approval, bank, bank_with_loan, client, codes, is_cached, request};

/// One exchange with a key.
fn exchange(bank: &Simulator, method: &str, path: &str, body: &Value, key: &str) -> Exchanged {
    let body = Some(body).filter(|body| !body.is_null());
    bank.exchange(&request(method, path, body).with_header("Idempotency-Key", key))
}

fn approve(bank: &Simulator, key: &str) -> Exchanged {
    exchange(
        bank,
        "POST",
        "loans/external-id/LOAN-1?command=approve",
        &approval(),
        key,
    )
}

/// What is told of an outcome: `lost before`, `lost after`, or status and code.
fn told(exchanged: &Exchanged) -> String {
    match &exchanged.outcome {
        Outcome::LostBeforeEffect => "lost before".to_owned(),
        Outcome::LostAfterEffect => "lost after".to_owned(),
        Outcome::Answered(response) => {
            let cached = if is_cached(response) { " cached" } else { "" };
            let code = response
                .body_json()
                .map(|body| codes(&body)[0].clone())
                .unwrap_or_default();
            format!("{}{cached} {code}", response.status).trim_end().to_owned()
        }
    }
}

#[test]
fn each_fault_once_and_the_same_key_again() {
    let rows = [
        // The fault, what comes of the exchange, its seconds, the effects, and the same key again.
        (
            json!({"fault": "latency", "seconds": 2.5}),
            "200",
            2500,
            1,
            "200 cached",
        ),
        (json!({"fault": "lost-request"}), "lost before", 0, 0, "200"),
        (json!({"fault": "lost-answer"}), "lost after", 0, 1, "200 cached"),
        (
            json!({"fault": "hold", "moment": "before-effect"}),
            "lost before",
            0,
            0,
            "425 cached",
        ),
        (
            json!({"fault": "hold", "moment": "after-effect"}),
            "lost after",
            0,
            1,
            "200 cached",
        ),
        (
            json!({"fault": "loan-locked"}),
            "409 error.msg.loan.locked",
            0,
            0,
            "200",
        ),
        (
            json!({"fault": "loan-locked", "loan": "LOAN-1"}),
            "409 error.msg.loan.locked",
            0,
            0,
            "200",
        ),
        (
            json!({"fault": "loan-locked", "loan": "1"}),
            "409 error.msg.loan.locked",
            0,
            0,
            "200",
        ),
        (
            json!({"fault": "loan-locked", "loan": "LOAN-2"}),
            "200",
            0,
            1,
            "200 cached",
        ),
        (
            json!({"fault": "job-running"}),
            "503 error.msg.platform.service.unavailable",
            0,
            0,
            "200",
        ),
        (
            json!({"fault": "stuck", "applied": false}),
            "lost before",
            0,
            0,
            "425 cached",
        ),
        (
            json!({"fault": "stuck", "applied": true}),
            "lost after",
            0,
            1,
            "425 cached",
        ),
        (json!({"fault": "database-down"}), "500", 20_000, 0, "200"),
        (json!({"fault": "database-down", "seconds": 0.5}), "500", 500, 0, "200"),
        (json!({"fault": "password-expired"}), "401", 0, 0, "200"),
        (json!({"fault": "proxy-page"}), "502", 0, 0, "200"),
        (json!({"fault": "applied-then-500"}), "500", 0, 1, "200 cached"),
        (json!({"fault": "connection-killed"}), "500", 0, 0, "500 cached"),
        (
            json!({"fault": "statement-cancelled"}),
            "403 error.msg.data.integrity.issue",
            0,
            0,
            "403 cached error.msg.data.integrity.issue",
        ),
        (
            json!({"fault": "no-connection"}),
            "403 error.msg.data.integrity.issue",
            0,
            0,
            "200",
        ),
        (
            json!({"fault": "conflict"}),
            "409 error.msg.platform.service.query.conflict",
            0,
            0,
            "409 cached error.msg.platform.service.query.conflict",
        ),
        (
            json!({"fault": "deadlock"}),
            "409 error.msg.platform.service.lock.conflict",
            0,
            0,
            "409 cached error.msg.platform.service.lock.conflict",
        ),
        (
            json!({"fault": "raced-duplicate"}),
            "403 error.msg.unknown.data.integrity.issue",
            0,
            0,
            "403 cached error.msg.unknown.data.integrity.issue",
        ),
    ];
    for release in Release::ALL {
        for (fault, expected, milliseconds, effects, again) in &rows {
            let bank = bank_with_loan(release);
            let before = bank.effects().len();
            let mut fault = fault.clone();
            fault["times"] = json!("once");
            bank.apply(&fault.to_string()).unwrap();
            let first = approve(&bank, "key");
            assert_eq!(told(&first), *expected, "{release} {fault}");
            assert_eq!(first.took, Duration::from_millis(*milliseconds), "{release} {fault}");
            assert_eq!(bank.effects().len() - before, *effects, "{release} {fault}");
            assert_eq!(bank.faults().standing(), [], "{release} {fault}");
            let second = approve(&bank, "key");
            assert_eq!(told(&second), *again, "{release} {fault}");
            let waited = again.starts_with("425");
            assert_eq!(second.took, Duration::from_secs(if waited { 3 } else { 0 }));
        }
    }
}

#[test]
fn a_lost_refusal_applied_nothing() {
    let bank = bank(Release::V1_10_1);
    bank.apply(r#"{"fault": "lost-answer"}"#).unwrap();
    let refused = exchange(&bank, "POST", "clients", &json!({"firstname": "Asha"}), "key");
    assert_eq!(refused.outcome, Outcome::LostBeforeEffect);
    assert!(bank.effects().is_empty());
}

#[test]
fn reads_and_creations_do_not_notice_a_lock_or_a_job() {
    for fault in [r#"{"fault": "loan-locked"}"#, r#"{"fault": "job-running"}"#] {
        let bank = bank_with_loan(Release::V1_10_1);
        bank.apply(fault).unwrap();
        let read = exchange(&bank, "GET", "loans/external-id/LOAN-1", &Value::Null, "key");
        assert_eq!(told(&read), "200", "{fault}");
    }
    let bank = bank_with_loan(Release::V1_10_1);
    bank.apply(r#"{"fault": "loan-locked"}"#).unwrap();
    assert_eq!(
        told(&exchange(&bank, "POST", "clients", &client("INC-2"), "key")),
        "200"
    );
    assert_eq!(told(&approve(&bank, "other")), "409 error.msg.loan.locked");
    // What does not exist is not locked.
    let unknown = exchange(&bank, "DELETE", "loans/external-id/none", &Value::Null, "third");
    assert_eq!(told(&unknown), "404 error.msg.resource.not.found");
}

#[test]
fn a_fault_meets_some_requests_only() {
    let bank = bank(Release::V1_10_1);
    let faults = json!([
        {"fault": "latency", "seconds": 1, "path": "/v1/offices"},
        {"fault": "latency", "seconds": 0.25},
        {"fault": "proxy-page", "method": "GET", "path": "/v1/clients", "times": 2, "status": 503},
    ]);
    let ids = bank.apply(&faults.to_string()).unwrap();
    assert_eq!(ids, [1, 2, 3]);
    let read = |path: &str| exchange(&bank, "GET", path, &Value::Null, "");
    assert_eq!(read("offices/1").took, Duration::from_millis(1250));
    assert_eq!(told(&read("clients/1")), "503");
    assert_eq!(told(&read("offices/1")), "200");
    assert_eq!(told(&read("clients/1")), "503");
    assert_eq!(told(&read("clients/1")), "404 error.msg.resource.not.found");
    let standing = bank.faults().standing();
    assert_eq!(
        standing.iter().map(|one| (one.id, one.hits)).collect::<Vec<_>>(),
        [(1, 2), (2, 5)]
    );
}

#[test]
fn chance_replays() {
    let run = |seed: u64| -> Vec<String> {
        let bank = bank(Release::V1_10_1);
        let fault = json!({"fault": "lost-request", "probability": 0.3, "seed": seed});
        bank.apply(&fault.to_string()).unwrap();
        let read = |_| told(&exchange(&bank, "GET", "offices/1", &Value::Null, ""));
        (0..100).map(read).collect()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
    let lost = run(7).iter().filter(|told| *told == "lost before").count();
    assert!((15..45).contains(&lost), "{lost}");
}

#[test]
fn a_wrong_document_sets_nothing() {
    for (document, reason) in [
        ("{", "EOF"),
        (r#"{"fault": "flood"}"#, "there is no fault \"flood\""),
        (r#"{"fault": "latency"}"#, "latency needs seconds"),
        (r#"{"fault": "stuck"}"#, "stuck needs applied"),
        (r#"{"fault": "latency", "seconds": -1}"#, "-1 seconds are no time"),
        (r#"{"fault": "lost-answer", "times": 0}"#, "times is"),
        (r#"{"fault": "lost-answer", "times": "twice"}"#, "times is"),
        (r#"{"fault": "lost-answer", "probability": 2}"#, "probability is"),
        (r#"{"fault": "lost-answer", "metod": "GET"}"#, "metod"),
        (r#"[{"fault": "lost-answer"}, {"fault": "flood"}]"#, "flood"),
        (r#"{"faults": [], "maker_cheker": []}"#, "maker_cheker"),
    ] {
        let bank = bank(Release::V1_10_1);
        let error = bank.apply(document).unwrap_err();
        assert!(error.contains(reason), "{document}: {error}");
        assert_eq!(bank.faults().standing(), []);
    }
}
