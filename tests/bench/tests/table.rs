//! The table of operations with an index of what is open on a subject, and a count of its calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use gateway::clock::Timestamp;
use gateway::ledger::memory::MemoryLedger;
use gateway::ledger::{
    Cancellation, Cancelled, Claim, Claimed, Error, Inserted, Ledger, Page, Past, Settlement, TakenBack, Written,
};
use gateway::row::{Open, Row};
use gateway::subject::Subject;
use tokio::time::sleep;
use uuid::Uuid;

/// How often each call of a port was made, by its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<BTreeMap<&'static str, u32>>>);

impl Tally {
    pub(crate) fn count(&self, call: &'static str) {
        *self.0.lock().unwrap().entry(call).or_default() += 1;
    }

    /// What was counted since the last time.
    pub(crate) fn take(&self) -> BTreeMap<&'static str, u32> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// The twin of the table, in which a subject is found without looking at the others, as DynamoDB's index finds it.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) inner: MemoryLedger,
    pub(crate) tally: Tally,
    /// How long a call takes.
    latency: Duration,
    /// Entries of the index that calls have read.
    pub(crate) entries_read: Mutex<usize>,
    /// Each write: the row before it, if there was one, and after it.
    pub(crate) written: Mutex<Vec<(Option<Row>, Row)>>,
    /// What is open, by the message groups of subjects.
    open: Mutex<BTreeMap<String, BTreeSet<Uuid>>>,
}

impl Table {
    /// A table whose calls take so long.
    pub(crate) fn slow(latency: Duration) -> Self {
        Self {
            latency,
            ..Self::default()
        }
    }

    /// Puts an open row there.
    pub(crate) fn put_open(&self, row: Row) {
        self.index(&row);
        self.inner.put(row);
    }

    /// The index does not show the row yet.
    pub(crate) fn hide(&self, row: &Row) {
        self.open.lock().unwrap().remove(&row.subject.group());
    }

    fn index(&self, row: &Row) {
        let mut open = self.open.lock().unwrap();
        open.entry(row.subject.group()).or_default().insert(row.id);
    }

    fn ended(&self, id: Uuid) {
        if let Some(row) = self.inner.row(id).filter(|row| !row.state.is_open()) {
            let mut open = self.open.lock().unwrap();
            if let Some(ids) = open.get_mut(&row.subject.group()) {
                ids.remove(&id);
            }
        }
    }

    /// Remembers a write.
    fn wrote(&self, id: Uuid, before: Option<Row>) {
        let after = self.inner.row(id).unwrap();
        self.written.lock().unwrap().push((before, after));
    }

    async fn call(&self, name: &'static str) {
        self.tally.count(name);
        if !self.latency.is_zero() {
            sleep(self.latency).await;
        }
    }
}

#[async_trait]
impl Ledger for Table {
    async fn insert(&self, row: &Row, now: Timestamp) -> Result<Inserted, Error> {
        self.call("insert").await;
        let before = self.inner.row(row.id);
        let inserted = self.inner.insert(row, now).await?;
        self.index(row);
        self.wrote(row.id, before);
        Ok(inserted)
    }

    async fn get(&self, id: Uuid) -> Result<Option<Row>, Error> {
        self.call("get").await;
        self.inner.get(id).await
    }

    async fn get_all(&self, ids: &[Uuid]) -> Result<Vec<Row>, Error> {
        self.call("get_all").await;
        self.inner.get_all(ids).await
    }

    async fn open_in_group(&self, group: &str) -> Result<Vec<Open>, Error> {
        self.call("query").await;
        let ids = self.open.lock().unwrap().get(group).cloned().unwrap_or_default();
        *self.entries_read.lock().unwrap() += ids.len();
        let entry = |id| {
            let row = self.inner.row(id)?;
            Some(Open {
                id,
                subject: row.subject,
                accepted_at: row.accepted_at,
            })
        };
        Ok(ids.into_iter().filter_map(entry).collect())
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Uuid>, Error> {
        self.call("query history").await;
        self.inner.history(subject).await
    }

    async fn history_before(
        &self,
        subject: &Subject,
        before: Option<Timestamp>,
        most: usize,
    ) -> Result<Vec<Past>, Error> {
        self.call("query history").await;
        self.inner.history_before(subject, before, most).await
    }

    async fn open_in(&self, shard: &str, after: Option<String>) -> Result<Page, Error> {
        self.call("query shard").await;
        self.inner.open_in(shard, after).await
    }

    async fn claim(&self, id: Uuid, claim: &Claim) -> Result<Claimed, Error> {
        self.call("claim").await;
        let before = self.inner.row(id);
        let claimed = self.inner.claim(id, claim).await?;
        self.wrote(id, before);
        Ok(claimed)
    }

    async fn note_sequence(&self, id: Uuid, sequence: &str) -> Result<(), Error> {
        self.call("note_sequence").await;
        let before = self.inner.row(id);
        self.inner.note_sequence(id, sequence).await?;
        self.wrote(id, before);
        Ok(())
    }

    async fn note_target(&self, id: Uuid, owner: &str, target: u64) -> Result<Written, Error> {
        self.call("note_target").await;
        let before = self.inner.row(id);
        let written = self.inner.note_target(id, owner, target).await?;
        self.wrote(id, before);
        Ok(written)
    }

    async fn settle(&self, id: Uuid, owner: &str, settlement: &Settlement) -> Result<Written, Error> {
        self.call("settle").await;
        let before = self.inner.row(id);
        let written = self.inner.settle(id, owner, settlement).await?;
        self.wrote(id, before);
        self.ended(id);
        Ok(written)
    }

    async fn take_back(&self, cancelled: &Row) -> Result<TakenBack, Error> {
        self.call("take_back").await;
        let taken = self.inner.take_back(cancelled).await?;
        self.ended(cancelled.id);
        Ok(taken)
    }

    async fn cancel(&self, id: Uuid, cancellation: &Cancellation) -> Result<Cancelled, Error> {
        self.call("cancel").await;
        let done = self.inner.cancel(id, cancellation).await?;
        self.ended(id);
        Ok(done)
    }

    async fn note_resend(&self, seen: &Row, resend_after: Timestamp) -> Result<Written, Error> {
        self.call("note_resend").await;
        self.inner.note_resend(seen, resend_after).await
    }
}
