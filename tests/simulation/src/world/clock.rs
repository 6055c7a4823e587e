//! Virtual time: it moves when everything waits. Each process has a clock of its own, a little ahead or behind.

use std::time::Duration;

use gateway::clock::{Clock, Timestamp};
use tokio::time::Instant;

/// When every simulated world begins.
const BEGINNING: Timestamp = Timestamp::from_micros(1_781_517_600_000_000);

/// A clock by the runtime's virtual time.
#[derive(Clone, Copy, Debug)]
pub(super) struct WorldClock {
    origin: Instant,
    ahead_micros: i64,
}

impl WorldClock {
    /// The true time; it begins now.
    pub(super) fn start() -> Self {
        Self {
            origin: Instant::now(),
            ahead_micros: 0,
        }
    }

    /// The same time, so much ahead (or behind, if negative).
    #[must_use]
    pub(super) const fn ahead_by(self, ahead_micros: i64) -> Self {
        Self { ahead_micros, ..self }
    }

    /// How long the world has been there.
    pub(super) fn age(self) -> Duration {
        Instant::now().duration_since(self.origin)
    }

    /// When the world was so old, by the true time.
    pub(super) fn at_age(self, age: Duration) -> Timestamp {
        BEGINNING.after(age)
    }
}

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        let now = self.at_age(self.age());
        Timestamp::from_micros(now.micros() + self.ahead_micros)
    }
}
