//! What the tests of the use cases stand on: a Fineract that answers from a script, and a worker's surroundings.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::accept::Acceptor;
use crate::bank::{Bank, Deployment, Products};
use crate::callers::Caller;
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::command::{Command, Stop};
use crate::digest::Entropy;
use crate::execute::{Executor, Reply, Run};
use crate::fineract::{Answer, Exchange, Fineract, Loss, Method, Request};
use crate::gate::Gate;
use crate::kind::Kind;
use crate::ledger::memory::MemoryLedger;
use crate::metrics::Meter;
use crate::operation::Case;
use crate::queue::Received;
use crate::queue::memory::MemoryQueue;
use crate::row::Row;
use crate::terms::Terms;
pub(crate) use crate::terms::{LEASE, RETENTION, STUCK_KEY_AFTER};
use crate::values::Rules;

/// A request as a test sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Option<Value>,
}

/// A Fineract that answers from a script, in its order; what is not in the script is a fault of the test.
#[derive(Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<(String, Exchange)>>,
    seen: Mutex<Vec<Seen>>,
}

impl Script {
    pub(crate) fn on(self, line: &str, status: u16, body: Value) -> Self {
        let answer = Answer {
            status,
            from_cache: false,
            body: body.to_string().into_bytes(),
        };
        self.exchange(line, Exchange::Answer(answer))
    }

    pub(crate) fn cached(self, line: &str, status: u16, body: Value) -> Self {
        let answer = Answer {
            status,
            from_cache: true,
            body: body.to_string().into_bytes(),
        };
        self.exchange(line, Exchange::Answer(answer))
    }

    pub(crate) fn lost(self, line: &str) -> Self {
        self.exchange(line, Exchange::Lost(Loss::TimedOut))
    }

    pub(crate) fn too_large(self, line: &str) -> Self {
        self.exchange(line, Exchange::Lost(Loss::TooLarge))
    }

    pub(crate) fn unreachable(self, line: &str) -> Self {
        self.exchange(line, Exchange::NotSent)
    }

    fn exchange(self, line: &str, exchange: Exchange) -> Self {
        self.answers.lock().unwrap().push_back((line.to_owned(), exchange));
        self
    }

    /// What was asked, in its order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Whether everything in the script was asked for.
    pub(crate) fn is_done(&self) -> bool {
        self.answers.lock().unwrap().is_empty()
    }
}

#[async_trait]
impl Fineract for Script {
    async fn exchange(&self, request: Request) -> Exchange {
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        };
        let line = format!("{method} {}", request.path.as_str());
        self.seen.lock().unwrap().push(Seen {
            line: line.clone(),
            key: request.key,
            body: request.body,
        });
        let (expected, exchange) = self
            .answers
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_else(|| panic!("unexpected {line}"));
        assert_eq!(line, expected);
        exchange
    }

    async fn username(&self) -> Option<String> {
        Some("mifos".to_owned())
    }
}

/// Numbers that only look random.
pub(crate) struct Counting(pub(crate) Mutex<u8>);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        let mut next = self.0.lock().unwrap();
        for byte in buffer {
            *next = next.wrapping_add(1);
            *byte = *next;
        }
    }
}

pub(crate) const RUN_TIME: Duration = Duration::from_secs(45);
const STACK: &str = "gateway";

/// The template's, with a payment type of its own.
pub(crate) fn terms() -> Terms {
    let own = Terms::default();
    let deployment = Deployment {
        payment_type_id: 4,
        ..own.deployment
    };
    Terms { deployment, ..own }
}

