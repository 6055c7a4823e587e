//! Chance that replays: one source for everything that a seed decides.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use gateway::digest::Entropy;

/// Chance, by a seed.
#[derive(Debug)]
pub(super) struct Dice(Mutex<Rng>);

impl Dice {
    /// The chance of this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(Rng::with_seed(seed)))
    }

    /// Whether something happens that happens so many times in a thousand.
    pub(super) fn falls(&self, permille: u32) -> bool {
        self.rng().u32(0..1_000) < permille
    }

    /// A number from `least` to `most`.
    pub(super) fn number(&self, least: u64, most: u64) -> u64 {
        self.rng().u64(least..=most)
    }

    /// A span of whole milliseconds between these two.
    pub(super) fn millis(&self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.number(least, most))
    }

    /// A span of whole milliseconds between so many seconds.
    pub(super) fn seconds(&self, least: u64, most: u64) -> Duration {
        self.millis(least * 1_000, most * 1_000)
    }

    /// One of these.
    ///
    /// # Panics
    /// If there is none.
    pub(super) fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.rng().usize(0..from.len())]
    }

    /// At least `least` and at most `most` of these, in their order.
    pub(super) fn some<T: Copy>(&self, from: &[T], least: usize, most: usize) -> Vec<T> {
        let mut rng = self.rng();
        let count = rng.usize(least..=most);
        let mut chosen = rng.choose_multiple(0..from.len(), count);
        chosen.sort_unstable();
        chosen.into_iter().map(|index| from[index]).collect()
    }

    fn rng(&self) -> MutexGuard<'_, Rng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entropy for Dice {
    fn fill(&self, buffer: &mut [u8]) {
        self.rng().fill(buffer);
    }
}
