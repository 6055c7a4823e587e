//! Telling a caller what it asked for on one client or loan.

use serde_json::{Value, json};

use crate::callers::Caller;
use crate::clock::{Clock, Timestamp};
use crate::digest::{from_hex, hex};
use crate::fields::Fault;
use crate::ledger::{Ledger, Past};
use crate::problem::Problem;
use crate::row::Row;
use crate::subject::Subject;
use crate::track::{Beside, Lasts, Report, body, unavailable};
use crate::values::{ExternalId, FaultCode, FromJson, Rules, Wrong};

/// Most operations on a page.
pub const PAGE_MAX: usize = 20;
/// What a report has and a line of the history has not: these may be large.
const LEFT_OUT: [&str; 2] = ["success_response", "failure_response"];

/// What a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The client or loan.
    pub subject: Subject,
    /// Only operations that were accepted before this time.
    pub before: Option<Timestamp>,
}

impl Asked {
    /// Reads the parameters of the query, or names every fault.
    pub fn parse<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let id = external_id(parameter("externalId")).map_err(|wrong| faults.push(fault("/externalId", wrong)));
        let subject = subject_of(parameter("kind")).map_err(|wrong| faults.push(fault("/kind", wrong)));
        let before = parameter("cursor").map(read_cursor).transpose();
        let before = before.map_err(|wrong| faults.push(fault("/cursor", wrong)));
        match (id, subject, before) {
            (Ok(id), Ok(subject), Ok(before)) => Ok(Self {
                subject: subject(&id),
                before,
            }),
            _ => Err(Problem::faults(faults)),
        }
    }
}

/// The caller's own operations on a client or loan, newest first, a page at a time.
///
/// The index may be a moment behind, and a page may have fewer lines than it has room for: other callers' operations on
/// the same client or loan are not told.
pub async fn history(
    ledger: &dyn Ledger,
    clock: &dyn Clock,
    caller: &Caller,
    asked: &Asked,
) -> Result<Report, Problem> {
    let found = ledger.history_before(&asked.subject, asked.before, PAGE_MAX + 1).await;
    let found = found.map_err(unavailable)?;
    let (page, next) = page_of(&found);
    let ids: Vec<_> = page.iter().map(|past| past.id).collect();
    let mut rows = ledger.get_all(&ids).await.map_err(unavailable)?;
    let now = clock.now();
    rows.retain(|row| row.caller == caller.id && !row.expired(now));
    rows.sort_by_key(|row| std::cmp::Reverse((row.accepted_at, row.id)));
    let mut body = json!({"operations": rows.iter().map(line).collect::<Vec<_>>()});
    if let Some(next) = next {
        body["next"] = cursor(next).into();
    }
    Ok(Report {
        body,
        lasts: Lasts::Open,
    })
}

/// What is shown of one more entry than a page has room for, and where the next page begins. Operations of the same
/// microsecond stay on one page, for a cursor is a time.
fn page_of(found: &[Past]) -> (&[Past], Option<Timestamp>) {
    let Some(first_left_out) = found.get(PAGE_MAX) else {
        return (found, None);
    };
    let page = found.get(..PAGE_MAX).unwrap_or(found);
    let whole = page
        .iter()
        .rposition(|past| past.accepted_at > first_left_out.accepted_at)
        .map_or(page, |last| &page[..=last]);
    (whole, whole.last().map(|past| past.accepted_at))
}

/// A report without the answers of Fineract's: track has them.
fn line(row: &Row) -> Value {
    let mut line = body(row, Beside::default());
    line["operation_type"] = row.operation.as_str().into();
    if let Some(members) = line.as_object_mut() {
        members.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
    }
    line
}

fn external_id(given: Option<&str>) -> Result<ExternalId, Wrong> {
    let given = given.ok_or_else(|| Wrong::new(FaultCode::Required, "is required: the client's or loan's own id"))?;
    ExternalId::from_json(&given.into(), &Rules { lenders: Vec::new() })
}

fn subject_of(given: Option<&str>) -> Result<fn(&ExternalId) -> Subject, Wrong> {
    match given {
        Some("client") => Ok(Subject::client),
        Some("loan") => Ok(Subject::loan),
        Some(_) => Err(Wrong::new(FaultCode::UnknownValue, "must be client or loan")),
        None => Err(Wrong::new(FaultCode::Required, "is required: client or loan")),
    }
}

fn cursor(time: Timestamp) -> String {
    hex(&time.micros().to_be_bytes())
}

fn read_cursor(text: &str) -> Result<Timestamp, Wrong> {
    let bytes = from_hex(text).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok());
    let time = bytes.map(|bytes| Timestamp::from_micros(i64::from_be_bytes(bytes)));
    // A time that has no text has no place in the index either.
    time.filter(|time| cursor(*time) == text && time.to_string().parse().is_ok_and(|read: Timestamp| read == *time))
        .ok_or_else(|| Wrong::new(FaultCode::UnknownValue, "must be a member next of an earlier answer"))
}

fn fault(pointer: &str, wrong: Wrong) -> Fault {
    Fault {
        pointer: pointer.to_owned(),
        code: wrong.code,
        detail: wrong.detail,
    }
}

#[cfg(test)]
mod tests;
