//! The model's worker against the engine: from the same row, message and answers both make the same of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use gateway::bank::Products;
use gateway::clock::ManualClock;
use gateway::digest::Entropy;
use gateway::execute::{Executor, Run};
use gateway::fineract::{self, Exchange, Fineract, Loss, Method, Request};
use gateway::gate::Gate;
use gateway::ledger::memory::MemoryLedger;
use gateway::metrics::Meter;
use gateway::pace::KEY_TRIES;
use gateway::queue::memory::MemoryQueue;
use gateway::queue::{Message, Received, deduplication_id};
use gateway::row::Row;
use gateway::terms::Terms;
use gateway::tracking::State;
use gateway::values::Rules;
use model::stored::{CLIENT, NOW, ago, exchange, new_row, not_found, row_before, sequence_number, settled};
use model::{ANSWERS, Answer, Clocks, Decision, Engine, InLine, Shown, Stuck, befores, places};
use serde_json::{Value, json};

const SECOND: Duration = Duration::from_secs(1);

/// A Fineract that gives one answer to what changes it, and shows what it is told to.
struct Told {
    answer: Answer,
    shown: Shown,
    /// Whether the next lookup finds nothing.
    finds_nothing: AtomicBool,
}

impl Told {
    fn new(answer: Answer, shown: Shown) -> Self {
        let finds_nothing = AtomicBool::new(matches!(answer, Answer::NothingFound { .. }));
        Self {
            answer,
            shown,
            finds_nothing,
        }
    }
}

fn says(status: u16, body: &Value) -> Exchange {
    Exchange::Answer(fineract::Answer {
        status,
        from_cache: false,
        body: body.to_string().into_bytes(),
    })
}

#[async_trait]
impl Fineract for Told {
    async fn exchange(&self, request: Request) -> Exchange {
        if request.method != Method::Get {
            return exchange(self.answer);
        }
        let client = json!({"id": 42, "officeId": 1, "externalId": CLIENT, "firstname": "J0", "lastname": "B",
            "activationDate": [2026, 1, 1], "timeline": {"activatedByUsername": "mifos"}});
        if self.finds_nothing.swap(false, Ordering::Relaxed) {
            return says(404, &not_found());
        }
        // No command of ours waits for a checker.
        let commands = request.path.as_str().contains("/audits?");
        match self.shown {
            Shown::Unanswered => Exchange::Lost(Loss::TimedOut),
            Shown::Applied | Shown::NotApplied if commands => says(200, &json!({"pageItems": []})),
            Shown::Applied => says(200, &client),
            Shown::NotApplied => says(404, &not_found()),
        }
    }

    async fn username(&self) -> Option<String> {
        Some("mifos".to_owned())
    }
}

pub(crate) struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// One run of the engine's worker.
async fn run(ledger: &MemoryLedger, fineract: &Told, message: &Received) {
    let executor = Executor {
        ledger,
        queue: &MemoryQueue::default(),
        fineract,
        gate: &Gate::default(),
        products: &Products::default(),
        clock: &ManualClock::at(NOW),
        meter: &Meter::new("model", |_| {}),
        entropy: &Zeros,
        rules: &Rules { lenders: Vec::new() },
        terms: &Terms::default(),
    };
    let run = Run {
        request_id: "run".to_owned(),
        deadline: NOW.after(SECOND * 60),
    };
    executor.handle(message, &run).await;
}

/// The original message about a row, or one that was sent again.
fn message(row: &Row, original: Option<u8>) -> Received {
    Received {
        body: serde_json::to_string(&Message::about(row.id)).unwrap(),
        message_id: "m".to_owned(),
        receipt: "r".to_owned(),
        sequence: Some(sequence_number(original.unwrap_or(9))),
        group: Some(row.subject.group()),
        deduplication_id: Some(deduplication_id(row.id, u32::from(original.is_none()))),
        receives: 1,
    }
}

fn due(row: Row) -> Row {
    let cut_off = row.state == State::Running;
    Row {
        state: if cut_off { State::Running } else { State::Waiting },
        next_attempt_at: Some(ago(SECOND)),
        ..row
    }
}

/// An operation that looks its client up.
fn looking_up(row: Row) -> Row {
    Row {
        operation: "CLIENT_UPDATE".to_owned(),
        data: json!({"externalId": CLIENT, "firstname": "J0"}),
        ..row
    }
}

#[tokio::test]
async fn every_answer_makes_of_every_row_what_the_model_says() {
    let engine = Engine::new(Clocks::Apart, KEY_TRIES, None);
    let (mut cases, mut read_back) = (0, 0);
    for before in befores() {
        for answer in ANSWERS {
            // A key is given up only if it was busy before.
            if answer == Answer::BusyTooLong && before.stuck != Stuck::Busy {
                continue;
            }
            for shown in [Shown::Applied, Shown::NotApplied, Shown::Unanswered] {
                let expected = match engine.decision(before, answer, None) {
                    Decision::Settle(settled) => settled,
                    Decision::ReadBack => {
                        read_back += 1;
                        let Decision::Settle(settled) = engine.decision(before, answer, Some(shown)) else {
                            panic!("{before:?} {answer:?} {shown:?}: nothing is decided");
                        };
                        settled
                    }
                };
                let row = due(row_before(before, answer, new_row(Clocks::Apart, 0, InLine::default())));
                let looks_up = matches!(answer, Answer::NothingFound { .. });
                let row = if looks_up { looking_up(row) } else { row };
                let ledger = MemoryLedger::default();
                ledger.put(row.clone());
                run(&ledger, &Told::new(answer, shown), &message(&row, None)).await;
                let made = settled(&ledger.rows()[0]);
                assert_eq!(made, expected, "{before:?} {answer:?} {shown:?}");
                cases += 1;
            }
        }
    }
    assert!(cases > 500 && read_back > 50, "{cases} cases, {read_back} read back");
}

#[tokio::test]
async fn a_message_takes_up_what_the_model_says() {
    let fineract = Told::new(Answer::NotSent, Shown::Unanswered);
    for clocks in [Clocks::Apart, Clocks::Close, Clocks::Skewed] {
        let engine = Engine::new(clocks, KEY_TRIES, None);
        let messages = |places| {
            [0, 1]
                .into_iter()
                .flat_map(move |own: u8| [None, Some(0), Some(2)].map(|original| (places, own, original)))
        };
        for (places, own, original) in places().flat_map(messages) {
            let place = usize::from(own);
            // The model's worker: the row's number, else that of an original message, which it notes.
            let number = places[place].sequence.or(original);
            let mut seen = places;
            seen[place].sequence = number;
            let first = engine.first(seen);
            let rows = [due(new_row(clocks, 0, places[0])), due(new_row(clocks, 1, places[1]))];
            let ledger = MemoryLedger::default();
            for row in &rows {
                ledger.put(row.clone());
            }
            run(&ledger, &fineract, &message(&rows[place], original)).await;
            let made = ledger.rows();
            let claimed: Vec<u32> = made.iter().map(|row| row.attempts).collect();
            let expected = if first == 0 { [1, 0] } else { [0, 1] };
            assert_eq!(
                claimed, expected,
                "{clocks:?} {places:?} own {own} original {original:?}"
            );
            assert_eq!(
                made[place].queue_seq,
                number.map(sequence_number),
                "{clocks:?} {places:?} own {own}"
            );
        }
    }
}
