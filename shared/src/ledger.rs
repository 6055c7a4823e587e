//! The port to the table of operations. Every write names the state it starts from.

pub mod memory;
pub mod repairs;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::pace::{Pace, Reason};
use crate::row::{Open, Row, Try};
use crate::subject::Subject;
use crate::tracking::State;

/// The table could not be read or written, or it is not known whether the write was done.
#[derive(Debug, thiserror::Error)]
#[error("the ledger did not answer: {what}")]
pub struct Error {
    /// What was tried.
    pub what: &'static str,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Error {
    /// A failure of what was tried.
    pub fn new(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            what,
            source: source.into(),
        }
    }
}

/// What became of an insert.
#[derive(Debug)]
pub enum Inserted {
    /// It was done, by this call or by an earlier try of it.
    New,
    /// The id is taken.
    Exists(Box<Row>),
}

/// A worker's claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The run that claims: its request id and receive count.
    pub owner: String,
    /// Now.
    pub now: Timestamp,
    /// How long the lease lasts.
    pub lease: Duration,
    /// The queue's sequence number, if the message is the operation's original one.
    pub queue_seq: Option<String>,
}

/// What became of a claim.
#[derive(Debug)]
pub enum Claimed {
    /// The lease is ours; the row as it was before.
    Won(Box<Row>),
    /// The operation is open, but held by another run or not due yet.
    NotNow(Box<Row>),
    /// The operation has ended.
    Ended(Box<Row>),
    /// The row is in the form of a later release, whose workers take it up.
    Later,
    /// There is no such operation.
    Missing,
}

/// The end of a run: what the row becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Settlement {
    /// The next state.
    pub state: State,
    /// When it is to be tried again, if it is open.
    pub next_attempt_at: Option<Timestamp>,
    /// The handle of the message in flight, if it is open.
    pub receipt: Option<String>,
    /// Why it waits.
    pub reason: Option<Reason>,
    /// The pace of the wait.
    pub pace: Option<Pace>,
    /// How many waits in a row had it.
    pub waits: u32,
    /// See [`Row::maybe_sent`].
    pub maybe_sent: bool,
    /// Fineract's number of the held command.
    pub command_id: Option<u64>,
    /// Which of the operation's keys the next try uses.
    pub key_epoch: u32,
    /// See [`Row::keys_spent`].
    pub keys_spent: u32,
    /// See [`Row::turn`].
    pub turn: u32,
    /// When that key was first used, if it was.
    pub key_first_sent_at: Option<Timestamp>,
    /// Since when Fineract says that it is busy with it.
    pub stuck_since: Option<Timestamp>,
    /// Fineract's answer.
    pub response: Option<Value>,
    /// Whether it was read from Fineract afterwards.
    pub read_back: bool,
    /// Whether only its ids are kept.
    pub truncated: bool,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// When it ended.
    pub processed_at: Option<Timestamp>,
    /// When it may be forgotten.
    pub expires_at: Option<i64>,
    /// The tries.
    pub history: Vec<Try>,
}

/// What a cancelled row gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Cancellation {
    /// What its caller is told.
    pub failure: Failure,
    /// When it was cancelled.
    pub processed_at: Timestamp,
    /// When it may be forgotten.
    pub expires_at: i64,
}

/// What became of a cancellation.
#[derive(Debug)]
pub enum Cancelled {
    /// It was done; the row as it was before.
    Done(Box<Row>),
    /// The operation is under way, perhaps sent, or ended.
    TooLate(Box<Row>),
    /// There is no such operation.
    Missing,
}

/// What became of a write that only the owner of the lease may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It was done, by this call or by an earlier try of it.
    Done,
    /// The lease is another's.
    NotOwner,
}

/// What became of taking back a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenBack {
    /// It will not be executed: it is cancelled, or was never stored.
    Done,
    /// It is on its way: a worker has it.
    OnItsWay,
}

/// An entry of the index of all operations, by subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Past {
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// The operation's UUID.
    pub id: Uuid,
}

/// A part of the index of open operations.
#[derive(Debug, Default)]
pub struct Page {
    /// The entries, in order of subject and acceptance.
    pub entries: Vec<Open>,
    /// Where to go on, if there is more.
    pub next: Option<String>,
}

/// Whether the state is one in which a worker may take an operation up at this time.
pub fn claimable(row: &Row, now: Timestamp) -> bool {
    match row.state {
        State::Accepted => true,
        State::Running | State::Waiting | State::PendingApproval => row.next_attempt_at.is_none_or(|next| next <= now),
        State::Succeeded | State::Failed | State::Cancelled => false,
    }
}

/// The table of operations.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Stores a new row, unless its id is taken by one that has not expired.
    async fn insert(&self, row: &Row, now: Timestamp) -> Result<Inserted, Error>;

    /// The row, as it is now.
    async fn get(&self, id: Uuid) -> Result<Option<Row>, Error>;

    /// The rows that there are, as they are now.
    async fn get_all(&self, ids: &[Uuid]) -> Result<Vec<Row>, Error>;

    /// The open operations on the subject of a message group, from an index that may be a little behind.
    async fn open_in_group(&self, group: &str) -> Result<Vec<Open>, Error>;

    /// The open operations on a subject, from that index.
    async fn open_on(&self, subject: &Subject) -> Result<Vec<Open>, Error> {
        self.open_in_group(&subject.group()).await
    }

    /// The operations on a subject, ended ones included, from an index that may be a little behind.
    async fn history(&self, subject: &Subject) -> Result<Vec<Uuid>, Error>;

    /// Of the operations on a subject that were accepted before a time, ended ones included, the newest, newest first: so
    /// many, unless there are fewer. The index may be a little behind.
    async fn history_before(
        &self,
        subject: &Subject,
        before: Option<Timestamp>,
        most: usize,
    ) -> Result<Vec<Past>, Error>;

    /// A part of a shard of the index of open operations.
    async fn open_in(&self, shard: &str, after: Option<String>) -> Result<Page, Error>;

    /// Takes the lease, if the operation is open, due, and not held by a live run.
    async fn claim(&self, id: Uuid, claim: &Claim) -> Result<Claimed, Error>;

    /// Stores the queue's sequence number of the original message, if the row is open and has none.
    async fn note_sequence(&self, id: Uuid, sequence: &str) -> Result<(), Error>;

    /// Stores Fineract's number of what is about to be addressed.
    async fn note_target(&self, id: Uuid, owner: &str, target: u64) -> Result<Written, Error>;

    /// Ends a run.
    async fn settle(&self, id: Uuid, owner: &str, settlement: &Settlement) -> Result<Written, Error>;

    /// Takes back a row that its caller gets no tracking id for: writes it as cancelled where it is still as its insert
    /// left it, or is not stored, so that a late insert finds the place taken.
    async fn take_back(&self, cancelled: &Row) -> Result<TakenBack, Error>;

    /// Cancels an operation of which nothing was perhaps sent, and that no worker has.
    async fn cancel(&self, id: Uuid, cancellation: &Cancellation) -> Result<Cancelled, Error>;

    /// Notes that an overdue operation's message is sent again, if nobody else did since `seen`.
    async fn note_resend(&self, seen: &Row, resend_after: Timestamp) -> Result<Written, Error>;
}
