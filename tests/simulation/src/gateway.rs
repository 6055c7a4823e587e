//! The use cases of the gateway, driven by hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fineract_simulator::{LENDERS, Release, Simulator};
use gateway::accept::Acceptor;
use gateway::bank::{Bank, Products};
use gateway::callers::Caller;
use gateway::clock::{Clock, ManualClock, Timestamp};
use gateway::digest::Entropy;
use gateway::execute::{Executor, Reply, Run};
use gateway::fineract::{Fineract, Method, Path, Request};
use gateway::gate::Gate;
use gateway::ledger::memory::MemoryLedger;
use gateway::metrics::Meter;
use gateway::pace::WAIT_MAX;
use gateway::problem::Problem;
use gateway::queue::memory::MemoryQueue;
use gateway::terms::{RETENTION, Terms};
use gateway::track::track;
use gateway::values::Rules;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::SimulatedFineract;

const RUN_TIME: Duration = Duration::from_secs(45);
/// How often an operation is taken up before a test is told that it does not end.
const RUNS_MAX: u32 = 50;

/// The gateway before a simulated Fineract, in this process.
pub struct Gateway {
    /// Fineract.
    pub fineract: SimulatedFineract,
    /// The table of operations.
    pub ledger: MemoryLedger,
    /// The clock of both.
    pub clock: ManualClock,
    /// What stands between the gateway and Fineract, if something does.
    port: Option<Box<dyn Fineract>>,
    queue: MemoryQueue,
    entropy: Counter,
    rules: Rules,
    products: Products,
    gate: Gate,
    meter: Meter,
    terms: Terms,
    caller: Caller,
}

/// What became of an operation, and what Fineract was asked to do for it.
pub struct Performed {
    /// The final answer of track.
    pub body: Value,
    /// The mutating requests.
    pub commands: Vec<Request>,
}

