//! The functions of a world: operate, status, the workers, the sweep.

use std::sync::Arc;
use std::time::Duration;

use gateway::accept::Acceptor;
use gateway::bank::Products;
use gateway::callers::Caller;
use gateway::cancel::Canceller;
use gateway::clock::Clock;
use gateway::execute::{Executor, Reply, Run};
use gateway::gate::Gate;
use gateway::problem::{Kind, Problem};
use gateway::queue::Received;
use gateway::sweep::{SENDS_MAX, Sweeper};
use gateway::terms::{RETENTION, Terms};
use gateway::track::track;
use serde_json::Value;
use tokio::time::sleep;

use super::World;
use super::clock::WorldClock;
use super::fate::{Blow, Fate};
use super::faults::Fault;
use super::journal::Told;
use super::ports::Ports;

const RUN_TIME: Duration = Duration::from_secs(45);
const OPERATE_TIME: Duration = Duration::from_secs(20);
const SWEEP_TIME: Duration = Duration::from_secs(240);
const SWEEP_EVERY: Duration = Duration::from_secs(5 * 60);
const OVERDUE: Duration = Duration::from_secs(15 * 60);
const RESEND: Duration = Duration::from_secs(30 * 60);
/// The most calls that a run makes of its ports, about.
const CALLS: u64 = 14;
/// What an operation waits for a new process after one died.
const START: Duration = Duration::from_secs(1);
/// A configuration that Fineract does not know.
const WRONG: u64 = 77_777;

/// What lives as long as a process of the worker.
struct Process {
    gate: Gate,
    products: Products,
    clock: WorldClock,
}

impl World {
    fn ports(self: &Arc<Self>, actor: &str, fate: &Arc<Fate>) -> Ports {
        Ports {
            world: Arc::clone(self),
            fate: Arc::clone(fate),
            actor: actor.to_owned(),
            eyes: Arc::default(),
        }
    }

    /// A worker that never ends: process after process, message after message.
    pub(super) async fn work(self: Arc<Self>, name: String) {
        loop {
            let process = Arc::new(Process {
                gate: Gate::default(),
                products: Products::default(),
                clock: self.some_clock(),
            });
            loop {
                let message = self.next_message().await;
                if self.strike(&[Fault::DeliveredTwice]).is_some() {
                    let (world, process, message) = (Arc::clone(&self), Arc::clone(&process), message.clone());
                    let name = format!("{name}'");
                    tokio::spawn(async move { world.run(&process, &name, &message, Arc::new(Fate::kind())).await });
                }
                if self.strike(&[Fault::DeliveredLate]).is_some() {
                    sleep(self.dice.seconds(10, 400)).await;
                }
                let fate = self.fate_of_a_worker();
                if !self.run(&process, &name, &message, fate).await {
                    sleep(START).await;
                    break;
                }
            }
        }
    }

    fn fate_of_a_worker(&self) -> Arc<Fate> {
        if let Some(fate) = self.planned() {
            return fate;
        }
        let faults = [Fault::WorkerKilled, Fault::WorkerTimedOut, Fault::WorkerStandsStill];
        let call = u32::try_from(self.dice.number(1, CALLS)).unwrap_or(1);
        Arc::new(match self.strike(&faults) {
            Some(Fault::WorkerKilled) => Fate::with(call, *self.dice.pick(&[Blow::KillBefore, Blow::KillAfter])),
            Some(Fault::WorkerTimedOut) => Fate::with(call, Blow::PauseBefore(RUN_TIME)),
            Some(_) => {
                let span = self.dice.seconds(61, 400);
                Fate::with(
                    call,
                    *self.dice.pick(&[Blow::PauseBefore(span), Blow::PauseAfter(span)]),
                )
                .frozen()
            }
            None => Fate::kind(),
        })
    }

    /// The next message that can be had.
    async fn next_message(&self) -> Received {
        loop {
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            let (age, silent_until) = (self.clock.age(), self.silent_until());
            if age < silent_until {
                sleep(silent_until - age).await;
                continue;
            }
            let dead = self.queue.dead_letters().len();
            let message = self.queue.receive();
            for _ in dead..self.queue.dead_letters().len() {
                self.tally.fault(Fault::DeadLetter);
                self.weather.echoed(self.clock.age());
            }
            if let Some(message) = message {
                return message;
            }
            match self.queue.next_visible() {
                Some(at) => {
                    let wait = at.since(self.clock.now()).max(Duration::from_millis(1));
                    tokio::select! { biased; () = arrived => {}, () = sleep(wait) => {} }
                }
                None => arrived.await,
            }
        }
    }

