use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::fineract::{Exchange, Request};
use crate::ledger::memory::{MemoryLedger, When};
use crate::pace::CLIENT_GRACE;
use crate::queue::memory::MemoryQueue;
use crate::row::SCHEMA_VERSION;
use crate::testing::{LEASE, Script, World, refusal, terms};
use crate::tracking::State;

const POST: &str = "POST /v1/clients";
const GET: &str = "GET /v1/clients/external-id/INC-1";

fn client() -> Value {
    json!({"firstname": "J", "lastname": "B", "externalId": "INC-1", "activationDate": "01 January 2026"})
}

fn created() -> Value {
    json!({"officeId": 1, "clientId": 42, "resourceId": 42, "resourceExternalId": "INC-1"})
}

/// Runs a fresh CLIENT_CREATE once against a script.
async fn once(script: &Script) -> (World, Received, Reply) {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client()).await;
    let reply = world.run(script, &message).await;
    (world, message, reply)
}

/// Lets a waiting operation become due, and runs it again.
async fn again(world: &World, script: &Script, message: &Received) -> Reply {
    world.clock.advance(WAIT_MAX);
    world.run(script, message).await
}

#[tokio::test]
async fn applied_is_success_with_fineracts_answer() {
    let script = Script::default().on(POST, 200, created());
    let (world, message, reply) = once(&script).await;
    let row = world.row();
    assert_eq!((reply, row.state), (Reply::Done, State::Succeeded));
    assert_eq!(row.response, Some(created()));
    assert_eq!(script.seen()[0].key, Some(row.key()));
    assert!(row.processed_at.is_some() && row.expires_at.is_some() && row.next_attempt_at.is_none());
    assert_eq!(
        world.run(&Script::default(), &message).await,
        Reply::Done,
        "a second delivery asks nothing"
    );
}

/// A Fineract whose answers take their time.
struct Slow<'a>(Script, &'a World, Duration);

#[async_trait::async_trait]
impl Fineract for Slow<'_> {
    async fn exchange(&self, request: Request) -> Exchange {
        self.1.clock.advance(self.2);
        self.0.exchange(request).await
    }

    async fn username(&self) -> Option<String> {
        None
    }
}

#[tokio::test]
async fn a_key_is_first_sent_when_it_is_claimed_however_long_the_run_takes() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client()).await;
    let claimed_at = world.clock.now();
    let slow = Slow(Script::default().lost(POST), &world, LEASE * 10);
    world.run(&slow, &message).await;
    assert_eq!(
        (world.row().state, world.row().key_first_sent_at),
        (State::Waiting, Some(claimed_at))
    );
}

#[tokio::test]
async fn refused_is_failed_with_fineracts_words() {
    let body = refusal("error.msg.client.duplicate.externalId");
    let (world, _, reply) = once(&Script::default().on(POST, 403, body.clone())).await;
    assert_eq!((reply, world.row().state), (Reply::Done, State::Failed));
    assert_eq!(world.row().failure.unwrap().response(), body);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let script = Script::default().lost(POST).cached(POST, 200, created());
    let (world, message, reply) = once(&script).await;
    let row = world.row();
    assert_eq!(
        (reply, row.state, row.reason),
        (Reply::Again, State::Waiting, Some(Reason::AnswerLost))
    );
    assert!(row.maybe_sent && row.expires_at.is_none());
    assert_eq!(again(&world, &script, &message).await, Reply::Done);
    assert_eq!(world.row().state, State::Succeeded);
    let keys: BTreeSet<_> = script.seen().into_iter().map(|seen| seen.key).collect();
    assert_eq!(keys.len(), 1);
}

#[tokio::test]
async fn nothing_is_failed_that_is_not_refused() {
    let locked = json!({"userMessageGlobalisationCode": "error.msg.loan.locked"});
    let ambiguous = json!({"userMessageGlobalisationCode": "error.msg.data.integrity.issue"});
    for (script, reason, maybe_sent) in [
        (Script::default().unreachable(POST), Reason::FineractUnreachable, false),
        (Script::default().lost(POST), Reason::AnswerLost, true),
        (
            Script::default().on(POST, 401, json!({})),
            Reason::CredentialsRefused,
            false,
        ),
        (
            Script::default().on(POST, 403, refusal("error.msg.not.authorized")),
            Reason::CredentialsRefused,
            false,
        ),
        (Script::default().on(POST, 409, locked), Reason::LoanLocked, false),
        (
            Script::default().on(POST, 425, json!({})),
            Reason::CommandInProgress,
            true,
        ),
        (Script::default().on(POST, 500, json!({})), Reason::FineractFailed, true),
        (
            Script::default().on(POST, 403, ambiguous),
            Reason::AmbiguousAnswer,
            true,
        ),
        (Script::default().on(POST, 502, json!({})), Reason::ForeignAnswer, true),
        (
            Script::default()
                .on(POST, 200, json!({"resourceExternalId": "INC-2"}))
                .on(GET, 404, refusal("error.msg.client.id.invalid")),
            Reason::ForeignAnswer,
            true,
        ),
    ] {
        let (world, _, reply) = once(&script).await;
        let row = world.row();
        assert_eq!(
            (reply, row.state, row.reason),
            (Reply::Again, State::Waiting, Some(reason))
        );
        assert_eq!(row.maybe_sent, maybe_sent, "{reason:?}");
        assert_eq!(world.queue.put_off_for().len(), 1, "waiting is done by the queue");
    }
}