impl Gateway {
    /// A gateway before a Fineract of this release, which is fresh and shows the same day as the gateway.
    pub fn new(release: Release) -> Self {
        let today = datetime!(2026-06-15 10:00 UTC);
        let simulator = Simulator::with_clock(release, fineract_simulator::fixed_clock(today));
        let now = Timestamp::from_micros(today.unix_timestamp() * 1_000_000);
        Self {
            fineract: SimulatedFineract::new(simulator),
            ledger: MemoryLedger::default(),
            clock: ManualClock::at(now),
            port: None,
            queue: MemoryQueue::default(),
            entropy: Counter::default(),
            rules: rules(),
            products: Products::default(),
            gate: Gate::default(),
            meter: Meter::new("simulation", |_| ()),
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

    /// The same, before a Fineract that offers a product of each kind besides the lenders', which callers may name by its
    /// kind.
    ///
    /// # Panics
    /// If a product cannot be offered.
    pub fn of_kinds(release: Release) -> Self {
        let mut gateway = Self::new(release);
        gateway.rules.lenders.extend(offer_kinds(&gateway.fineract.simulator));
        gateway
    }

    /// Offers a further product, which callers may name.
    ///
    /// # Panics
    /// If its settings cannot be read.
    pub fn offer(&mut self, settings: &Map<String, Value>) {
        let name = offer(&self.fineract.simulator, settings);
        self.rules.lenders.push(name);
    }

    /// A gateway before this port, at this moment. Its ids and keys follow from `seed`.
    pub fn before(port: Box<dyn Fineract>, simulator: Simulator, now: OffsetDateTime, seed: u64) -> Self {
        let mut gateway = Self::new(simulator.release());
        let micros = now.unix_timestamp_nanos() / 1_000;
        gateway.clock = ManualClock::at(Timestamp::from_micros(i64::try_from(micros).unwrap_or_default()));
        gateway.fineract = SimulatedFineract::new(simulator);
        gateway.port = Some(port);
        gateway.entropy = Counter(AtomicU64::new(seed));
        gateway
    }

    /// The loan products that callers may name.
    pub const fn lenders() -> [&'static str; 9] {
        LENDERS
    }

    /// Accepts an operation and runs the worker until it has ended.
    ///
    /// # Errors
    /// If it is not accepted.
    pub async fn perform(&self, operation: &str, data: Value) -> Result<Performed, Problem> {
        self.perform_while(operation, data, |_| ()).await
    }

    /// The same, with something that happens after each run in which it did not end.
    ///
    /// # Errors
    /// If it is not accepted.
    pub async fn perform_while(
        &self,
        operation: &str,
        data: Value,
        mut happens: impl FnMut(u32),
    ) -> Result<Performed, Problem> {
        self.fineract.take_commands();
        let body = json!({"status": operation, "data": data}).to_string();
        let acceptor = Acceptor {
            ledger: &self.ledger,
            queue: &self.queue,
            clock: &self.clock,
            entropy: &self.entropy,
            rules: &self.rules,
            retention: RETENTION,
        };
        let accepted = acceptor.accept(&self.caller, None, body.as_bytes()).await?;
        let message = self.queue.take().remove(0);
        let mut runs = 0;
        while self.run(&message).await == Reply::Again && runs < RUNS_MAX {
            runs += 1;
            happens(runs);
            self.clock.advance(WAIT_MAX);
        }
        let report = track(
            &self.ledger,
            &self.clock,
            &self.caller,
            &accepted.tracking_id.to_string(),
        )
        .await?;
        Ok(Performed {
            body: report.body,
            commands: self.fineract.take_commands(),
        })
    }

    /// Something of Fineract's, by its path below the base.
    pub fn read(&self, path: Path) -> Value {
        let request = Request {
            method: Method::Get,
            path,
            key: None,
            body: None,
            timeout: RUN_TIME,
        };
        self.fineract.answer(&request).json().unwrap_or_default()
    }

    /// Something that another user posts, which must succeed.
    ///
    /// # Panics
    /// If Fineract refuses it.
    pub fn by_hand(&self, path: &'static str, body: &Value) {
        let request = Request {
            method: Method::Post,
            path: Path::new(path),
            key: Some(format!("by hand {}", body.to_string().len())),
            body: Some(body.clone()),
            timeout: RUN_TIME,
        };
        let answer = self.fineract.answer(&request);
        assert_eq!(answer.status, 200, "{:?}", answer.json());
    }

    async fn run(&self, message: &gateway::queue::Received) -> Reply {
        let executor = Executor {
            ledger: &self.ledger,
            queue: &self.queue,
            fineract: self.port.as_deref().unwrap_or(&self.fineract),
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
        executor.handle(message, &run).await
    }
}

/// What the gateway's rules say in tests: all nine lenders.
pub fn rules() -> Rules {
    Rules {
        lenders: LENDERS.map(str::to_owned).to_vec(),
    }
}

/// Offers a product of each kind besides the lenders'; their names.
pub(crate) fn offer_kinds(simulator: &Simulator) -> Vec<String> {
    let kinds = fineract_simulator::kinds().into_iter();
    kinds.map(|settings| offer(simulator, &settings)).collect()
}

fn offer(simulator: &Simulator, settings: &Map<String, Value>) -> String {
    let offered = simulator.offer(settings);
    assert!(offered.is_ok(), "{settings:?}: {offered:?}");
    let name = settings.get("name").and_then(Value::as_str);
    name.unwrap_or_default().to_owned()
}

/// Fineract as one run of the worker sees it, for a test that asks an operation by itself.
pub fn bank<'a>(fineract: &'a dyn Fineract, products: &'a Products, clock: &'a dyn Clock) -> Bank<'a> {
    let Terms {
        timeouts, deployment, ..
    } = Terms::default();
    Bank {
        fineract,
        products,
        clock,
        deadline: clock.now().after(RUN_TIME),
        timeouts,
        deployment,
    }
}

/// Bytes that only look random, and are the same in each run.
#[derive(Default)]
struct Counter(AtomicU64);

impl Entropy for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let next = self
                .0
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
    }
}
