mod ending;
mod looking;

use std::time::Duration;

use serde_json::{Value, json};

use super::resolve::End;
use super::*;
use crate::execute::Reply;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::ledger::memory::MemoryLedger;
use crate::queue::Message;
use crate::queue::letters::MemoryLetters;
use crate::queue::memory::MemoryQueue;
use crate::row::Acceptance;
use crate::subject::Subject;
use crate::testing::{STUCK_KEY_AFTER, Script, World, refusal};

const POST: &str = "POST /v1/clients";
const LOOK: &str = "GET /v1/clients/external-id/INC-1";

fn operator(world: &World) -> Operator<'_> {
    Operator {
        ledger: &world.ledger,
        queue: &world.queue,
        clock: &world.clock,
        entropy: &world.entropy,
        rules: &world.rules,
    }
}

fn hand() -> Hand {
    Hand::new("night", "ticket 7").unwrap()
}

fn client(external_id: &str) -> Value {
    json!({"firstname": "J", "lastname": "B", "externalId": external_id, "activationDate": "01 January 2026"})
}

fn created() -> Value {
    json!({"officeId": 1, "clientId": 42, "resourceId": 42, "resourceExternalId": "INC-1"})
}

/// The client as Fineract shows it once it was created.
fn there() -> Value {
    json!({"id": 42, "externalId": "INC-1", "officeId": 1, "active": true, "activationDate": [2026, 1, 1],
        "firstname": "J", "lastname": "B", "legalForm": {"id": 1},
        "timeline": {"submittedByUsername": "mifos", "activatedByUsername": "mifos"}})
}

fn absent() -> Value {
    refusal("error.msg.client.id.invalid")
}

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn deeds(row: &Row) -> Vec<(Deed, Option<Uuid>)> {
    assert!(
        row.notes
            .iter()
            .all(|note| (note.by.as_str(), note.why.as_str()) == ("night", "ticket 7"))
    );
    row.notes.iter().map(|note| (note.deed, note.other)).collect()
}

/// A client that waits because the answer was lost.
async fn in_doubt(world: &World) -> Uuid {
    let message = world.accept("CLIENT_CREATE", client("INC-1")).await;
    assert_eq!(world.run(&Script::default().lost(POST), &message).await, Reply::Again);
    world.row().id
}

fn of(id: u128, state: State) -> Row {
    let row = Row::from(Acceptance {
        id: Uuid::from_u128(id),
        operation: "CLIENT_CREATE".to_owned(),
        caller: "los-1".to_owned(),
        subject: Subject::stored(format!("client:{id}")),
        data: client(&id.to_string()),
        ignored: Vec::new(),
        fingerprint: "f".to_owned(),
        nonce: "n".to_owned(),
        accepted_at: Timestamp::from_micros(1_773_396_000_000_000 - 1_000_000 * i64::try_from(id).unwrap()),
    });
    let ended = !state.is_open();
    Row {
        state,
        next_attempt_at: row.next_attempt_at.filter(|_| !ended),
        processed_at: ended.then_some(row.accepted_at),
        failure: (state == State::Failed).then(|| Failure::gateway(409, "gateway.x", "x")),
        ..row
    }
}

#[tokio::test]
async fn a_waiting_operation_is_tried_now() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client("INC-1")).await;
    world.run(&Script::default().unreachable(POST), &message).await;
    let before = world.row();
    assert!(before.next_attempt_at.unwrap() > world.clock.now());

    operator(&world).resume(before.id, &hand()).await.unwrap();
    let row = world.row();
    assert_eq!(
        (row.state, row.next_attempt_at),
        (State::Waiting, Some(world.clock.now()))
    );
    assert_eq!(
        (row.sends, deeds(&row)),
        (0, vec![(Deed::Resumed, None)]),
        "its own message came back"
    );
    assert_eq!(world.queue.put_off_for().last(), Some(&Duration::ZERO));
    let message = world.queue.receive().unwrap();
    let script = Script::default()
        .on("GET /v1/offices/1", 200, json!({"id": 1}))
        .on(POST, 200, created());
    assert_eq!(world.run(&script, &message).await, Reply::Done);
    assert_eq!(world.row().notes.len(), 1, "runs leave notes alone");

    // Without a message in flight, one is sent.
    let lost = of(2, State::Waiting);
    world.ledger.put(lost.clone());
    operator(&world).resume(lost.id, &hand()).await.unwrap();
    let row = world.ledger.row(lost.id).unwrap();
    assert_eq!((row.sends, row.resend_after.is_some()), (1, true));
    let sent = world.queue.receive().unwrap();
    assert_eq!(sent.deduplication_id, Some(queue::deduplication_id(lost.id, 1)));
}

