//! Refusals that the gateway can explain: the reference of a booking is booked already.

use serde_json::Value;

use super::Executor;
use crate::bank::Bank;
use crate::chain::Chain;
use crate::failure::{AlreadyBooked, Failure};
use crate::kind::Kind;
use crate::operation::{AnyOperation, Case};
use crate::proof::{Mark, Standing};
use crate::row::Row;
use crate::settle::Outcome;
use crate::tracking::State;
use crate::verdict::Verdict;

impl Executor<'_> {
    /// Says beside Fineract's refusal what stands under the operation's reference. Where that cannot be read now, Fineract's
    /// words stand alone: they are true without it.
    pub(super) async fn explained(
        &self,
        row: &Row,
        outcome: Outcome,
        operation: &dyn AnyOperation,
        bank: &Bank<'_>,
        case: &Case,
    ) -> Outcome {
        let Verdict::Refused(failure @ Failure::Fineract { status, body, .. }) = &outcome.verdict else {
            return outcome;
        };
        let Ok(Some(standing)) = operation.booked_already(bank, case, failure).await else {
            return outcome;
        };
        let booked = AlreadyBooked {
            tracking_id: self.booked_by(row, &standing).await,
            amount: standing.amount,
            date: standing.date,
        };
        let failure = Failure::Fineract {
            status: *status,
            body: body.clone(),
            booked: Some(Box::new(booked)),
        };
        Outcome {
            verdict: Verdict::Refused(failure),
            ..outcome
        }
    }

    /// The tracking id of the operation that booked it, if it is the same caller's.
    async fn booked_by(&self, row: &Row, standing: &Standing) -> Option<String> {
        let others = match self.ledger.history(&row.subject).await {
            Ok(ids) => self.ledger.get_all(&ids).await,
            Err(error) => Err(error),
        };
        let others = others
            .inspect_err(|error| {
                tracing::warn!(operation_id = %row.id, error = %Chain(error), "who booked a reference could not be read");
            })
            .ok()?;
        let booked = |other: &&Row| {
            let kind = Kind::named(&other.operation).and_then(Kind::declaration);
            let members = kind.and_then(|declaration| declaration.books());
            let response = other.response.as_ref().filter(|_| other.state == State::Succeeded);
            let names = response
                .zip(members)
                .is_some_and(|(response, (number, id))| match &standing.mark {
                    Mark::ExternalId(external_id) => response.get(id).and_then(Value::as_str) == Some(external_id),
                    Mark::Number(booked) => response.get(number).and_then(Value::as_u64) == Some(*booked),
                });
            other.id != row.id && other.caller == row.caller && names
        };
        others.iter().find(booked).map(|other| other.tracking_id().to_string())
    }
}