#[tokio::test]
async fn an_answer_from_before_the_execution_does_not_clear_an_earlier_doubt() {
    let back = json!({"id": 1});
    let script = Script::default()
        .lost(POST)
        .unreachable(POST)
        .on("GET /v1/offices/1", 200, back)
        .on(POST, 401, json!({}));
    let (world, message, _) = once(&script).await;
    for _ in 0..2 {
        again(&world, &script, &message).await;
        assert!(world.row().maybe_sent);
    }
    assert!(script.is_done());
}

#[tokio::test]
async fn while_fineract_is_away_operations_are_not_touched() {
    let world = World::new();
    let first = world.accept("CLIENT_CREATE", client()).await;
    world.run(&Script::default().unreachable(POST), &first).await;
    let mut data = client();
    data["externalId"] = "INC-2".into();
    let second = world.accept("CLIENT_CREATE", data).await;
    let office = "GET /v1/offices/1";
    assert_eq!(
        world.run(&Script::default().unreachable(office), &second).await,
        Reply::Again
    );
    let untouched = world
        .ledger
        .rows()
        .into_iter()
        .find(|row| row.subject.as_str() == "client:INC-2")
        .unwrap();
    assert_eq!((untouched.state, untouched.attempts), (State::Accepted, 0));
    assert!(untouched.queue_seq.is_some(), "its place in line is kept");
    world.clock.advance(Duration::from_secs(10));
    let created = json!({"clientId": 43, "resourceId": 43, "resourceExternalId": "INC-2"});
    let script = Script::default()
        .on(office, 200, json!({"id": 1}))
        .on(POST, 200, created);
    assert_eq!(world.run(&script, &second).await, Reply::Done);
}

#[tokio::test]
async fn a_live_lease_is_respected_and_a_dead_one_is_taken() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client()).await;
    let until = world.clock.now().after(LEASE);
    world.ledger.put(Row {
        state: State::Running,
        owner: Some("other.1".to_owned()),
        attempts: 1,
        maybe_sent: true,
        lease_until: Some(until),
        next_attempt_at: Some(until),
        ..world.row()
    });
    assert_eq!(world.run(&Script::default(), &message).await, Reply::Again);
    assert_eq!(
        world.queue.put_off_for(),
        [LEASE],
        "the message comes back when the lease ends"
    );
    world.clock.advance(LEASE);
    let script = Script::default().cached(POST, 200, created());
    assert_eq!(world.run(&script, &message).await, Reply::Done);
    assert_eq!((world.row().state, world.row().attempts), (State::Succeeded, 2));
}

#[tokio::test]
async fn a_run_that_lost_its_lease_writes_nothing() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client()).await;
    let executor_fineract = Script::default();
    let executor = world.executor(&executor_fineract);
    let before = world.row();
    world.ledger.put(Row {
        state: State::Running,
        owner: Some("other.1".to_owned()),
        ..before.clone()
    });
    let outcome = Outcome::without_request(Verdict::Applied(created()));
    let standing = executor.settle(&before, "run.1", outcome).await.unwrap();
    assert!(matches!(standing, Standing::OpenUntil(_)));
    assert_eq!(world.row().state, State::Running);
    drop(message);
}

#[tokio::test]
async fn a_settle_whose_answer_was_lost_is_taken_up_again_under_the_same_key() {
    let fails = std::sync::atomic::AtomicBool::new(true);
    let ledger = MemoryLedger::with_hook(Box::new(move |name, when| {
        let fail = name == "settle" && when == When::Before && fails.swap(false, std::sync::atomic::Ordering::SeqCst);
        if fail {
            Err(ledger::Error::new(name, "throttled"))
        } else {
            Ok(())
        }
    }));
    let world = World::on(ledger, MemoryQueue::default());
    let message = world.accept("CLIENT_CREATE", client()).await;
    let script = Script::default().on(POST, 200, created()).cached(POST, 200, created());
    assert_eq!(world.run(&script, &message).await, Reply::Again);
    assert_eq!(world.row().state, State::Running);
    world.clock.advance(LEASE);
    assert_eq!(world.run(&script, &message).await, Reply::Done);
    assert_eq!(world.row().state, State::Succeeded);
}

