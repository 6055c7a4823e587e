//! LOAN_DISBURSE.

use serde_json::Value;

use crate::bank::{Bank, found};
use crate::digest::derived_uuid;
use crate::fields::Fields;
use crate::fineract::{Method, Path};
use crate::operation::{Body, Case, Command, Operation, Stop};
use crate::proof::{Evidence, Proof, loan_ids};
use crate::subject::Subject;
use crate::values::{Amount, Date, ExternalId, Note, Utr};
use crate::verdict::Expected;

/// Disburses an approved loan, or its next tranche. Fineract: `POST loans/external-id/{id}?command=disburse`.
pub(super) struct LoanDisburse {
    external_loan_id: ExternalId,
    actual_disbursement_date: Date,
    transaction_amount: Option<Amount>,
    utr_payment_id: Option<Utr>,
    note: Option<Note>,
}

impl Operation for LoanDisburse {
    const NAME: &'static str = "LOAN_DISBURSE";
    const SUMMARY: &'static str = "Disburses a loan.";
    const EXAMPLE: &'static str = r#"{"external_loan_id":"LOAN-123","actualDisbursementDate":"11 January 2026","transactionAmount":200000,"utr_payment_id":"UTR-20260111-001","note":"Disbursement for LOAN-123"}"#;
    const SETS_VALUES: bool = false;
    const COMMAND: (&'static str, &'static str) = ("DISBURSE", "LOAN");

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let external_loan_id = fields.required("external_loan_id");
        let actual_disbursement_date = fields.required("actualDisbursementDate");
        let transaction_amount = fields.optional("transactionAmount");
        let utr_payment_id = fields.optional("utr_payment_id");
        let note = fields.optional("note");
        Some(Self {
            external_loan_id: external_loan_id?,
            actual_disbursement_date: actual_disbursement_date?,
            transaction_amount,
            utr_payment_id,
            note,
        })
    }

    fn subject(&self) -> Subject {
        Subject::loan(&self.external_loan_id)
    }

    fn needs(&self) -> Option<Subject> {
        None
    }

    async fn prepare(&self, bank: &Bank<'_>, case: &Case) -> Result<Command, Stop> {
        let transaction = self.transaction_external_id(case);
        let body = Body::new()
            .with("actualDisbursementDate", self.actual_disbursement_date)
            .with_some("transactionAmount", self.transaction_amount)
            .with("externalId", transaction.as_str())
            // Without a payment type Fineract drops the receipt number silently.
            .with_some(
                "paymentTypeId",
                self.utr_payment_id.as_ref().map(|_| bank.deployment.payment_type_id),
            )
            .with_some("receiptNumber", self.utr_payment_id.as_ref())
            .with_some("note", self.note.as_ref());
        Ok(Command {
            method: Method::Post,
            path: Path::new("v1/loans/external-id")
                .segment(&self.external_loan_id)
                .query("command=disburse"),
            body: Some(body.finish()),
            expected: Expected {
                resource_external_id: Some(self.external_loan_id.as_str().to_owned()),
                sub_resource_external_id: Some(transaction),
                loan_id: None,
            },
            target: None,
        })
    }

    async fn read_back(&self, bank: &Bank<'_>, case: &Case) -> Result<Proof, Stop> {
        let id = self.transaction_external_id(case);
        let Some(transaction) = found(bank.transaction(&self.external_loan_id, &id).await)? else {
            return Ok(Proof::NotApplied);
        };
        let loan = bank.loan(&self.external_loan_id).await?;
        let reversed = transaction.get("reversedOnDate").is_some_and(|date| !date.is_null())
            || transaction.get("manuallyReversed").and_then(Value::as_bool) == Some(true);
        let mut ids = loan_ids(&loan);
        ids["subResourceId"] = transaction.get("id").cloned().unwrap_or_default();
        ids["subResourceExternalId"] = id.into();
        let evidence = Evidence::of(&transaction)
            .number("/amount", self.transaction_amount.map(Value::from))
            .date("/date", Some(self.actual_disbursement_date))
            .and(!reversed);
        Ok(evidence.prove(None, None, ids))
    }
}

impl LoanDisburse {
    /// Fineract books a transaction's external id once. A UTR gives the same id whoever sends it, so it pays a loan
    /// once; without one each operation has its own.
    fn transaction_external_id(&self, case: &Case) -> String {
        let id = match &self.utr_payment_id {
            Some(utr) => derived_uuid(&[
                b"disbursement",
                self.external_loan_id.as_str().as_bytes(),
                utr.as_str().as_bytes(),
                &0_u64.to_be_bytes(),
            ]),
            None => case.id,
        };
        id.hyphenated().to_string()
    }
}
