//! Refusals that say nothing about an earlier request, and failures that are the deployment's.

use serde_json::{Value, json};

use super::*;
use crate::clock::Timestamp;
use crate::testing::{LEASE, STUCK_KEY_AFTER, Script, World, refusal};
use crate::tracking::State;

const UPDATE: &str = "PUT /v1/clients/external-id/INC-1";
const CREATE: &str = "POST /v1/clients";
const CLIENT: &str = "GET /v1/clients/external-id/INC-1";
const LOAN: &str = "GET /v1/loans/external-id/L-1";

fn absent() -> Value {
    refusal("error.msg.client.id.invalid")
}

fn client(by: &str) -> Value {
    json!({"id": 42, "officeId": 1, "externalId": "INC-1", "firstname": "J", "lastname": "B", "mobileNo": "98",
        "activationDate": [2026, 1, 1], "timeline": {"activatedByUsername": by}})
}

/// Data that needs no lookup.
fn mobile() -> Value {
    json!({"externalId": "INC-1", "mobileNo": "98"})
}

#[tokio::test]
async fn what_is_denied_after_a_doubt_is_refused_only_after_a_while_and_a_read_back() {
    for (shown, state) in [
        ((404, absent()), State::Failed),
        ((200, client("mifos")), State::Succeeded),
    ] {
        let world = World::new();
        let message = world.accept("CLIENT_UPDATE", mobile()).await;
        world.run(&Script::default().lost(UPDATE), &message).await;
        let mut waited = Duration::ZERO;
        while waited < STUCK_KEY_AFTER {
            let wait = Duration::from_secs(100);
            world.clock.advance(wait);
            world.run(&Script::default().on(UPDATE, 404, absent()), &message).await;
            let row = world.row();
            assert_eq!((row.state, row.reason), (State::Waiting, Some(Reason::AnswerLost)));
            waited += wait;
        }
        world.clock.advance(STUCK_KEY_AFTER);
        let script = Script::default().on(UPDATE, 404, absent()).on(CLIENT, shown.0, shown.1);
        world.run(&script, &message).await;
        assert!(script.is_done());
        assert_eq!(world.row().state, state);
    }
}

#[tokio::test]
async fn what_a_run_sent_that_was_cut_off_is_waited_for_as_well() {
    let world = World::new();
    let message = world.accept("CLIENT_UPDATE", mobile()).await;
    let denies = || Script::default().on(UPDATE, 404, absent());
    world.run(&Script::default().lost(UPDATE), &message).await;
    world.clock.advance(WAIT_MAX);
    world.run(&denies(), &message).await;
    world.clock.advance(WAIT_MAX);
    let claim = Claim {
        owner: "cut off".to_owned(),
        now: world.clock.now(),
        lease: LEASE,
        queue_seq: None,
    };
    let claimed = world.ledger.claim(world.row().id, &claim).await.unwrap();
    assert!(matches!(claimed, Claimed::Won(_)));
    world.clock.advance(LEASE);
    world.run(&denies(), &message).await;
    let row = world.row();
    assert_eq!(
        (row.state, row.stuck_since),
        (State::Waiting, Some(world.clock.now())),
        "what it sent may be on its way"
    );
    world.clock.advance(STUCK_KEY_AFTER);
    world.run(&denies().on(CLIENT, 404, absent()), &message).await;
    assert_eq!(world.row().state, State::Failed);
}

#[tokio::test]
async fn lookups_that_refuse_after_a_doubt_are_believed_only_after_a_while_and_a_read_back() {
    let world = World::new();
    let data = json!({"external_loan_id": "L-1", "approvedOnDate": "01 January 2026"});
    let message = world.accept("LOAN_APPROVE", data).await;
    let absent = || refusal("error.msg.loan.external.id.invalid");
    let approve = "POST /v1/loans/external-id/L-1?command=approve";
    let loan = json!({"id": 1, "externalId": "L-1", "status": {"id": 100}, "timeline": {}});
    world
        .run(&Script::default().on(LOAN, 200, loan).lost(approve), &message)
        .await;
    world.clock.advance(WAIT_MAX);
    world.run(&Script::default().on(LOAN, 404, absent()), &message).await;
    assert_eq!(
        (world.row().state, world.row().stuck_since),
        (State::Waiting, Some(world.clock.now()))
    );
    world.clock.advance(STUCK_KEY_AFTER + WAIT_MAX);
    let script = Script::default().on(LOAN, 404, absent()).on(LOAN, 404, absent());
    world.run(&script, &message).await;
    assert!(script.is_done(), "looked up, and read back");
    assert_eq!(world.row().state, State::Failed);
}

/// A configuration and a permission that are wrong for long: they spend keys, and fail nothing.
async fn mended_late(status: u16, wrong: impl Fn() -> Value, reason: Reason, missing: Option<&str>) {
    let world = World::new();
    let data = json!({"firstname": "J", "lastname": "B", "externalId": "INC-1", "activationDate": "01 January 2026"});
    let message = world.accept("CLIENT_CREATE", data).await;
    for epoch in 0..10 {
        let fresh = Script::default().on(CREATE, status, wrong());
        world.run(&fresh, &message).await;
        world.clock.advance(WAIT_MAX);
        let stored = Script::default()
            .cached(CREATE, status, wrong())
            .on(CLIENT, 404, absent());
        world.run(&stored, &message).await;
        world.clock.advance(WAIT_MAX);
        let row = world.row();
        assert_eq!((row.state, row.reason), (State::Waiting, Some(reason)));
        assert_eq!((row.key_epoch, row.keys_spent), (epoch + 1, 0));
        assert_eq!(row.missing_authority().map(Authority::as_str), missing);
    }
    let mended = Script::default().on(CREATE, 200, json!({"resourceId": 42, "resourceExternalId": "INC-1"}));
    world.run(&mended, &message).await;
    let row = world.row();
    assert_eq!((row.state, row.missing_authority()), (State::Succeeded, None));
}

