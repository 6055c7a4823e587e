//! Executing an operation: a message wakes a subject, a claim takes the lease, one request is made, its outcome is
//! written down.

mod asked;
mod doubt;
mod explained;
mod measured;
pub mod shown;

use std::time::Duration;

use uuid::Uuid;

use crate::authority::Authority;
use crate::bank::{Bank, Products};
use crate::chain::Chain;
use crate::clock::{CLOCKS_APART, Clock, Timestamp};
use crate::command::Stop;
use crate::digest::Entropy;
use crate::fineract::{Exchange, Fineract};
use crate::gate::{Gate, Passage, Watched};
use crate::kind::Kind;
use crate::ledger::{self, Claim, Claimed, Ledger, Written, claimable};
use crate::metrics::{Meter, Metric};
use crate::operation::{AnyOperation, Case};
use crate::order::{first_among, first_before};
use crate::pace::{Pace, Reason, WAIT_MAX, Wait};
use crate::queue::{Message, Queue, Received};
use crate::row::Row;
use crate::settle::{Outcome, settlement, too_large};
use crate::subject::Subject;
use crate::terms::Terms;
use crate::values::Rules;
use crate::verdict::{self, Verdict};

/// How long a message rests when the ledger did not answer.
const LEDGER_PAUSE: Duration = Duration::from_secs(5);
/// How long it rests if its operation is a later release's: workers of that are on their way, or it was taken back.
const LATER_RELEASE_PAUSE: Duration = Duration::from_secs(60);

/// What executing needs.
pub struct Executor<'a> {
    /// The table of operations.
    pub ledger: &'a dyn Ledger,
    /// The queue.
    pub queue: &'a dyn Queue,
    /// Fineract.
    pub fineract: &'a dyn Fineract,
    /// Whether Fineract is away.
    pub gate: &'a Gate,
    /// Loan products that were read.
    pub products: &'a Products,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Where what is measured is written.
    pub meter: &'a Meter,
    /// Random numbers, to spread waits.
    pub entropy: &'a dyn Entropy,
    /// What decides about values.
    pub rules: &'a Rules,
    /// What the deployment decides.
    pub terms: &'a Terms,
}

/// One run of the worker.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its request id.
    pub request_id: String,
    /// When it is stopped.
    pub deadline: Timestamp,
}

/// What becomes of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is done with.
    Done,
    /// It comes back.
    Again,
}

/// Where an operation stands after it was taken up, or was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Ended,
    /// Open, and not to be touched before that time.
    OpenUntil(Timestamp),
}

