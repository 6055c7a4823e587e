//! The use cases over counted ports, before the simulated Fineract.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use fineract_simulator::{Release, Simulator};
use gateway::accept::{Accepted, Acceptor};
use gateway::bank::Products;
use gateway::callers::Caller;
use gateway::clock::{Clock, Timestamp};
use gateway::digest::Entropy;
use gateway::execute::{Executor, Reply, Run};
use gateway::fineract::{Exchange, Fineract, Request};
use gateway::gate::Gate;
use gateway::metrics::{Meter, Metric};
use gateway::queue::Received;
use gateway::sweep::{SENDS_MAX, Sweeper, Swept};
use gateway::terms::{RETENTION, Terms};
use gateway::track::{Report, track};
use gateway::values::Rules;
use serde_json::{Value, json};
use simulation::SimulatedFineract;
use time::macros::datetime;
use tokio::time::{Instant, sleep};

use crate::line::Line;
use crate::table::{Table, Tally};

const RUN_TIME: Duration = Duration::from_secs(45);
const OVERDUE: Duration = Duration::from_secs(900);
const RESEND: Duration = Duration::from_secs(1_800);
/// A stack's name as `samconfig.toml` has it.
const STACK: &str = "fineract-gateway-prod";

/// A gateway in this process, by the runtime's virtual time.
pub(crate) struct Gateway {
    pub(crate) table: Table,
    pub(crate) line: Line,
    pub(crate) bank: Bank,
    /// The lines out of which CloudWatch makes metrics.
    pub(crate) metrics: Arc<Mutex<Vec<String>>>,
    clock: VirtualClock,
    rules: Rules,
    products: Products,
    gate: Gate,
    meter: Meter,
    terms: Terms,
    caller: Caller,
}

impl Gateway {
    /// With calls of Fineract and of the table that take so long.
    pub(crate) fn new(fineract: Duration, table: Duration) -> Self {
        let today = datetime!(2026-06-15 10:00 UTC);
        let metrics = Arc::default();
        let written = Arc::clone(&metrics);
        let simulator = Simulator::with_clock(Release::V1_10_1, fineract_simulator::fixed_clock(today));
        Self {
            table: Table::slow(table),
            line: Line::default(),
            bank: Bank {
                inner: SimulatedFineract::new(simulator),
                tally: Tally::default(),
                latency: fineract,
            },
            metrics,
            clock: VirtualClock {
                origin: Instant::now(),
                then: Timestamp::from_micros(today.unix_timestamp() * 1_000_000),
            },
            rules: simulation::rules(),
            products: Products::default(),
            gate: Gate::default(),
            meter: Meter::new(STACK, move |line: &str| written.lock().unwrap().push(line.to_owned())),
            terms: Terms::default(),
            caller: Caller {
                id: "los".to_owned(),
                name: "los".to_owned(),
                salt: vec![1; 32],
                tokens: Vec::new(),
                operations: vec!["*".to_owned()],
            },
        }
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What operate does.
    pub(crate) async fn accept(&self, operation: &str, data: &Value) -> Accepted {
        self.accept_once(operation, data, None).await
    }

    /// The same, with the header `Idempotency-Key`.
    pub(crate) async fn accept_once(&self, operation: &str, data: &Value, key: Option<&str>) -> Accepted {
        let acceptor = Acceptor {
            ledger: &self.table,
            queue: &self.line,
            clock: &self.clock,
            entropy: &Chance,
            rules: &self.rules,
            retention: RETENTION,
        };
        let body = json!({"status": operation, "data": data}).to_string();
        let accepted = acceptor.accept(&self.caller, key, body.as_bytes()).await.unwrap();
        if !accepted.replayed {
            self.meter.record(Metric::Accepted, self.now());
        }
        accepted
    }

    /// What status does.
    pub(crate) async fn track(&self, accepted: &Accepted) -> Report {
        let id = accepted.tracking_id.to_string();
        track(&self.table, &self.clock, &self.caller, &id).await.unwrap()
    }

    /// What the worker does with one message.
    pub(crate) async fn run(&self, message: &Received) -> Reply {
        let executor = Executor {
            ledger: &self.table,
            queue: &self.line,
            fineract: &self.bank,
            gate: &self.gate,
            products: &self.products,
            clock: &self.clock,
            meter: &self.meter,
            entropy: &Chance,
            rules: &self.rules,
            terms: &self.terms,
        };
        let run = Run {
            // As long as Lambda's.
            request_id: "8f5b3c1e-4a54-4a6e-9a59-0f1f6f7a2c11".to_owned(),
            deadline: self.clock.now().after(RUN_TIME),
        };
        executor.handle(message, &run).await
    }

    /// What the sweep does.
    pub(crate) async fn sweep(&self) -> Swept {
        let sweeper = Sweeper {
            ledger: &self.table,
            queue: &self.line,
            clock: &self.clock,
            overdue: OVERDUE,
            resend: RESEND,
            sends_max: SENDS_MAX,
        };
        sweeper.sweep(self.now().after(RUN_TIME), 0).await
    }

    /// Accepts an operation and runs the worker over its message; it must succeed at once.
    pub(crate) async fn perform(&self, operation: &str, data: &Value) -> Accepted {
        let accepted = self.accept(operation, data).await;
        let (group, message) = self.line.take().unwrap();
        assert_eq!(self.run(&message).await, Reply::Done, "{operation}");
        self.line.delete(&group);
        let row = self.table.inner.row(accepted.tracking_id.id).unwrap();
        assert_eq!(row.state.status(), "success", "{operation}: {:?}", row.failure);
        accepted
    }
}

/// The simulated Fineract, counted, with answers that take their time.
pub(crate) struct Bank {
    pub(crate) inner: SimulatedFineract,
    pub(crate) tally: Tally,
    latency: Duration,
}

#[async_trait]
impl Fineract for Bank {
    async fn exchange(&self, request: Request) -> Exchange {
        self.tally.count("exchange");
        if !self.latency.is_zero() {
            sleep(self.latency).await;
        }
        self.inner.exchange(request).await
    }

