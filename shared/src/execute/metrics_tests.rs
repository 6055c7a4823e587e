//! What a run measures.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::digest::derived_uuid;
use crate::row::UNKNOWN;
use crate::testing::{RUN_TIME, Script, World, refusal};
use crate::tracking::State;

const POST: &str = "POST /v1/clients";
const OFFICE: &str = "GET /v1/offices/1";

fn created() -> Value {
    json!({"officeId": 1, "clientId": 42, "resourceId": 42, "resourceExternalId": "INC-1"})
}

fn client(external_id: &str) -> Value {
    json!({"firstname": "J", "lastname": "B", "externalId": external_id, "activationDate": "01 January 2026"})
}

/// An answer to CLIENT_CREATE's request.
fn answer(status: u16, body: Value) -> Script {
    Script::default().on(POST, status, body)
}

/// The disbursement under the id that follows from the UTR was undone.
fn undone_before() -> Script {
    let id = derived_uuid(&[b"disburse", b"L", b"U", &0_u64.to_be_bytes()]);
    let taken = refusal("error.msg.loan.disbursement.duplicate.externalId");
    let transaction = format!("GET /v1/loans/external-id/L/transactions/external-id/{id}");
    let loan = || json!({"id": 1, "externalId": "L"});
    Script::default()
        .on("GET /v1/loans/external-id/L", 200, loan())
        .on("POST /v1/loans/external-id/L?command=disburse", 403, taken)
        .on(
            &transaction,
            200,
            json!({"id": 7, "externalId": id.to_string(), "reversedOnDate": [2026, 1, 12]}),
        )
        .on("GET /v1/loans/external-id/L", 200, loan())
}

/// The operation, its data, its answers and the time of its run, for each reason to wait.
fn waits() -> Vec<(Reason, &'static str, Value, Script, Duration)> {
    let approval = json!({"external_loan_id": "L", "approvedOnDate": "11 January 2026"});
    let loan = json!({"lenderConfig": "UGRO", "externalId": "L", "principal": 1, "submittedOnDate": "11 January 2026",
        "loanTermFrequency": 12, "numberOfRepayments": 12, "interestRatePerPeriod": 8, "clientId": "INC-1"});
    let no_client = Script::default()
        .on("GET /v1/loanproducts", 200, json!([{"id": 2, "name": "UGRO"}]))
        .on("GET /v1/loanproducts/2", 200, json!({"id": 2, "name": "UGRO"}))
        .on(
            "GET /v1/clients/external-id/INC-1",
            404,
            refusal("error.msg.client.id.invalid"),
        );
    let held = json!({"commandId": 805, "rollbackTransaction": true});
    let mut waits: Vec<_> = [
        (Reason::FineractUnreachable, Script::default().unreachable(POST)),
        (Reason::AnswerLost, Script::default().lost(POST)),
        (Reason::CommandInProgress, answer(425, json!({}))),
        (Reason::FineractFailed, answer(500, json!({}))),
        (
            Reason::Conflict,
            answer(409, refusal("error.msg.platform.service.client.conflict")),
        ),
        (
            Reason::AmbiguousAnswer,
            answer(403, refusal("error.msg.data.integrity.issue")),
        ),
        (Reason::ForeignAnswer, answer(502, json!({}))),
        (Reason::LoanLocked, answer(409, refusal("error.msg.loan.locked"))),
        (
            Reason::FineractBusy,
            answer(503, refusal("error.msg.sheduler.job.currently.running")),
        ),
        (Reason::ReadOnly, answer(405, json!({}))),
        (Reason::CredentialsRefused, answer(401, json!({}))),
        (
            Reason::Misconfigured,
            answer(404, refusal("error.msg.office.id.invalid")),
        ),
        (Reason::PendingApproval, answer(200, held)),
        (
            Reason::NeedsOperator,
            Script::default()
                .cached(POST, 200, json!({"resourceExternalId": "INC-2"}))
                .on(
                    "GET /v1/clients/external-id/INC-1",
                    404,
                    refusal("error.msg.client.id.invalid"),
                ),
        ),
    ]
    .into_iter()
    .map(|(reason, script)| (reason, "CLIENT_CREATE", client("INC-1"), script, RUN_TIME))
    .collect();
    let unanswered = Script::default().lost("GET /v1/loans/external-id/L");
    waits.extend([
        (Reason::LookupUnanswered, "LOAN_APPROVE", approval, unanswered, RUN_TIME),
        (Reason::ClientNotFoundYet, "LOAN_CREATE", loan, no_client, RUN_TIME),
        (
            Reason::ReferenceTaken,
            "LOAN_DISBURSE",
            json!({"external_loan_id": "L", "actualDisbursementDate": "11 January 2026", "utr_payment_id": "U"}),
            undone_before(),
            RUN_TIME,
        ),
        (
            Reason::OutOfTime,
            "CLIENT_CREATE",
            client("INC-1"),
            Script::default(),
            Duration::ZERO,
        ),
    ]);
    waits
}