impl Executor<'_> {
    /// Handles one message.
    pub async fn handle(&self, message: &Received, run: &Run) -> Reply {
        let Some(Message { id, .. }) = Message::read(&message.body) else {
            tracing::error!(alarm = "unreadable_message", message_id = %message.message_id, "a message cannot be read");
            return self.bury(message).await;
        };
        match self.wake(id, message, run).await {
            Ok(Some(Standing::Ended)) => Reply::Done,
            Ok(Some(Standing::OpenUntil(next))) => self.put_off(message, next.since(self.clock.now())).await,
            Ok(None) => {
                tracing::error!(alarm = "operation_missing", operation_id = %id, "a message about no operation");
                self.bury(message).await
            }
            Err(error) => {
                tracing::error!(operation_id = %id, error = %Chain(&error), "the ledger failed; the message comes back");
                self.put_off(message, LEDGER_PAUSE).await
            }
        }
    }

    /// A message wakes its subject: what goes first there is taken up, be it the message's own operation or not. None if
    /// the message is about no operation.
    async fn wake(&self, id: Uuid, message: &Received, run: &Run) -> Result<Option<Standing>, ledger::Error> {
        let open = match &message.group {
            Some(group) => self.ledger.open_in_group(group).await?,
            None => Vec::new(),
        };
        if let [alone] = open.as_slice()
            && alone.id == id
            && self.gate.is_open()
        {
            // Nothing else is open on the subject; whether it is to be taken up now, the claim tells.
            return self.claim(id, message.original_sequence(id), message, run).await;
        }
        let Some(mut own) = self.ledger.get(id).await? else {
            return Ok(None);
        };
        if !own.state.is_open() {
            return Ok(Some(Standing::Ended));
        }
        let sequence = message.original_sequence(id).filter(|_| own.queue_seq.is_none());
        own.queue_seq = own.queue_seq.or_else(|| sequence.map(str::to_owned));
        // The index may not have the row yet; the group is another's only if the message was not the gateway's.
        let first = if message.group.as_deref() == Some(&own.subject.group()) {
            first_among(self.ledger, &own, &open).await?
        } else {
            first_before(self.ledger, &own).await?
        };
        let Some(first) = first else {
            return self.take_up(&own, sequence, message, run).await;
        };
        self.note_sequence(id, sequence).await?;
        tracing::info!(operation_id = %id, first = %first.id, "an earlier operation on the subject goes first");
        let standing = match self.take_up(&first, None, message, run).await? {
            None | Some(Standing::Ended) => Standing::OpenUntil(self.clock.now()),
            Some(open @ Standing::OpenUntil(_)) => open,
        };
        Ok(Some(standing))
    }

    async fn take_up(
        &self,
        row: &Row,
        sequence: Option<&str>,
        message: &Received,
        run: &Run,
    ) -> Result<Option<Standing>, ledger::Error> {
        let now = self.clock.now();
        if !claimable(row, now) {
            self.note_sequence(row.id, sequence).await?;
            return Ok(Some(Standing::OpenUntil(row.next_attempt_at.unwrap_or(now))));
        }
        self.claim(row.id, sequence, message, run).await
    }

    /// Claims an operation and carries it out, unless Fineract is away, or the operation is not to be taken up now.
    async fn claim(
        &self,
        id: Uuid,
        sequence: Option<&str>,
        message: &Received,
        run: &Run,
    ) -> Result<Option<Standing>, ledger::Error> {
        let now = self.clock.now();
        if let Some(until) = self.away_until(id, now).await {
            self.note_sequence(id, sequence).await?;
            return Ok(Some(Standing::OpenUntil(until)));
        }
        let claim = Claim {
            owner: format!("{}.{}", run.request_id, message.receives),
            now,
            lease: self.terms.lease,
            queue_seq: sequence.map(str::to_owned),
        };
        let before = match self.ledger.claim(id, &claim).await? {
            // The claim was the first moment at which this key could be sent; a run may end long after it.
            Claimed::Won(before) => Row {
                // Written with what the run comes to: it is long, and most runs end the operation.
                receipt: Some(message.receipt.clone()),
                key_first_sent_at: before.key_first_sent_at.or(Some(now)),
                ..*before
            },
            Claimed::NotNow(row) => {
                self.note_sequence(id, sequence.filter(|_| row.queue_seq.is_none()))
                    .await?;
                return Ok(Some(Standing::OpenUntil(row.next_attempt_at.unwrap_or(now))));
            }
            Claimed::Ended(_) => return Ok(Some(Standing::Ended)),
            Claimed::Later => {
                tracing::warn!(operation_id = %id, "the row is in the form of a later release; the message is put off");
                return Ok(Some(Standing::OpenUntil(now.after(LATER_RELEASE_PAUSE))));
            }
            Claimed::Missing => return Ok(None),
        };
        let Some(outcome) = self.attempt(&before, &claim.owner, run).await? else {
            tracing::warn!(operation_id = %before.id, "the lease went to another run");
            return Ok(Some(Standing::OpenUntil(now.after(self.terms.lease))));
        };
        self.settle(&before, &claim.owner, outcome).await.map(Some)
    }

    /// Remembers the original message's place in the queue.
    async fn note_sequence(&self, id: Uuid, sequence: Option<&str>) -> Result<(), ledger::Error> {
        match sequence {
            Some(sequence) => self.ledger.note_sequence(id, sequence).await,
            None => Ok(()),
        }
    }

    /// Until when the operation is left alone because Fineract is away, if it is.
    async fn away_until(&self, id: Uuid, now: Timestamp) -> Option<Timestamp> {
        let (office, timeout) = (self.terms.deployment.office_id, self.terms.timeouts.lookup);
        match self.gate.passage(self.fineract, self.clock, office, timeout).await {
            Passage::Open => None,
            Passage::Closed { until, reason } => {
                self.meter.record(Metric::Wait(reason), now);
                let reason = reason.as_str();
                tracing::info!(operation_id = %id, reason, "Fineract is away; the message is put off");
                Some(until)
            }
        }
    }

    async fn settle(&self, before: &Row, owner: &str, outcome: Outcome) -> Result<Standing, ledger::Error> {
        let now = self.clock.now();
        let mut chance = [0];
        self.entropy.fill(&mut chance);
        let status = outcome.status;
        let settlement = settlement(before, outcome, now, &self.terms.paces, self.terms.retention, chance[0]);
        let written = self.ledger.settle(before.id, owner, &settlement).await?;
        if written == Written::Done {
            for metric in measured::at_the_end(before, &settlement, now) {
                self.meter.record(metric, now);
            }
        }
        let alarm = settlement.reason.filter(|reason| reason.alarms());
        let authority = settlement.history.last().and_then(|entry| entry.authority.as_ref());
        tracing::info!(
            operation_id = %before.id,
            operation = before.operation,
            state = settlement.state.as_str(),
            reason = settlement.reason.map(Reason::as_str),
            alarm = alarm.map(Reason::as_str),
            authority = authority.map(Authority::as_str),
            fineract_status = status,
            code = settlement.failure.as_ref().and_then(|failure| failure.plain_code()),
            attempts = before.attempts.saturating_add(1),
            written = written == Written::Done,
            "a run ended"
        );
        match (written, settlement.next_attempt_at) {
            (Written::NotOwner, _) => Ok(Standing::OpenUntil(now.after(self.terms.lease))),
            (Written::Done, None) => Ok(Standing::Ended),
            (Written::Done, Some(next)) => Ok(Standing::OpenUntil(next)),
        }
    }

    /// One try. Nothing comes of it if the lease went to another run before the request was made.
    async fn attempt(&self, row: &Row, owner: &str, run: &Run) -> Result<Option<Outcome>, ledger::Error> {
        let watched = Watched::new(self.fineract, self.gate, self.meter, self.clock);
        let outcome = self.attempt_with(&watched, row, owner, run).await?;
        let missing = watched.into_missing();
        Ok(outcome.map(|outcome| Outcome { missing, ..outcome }))
    }

    async fn attempt_with(
        &self,
        fineract: &dyn Fineract,
        row: &Row,
        owner: &str,
        run: &Run,
    ) -> Result<Option<Outcome>, ledger::Error> {
        // It was understood when it was accepted: this program is another version, or another configuration.
        let Some(operation) = self.understood(row) else {
            let verdict = Verdict::NotYet(Wait::new(Pace::Operator, Reason::NeedsOperator));
            return Ok(Some(Outcome::without_request(verdict)));
        };
        let bank = self.bank(fineract, run.deadline);
        let case = case_of(row);
        if operation.subject().is_none() {
            return Ok(Some(self.asked(row, &*operation, &bank, &case).await));
        }
        if let Some(number) = row.command_id
            && let Some(outcome) = self.held(row, number, &*operation, &bank, &case).await?
        {
            return Ok(Some(outcome));
        }
        // Asked before the lookup: what is created between the two is seen by the lookup.
        let client_may_come = match operation.needs() {
            Some(client) => self.client_may_come(row, &client).await,
            None => false,
        };
        let command = match operation.prepare(&bank, &case).await {
            Ok(command) => command,
            Err(stop) => {
                let outcome = Outcome::without_request(stopped(row, stop, client_may_come));
                return self.confirmed(row, outcome, &*operation, &bank, &case).await.map(Some);
            }
        };
        if let Err(stop) = bank.time_for_a_command() {
            return Ok(Some(Outcome::without_request(stopped(row, stop, client_may_come))));
        }
        if let Some(target) = command.target
            && row.target != Some(target)
            && self.ledger.note_target(row.id, owner, target).await? == Written::NotOwner
        {
            return Ok(None);
        }
        let exchange = match bank.command(&command, row.key()).await {
            Ok(exchange) => exchange,
            Err(stop) => return Ok(Some(Outcome::without_request(stopped(row, stop, client_may_come)))),
        };
        let verdict = verdict::of_command(&exchange, &command.expected, row.maybe_sent);
        let case = Case {
            target: command.target.or(case.target).or_else(|| restored(&exchange, &verdict)),
            ..case
        };
        let busy = verdict == Verdict::Unknown(Wait::new(Pace::Soon, Reason::CommandInProgress));
        let stuck = busy && self.is_stuck(row, false);
        let outcome = Outcome::of_exchange(&exchange, verdict);
        if stuck {
            return self
                .stuck(row, outcome, &*operation, &bank, &case, &command)
                .await
                .map(Some);
        }
        let outcome = self.confirmed(row, outcome, &*operation, &bank, &case).await?;
        Ok(Some(self.explained(row, outcome, &*operation, &bank, &case).await))
    }

    /// The operation of a row, if this release and configuration understand it.
    fn understood(&self, row: &Row) -> Option<Box<dyn AnyOperation>> {
        let kind = Kind::named(&row.operation)?;
        let reading = kind.read(row.data.as_object()?, self.rules).ok()?;
        Some(reading.operation)
    }

    fn bank<'a>(&'a self, fineract: &'a dyn Fineract, deadline: Timestamp) -> Bank<'a> {
        Bank {
            fineract,
            products: self.products,
            clock: self.clock,
            deadline,
            timeouts: self.terms.timeouts,
            deployment: self.terms.deployment,
        }
    }

    /// Whether Fineract has said the same for so long that it will not say anything else.
    fn is_stuck(&self, row: &Row, denied: bool) -> bool {
        let since = if denied {
            row.denied_since()
        } else {
            row.stuck_since.filter(|_| !row.was_denied())
        };
        since.is_some_and(|since| self.clock.now().since(since) >= self.terms.stuck_key_after)
    }

    /// Whether the client of a new loan may still come: the loan was just accepted, or an operation on the client is open
    /// that was, as far as clocks can tell, accepted earlier.
    async fn client_may_come(&self, row: &Row, client: &Subject) -> bool {
        if self.clock.now().since(row.accepted_at) < self.terms.client_grace {
            return true;
        }
        match self.ledger.open_on(client).await {
            Ok(open) => open
                .iter()
                .any(|entry| entry.accepted_at < row.accepted_at.after(CLOCKS_APART)),
            Err(error) => {
                tracing::error!(operation_id = %row.id, error = %Chain(&error), "the index could not be read");
                true
            }
        }
    }

    async fn put_off(&self, message: &Received, wait: Duration) -> Reply {
        if let Err(error) = self.queue.put_off(&message.receipt, wait.min(WAIT_MAX)).await {
            // It comes back all the same, when its visibility ends.
            tracing::warn!(error = %Chain(&error), "a message could not be put off");
        }
        Reply::Again
    }

    async fn bury(&self, message: &Received) -> Reply {
        match self.queue.bury(message).await {
            Ok(()) => Reply::Done,
            Err(error) => {
                tracing::error!(
                    error = %Chain(&error),
                    "a message could not be moved to the dead letters"
                );
                Reply::Again
            }
        }
    }
}

