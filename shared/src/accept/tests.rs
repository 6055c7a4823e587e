use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::digest::keyed_uuid;
use crate::ledger;
use crate::ledger::memory::{MemoryLedger, When};
use crate::problem::Kind as ProblemKind;
use crate::queue::Message;
use crate::queue::memory::MemoryQueue;
use crate::testing::{RETENTION, World, caller};
use crate::track::track;

const CLIENT: &str = r#"{"status":"CLIENT_CREATE","data":{"firstname":"J","lastname":"B","externalId":"INC-1","activationDate":"01 January 2026"}}"#;

async fn post(world: &World, key: Option<&str>, body: &str) -> Result<Accepted, Problem> {
    world.acceptor().accept(&caller("los"), key, body.as_bytes()).await
}

fn failing_ledger(call: &'static str, when: When) -> MemoryLedger {
    MemoryLedger::with_hook(Box::new(move |name, at| {
        if name == call && at == when {
            Err(ledger::Error::new(name, "down"))
        } else {
            Ok(())
        }
    }))
}

fn failing_queue() -> MemoryQueue {
    MemoryQueue::with_hook(Box::new(|name| Err(queue::Error::new(name, "down"))))
}

#[tokio::test]
async fn an_accepted_operation_is_stored_and_sent() {
    let world = World::new();
    let accepted = post(&world, None, CLIENT).await.unwrap();
    let row = world.row();
    let messages = world.queue.take();
    assert_eq!(accepted.tracking_id, row.tracking_id());
    assert_eq!(
        accepted.body(),
        json!({"tracking_id": row.tracking_id().to_string(), "status": "processing"})
    );
    assert_eq!(
        (row.state, row.caller.as_str(), row.subject.as_str()),
        (State::Accepted, "los", "client:INC-1")
    );
    assert_eq!(row.id.get_version_num(), 7);
    assert_eq!(messages.len(), 1);
    assert_eq!(Message::read(&messages[0].body), Some(Message::about(row.id)));
    assert!(!messages[0].body.contains("INC"), "no personal data in the queue");
}

#[tokio::test]
async fn what_cannot_be_accepted_is_told_and_not_stored() {
    let deep = format!(
        r#"{{"status":"LOAN_DELETE","data":{{"external_loan_id":"L","x":{}1{}}}}}"#,
        "[".repeat(15),
        "]".repeat(15)
    );
    let large = format!(
        r#"{{"status":"LOAN_DELETE","data":{{"external_loan_id":"L","x":"{}"}}}}"#,
        "y".repeat(BODY_BYTES_MAX)
    );
    for (body, kind, faults) in [
        ("", ProblemKind::InvalidJson, &[][..]),
        ("{\"status\":\"LOAN_DELETE\",}", ProblemKind::InvalidJson, &[]),
        (
            "{\"status\":\"LOAN_DELETE\",\"data\":{\"external_loan_id\":\"\u{fffd}\"}}",
            ProblemKind::InvalidJson,
            &[],
        ),
        (
            r#"{"status":"LOAN_DELETE","status":"LOAN_DELETE","data":{}}"#,
            ProblemKind::InvalidJson,
            &[],
        ),
        (&deep, ProblemKind::InvalidJson, &[]),
        (&large, ProblemKind::TooLarge, &[]),
        ("[]", ProblemKind::InvalidRequest, &[" wrong-type"]),
        (
            "{}",
            ProblemKind::InvalidRequest,
            &["/status required", "/data required"],
        ),
        (
            r#"{"status":5,"data":[]}"#,
            ProblemKind::InvalidRequest,
            &["/status wrong-type", "/data wrong-type"],
        ),
        (
            r#"{"status":"LOAN_FORGIVE","data":{}}"#,
            ProblemKind::InvalidRequest,
            &["/status unknown-operation"],
        ),
        (
            r#"{"status":"loan_delete","data":{}}"#,
            ProblemKind::InvalidRequest,
            &["/status unknown-operation"],
        ),
        (
            r#"{"status":"LOAN_DELETE","data":{}}"#,
            ProblemKind::InvalidRequest,
            &["/data/external_loan_id required"],
        ),
    ] {
        let world = World::new();
        let problem = post(&world, None, body).await.unwrap_err();
        let named: Vec<String> = problem
            .faults
            .iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.code.as_str()))
            .collect();
        assert_eq!(
            (problem.kind, named.as_slice()),
            (kind, &faults.iter().map(|&f| f.to_owned()).collect::<Vec<_>>()[..]),
            "{body:.80}"
        );
        assert!(world.ledger.rows().is_empty() && world.queue.take().is_empty());
    }
}

