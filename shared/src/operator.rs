//! What an operator does to operations. Each deed is noted in the row, with who and why, before it has an effect; an
//! ended row never changes but for its notes, and a row that a worker holds is left alone.

pub mod drain;
pub mod find;
pub mod repair;
pub mod resolve;
pub mod verify;

use uuid::Uuid;

use crate::clock::{Clock, Timestamp};
use crate::digest::{Entropy, hex};
use crate::ledger::repairs::Repairs;
use crate::ledger::{self, Written};
use crate::note::{Deed, Hand, NOTES_KEPT_FOR_ENDING, NOTES_MAX, Note};
use crate::order::first_before;
use crate::pace::Reason;
use crate::queue::{self, Queue};
use crate::row::Row;
use crate::tracking::{State, TrackingId};
use crate::values::Rules;

/// Bytes of the mark by which a write is recognised.
const MARK_BYTES: usize = 16;

/// What an operator's deeds need.
pub struct Operator<'a> {
    /// The table of operations.
    pub ledger: &'a dyn Repairs,
    /// The queue.
    pub queue: &'a dyn Queue,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Random numbers.
    pub entropy: &'a dyn Entropy,
    /// What decides about values.
    pub rules: &'a Rules,
}

/// Why a deed may not be done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such operation.
    #[error("there is no operation {0} in this stack; what has ended is removed after `RetentionDays`")]
    Missing(Uuid),
    /// It has ended.
    #[error("it has ended: {}", .0.as_str())]
    Ended(State),
    /// It did not fail.
    #[error("only what failed or was cancelled is retried; it is {}", .0.as_str())]
    NotFailed(State),
    /// A worker holds it.
    #[error("a worker holds it until {0}")]
    Held(Timestamp),
    /// Another operation goes first on its subject.
    #[error("{0} goes first on its client or loan; see to that one")]
    Behind(TrackingId),
    /// Somebody ended it without Fineract's word.
    #[error("it was ended by force; Fineract may hold it, so its caller has to ask for it again")]
    Forced,
    /// It was retried before.
    #[error("it was retried as {0}; see to that one")]
    RetriedAs(TrackingId),
    /// Its data is not understood.
    #[error(
        "this release and configuration do not understand its data; use the release and parameters that accepted it"
    )]
    NotUnderstood,
    /// What Fineract shows is not what it is to be ended as.
    #[error("Fineract does not confirm it: {0}")]
    NotConfirmed(&'static str),
    /// Fineract did not answer, or not so that its answer tells.
    #[error("what Fineract shows is not known: {why} (docs/errors/{why}.md)", why = .0.as_str())]
    Unanswered(Reason),
    /// It has as many notes as it may.
    #[error("it has {NOTES_MAX} notes, and there is no room for more; the gateway goes on with it by itself")]
    Full,
    /// It has as many notes as it may, but for those that end it.
    #[error("it has {} notes; the last {NOTES_KEPT_FOR_ENDING} are kept for `resolve`", NOTES_MAX - NOTES_KEPT_FOR_ENDING)]
    Kept,
    /// Somebody or a worker was quicker.
    #[error("it changed in the meantime; look at it, and decide again")]
    Changed,
}

/// Why a deed was not done, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It may not be done.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The ledger did not answer.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// The queue did not answer; the row is as it should be, and the sweep will send the message.
    #[error(transparent)]
    Queue(#[from] queue::Error),
}

impl Operator<'_> {
    /// The operation, as it is now.
    pub async fn row(&self, id: Uuid) -> Result<Row, Error> {
        Ok(self.ledger.get(id).await?.ok_or(Refusal::Missing(id))?)
    }

    /// Notes that the operation's request and answer are shown.
    pub async fn reveal(&self, seen: &Row, hand: &Hand) -> Result<(), Error> {
        self.note(seen, hand.note(Deed::Revealed, self.clock.now(), None)).await
    }

    /// A mark by which a write is recognised.
    fn mark(&self) -> String {
        let mut mark = [0; MARK_BYTES];
        self.entropy.fill(&mut mark);
        hex(&mark)
    }

    async fn note(&self, seen: &Row, note: Note) -> Result<(), Error> {
        room(seen, note.deed)?;
        done(self.ledger.note(seen, &note).await?)
    }

    /// An open operation that may be changed by hand: no worker holds it, and it goes first on its subject.
    async fn within_reach(&self, seen: &Row, deed: Deed) -> Result<(), Error> {
        let first = if seen.state.is_open() {
            first_before(self.ledger, seen).await?
        } else {
            None
        };
        Ok(within_reach(seen, deed, first.as_ref(), self.clock.now())?)
    }
}

/// Whether an operation may be changed by hand.
pub fn within_reach(row: &Row, deed: Deed, first: Option<&Row>, now: Timestamp) -> Result<(), Refusal> {
    room(row, deed)?;
    match row.state {
        State::Succeeded | State::Failed | State::Cancelled => return Err(Refusal::Ended(row.state)),
        State::Running => {
            if let Some(until) = row.lease_until.filter(|until| *until > now) {
                return Err(Refusal::Held(until));
            }
        }
        State::Accepted | State::Waiting | State::PendingApproval => {}
    }
    first.map_or(Ok(()), |first| Err(Refusal::Behind(first.tracking_id())))
}

fn room(row: &Row, deed: Deed) -> Result<(), Refusal> {
    match row.notes.len() {
        notes if notes < deed.notes_max() => Ok(()),
        notes if notes < NOTES_MAX => Err(Refusal::Kept),
        _ => Err(Refusal::Full),
    }
}

fn done(written: Written) -> Result<(), Error> {
    match written {
        Written::Done => Ok(()),
        Written::NotOwner => Err(Refusal::Changed.into()),
    }
}

#[cfg(test)]
mod tests;