#[tokio::test]
async fn a_run_that_ends_in_waiting_writes_one_line_with_its_cause() {
    let mut reasons = BTreeSet::new();
    for (reason, operation, data, script, time) in waits() {
        let world = World::new();
        let message = world.accept(operation, data).await;
        let run = Run {
            request_id: "run".to_owned(),
            deadline: world.clock.now().after(time),
        };
        assert_eq!(world.executor(&script).handle(&message, &run).await, Reply::Again);
        assert!(script.is_done(), "{reason:?}");
        assert_eq!(world.row().reason, Some(reason));
        assert_eq!(world.waited_for(), [reason.as_str()]);
        let told = crate::track::body(&world.row(), crate::track::Beside::default())["reason"].clone();
        assert_eq!(told, reason.as_str());
        reasons.insert(reason.as_str());
        // What is not due is only put off again.
        world.run(&Script::default(), &message).await;
        assert!(world.waited_for().is_empty());
    }
    assert_eq!(reasons, Reason::ALL.map(Reason::as_str).into());
}

#[tokio::test]
async fn a_run_that_ends_its_operation_writes_none() {
    for script in [
        answer(200, created()),
        answer(403, refusal("error.msg.client.duplicate.externalId")),
    ] {
        let world = World::new();
        let message = world.accept("CLIENT_CREATE", client("INC-1")).await;
        assert_eq!(world.run(&script, &message).await, Reply::Done);
        assert!(world.waited_for().is_empty());
    }
}

#[tokio::test]
async fn what_the_gate_puts_off_waits_for_what_closed_it() {
    for (reason, fault, still) in [
        (
            Reason::FineractUnreachable,
            Script::default().unreachable(POST),
            Script::default().unreachable(OFFICE),
        ),
        (
            Reason::CredentialsRefused,
            answer(401, json!({})),
            Script::default().on(OFFICE, 401, json!({})),
        ),
    ] {
        let world = World::new();
        let first = world.accept("CLIENT_CREATE", client("INC-1")).await;
        world.run(&fault, &first).await;
        let second = world.accept("CLIENT_CREATE", client("INC-2")).await;
        assert_eq!(world.waited_for(), [reason.as_str()]);
        // Once the question was asked, and once it was too early to ask it.
        for script in [still, Script::default()] {
            assert_eq!(world.run(&script, &second).await, Reply::Again);
            assert!(script.is_done());
            assert_eq!(world.waited_for(), [reason.as_str()]);
        }
    }
}

#[tokio::test]
async fn a_run_that_lost_its_lease_writes_none() {
    let world = World::new();
    world.accept("CLIENT_CREATE", client("INC-1")).await;
    let before = world.row();
    world.ledger.put(Row {
        state: State::Running,
        owner: Some("other.1".to_owned()),
        ..before.clone()
    });
    let outcome = Outcome::without_request(Verdict::NotYet(Wait::new(Pace::Minutes, Reason::LoanLocked)));
    let fineract = Script::default();
    world
        .executor(&fineract)
        .settle(&before, "run.1", outcome)
        .await
        .unwrap();
    assert!(world.waited_for().is_empty());
}

const MEASURES: [&str; 6] = [
    "Ended",
    "TimeToEnd",
    "Attempts",
    "InDoubt",
    "FineractTime",
    "FineractErrors",
];

#[tokio::test]
async fn exchanges_doubts_and_ends_are_measured() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client("INC-1")).await;
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    for (script, advance, expected) in [
        (
            Script::default().lost(POST),
            minutes(4),
            vec!["command FineractTime 0", "command FineractErrors 1", "InDoubt 0"],
        ),
        (
            answer(409, refusal("error.msg.loan.locked")),
            minutes(8),
            vec!["command FineractTime 0", "command FineractErrors 0", "InDoubt 240"],
        ),
        (
            answer(200, created()),
            minutes(0),
            vec![
                "command FineractTime 0",
                "command FineractErrors 0",
                "succeeded Ended 1",
                "succeeded TimeToEnd 720000",
                "succeeded Attempts 3",
            ],
        ),
    ] {
        world.run(&script, &message).await;
        assert!(script.is_done());
        assert_eq!(world.measured(&MEASURES), expected);
        world.clock.advance(advance);
    }

    // Nothing was sent: there is no doubt. A question is no command.
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client("INC-1")).await;
    world.run(&Script::default().unreachable(POST), &message).await;
    assert_eq!(
        world.measured(&MEASURES),
        ["command FineractTime 0", "command FineractErrors 1"]
    );
    let world = World::new();
    let approval = json!({"external_loan_id": "L", "approvedOnDate": "11 January 2026"});
    let message = world.accept("LOAN_APPROVE", approval).await;
    world
        .run(
            &Script::default().on("GET /v1/loans/external-id/L", 500, json!({})),
            &message,
        )
        .await;
    assert_eq!(
        world.measured(&MEASURES),
        ["lookup FineractTime 0", "lookup FineractErrors 1"]
    );

    // What only asks leaves no doubt.
    let world = World::new();
    let message = world.accept("LOAN_GET", json!({"external_loan_id": "L"})).await;
    let unanswered = Script::default().lost("GET /v1/loans/external-id/L?associations=all");
    world.run(&unanswered, &message).await;
    assert_eq!(world.row().history[0].verdict, UNKNOWN);
    assert_eq!(
        world.measured(&MEASURES),
        ["lookup FineractTime 0", "lookup FineractErrors 1"]
    );
}
