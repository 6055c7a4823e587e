//! The model's callers against the engine: whatever befalls a request, it ends in a way that the model knows, and it ends
//! in every way that the model knows; what a repeat sends is what the model says.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use gateway::accept::{Accepted, Acceptor};
use gateway::callers::Caller;
use gateway::clock::CLOCKS_APART;
use gateway::clock::ManualClock;
use gateway::ledger::memory::{MemoryLedger, When};
use gateway::problem::Problem;
use gateway::queue::memory::MemoryQueue;
use gateway::queue::{self, Queue, REMEMBERED, Received};
use gateway::row::Row;
use gateway::subject::Subject;
use gateway::tracking::State;
use gateway::values::Rules;
use gateway::{ledger, problem};
use model::stored::{CLIENT, NOW};
use model::{Callers, Client, Clocks, Model, Repeat, Request, Setting, Temper};
use serde_json::json;
use uuid::Uuid;

use crate::engine::Zeros;

/// What befalls a call.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Confirmed,
    NotDone,
    NotConfirmed,
    DiesBefore,
    DiesAfter,
}

const FATES: [Fate; 5] = [
    Fate::Confirmed,
    Fate::NotDone,
    Fate::NotConfirmed,
    Fate::DiesBefore,
    Fate::DiesAfter,
];

impl Fate {
    /// What it comes to before or after the call is done.
    fn strikes(self, when: When) -> Result<(), &'static str> {
        match (self, when) {
            // Without the message that a panic prints.
            (Self::DiesBefore, When::Before) | (Self::DiesAfter, When::After) => resume_unwind(Box::new("dies")),
            (Self::NotDone, When::Before) => Err("not done"),
            (Self::NotConfirmed, When::After) => Err("not confirmed"),
            (_, When::Before | When::After) => Ok(()),
        }
    }
}

/// A queue that holds one message.
struct OneMessage {
    fate: Fate,
    sent: Mutex<bool>,
}

#[async_trait]
impl Queue for OneMessage {
    async fn send(&self, _: Uuid, _: &Subject, _: u32) -> Result<(), queue::Error> {
        let failed = |what| queue::Error::new("send", what);
        self.fate.strikes(When::Before).map_err(failed)?;
        *self.sent.lock().unwrap() = true;
        self.fate.strikes(When::After).map_err(failed)
    }

    async fn put_off(&self, _: &str, _: Duration) -> Result<(), queue::Error> {
        Ok(())
    }

    async fn bury(&self, _: &Received) -> Result<(), queue::Error> {
        Ok(())
    }
}

/// Posts an operation, always the same.
fn post(ledger: &MemoryLedger, queue: &dyn Queue, clock: &ManualClock, keyed: bool) -> Result<Accepted, Problem> {
    let acceptor = Acceptor {
        ledger,
        queue,
        clock,
        entropy: &Zeros,
        rules: &Rules { lenders: Vec::new() },
        retention: Duration::from_secs(60),
    };
    let caller = Caller {
        id: "los".to_owned(),
        name: "los".to_owned(),
        salt: vec![1; 32],
        tokens: Vec::new(),
        operations: vec!["*".to_owned()],
    };
    let body = json!({"status": "CLIENT_UPDATE", "data": {"externalId": CLIENT, "firstname": "J"}}).to_string();
    let key = keyed.then_some("k");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(acceptor.accept(&caller, key, body.as_bytes()))
}

/// How a request to the gateway ends, if these befall its calls.
fn request(keyed: bool, insert: Fate, send: Fate, take_back: Fate) -> Request {
    let ledger = MemoryLedger::with_hook(Box::new(move |call, when| {
        let fate = if call == "insert" { insert } else { take_back };
        fate.strikes(when).map_err(|what| ledger::Error::new(call, what))
    }));
    let queue = OneMessage {
        fate: send,
        sent: Mutex::new(false),
    };
    let answered = catch_unwind(AssertUnwindSafe(|| post(&ledger, &queue, &ManualClock::at(NOW), keyed)));
    let accepted = match answered
        .as_ref()
        .map(|answer| answer.as_ref().map_err(|problem| problem.kind))
    {
        Ok(Ok(_)) => Some(true),
        Ok(Err(problem::Kind::Unavailable)) if !keyed => Some(false),
        Ok(Err(problem::Kind::Unavailable | problem::Kind::OutcomeUnknown)) | Err(_) => None,
        Ok(Err(kind)) => panic!("{kind:?}"),
    };
    Request {
        keyed,
        accepted,
        row: ledger.rows().first().map(|row| row.state.as_str()),
        sent: *queue.sent.lock().unwrap(),
    }
}

#[test]
fn a_request_ends_in_each_way_of_the_model_and_in_no_other() {
    let setting = Setting {
        operations: 1,
        workers: 1,
        keys: 2,
        key_tries: 2,
        callers: Callers::AwaitingWithKeys,
        temper: Temper::Refusing,
        clocks: Clocks::Apart,
        client: Client::There,
        broken: None,
        without: None,
    };
    let mut ends = BTreeSet::new();
    for keyed in [false, true] {
        for insert in FATES {
            for send in FATES {
                ends.extend(FATES.map(|take_back| request(keyed, insert, send, take_back)));
            }
        }
    }
    let known = Model::new(setting).requests();
    assert_eq!(ends, known);
}

#[test]
fn a_repeat_sends_what_the_model_says() {
    let second = Duration::from_secs(1);
    let surely_known = REMEMBERED - CLOCKS_APART;
    for state in State::ALL {
        for sends in [0, 1] {
            for (age, late) in [
                (Duration::ZERO, false),
                (surely_known, false),
                (surely_known + second, true),
            ] {
                let (ledger, clock) = (MemoryLedger::default(), ManualClock::at(NOW));
                post(&ledger, &MemoryQueue::default(), &clock, true).unwrap();
                let row = ledger.rows().remove(0);
                // Another request's: a write knows its own by the nonce.
                let nonce = "earlier".to_owned();
                ledger.put(Row {
                    state,
                    sends,
                    nonce,
                    ..row
                });
                clock.advance(age);
                let queue = MemoryQueue::default();
                assert!(post(&ledger, &queue, &clock, true).unwrap().replayed);
                let sent = queue.take().pop().map(|message| {
                    let original = message.original_sequence(ledger.rows()[0].id).is_some();
                    if original { Repeat::Original } else { Repeat::Again }
                });
                let expected = state.is_open().then(|| Repeat::of(sends > 0, late));
                assert_eq!(sent, expected, "{state:?}, sent again {sends} times, {age:?} old");
            }
        }
    }
}
