//! From what a run came to, to what its row becomes: pure.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::authority::Authority;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::fineract::Exchange;
use crate::ledger::Settlement;
use crate::pace::{Pace, Paces, Reason, Wait};
use crate::packing;
use crate::row::{Row, Try};
use crate::tracking::{Event, State};
use crate::verdict::{self, Verdict};

/// Largest refusal that is kept whole; the row has to fit into an item of the table.
pub const FAILURE_BYTES_MAX: usize = 256 * 1024;
/// The members of a larger answer that are kept: the ids.
const IDS: [&str; 8] = [
    "officeId",
    "clientId",
    "groupId",
    "loanId",
    "resourceId",
    "resourceExternalId",
    "subResourceId",
    "subResourceExternalId",
];

/// Longest id of a larger answer that is kept.
const ID_BYTES_MAX: usize = 1_024;

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether a mutating request was made that may have changed Fineract, as far as its answer tells.
    pub perhaps_changed: bool,
    /// Fineract's HTTP status, if the mutating request was answered.
    pub status: Option<u16>,
    /// Whether the verdict was read from what Fineract shows.
    pub read_back: bool,
    /// Whether the next try uses the next key.
    pub next_key: bool,
    /// Whether it also uses the next id that follows from the UTR.
    pub next_turn: bool,
    /// The permission that Fineract missed in the gateway's user, if it refused the run for one.
    pub missing: Option<Authority>,
}

impl Outcome {
    /// A run that made no mutating request.
    pub const fn without_request(verdict: Verdict) -> Self {
        Self {
            verdict,
            perhaps_changed: false,
            status: None,
            read_back: false,
            next_key: false,
            next_turn: false,
            missing: None,
        }
    }

    /// A run that made one.
    pub fn of_exchange(exchange: &Exchange, verdict: Verdict) -> Self {
        let status = match exchange {
            Exchange::Answer(answer) => Some(answer.status),
            Exchange::NotSent | Exchange::Lost(_) => None,
        };
        Self {
            verdict,
            perhaps_changed: !verdict::left_untouched(exchange),
            status,
            read_back: false,
            next_key: false,
            next_turn: false,
            missing: None,
        }
    }
}

