//! Reading back what has ended: after a restore of Fineract, what does it no longer hold?

use std::time::Duration;

use super::Operator;
use crate::clock::Timestamp;
use crate::execute::Executor;
use crate::execute::shown::Shown;
use crate::ledger;
use crate::row::Row;
use crate::tracking::{State, TrackingId};

/// How long looking at one operation may take.
const LOOK_TIME: Duration = Duration::from_secs(60);

/// What was found so far.
#[derive(Debug, Default)]
pub struct Verified {
    /// Rows of the table that were gone through.
    pub rows: u32,
    /// Operations that were read back.
    pub looked_at: u32,
    /// Such as Fineract does not hold, and such as it did not tell about.
    pub findings: Vec<Finding>,
    /// Items of the table that could not be read.
    pub unreadable: u32,
}

/// A success that Fineract does not show.
#[derive(Debug)]
pub struct Finding {
    /// The operation.
    pub row: Row,
    /// What Fineract shows.
    pub shown: Shown,
    /// A later success on the same client or loan, which may be why.
    pub later: Option<TrackingId>,
}

impl Operator<'_> {
    /// Reads back every success that ended at `since` or later. `progress` is told after each.
    pub async fn verify(
        &self,
        executor: &Executor<'_>,
        since: Timestamp,
        progress: &(dyn Fn(&Verified) + Sync),
    ) -> Result<Verified, ledger::Error> {
        let mut verified = Verified::default();
        let mut after = None;
        loop {
            let part = self.ledger.part(after).await?;
            verified.unreadable = verified.unreadable.saturating_add(part.unreadable);
            for row in part.rows {
                verified.rows = verified.rows.saturating_add(1);
                let ended = row.processed_at.filter(|at| *at >= since);
                if row.state == State::Succeeded && ended.is_some() {
                    let deadline = self.clock.now().after(LOOK_TIME);
                    let shown = executor.held_by_fineract(&row, deadline).await;
                    self.judge(row, shown, &mut verified).await?;
                }
                progress(&verified);
            }
            after = part.next;
            if after.is_none() {
                return Ok(verified);
            }
        }
    }

    async fn judge(&self, row: Row, shown: Shown, verified: &mut Verified) -> Result<(), ledger::Error> {
        match shown {
            Shown::Asks => return Ok(()),
            Shown::Applied(_) => verified.looked_at = verified.looked_at.saturating_add(1),
            Shown::NotApplied | Shown::ByAnother | Shown::Undone | Shown::Unanswered(_) | Shown::NotUnderstood => {
                verified.looked_at = verified.looked_at.saturating_add(1);
                let others = self.ledger.history(&row.subject).await?;
                let mut others = self.ledger.get_all(&others).await?;
                others.retain(|other| other.state == State::Succeeded && other.processed_at > row.processed_at);
                let later = others
                    .iter()
                    .min_by_key(|other| other.processed_at)
                    .map(Row::tracking_id);
                verified.findings.push(Finding { row, shown, later });
            }
        }
        Ok(())
    }
}
