//! A world under virtual time: callers, the functions, their table and queue, Fineract and its people, and the faults of
//! a seed.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a fault strikes where it is named, and is nobody else's business"
)]

mod callers;
mod clock;
mod dice;
mod fate;
mod faults;
mod functions;
mod journal;
mod judge;
mod life;
mod people;
mod ports;
mod report;
mod sabotage;
mod steps;
mod tally;
mod trace;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fineract_simulator::{Permissions, Release, Simulator};
use gateway::clock::Clock;
use gateway::fineract::Answer;
use gateway::ledger::memory::MemoryLedger;
use gateway::metrics::Meter;
use gateway::queue::memory::{MemoryQueue, Policy};
use gateway::subject::Subject;
use gateway::tracking::State;
use gateway::values::Rules;
use time::OffsetDateTime;
use tokio::sync::Notify;
use uuid::Uuid;

use self::clock::WorldClock;
use self::dice::Dice;
use self::fate::Fate;
use self::faults::{Fault, Weather};
use self::journal::Journal;
use self::tally::Tally;
use self::trace::Trace;
use crate::gateway::{offer_kinds, rules};

pub use self::report::{Report, first_wrong, for_each_seed, run, run_sabotaged};
pub use self::sabotage::Sabotage;
pub use self::steps::{Step, Way, every_step, trace_of};
pub use self::tally::Tally as Counts;

/// How far apart the clocks of two processes are at the most.
const CLOCKS_APART: Duration = Duration::from_secs(5);
/// How often a message is received before it is a dead letter, where dead letters are among the faults.
const FEW_RECEIVES: (u64, u64) = (2, 12);

/// A world.
pub(crate) struct World {
    dice: Dice,
    weather: Weather,
    clock: WorldClock,
    trace: Trace,
    tally: Arc<Tally>,
    journal: Journal,
    ledger: MemoryLedger,
    queue: MemoryQueue,
    /// Messages may be there to be received.
    arrived: Notify,
    simulator: Simulator,
    server: AtomicU64,
    runs: AtomicU64,
    running: Mutex<BTreeSet<String>>,
    silent_until: Mutex<Duration>,
    planned: Mutex<Option<Arc<Fate>>>,
    /// For sabotage: answers that are kept for ever.
    kept: Mutex<BTreeMap<String, Answer>>,
    sabotage: Option<Sabotage>,
    rules: Rules,
    meter: Meter,
}

/// What a world is made of.
#[derive(Clone, Copy)]
struct Setting {
    seed: u64,
    /// Whether everything that happens is written down.
    traced: bool,
    /// Fineract's release; else chance decides.
    release: Option<Release>,
    /// A rule that is broken.
    sabotage: Option<Sabotage>,
}

impl World {
    /// `powerless:secret`, as HTTP has it: a user without rights.
    const POWERLESS: &str = "Basic cG93ZXJsZXNzOnNlY3JldA==";
    /// `clerk:secret`: a user who works by hand.
    const CLERK: &str = "Basic Y2xlcms6c2VjcmV0";

    /// A world before anything happened in it, with the weather that is made of its chance.
    fn new(setting: Setting, weather: impl FnOnce(&Dice) -> Weather) -> Arc<Self> {
        let dice = Dice::new(setting.seed);
        let weather = weather(&dice);
        let clock = WorldClock::start();
        let release = setting.release.unwrap_or(*dice.pick(&Release::ALL));
        let simulator = Simulator::with_clock(release, Arc::new(move || instant(clock)));
        let mut rules = rules();
        rules.lenders.extend(offer_kinds(&simulator));
        simulator.set_user("powerless", "secret", Permissions::Only(BTreeSet::new()));
        simulator.set_user("clerk", "secret", Permissions::SuperUser);
        let receives_max = if weather.has(Fault::DeadLetter) {
            dice.number(FEW_RECEIVES.0, FEW_RECEIVES.1)
        } else {
            1_000
        };
        let policy = Policy {
            receives_max: u32::try_from(receives_max).unwrap_or(u32::MAX),
            ..Policy::default()
        };
        Arc::new(Self {
            dice,
            weather,
            clock,
            trace: Trace::new(setting.traced),
            tally: Arc::new(Tally::of_all()),
            journal: Journal::default(),
            ledger: MemoryLedger::default(),
            queue: MemoryQueue::new(Arc::new(clock), policy),
            arrived: Notify::new(),
            simulator,
            server: AtomicU64::new(0),
            runs: AtomicU64::new(0),
            running: Mutex::default(),
            silent_until: Mutex::default(),
            planned: Mutex::default(),
            kept: Mutex::default(),
            sabotage: setting.sabotage,
            rules,
            meter: Meter::new("simulation", |_| ()),
        })
    }

    fn line(&self, actor: &str, what: impl FnOnce() -> String) {
        self.trace.line(self.clock.age(), actor, what);
    }

    /// Which of these faults strikes now, if one does; it is counted.
    fn strike(&self, faults: &[Fault]) -> Option<Fault> {
        let fault = self.weather.strikes(self.clock.age(), &self.dice, faults)?;
        self.happens(fault);
        Some(fault)
    }

    /// Whether one of these rows cannot be read now.
    fn cannot_read(&self, ids: &[Uuid]) -> bool {
        let age = self.clock.age();
        let hit = ids.iter().any(|id| self.weather.is_unreadable(id.as_u128(), age));
        if hit {
            self.happens(Fault::RowUnreadable);
        }
        hit
    }