/// What the row becomes. `before` is the row as it was before the claim; `chance` spreads the waits.
pub fn settlement(
    before: &Row,
    outcome: Outcome,
    now: Timestamp,
    paces: &Paces,
    retention: Duration,
    chance: u8,
) -> Settlement {
    let entry = entry(before, &outcome, now);
    let denied = matches!(outcome.verdict, Verdict::Denied(_));
    let (read_back, next_key, next_turn) = (outcome.read_back, outcome.next_key, outcome.next_turn);
    let (event, wait, response, failure, command_id) = match outcome.verdict {
        Verdict::Applied(body) => (Event::Applied, None, Some(body), None, None),
        Verdict::Refused(failure) => (Event::Refused, None, None, Some(failure), None),
        Verdict::Pending { command_id } => (
            Event::Held,
            Some(Wait::new(Pace::Checker, Reason::PendingApproval)),
            None,
            None,
            command_id,
        ),
        // While a checker has not decided, Fineract answers every repeat as if the command were still running.
        Verdict::Unknown(Wait {
            reason: Reason::CommandInProgress,
            ..
        }) if before.command_id.is_some() => {
            let wait = Wait::new(Pace::Checker, Reason::PendingApproval);
            (Event::Held, Some(wait), None, None, before.command_id)
        }
        Verdict::NotYet(wait) | Verdict::Unknown(wait) => (Event::PutOff, Some(wait), None, None, before.command_id),
        Verdict::Denied(_) => (
            Event::PutOff,
            Some(Wait::new(Pace::Soon, Reason::AnswerLost)),
            None,
            None,
            before.command_id,
        ),
        // The executor reads back before it settles; where it could not, the same key is asked again.
        Verdict::Spent { reason, .. } => (
            Event::PutOff,
            Some(Wait::new(Pace::Soon, reason)),
            None,
            None,
            before.command_id,
        ),
        Verdict::Unnamed { .. } => (
            Event::PutOff,
            Some(Wait::new(Pace::Soon, Reason::ForeignAnswer)),
            None,
            None,
            before.command_id,
        ),
        Verdict::Restored => {
            let wait = Wait::new(Pace::Operator, Reason::NeedsOperator);
            (Event::PutOff, Some(wait), None, None, before.command_id)
        }
    };
    // Neither a server that died, nor a wrong configuration, nor a permission that is missing, nor an id that is taken says anything about the operation.
    let counts = !matches!(
        wait.map(|wait| wait.reason),
        Some(Reason::CommandInProgress | Reason::Misconfigured | Reason::CredentialsRefused | Reason::ReferenceTaken)
    );
    let stuck_since = match wait.map(|wait| wait.reason) {
        _ if next_key => None,
        // Each of the two is believed only after it was said for long.
        _ if denied => before.denied_since().or(Some(now)),
        Some(Reason::CommandInProgress) => before.stuck_since.filter(|_| !before.was_denied()).or(Some(now)),
        // A lost answer may have left the command running anew.
        None | Some(Reason::AnswerLost | Reason::PendingApproval) => None,
        Some(_) => before.stuck_since.filter(|_| !before.was_denied()),
    };
    // A claimed row is running, and from there each of these events leads on.
    let state = State::Running.after(event).unwrap_or(State::Waiting);
    let waits = match wait {
        Some(wait) if before.pace == Some(wait.pace) => before.waits.saturating_add(1),
        Some(_) => 1,
        None => 0,
    };
    let (response, truncated) = bounded(response);
    let ended = !state.is_open();
    Settlement {
        state,
        next_attempt_at: wait.map(|wait| now.after(paces.jittered(wait.pace, waits, chance))),
        receipt: before.receipt.clone().filter(|_| !ended),
        reason: wait.map(|wait| wait.reason),
        pace: wait.map(|wait| wait.pace),
        waits,
        maybe_sent: before.maybe_sent || outcome.perhaps_changed,
        command_id: command_id.filter(|_| !next_key),
        key_epoch: before.key_epoch.saturating_add(u32::from(next_key)),
        keys_spent: before.keys_spent.saturating_add(u32::from(next_key && counts)),
        turn: before.turn.saturating_add(u32::from(next_turn)),
        key_first_sent_at: before.key_first_sent_at.filter(|_| !next_key),
        stuck_since,
        response,
        read_back: read_back && state == State::Succeeded,
        truncated,
        failure,
        processed_at: ended.then_some(now),
        expires_at: ended.then(|| now.after(retention).seconds()),
        history: before.history_with(entry),
    }
}

fn entry(before: &Row, outcome: &Outcome, at: Timestamp) -> Try {
    let code = match &outcome.verdict {
        Verdict::Refused(failure) | Verdict::Denied(failure) => failure.plain_code(),
        Verdict::Spent { reason, .. } => Some(reason.as_str()),
        Verdict::NotYet(wait) | Verdict::Unknown(wait) => Some(wait.reason.as_str()),
        Verdict::Applied(_) | Verdict::Pending { .. } | Verdict::Restored | Verdict::Unnamed { .. } => None,
    };
    Try {
        at,
        verdict: outcome.verdict.word().to_owned(),
        status: outcome.status,
        code: code.map(str::to_owned),
        authority: outcome
            .missing
            .clone()
            .filter(|_| code == Some(Reason::CredentialsRefused.as_str())),
        key_epoch: before.key_epoch,
    }
}

/// An answer that would not fit keeps its ids.
fn bounded(response: Option<Value>) -> (Option<Value>, bool) {
    match response {
        Some(response) if packing::fits(&response) => (Some(response), false),
        Some(Value::Object(members)) => {
            let ids: Map<String, Value> = members
                .into_iter()
                .filter(|(name, id)| IDS.contains(&name.as_str()) && id.to_string().len() <= ID_BYTES_MAX)
                .collect();
            (Some(Value::Object(ids)), true)
        }
        other => (other, false),
    }
}

/// The refusal of what cannot be kept, with its code if it is one.
pub fn too_large(failure: Failure) -> Failure {
    if failure.response().to_string().len() <= FAILURE_BYTES_MAX {
        return failure;
    }
    let message = match failure.plain_code() {
        Some(code) => format!("Fineract's answer is too large to be kept; its code is {code}."),
        None => "Fineract's answer is too large to be kept.".to_owned(),
    };
    Failure::gateway(failure.status(), "gateway.response-too-large", message)
}

#[cfg(test)]
mod tests;
