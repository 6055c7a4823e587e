//! What an exchange says about an operation: one pure function.

use serde_json::Value;

use crate::authority::Authority;
use crate::failure::Failure;
use crate::fineract::{Answer, Exchange, code_of, first_error};
use crate::pace::{Pace, Reason, Wait};
use crate::row::{DENIED, UNKNOWN};

/// Codes that say "there is no such client, loan, transaction or charge".
const NOT_FOUND: [&str; 6] = [
    "error.msg.client.id.invalid",
    "error.msg.loan.external.id.invalid",
    "error.msg.loan.id.invalid",
    "error.msg.loan.transaction.external.id.invalid",
    "error.msg.loan.transaction.id.invalid",
    "error.msg.loanCharge.external.id.invalid",
];
/// Of these, the ones that Fineract gives before it looks at the key.
fn by_external_id(code: &str) -> bool {
    matches!(
        code,
        "error.msg.client.id.invalid"
            | "error.msg.loan.external.id.invalid"
            | "error.msg.loan.transaction.external.id.invalid"
    )
}
/// The code of a permission that the gateway's user has not got.
const NOT_AUTHORIZED: &str = "error.msg.not.authorized";
/// Codes about values that come from the gateway's configuration, not from the caller.
const CONFIGURED: [&str; 2] = ["error.msg.payment.type.invalid", "error.msg.office.id.invalid"];
/// 503 codes that pass by themselves; every other 503 of Fineract's is a business refusal.
const PASSING: [&str; 2] = [
    "error.msg.sheduler.job.currently.running",
    "error.msg.unable.to.connect.to.intermediate.server",
];
/// 403 codes behind which anything may be.
const AMBIGUOUS: [&str; 2] = ["error.msg.data.integrity.issue", "error.msg.persistence.error"];
const AMBIGUOUS_ENDING: &str = "unknown.data.integrity.issue";
/// The unique index of Fineract's command table: a text that names it speaks of our key.
const KEY_INDEX: &str = "unique_portfolio_command_source";

/// Reasons of answers that Fineract gives before it executes anything.
const BEFORE_EXECUTION: [Reason; 4] = [
    Reason::CredentialsRefused,
    Reason::ReadOnly,
    Reason::LoanLocked,
    Reason::FineractBusy,
];

/// What a mutating exchange says about its operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Fineract applied it, with this answer.
    Applied(Value),
    /// Fineract holds it for a checker, under this number.
    Pending {
        /// Fineract's number of the held command.
        command_id: Option<u64>,
    },
    /// Fineract refused it; nothing was applied.
    Refused(Failure),
    /// Not applied by this exchange; to be tried again.
    NotYet(Wait),
    /// Perhaps applied; to be asked again under the same key.
    Unknown(Wait),
    /// Refused in words that say nothing about an earlier request of this operation, which may have been applied. If they
    /// stay the same for long, what Fineract shows decides.
    Denied(Failure),
    /// The key is spent: Fineract stored an answer under it that does not tell, and will give no other. What Fineract shows
    /// decides.
    Spent {
        /// What the answer spoke of.
        reason: Reason,
        /// The answer, as a refusal.
        failure: Failure,
    },
    /// A stored success of what this row never sent: the row was restored from a backup. What Fineract shows decides.
    Restored,
    /// A success that does not name this operation: Fineract left the ids out (release 1.10.1 does so for payments under
    /// interest recalculation), or another program answered. What Fineract shows decides.
    Unnamed {
        /// Whether it is the stored answer of the key, so that asking again brings no other.
        replayed: bool,
    },
}

impl Verdict {
    /// The verdict in one word, as a row remembers it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Applied(_) => "applied",
            Self::Pending { .. } => "pending",
            Self::Refused(_) => "refused",
            Self::Denied(_) => DENIED,
            Self::Spent { .. } => "spent",
            Self::Restored => "restored",
            Self::Unnamed { .. } => "unnamed",
            Self::NotYet(_) => "not_yet",
            Self::Unknown(_) => UNKNOWN,
        }
    }
}

/// What an answer must name to be about this operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// `resourceExternalId`.
    pub resource_external_id: Option<String>,
    /// `subResourceExternalId`.
    pub sub_resource_external_id: Option<String>,
    /// `resourceId`, where the number of what is changed is known.
    pub resource_id: Option<u64>,
    /// `loanId`, where the number of the loan was looked up.
    pub loan_id: Option<u64>,
    /// Of what is only read: the member that names the loan, and what it must be.
    pub of: Option<(&'static str, String)>,
    /// Of what is only read and names no loan: the member without which it is another answer.
    pub has: Option<&'static str>,
}