    async fn username(&self) -> Option<String> {
        self.inner.username().await
    }
}

struct VirtualClock {
    origin: Instant,
    then: Timestamp,
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.then.after(self.origin.elapsed())
    }
}

/// The bytes of UUIDs must differ; nothing else hangs on chance here.
struct Chance;

impl Entropy for Chance {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(16) {
            let bytes = uuid_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

fn uuid_bytes() -> [u8; 16] {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[8..].copy_from_slice(&number.rotate_left(32).to_be_bytes());
    bytes
}

/// The published bodies.
pub(crate) mod published {
    use serde_json::{Value, json};

    pub(crate) fn client_create(id: &str) -> Value {
        json!({"firstname": "Jayesh", "lastname": "Badgujar", "externalId": id, "mobileNo": "9966999999",
            "emailAddress": "jayesh@example.com", "activationDate": "01 January 2026"})
    }

    /// A client whose telephone number and address are nobody else's.
    pub(crate) fn another_client(number: usize) -> Value {
        json!({"firstname": "Jayesh", "lastname": "Badgujar", "externalId": format!("INC-{number}"),
            "activationDate": "01 January 2026"})
    }

    pub(crate) fn loan_create(id: &str) -> Value {
        json!({"lenderConfig": "UGRO", "externalId": id, "principal": 100000, "submittedOnDate": "11 January 2026",
            "loanTermFrequency": 12, "loanTermFrequencyType": "months", "numberOfRepayments": 12,
            "interestRatePerPeriod": 8, "clientId": "INC-1001"})
    }

    pub(crate) fn loan_update(id: &str) -> Value {
        json!({"externalId": id, "principal": 200000, "submittedOnDate": "11 January 2026",
            "loanTermFrequency": 24, "loanTermFrequencyType": "months", "numberOfRepayments": 24,
            "interestRatePerPeriod": 8.3})
    }

    pub(crate) fn loan_approve(id: &str) -> Value {
        json!({"external_loan_id": id, "approvedOnDate": "11 January 2026"})
    }

    pub(crate) fn schedule_preview() -> Value {
        json!({"lenderConfig": "UGRO", "principal": 12000, "submittedOnDate": "01 February 2026",
            "loanTermFrequency": 12, "numberOfRepayments": 12, "interestRatePerPeriod": 12, "clientId": "INC-1001"})
    }

    /// Data about a loan.
    pub(crate) fn of_loan(id: &str, mut data: Value) -> Value {
        data["external_loan_id"] = id.into();
        data
    }
}
