//! LOAN_DELETE.

use serde_json::{Value, json};

use crate::bank::{Bank, foreign, number_of};
use crate::checker::done_by_another;
use crate::command::{Command, Stop};
use crate::fields::Fields;
use crate::fineract::{Method, Path};
use crate::operation::{Case, Operation};
use crate::pace::{Pace, Reason, Wait};
use crate::proof::Proof;
use crate::subject::Subject;
use crate::values::ExternalId;
use crate::verdict::Expected;

/// Deletes a loan that awaits approval. Fineract: `DELETE loans/{number}`.
///
/// By number, because Fineract finds a loan by external id before it looks at the key: a repeat by external id says
/// "not found", a repeat by number gives the stored answer.
pub(super) struct LoanDelete {
    external_loan_id: ExternalId,
}

impl Operation for LoanDelete {
    const NAME: &'static str = "LOAN_DELETE";
    const SUMMARY: &'static str = "Deletes a loan that awaits approval.";
    const EXAMPLE: &'static str = r#"{"external_loan_id":"LOAN-123"}"#;
    const MISTAKABLE: bool = true;
    const COMMAND: (&'static str, &'static str) = ("DELETE", "LOAN");

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            external_loan_id: fields.required("external_loan_id")?,
        })
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject::loan(&self.external_loan_id))
    }

    fn needs(&self) -> Option<Subject> {
        None
    }

    async fn prepare(&self, bank: &Bank<'_>, case: &Case) -> Result<Command, Stop> {
        let number = match case.target {
            Some(number) => {
                self.still_ours(bank, number).await?;
                number
            }
            None => {
                let loan = bank
                    .loan(&self.external_loan_id)
                    .await
                    .map_err(Stop::final_if_not_found)?;
                number_of(&loan).ok_or(foreign())?
            }
        };
        Ok(Command {
            method: Method::Delete,
            path: Path::new("v1/loans").segment(number),
            body: None,
            expected: Expected {
                resource_external_id: Some(self.external_loan_id.as_str().to_owned()),
                resource_id: Some(number),
                ..Expected::default()
            },
            target: Some(number),
        })
    }

    /// A loan that is gone after it was addressed by number is deleted; whose command did it is told by the audits.
    async fn read_back(&self, bank: &Bank<'_>, case: &Case) -> Result<Proof, Stop> {
        let Some(number) = case.target else {
            return Ok(Proof::NotApplied);
        };
        match bank.loan_by_number(number).await {
            Ok(_) => Ok(Proof::NotApplied),
            Err(Stop::NotFound(_)) if done_by_another(bank, Self::COMMAND, number, None).await? => Ok(Proof::ByAnother),
            Err(Stop::NotFound(_)) => {
                let id = self.external_loan_id.as_str();
                Ok(Proof::Applied(
                    json!({"loanId": number, "resourceId": number, "resourceExternalId": id}),
                ))
            }
            Err(stop) => Err(stop),
        }
    }
}

impl LoanDelete {
    /// On a later try: the loan is gone, or it still carries our external id. Anything else is another loan.
    async fn still_ours(&self, bank: &Bank<'_>, number: u64) -> Result<(), Stop> {
        match bank.loan_by_number(number).await {
            Err(Stop::NotFound(_)) => Ok(()),
            Ok(loan) if loan.get("externalId").and_then(Value::as_str) == Some(self.external_loan_id.as_str()) => {
                Ok(())
            }
            Ok(_) => Err(Stop::NotYet(Wait::new(Pace::Operator, Reason::NeedsOperator))),
            Err(stop) => Err(stop),
        }
    }
}
