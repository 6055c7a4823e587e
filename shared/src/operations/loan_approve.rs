//! LOAN_APPROVE.

use crate::bank::{Bank, found};
use crate::fields::Fields;
use crate::fineract::{Method, Path};
use crate::operation::{Body, Case, Command, Operation, Stop};
use crate::proof::{Evidence, Proof, loan_ids};
use crate::subject::Subject;
use crate::values::{Date, ExternalId, from_fineract};
use crate::verdict::Expected;

/// Approves a submitted loan. Fineract: `POST loans/external-id/{id}?command=approve`.
pub(super) struct LoanApprove {
    external_loan_id: ExternalId,
    approved_on_date: Date,
}

impl Operation for LoanApprove {
    const NAME: &'static str = "LOAN_APPROVE";
    const SUMMARY: &'static str = "Approves a loan.";
    const EXAMPLE: &'static str = r#"{"external_loan_id":"LOAN-123","approvedOnDate":"11 January 2026"}"#;
    const SETS_VALUES: bool = false;
    const COMMAND: (&'static str, &'static str) = ("APPROVE", "LOAN");

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let external_loan_id = fields.required("external_loan_id");
        let approved_on_date = fields.required("approvedOnDate");
        Some(Self {
            external_loan_id: external_loan_id?,
            approved_on_date: approved_on_date?,
        })
    }

    fn subject(&self) -> Subject {
        Subject::loan(&self.external_loan_id)
    }

    fn needs(&self) -> Option<Subject> {
        None
    }

    async fn prepare(&self, bank: &Bank<'_>, _: &Case) -> Result<Command, Stop> {
        let loan = bank
            .loan(&self.external_loan_id)
            .await
            .map_err(Stop::final_if_not_found)?;
        // Newer releases refuse an approval after the expected disbursement date, unless that date moves along.
        let expected = loan
            .pointer("/timeline/expectedDisbursementDate")
            .and_then(from_fineract);
        let too_early = expected.is_some_and(|expected| expected < self.approved_on_date);
        let body = Body::new()
            .with("approvedOnDate", self.approved_on_date)
            .with_some("expectedDisbursementDate", too_early.then_some(self.approved_on_date));
        Ok(Command {
            method: Method::Post,
            path: Path::new("v1/loans/external-id")
                .segment(&self.external_loan_id)
                .query("command=approve"),
            body: Some(body.finish()),
            expected: Expected {
                resource_external_id: Some(self.external_loan_id.as_str().to_owned()),
                ..Expected::default()
            },
            target: None,
        })
    }

    async fn read_back(&self, bank: &Bank<'_>, _: &Case) -> Result<Proof, Stop> {
        let Some(loan) = found(bank.loan(&self.external_loan_id).await)? else {
            return Ok(Proof::NotApplied);
        };
        // Fineract shows this date while the loan is approved, and whatever becomes of an approved loan.
        let evidence = Evidence::of(&loan).date("/timeline/approvedOnDate", Some(self.approved_on_date));
        let us = bank.username().await;
        Ok(evidence.prove(Some("/timeline/approvedByUsername"), us.as_deref(), loan_ids(&loan)))
    }
}
