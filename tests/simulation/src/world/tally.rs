//! How often each thing occurred: faults, kinds of answers, transitions, causes of waiting.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gateway::fineract::{Answer, Exchange};
use gateway::operations;
use gateway::pace::Reason;
use gateway::tracking::State;
use serde_json::Value;

use super::faults::Fault;

/// What must be seen of the answers to mutating requests: the rows of the verdict.
const ANSWERS: [&str; 24] = [
    "nothing was sent",
    "lost",
    "held for a checker",
    "success",
    "success, stored",
    "success of another",
    "busy with the key",
    "key in use",
    "loan locked",
    "job running",
    "read-only",
    "credentials refused",
    "unknown tenant",
    "not authorised",
    "configured value unknown",
    "foreign refusal",
    "foreign failure",
    "conflict",
    "conflict, stored",
    "failure",
    "failure, stored",
    "ambiguous",
    "ambiguous, stored",
    "refusal",
];
/// Ways from one state to the next that must be seen.
const TRANSITIONS: [(State, State); 11] = [
    (State::Accepted, State::Running),
    (State::Waiting, State::Running),
    (State::PendingApproval, State::Running),
    (State::Running, State::Running),
    (State::Running, State::Waiting),
    (State::Running, State::PendingApproval),
    (State::Running, State::Succeeded),
    (State::Running, State::Failed),
    (State::Accepted, State::Cancelled),
    (State::Waiting, State::Cancelled),
    (State::Cancelled, State::Cancelled),
];
/// Causes of waiting that must be seen. Nothing happens in these worlds that only an operator could decide.
const REASONS: [Reason; 16] = [
    Reason::FineractUnreachable,
    Reason::AnswerLost,
    Reason::LookupUnanswered,
    Reason::CommandInProgress,
    Reason::FineractFailed,
    Reason::Conflict,
    Reason::AmbiguousAnswer,
    Reason::ForeignAnswer,
    Reason::LoanLocked,
    Reason::FineractBusy,
    Reason::ReadOnly,
    Reason::CredentialsRefused,
    Reason::Misconfigured,
    Reason::PendingApproval,
    Reason::ClientNotFoundYet,
    Reason::ReferenceTaken,
];

/// Counts by group and name.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<(&'static str, String), u64>>);

impl Tally {
    /// Everything that must be seen, not seen yet.
    pub(super) fn of_all() -> Self {
        let tally = Self::default();
        for fault in Fault::all() {
            tally.add("fault", words(&format!("{fault:?}")), 0);
        }
        for answer in ANSWERS {
            tally.add("answer", answer.to_owned(), 0);
        }
        for kind in operations::ALL {
            tally.add("success", kind.name.to_owned(), 0);
        }
        for (from, to) in TRANSITIONS.iter().filter(|(from, _)| from.is_open()) {
            tally.transition(*from, *to, 0);
        }
        for reason in REASONS {
            tally.add("cause", cause(reason), 0);
        }
        tally
    }

    /// A fault struck.
    pub(super) fn fault(&self, fault: Fault) {
        self.add("fault", words(&format!("{fault:?}")), 1);
    }

    /// A mutating request was answered, or not.
    pub(super) fn answer(&self, exchange: &Exchange) {
        self.add("answer", kind_of(exchange).to_owned(), 1);
    }

    /// A row went from one state to the next.
    pub(super) fn transition(&self, from: State, to: State, times: u64) {
        self.add("transition", format!("{} to {}", from.as_str(), to.as_str()), times);
    }

    /// An operation succeeded.
    pub(super) fn success(&self, operation: &str) {
        self.add("success", operation.to_owned(), 1);
    }

    /// An operation waits.
    pub(super) fn cause(&self, reason: Reason) {
        self.add("cause", cause(reason), 1);
    }

    /// Something else that is worth a number.
    pub(super) fn note(&self, what: &str, times: u64) {
        self.add("world", what.to_owned(), times);
    }

    /// Adds the counts of another world.
    pub fn merge(&self, other: &Self) {
        let other = other.counts().clone();
        for ((group, name), times) in other {
            self.add(group, name, times);
        }
    }

    /// Every count, by group and name.
    pub fn all(&self) -> Vec<(&'static str, String, u64)> {
        let counts = self.counts();
        counts
            .iter()
            .map(|((group, name), times)| (*group, name.clone(), *times))
            .collect()
    }

    fn add(&self, group: &'static str, name: String, times: u64) {
        *self.counts().entry((group, name)).or_default() += times;
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<(&'static str, String), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cause(reason: Reason) -> String {
    words(&format!("{reason:?}"))
}

/// `LostAnswer` is "lost answer".
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// The kind of an answer, told from what Fineract's documents say and not from what the gateway makes of it.
fn kind_of(exchange: &Exchange) -> &'static str {
    match exchange {
        Exchange::NotSent => "nothing was sent",
        Exchange::Lost(_) => "lost",
        Exchange::Answer(answer) => kind_of_answer(answer),
    }
}

fn kind_of_answer(answer: &Answer) -> &'static str {
    let body = answer.json().unwrap_or_default();
    let own = body.get("userMessageGlobalisationCode").and_then(Value::as_str);
    let first = body
        .pointer("/errors/0/userMessageGlobalisationCode")
        .and_then(Value::as_str);
    let code = first.or(own).unwrap_or_default();
    let stored = answer.from_cache;
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    let pick = |fresh, kept| if stored { kept } else { fresh };
    match answer.status {
        200 if body.get("rollbackTransaction") == Some(&Value::Bool(true)) => "held for a checker",
        200 if body.get("resourceExternalId").and_then(Value::as_str) == Some("SOMEBODY-ELSE") => "success of another",
        200 => pick("success", "success, stored"),
        425 => "busy with the key",
        401 => "credentials refused",
        405 => "read-only",
        403 if text.contains("unique_portfolio_command_source") => "key in use",
        403 if code == "error.msg.not.authorized" => "not authorised",
        403 if code.ends_with("integrity.issue") => pick("ambiguous", "ambiguous, stored"),
        409 if code == "error.msg.loan.locked" => "loan locked",
        409 if own.is_some() => pick("conflict", "conflict, stored"),
        503 if code == "error.msg.sheduler.job.currently.running" => "job running",
        500 if stored || own.is_some() || body.get("path").is_some() => pick("failure", "failure, stored"),
        400 if own.is_none() && body.get("path").is_some() => "unknown tenant",
        _ if matches!(code, "error.msg.payment.type.invalid" | "error.msg.office.id.invalid") => {
            "configured value unknown"
        }
        400..=499 if own.is_none() => "foreign refusal",
        500..=599 if own.is_none() => "foreign failure",
        _ => "refusal",
    }
}
