//! What befalls one run of a function: at one of its calls it is killed, or stands still for a while.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    /// The process ends before the call is made.
    KillBefore,
    /// The process ends after the call's effect, before its answer.
    KillAfter,
    /// The process stands still before the call is made.
    PauseBefore(Duration),
    /// The process stands still after the call's effect.
    PauseAfter(Duration),
    /// The call fails and has no effect.
    FailBefore,
    /// The call has its effect, and its answer is lost.
    FailAfter,
    /// The call has its effect twice.
    Twice,
}

/// What befalls one run.
#[derive(Debug, Default)]
pub(super) struct Fate {
    blow: Option<(u32, Blow)>,
    calls: AtomicU32,
    struck: AtomicBool,
    frozen: bool,
    killed: Notify,
}

impl Fate {
    /// A run to which nothing happens.
    pub(super) fn kind() -> Self {
        Self::default()
    }

    /// A run to which this happens at its call of this number (from 1).
    pub(super) fn with(call: u32, blow: Blow) -> Self {
        Self {
            blow: Some((call, blow)),
            ..Self::default()
        }
    }

    /// Whether the blow has struck.
    pub(super) fn struck(&self) -> bool {
        self.struck.load(Ordering::Relaxed)
    }

    /// The same run on a machine that stands still with it: nothing ends it when its time is up.
    #[must_use]
    pub(super) fn frozen(self) -> Self {
        Self { frozen: true, ..self }
    }

    /// Whether the machine stands still with the run.
    pub(super) fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Ends when the process is killed.
    pub(super) async fn end(&self) {
        self.killed.notified().await;
    }

    /// A call begins; what is given back is told to [`Fate::after`].
    pub(super) async fn before(&self) -> Option<Blow> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let blow = self.blow.filter(|(at, _)| *at == call).map(|(_, blow)| blow)?;
        self.struck.store(true, Ordering::Relaxed);
        match blow {
            Blow::KillBefore => self.kill().await,
            Blow::PauseBefore(span) => sleep(span).await,
            Blow::KillAfter | Blow::PauseAfter(_) | Blow::FailBefore | Blow::FailAfter | Blow::Twice => {}
        }
        Some(blow)
    }

    /// The call has had its effect.
    pub(super) async fn after(&self, blow: Option<Blow>) {
        match blow {
            Some(Blow::KillAfter) => self.kill().await,
            Some(Blow::PauseAfter(span)) => sleep(span).await,
            Some(Blow::KillBefore | Blow::PauseBefore(_) | Blow::FailBefore | Blow::FailAfter | Blow::Twice) | None => {
            }
        }
    }

    /// Whoever is killed does nothing any more.
    async fn kill(&self) {
        self.killed.notify_one();
        std::future::pending::<()>().await;
    }
}
