//! How often each thing happened.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that goes wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mishap {
    /// A worker got SIGKILL while Fineract held its call, before the effect.
    KilledBeforeEffect,
    /// The same after the effect.
    KilledAfterEffect,
    /// A worker got SIGKILL at any moment.
    Killed,
    /// A message was there twice, so that two workers could have it at the same time.
    DeliveredTwice,
    /// A message that was to come back was lost.
    Lost,
    /// A message was sent again by the sweep.
    SentAgain,
    /// A request was repeated under its `Idempotency-Key`.
    Repeated,
    /// The connection was cut after the effect.
    Cut,
    /// Fineract was killed and started again.
    Restarted,
    /// A command had begun when Fineract was killed; its key answers 425 for ever.
    Stuck,
    /// Fineract answered 500 without its database.
    WithoutDatabase,
    /// A checker had to decide, and approved.
    Approved,
    /// A checker had to decide, and rejected.
    Rejected,
}

impl Mishap {
    /// Those that can happen before any Fineract.
    pub const ANYWHERE: [Self; 5] = [
        Self::Killed,
        Self::DeliveredTwice,
        Self::Lost,
        Self::SentAgain,
        Self::Repeated,
    ];
    /// Those that need the simulated one.
    pub const SIMULATED: [Self; 8] = [
        Self::KilledBeforeEffect,
        Self::KilledAfterEffect,
        Self::Cut,
        Self::Restarted,
        Self::Stuck,
        Self::WithoutDatabase,
        Self::Approved,
        Self::Rejected,
    ];

    /// What it is, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::KilledBeforeEffect => "workers killed while Fineract had their call, before its effect",
            Self::KilledAfterEffect => "workers killed while Fineract had their call, after its effect",
            Self::Killed => "workers killed at any moment",
            Self::DeliveredTwice => "messages delivered twice",
            Self::Lost => "messages lost",
            Self::SentAgain => "messages sent again by the sweep",
            Self::Repeated => "requests repeated under their key",
            Self::Cut => "connections cut after the effect",
            Self::Restarted => "restarts of Fineract",
            Self::Stuck => "commands that such a restart ended midway",
            Self::WithoutDatabase => "answers of a Fineract without its database",
            Self::Approved => "commands held for a checker and approved",
            Self::Rejected => "commands held for a checker and rejected",
        }
    }
}

/// The counts of a run.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<Mishap, u64>>);

impl Tally {
    /// It happened so many times more.
    pub fn add(&self, mishap: Mishap, times: u64) {
        *self.counts().entry(mishap).or_default() += times;
    }

    /// How often it happened.
    pub fn times(&self, mishap: Mishap) -> u64 {
        self.counts().get(&mishap).copied().unwrap_or_default()
    }

    /// How often anything happened.
    pub fn total(&self) -> u64 {
        self.counts().values().sum()
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<Mishap, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