/// What a preparation that led to no request says about the operation.
///
/// Once a request may have reached Fineract, what lookups find no longer says that nothing was applied: somebody may have
/// changed it since.
fn stopped(row: &Row, stop: Stop, client_may_come: bool) -> Verdict {
    match stop {
        Stop::NotYet(wait) => Verdict::NotYet(wait),
        Stop::ClientNotFound(_) if client_may_come => {
            Verdict::NotYet(Wait::new(Pace::Client, Reason::ClientNotFoundYet))
        }
        Stop::Refused(failure) | Stop::NotFound(failure) | Stop::ClientNotFound(failure) if row.maybe_sent => {
            Verdict::Denied(failure)
        }
        Stop::Refused(failure) | Stop::NotFound(failure) | Stop::ClientNotFound(failure) => {
            Verdict::Refused(too_large(failure))
        }
    }
}

/// What a stored success of a row that was restored from a backup says it changed: with its key, it is this operation's.
fn restored(exchange: &Exchange, verdict: &Verdict) -> Option<u64> {
    match exchange {
        Exchange::Answer(answer) if *verdict == Verdict::Restored => answer.json()?.get("resourceId")?.as_u64(),
        Exchange::Answer(_) | Exchange::NotSent | Exchange::Lost(_) => None,
    }
}

/// What an operation is told of its row.
fn case_of(row: &Row) -> Case {
    Case {
        id: row.id,
        target: row.target,
        turn: row.turn,
        since: row.accepted_at,
    }
}

#[cfg(test)]
mod asked_tests;
#[cfg(test)]
mod checker_tests;
#[cfg(test)]
mod denied_tests;
#[cfg(test)]
mod metrics_tests;
#[cfg(test)]
mod read_back_tests;
#[cfg(test)]
mod stuck_key_tests;
#[cfg(test)]
mod taken_tests;
#[cfg(test)]
mod tests;
