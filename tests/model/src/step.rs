//! What can happen.

use std::fmt;

use crate::rules::Property;
use crate::state::{Operation, State, Who};

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// What happens.
    pub(crate) what: What,
    /// The world after it.
    pub(crate) state: State,
    /// Whether it belongs to fair weather: nobody crashes, nothing is lost, nothing is cancelled, and Fineract applies
    /// what it is asked for.
    pub(crate) fair: bool,
    /// What it breaks.
    pub(crate) breaks: Option<Property>,
}

/// What happens, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct What {
    /// What it is, whoever does it.
    pub text: &'static str,
    operation: Option<Operation>,
    worker: Option<Who>,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(worker) = self.worker {
            write!(f, "worker {}, ", worker + 1)?;
        }
        if let Some(operation) = self.operation {
            write!(f, "{}: ", if operation == 0 { 'A' } else { 'B' })?;
        }
        f.write_str(self.text)
    }
}

/// What a worker does about an operation.
pub(crate) const fn by(worker: Who, operation: Operation, text: &'static str) -> What {
    What {
        text,
        operation: Some(operation),
        worker: Some(worker),
    }
}

/// What happens to an operation.
pub(crate) const fn of(operation: Operation, text: &'static str) -> What {
    What {
        text,
        operation: Some(operation),
        worker: None,
    }
}

/// What happens to all.
pub(crate) const fn to_all(text: &'static str) -> What {
    What {
        text,
        operation: None,
        worker: None,
    }
}

/// Gathers what can happen in one state.
pub(crate) struct Steps<'a> {
    pub(crate) from: &'a State,
    pub(crate) steps: &'a mut Vec<Step>,
}

impl Steps<'_> {
    /// Something that belongs to fair weather.
    pub(crate) fn fair(&mut self, what: What, change: impl FnOnce(&mut State)) {
        self.push(true, what, change);
    }

    /// A fault, or something that somebody else decides.
    pub(crate) fn foul(&mut self, what: What, change: impl FnOnce(&mut State)) {
        self.push(false, what, change);
    }

    pub(crate) fn push(&mut self, fair: bool, what: What, change: impl FnOnce(&mut State)) {
        let mut state = *self.from;
        change(&mut state);
        self.steps.push(Step {
            what,
            state,
            fair,
            breaks: None,
        });
    }
}
