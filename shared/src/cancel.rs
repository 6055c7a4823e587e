//! Taking back an operation of which nothing was sent.

use std::time::Duration;

use crate::callers::Caller;
use crate::chain::Chain;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::ledger::{Cancellation, Cancelled, Ledger};
use crate::problem::{Kind, Problem};
use crate::queue::Queue;
use crate::row::Row;
use crate::track::{Beside, Lasts, Report, body, own};
use crate::tracking::State;

/// What cancelling needs.
pub struct Canceller<'a> {
    /// The table of operations.
    pub ledger: &'a dyn Ledger,
    /// The queue.
    pub queue: &'a dyn Queue,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// How long results are kept.
    pub retention: Duration,
}

impl Canceller<'_> {
    /// Cancels the caller's operation, if nothing of it was sent to Fineract; the report is the final one then.
    pub async fn cancel(&self, caller: &Caller, id: &str) -> Result<Report, Problem> {
        let row = own(self.ledger, self.clock, caller, id).await?;
        if row.state == State::Cancelled {
            return Ok(Report {
                body: body(&row, Beside::default()),
                lasts: Lasts::of(State::Cancelled),
            });
        }
        let now = self.clock.now();
        let cancellation = Cancellation {
            failure: Failure::gateway(409, "gateway.cancelled", "It was cancelled before anything was sent."),
            processed_at: now,
            expires_at: now.after(self.retention).seconds(),
        };
        let unavailable = |cause| {
            Problem::new(
                Kind::Unavailable,
                "It is not known whether it was cancelled. Cancel again.",
            )
            .because(cause)
        };
        match self.ledger.cancel(row.id, &cancellation).await.map_err(unavailable)? {
            Cancelled::Done(before) => {
                self.wake(&before).await;
                let cancelled = Row {
                    state: State::Cancelled,
                    failure: Some(cancellation.failure),
                    processed_at: Some(now),
                    ..*before
                };
                Ok(Report {
                    body: body(&cancelled, Beside::default()),
                    lasts: Lasts::of(State::Cancelled),
                })
            }
            Cancelled::TooLate(row) => Err(too_late(&row)),
            Cancelled::Missing => Err(Problem::new(Kind::NotFound, "There is no such operation.")),
        }
    }

    /// The message in flight comes back at once, so that what stands behind it on the subject goes on.
    async fn wake(&self, before: &Row) {
        let Some(receipt) = &before.receipt else { return };
        if let Err(error) = self.queue.put_off(receipt, Duration::ZERO).await {
            tracing::warn!(operation_id = %before.id, error = %Chain(&error), "the message comes back later by itself");
        }
    }
}

fn too_late(row: &Row) -> Problem {
    let why = match row.state {
        State::Running => "It is being executed.",
        State::PendingApproval => "Fineract holds it for a checker.",
        State::Accepted | State::Waiting => "A request of it may have reached Fineract.",
        State::Succeeded | State::Failed | State::Cancelled => "It has ended.",
    };
    Problem::new(Kind::TooLateToCancel, format!("{why} Ask track for the result."))
}

#[cfg(test)]
mod tests;