impl Expected {
    fn named_by(&self, body: &Value) -> bool {
        if !body.is_object() {
            return false;
        }
        let text = |member: &str, wanted: &Option<String>| {
            wanted
                .as_deref()
                .is_none_or(|wanted| body.get(member).and_then(Value::as_str) == Some(wanted))
        };
        text("resourceExternalId", &self.resource_external_id)
            && text("subResourceExternalId", &self.sub_resource_external_id)
            && self
                .loan_id
                .is_none_or(|wanted| body.get("loanId").and_then(Value::as_u64) == Some(wanted))
            && self
                .resource_id
                .is_none_or(|wanted| body.get("resourceId").and_then(Value::as_u64) == Some(wanted))
            && self.has.is_none_or(|member| body.get(member).is_some())
            && self
                .of
                .as_ref()
                .is_none_or(|(member, wanted)| body.get(member).is_some_and(|named| named == wanted.as_str()))
    }
}

/// Judges a mutating exchange. `sent_before`: whether a request of this operation may have reached Fineract earlier.
pub fn of_command(exchange: &Exchange, expected: &Expected, sent_before: bool) -> Verdict {
    match exchange {
        Exchange::NotSent => Verdict::NotYet(Wait::new(Pace::Unreachable, Reason::FineractUnreachable)),
        Exchange::Lost(_) => Verdict::Unknown(Wait::new(Pace::Soon, Reason::AnswerLost)),
        Exchange::Answer(answer) => match (answer.status, answer.json()) {
            (200..=299, Some(body)) => of_success(answer, body, expected, sent_before),
            // Fineract looks for an external id before it looks at the key: not finding it now says nothing about what an
            // earlier request of this operation did.
            (404, Some(body)) if sent_before && !answer.from_cache && code_of(&body).is_some_and(by_external_id) => {
                Verdict::Denied(Failure::fineract(404, body))
            }
            (_, body) => of_error(answer, body),
        },
    }
}

/// Judges the exchange of an operation that only asks: whatever becomes of it, nothing was changed.
pub fn of_question(exchange: &Exchange, expected: &Expected) -> Verdict {
    match exchange {
        Exchange::Answer(answer) => match (answer.status, answer.json().filter(Value::is_object)) {
            (200..=299, Some(body)) if expected.named_by(&body) => Verdict::Applied(body),
            (200..=299, Some(_)) => Verdict::Unknown(Wait::new(Pace::Soon, Reason::ForeignAnswer)),
            (_, body) => of_error(answer, body),
        },
        Exchange::NotSent => Verdict::NotYet(Wait::new(Pace::Unreachable, Reason::FineractUnreachable)),
        Exchange::Lost(_) => Verdict::Unknown(Wait::new(Pace::Soon, Reason::AnswerLost)),
    }
}

fn of_success(answer: &Answer, body: Value, expected: &Expected, sent_before: bool) -> Verdict {
    let unnamed = Verdict::Unnamed {
        replayed: answer.from_cache,
    };
    if body.get("rollbackTransaction") == Some(&Value::Bool(true)) {
        let resource = body.get("resourceId").and_then(Value::as_u64);
        if resource.is_some_and(|resource| expected.resource_id.is_some_and(|wanted| wanted != resource)) {
            return unnamed;
        }
        return Verdict::Pending {
            command_id: body.get("commandId").and_then(Value::as_u64),
        };
    }
    if !expected.named_by(&body) {
        return unnamed;
    }
    if answer.from_cache && !sent_before {
        return Verdict::Restored;
    }
    Verdict::Applied(without_nulls(body))
}

fn of_error(answer: &Answer, body: Option<Value>) -> Verdict {
    let soon = |reason| Verdict::Unknown(Wait::new(Pace::Soon, reason));
    let failed = || body.clone().filter(|body| code_of(body).is_some());
    let doubtful = |reason| match answer.from_cache {
        false => soon(reason),
        true => Verdict::Spent {
            reason,
            failure: spent(answer.status, failed()),
        },
    };
    let minutes = |reason| Verdict::NotYet(Wait::new(Pace::Minutes, reason));
    let code = body.as_ref().and_then(code_of);
    match (answer.status, code) {
        (425, _) => soon(Reason::CommandInProgress),
        // A permission that a command asks for in its midst is refused under its key: given to the user, it changes nothing
        // about what is stored there.
        (_, Some(NOT_AUTHORIZED)) if answer.from_cache => doubtful(Reason::CredentialsRefused),
        (401, _) | (_, Some(NOT_AUTHORIZED | "error.msg.not.authenticated")) => minutes(Reason::CredentialsRefused),
        (400, None) if tenant_unknown(answer) => minutes(Reason::CredentialsRefused),
        (405, _) => minutes(Reason::ReadOnly),
        (409, Some("error.msg.loan.locked")) => minutes(Reason::LoanLocked),
        (409, Some(_)) => doubtful(Reason::Conflict),
        (500, _) => doubtful(Reason::FineractFailed),
        (403, Some(_)) if names_the_key(&answer.body) => soon(Reason::CommandInProgress),
        (403, Some(code)) if AMBIGUOUS.contains(&code) || code.ends_with(AMBIGUOUS_ENDING) => {
            doubtful(Reason::AmbiguousAnswer)
        }
        (503, Some(code)) if PASSING.contains(&code) => minutes(Reason::FineractBusy),
        // Once the configuration is mended, a spent key would still give the old answer.
        (_, Some(code)) if CONFIGURED.contains(&code) && answer.from_cache => doubtful(Reason::Misconfigured),
        (_, Some(code)) if CONFIGURED.contains(&code) => minutes(Reason::Misconfigured),
        (400 | 403 | 404 | 501 | 503, Some(_)) => {
            Verdict::Refused(Failure::fineract(answer.status, body.unwrap_or_default()))
        }
        // A proxy's page, a load balancer: not Fineract's word on the operation.
        (400..=499, _) => minutes(Reason::ForeignAnswer),
        (_, _) => soon(Reason::ForeignAnswer),
    }
}

