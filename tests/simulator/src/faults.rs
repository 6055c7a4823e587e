//! Faults: an exchange is held, slowed, cut off, ended otherwise, or answered by somebody else.
//!
//! A fault says which requests it meets ([`Match`]), what it does ([`Action`]) and how often ([`Times`]). The shapes are
//! plain values, so that a console can bring them from outside. No fault needs real time: [`Simulator::exchange`] tells
//! how long an exchange would have taken, and a [`Server`] lets it take so long.
//!
//! [`Simulator::exchange`]: crate::Simulator::exchange
//! [`Server`]: crate::Server

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    chance::Chance,
    ending::Ending,
    exchange::{Request, Response},
};

/// The requests that a fault meets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The method; `None` is any.
    pub method: Option<String>,
    /// A part of the request target, query included and percent-encoded as sent; empty is any.
    pub path: String,
    /// Of the requests that fit, those that fall to the fault; `None` is all.
    pub chance: Option<Chance>,
}

impl Match {
    /// Requests with this method whose target contains `path`.
    pub fn of(method: &str, path: &str) -> Self {
        Self {
            method: Some(method.to_owned()),
            path: path.to_owned(),
            chance: None,
        }
    }

    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Of these requests, so many in a million, picked by a seed.
    #[must_use]
    pub fn with_chance(self, chance: Chance) -> Self {
        Self {
            chance: Some(chance),
            ..self
        }
    }

    fn meets(&self, request: &Request) -> bool {
        let method = self
            .method
            .as_ref()
            .is_none_or(|method| method.eq_ignore_ascii_case(&request.method));
        method && request.path.contains(&self.path)
    }
}

/// When, seen from the effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The command is accepted and its key is taken, but nothing is applied.
    BeforeEffect,
    /// Everything is applied and stored, only the answer is missing.
    AfterEffect,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The exchange waits at this moment until [`FaultHandle::release`]. In process nobody can wait: the exchange is lost,
    /// before the effect as a command that is left under processing.
    Hold(Moment),
    /// The connection is closed without an answer. Before the effect the request is lost on its way: Fineract never
    /// sees it, and its key stays free.
    Cut(Moment),
    /// Somebody else answers; Fineract never sees the request.
    Answer(Response),
    /// The exchange takes so much longer, before the effect.
    Delay(Duration),
    /// The command ends otherwise. Reads, and commands that are refused or replayed before they run, are as ever.
    End(Ending),
    /// The close of business holds the loan of this external id or number, or every loan: 409 to commands on it. Creations,
    /// reads and clients are as ever.
    LoanLocked(Option<String>),
    /// This job runs and lets nobody update anything: 503 to every command.
    JobRunning(String),
    /// The database is down: 500 after so long, and nothing is stored.
    DatabaseDown(Duration),
    /// The password is no longer right: 401.
    PasswordExpired,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The first request that it meets.
    Once,
    /// The first so many.
    Next(usize),
    /// Every request, until it is removed.
    Always,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which requests.
    pub on: Match,
    /// What happens to them.
    pub action: Action,
    /// How often.
    pub times: Times,
}

/// The standing faults of a simulator. The first that meets a request strikes; every delay that meets it adds up.
#[derive(Clone, Default)]
pub struct Faults {
    armed: Arc<Mutex<Vec<Arc<Armed>>>>,
    last_id: Arc<AtomicU64>,
}

struct Armed {
    id: u64,
    fault: Fault,
    held: watch::Sender<usize>,
    released: watch::Sender<bool>,
    hits: AtomicUsize,
    /// How many requests fitted, which is what the chance is drawn by.
    fitted: AtomicU64,
}

/// A fault that was added: to wait for it, to let go what it holds, to take it away.
pub struct FaultHandle {
    armed: Arc<Armed>,
    faults: Faults,
}

/// A standing fault, as a console lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its number.
    pub id: u64,
    /// What it is.
    pub fault: Fault,
    /// How many requests it struck.
    pub hits: usize,
}

