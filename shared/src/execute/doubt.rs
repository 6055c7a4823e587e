//! Where the answer alone does not decide, what Fineract shows does: held commands, spent keys, keys that stay busy.

use serde_json::Value;
use uuid::Uuid;

use super::Executor;
use crate::bank::Bank;
use crate::checker::{self, Decision, Marks};
use crate::command::{Command, Stop};
use crate::failure::Failure;
use crate::fineract::Method;
use crate::ledger;
use crate::operation::{AnyOperation, Case, HeldAs};
use crate::pace::{KEY_REMEMBERED, Pace, Reason, Wait};
use crate::proof::{Proof, same_effect};
use crate::row::Row;
use crate::settle::{Outcome, too_large};
use crate::tracking::State;
use crate::verdict::Verdict;

impl Executor<'_> {
    /// Follows a command that Fineract holds for a checker. Nothing comes of it once it was executed: its key tells then.
    pub(super) async fn held(
        &self,
        row: &Row,
        number: u64,
        operation: &dyn AnyOperation,
        bank: &Bank<'_>,
        case: &Case,
    ) -> Result<Option<Outcome>, ledger::Error> {
        let (action, entity) = operation.command();
        let held = Verdict::Pending {
            command_id: Some(number),
        };
        let verdict = match checker::decision(bank, number, action, entity).await {
            Ok(Decision::Executed) => return Ok(None),
            Ok(Decision::Awaited | Decision::Running) => held,
            Ok(Decision::Rejected) => Verdict::Refused(rejected()),
            Ok(Decision::TakenOut) => return self.taken_out(row, operation, bank, case).await.map(Some),
            Err(stop) => {
                let reason = match stop {
                    Stop::NotYet(wait) => Some(wait.reason),
                    Stop::NotFound(_) | Stop::Refused(_) | Stop::ClientNotFound(_) => None,
                };
                tracing::info!(operation_id = %row.id, ?reason, "what a checker decided is not known now");
                to_mend(&stop).map_or(held, Verdict::NotYet)
            }
        };
        Ok(Some(Outcome::without_request(verdict)))
    }

    /// A command is no longer in the checkers' inbox, so its key is free: a request whose answer was lost may still arrive
    /// and be carried out or held. It is a refusal only when nothing of the kind happened for long.
    async fn taken_out(
        &self,
        row: &Row,
        operation: &dyn AnyOperation,
        bank: &Bank<'_>,
        case: &Case,
    ) -> Result<Outcome, ledger::Error> {
        let outcome = Outcome::without_request(Verdict::Denied(removed()));
        if self.is_stuck(row, true) {
            let found = match operation.prepare(bank, case).await {
                Ok(command) => sought(row, operation, bank, case, &command).await,
                Err(stop @ Stop::NotYet(_)) => Err(stop),
                // What it is about is not there either: nothing can be held.
                Err(Stop::NotFound(_) | Stop::Refused(_) | Stop::ClientNotFound(_)) => Ok(None),
            };
            match found {
                Ok(Some(verdict)) => return Ok(Outcome { verdict, ..outcome }),
                Ok(None) => {}
                Err(stop) => return Ok(unanswered(outcome, &stop)),
            }
        }
        self.confirmed(row, outcome, operation, bank, case).await
    }

    /// Reads back where the answer alone does not decide: after a stored answer that does not tell, after a stored success
    /// of what was never sent, after a success that names something else, before a refusal under a key that may not be the first or may be forgotten, before one that
    /// says that the id which follows from a UTR is taken, and when Fineract has refused for long what it may have applied.
    pub(super) async fn confirmed(
        &self,
        row: &Row,
        outcome: Outcome,
        operation: &dyn AnyOperation,
        bank: &Bank<'_>,
        case: &Case,
    ) -> Result<Outcome, ledger::Error> {
        let doubt = row.key_epoch > 0
            || row
                .key_first_sent_at
                .is_some_and(|at| self.clock.now().since(at) > KEY_REMEMBERED);
        let asks = match &outcome.verdict {
            Verdict::Spent { .. } | Verdict::Restored | Verdict::Unnamed { .. } => true,
            Verdict::Refused(failure) => doubt || operation.is_taken(failure),
            Verdict::Denied(_) => self.is_stuck(row, true),
            Verdict::Applied(_) | Verdict::Pending { .. } | Verdict::NotYet(_) | Verdict::Unknown(_) => false,
        };
        if !asks {
            return Ok(bounded(outcome));
        }
        let proof = match self.proof(row, operation, bank, case).await? {
            Ok(proof) => proof,
            // Not answered now: the same key is asked again, and no try is counted.
            Err(Stop::NotYet(wait)) => {
                return Ok(Outcome {
                    verdict: Verdict::Unknown(wait),
                    ..outcome
                });
            }
            Err(Stop::NotFound(_) | Stop::Refused(_) | Stop::ClientNotFound(_)) => Proof::NotApplied,
        };
        // Under a first key that is remembered a refusal is the last word about the key: what is there, another did.
        let proof = match (&outcome.verdict, proof) {
            (Verdict::Refused(_), proof) if !doubt => proof,
            (_, proof) => self.undone(row, operation, proof).await?,
        };
        let tries = row.keys_spent.saturating_add(1);
        let (verdict, next_key) = match (outcome.verdict, proof) {
            (Verdict::Refused(failure), Proof::Undone(_)) if operation.is_taken(&failure) => (taken(), true),
            (Verdict::Spent { .. }, Proof::Undone(_)) => (taken(), true),
            (Verdict::Refused(failure), Proof::Applied(_)) if !doubt => (Verdict::Refused(failure), false),
            (_, Proof::Applied(ids)) => (Verdict::Applied(ids), false),
            (Verdict::Refused(failure), _) | (Verdict::Denied(failure), Proof::NotApplied | Proof::Undone(_)) => {
                (Verdict::Refused(failure), false)
            }
            (Verdict::Spent { .. } | Verdict::Denied(_), Proof::ByAnother) => (Verdict::Refused(by_another()), false),
            // The deployment's fault never fails a customer's operation.
            (
                Verdict::Spent {
                    reason: reason @ (Reason::Misconfigured | Reason::CredentialsRefused),
                    ..
                },
                Proof::NotApplied,
            ) => (Verdict::NotYet(Wait::new(Pace::Minutes, reason)), true),
            (Verdict::Spent { failure, .. }, Proof::NotApplied) if tries >= self.terms.key_tries => {
                (Verdict::Refused(failure), false)
            }
            (Verdict::Spent { reason, .. }, Proof::NotApplied) => {
                (Verdict::NotYet(Wait::new(Pace::NextKey, reason)), true)
            }
            // Fineract's own words under this key are out, and the effect is not there: no later answer tells more.
            (Verdict::Unnamed { replayed: true }, Proof::NotApplied | Proof::ByAnother | Proof::Undone(_)) => {
                (Verdict::NotYet(Wait::new(Pace::Operator, Reason::NeedsOperator)), false)
            }
            // Another program answered, or Fineract did not mean this operation: the same key asks again.
            (Verdict::Unnamed { replayed: false }, Proof::NotApplied | Proof::ByAnother | Proof::Undone(_)) => {
                (Verdict::Unknown(Wait::new(Pace::Soon, Reason::ForeignAnswer)), false)
            }
            (verdict, _) => (verdict, false),
        };
        Ok(bounded(Outcome {
            next_turn: verdict == taken(),
            verdict,
            read_back: true,
            next_key,
            ..outcome
        }))
    }

    /// Gives up a key with which Fineract has been busy for too long: the command waits for a checker or was rejected, or
    /// what Fineract shows decides.
    pub(super) async fn stuck(
        &self,
        row: &Row,
        outcome: Outcome,
        operation: &dyn AnyOperation,
        bank: &Bank<'_>,
        case: &Case,
        command: &Command,
    ) -> Result<Outcome, ledger::Error> {
        match sought(row, operation, bank, case, command).await {
            Ok(Some(verdict)) => return Ok(Outcome { verdict, ..outcome }),
            Ok(None) => {}
            Err(stop) => return Ok(unanswered(outcome, &stop)),
        }
        let proof = match self.proof(row, operation, bank, case).await? {
            Ok(proof) => self.undone(row, operation, proof).await?,
            Err(stop) => return Ok(unanswered(outcome, &stop)),
        };
        let (verdict, next_key) = match proof {
            Proof::Applied(ids) => (Verdict::Applied(ids), false),
            Proof::Undone(_) => (taken(), true),
            Proof::ByAnother => (Verdict::Refused(by_another()), false),
            Proof::NotApplied => (
                Verdict::NotYet(Wait::new(Pace::NextKey, Reason::CommandInProgress)),
                true,
            ),
        };
        Ok(Outcome {
            next_turn: verdict == taken(),
            verdict,
            read_back: true,
            next_key,
            ..outcome
        })
    }

    /// Whether Fineract shows that this operation was applied.
    async fn proof(
        &self,
        row: &Row,
        operation: &dyn AnyOperation,
        bank: &Bank<'_>,
        case: &Case,
    ) -> Result<Result<Proof, Stop>, ledger::Error> {
        Ok(match operation.read_back(bank, case).await {
            Ok(Proof::Applied(ids)) if operation.mistakable() => Ok(self.ours(row, operation, ids).await?),
            read => read,
        })
    }

    /// What was undone was this operation's, if it was what was asked for and no earlier one of ours did it.
    async fn undone(&self, row: &Row, operation: &dyn AnyOperation, proof: Proof) -> Result<Proof, ledger::Error> {
        let Proof::Undone(Some(ids)) = proof else {
            return Ok(proof);
        };
        let ours = self.ours(row, operation, ids).await?;
        Ok(if ours == Proof::NotApplied {
            Proof::Undone(None)
        } else {
            ours
        })
    }

    /// What is there may be what another operation of ours did: whichever ended before this one goes on. Clocks do not
    /// tell which was accepted earlier.
    pub(super) async fn ours(
        &self,
        row: &Row,
        operation: &dyn AnyOperation,
        ids: Value,
    ) -> Result<Proof, ledger::Error> {
        let history = self.ledger.history(&row.subject).await?;
        let others: Vec<Uuid> = history.into_iter().filter(|id| *id != row.id).collect();
        let before = self.ledger.get_all(&others).await?.into_iter().any(|other| {
            let done = other.operation == row.operation && other.state == State::Succeeded;
            let done = other.response.filter(|_| done);
            done.is_some_and(|response| same_effect(&response, &ids, operation.books()))
        });
        Ok(if before { Proof::NotApplied } else { Proof::Applied(ids) })
    }
}