    /// One run; tells whether the process survives it.
    async fn run(self: &Arc<Self>, process: &Process, name: &str, message: &Received, fate: Arc<Fate>) -> bool {
        let ports = self.ports(name, &fate);
        let mut terms = Terms::default();
        if self.weather.window() == Some(Fault::WrongConfiguration) {
            terms.deployment.office_id = WRONG;
            terms.deployment.payment_type_id = WRONG;
        }
        let executor = Executor {
            ledger: &ports,
            queue: &ports,
            fineract: &ports,
            gate: &process.gate,
            products: &process.products,
            clock: &process.clock,
            entropy: &self.dice,
            rules: &self.rules,
            meter: &self.meter,
            terms: &terms,
        };
        let run = Run {
            request_id: format!("run-{}", self.next_run()),
            deadline: process.clock.now().after(RUN_TIME),
        };
        self.line(name, || {
            format!("{} for {} ({})", run.request_id, message.body, message.receives)
        });
        let handled = async {
            if executor.handle(message, &run).await == Reply::Done {
                // A message that could not be deleted comes back.
                ports.delete(message).await.ok();
            }
        };
        let survives = tokio::select! {
            biased;
            () = fate.end() => false,
            () = handled => true,
            () = sleep(RUN_TIME), if !fate.is_frozen() => false,
        };
        if !survives {
            self.line(name, || format!("{} is killed", run.request_id));
        }
        if fate.struck() {
            self.weather.noticed(self.clock.age());
        }
        survives
    }

    /// The sweep that never ends.
    pub(super) async fn sweep(self: Arc<Self>) {
        loop {
            sleep(SWEEP_EVERY).await;
            let (age, silent_until) = (self.clock.age(), self.silent_until());
            if age < silent_until {
                sleep(silent_until - age).await;
            }
            let clock = self.some_clock();
            let ports = self.ports("sweep", &Arc::new(Fate::kind()));
            let sweeper = Sweeper {
                ledger: &ports,
                queue: &ports,
                clock: &clock,
                overdue: OVERDUE,
                resend: RESEND,
                sends_max: SENDS_MAX,
            };
            let swept = sweeper.sweep(clock.now().after(SWEEP_TIME), 0).await;
            if swept.sent > 0 {
                self.line("sweep", || format!("{swept:?}"));
                self.tally
                    .note("messages sent again by the sweep", u64::from(swept.sent));
            }
        }
    }

    /// `POST /fineract/operate`.
    pub(super) async fn post(
        self: &Arc<Self>,
        caller: &Caller,
        key: Option<&str>,
        body: &Value,
        fate: Arc<Fate>,
    ) -> Told {
        let fate = match self.strike(&[Fault::OperateKilled]) {
            Some(_) => {
                let call = u32::try_from(self.dice.number(1, 2)).unwrap_or(1);
                Arc::new(Fate::with(call, *self.dice.pick(&[Blow::KillBefore, Blow::KillAfter])))
            }
            None => fate,
        };
        let (ports, clock, body) = (self.ports("operate", &fate), self.some_clock(), body.to_string());
        let acceptor = Acceptor {
            ledger: &ports,
            queue: &ports,
            clock: &clock,
            entropy: &self.dice,
            rules: &self.rules,
            retention: RETENTION,
        };
        let accepted = tokio::select! {
            biased;
            () = fate.end() => return Told::Nothing,
            accepted = acceptor.accept(caller, key, body.as_bytes()) => accepted,
            () = sleep(OPERATE_TIME) => return Told::Nothing,
        };
        let told = match accepted {
            Ok(accepted) => {
                let id = accepted.tracking_id.id;
                let ended = self.ledger.row(id).map(|row| !row.state.is_open());
                if ended.is_none() || (ended == Some(false) && !self.journal.was_sent(id)) {
                    self.journal
                        .broken(format!("{id} was accepted before row and message were stored"));
                }
                Told::Accepted(accepted.tracking_id.to_string())
            }
            Err(problem) => told(&problem),
        };
        match self.strike(&[Fault::AnswerToCallerLost]) {
            Some(_) => Told::Nothing,
            None => told,
        }
    }

    /// `GET /fineract/track/{tracking_id}`: the body, or nothing if there is no such operation, or a problem.
    pub(super) async fn track(self: &Arc<Self>, caller: &Caller, tracking_id: &str) -> Result<Option<Value>, Problem> {
        let ports = self.ports("status", &Arc::new(Fate::kind()));
        match track(&ports, &self.some_clock(), caller, tracking_id).await {
            Ok(report) => Ok(Some(report.body)),
            Err(Problem {
                kind: Kind::NotFound, ..
            }) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// `POST /fineract/track/{tracking_id}/cancel`: whether it is cancelled.
    pub(super) async fn cancel(self: &Arc<Self>, caller: &Caller, tracking_id: &str) -> bool {
        let (ports, clock) = (self.ports("operate", &Arc::new(Fate::kind())), self.some_clock());
        let canceller = Canceller {
            ledger: &ports,
            queue: &ports,
            clock: &clock,
            retention: RETENTION,
        };
        canceller.cancel(caller, tracking_id).await.is_ok()
    }
}

fn told(problem: &Problem) -> Told {
    match (problem.kind, &problem.tracking_id) {
        (Kind::OutcomeUnknown, Some(tracking_id)) => Told::OutcomeUnknown(tracking_id.to_string()),
        (Kind::Unavailable, _) => Told::Unavailable,
        (kind, _) => Told::Refused(kind.code()),
    }
}
