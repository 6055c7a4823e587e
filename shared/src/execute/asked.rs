//! Operations that only ask.

use super::Executor;
use super::doubt::bounded;
use crate::bank::Bank;
use crate::command::Stop;
use crate::failure::Failure;
use crate::fineract::{Exchange, Loss};
use crate::operation::{AnyOperation, Case};
use crate::packing;
use crate::row::{Row, UNKNOWN};
use crate::settle::Outcome;
use crate::verdict::{self, Verdict};

/// How often an operation that only asks does so without an answer.
const QUESTION_TRIES: usize = 5;

impl Executor<'_> {
    /// One try of an operation that only asks: nothing is changed by it, so what is not known is asked again, and not for
    /// ever.
    pub(super) async fn asked(&self, row: &Row, operation: &dyn AnyOperation, bank: &Bank<'_>, case: &Case) -> Outcome {
        let exchange = match operation.prepare(bank, case).await {
            Ok(question) => bank.question(&question).await.map(|exchange| (question, exchange)),
            Err(stop) => Err(stop),
        };
        let longer_than_read = matches!(&exchange, Ok((_, Exchange::Lost(Loss::TooLarge))));
        let outcome = match exchange {
            Ok((question, exchange)) => Outcome {
                perhaps_changed: false,
                ..Outcome::of_exchange(&exchange, verdict::of_question(&exchange, &question.expected))
            },
            Err(Stop::NotYet(wait)) => Outcome::without_request(Verdict::NotYet(wait)),
            Err(Stop::Refused(failure) | Stop::NotFound(failure) | Stop::ClientNotFound(failure)) => {
                Outcome::without_request(Verdict::Refused(failure))
            }
        };
        let unanswered = matches!(outcome.verdict, Verdict::Unknown(_)) && unknown_tries(row) + 1 >= QUESTION_TRIES;
        let too_long = matches!(&outcome.verdict, Verdict::Applied(body) if !packing::fits(body));
        let verdict = if too_long || longer_than_read {
            let message = "Fineract's answer is too large to be kept.";
            Verdict::Refused(Failure::gateway(413, "gateway.response-too-large", message))
        } else if unanswered {
            let message = "Fineract gave no answer, however often it was asked.";
            Verdict::Refused(Failure::gateway(504, "gateway.unanswered", message))
        } else {
            outcome.verdict
        };
        bounded(Outcome { verdict, ..outcome })
    }
}

/// How many of its tries that are remembered ended without an answer.
fn unknown_tries(row: &Row) -> usize {
    row.history.iter().filter(|entry| entry.verdict == UNKNOWN).count()
}