/// The surroundings of the use cases.
pub(crate) struct World {
    pub(crate) ledger: MemoryLedger,
    pub(crate) queue: MemoryQueue,
    pub(crate) clock: ManualClock,
    pub(crate) meter: Meter,
    pub(crate) entropy: Counting,
    pub(crate) rules: Rules,
    pub(crate) products: Products,
    pub(crate) gate: Gate,
    pub(crate) terms: Terms,
    pub(crate) lines: Arc<Mutex<Vec<String>>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::on(MemoryLedger::default(), MemoryQueue::default())
    }

    pub(crate) fn on(ledger: MemoryLedger, queue: MemoryQueue) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&lines);
        Self {
            ledger,
            queue,
            meter: Meter::new(STACK, move |line| written.lock().unwrap().push(line.to_owned())),
            lines,
            clock: ManualClock::at(Timestamp::from_micros(1_773_396_062_940_713)),
            entropy: Counting(Mutex::new(0)),
            rules: crate::values::testing::rules(),
            products: Products::default(),
            gate: Gate::default(),
            terms: terms(),
        }
    }

    pub(crate) fn acceptor(&self) -> Acceptor<'_> {
        Acceptor {
            ledger: &self.ledger,
            queue: &self.queue,
            clock: &self.clock,
            entropy: &self.entropy,
            rules: &self.rules,
            retention: RETENTION,
        }
    }

    pub(crate) fn executor<'a>(&'a self, fineract: &'a dyn Fineract) -> Executor<'a> {
        Executor {
            ledger: &self.ledger,
            queue: &self.queue,
            fineract,
            gate: &self.gate,
            products: &self.products,
            clock: &self.clock,
            meter: &self.meter,
            entropy: &self.entropy,
            rules: &self.rules,
            terms: &self.terms,
        }
    }

    /// Accepts an operation without a key and gives its message.
    pub(crate) async fn accept(&self, operation: &str, data: Value) -> Received {
        let body = json!({"status": operation, "data": data}).to_string();
        self.acceptor()
            .accept(&caller("los"), None, body.as_bytes())
            .await
            .unwrap();
        self.queue.take().remove(0)
    }

    /// One run of the worker over a message, with the whole time that a run has.
    pub(crate) async fn run(&self, fineract: &dyn Fineract, message: &Received) -> Reply {
        let run = Run {
            request_id: "run".to_owned(),
            deadline: self.clock.now().after(RUN_TIME),
        };
        self.executor(fineract).handle(message, &run).await
    }

    /// The values of the dimension `Reason` in the lines that were measured since the last time.
    pub(crate) fn waited_for(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        let reason = |line: String| {
            let document: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(document["Stack"], json!(STACK));
            (document["Waits"] == json!(1)).then(|| document["Reason"].as_str().unwrap().to_owned())
        };
        lines.into_iter().filter_map(reason).collect()
    }

    /// The values of these metrics since the last time, as they were measured.
    pub(crate) fn measured(&self, names: &[&str]) -> Vec<String> {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        let mut values = Vec::new();
        for line in lines {
            let document: Value = serde_json::from_str(&line).unwrap();
            let kind = ["Outcome", "Call"]
                .into_iter()
                .find_map(|name| document.get(name)?.as_str());
            for name in names {
                if let Some(value) = document.get(*name) {
                    values.push(format!(
                        "{}{name} {value}",
                        kind.map(|kind| format!("{kind} ")).unwrap_or_default()
                    ));
                }
            }
        }
        values
    }

    /// The only row.
    pub(crate) fn row(&self) -> Row {
        let rows = self.ledger.rows();
        assert_eq!(rows.len(), 1);
        rows.into_iter().next().unwrap()
    }

    /// The only row on a subject.
    pub(crate) fn row_of(&self, subject: &str) -> Row {
        let mut rows = self.ledger.rows();
        rows.retain(|row| row.subject.as_str() == subject);
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    /// Fineract for one run.
    pub(crate) fn bank<'a>(&'a self, fineract: &'a dyn Fineract) -> Bank<'a> {
        Bank {
            fineract,
            products: &self.products,
            clock: &self.clock,
            deadline: self.clock.now().after(RUN_TIME),
            timeouts: self.terms.timeouts,
            deployment: self.terms.deployment,
        }
    }

    /// Prepares an operation's request.
    pub(crate) async fn prepare(
        &self,
        fineract: &Script,
        operation: &str,
        data: Value,
        case: &Case,
    ) -> Result<Command, Stop> {
        let bank = self.bank(fineract);
        let kind = Kind::named(operation).unwrap();
        let reading = kind.read(data.as_object().unwrap(), &self.rules).unwrap();
        reading.operation.prepare(&bank, case).await
    }
}

/// A caller that may use every operation.
pub(crate) fn caller(id: &str) -> Caller {
    Caller {
        id: id.to_owned(),
        name: id.to_owned(),
        salt: id.as_bytes().to_vec(),
        tokens: Vec::new(),
        operations: vec!["*".to_owned()],
    }
}

/// An error body of Fineract's.
pub(crate) fn refusal(code: &str) -> Value {
    json!({"httpStatusCode": "403", "userMessageGlobalisationCode": "validation.msg.domain.rule.violation",
        "errors": [{"defaultUserMessage": "It cannot be done.", "userMessageGlobalisationCode": code}]})
}