    fn happens(&self, fault: Fault) {
        self.tally.fault(fault);
        self.weather.noticed(self.clock.age());
    }

    /// What strikes an exchange with Fineract: what lasts at the moment, else chance.
    fn fault_of_exchange(&self, changes: bool) -> Option<Fault> {
        use Fault::{
            ConnectionRefused, DatabaseDown, FineractAway, FineractRestarts, JobRunning, LoansLocked, LostAnswer,
            LostRequest, NotAuthorized, ProxyFailure, ProxyRefusal, ReadOnly, SlowBeyondTimeout, WrongPassword,
            WrongTenant,
        };
        match self.weather.window() {
            Some(
                window @ (FineractAway | FineractRestarts | DatabaseDown | WrongPassword | WrongTenant | NotAuthorized),
            ) => return Some(window),
            Some(window @ (LoansLocked | JobRunning | ReadOnly)) if changes => return Some(window),
            _ => {}
        }
        if changes {
            return self.strike(&Fault::EXCHANGE);
        }
        self.strike(&[
            LostRequest,
            LostAnswer,
            SlowBeyondTimeout,
            ConnectionRefused,
            ProxyFailure,
            ProxyRefusal,
        ])
    }

    /// A write to the row of this operation was made, perhaps.
    fn observe(&self, id: Option<Uuid>) {
        let Some(row) = id.and_then(|id| self.ledger.row(id)) else {
            return;
        };
        let age = self.clock.age();
        let Some(before) = self.journal.row(&row, age) else {
            return;
        };
        if before == row {
            return;
        }
        if !before.state.is_open() {
            let (from, to) = (before.state.as_str(), row.state.as_str());
            self.journal
                .broken(format!("{} changed after its end: {from}, {to}", row.id));
        }
        let live = before.state == State::Running && row.state == State::Running && before.owner != row.owner;
        if live && before.lease_until > Some(self.clock.now().after(CLOCKS_APART)) {
            self.journal
                .broken(format!("{} was claimed under a live lease", row.id));
        }
        if before.state != row.state || before.owner != row.owner {
            self.tally.transition(before.state, row.state, 1);
        }
        if before.state != row.state && row.state == State::Succeeded {
            self.tally.success(&row.operation);
        }
        if let Some(reason) = row.reason.filter(|_| row.state != before.state) {
            self.tally.cause(reason);
        }
    }

    /// The server that Fineract is at the moment; a restart makes it another.
    fn server(&self) -> u64 {
        self.server.load(Ordering::Relaxed)
    }

    fn restart_server(&self) {
        self.server.fetch_add(1, Ordering::Relaxed);
    }

    fn run_begins(&self, request: &fineract_simulator::Request) {
        if let Some(key) = request.header("idempotency-key") {
            self.running().insert(key.to_owned());
        }
    }

    fn run_ends(&self, request: &fineract_simulator::Request) {
        if let Some(key) = request.header("idempotency-key") {
            self.running().remove(key);
        }
    }

    /// Whether a command with this request's key runs in Fineract.
    fn is_running(&self, request: &gateway::fineract::Request) -> bool {
        request.key.as_ref().is_some_and(|key| self.running().contains(key))
    }

    /// A message is stored.
    async fn store_message(&self, id: Uuid, subject: &Subject, sends: u32) -> Result<(), gateway::queue::Error> {
        let alone = Subject::stored(format!("client:{id}"));
        let subject = if self.sabotage == Some(Sabotage::NoGroup) {
            &alone
        } else {
            subject
        };
        gateway::queue::Queue::send(&self.queue, id, subject, sends).await?;
        self.journal.sent(id);
        let all = self.weather.window() == Some(Fault::QueueLosesAll);
        if (all || self.strike(&[Fault::MessageLost]).is_some()) && self.queue.lose(id) {
            self.line("queue", || format!("loses the message of {id}"));
            self.journal.lose(id);
        }
        self.arrived.notify_waiters();
        Ok(())
    }

    /// A process's clock: up to two and a half seconds ahead or behind.
    fn some_clock(&self) -> WorldClock {
        let micros = i64::try_from(self.dice.number(0, 5_000_000)).unwrap_or(0) - 2_500_000;
        self.clock.ahead_by(micros)
    }

    fn next_run(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The first answer that was ever given to this question.
    fn first_answer(&self, path: &str, answer: Answer) -> Answer {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(path.to_owned()).or_insert(answer).clone()
    }

    fn running(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this befalls every run.
    fn plan(&self, fate: &Arc<Fate>) {
        *self.planned.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(fate));
    }

    fn planned(&self) -> Option<Arc<Fate>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn silent_until(&self) -> Duration {
        *self.silent_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn be_silent_until(&self, age: Duration) {
        *self.silent_until.lock().unwrap_or_else(PoisonError::into_inner) = age;
    }
}

fn instant(clock: WorldClock) -> OffsetDateTime {
    let micros = clock.now().micros();
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

impl World {
    /// Whether the queue lost a message of this operation, kept it for too long, or gave it up as a dead letter.
    fn message_was_lost(&self, id: Uuid) -> bool {
        let body = gateway::queue::Message::about(id).body();
        self.journal.lost(id) || self.queue.dead_letters().contains(&body) || self.queue.expired().contains(&body)
    }
}
