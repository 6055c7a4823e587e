//! What only time shows. The rest is in the body that also runs on the emulated queue (`tests/end-to-end`, `conformance`).

use super::*;

/// All messages are about one subject.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// An operation, and its sends.
    Send(u128, u32),
    /// So many seconds go by.
    Pass(u64),
    /// This operation's message is received, the so-manieth time.
    Receive(u128, u32),
    /// Nothing can be had.
    Nothing,
    /// What was received last is put off by so many milliseconds.
    PutOff(u64),
    /// The last receipt is refused, by whatever asks.
    Expired,
    /// What was received last is deleted.
    Delete,
    /// What was received last is buried.
    Bury,
    /// How many dead letters, and how many messages that were kept too long.
    Lost(usize, usize),
}

const VISIBILITY_SECONDS: u64 = 30;
const RETENTION_SECONDS: u64 = 3_600;

async fn check(why: &str, steps: &[Step]) {
    use Step::{Bury, Delete, Expired, Lost, Nothing, Pass, PutOff, Receive, Send};
    let clock = Arc::new(ManualClock::at(Timestamp::from_micros(0)));
    let policy = Policy {
        visibility: Duration::from_secs(VISIBILITY_SECONDS),
        receives_max: 2,
        retention: Duration::from_secs(RETENTION_SECONDS),
    };
    let queue = MemoryQueue::new(Arc::<ManualClock>::clone(&clock), policy);
    let mut last = None;
    for (index, step) in steps.iter().enumerate() {
        let at = format!("{why}: step {index}, {step:?}");
        let message = || last.clone().unwrap_or_else(|| panic!("{at}: nothing was received"));
        match *step {
            Send(id, sends) => {
                let subject = Subject::stored("client:A");
                queue.send(Uuid::from_u128(id), &subject, sends).await.unwrap();
            }
            Pass(seconds) => clock.advance(Duration::from_secs(seconds)),
            Receive(id, receives) => {
                let received = queue.receive().unwrap_or_else(|| panic!("{at}: nothing"));
                let about = Message::read(&received.body).unwrap().id.as_u128();
                assert_eq!((about, received.receives), (id, receives), "{at}");
                last = Some(received);
            }
            Nothing => assert!(queue.receive().is_none(), "{at}"),
            PutOff(millis) => {
                let wait = Duration::from_millis(millis);
                queue.put_off(&message().receipt, wait).await.unwrap();
            }
            Expired => {
                let receipt = message().receipt;
                assert!(queue.put_off(&receipt, Duration::ZERO).await.is_err(), "{at}");
                assert!(queue.delete(&receipt).is_err(), "{at}");
            }
            Delete => queue.delete(&message().receipt).unwrap(),
            Bury => queue.bury(&message()).await.unwrap(),
            Lost(dead, expired) => {
                assert_eq!(
                    (queue.dead_letters().len(), queue.expired().len()),
                    (dead, expired),
                    "{at}"
                );
            }
        }
    }
}

#[tokio::test]
async fn time_passes() {
    use Step::{Bury, Delete, Expired, Lost, Nothing, Pass, PutOff, Receive, Send};
    let table: [(&str, &[Step]); 10] = [
        (
            "what nobody finishes comes back when its visibility ends, before later ones",
            &[
                Send(1, 0),
                Send(2, 0),
                Receive(1, 1),
                Pass(29),
                Nothing,
                Pass(1),
                Receive(1, 2),
            ],
        ),
        (
            "a receipt ends with the visibility, before anybody receives the message again",
            &[
                Send(1, 0),
                Receive(1, 1),
                Pass(30),
                Expired,
                Receive(1, 2),
                Delete,
                Nothing,
            ],
        ),
        (
            "what is put off comes back then, and not with its first visibility",
            &[
                Send(1, 0),
                Receive(1, 1),
                PutOff(100_000),
                Pass(99),
                Nothing,
                Pass(1),
                Receive(1, 2),
            ],
        ),
        (
            "putting off counts from now, in whole seconds, rounded up",
            &[
                Send(1, 0),
                Receive(1, 1),
                Pass(20),
                PutOff(1_001),
                Pass(1),
                Nothing,
                Pass(1),
                Receive(1, 2),
            ],
        ),
        (
            "while it is put off, its group waits and its receipt is good",
            &[
                Send(1, 0),
                Send(2, 0),
                Receive(1, 1),
                PutOff(60_000),
                Pass(59),
                Nothing,
                Delete,
                Receive(2, 1),
            ],
        ),
        (
            "a deduplication id is remembered for five minutes after the first",
            &[
                Send(1, 0),
                Receive(1, 1),
                Delete,
                Pass(299),
                Send(1, 0),
                Nothing,
                Pass(1),
                Send(1, 0),
                Receive(1, 1),
            ],
        ),
        (
            "another send is another message, whenever",
            &[
                Send(1, 0),
                Pass(10),
                Send(1, 1),
                Receive(1, 1),
                Delete,
                Receive(1, 1),
                Delete,
                Nothing,
            ],
        ),
        (
            "after maxReceiveCount it is a dead letter, and its group goes on",
            &[
                Send(1, 0),
                Send(2, 0),
                Receive(1, 1),
                Pass(30),
                Receive(1, 2),
                Lost(0, 0),
                Pass(30),
                Receive(2, 1),
                Lost(1, 0),
            ],
        ),
        (
            "buried within five minutes it is one dead letter, later another",
            &[
                Send(1, 0),
                Receive(1, 1),
                Bury,
                Pass(299),
                Bury,
                Lost(1, 0),
                Pass(1),
                Bury,
                Lost(2, 0),
            ],
        ),
        (
            "a message is kept for the retention, also while it is put off",
            &[
                Send(1, 0),
                Receive(1, 1),
                PutOff(7_200_000),
                Pass(3_599),
                Nothing,
                Lost(0, 0),
                Pass(1),
                Nothing,
                Lost(0, 1),
            ],
        ),
    ];
    for (why, steps) in table {
        check(why, steps).await;
    }
}
