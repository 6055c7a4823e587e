//! A caller's tokens: given, replaced and taken without deployment.

use std::time::{Duration, Instant};

use local::Options;
use serde_json::json;

use crate::desk::Desk;

const PAUSE: Duration = Duration::from_millis(500);

/// The status of an answer to this token, once it is this one or too much time has passed.
async fn status(desk: &Desk, token: &str, wanted: u16, within: Duration) -> u16 {
    let api = desk.api(token);
    let deadline = Instant::now() + within;
    loop {
        let body = json!({"status": "LOAN_DELETE", "data": {"external_loan_id": "LOAN-1"}});
        let status = api.operate(&body).await.unwrap().status;
        if status == wanted || Instant::now() > deadline {
            return status;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_given_replaced_and_revoked_while_the_gateway_runs() {
    let desk = Desk::start(Options::with_short_times).await;
    let unknown = desk.run(&["token", "add", "los"]);
    assert_eq!(unknown.status.code(), Some(1), "a new caller's operations must be said");

    let first = desk.json(&["token", "add", "los", "--operations", "CLIENT_CREATE"]);
    let known = Duration::from_secs(first["known_after_seconds"].as_u64().unwrap());
    let old = first["token"].as_str().unwrap();
    assert_eq!(
        status(&desk, old, 403, known).await,
        403,
        "known, and not allowed this one"
    );

    let second = desk.json(&["token", "add", "los", "--operations", "LOAN_DELETE,CLIENT_CREATE"]);
    let new = second["token"].as_str().unwrap();
    assert_eq!(status(&desk, new, 202, known).await, 202);
    assert_eq!(desk.run(&["token", "add", "los"]).status.code(), Some(1), "a third one");

    let callers = desk.json(&["token", "list"]);
    let los = callers
        .as_array()
        .unwrap()
        .iter()
        .find(|caller| caller["name"] == "los")
        .unwrap();
    assert_eq!(los["tokens"].as_array().unwrap().len(), 2);
    let id = los["tokens"][0]["id"].as_str().unwrap();
    let revoked = desk.json(&["token", "revoke", "los", id]);
    let refused = Duration::from_secs(revoked["refused_within_seconds"].as_u64().unwrap());
    assert!(refused <= Duration::from_secs(60));
    assert_eq!(status(&desk, old, 401, refused).await, 401);
    assert_eq!(status(&desk, new, 202, Duration::ZERO).await, 202);
}
