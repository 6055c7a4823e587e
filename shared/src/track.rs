//! Telling the truth about an operation.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::callers::Caller;
use crate::chain::Chain;
use crate::clock::Clock;
use crate::ledger::{self, Ledger};
use crate::order::first_before;
use crate::problem::{Kind, Problem};
use crate::row::Row;
use crate::tracking::{State, TrackingId};

/// An operation younger than this is on its way; what it might wait behind is not asked. It is what a 202 tells callers to
/// wait before their first poll: what nothing holds up has been claimed by then, so that only those that wait cost a query.
pub const YOUNG: Duration = Duration::from_secs(2);

/// An answer about an operation.
#[derive(Debug)]
pub struct Report {
    /// The body.
    pub body: Value,
    /// How long it stays as it is.
    pub lasts: Lasts,
}

/// How long an answer stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// The operation is open.
    Open,
    /// The outcome is final; an operator may still send the operation anew, which is told beside it.
    UntilRetried,
    /// For ever.
    ForEver,
}

impl Lasts {
    /// How long a report about a row in this state lasts.
    pub const fn of(state: State) -> Self {
        match state {
            State::Accepted | State::Running | State::Waiting | State::PendingApproval => Self::Open,
            State::Failed | State::Cancelled => Self::UntilRetried,
            State::Succeeded => Self::ForEver,
        }
    }
}

/// Other operations that are told beside one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// What goes before it.
    pub behind: Option<&'a Row>,
    /// As what an operator sent it anew.
    pub retry: Option<&'a Row>,
}

/// Answers the caller about its operation.
pub async fn track(ledger: &dyn Ledger, clock: &dyn Clock, caller: &Caller, id: &str) -> Result<Report, Problem> {
    let mut row = own(ledger, clock, caller, id).await?;
    let mut behind = None;
    if row.state == State::Accepted && clock.now().since(row.accepted_at) > YOUNG {
        behind = first_before(ledger, &row).await.map_err(unavailable)?;
    }
    let retry = retry_of(ledger, clock, caller, &row).await;
    let beside = Beside {
        behind: behind.as_ref(),
        retry: retry.as_ref(),
    };
    // It may be large: it is moved, not copied.
    let response = row.response.take().filter(|_| row.state == State::Succeeded);
    let mut body = body(&row, beside);
    if response.is_some() {
        body["success_response"] = response.into();
    }
    Ok(Report {
        body,
        lasts: Lasts::of(row.state),
    })
}

/// The operation as which this one was sent anew. The note of a retry is written before its row, so the row is looked for.
async fn retry_of(ledger: &dyn Ledger, clock: &dyn Clock, caller: &Caller, row: &Row) -> Option<Row> {
    let id = row.retried_as()?;
    let now = clock.now();
    // The result is known without it.
    let retry = ledger.get(id).await.unwrap_or_else(|error| {
        tracing::warn!(operation_id = %row.id, error = %Chain(&error), "what an operation was retried as could not be read");
        None
    });
    retry.filter(|retry| retry.caller == caller.id && !retry.expired(now))
}

/// The caller's own operation with this tracking id.
pub(crate) async fn own(ledger: &dyn Ledger, clock: &dyn Clock, caller: &Caller, id: &str) -> Result<Row, Problem> {
    let absent = || Problem::new(Kind::NotFound, "This caller has no operation with this tracking id.");
    let id: TrackingId = id.parse().map_err(|_| absent())?;
    let now = clock.now();
    let own = |row: &Row| row.caller == caller.id && row.operation == id.operation && !row.expired(now);
    ledger
        .get(id.id)
        .await
        .map_err(unavailable)?
        .filter(own)
        .ok_or_else(absent)
}

pub(crate) fn unavailable(cause: ledger::Error) -> Problem {
    Problem::new(Kind::Unavailable, "The result cannot be read now. Ask again later.").because(cause)
}

/// The body about a row, and about what has to do with it.
pub fn body(row: &Row, beside: Beside<'_>) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("tracking_id", row.tracking_id().to_string().into());
    if !row.state.is_open() {
        put("operation_type", row.operation.as_str().into());
    }
    put("status", row.state.status().into());
    if row.state.is_open() {
        put_waiting(&mut put, row, beside.behind);
    } else {
        put(
            "success_response",
            row.response.clone().filter(|_| row.state == State::Succeeded).into(),
        );
        let failure = row.failure.as_ref();
        put("failure_response", failure.map(|failure| failure.response()).into());
        put("error_message", failure.map(|failure| failure.message()).into());
        put("processed_at", row.processed_at.map(|at| at.without_zone()).into());
        put("ended_at", row.processed_at.map(|at| at.to_string()).into());
        if let Some(failure) = failure {
            put("error", failure.error());
        }
        if row.read_back {
            put("confirmed", "read_back".into());
        }
        if row.truncated {
            put("truncated", true.into());
        }
        if let Some(retry) = beside.retry {
            put("retried_as", retry.tracking_id().to_string().into());
        }
    }
    put("state", row.state.as_str().into());
    put("accepted_at", row.accepted_at.to_string().into());
    put("attempts", row.attempts.into());
    Value::Object(body)
}

fn put_waiting(put: &mut impl FnMut(&str, Value) -> Option<Value>, row: &Row, behind: Option<&Row>) {
    if let Some(first) = behind {
        put("reason", "behind_another_operation".into());
        if first.caller == row.caller {
            put("waiting_for", first.tracking_id().to_string().into());
        }
        return;
    }
    match row.state {
        State::Waiting | State::PendingApproval => {
            if let Some(reason) = row.reason {
                put("reason", reason.as_str().into());
            }
            if let Some(next) = row.next_attempt_at {
                put("next_attempt_at", next.to_string().into());
            }
        }
        State::Accepted | State::Running | State::Succeeded | State::Failed | State::Cancelled => {}
    }
}

#[cfg(test)]
mod tests;
