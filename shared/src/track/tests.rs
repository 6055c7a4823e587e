use serde_json::json;

use super::*;
use crate::failure::Failure;
use crate::note::{Deed, Hand};
use crate::pace::Reason;
use crate::row::tests::row;
use crate::testing::{World, caller};

const UUID: &str = "406362bf-f3da-4bc6-a506-d67e0878b7b6";

/// The documented members of an answer: all but those that the gateway adds.
fn documented(body: &Value) -> Value {
    let mut body = body.as_object().unwrap().clone();
    for added in [
        "state",
        "accepted_at",
        "attempts",
        "error",
        "reason",
        "next_attempt_at",
        "ended_at",
    ] {
        body.shift_remove(added);
    }
    Value::Object(body)
}

#[test]
fn the_documented_answers_field_by_field() {
    let processed_at = Some("2026-03-13T10:01:02.940713Z".parse().unwrap());
    let published = |text: &str| serde_json::from_str::<Value>(text).unwrap();

    let processing = format!(r#"{{"tracking_id":"CLIENT_CREATE|{UUID}","status":"processing"}}"#);
    for state in [State::Accepted, State::Running, State::Waiting, State::PendingApproval] {
        assert_eq!(
            documented(&body(&Row { state, ..row() }, Beside::default())),
            published(&processing),
            "{state:?}"
        );
    }

    let success = format!(
        r#"{{"tracking_id":"CLIENT_CREATE|{UUID}","operation_type":"CLIENT_CREATE","status":"success",
         "success_response":{{"officeId":1,"clientId":42,"resourceId":42}},"failure_response":null,"error_message":null,
         "processed_at":"2026-03-13T10:01:02.940713"}}"#
    );
    let response = Some(json!({"officeId": 1, "clientId": 42, "resourceId": 42}));
    let succeeded = Row {
        state: State::Succeeded,
        response,
        processed_at,
        ..row()
    };
    assert_eq!(documented(&body(&succeeded, Beside::default())), published(&success));

    let failed = r#"{"tracking_id":"LOAN_DISBURSE|c8e2f1a0-1234-5678-abcd-ef0123456789","operation_type":"LOAN_DISBURSE","status":"failed",
         "success_response":null,
         "failure_response":{"httpStatusCode":"403","errors":[{"defaultUserMessage":"Loan can't be disbursed, disburse amount is exceeding approved principal."}]},
         "error_message":"Fineract returned 403","processed_at":"2026-03-13T10:02:15.123456"}"#;
    let refused = Row {
        id: "c8e2f1a0-1234-5678-abcd-ef0123456789".parse().unwrap(),
        operation: "LOAN_DISBURSE".to_owned(),
        state: State::Failed,
        failure: Some(Failure::fineract(403, published(failed)["failure_response"].clone())),
        processed_at: Some("2026-03-13T10:02:15.123456Z".parse().unwrap()),
        ..row()
    };
    assert_eq!(documented(&body(&refused, Beside::default())), published(failed));
}

#[test]
fn an_open_operation_says_why_it_waits_and_until_when() {
    let waiting = Row {
        state: State::Waiting,
        reason: Some(Reason::LoanLocked),
        ..row()
    };
    let body = body(&waiting, Beside::default());
    assert_eq!(
        (&body["state"], &body["reason"]),
        (&json!("waiting"), &json!("loan_locked"))
    );
    assert_eq!(body["next_attempt_at"], "1970-01-01T00:00:01.000000Z");
    assert!(body.get("success_response").is_none());
}

