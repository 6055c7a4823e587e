//! Trying a waiting operation now, and a failed one anew.

use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::{Error, Operator, Refusal, done};
use crate::accept;
use crate::kind::Kind;
use crate::ledger::Inserted;
use crate::note::{Deed, Hand};
use crate::queue;
use crate::row::{Acceptance, Row};
use crate::subject::{Subject, SubjectKind};
use crate::tracking::State;

/// How long the sweep leaves an operation alone after its message was sent by hand.
pub const RESEND: Duration = Duration::from_secs(30 * 60);

impl Operator<'_> {
    /// Tries an open operation now: it is due, and its message comes back or is sent again.
    pub async fn resume(&self, id: Uuid, hand: &Hand) -> Result<Row, Error> {
        let seen = self.row(id).await?;
        self.within_reach(&seen, Deed::Resumed).await?;
        let note = hand.note(Deed::Resumed, self.clock.now(), None);
        done(self.ledger.make_due(&seen, &note).await?)?;
        self.wake(&seen).await?;
        Ok(seen)
    }

    /// A message in flight keeps others of its subject back, so it comes back itself; if there is none, one is sent.
    pub(super) async fn wake(&self, seen: &Row) -> Result<(), Error> {
        if let Some(receipt) = &seen.receipt
            && self.queue.put_off(receipt, Duration::ZERO).await.is_ok()
        {
            return Ok(());
        }
        self.send_again(seen).await
    }

    /// Sends an open operation's message once more.
    pub(super) async fn send_again(&self, seen: &Row) -> Result<(), Error> {
        done(self.ledger.note_resend(seen, self.clock.now().after(RESEND)).await?)?;
        let resent = Row {
            sends: seen.sends.saturating_add(1),
            ..seen.clone()
        };
        Ok(queue::send(self.queue, &resent).await?)
    }

    /// Sends what failed anew, as an operation of the same caller that names it. What failed keeps a note of the new one,
    /// written first: nothing is retried twice.
    pub async fn retry(&self, id: Uuid, hand: &Hand) -> Result<Row, Error> {
        let seen = self.row(id).await?;
        let earlier = seen.retried_as();
        let standing = match earlier {
            Some(earlier) => self.ledger.get(earlier).await?,
            None => None,
        };
        retryable(&seen, standing.as_ref())?;
        let Value::Object(data) = &seen.data else {
            return Err(Refusal::NotUnderstood.into());
        };
        let understood = Kind::named(&seen.operation).is_some_and(|kind| kind.read(data, self.rules).is_ok());
        if !understood {
            return Err(Refusal::NotUnderstood.into());
        }
        let now = self.clock.now();
        // An earlier retry that was noted and is not there: its insert may still arrive, so its place is taken.
        let new = earlier.unwrap_or_else(|| accept::new_id(self.entropy, now));
        if earlier.is_none() {
            self.note(&seen, hand.note(Deed::Retried, now, Some(new))).await?;
        }
        let row = Row {
            notes: vec![hand.note(Deed::RetryOf, now, Some(seen.id))],
            ..Row::from(Acceptance {
                id: new,
                operation: seen.operation.clone(),
                caller: seen.caller.clone(),
                subject: match seen.subject.kind() {
                    (SubjectKind::Client | SubjectKind::Loan, _) => seen.subject.clone(),
                    (SubjectKind::Itself, _) => Subject::itself(new),
                },
                data: seen.data.clone(),
                ignored: seen.ignored.clone(),
                fingerprint: seen.fingerprint.clone(),
                nonce: self.mark(),
                accepted_at: now,
            })
        };
        match self.ledger.insert(&row, now).await? {
            Inserted::New => {}
            Inserted::Exists(_) => return Err(Refusal::Changed.into()),
        }
        queue::send(self.queue, &row).await?;
        Ok(row)
    }
}

/// Whether an operation may be sent anew; `standing` is what an earlier retry of it made.
pub fn retryable(row: &Row, standing: Option<&Row>) -> Result<(), Refusal> {
    match row.state {
        State::Failed | State::Cancelled => {}
        State::Accepted | State::Running | State::Waiting | State::PendingApproval | State::Succeeded => {
            return Err(Refusal::NotFailed(row.state));
        }
    }
    if row.notes.iter().any(|note| note.deed == Deed::Forced) {
        return Err(Refusal::Forced);
    }
    standing.map_or(Ok(()), |new| Err(Refusal::RetriedAs(new.tracking_id())))
}