#[tokio::test]
async fn a_configuration_that_was_wrong_spends_keys_and_no_tries() {
    let office = || refusal("error.msg.office.id.invalid");
    mended_late(404, office, Reason::Misconfigured, None).await;
}

#[tokio::test]
async fn a_permission_that_was_missing_in_the_midst_of_a_command_spends_keys_and_no_tries() {
    let refused = || unauthorized("User has no authority to: ACTIVATE_CLIENT");
    mended_late(403, refused, Reason::CredentialsRefused, Some("ACTIVATE_CLIENT")).await;
}

fn unauthorized(text: &str) -> Value {
    let code = "error.msg.not.authorized";
    json!({"userMessageGlobalisationCode": code,
        "errors": [{"userMessageGlobalisationCode": code, "developerMessage": text, "defaultUserMessage": text}]})
}

#[tokio::test]
async fn the_permission_that_is_missing_is_remembered_whatever_asked_for_it() {
    let loan = json!({"id": 1, "externalId": "L-1", "status": {"id": 100}, "timeline": {}});
    let approve = "POST /v1/loans/external-id/L-1?command=approve";
    for (script, missing) in [
        (
            Script::default().on(LOAN, 403, unauthorized("User has no authority to READ loans")),
            Some("READ_LOAN"),
        ),
        (
            Script::default().on(LOAN, 200, loan.clone()).on(
                approve,
                403,
                unauthorized("User has no authority to: APPROVE_LOAN"),
            ),
            Some("APPROVE_LOAN"),
        ),
        (
            Script::default()
                .on(LOAN, 200, loan.clone())
                .on(approve, 403, unauthorized("Asha Rao has no authority")),
            None,
        ),
        (Script::default().on(LOAN, 401, json!({})), None),
    ] {
        let world = World::new();
        let data = json!({"external_loan_id": "L-1", "approvedOnDate": "01 January 2026"});
        let message = world.accept("LOAN_APPROVE", data).await;
        world.run(&script, &message).await;
        assert!(script.is_done());
        let row = world.row();
        assert_eq!(row.reason, Some(Reason::CredentialsRefused));
        assert_eq!(row.missing_authority().map(Authority::as_str), missing);
        let stored = serde_json::to_string(&row).unwrap();
        assert!(!stored.contains("has no authority"), "{stored}");
    }
}

#[tokio::test]
async fn what_another_operation_of_ours_did_is_not_done_twice_whatever_the_clocks_say() {
    for ahead in [-3_000_000, 0, 3_000_000] {
        let world = World::new();
        let data =
            json!({"firstname": "J", "lastname": "B", "externalId": "INC-1", "activationDate": "01 January 2026"});
        let first = world.accept("CLIENT_CREATE", data.clone()).await;
        let ids = json!({"officeId": 1, "clientId": 42, "resourceId": 42, "resourceExternalId": "INC-1"});
        world.run(&Script::default().on(CREATE, 200, ids), &first).await;
        let mut done = world.row();
        done.accepted_at = Timestamp::from_micros(done.accepted_at.micros() + ahead);
        world.ledger.put(done.clone());
        let second = world.accept("CLIENT_CREATE", data).await;
        world.run(&Script::default().on(CREATE, 500, json!({})), &second).await;
        world.clock.advance(WAIT_MAX);
        let script = Script::default()
            .cached(CREATE, 500, json!({}))
            .on(CLIENT, 200, client("mifos"));
        world.run(&script, &second).await;
        let rows = world.ledger.rows();
        let second = rows.iter().find(|row| row.id != done.id).unwrap();
        assert_eq!((second.state, second.key_epoch), (State::Waiting, 1), "{ahead}");
    }
}

#[tokio::test]
async fn a_loan_that_somebody_else_deleted_was_not_deleted_by_us() {
    let delete = "DELETE /v1/loans/7";
    let by_number = "GET /v1/loans/7";
    let processed = "GET /v1/audits?paged=true&orderBy=id&sortOrder=DESC&processingResult=1&actionName=DELETE&entityName=LOAN&resourceId=7&limit=100&offset=0";
    let gone = || refusal("error.msg.loan.id.invalid");
    for (maker, state) in [("mifos", State::Succeeded), ("clerk", State::Failed)] {
        let world = World::new();
        let message = world.accept("LOAN_DELETE", json!({"external_loan_id": "L-1"})).await;
        let loan = json!({"id": 7, "externalId": "L-1"});
        let first = Script::default().on(LOAN, 200, loan.clone()).on(delete, 500, json!({}));
        world.run(&first, &message).await;
        world.clock.advance(WAIT_MAX);
        let entries = json!({"pageItems": [
            {"id": 9, "actionName": "DELETE", "entityName": "LOAN", "resourceId": 8, "maker": "clerk"},
            {"id": 8, "actionName": "DELETE", "entityName": "LOAN", "resourceId": 7, "maker": maker}]});
        let script = Script::default()
            .on(by_number, 404, gone())
            .cached(delete, 500, json!({}))
            .on(by_number, 404, gone())
            .on(processed, 200, entries);
        world.run(&script, &message).await;
        assert!(script.is_done());
        assert_eq!(world.row().state, state, "{maker}");
    }
}