#[tokio::test]
async fn no_call_is_begun_that_cannot_end_in_time() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client()).await;
    let too_short = Duration::from_millis(22_999);
    let run = Run {
        request_id: "r".to_owned(),
        deadline: world.clock.now().after(too_short),
    };
    let script = Script::default();
    assert_eq!(world.executor(&script).handle(&message, &run).await, Reply::Again);
    let row = world.row();
    assert_eq!((row.reason, row.maybe_sent), (Some(Reason::OutOfTime), false));
    assert!(script.seen().is_empty());
}

#[tokio::test]
async fn a_message_that_nobody_can_read_or_that_is_about_nothing_harms_only_itself() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client()).await;
    let unreadable = Received {
        body: "{\"version\":9}".to_owned(),
        ..message.clone()
    };
    let about_nothing = serde_json::to_string(&Message::about(Uuid::nil())).unwrap();
    for body in [unreadable.body, about_nothing] {
        let message = Received {
            message_id: body.clone(),
            body: body.clone(),
            ..message.clone()
        };
        assert_eq!(world.run(&Script::default(), &message).await, Reply::Done);
        assert_eq!(world.queue.dead_letters().last(), Some(&body));
    }
    assert_eq!(world.row().state, State::Accepted);
}

#[tokio::test]
async fn an_operation_that_is_alone_is_claimed_unread() {
    let unread = |name: &'static str, _| match name {
        "get" | "get_all" => Err(ledger::Error::new(name, "it is read")),
        _ => Ok(()),
    };
    let world = World::on(MemoryLedger::with_hook(Box::new(unread)), MemoryQueue::default());
    let message = world.accept("CLIENT_CREATE", client()).await;
    // Claimed by another run, it is not due; its place in the queue is noted all the same.
    let claimed = Row {
        state: State::Running,
        next_attempt_at: Some(world.clock.now().after(LEASE)),
        ..world.row()
    };
    world.ledger.put(claimed.clone());
    assert_eq!(world.run(&Script::default(), &message).await, Reply::Again);
    let noted = Row {
        queue_seq: message.sequence.clone(),
        ..claimed
    };
    assert!(noted.queue_seq.is_some());
    assert_eq!(world.row(), noted);
    world.clock.advance(LEASE);
    let script = Script::default().on(POST, 200, created());
    assert_eq!(world.run(&script, &message).await, Reply::Done);
}

#[tokio::test]
async fn a_message_of_another_group_or_of_none_wakes_its_own_subject() {
    for group in [None, Some("another".to_owned())] {
        let world = World::new();
        let message = Received {
            group,
            ..world.accept("CLIENT_CREATE", client()).await
        };
        let script = Script::default().on(POST, 200, created());
        assert_eq!(world.run(&script, &message).await, Reply::Done);
        assert_eq!(world.row().state, State::Succeeded);
    }
}

#[tokio::test]
async fn what_a_later_release_wrote_is_left_to_it() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client()).await;
    let later = Row {
        schema_version: SCHEMA_VERSION + 1,
        ..world.row()
    };
    world.ledger.put(later.clone());
    assert_eq!(world.run(&Script::default(), &message).await, Reply::Again);
    assert_eq!(world.row(), later);
}

#[tokio::test]
async fn a_message_wakes_what_goes_first_on_its_subject() {
    for alone_there in [false, true] {
        wakes_what_goes_first(alone_there).await;
    }
}

/// The same if the index shows one operation in the message's group, which is not the message's.
async fn wakes_what_goes_first(alone_there: bool) {
    let world = World::new();
    let update = |first: &str| json!({"externalId": "INC-1", "firstname": first, "lastname": "B"});
    let create = world.accept("CLIENT_CREATE", client()).await;
    let mut second = world.accept("CLIENT_UPDATE", update("K")).await;
    if alone_there {
        let other = json!({"externalId": "INC-2", "firstname": "L", "lastname": "B"});
        second.group = world.accept("CLIENT_UPDATE", other).await.group;
    }
    let put = "PUT /v1/clients/external-id/INC-1";
    // The first message is received and its operation waits; then that message is lost.
    assert_eq!(world.run(&Script::default().lost(POST), &create).await, Reply::Again);
    world.clock.advance(WAIT_MAX);
    let script = Script::default().on(POST, 200, created());
    assert_eq!(
        world.run(&script, &second).await,
        Reply::Again,
        "its own operation is still open"
    );
    assert!(script.is_done());
    let script = Script::default().on(put, 200, created());
    assert_eq!(world.run(&script, &second).await, Reply::Done);
    let mut rows = world.ledger.rows();
    rows.retain(|row| row.subject.as_str() == "client:INC-1");
    assert!(rows.len() == 2 && rows.iter().all(|row| row.state == State::Succeeded));
}

