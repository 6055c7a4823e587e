//! The table of operations in memory: the twin that tests run on.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use uuid::Uuid;

use super::repairs::{Part, Repairs};
use super::{
    Cancellation, Cancelled, Claim, Claimed, Error, Inserted, Ledger, Page, Past, Settlement, TakenBack, Written,
    claimable,
};
use crate::clock::Timestamp;
use crate::note::Note;
use crate::row::{Open, Row};
use crate::subject::Subject;
use crate::tracking::State;

/// Called before and after each write or read, by its name; an error stands for a lost call or a lost answer.
pub type Hook = Box<dyn Fn(&'static str, When) -> Result<(), Error> + Send + Sync>;

/// On which side of the effect a hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing was done yet.
    Before,
    /// It was done, and its answer is about to be given.
    After,
}

/// Operations in memory.
pub struct MemoryLedger {
    rows: Mutex<BTreeMap<Uuid, Row>>,
    hook: Option<Hook>,
    /// How many entries a page of the index has.
    page: usize,
}

impl Default for MemoryLedger {
    fn default() -> Self {
        Self {
            rows: Mutex::default(),
            hook: None,
            page: usize::MAX,
        }
    }
}

impl MemoryLedger {
    /// A ledger whose calls go through a hook.
    pub fn with_hook(hook: Hook) -> Self {
        Self {
            hook: Some(hook),
            ..Self::default()
        }
    }

    /// The same, with so many entries on a page of the index.
    pub fn in_pages_of(self, page: usize) -> Self {
        Self { page, ..self }
    }

    /// Every row, as it is now.
    pub fn rows(&self) -> Vec<Row> {
        self.lock().values().cloned().collect()
    }

    /// A row, as it is now, past the hook.
    pub fn row(&self, id: Uuid) -> Option<Row> {
        self.lock().get(&id).cloned()
    }

