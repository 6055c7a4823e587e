//! LOAN_UPDATE.

use serde_json::Value;

use super::shown_loan::not_lost;
use crate::bank::{Bank, found};
use crate::command::{Body, Command, Stop};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::fineract::{Method, Path};
use crate::loan_terms::{
    TERMS, charges, date_of, id_of, in_tranches, indivisible, indivisible_together, largest_balance,
};
use crate::loan_terms::{loan_charge, repayment_every, tranche};
use crate::operation::{Case, Operation};
use crate::proof::{Evidence, Proof, loan_ids};
use crate::subject::Subject;
use crate::values::{
    Amount, Count, Currency, Date, ExternalId, FaultCode, Rate, StoredNumber, TermUnit, Wrong, decimal_of,
};
use crate::verdict::Expected;

static CHANGEABLE: [&str; 6] = [
    "principal",
    "submittedOnDate",
    "loanTermFrequency",
    "loanTermFrequencyType",
    "numberOfRepayments",
    "interestRatePerPeriod",
];

const SUBMITTED: &str = "/timeline/submittedOnDate";
const DISBURSED: &str = "/timeline/expectedDisbursementDate";
const FIRST_REPAYMENT: &str = "/expectedFirstRepaymentOnDate";

/// Updates a loan that awaits approval. Fineract: `PUT loans/external-id/{id}`.
///
/// Fineract takes what a body leaves out as gone: an amount, a rate, a grace, charges, tranches. So the loan is read, merged
/// with what was asked for, and sent whole; a loan that cannot be sent whole is left alone.
pub(super) struct LoanUpdate {
    external_id: ExternalId,
    principal: Option<Amount>,
    submitted_on_date: Option<Date>,
    loan_term_frequency: Option<Count>,
    loan_term_frequency_type: Option<TermUnit>,
    number_of_repayments: Option<Count>,
    interest_rate_per_period: Option<Rate>,
}

