//! What Fineract shows of an operation, for an operator: nothing is claimed, sent or written.

use serde_json::Value;

use super::{Executor, case_of};
use crate::clock::Timestamp;
use crate::command::Stop;
use crate::ledger;
use crate::operation::AnyOperation;
use crate::pace::Reason;
use crate::proof::Proof;
use crate::row::Row;

/// What Fineract shows of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// It is there, with these ids, and no earlier operation of ours did it.
    Applied(Value),
    /// It is not there.
    NotApplied,
    /// It is there, but another user of Fineract's did it.
    ByAnother,
    /// It was there and was undone.
    Undone,
    /// Fineract did not answer.
    Unanswered(Reason),
    /// The operation only asks.
    Asks,
    /// This release and configuration do not understand its data.
    NotUnderstood,
}

impl Executor<'_> {
    /// What Fineract shows of an open operation.
    pub async fn shown(&self, row: &Row, deadline: Timestamp) -> Result<Shown, ledger::Error> {
        let Some(operation) = self.understood(row) else {
            return Ok(Shown::NotUnderstood);
        };
        let shown = self.read_back(row, &*operation, deadline).await;
        let Shown::Applied(ids) = shown else { return Ok(shown) };
        if !operation.mistakable() {
            return Ok(Shown::Applied(ids));
        }
        Ok(match self.ours(row, &*operation, ids).await? {
            Proof::Applied(ids) => Shown::Applied(ids),
            Proof::NotApplied | Proof::ByAnother | Proof::Undone(_) => Shown::NotApplied,
        })
    }

    /// Whether Fineract holds what an operation was to leave there, whichever of ours left it.
    pub async fn held_by_fineract(&self, row: &Row, deadline: Timestamp) -> Shown {
        match self.understood(row) {
            Some(operation) => self.read_back(row, &*operation, deadline).await,
            None => Shown::NotUnderstood,
        }
    }

    async fn read_back(&self, row: &Row, operation: &dyn AnyOperation, deadline: Timestamp) -> Shown {
        if operation.subject().is_none() {
            return Shown::Asks;
        }
        let bank = self.bank(self.fineract, deadline);
        let case = case_of(row);
        match operation.read_back(&bank, &case).await {
            Ok(Proof::Applied(ids)) => Shown::Applied(ids),
            Ok(Proof::NotApplied) => Shown::NotApplied,
            Ok(Proof::ByAnother) => Shown::ByAnother,
            Ok(Proof::Undone(_)) => Shown::Undone,
            Err(Stop::NotYet(wait)) => Shown::Unanswered(wait.reason),
            Err(Stop::NotFound(_) | Stop::Refused(_) | Stop::ClientNotFound(_)) => Shown::NotApplied,
        }
    }
}
