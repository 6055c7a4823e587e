//! Ending by hand what is stuck: as what Fineract shows, or, if somebody insists, as what that person says.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::{Error, Operator, Refusal, done};
use crate::clock::Timestamp;
use crate::execute::Executor;
use crate::execute::shown::Shown;
use crate::failure::Failure;
use crate::ledger::{Claim, Claimed};
use crate::note::{Deed, Hand};
use crate::row::Row;
use crate::settle::{Outcome, settlement};
use crate::tracking::State;
use crate::verdict::Verdict;

/// How long an operation that is ended by hand belongs to the operator.
const LEASE: Duration = Duration::from_secs(60);
/// How long looking at Fineract may take.
const LOOK_TIME: Duration = Duration::from_secs(60);

/// What an operation is ended as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Fineract applied it.
    Success,
    /// It did not.
    Failed,
}

impl Operator<'_> {
    /// Ends an open operation by hand: what Fineract shows must confirm it, unless it is `forced`. The row as it ended.
    pub async fn resolve(
        &self,
        executor: &Executor<'_>,
        id: Uuid,
        end: End,
        hand: &Hand,
        forced: bool,
    ) -> Result<Row, Error> {
        let seen = self.row(id).await?;
        let deed = if forced { Deed::Forced } else { Deed::Resolved };
        self.within_reach(&seen, deed).await?;
        let verdict = if forced {
            insisted(end)
        } else {
            let deadline = self.clock.now().after(LOOK_TIME);
            let shown = executor.shown(&seen, deadline).await?;
            confirmed(&seen, end, shown, self.clock.now(), executor.terms.stuck_key_after)?
        };
        let now = self.clock.now();
        // No run has taken it up since it was seen: what was read still tells.
        done(self.ledger.make_due(&seen, &hand.note(deed, now, None)).await?)?;
        let claim = Claim {
            owner: format!("operator.{}", self.mark()),
            now,
            lease: LEASE,
            queue_seq: None,
        };
        let Claimed::Won(before) = self.ledger.claim(id, &claim).await? else {
            return Err(Refusal::Changed.into());
        };
        let outcome = Outcome {
            read_back: !forced,
            ..Outcome::without_request(verdict)
        };
        let settlement = settlement(
            &before,
            outcome,
            now,
            &executor.terms.paces,
            executor.terms.retention,
            0,
        );
        done(self.ledger.settle(id, &claim.owner, &settlement).await?)?;
        // What stands behind it on the subject goes on.
        if let Some(receipt) = &seen.receipt {
            let _ = self.queue.put_off(receipt, Duration::ZERO).await;
        }
        self.row(id).await
    }
}

/// The verdict that what Fineract shows confirms.
pub fn confirmed(row: &Row, end: End, shown: Shown, now: Timestamp, quiet: Duration) -> Result<Verdict, Refusal> {
    let no = |why| Err(Refusal::NotConfirmed(why));
    match (end, shown) {
        (_, Shown::NotUnderstood) => Err(Refusal::NotUnderstood),
        (_, Shown::Unanswered(reason)) => Err(Refusal::Unanswered(reason)),
        (_, Shown::Asks) => no("the operation only asks, it leaves nothing there"),
        (End::Success, Shown::Applied(ids)) => Ok(Verdict::Applied(ids)),
        (End::Success, Shown::ByAnother) => no("another user of Fineract's did it"),
        (End::Success, Shown::NotApplied | Shown::Undone) => no("it is not there"),
        (End::Failed, Shown::Applied(_)) => no("it is there"),
        (End::Failed, _) if row.state == State::PendingApproval || row.command_id.is_some() => {
            no("a checker may still decide")
        }
        (End::Failed, _) if row.maybe_sent && now.since(last_heard_of(row)) < quiet => {
            no("a request of it may still be on its way; wait until StuckKeySeconds have passed without a try")
        }
        (End::Failed, Shown::NotApplied | Shown::ByAnother | Shown::Undone) => Ok(insisted(End::Failed)),
    }
}

/// When the last try ended, as far as is known.
fn last_heard_of(row: &Row) -> Timestamp {
    let last = row.history.last().map_or(row.accepted_at, |entry| entry.at);
    row.lease_until.map_or(last, |until| until.max(last))
}

fn insisted(end: End) -> Verdict {
    match end {
        End::Success => Verdict::Applied(Value::Object(serde_json::Map::new())),
        End::Failed => {
            let message = "An operator ended it as not applied.";
            Verdict::Refused(Failure::gateway(409, "gateway.ended-by-operator", message))
        }
    }
}