impl Faults {
    /// Adds a fault.
    pub fn add(&self, fault: Fault) -> FaultHandle {
        let armed = Arc::new(Armed {
            id: self.last_id.fetch_add(1, Ordering::Relaxed) + 1,
            fault,
            held: watch::Sender::new(0),
            released: watch::Sender::new(false),
            hits: AtomicUsize::new(0),
            fitted: AtomicU64::new(0),
        });
        self.list().push(Arc::clone(&armed));
        FaultHandle {
            armed,
            faults: self.clone(),
        }
    }

    /// Takes every fault away; what they hold goes on.
    pub fn clear(&self) {
        for armed in self.list().drain(..) {
            armed.released.send_replace(true);
        }
    }

    /// The faults that stand, in the order in which they were added.
    pub fn standing(&self) -> Vec<Standing> {
        let list = self.list();
        let standing = list.iter().map(|armed| Standing {
            id: armed.id,
            fault: armed.fault.clone(),
            hits: armed.hits.load(Ordering::Relaxed),
        });
        standing.collect()
    }

    /// The fault of this number, if it still stands.
    pub fn handle(&self, id: u64) -> Option<FaultHandle> {
        let armed = self.list().iter().find(|armed| armed.id == id).map(Arc::clone)?;
        Some(FaultHandle {
            armed,
            faults: self.clone(),
        })
    }

    /// What strikes this request.
    pub(crate) fn strike(&self, request: &Request) -> Strike {
        let mut strike = Strike::default();
        let mut list = self.list();
        let meeting: Vec<_> = list
            .iter()
            .filter(|armed| armed.meets(request))
            .map(Arc::clone)
            .collect();
        for armed in meeting {
            if let Action::Delay(delay) = armed.fault.action {
                strike.delay = strike.delay.saturating_add(delay);
            } else if strike.struck.is_none() {
                strike.struck = Some(Struck {
                    armed: Arc::clone(&armed),
                });
            } else {
                continue;
            }
            let hits = armed.hits.fetch_add(1, Ordering::Relaxed) + 1;
            let spent = match armed.fault.times {
                Times::Once => true,
                Times::Next(count) => hits >= count,
                Times::Always => false,
            };
            if spent {
                list.retain(|other| !Arc::ptr_eq(other, &armed));
            }
        }
        strike
    }

    fn list(&self) -> MutexGuard<'_, Vec<Arc<Armed>>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    fn meets(&self, request: &Request) -> bool {
        if !self.fault.on.meets(request) {
            return false;
        }
        let turn = self.fitted.fetch_add(1, Ordering::Relaxed);
        self.fault.on.chance.is_none_or(|chance| chance.falls_on(turn))
    }
}

/// What strikes one exchange.
#[derive(Default)]
pub(crate) struct Strike {
    pub(crate) delay: Duration,
    pub(crate) struck: Option<Struck>,
}

/// A fault at work on one exchange.
pub(crate) struct Struck {
    armed: Arc<Armed>,
}

impl Strike {
    pub(crate) fn action(&self) -> Option<&Action> {
        self.struck.as_ref().map(|struck| &struck.armed.fault.action)
    }

    /// Waits if the fault holds at this moment.
    pub(crate) async fn hold(&self, moment: Moment) {
        let Some(struck) = &self.struck else { return };
        if struck.armed.fault.action != Action::Hold(moment) {
            return;
        }
        let mut released = struck.armed.released.subscribe();
        struck.armed.held.send_modify(|held| *held += 1);
        // The sender lives in `self`, so waiting ends by release only.
        let _ = released.wait_for(|released| *released).await;
    }
}

impl FaultHandle {
    /// Its number.
    pub fn id(&self) -> u64 {
        self.armed.id
    }

    /// Waits until at least one exchange is held.
    pub async fn wait_until_held(&self) {
        let mut held = self.armed.held.subscribe();
        // The sender lives in `self`, so the wait cannot end without a held exchange.
        let _ = held.wait_for(|held| *held > 0).await;
    }

    /// Lets every held exchange go on, and those to come.
    pub fn release(&self) {
        self.armed.released.send_replace(true);
    }

    /// How many requests it struck.
    pub fn hits(&self) -> usize {
        self.armed.hits.load(Ordering::Relaxed)
    }

    /// Takes the fault away and lets go what it holds.
    pub fn remove(&self) {
        self.faults.list().retain(|armed| !Arc::ptr_eq(armed, &self.armed));
        self.release();
    }
}
