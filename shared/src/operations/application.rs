//! A loan as its client applies for it: what new loans and previews of them have in common.

use serde_json::Value;

use crate::bank::{Bank, foreign, number_of};
use crate::command::{Body, Stop};
use crate::fields::Fields;
use crate::loan_terms::{TERMS, charges, in_tranches, indivisible, indivisible_together, largest_balance};
use crate::loan_terms::{product_charge, repayment_every, tranche};
use crate::proof::Evidence;
use crate::values::{Amount, Count, Date, ExternalId, Lender, Rate, TermUnit};

/// What is applied for.
pub(super) struct Application {
    lender_config: Lender,
    principal: Amount,
    submitted_on_date: Date,
    loan_term_frequency: Count,
    loan_term_frequency_type: TermUnit,
    number_of_repayments: Count,
    interest_rate_per_period: Rate,
    pub(super) client_id: ExternalId,
}

impl Application {
    /// Reads it; faults are left with `fields`.
    pub(super) fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let lender_config = fields.required("lenderConfig");
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
            principal: principal?,
            submitted_on_date: submitted_on_date?,
            loan_term_frequency: loan_term_frequency?,
            loan_term_frequency_type,
            number_of_repayments: number_of_repayments?,
            interest_rate_per_period: interest_rate_per_period?,
            client_id: client_id?,
        })
    }

    /// What a loan must show that was applied for like this.
    pub(super) fn evidence<'a>(&self, loan: &'a Value) -> Evidence<'a> {
        Evidence::of(loan)
            .text("/loanProductName", Some(&self.lender_config))
            .text("/clientExternalId", Some(&self.client_id))
            .number("/proposedPrincipal", Some(self.principal))
            .number("/termFrequency", Some(self.loan_term_frequency))
            .number("/termPeriodFrequencyType/id", Some(self.loan_term_frequency_type))
            .number("/numberOfRepayments", Some(self.number_of_repayments))
            .number("/interestRatePerPeriod", Some(self.interest_rate_per_period))
            .date("/timeline/submittedOnDate", Some(self.submitted_on_date))
    }

    /// The body for Fineract, of a loan with this external id or of none in particular.
    pub(super) async fn sent(&self, bank: &Bank<'_>, external_id: Option<&ExternalId>) -> Result<Value, Stop> {
        let product = bank.product(&self.lender_config).await?;
        let client = self.client_number(bank).await?;
        self.body(client, &product, external_id)
    }

    /// Looked up every time: external ids move, and a number kept from earlier would lend to another person.
    async fn client_number(&self, bank: &Bank<'_>) -> Result<u64, Stop> {
        match bank.client(&self.client_id).await {
            Ok(client) => number_of(&client).ok_or(foreign()),
            Err(Stop::NotFound(failure)) => Err(Stop::ClientNotFound(failure)),
            Err(stop) => Err(stop),
        }
    }

    /// What the caller does not say comes from the product. The unit of the rate is never sent: releases differ in
    /// what they make of it.
    fn body(&self, client: u64, product: &Value, external_id: Option<&ExternalId>) -> Result<Value, Stop> {
        let (term, repayments) = (self.loan_term_frequency, self.number_of_repayments);
        let every = repayment_every(term.get(), repayments.get()).ok_or(Stop::Refused(indivisible_together()))?;
        let unit = self.loan_term_frequency_type.code();
        let tranches = in_tranches(product);
        let single = || Value::Array(vec![tranche(None, self.submitted_on_date, self.principal.into())]);
        let body = Body::new()
            .with("loanType", "individual")
            .with("clientId", client)
            .with_some("productId", product.get("id").cloned())
            .with_some("externalId", external_id)
            .with("principal", self.principal)
            .with("loanTermFrequency", term)
            .with("loanTermFrequencyType", unit)
            .with("numberOfRepayments", repayments)
            .with("repaymentEvery", every)
            .with("repaymentFrequencyType", unit)
            .with("interestRatePerPeriod", self.interest_rate_per_period)
            .with("submittedOnDate", self.submitted_on_date)
            .with("expectedDisbursementDate", self.submitted_on_date)
            .with_some("charges", charges(product, product_charge))
            .with_some("disbursementData", tranches.then(single))
            .with_some(
                "maxOutstandingLoanBalance",
                largest_balance(product, "outstandingLoanBalance"),
            );
        let body = TERMS.iter().fold(body, |body, term| {
            let (member, value) = term.of_product(product);
            body.with_some(member, value)
        });
        Ok(body.finish())
    }
}