#[tokio::test]
async fn an_unknown_operation_is_answered_with_the_known_ones() {
    let problem = post(&World::new(), None, r#"{"status":"X","data":{}}"#)
        .await
        .unwrap_err();
    for kind in operations::ALL {
        assert!(
            problem.faults[0].detail.contains(kind.name),
            "{}",
            problem.faults[0].detail
        );
    }
}

#[tokio::test]
async fn a_caller_that_may_not_is_told_so() {
    let world = World::new();
    let mut limited = caller("los");
    limited.operations = vec!["LOAN_DELETE".to_owned()];
    let problem = world
        .acceptor()
        .accept(&limited, None, CLIENT.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(problem.kind, ProblemKind::OperationNotAllowed);
    assert!(world.ledger.rows().is_empty());
}

#[tokio::test]
async fn members_that_were_not_understood_come_back() {
    let body = r#"{"status":"LOAN_DELETE","data":{"external_loan_id":"L","shoeSize":43},"trace/id":1}"#;
    let accepted = post(&World::new(), None, body).await.unwrap();
    assert_eq!(accepted.body()["ignored"], json!(["/data/shoeSize", "/trace~1id"]));
}

#[tokio::test]
async fn of_many_members_that_were_not_understood_the_first_come_back() {
    let members: String = (0..6_000).map(|n| format!(r#","m{n}":0"#)).collect();
    let body = format!(r#"{{"status":"LOAN_DELETE","data":{{"external_loan_id":"L"{members}}}}}"#);
    let accepted = post(&World::new(), None, &body).await.unwrap();
    let bytes: usize = accepted.ignored.iter().map(String::len).sum();
    assert!(bytes <= IGNORED_BYTES_MAX && bytes > 16_300, "{bytes}");
    assert_eq!(accepted.ignored[..2], ["/data/m0", "/data/m1"]);
}

#[tokio::test]
async fn a_body_may_be_as_large_as_it_says_and_no_larger() {
    let body = |spaces: usize| format!("{CLIENT}{}", " ".repeat(spaces));
    let spaces = 64 * 1024 - CLIENT.len();
    assert!(post(&World::new(), None, &body(spaces)).await.is_ok());
    let problem = post(&World::new(), None, &body(spaces + 1)).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::TooLarge);
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_for_the_same_request_only() {
    let world = World::new();
    let first = post(&world, Some("k-1"), CLIENT).await.unwrap();
    assert_eq!(first.tracking_id.id.get_version_num(), 8);
    let reordered = r#"{"data":{"lastname":"B","externalId":"INC-1","activationDate":"01 January 2026","firstname":"J"},"status":"CLIENT_CREATE"}"#;
    let again = post(&world, Some("k-1"), reordered).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(again.body(), first.body());
    let quoted = post(&world, Some(r#""k-1""#), CLIENT).await.unwrap();
    assert_eq!(quoted.body(), first.body(), "quotes are no part of a key");
    assert_eq!(world.ledger.rows().len(), 1);
    assert_eq!(world.queue.take().len(), 1, "the repeat's message is the same one");

    let problem = post(&world, Some("k-1"), &CLIENT.replace("INC-1", "INC-2"))
        .await
        .unwrap_err();
    assert_eq!(problem.kind, ProblemKind::IdempotencyKeyReused);
    let other = world
        .acceptor()
        .accept(&caller("other"), Some("k-1"), CLIENT.as_bytes())
        .await
        .unwrap();
    assert_ne!(other.tracking_id, first.tracking_id, "a key is its caller's own");
    for key in ["", "\"\"", "a b", "\u{e9}", &"k".repeat(256)] {
        let problem = post(&world, Some(key), CLIENT).await.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::InvalidIdempotencyKey, "{key}");
    }
}

#[tokio::test]
async fn an_operation_that_was_stored_under_a_key_with_its_quotes_is_found_again() {
    let world = World::new();
    let quoted = r#""k-1""#;
    let fresh = post(&World::new(), Some(quoted), CLIENT).await.unwrap();
    post(&world, None, CLIENT).await.unwrap();
    let stored = Row {
        id: keyed_uuid(&caller("los").salt, quoted),
        ..world.ledger.rows().remove(0)
    };
    world.ledger.put(stored.clone());
    for body in [CLIENT, &CLIENT.replace("INC-1", "INC-2")] {
        let again = post(&world, Some(quoted), body).await;
        let again = again.map(|again| (again.tracking_id.id, again.replayed));
        let expected = (body == CLIENT).then_some((stored.id, true));
        assert_eq!(again.ok(), expected, "{body}");
    }
    assert_ne!(fresh.tracking_id.id, stored.id);
    world.ledger.put(Row {
        state: State::Failed,
        expires_at: Some(world.clock.now().seconds() - 1),
        ..stored
    });
    let anew = post(&world, Some(quoted), CLIENT).await.unwrap();
    assert_eq!(
        (anew.tracking_id, anew.replayed),
        (fresh.tracking_id, false),
        "it is over"
    );
}

#[tokio::test]
async fn a_repeat_is_answered_as_the_first_time_even_if_the_rules_have_changed_since() {
    let mut world = World::new();
    let body = CLIENT.replace("CLIENT_CREATE", "LOAN_CREATE").replace(
        r#""firstname":"J","lastname":"B","#,
        r#""lenderConfig":"UGRO","principal":1,"submittedOnDate":"1 Jan 2026","loanTermFrequency":1,"numberOfRepayments":1,"interestRatePerPeriod":1,"clientId":"C","shoeSize":43,"#,
    );
    let first = post(&world, Some("k"), &body).await.unwrap();
    assert_eq!(
        first.ignored,
        ["/data/activationDate", "/data/shoeSize"]
            .map(str::to_owned)
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
    );
    world.rules.lenders.clear();
    let again = post(&world, Some("k"), &body).await.unwrap();
    assert_eq!((again.replayed, again.body()), (true, first.body()));
    let other = post(&world, Some("k"), &body.replace("43", "44")).await.unwrap_err();
    assert_eq!(other.kind, ProblemKind::IdempotencyKeyReused);
    world.ledger.put(Row {
        state: State::Failed,
        expires_at: Some(world.clock.now().seconds() - 1),
        ..world.row()
    });
    assert_eq!(
        post(&world, Some("k"), &body).await.unwrap_err().kind,
        ProblemKind::InvalidRequest,
        "what has expired is forgotten"
    );
    assert_eq!(
        post(&world, Some("k-2"), &body).await.unwrap_err().kind,
        ProblemKind::InvalidRequest
    );
    assert_eq!(
        post(&world, None, &body).await.unwrap_err().kind,
        ProblemKind::InvalidRequest
    );
}

#[tokio::test]
async fn without_a_key_a_row_whose_message_was_not_stored_is_taken_back() {
    let world = World::on(MemoryLedger::default(), failing_queue());
    let problem = post(&world, None, CLIENT).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Unavailable);
    let (row, now) = (world.row(), world.clock.now());
    assert_eq!(row.state, State::Cancelled);
    assert_eq!((row.next_attempt_at, row.processed_at), (None, Some(now)));
    assert_eq!(row.expires_at, Some(now.after(RETENTION).seconds()));
}

#[tokio::test]
async fn a_new_id_that_is_taken_is_nobodys_answer() {
    let first = World::new();
    post(&first, None, CLIENT).await.unwrap();
    let world = World::new();
    let taken = Row {
        caller: "other".to_owned(),
        nonce: "other".to_owned(),
        ..first.row()
    };
    world.ledger.put(taken.clone());
    let problem = post(&world, None, CLIENT).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Unavailable);
    assert_eq!((world.row(), world.queue.take().len()), (taken, 0));
}

#[tokio::test]
async fn a_key_answers_for_its_caller_and_operation_only() {
    let world = World::new();
    post(&world, Some("k"), CLIENT).await.unwrap();
    let row = world.row();
    for other in [
        Row {
            caller: "other".to_owned(),
            ..row.clone()
        },
        Row {
            operation: "CLIENT_UPDATE".to_owned(),
            ..row.clone()
        },
        Row {
            fingerprint: "0".to_owned(),
            ..row
        },
    ] {
        world.ledger.put(other);
        let problem = post(&world, Some("k"), CLIENT).await.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::IdempotencyKeyReused);
    }
}

#[tokio::test]
async fn without_a_key_an_insert_that_may_arrive_late_finds_its_place_taken() {
    let world = World::on(failing_ledger("insert", When::Before), MemoryQueue::default());
    assert_eq!(
        post(&world, None, CLIENT).await.unwrap_err().kind,
        ProblemKind::Unavailable
    );
    assert_eq!(world.row().state, State::Cancelled);
}

#[tokio::test]
async fn with_a_key_the_repeat_heals() {
    let fails = AtomicUsize::new(1);
    let queue = MemoryQueue::with_hook(Box::new(move |name| {
        if fails.swap(0, Ordering::SeqCst) > 0 {
            Err(queue::Error::new(name, "down"))
        } else {
            Ok(())
        }
    }));
    let world = World::on(MemoryLedger::default(), queue);
    assert_eq!(
        post(&world, Some("k"), CLIENT).await.unwrap_err().kind,
        ProblemKind::Unavailable
    );
    assert_eq!(world.row().state, State::Accepted, "it stays, for the repeat");
    assert!(post(&world, Some("k"), CLIENT).await.unwrap().replayed);
    assert_eq!(world.queue.take().len(), 1);
}

#[tokio::test]
async fn a_repeat_takes_the_originals_place_only_while_the_queue_knows_the_original() {
    let minute = Duration::from_secs(60);
    for (age, original) in [
        (Duration::ZERO, true),
        (minute * 4, true),
        (minute * 4 + Duration::from_secs(1), false),
        (minute * 60, false),
    ] {
        let world = World::new();
        post(&world, Some("k"), CLIENT).await.unwrap();
        world.queue.take();
        world.clock.advance(age);
        post(&world, Some("k"), CLIENT).await.unwrap();
        let placed = |message: queue::Received| message.original_sequence(world.row().id).is_some();
        let sent: Vec<bool> = world.queue.take().into_iter().map(placed).collect();
        assert_eq!(sent, if original { vec![] } else { vec![false] }, "{age:?}");
    }
}

#[tokio::test]
async fn an_unconfirmed_take_back_is_told_with_the_tracking_id() {
    for (when, status, code) in [
        (When::Before, "processing", Value::Null),
        (When::After, "failed", json!("gateway.taken-back")),
    ] {
        let world = World::on(failing_ledger("take_back", when), failing_queue());
        let problem = post(&world, None, CLIENT).await.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::OutcomeUnknown);
        let id = problem.tracking_id.as_ref().unwrap().to_string();
        assert_eq!(problem.body()["tracking_id"], id);
        let report = track(&world.ledger, &world.clock, &caller("los"), &id).await.unwrap();
        assert_eq!(
            (&report.body["status"], &report.body["error"]["code"]),
            (&json!(status), &code)
        );
    }
}

#[tokio::test]
async fn a_row_that_a_worker_has_already_is_accepted() {
    let world = World::new();
    post(&world, None, CLIENT).await.unwrap();
    let row = Row {
        state: State::Running,
        ..world.row()
    };
    world.ledger.put(row.clone());
    let accepted = world.acceptor().unconfirmed(false, row, "lost".into()).await;
    assert!(accepted.is_ok());
    assert_eq!(world.row().state, State::Running);
}
