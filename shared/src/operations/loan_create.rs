//! LOAN_CREATE.

use serde_json::Value;

use crate::bank::{Bank, found, number_of};
use crate::fields::Fields;
use crate::fineract::{Method, Path};
use crate::loan_terms::{charges, id_of, in_tranches, indivisible, indivisible_together, product_charge};
use crate::loan_terms::{repayment_every, tranche};
use crate::operation::{Body, Case, Command, Operation, Stop};
use crate::pace::{Pace, Reason, Wait};
use crate::proof::{Evidence, Proof, loan_ids};
use crate::subject::Subject;
use crate::values::{Amount, Count, Date, ExternalId, Lender, Rate, TermUnit};
use crate::verdict::Expected;

/// Creates a loan for an existing client. Fineract: `POST loans`.
pub(super) struct LoanCreate {
    lender_config: Lender,
    external_id: ExternalId,
    principal: Amount,
    submitted_on_date: Date,
    loan_term_frequency: Count,
    loan_term_frequency_type: TermUnit,
    number_of_repayments: Count,
    interest_rate_per_period: Rate,
    client_id: ExternalId,
}

impl Operation for LoanCreate {
    const NAME: &'static str = "LOAN_CREATE";
    const SUMMARY: &'static str = "Creates a loan for an existing client.";
    const EXAMPLE: &'static str = r#"{"lenderConfig":"UGRO","externalId":"LOAN-123","principal":100000,"submittedOnDate":"11 January 2026","loanTermFrequency":12,"loanTermFrequencyType":"months","numberOfRepayments":12,"interestRatePerPeriod":8,"clientId":"INC-1001"}"#;
    const SETS_VALUES: bool = false;
    const COMMAND: (&'static str, &'static str) = ("CREATE", "LOAN");

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let lender_config = fields.required("lenderConfig");
        let external_id = fields.required("externalId");
        let principal = fields.required("principal");
        let submitted_on_date = fields.required("submittedOnDate");
        let loan_term_frequency = fields.required("loanTermFrequency");
        let loan_term_frequency_type = fields.optional("loanTermFrequencyType").unwrap_or(TermUnit::Months);
        let number_of_repayments = fields.required("numberOfRepayments");
        let interest_rate_per_period = fields.required("interestRatePerPeriod");
        let client_id = fields.required("clientId");
        if let Some(wrong) = indivisible(loan_term_frequency, number_of_repayments) {
            fields.fault("loanTermFrequency", wrong);
        }
        Some(Self {
            lender_config: lender_config?,
            external_id: external_id?,
            principal: principal?,
            submitted_on_date: submitted_on_date?,
            loan_term_frequency: loan_term_frequency?,
            loan_term_frequency_type,
            number_of_repayments: number_of_repayments?,
            interest_rate_per_period: interest_rate_per_period?,
            client_id: client_id?,
        })
    }

    fn subject(&self) -> Subject {
        Subject::loan(&self.external_id)
    }

    fn needs(&self) -> Option<Subject> {
        Some(Subject::client(&self.client_id))
    }

    async fn prepare(&self, bank: &Bank<'_>, _: &Case) -> Result<Command, Stop> {
        let product = bank.product(&self.lender_config).await?;
        let client = self.client_number(bank).await?;
        Ok(Command {
            method: Method::Post,
            path: Path::new("v1/loans"),
            body: Some(self.body(client, &product)?),
            expected: Expected {
                resource_external_id: Some(self.external_id.as_str().to_owned()),
                ..Expected::default()
            },
            target: None,
        })
    }

    async fn read_back(&self, bank: &Bank<'_>, _: &Case) -> Result<Proof, Stop> {
        let Some(loan) = found(bank.loan(&self.external_id).await)? else {
            return Ok(Proof::NotApplied);
        };
        let evidence = Evidence::of(&loan)
            .text("/loanProductName", Some(self.lender_config.as_str()))
            .text("/clientExternalId", Some(self.client_id.as_str()))
            .number("/proposedPrincipal", Some(self.principal.into()))
            .number("/termFrequency", Some(self.loan_term_frequency.into()))
            .number(
                "/termPeriodFrequencyType/id",
                Some(self.loan_term_frequency_type.code().into()),
            )
            .number("/numberOfRepayments", Some(self.number_of_repayments.into()))
            .number("/interestRatePerPeriod", Some(self.interest_rate_per_period.into()))
            .date("/timeline/submittedOnDate", Some(self.submitted_on_date));
        let us = bank.username().await;
        Ok(evidence.prove(Some("/timeline/submittedByUsername"), us.as_deref(), loan_ids(&loan)))
    }
}

impl LoanCreate {
    /// Looked up every time: external ids move, and a number kept from earlier would lend to another person.
    async fn client_number(&self, bank: &Bank<'_>) -> Result<u64, Stop> {
        match bank.client(&self.client_id).await {
            Ok(client) => number_of(&client).ok_or(Stop::NotYet(Wait::new(Pace::Operator, Reason::NeedsOperator))),
            Err(Stop::NotFound(failure)) => Err(Stop::ClientNotFound(failure)),
            Err(stop) => Err(stop),
        }
    }

    /// What the caller does not say comes from the product. The unit of the rate is never sent: releases differ in
    /// what they make of it.
    fn body(&self, client: u64, product: &Value) -> Result<Value, Stop> {
        let (term, repayments) = (self.loan_term_frequency, self.number_of_repayments);
        let every = repayment_every(term.get(), repayments.get()).ok_or(Stop::Refused(indivisible_together()))?;
        let unit = self.loan_term_frequency_type.code();
        let tranches = in_tranches(product);
        let single = || Value::Array(vec![tranche(None, self.submitted_on_date, self.principal.into())]);
        let body = Body::new()
            .with("loanType", "individual")
            .with("clientId", client)
            .with_some("productId", product.get("id").cloned())
            .with("externalId", &self.external_id)
            .with("principal", self.principal)
            .with("loanTermFrequency", term)
            .with("loanTermFrequencyType", unit)
            .with("numberOfRepayments", repayments)
            .with("repaymentEvery", every)
            .with("repaymentFrequencyType", unit)
            .with("interestRatePerPeriod", self.interest_rate_per_period)
            .with_some("amortizationType", id_of(product, "amortizationType").cloned())
            .with_some("interestType", id_of(product, "interestType").cloned())
            .with_some(
                "interestCalculationPeriodType",
                id_of(product, "interestCalculationPeriodType").cloned(),
            )
            .with_some(
                "transactionProcessingStrategyCode",
                product.get("transactionProcessingStrategyCode").cloned(),
            )
            .with("submittedOnDate", self.submitted_on_date)
            .with("expectedDisbursementDate", self.submitted_on_date)
            .with_some("charges", charges(product, product_charge))
            .with_some("disbursementData", tranches.then(single))
            .with_some(
                "maxOutstandingLoanBalance",
                product.get("outstandingLoanBalance").filter(|_| tranches).cloned(),
            );
        Ok(body.finish())
    }
}