#[tokio::test]
async fn what_is_out_of_reach_stays_as_it_is() {
    let world = World::new();
    let later = world.clock.now().after(Duration::from_secs(1));
    let behind = Row {
        subject: Subject::stored("client:5"),
        ..of(4, State::Waiting)
    };
    let held = Row {
        lease_until: Some(later),
        next_attempt_at: Some(later),
        ..of(3, State::Running)
    };
    let full = Row {
        notes: vec![hand().note(Deed::Resumed, later, None); NOTES_MAX],
        ..of(6, State::Waiting)
    };
    for (row, expected) in [
        (of(1, State::Succeeded), Refusal::Ended(State::Succeeded)),
        (of(2, State::Failed), Refusal::Ended(State::Failed)),
        (held, Refusal::Held(later)),
        (full, Refusal::Full),
        (of(5, State::Waiting), Refusal::Missing(Uuid::nil())),
        (behind, Refusal::Behind(of(5, State::Waiting).tracking_id())),
    ] {
        world.ledger.put(row.clone());
        if expected == Refusal::Missing(Uuid::nil()) {
            continue;
        }
        assert_eq!(refused(operator(&world).resume(row.id, &hand()).await), expected);
        let script = Script::default();
        let executor = world.executor(&script);
        for forced in [true, false] {
            let resolved = operator(&world)
                .resolve(&executor, row.id, End::Failed, &hand(), forced)
                .await;
            assert_eq!(refused(resolved), expected);
        }
        assert_eq!(world.ledger.row(row.id), Some(row));
    }
    let freed = Row {
        lease_until: Some(world.clock.now()),
        ..of(7, State::Running)
    };
    assert_eq!(
        within_reach(&freed, Deed::Resumed, None, world.clock.now()),
        Ok(()),
        "the lease is over"
    );
    let missing = operator(&world).resume(Uuid::nil(), &hand()).await;
    assert_eq!(refused(missing), Refusal::Missing(Uuid::nil()));
}

#[tokio::test]
async fn what_failed_is_sent_anew_once() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client("INC-1")).await;
    let script = Script::default().on(POST, 403, refusal("error.msg.x"));
    assert_eq!(world.run(&script, &message).await, Reply::Done);
    let old = world.row();
    assert_eq!(old.state, State::Failed);

    let new = operator(&world).retry(old.id, &hand()).await.unwrap();
    let noted = world.ledger.row(old.id).unwrap();
    assert_eq!(deeds(&noted), [(Deed::Retried, Some(new.id))]);
    assert_eq!(
        Row {
            notes: Vec::new(),
            ..noted
        },
        old,
        "an end never changes"
    );
    let new = world.ledger.row(new.id).unwrap();
    assert_eq!(deeds(&new), [(Deed::RetryOf, Some(old.id))]);
    assert_eq!(
        (&new.data, &new.caller, &new.subject),
        (&old.data, &old.caller, &old.subject)
    );
    assert_ne!(new.key(), old.key());
    assert_eq!(new.nonce.len(), 2 * MARK_BYTES, "the insert is recognised");
    assert_ne!(new.nonce, old.nonce);
    let message = world.queue.take().remove(0);
    assert_eq!(
        world.run(&Script::default().on(POST, 200, created()), &message).await,
        Reply::Done
    );
    assert_eq!(world.ledger.row(new.id).unwrap().state, State::Succeeded);

    let again = operator(&world).retry(old.id, &hand()).await;
    assert_eq!(refused(again), Refusal::RetriedAs(new.tracking_id()));
    let good = operator(&world).retry(new.id, &hand()).await;
    assert_eq!(refused(good), Refusal::NotFailed(State::Succeeded));
}

#[tokio::test]
async fn a_retry_that_was_cut_off_goes_on_under_the_same_id() {
    let ledger = MemoryLedger::with_hook(Box::new({
        let failed = std::sync::atomic::AtomicBool::new(false);
        move |name, _| {
            let first = name == "insert" && !failed.swap(true, std::sync::atomic::Ordering::SeqCst);
            if first {
                Err(ledger::Error::new("insert", "lost"))
            } else {
                Ok(())
            }
        }
    }));
    let world = World::on(ledger, MemoryQueue::default());
    world.ledger.put(of(1, State::Cancelled));
    let id = Uuid::from_u128(1);
    assert!(matches!(
        operator(&world).retry(id, &hand()).await,
        Err(Error::Ledger(_))
    ));
    let noted = world.ledger.row(id).unwrap().retried_as().unwrap();
    let new = operator(&world).retry(id, &hand()).await.unwrap();
    assert_eq!((new.id, world.ledger.rows().len()), (noted, 2));
}

#[tokio::test]
async fn dead_letters_come_back_and_strays_stay() {
    for (remove, left) in [(false, 2), (true, 0)] {
        let world = World::new();
        world.ledger.put(of(1, State::Waiting));
        world.ledger.put(of(2, State::Succeeded));
        let about = |id| Message::about(Uuid::from_u128(id)).body();
        let letters = MemoryLetters::of([about(1), about(2), about(3), "x".to_owned()]);
        let drained = operator(&world)
            .drain(&letters, &hand(), remove, &|_| ())
            .await
            .unwrap();
        let counts = (drained.sent, drained.ended, drained.strays.len(), drained.left);
        assert_eq!((counts, letters.bodies().len()), ((1, 1, 2, 0), left));
        let row = world.ledger.row(Uuid::from_u128(1)).unwrap();
        assert_eq!((row.sends, deeds(&row)), (1, vec![(Deed::Drained, None)]));
        assert_eq!(world.queue.len(), 1);
    }
}

#[tokio::test]
async fn looking_closely_is_noted() {
    let world = World::new();
    world.ledger.put(of(1, State::Succeeded));
    let seen = of(1, State::Succeeded);
    operator(&world).reveal(&seen, &hand()).await.unwrap();
    let row = world.ledger.row(seen.id).unwrap();
    assert_eq!(deeds(&row), [(Deed::Revealed, None)]);
    assert_eq!(
        refused(operator(&world).reveal(&seen, &Hand::new("day", "y").unwrap()).await),
        Refusal::Changed
    );
}