/// Seeks the command of a key among those that wait for a checker or were rejected: what it says about the operation.
async fn sought(
    row: &Row,
    operation: &dyn AnyOperation,
    bank: &Bank<'_>,
    case: &Case,
    command: &Command,
) -> Result<Option<Verdict>, Stop> {
    let words = operation.command();
    let (resource, loan) = match operation.held_as(case) {
        HeldAs::Subject => (bank.number(&row.subject).await?, None),
        HeldAs::Number(number) => (Some(number), None),
        HeldAs::New => (None, None),
        HeldAs::PartOfLoan => (None, bank.number(&row.subject).await?),
    };
    let marks = Marks {
        words,
        maker: bank.username().await?,
        resource,
        loan,
        external_id: made_by(command),
        since: row.key_first_sent_at.unwrap_or(row.accepted_at),
    };
    Ok(match checker::seek(bank, &marks).await? {
        Some((number, Decision::Rejected)) => {
            tracing::info!(operation_id = %row.id, number, "the command was sought, and found rejected");
            Some(Verdict::Refused(rejected()))
        }
        Some((number, Decision::Awaited | Decision::Running | Decision::Executed | Decision::TakenOut)) => {
            Some(Verdict::Pending {
                command_id: Some(number),
            })
        }
        None => None,
    })
}