    /// Puts a row there, whatever stands in its place.
    pub fn put(&self, row: Row) {
        self.lock().insert(row.id, row);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call<T>(&self, name: &'static str, effect: impl FnOnce(&mut BTreeMap<Uuid, Row>) -> T) -> Result<T, Error> {
        let hook = |when| self.hook.as_ref().map_or(Ok(()), |hook| hook(name, when));
        hook(When::Before)?;
        let result = effect(&mut self.lock());
        hook(When::After)?;
        Ok(result)
    }
}

fn entry(row: &Row) -> Open {
    Open {
        id: row.id,
        subject: row.subject.clone(),
        accepted_at: row.accepted_at,
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn insert(&self, row: &Row, now: Timestamp) -> Result<Inserted, Error> {
        self.call("insert", |rows| {
            match rows.get(&row.id).filter(|earlier| !earlier.expired(now)) {
                Some(earlier) if earlier.nonce == row.nonce => Inserted::New,
                Some(earlier) => Inserted::Exists(Box::new(earlier.clone())),
                None => {
                    rows.insert(row.id, row.clone());
                    Inserted::New
                }
            }
        })
    }

    async fn get(&self, id: Uuid) -> Result<Option<Row>, Error> {
        self.call("get", |rows| rows.get(&id).cloned())
    }

    async fn get_all(&self, ids: &[Uuid]) -> Result<Vec<Row>, Error> {
        self.call("get_all", |rows| {
            ids.iter().filter_map(|id| rows.get(id).cloned()).collect()
        })
    }

    async fn open_in_group(&self, group: &str) -> Result<Vec<Open>, Error> {
        self.call("open_in_group", |rows| {
            rows.values()
                .filter(|row| row.state.is_open() && row.subject.group() == group)
                .map(entry)
                .collect()
        })
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Uuid>, Error> {
        self.call("history", |rows| {
            rows.values()
                .filter(|row| row.subject == *subject)
                .map(|row| row.id)
                .collect()
        })
    }

    async fn history_before(
        &self,
        subject: &Subject,
        before: Option<Timestamp>,
        most: usize,
    ) -> Result<Vec<Past>, Error> {
        self.call("history_before", |rows| {
            let rows = rows.values().filter(|row| row.subject == *subject);
            let rows = rows.filter(|row| before.is_none_or(|before| row.accepted_at < before));
            let mut entries: Vec<Past> = rows
                .map(|row| Past {
                    accepted_at: row.accepted_at,
                    id: row.id,
                })
                .collect();
            entries.sort_by_key(|entry| Reverse(*entry));
            entries.truncate(most);
            entries
        })
    }

    async fn open_in(&self, shard: &str, after: Option<String>) -> Result<Page, Error> {
        self.call("open_in", |rows| {
            let mut open: Vec<&Row> = rows
                .values()
                .filter(|row| row.state.is_open() && row.subject.shard() == shard)
                .collect();
            open.sort_by_key(|row| row.open_key());
            let begin = after.map_or(0, |after| open.partition_point(|row| row.open_key() <= after));
            let (_, rest) = open.split_at(begin);
            let page = rest.get(..self.page).unwrap_or(rest);
            Page {
                entries: page.iter().map(|row| entry(row)).collect(),
                next: page
                    .last()
                    .filter(|_| page.len() < rest.len())
                    .map(|row| row.open_key()),
            }
        })
    }

    async fn claim(&self, id: Uuid, claim: &Claim) -> Result<Claimed, Error> {
        self.call("claim", |rows| {
            let Some(row) = rows.get_mut(&id) else {
                return Claimed::Missing;
            };
            if !row.state.is_open() {
                return Claimed::Ended(Box::new(row.clone()));
            }
            if row.is_of_a_later_release() {
                return Claimed::Later;
            }
            if !claimable(row, claim.now) {
                return Claimed::NotNow(Box::new(row.clone()));
            }
            let before = row.clone();
            let until = claim.now.after(claim.lease);
            row.state = State::Running;
            row.owner = Some(claim.owner.clone());
            row.attempts = row.attempts.saturating_add(1);
            row.maybe_sent = true;
            row.lease_until = Some(until);
            row.next_attempt_at = Some(until);
            row.key_first_sent_at = row.key_first_sent_at.or(Some(claim.now));
            row.queue_seq = row.queue_seq.take().or_else(|| claim.queue_seq.clone());
            Claimed::Won(Box::new(before))
        })
    }

    async fn note_sequence(&self, id: Uuid, sequence: &str) -> Result<(), Error> {
        self.call("note_sequence", |rows| {
            if let Some(row) = rows.get_mut(&id).filter(|row| row.state.is_open()) {
                row.queue_seq.get_or_insert_with(|| sequence.to_owned());
            }
        })
    }

    async fn note_target(&self, id: Uuid, owner: &str, target: u64) -> Result<Written, Error> {
        self.call("note_target", |rows| match rows.get_mut(&id) {
            Some(row) if row.state == State::Running && row.owner.as_deref() == Some(owner) => {
                row.target = Some(target);
                Written::Done
            }
            _ => Written::NotOwner,
        })
    }

    async fn settle(&self, id: Uuid, owner: &str, settlement: &Settlement) -> Result<Written, Error> {
        let Settlement {
            state,
            next_attempt_at,
            receipt,
            reason,
            pace,
            waits,
            maybe_sent,
            command_id,
            key_epoch,
            keys_spent,
            turn,
            key_first_sent_at,
            stuck_since,
            response,
            read_back,
            truncated,
            failure,
            processed_at,
            expires_at,
            history,
        } = settlement.clone();
        self.call("settle", |rows| match rows.get_mut(&id) {
            Some(row) if row.owner.as_deref() == Some(owner) && row.state != State::Running => Written::Done,
            Some(row) if row.owner.as_deref() == Some(owner) => {
                let before = row.clone();
                *row = Row {
                    state,
                    lease_until: None,
                    receipt,
                    next_attempt_at,
                    reason,
                    pace,
                    waits,
                    maybe_sent,
                    command_id,
                    key_epoch,
                    keys_spent,
                    turn,
                    key_first_sent_at,
                    stuck_since,
                    response,
                    read_back,
                    truncated,
                    failure,
                    processed_at,
                    expires_at,
                    history,
                    ..before
                };
                Written::Done
            }
            _ => Written::NotOwner,
        })
    }

    async fn take_back(&self, cancelled: &Row) -> Result<TakenBack, Error> {
        self.call("take_back", |rows| match rows.get(&cancelled.id) {
            Some(row) if row.nonce != cancelled.nonce => TakenBack::OnItsWay,
            Some(row) if row.state == State::Cancelled => TakenBack::Done,
            Some(row) if row.state != State::Accepted => TakenBack::OnItsWay,
            _ => {
                rows.insert(cancelled.id, cancelled.clone());
                TakenBack::Done
            }
        })
    }

    async fn cancel(&self, id: Uuid, cancellation: &Cancellation) -> Result<Cancelled, Error> {
        let Cancellation {
            failure,
            processed_at,
            expires_at,
        } = cancellation.clone();
        self.call("cancel", |rows| {
            let Some(row) = rows.get_mut(&id) else {
                return Cancelled::Missing;
            };
            if !matches!(row.state, State::Accepted | State::Waiting) || row.maybe_sent {
                return Cancelled::TooLate(Box::new(row.clone()));
            }
            let before = row.clone();
            *row = Row {
                state: State::Cancelled,
                failure: Some(failure),
                processed_at: Some(processed_at),
                expires_at: Some(expires_at),
                next_attempt_at: None,
                reason: None,
                receipt: None,
                ..before.clone()
            };
            Cancelled::Done(Box::new(before))
        })
    }

    async fn note_resend(&self, seen: &Row, resend_after: Timestamp) -> Result<Written, Error> {
        self.call("note_resend", |rows| match rows.get_mut(&seen.id) {
            Some(row) if row.state == seen.state && row.sends == seen.sends && row.attempts == seen.attempts => {
                row.sends = row.sends.saturating_add(1);
                row.resend_after = Some(resend_after);
                Written::Done
            }
            _ => Written::NotOwner,
        })
    }
}

#[async_trait]
impl Repairs for MemoryLedger {
    async fn part(&self, after: Option<Uuid>) -> Result<Part, Error> {
        self.call("part", |rows| {
            let mut rest = rows.values().filter(|row| after.is_none_or(|after| row.id > after));
            let rows: Vec<Row> = rest.by_ref().take(self.page).cloned().collect();
            let next = rows.last().map(|row| row.id).filter(|_| rest.next().is_some());
            Part {
                rows,
                unreadable: 0,
                next,
            }
        })
    }

    async fn note(&self, seen: &Row, note: &Note) -> Result<Written, Error> {
        self.call("note", |rows| match rows.get_mut(&seen.id) {
            Some(row) => noted(row, seen, note),
            None => Written::NotOwner,
        })
    }

    async fn make_due(&self, seen: &Row, note: &Note) -> Result<Written, Error> {
        self.call("make_due", |rows| match rows.get_mut(&seen.id) {
            Some(row) if row.state.is_open() && row.state == seen.state && row.attempts == seen.attempts => {
                let written = noted(row, seen, note);
                if written == Written::Done {
                    row.next_attempt_at = Some(note.at);
                }
                written
            }
            _ => Written::NotOwner,
        })
    }
}

fn noted(row: &mut Row, seen: &Row, note: &Note) -> Written {
    let with = seen.notes_with(note.clone());
    if row.notes != seen.notes && row.notes != with {
        return Written::NotOwner;
    }
    row.notes = with;
    Written::Done
}
