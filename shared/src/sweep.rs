//! The sweep: sends again what is overdue. The queue is the fast path, the row is the truth; losing every message
//! loses no operation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use uuid::Uuid;

use crate::chain::Chain;
use crate::clock::{Clock, Timestamp};
use crate::ledger::{self, Ledger, Written};
use crate::order::first;
use crate::queue::{self, Queue};
use crate::row::{Open, Row};
use crate::subject::{SHARDS, Subject, shard_name};

/// Most messages that one sweep sends, unless the deployment says otherwise.
pub const SENDS_MAX: u32 = 1_000;
/// What must be left of a run for one more shard.
pub const SHARD_TIME: Duration = Duration::from_secs(5);

/// What sweeping needs.
pub struct Sweeper<'a> {
    /// The table of operations.
    pub ledger: &'a dyn Ledger,
    /// The queue.
    pub queue: &'a dyn Queue,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// How long after `next_attempt_at` an operation is overdue.
    pub overdue: Duration,
    /// How long the sweep leaves an operation alone that it sent again.
    pub resend: Duration,
    /// Most messages that one sweep sends.
    pub sends_max: u32,
}

/// What a sweep found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Open operations.
    pub open: u32,
    /// Overdue ones that go first on their subject.
    pub overdue: u32,
    /// Messages that were sent again.
    pub sent: u32,
    /// Rows that could not be read, and messages that could not be sent.
    pub failed: u32,
    /// Whether every open operation was looked at.
    pub complete: bool,
}

impl Sweeper<'_> {
    /// Goes through the index of open operations until `deadline`, beginning at shard `from`, so that sweeps which do not
    /// get through begin elsewhere each time. What cannot be read harms only its own subject.
    pub async fn sweep(&self, deadline: Timestamp, from: u8) -> Swept {
        let mut swept = Swept {
            complete: true,
            ..Swept::default()
        };
        for shard in (from..SHARDS).chain(0..from) {
            if swept.sent >= self.sends_max || deadline.since(self.clock.now()) < SHARD_TIME {
                swept.complete = false;
                break;
            }
            if let Err(error) = self.sweep_shard(&shard_name(shard), &mut swept).await {
                tracing::error!(shard, error = %Chain(&error), "a part of the index could not be swept");
                swept.complete = false;
            }
        }
        swept
    }

    async fn sweep_shard(&self, shard: &str, swept: &mut Swept) -> Result<(), ledger::Error> {
        let mut after = None;
        // Entries of a subject stand together: on two pages, the first of the second is not the subject's first.
        let mut begun = None;
        loop {
            let mut page = self.ledger.open_in(shard, after).await?;
            swept.open = swept
                .open
                .saturating_add(u32::try_from(page.entries.len()).unwrap_or(u32::MAX));
            let last = page.entries.last().map(|entry| entry.subject.clone());
            page.entries.retain(|entry| Some(&entry.subject) != begun.as_ref());
            begun = last.or(begun);
            self.send_overdue(page.entries, swept).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// The rows behind entries of the index. If one cannot be read, which goes first on its subject is not known: that
    /// subject is left out, with an alarm.
    async fn rows(&self, entries: &[Open], swept: &mut Swept) -> Vec<Row> {
        let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
        match self.ledger.get_all(&ids).await {
            Ok(rows) => return rows,
            Err(error) => tracing::warn!(error = %Chain(&error), "the rows of a page are read one by one"),
        }
        let mut rows = Vec::new();
        let mut unknown = BTreeSet::new();
        for Open { id, subject, .. } in entries {
            match self.ledger.get(*id).await {
                Ok(row) => rows.extend(row),
                Err(error) => {
                    tracing::error!(alarm = "unreadable_row", operation_id = %id, error = %Chain(&error), "a row cannot be read");
                    unknown.insert(subject);
                    swept.failed += 1;
                    swept.complete = false;
                }
            }
        }
        rows.retain(|row| !unknown.contains(&row.subject));
        rows
    }

    /// Of each subject of a page, what goes first is sent again if it is overdue. What stands behind it is not: the
    /// message of the first wakes the subject.
    async fn send_overdue(&self, entries: Vec<Open>, swept: &mut Swept) -> Result<(), ledger::Error> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut by_subject: BTreeMap<Subject, Vec<Row>> = BTreeMap::new();
        for row in self.rows(&entries, swept).await {
            by_subject.entry(row.subject.clone()).or_default().push(row);
        }
        for rows in by_subject.values() {
            if swept.sent >= self.sends_max {
                swept.complete = false;
                break;
            }
            let now = self.clock.now();
            if let Some(row) = first(rows).filter(|row| self.is_overdue(row, now)) {
                swept.overdue += 1;
                self.send_again(row, now, swept).await?;
            }
        }
        Ok(())
    }

    fn is_overdue(&self, row: &Row, now: Timestamp) -> bool {
        row.next_attempt_at.is_none_or(|next| next.after(self.overdue) <= now)
            && row.resend_after.is_none_or(|after| after <= now)
    }

    async fn send_again(&self, row: &Row, now: Timestamp, swept: &mut Swept) -> Result<(), ledger::Error> {
        match self.ledger.note_resend(row, now.after(self.resend)).await? {
            Written::NotOwner => return Ok(()),
            Written::Done => {}
        }
        let resent = Row {
            sends: row.sends.saturating_add(1),
            ..row.clone()
        };
        match queue::send(self.queue, &resent).await {
            Ok(()) => {
                tracing::warn!(operation_id = %row.id, sends = resent.sends, "an overdue operation was sent again");
                swept.sent += 1;
            }
            Err(error) => {
                tracing::error!(operation_id = %row.id, error = %Chain(&error), "an overdue operation was not sent");
                swept.failed += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