#[tokio::test]
async fn a_loan_waits_a_little_for_its_client() {
    for client_grace in [CLIENT_GRACE, Duration::from_secs(3)] {
        let world = World {
            terms: Terms {
                client_grace,
                ..terms()
            },
            ..World::new()
        };
        let loan = json!({"lenderConfig": "UGRO", "externalId": "L", "principal": 1, "submittedOnDate": "11 January 2026",
            "loanTermFrequency": 12, "numberOfRepayments": 12, "interestRatePerPeriod": 8, "clientId": "INC-1"});
        let message = world.accept("LOAN_CREATE", loan).await;
        let get = "GET /v1/clients/external-id/INC-1";
        let gone = || refusal("error.msg.client.id.invalid");
        let script = Script::default()
            .on("GET /v1/loanproducts", 200, json!([{"id": 2, "name": "UGRO"}]))
            .on("GET /v1/loanproducts/2", 200, json!({"id": 2, "name": "UGRO"}))
            .on(get, 404, gone())
            .on(get, 404, gone());
        assert_eq!(world.run(&script, &message).await, Reply::Again);
        assert_eq!(world.row().reason, Some(Reason::ClientNotFoundYet));
        world.clock.advance(client_grace);
        assert_eq!(world.run(&script, &message).await, Reply::Done);
        assert_eq!(world.row().state, State::Failed);
    }
}

#[tokio::test]
async fn a_loan_waits_for_an_open_operation_on_its_client_that_clocks_do_not_tell_to_be_later() {
    let (loan, client) = (crate::row::tests::row(), Subject::stored("client:INC-1"));
    let second = Duration::from_secs(1);
    for (later, waits) in [
        (Duration::ZERO, true),
        (CLOCKS_APART - second, true),
        (CLOCKS_APART, false),
        (CLOCKS_APART + second, false),
    ] {
        let world = World::new();
        let script = Script::default();
        world.ledger.put(Row {
            id: uuid::Uuid::from_u128(1),
            subject: client.clone(),
            accepted_at: loan.accepted_at.after(later),
            ..loan.clone()
        });
        assert_eq!(
            world.executor(&script).client_may_come(&loan, &client).await,
            waits,
            "{later:?}"
        );
    }
}

#[tokio::test]
async fn once_sent_a_lookup_that_finds_nothing_is_no_refusal() {
    let world = World::new();
    let message = world
        .accept(
            "LOAN_APPROVE",
            json!({"external_loan_id": "L", "approvedOnDate": "11 January 2026"}),
        )
        .await;
    let get = "GET /v1/loans/external-id/L";
    let script = Script::default()
        .on(get, 200, json!({"id": 7, "externalId": "L"}))
        .lost("POST /v1/loans/external-id/L?command=approve")
        .on(get, 404, refusal("error.msg.loan.external.id.invalid"));
    world.run(&script, &message).await;
    again(&world, &script, &message).await;
    assert_eq!(
        (world.row().state, world.row().reason),
        (State::Waiting, Some(Reason::AnswerLost))
    );
}

#[tokio::test]
async fn a_deletion_stores_the_number_before_it_asks() {
    let world = World::new();
    let message = world.accept("LOAN_DELETE", json!({"external_loan_id": "L"})).await;
    let deleted = json!({"loanId": 7, "resourceId": 7, "resourceExternalId": "L"});
    let script = Script::default()
        .on("GET /v1/loans/external-id/L", 200, json!({"id": 7, "externalId": "L"}))
        .lost("DELETE /v1/loans/7")
        .on("GET /v1/loans/7", 404, refusal("error.msg.loan.id.invalid"))
        .cached("DELETE /v1/loans/7", 200, deleted);
    world.run(&script, &message).await;
    assert_eq!(world.row().target, Some(7));
    assert_eq!(again(&world, &script, &message).await, Reply::Done);
    assert_eq!(world.row().state, State::Succeeded);
}
