//! The surroundings of the use cases: ledger and queue in memory, and a clock that stands.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use gateway::accept::{Accepted, Acceptor};
use gateway::bank::Products;
use gateway::callers::Caller;
use gateway::clock::{Clock, ManualClock, Timestamp};
use gateway::digest::Entropy;
use gateway::execute::{Executor, Reply, Run};
use gateway::fineract::Fineract;
use gateway::gate::Gate;
use gateway::ledger::memory::MemoryLedger;
use gateway::metrics::Meter;
use gateway::problem::Problem;
use gateway::queue::memory::MemoryQueue;
use gateway::queue::{self, Received};
use gateway::row::Row;
use gateway::terms::{RETENTION, Terms};
use gateway::values::Rules;

pub(crate) const LENDERS: [&str; 9] = [
    "LIQUILOANS",
    "UGRO",
    "DMI",
    "ARTHMATE",
    "SHIVALIK",
    "VIVRITI",
    "GB",
    "IKF",
    "LENDINGKART",
];
/// The user that the gateway is in Fineract.
pub(crate) const USER: &str = "mifos";
/// The time at which everything happens: 2026-06-15, 10:00 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_781_517_600_000_000);
const RUN_TIME: Duration = Duration::from_secs(45);

/// The surroundings of the use cases.
pub(crate) struct World {
    pub(crate) ledger: MemoryLedger,
    pub(crate) queue: MemoryQueue,
    pub(crate) clock: ManualClock,
    pub(crate) rules: Rules,
    terms: Terms,
    entropy: Counter,
    products: Products,
    gate: Gate,
    meter: Meter,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            ledger: MemoryLedger::default(),
            queue: MemoryQueue::default(),
            clock: ManualClock::at(NOW),
            rules: Rules {
                lenders: LENDERS.map(str::to_owned).to_vec(),
            },
            terms: Terms::default(),
            entropy: Counter::default(),
            products: Products::default(),
            gate: Gate::default(),
            meter: Meter::new("fuzz", |line| assert!(line.len() < 1_000, "a metric carries data")),
        }
    }

    /// Accepts a request of the only caller's.
    pub(crate) fn accept(&self, key: Option<&str>, body: &[u8]) -> Result<Accepted, Problem> {
        let acceptor = Acceptor {
            ledger: &self.ledger,
            queue: &self.queue,
            clock: &self.clock,
            entropy: &self.entropy,
            rules: &self.rules,
            retention: RETENTION,
        };
        wait_for(acceptor.accept(&caller(), key, body))
    }

    /// One run of the worker over a message, with the whole time that a run has.
    pub(crate) fn run(&self, fineract: &dyn Fineract, message: &Received) -> Reply {
        let executor = Executor {
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
        };
        let run = Run {
            request_id: "run".to_owned(),
            deadline: self.clock.now().after(RUN_TIME),
        };
        wait_for(executor.handle(message, &run))
    }

    /// Puts a row into the ledger, and gives its message.
    pub(crate) fn with(&self, row: &Row) -> Received {
        self.ledger.put(row.clone());
        wait_for(queue::send(&self.queue, row)).unwrap();
        self.queue.take().remove(0)
    }

    /// The only row.
    pub(crate) fn row(&self) -> Row {
        let mut rows = self.ledger.rows();
        assert_eq!(rows.len(), 1, "one row");
        rows.remove(0)
    }
}

/// The only caller, which may use every operation.
pub(crate) fn caller() -> Caller {
    Caller {
        id: "los".to_owned(),
        name: "los".to_owned(),
        salt: vec![1; 32],
        tokens: Vec::new(),
        operations: vec!["*".to_owned()],
    }
}

/// Bytes that are the same in each run.
#[derive(Default)]
struct Counter(AtomicU8);

impl Entropy for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
    }
}

/// Waits for a use case. Nothing in these surroundings takes time.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
