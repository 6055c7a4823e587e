//! What goes wrong on purpose.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;
use fineract_simulator::{Action, Chance, Decision, Fault, FaultHandle, Match, Moment, Server, Simulator, Times};
use local::Stack;
use tokio::time::{sleep, timeout};

use crate::bank::Bank;
use crate::platform::kill_workers;
use crate::tally::{Mishap, Tally};

/// Of a million connections, those that are cut.
const CUTS_PER_MILLION: u32 = 100_000;
/// Between two kills: what each leaves behind rests until its message is visible again.
const BETWEEN_KILLS: Duration = Duration::from_secs(6);
/// How long a call to hold is waited for.
const HOLD_PATIENCE: Duration = Duration::from_secs(5);
/// How long Fineract is away when it is restarted.
const RESTART: Duration = Duration::from_secs(1);
/// How long an answer without the database takes, which is less than the gateway's patience.
const DATABASE_LOOKED_FOR: Duration = Duration::from_millis(200);
/// What waits for a checker while one is asked for.
const CHECKED: [&str; 3] = ["UPDATE_CLIENT", "APPROVE_LOAN", "DISBURSE_LOAN"];
/// The only command that is ever rejected: nothing later depends on it.
const REJECTED: &str = "UPDATE CLIENT";
const LOOK: Duration = Duration::from_millis(300);
const BIND_TRIES: u32 = 50;

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two kills of workers, at least; at most twice that.
    pub between_kills: Duration,
    /// From the first mishap of Fineract's to the last.
    pub span: Duration,
    /// How long the database is away.
    pub database: Duration,
    /// How often Fineract is restarted.
    pub restarts: u32,
}

impl Pace {
    /// What fits into this time.
    #[must_use]
    pub fn over(span: Duration) -> Self {
        Self {
            between_kills: BETWEEN_KILLS.min(span / 12),
            span,
            database: span / 6,
            restarts: 3,
        }
    }
}

/// The simulated Fineract with its server, which is killed and started again.
pub struct Simulated {
    /// The bank.
    pub simulator: Simulator,
    server: Option<Server>,
    address: SocketAddr,
    cut: Option<FaultHandle>,
}

/// Kills workers, for ever: in turn while Fineract has their call before its effect, after it, and at any moment. If there
/// is no call to hold, that turn comes again.
pub async fn kill(stack: &Stack, simulator: Option<&Simulator>, times: Pace, tally: &Tally, mut rng: Rng) {
    let mut moments = [Some(Moment::BeforeEffect), Some(Moment::AfterEffect), None]
        .into_iter()
        .cycle()
        .filter(|moment| simulator.is_some() || moment.is_none())
        .peekable();
    loop {
        sleep(times.between_kills * rng.u32(10..20) / 10).await;
        let moment = moments.peek().copied().flatten();
        let held = match (simulator, moment) {
            (Some(simulator), Some(moment)) => held(simulator, moment, &mut rng).await,
            _ => None,
        };
        let mishap = match (&held, moment) {
            (Some(_), Some(Moment::BeforeEffect)) => Mishap::KilledBeforeEffect,
            (Some(_), Some(Moment::AfterEffect)) => Mishap::KilledAfterEffect,
            _ => Mishap::Killed,
        };
        tally.add(mishap, u64::from(kill_workers(stack)));
        if held.is_some() || moment.is_none() {
            moments.next();
        }
    }
}

/// A fault that holds a call; dropped, it lets the call go on.
struct Held(FaultHandle);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.remove();
    }
}

/// Waits until Fineract holds a changing call.
async fn held(simulator: &Simulator, moment: Moment, rng: &mut Rng) -> Option<Held> {
    let method = if rng.bool() { "POST" } else { "PUT" };
    let held = Held(simulator.faults().add(Fault {
        on: Match::of(method, ""),
        action: Action::Hold(moment),
        times: Times::Once,
    }));
    timeout(HOLD_PATIENCE, held.0.wait_until_held()).await.ok()?;
    Some(held)
}

