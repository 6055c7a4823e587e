use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::ledger::memory::{MemoryLedger, When};
use crate::pace::WAIT_MAX;
use crate::queue::memory::MemoryQueue;
use crate::row::tests::row;
use crate::testing::World;
use crate::tracking::State;

const OVERDUE: Duration = WAIT_MAX;
const RESEND: Duration = Duration::from_secs(30 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn sweeper(world: &World) -> Sweeper<'_> {
    Sweeper {
        ledger: &world.ledger,
        queue: &world.queue,
        clock: &world.clock,
        overdue: OVERDUE,
        resend: RESEND,
        sends_max: SENDS_MAX,
    }
}

async fn sweep(world: &World) -> Swept {
    sweeper(world).sweep(world.clock.now().after(DAY), 17).await
}

/// An operation on this client that was due so long ago.
fn due(world: &World, id: u128, client: &str, ago: Duration) -> Row {
    let at = Timestamp::from_micros(world.clock.now().micros() - i64::try_from(ago.as_micros()).unwrap());
    let subject = Subject::stored(format!("client:{client}"));
    Row {
        id: Uuid::from_u128(id),
        subject,
        accepted_at: at,
        next_attempt_at: Some(at),
        ..row()
    }
}

fn sent(world: &World) -> Vec<u128> {
    let id = |message: crate::queue::Received| queue::Message::read(&message.body).unwrap().id.as_u128();
    world.queue.take().into_iter().map(id).collect()
}

#[tokio::test]
async fn what_waits_until_no_time_is_overdue() {
    let world = World::new();
    world.ledger.put(Row {
        state: State::Waiting,
        next_attempt_at: None,
        ..due(&world, 1, "A", Duration::ZERO)
    });
    assert_eq!((sweep(&world).await.sent, sent(&world)), (1, vec![1]));
}

#[tokio::test]
async fn what_is_overdue_is_sent_again_once_in_a_while() {
    let world = World::new();
    world.ledger.put(due(&world, 1, "A", OVERDUE));
    world.ledger.put(due(&world, 2, "B", OVERDUE - Duration::from_secs(1)));
    world.ledger.put(Row {
        state: State::Succeeded,
        ..due(&world, 3, "C", DAY)
    });
    let swept = sweep(&world).await;
    assert_eq!(
        swept,
        Swept {
            open: 2,
            overdue: 1,
            sent: 1,
            failed: 0,
            complete: true
        }
    );
    assert_eq!(sent(&world), [1]);
    assert_eq!(sweep(&world).await.sent, 0, "it is left alone for a while");
    world.clock.advance(RESEND);
    assert_eq!(sweep(&world).await.sent, 2);
    assert_eq!(sent(&world).len(), 2, "each sending is a message of its own");
}

#[tokio::test]
async fn of_a_subject_only_what_goes_first_is_sent() {
    let world = World::new();
    let minute = Duration::from_secs(60);
    world.ledger.put(due(&world, 1, "A", OVERDUE + minute));
    world.ledger.put(due(&world, 2, "A", OVERDUE + minute * 3));
    world.ledger.put(due(&world, 3, "A", OVERDUE));
    assert_eq!(sweep(&world).await.sent, 1);
    assert_eq!(sent(&world), [2]);
    let first = world
        .ledger
        .rows()
        .into_iter()
        .find(|row| row.id.as_u128() == 2)
        .unwrap();
    assert!(
        first.next_attempt_at.unwrap() < world.clock.now(),
        "it stays due: the worker takes it up at once"
    );
}

#[tokio::test]
async fn a_sweep_that_runs_out_of_time_says_so() {
    let world = World::new();
    for (left, complete) in [
        (Duration::ZERO, false),
        (SHARD_TIME - Duration::from_millis(1), false),
        (SHARD_TIME, true),
    ] {
        let swept = sweeper(&world).sweep(world.clock.now().after(left), 0).await;
        assert_eq!(swept.complete, complete, "{left:?}");
    }
}

#[tokio::test]
async fn a_sweep_sends_as_many_as_it_may_and_the_next_one_goes_on() {
    let world = World::new();
    // All in the part of the index that comes last.
    let rows = (1..).map(|id| due(&world, id, &id.to_string(), OVERDUE));
    let last = rows.filter(|row| row.subject.shard() == shard_name(SHARDS - 1));
    for row in last.take(3) {
        world.ledger.put(row);
    }
    for (sent, complete) in [(2, false), (1, true), (0, true)] {
        let sweeper = Sweeper {
            sends_max: 2,
            ..sweeper(&world)
        };
        let swept = sweeper.sweep(world.clock.now().after(DAY), 0).await;
        assert_eq!((swept.sent, swept.complete), (sent, complete));
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_harms_only_its_own_subject() {
    let first = AtomicBool::new(true);
    let unreadable = move |name: &'static str, when| match (name, when) {
        ("get_all", _) => Err(ledger::Error::new(name, "one of the rows cannot be read")),
        ("get", When::Before) if first.swap(false, Ordering::Relaxed) => Err(ledger::Error::new(name, "not read")),
        _ => Ok(()),
    };
    let world = World::on(MemoryLedger::with_hook(Box::new(unreadable)), MemoryQueue::default());
    let subjects = || (1_u32..).map(|number| number.to_string());
    let unread = Subject::stored("client:1");
    let other = subjects().find(|name| {
        let other = Subject::stored(format!("client:{name}"));
        // Later in the same part of the index.
        other.shard() == unread.shard() && other.group() > unread.group()
    });
    world.ledger.put(due(&world, 1, "1", OVERDUE * 2));
    world.ledger.put(due(&world, 2, "1", OVERDUE));
    world.ledger.put(due(&world, 3, &other.unwrap(), OVERDUE));
    let swept = sweep(&world).await;
    assert_eq!((swept.sent, swept.failed, swept.complete), (1, 1, false));
    assert_eq!(sent(&world), [3], "what stands behind the unread row is not sent");
    sweep(&world).await;
    assert_eq!(sent(&world), [1]);
}

#[tokio::test]
async fn a_subject_on_two_pages_has_one_first() {
    for page in 1..4 {
        let world = World::on(MemoryLedger::default().in_pages_of(page), MemoryQueue::default());
        world.ledger.put(due(&world, 3, "A", OVERDUE * 3));
        world.ledger.put(due(&world, 2, "A", OVERDUE * 2));
        world.ledger.put(due(&world, 1, "A", OVERDUE));
        let swept = sweep(&world).await;
        assert_eq!((swept.open, swept.sent), (3, 1), "{page}");
        assert_eq!(sent(&world), [3]);
    }
}

#[tokio::test]
async fn what_is_sent_again_is_not_taken_for_the_original_and_what_is_not_sent_is_told() {
    let world = World::new();
    let row = due(&world, 1, "A", OVERDUE);
    queue::send(&world.queue, &row).await.unwrap();
    assert_eq!(sent(&world), [1]);
    world.ledger.put(row);
    assert_eq!(sweep(&world).await.sent, 1);
    assert_eq!(sent(&world), [1], "the queue still knows the original");

    let down = MemoryQueue::with_hook(Box::new(|name| Err(queue::Error::new(name, "down"))));
    let world = World::on(MemoryLedger::default(), down);
    world.ledger.put(due(&world, 1, "A", OVERDUE));
    world.ledger.put(due(&world, 2, "B", OVERDUE));
    let swept = sweep(&world).await;
    assert_eq!((swept.sent, swept.failed), (0, 2));
}