#[tokio::test]
async fn a_caller_sees_its_own_operations_only() {
    let world = World::new();
    world.ledger.put(row());
    let ask = async |who: &str, id: &str| {
        let report = track(&world.ledger, &world.clock, &caller(who), id).await;
        report
            .map(|report| report.lasts != Lasts::Open)
            .map_err(|problem| problem.kind.http_status())
    };
    let known = format!("CLIENT_CREATE|{UUID}");
    assert_eq!(ask("los", &known).await, Ok(false));
    assert_eq!(ask("los", &known.replace('|', "%7C")).await, Ok(false));
    assert_eq!(ask("other", &known).await, Err(404));
    for garbage in [
        "",
        "x",
        UUID,
        &format!("LOAN_CREATE|{UUID}"),
        &known.replace('4', "5"),
        &format!("{known}x"),
    ] {
        assert_eq!(ask("los", garbage).await, Err(404), "{garbage}");
    }
    world.ledger.put(Row {
        state: State::Succeeded,
        expires_at: Some(world.clock.now().seconds()),
        ..row()
    });
    assert_eq!(ask("los", &known).await, Ok(true));
    world.ledger.put(Row {
        state: State::Succeeded,
        expires_at: Some(world.clock.now().seconds() - 1),
        ..row()
    });
    assert_eq!(ask("los", &known).await, Err(404), "removed late, but over");
}

#[tokio::test]
async fn an_operation_behind_another_says_so_and_names_it_to_its_own_caller() {
    let world = World::new();
    let first = Row {
        id: uuid::Uuid::from_u128(1),
        accepted_at: row().accepted_at,
        ..row()
    };
    let second = Row {
        accepted_at: row().accepted_at.after(Duration::from_secs(3)),
        ..row()
    };
    let known = second.tracking_id().to_string();
    world.ledger.put(second);
    for (owner, named) in [("los", json!(first.tracking_id().to_string())), ("other", Value::Null)] {
        world.ledger.put(Row {
            caller: owner.to_owned(),
            ..first.clone()
        });
        let body = track(&world.ledger, &world.clock, &caller("los"), &known)
            .await
            .unwrap()
            .body;
        assert_eq!(
            (&body["reason"], &body["waiting_for"]),
            (&json!("behind_another_operation"), &named)
        );
    }
}

#[tokio::test]
async fn what_is_waited_for_is_told_at_the_first_poll_and_costs_what_is_under_way_nothing() {
    for (age, told) in [(2_000, false), (2_001, true)] {
        let world = World::new();
        let (first, second) = (
            Row {
                id: uuid::Uuid::from_u128(1),
                ..row()
            },
            row(),
        );
        let accepted_at = world.clock.now();
        for row in [first.clone(), second.clone()] {
            world.ledger.put(Row { accepted_at, ..row });
        }
        world.clock.advance(Duration::from_millis(age));
        let id = second.tracking_id().to_string();
        let caller = caller("los");
        let report = track(&world.ledger, &world.clock, &caller, &id).await;
        let body = report.unwrap().body;
        let expected = told.then(|| json!(first.tracking_id().to_string()));
        assert_eq!(body.get("waiting_for"), expected.as_ref(), "after {age} ms");
    }
}

#[tokio::test]
async fn a_failed_operation_tells_its_caller_as_what_it_was_sent_anew() {
    let hand = Hand::new("night", "ticket 7").unwrap();
    let at = row().accepted_at;
    let retry = Row {
        id: uuid::Uuid::from_u128(1),
        ..row()
    };
    for (what, stored, told) in [
        ("stored", Some(retry.clone()), true),
        ("noted only", None, false),
        (
            "another caller's",
            Some(Row {
                caller: "other".to_owned(),
                ..retry.clone()
            }),
            false,
        ),
        (
            "expired",
            Some(Row {
                expires_at: Some(-1),
                ..retry.clone()
            }),
            false,
        ),
    ] {
        let world = World::new();
        let failed = Row {
            state: State::Failed,
            failure: Some(Failure::gateway(409, "gateway.cancelled", "x")),
            processed_at: Some(at),
            notes: vec![hand.note(Deed::Retried, at, Some(retry.id))],
            ..row()
        };
        world.ledger.put(failed.clone());
        stored.into_iter().for_each(|row| world.ledger.put(row));
        let id = failed.tracking_id().to_string();
        let caller = caller("los");
        let report = track(&world.ledger, &world.clock, &caller, &id).await;
        let report = report.unwrap();
        let expected = told.then(|| json!(retry.tracking_id().to_string()));
        assert_eq!(report.body.get("retried_as"), expected.as_ref(), "{what}");
        assert_eq!(report.lasts, Lasts::UntilRetried, "an operator may retry it yet");
        assert_eq!(report.body["ended_at"], at.to_string());
    }
}