impl Simulated {
    /// A simulator behind a server.
    #[must_use]
    pub fn new(simulator: Simulator, server: Server) -> Self {
        Self {
            simulator,
            address: server.address(),
            server: Some(server),
            cut: None,
        }
    }

    /// Everything that goes wrong with Fineract, one after the other: a checker is asked for, it is restarted, it loses its
    /// database, it is restarted again.
    /// When this returns, nothing goes wrong any more.
    pub async fn suffer(&mut self, times: Pace, tally: &Tally, rng: &mut Rng) {
        let pause = times.span.saturating_sub(times.database) / (times.restarts + 2);
        self.cut(tally, rng);
        self.simulator.ask_checker_for(CHECKED);
        sleep(pause).await;
        let decided = || tally.times(Mishap::Rejected) > 0 && tally.times(Mishap::Approved) > 0;
        let until = Instant::now() + times.span;
        while !decided() && Instant::now() < until {
            sleep(LOOK).await;
        }
        self.simulator.ask_checker_for([]);
        for restart in 0..times.restarts {
            self.restart(tally, rng).await;
            sleep(pause).await;
            if restart == 0 {
                self.lose_database(times.database, tally, rng).await;
            }
        }
        sleep(pause).await;
        self.mend_connections(tally);
    }

    fn cut(&mut self, tally: &Tally, rng: &mut Rng) {
        self.mend_connections(tally);
        self.cut = Some(self.simulator.faults().add(Fault {
            on: Match::any().with_chance(Chance::new(CUTS_PER_MILLION, rng.u64(..))),
            action: Action::Cut(Moment::AfterEffect),
            times: Times::Always,
        }));
    }

    fn mend_connections(&mut self, tally: &Tally) {
        if let Some(cut) = self.cut.take() {
            cut.remove();
            tally.add(Mishap::Cut, cut.hits() as u64);
        }
    }

    /// Kills the server while it has a command that has begun, and starts another one over the same bank.
    async fn restart(&mut self, tally: &Tally, rng: &mut Rng) {
        let held = held(&self.simulator, Moment::BeforeEffect, rng).await;
        if let Some(server) = self.server.take() {
            server.kill().await;
        }
        tally.add(Mishap::Stuck, u64::from(held.is_some()));
        drop(held);
        sleep(RESTART).await;
        for _ in 0..BIND_TRIES {
            if let Ok(server) = Server::start(self.address, self.simulator.clone()).await {
                self.server = Some(server);
                tally.add(Mishap::Restarted, 1);
                return;
            }
            sleep(LOOK).await;
        }
    }

    async fn lose_database(&mut self, lasts: Duration, tally: &Tally, rng: &mut Rng) {
        // The first fault that meets a request strikes, and a cut would let its effect happen.
        self.mend_connections(tally);
        let down = self.simulator.faults().add(Fault {
            on: Match::any(),
            action: Action::DatabaseDown(DATABASE_LOOKED_FOR),
            times: Times::Always,
        });
        sleep(lasts).await;
        down.remove();
        tally.add(Mishap::WithoutDatabase, down.hits() as u64);
        self.cut(tally, rng);
    }
}

/// Decides what waits for a checker, for ever; not at once.
pub async fn check(simulator: &Simulator, bank: &Bank, tally: &Tally, mut rng: Rng) {
    loop {
        sleep(LOOK).await;
        if simulator.awaiting().is_empty() {
            continue;
        }
        // A Fineract that does not answer is asked again.
        for (command, what) in bank.inbox().await.unwrap_or_default() {
            if rng.bool() {
                continue;
            }
            let first = tally.times(Mishap::Rejected) == 0;
            let (decision, mishap) = if what == REJECTED && (first || rng.bool()) {
                (Decision::Reject, Mishap::Rejected)
            } else {
                (Decision::Approve, Mishap::Approved)
            };
            tally.add(mishap, u64::from(simulator.decide(command, decision).is_ok()));
        }
    }
}
