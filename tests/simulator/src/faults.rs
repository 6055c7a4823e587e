//! Faults that a server injects: an exchange is held, cut off, or answered by somebody else.
//!
//! A fault says which requests it meets ([`Match`]), what it does ([`Action`]) and how often ([`Times`]). The shapes are
//! plain values, so that a console can bring them from outside.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::watch;

use crate::exchange::{Request, Response};

/// The requests that a fault meets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The method; `None` is any.
    pub method: Option<String>,
    /// A part of the request target, query included and percent-encoded as sent; empty is any.
    pub path: String,
}

impl Match {
    /// Requests with this method whose target contains `path`.
    pub fn of(method: &str, path: &str) -> Self {
        Self {
            method: Some(method.to_owned()),
            path: path.to_owned(),
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
    /// The exchange waits at this moment until [`FaultHandle::release`].
    Hold(Moment),
    /// The connection is closed without an answer. Before the effect the request is lost on its way: Fineract never
    /// sees it, and its key stays free.
    Cut(Moment),
    /// Somebody else answers; Fineract never sees the request.
    Answer(Response),
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The first request that it meets.
    Once,
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

/// The standing faults of a simulator. The first that meets a request strikes.
#[derive(Clone, Default)]
pub struct Faults {
    armed: Arc<Mutex<Vec<Arc<Armed>>>>,
}

struct Armed {
    fault: Fault,
    held: watch::Sender<usize>,
    released: watch::Sender<bool>,
    hits: AtomicUsize,
}

/// A fault that was added: to wait for it, to let go what it holds, to take it away.
pub struct FaultHandle {
    armed: Arc<Armed>,
    faults: Faults,
}

impl Faults {
    /// Adds a fault.
    pub fn add(&self, fault: Fault) -> FaultHandle {
        let armed = Arc::new(Armed {
            fault,
            held: watch::Sender::new(0),
            released: watch::Sender::new(false),
            hits: AtomicUsize::new(0),
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

    /// The fault that strikes this request, if any.
    pub(crate) fn strike(&self, request: &Request) -> Option<Struck> {
        let mut list = self.list();
        let position = list.iter().position(|armed| armed.fault.on.meets(request))?;
        let armed = match list[position].fault.times {
            Times::Once => list.remove(position),
            Times::Always => Arc::clone(&list[position]),
        };
        armed.hits.fetch_add(1, Ordering::Relaxed);
        Some(Struck { armed })
    }

    fn list(&self) -> MutexGuard<'_, Vec<Arc<Armed>>> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fault at work on one exchange.
pub(crate) struct Struck {
    armed: Arc<Armed>,
}

impl Struck {
    pub(crate) fn action(&self) -> &Action {
        &self.armed.fault.action
    }

    /// Waits if the fault holds at this moment.
    pub(crate) async fn hold(&self, moment: Moment) {
        if self.armed.fault.action != Action::Hold(moment) {
            return;
        }
        let mut released = self.armed.released.subscribe();
        self.armed.held.send_modify(|held| *held += 1);
        // The sender lives in `self`, so waiting ends by release only.
        let _ = released.wait_for(|released| *released).await;
    }
}

impl FaultHandle {
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
