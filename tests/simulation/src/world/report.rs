//! One world from its beginning to its end, and what came of it.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::time::sleep;

use super::callers::Borrower;
use super::faults::Weather;
use super::judge::judge;
use super::sabotage::Sabotage;
use super::tally::Tally;
use super::{Setting, World};

/// How long after the last fault a world is watched for operations that do not end.
const WATCHED: Duration = Duration::from_secs(24 * 60 * 60);
/// How often the world is looked at.
const LOOK: Duration = Duration::from_secs(30);
const WORKERS: u32 = 3;

/// What came of a world.
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// What is wrong.
    pub wrongs: Vec<String>,
    /// How often each thing occurred.
    pub tally: Arc<Tally>,
    /// What happened, if it was watched.
    pub trace: Vec<String>,
    /// How long it lasted, in virtual time.
    pub lasted: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.trace {
            writeln!(f, "{line}")?;
        }
        for wrong in &self.wrongs {
            writeln!(f, "seed {}: {wrong}", self.seed)?;
        }
        Ok(())
    }
}

/// Runs the world of a seed.
pub fn run(seed: u64, traced: bool) -> Report {
    run_with(seed, traced, None)
}

/// Runs the world of a seed with a broken rule.
pub fn run_sabotaged(seed: u64, traced: bool, sabotage: Sabotage) -> Report {
    run_with(seed, traced, Some(sabotage))
}

/// The first of these worlds that is judged wrong with a broken rule, and what is wrong there.
pub fn first_wrong(sabotage: Sabotage, from: u64, seeds: u64) -> Option<(u64, String)> {
    let found = Mutex::new(None);
    for_each_seed(from, seeds, |seed| {
        let Some(wrong) = run_sabotaged(seed, false, sabotage).wrongs.into_iter().next() else {
            return ControlFlow::Continue(());
        };
        found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert((seed, wrong));
        ControlFlow::Break(())
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Does something with each seed, on all cores, until it breaks off.
pub fn for_each_seed(from: u64, seeds: u64, what: impl Fn(u64) -> ControlFlow<()> + Sync) {
    let (next, over) = (AtomicU64::new(from), AtomicBool::new(false));
    let work = || {
        while !over.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= from.saturating_add(seeds) {
                return;
            }
            if what(seed).is_break() {
                over.store(true, Ordering::Relaxed);
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
}

fn run_with(seed: u64, traced: bool, sabotage: Option<Sabotage>) -> Report {
    let setting = Setting {
        seed,
        traced,
        release: None,
        sabotage,
    };
    in_virtual_time(async {
        let world = World::new(setting, Weather::storm);
        world.line("world", || {
            format!("{} · {:?}", world.simulator.release(), world.weather.rates())
        });
        let mut wrongs = world.live().await;
        wrongs.extend(judge(&world).await);
        Report {
            seed,
            wrongs,
            trace: world.trace.lines(),
            lasted: world.clock.age(),
            tally: Arc::clone(&world.tally),
        }
    })
}

/// Runs something where time moves on when everything waits.
///
/// # Panics
/// If the runtime cannot be made.
pub(super) fn in_virtual_time<T>(what: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    #[allow(
        clippy::expect_used,
        reason = "a runtime without I/O needs nothing that could be missing"
    )]
    let runtime = runtime.expect("a runtime");
    runtime.block_on(what)
}

impl World {
    /// Lets everybody live until every operation has ended.
    async fn live(self: &Arc<Self>) -> Vec<String> {
        for number in 1..=WORKERS {
            tokio::spawn(Arc::clone(self).work(format!("worker {number}")));
        }
        if self.sabotage != Some(Sabotage::NoSweep) {
            tokio::spawn(Arc::clone(self).sweep());
        }
        tokio::spawn(Arc::clone(self).weather());
        tokio::spawn(Arc::clone(self).check());
        let borrowers = u32::try_from(self.dice.number(2, 5)).unwrap_or(2);
        tokio::spawn(Arc::clone(self).work_by_hand(borrowers));
        let mut lives = tokio::task::JoinSet::new();
        for number in 1..=borrowers {
            let borrower = Borrower::new(self, number);
            if self.dice.falls(150) {
                lives.spawn(borrower.rival(100 + number).live());
            }
            lives.spawn(borrower.live());
        }
        loop {
            sleep(LOOK).await;
            while let Some(ended) = lives.try_join_next() {
                if let Err(error) = ended {
                    return vec![format!("a caller panicked: {error}")];
                }
            }
            if !self.journal.is_any_open() && lives.is_empty() {
                return Vec::new();
            }
            let watched = self.weather.last_fault().max(self.weather.calm_at()) + WATCHED;
            if self.clock.age() > watched {
                return Vec::new();
            }
        }
    }
}