/// What a caller is told if, after several keys, the operation was never applied.
fn spent(status: u16, body: Option<Value>) -> Failure {
    match body {
        Some(body) => Failure::fineract(status, body),
        None => Failure::gateway(
            status,
            "gateway.not-applied",
            "Fineract failed each time and did not apply it.",
        ),
    }
}

fn names_the_key(body: &[u8]) -> bool {
    body.to_ascii_lowercase()
        .windows(KEY_INDEX.len())
        .any(|window| window == KEY_INDEX.as_bytes())
}

/// Whether this exchange itself certainly left Fineract as it was: it was not sent, or Fineract gives such an answer
/// before it executes anything. It says nothing about earlier requests of the operation.
pub fn left_untouched(exchange: &Exchange) -> bool {
    match exchange {
        Exchange::NotSent => true,
        Exchange::Lost(_) => false,
        // A success, whatever else it says.
        Exchange::Answer(answer) if (200..=299).contains(&answer.status) => false,
        Exchange::Answer(answer) => {
            let Verdict::NotYet(wait) = of_error(answer, answer.json()) else {
                return false;
            };
            BEFORE_EXECUTION.contains(&wait.reason)
        }
    }
}

/// The permission that Fineract misses in the gateway's user, if the exchange was refused for one.
pub fn missing_authority(exchange: &Exchange) -> Option<Authority> {
    let Exchange::Answer(answer) = exchange else {
        return None;
    };
    let body = answer.json()?;
    if answer.status != 403 || code_of(&body) != Some(NOT_AUTHORIZED) {
        return None;
    }
    let error = first_error(&body)?;
    let texts = ["developerMessage", "defaultUserMessage"].into_iter();
    texts
        .filter_map(|member| error.get(member)?.as_str())
        .find_map(Authority::named_in)
}

/// Fineract's filter answers 400 with the container's JSON, and so before anything else, if it does not know the
/// tenant.
fn tenant_unknown(answer: &Answer) -> bool {
    let container = |body: Value| body.get("path").is_some() && body.get("timestamp").is_some();
    answer.status == 400 && answer.json().is_some_and(container)
}

/// What a lookup says.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The answer.
    Yes(Value),
    /// Fineract has no such thing.
    No(Failure),
    /// Not known now.
    NotYet(Wait),
}

/// Judges an exchange that changes nothing. Only Fineract's own "not found" is one.
pub fn of_lookup(exchange: &Exchange) -> Found {
    let answer = match exchange {
        Exchange::NotSent => return Found::NotYet(Wait::new(Pace::Unreachable, Reason::FineractUnreachable)),
        Exchange::Lost(_) => return Found::NotYet(Wait::new(Pace::Soon, Reason::LookupUnanswered)),
        Exchange::Answer(answer) => answer,
    };
    match (answer.status, answer.json()) {
        (200, Some(body)) => Found::Yes(body),
        (404, Some(body)) if code_of(&body).is_some_and(|code| NOT_FOUND.contains(&code)) => {
            Found::No(Failure::fineract(404, body))
        }
        (_, body) => match of_error(answer, body) {
            Verdict::NotYet(wait) | Verdict::Unknown(wait) => Found::NotYet(wait),
            Verdict::Spent { reason, .. } => Found::NotYet(Wait::new(Pace::Soon, reason)),
            Verdict::Applied(_)
            | Verdict::Pending { .. }
            | Verdict::Refused(_)
            | Verdict::Denied(_)
            | Verdict::Restored
            | Verdict::Unnamed { .. } => Found::NotYet(Wait::new(Pace::Minutes, Reason::Misconfigured)),
        },
    }
}

/// Stored answers may have every member that Fineract knows, most of them null.
fn without_nulls(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
    body
}

#[cfg(test)]
mod tests;
