//! What happened in a world, line by line, for a person to read.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The lines of a world that is watched; of others nothing is kept.
#[derive(Debug)]
pub(super) struct Trace(Option<Mutex<Vec<String>>>);

impl Trace {
    /// Keeps lines, or not.
    pub(super) fn new(kept: bool) -> Self {
        Self(kept.then(Mutex::default))
    }

    /// Something happened.
    pub(super) fn line(&self, age: Duration, actor: &str, what: impl FnOnce() -> String) {
        let Some(lines) = &self.0 else { return };
        let millis = age.as_millis();
        let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        let (seconds, millis) = (millis / 1_000 % 60, millis % 1_000);
        let line = format!(
            "{hours:>3}:{minutes:02}:{seconds:02}.{millis:03}  {actor:<10} {}",
            what()
        );
        lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// The lines so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.0
            .as_ref()
            .map(|lines| lines.lock().unwrap_or_else(PoisonError::into_inner).clone())
            .unwrap_or_default()
    }
}