impl Operation for LoanUpdate {
    const NAME: &'static str = "LOAN_UPDATE";
    const SUMMARY: &'static str = "Updates a loan before its approval.";
    const EXAMPLE: &'static str = r#"{"externalId":"LOAN-123","principal":200000,"submittedOnDate":"11 January 2026","loanTermFrequency":24,"loanTermFrequencyType":"months","numberOfRepayments":24,"interestRatePerPeriod":8.3}"#;
    const MISTAKABLE: bool = false;
    const COMMAND: (&'static str, &'static str) = ("UPDATE", "LOAN");

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let external_id = fields.required("externalId");
        let principal = fields.optional("principal");
        let submitted_on_date = fields.optional("submittedOnDate");
        let loan_term_frequency = fields.optional("loanTermFrequency");
        let loan_term_frequency_type = fields.optional("loanTermFrequencyType");
        let number_of_repayments = fields.optional("numberOfRepayments");
        let interest_rate_per_period = fields.optional("interestRatePerPeriod");
        if let Some(wrong) = indivisible(loan_term_frequency, number_of_repayments) {
            fields.fault("loanTermFrequency", wrong);
        }
        if !fields.either(&CHANGEABLE) {
            let detail = format!("must have at least one of {}", CHANGEABLE.join(", "));
            fields.fault_of_all(Wrong::new(FaultCode::NothingToUpdate, detail));
        }
        Some(Self {
            external_id: external_id?,
            principal,
            submitted_on_date,
            loan_term_frequency,
            loan_term_frequency_type,
            number_of_repayments,
            interest_rate_per_period,
        })
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject::loan(&self.external_id))
    }

    fn needs(&self) -> Option<Subject> {
        None
    }

    async fn prepare(&self, bank: &Bank<'_>, _: &Case) -> Result<Command, Stop> {
        let loan = bank
            .whole_loan(&self.external_id)
            .await
            .map_err(Stop::final_if_not_found)?;
        let number = loan.get("loanProductId").and_then(Value::as_u64);
        let product = bank
            .product_by_number(number.ok_or_else(|| incomplete("productId"))?)
            .await?;
        not_lost(&loan, &product)?;
        Ok(Command {
            method: Method::Put,
            path: Path::new("v1/loans/external-id").segment(&self.external_id),
            body: Some(self.merged(&loan, &product)?),
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
            .set_number("/proposedPrincipal", self.principal)
            .set_number("/termFrequency", self.loan_term_frequency)
            .set_number("/termPeriodFrequencyType/id", self.loan_term_frequency_type)
            .set_number("/numberOfRepayments", self.number_of_repayments)
            .set_number("/interestRatePerPeriod", self.interest_rate_per_period)
            .date(SUBMITTED, self.submitted_on_date);
        Ok(evidence.prove(None, loan_ids(&loan)))
    }
}

/// Members without which Fineract takes a loan apart: without an amount its schedule is empty, without a rate it bears no
/// interest. A body that lacks one is never sent.
const NEEDED: [&str; 16] = [
    "clientId",
    "productId",
    "principal",
    "loanTermFrequency",
    "loanTermFrequencyType",
    "numberOfRepayments",
    "repaymentEvery",
    "repaymentFrequencyType",
    "interestRatePerPeriod",
    "amortizationType",
    "interestType",
    "interestCalculationPeriodType",
    "transactionProcessingStrategyCode",
    "submittedOnDate",
    "expectedDisbursementDate",
    "externalId",
];

/// The refusal of a loan of which Fineract does not show what it needs to be told.
fn incomplete(member: &str) -> Stop {
    let message = format!("Fineract shows no {member} of this loan, so it cannot be sent back whole.");
    Stop::Refused(Failure::gateway(409, "gateway.loan-incomplete", message))
}

/// The refusal of a disbursement that would come after the first repayment, where that has a day of its own: Fineract would
/// take it.
fn too_late() -> Failure {
    let message = "The expected disbursement would move behind the day from which this loan is repaid.";
    Failure::gateway(409, "gateway.first-repayment-fixed", message)
}

impl LoanUpdate {
    fn merged(&self, loan: &Value, product: &Value) -> Result<Value, Stop> {
        let own = |member: &str| loan.get(member).cloned();
        let id = |member: &str| id_of(loan, member).cloned();
        let unit = self.loan_term_frequency_type.map(|unit| Value::from(unit.code()));
        let term = self
            .loan_term_frequency
            .map(Value::from)
            .or_else(|| own("termFrequency"));
        let repayments = self
            .number_of_repayments
            .map(Value::from)
            .or_else(|| own("numberOfRepayments"));
        let rate = self
            .interest_rate_per_period
            .map(Value::from)
            .or_else(|| own("interestRatePerPeriod"));
        let (submitted, disbursed) = self.dates(loan);
        let first_repayment = date_of(loan, FIRST_REPAYMENT);
        if disbursed > first_repayment && first_repayment.is_some() {
            return Err(Stop::Refused(too_late()));
        }
        let body = Body::new()
            .with("loanType", "individual")
            .with_some("clientId", own("clientId"))
            .with_some("productId", own("loanProductId"))
            .with("externalId", &self.external_id)
            .with_some(
                "principal",
                self.principal.map(Value::from).or_else(|| own("principal")),
            )
            .with_some("loanTermFrequency", term)
            .with_some(
                "loanTermFrequencyType",
                unit.clone().or_else(|| id("termPeriodFrequencyType")),
            )
            .with_some("numberOfRepayments", repayments)
            .with_some("repaymentEvery", self.repayment_every(loan)?)
            .with_some("repaymentFrequencyType", unit.or_else(|| id("repaymentFrequencyType")))
            .with_some("interestRatePerPeriod", rate)
            .with_some("submittedOnDate", submitted)
            .with_some("expectedDisbursementDate", disbursed)
            .with_some("charges", charges(loan, loan_charge))
            .with_some("disbursementData", self.tranches(loan))
            .with_some("repaymentsStartingFromDate", first_repayment)
            .with_some("interestChargedFromDate", self.interest_from(loan))
            .with_some(
                "maxOutstandingLoanBalance",
                largest_balance(loan, "maxOutstandingLoanBalance"),
            );
        let body = TERMS.iter().fold(body, |body, term| {
            let (member, value) = term.of_loan(loan, product);
            body.with_some(member, value)
        });
        let body = body.finish();
        let is_hole = |member: &&&str| body.get(**member).is_none_or(Value::is_null);
        match NEEDED.iter().find(is_hole) {
            None => Ok(body),
            Some(member) => Err(incomplete(member)),
        }
    }

    /// The time between repayments follows from term and number, if one of them changes; else the loan keeps its own.
    fn repayment_every(&self, loan: &Value) -> Result<Option<Value>, Stop> {
        if self.loan_term_frequency.is_none() && self.number_of_repayments.is_none() {
            return Ok(loan.get("repaymentEvery").cloned());
        }
        let own = |member: &str| {
            loan.get(member)
                .and_then(Value::as_u64)
                .and_then(|count| u32::try_from(count).ok())
        };
        let term = self
            .loan_term_frequency
            .map(Count::get)
            .or_else(|| own("termFrequency"));
        let repayments = self
            .number_of_repayments
            .map(Count::get)
            .or_else(|| own("numberOfRepayments"));
        let every = term
            .zip(repayments)
            .and_then(|(term, repayments)| repayment_every(term, repayments));
        every
            .map(|every| Some(Value::from(every)))
            .ok_or_else(|| Stop::Refused(indivisible_together()))
    }

    /// The submission date and the expected disbursement date. Fineract refuses a submission after the expected
    /// disbursement, so where both were the same day they move together.
    fn dates(&self, loan: &Value) -> (Option<Date>, Option<Date>) {
        let submitted = date_of(loan, SUBMITTED);
        let disbursed = date_of(loan, DISBURSED);
        let moved = self.submitted_on_date.filter(|_| submitted == disbursed);
        (self.submitted_on_date.or(submitted), moved.or(disbursed))
    }

    /// The day from which interest is charged, if the loan has one. On the expected disbursement date it moves with it.
    fn interest_from(&self, loan: &Value) -> Option<Date> {
        let own = date_of(loan, "/interestChargedFromDate")?;
        let with_disbursement = date_of(loan, DISBURSED) == Some(own);
        self.dates(loan).1.filter(|_| with_disbursement).or(Some(own))
    }

    /// The tranches of the loan. One on the expected disbursement date moves with it, and the first is put there, from where
    /// an approval moved that date away; a single one that is the whole principal follows the principal. Everything else
    /// about them stays.
    fn tranches(&self, loan: &Value) -> Option<Value> {
        if !in_tranches(loan) {
            return None;
        }
        let own = loan.get("disbursementDetails")?.as_array()?;
        let (old_day, new_day) = (date_of(loan, DISBURSED), self.dates(loan).1);
        // Fineract rounds the principal and not the tranche, and takes none that is above the principal.
        let stored = |amount: &Value| decimal_of(amount).map(|amount| Amount::as_stored(amount, Currency::of(loan)));
        let whole = |amount: &Value| own.len() == 1 && stored(amount) == loan.get("principal").and_then(stored);
        let principal = self
            .principal
            .map(Value::from)
            .or_else(|| loan.get("principal").cloned());
        let tranches = own.iter().enumerate().map(|(index, details)| {
            let day = date_of(details, "/expectedDisbursementDate");
            let amount = details.get("principal").cloned().unwrap_or_default();
            let day = if index == 0 || day == old_day { new_day } else { day };
            let amount = principal.clone().filter(|_| whole(&amount)).unwrap_or(amount);
            tranche(details.get("id"), day.map(Value::from), amount)
        });
        Some(tranches.collect())
    }
}