/// The external id of what a command makes: a client, a loan, a transaction.
fn made_by(command: &Command) -> Option<String> {
    let makes = command.method == Method::Post;
    let id = command.body.as_ref().filter(|_| makes)?.get("externalId")?;
    id.as_str().map(str::to_owned)
}

/// What decides was not answered: a later run goes on as this one began. What a person must mend before it can be answered is
/// told.
fn unanswered(outcome: Outcome, stop: &Stop) -> Outcome {
    match to_mend(stop) {
        Some(wait) => Outcome {
            verdict: Verdict::Unknown(wait),
            ..outcome
        },
        None => outcome,
    }
}

/// The wait for what a person must mend, if that is why there was no answer.
fn to_mend(stop: &Stop) -> Option<Wait> {
    match stop {
        Stop::NotYet(wait) => Some(*wait).filter(|wait| wait.reason.alarms()),
        Stop::NotFound(_) | Stop::Refused(_) | Stop::ClientNotFound(_) => None,
    }
}

/// A refusal that cannot be kept is told in short.
pub(super) fn bounded(outcome: Outcome) -> Outcome {
    match outcome.verdict {
        Verdict::Refused(failure) => Outcome {
            verdict: Verdict::Refused(too_large(failure)),
            ..outcome
        },
        verdict @ (Verdict::Applied(_)
        | Verdict::Pending { .. }
        | Verdict::NotYet(_)
        | Verdict::Unknown(_)
        | Verdict::Denied(_)
        | Verdict::Spent { .. }
        | Verdict::Restored
        | Verdict::Unnamed { .. }) => Outcome { verdict, ..outcome },
    }
}

/// The id that follows from a UTR is taken by a transaction that was undone: the next one is used, with the next key.
const fn taken() -> Verdict {
    Verdict::NotYet(Wait::new(Pace::Next, Reason::ReferenceTaken))
}

fn rejected() -> Failure {
    Failure::gateway(409, "gateway.rejected-by-checker", "A checker rejected it in Fineract.")
}

fn removed() -> Failure {
    let message = "It was taken out of the checkers' inbox in Fineract.";
    Failure::gateway(409, "gateway.removed-by-checker", message)
}

fn by_another() -> Failure {
    let message = "Another user of Fineract's did the same; this operation was not applied.";
    Failure::gateway(409, "gateway.done-by-another", message)
}
