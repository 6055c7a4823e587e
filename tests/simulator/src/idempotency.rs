//! Stored outcomes of commands: a key is looked up by action and entity, blind to payload, target and user.

use std::collections::HashMap;

use serde_json::Value;

/// Longer keys do not fit the column.
pub(crate) const KEY_LIMIT: usize = 50;

/// What a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) action: &'static str,
    pub(crate) entity: &'static str,
    pub(crate) key: String,
}

/// How far the command with a key has come.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// It runs, or the server died while it ran.
    UnderProcessing,
    /// It ended, well or not; every repetition is answered with this.
    Done { status: u16, body: Value },
}

/// Every stored outcome. Nothing is ever purged (the job that does is off by default).
#[derive(Debug, Default)]
pub(crate) struct Outcomes(HashMap<Scope, Outcome>);

impl Outcomes {
    pub(crate) fn find(&self, scope: &Scope) -> Option<&Outcome> {
        self.0.get(scope)
    }

    pub(crate) fn begin(&mut self, scope: Scope) {
        self.0.insert(scope, Outcome::UnderProcessing);
    }

    pub(crate) fn end(&mut self, scope: Scope, status: u16, body: Value) {
        self.0.insert(scope, Outcome::Done { status, body });
    }
}
