//! The terms of a loan, and the rules that they keep to.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::Date;

use super::shape::{SentShape, Shape};
use crate::{
    enums::{self, Frequency},
    errors::{Failure, Fault},
    fields::{Fields, has_word},
    numbers,
    products::Product,
    release::Release,
    validation::Checks,
};

/// What the repayment schedule is computed from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Terms {
    pub(crate) principal: Decimal,
    pub(crate) term: i64,
    pub(crate) term_frequency: Frequency,
    pub(crate) repayments: i64,
    pub(crate) every: i64,
    pub(crate) frequency: Frequency,
    pub(crate) rate: Decimal,
    pub(crate) rate_frequency: i64,
    pub(crate) amortization: i64,
    pub(crate) interest: i64,
    pub(crate) interest_calculation: i64,
    pub(crate) strategy: String,
    pub(crate) shape: Shape,
}

impl Terms {
    /// The due date of the last repayment.
    pub(crate) fn maturity(&self, from: Date) -> Option<Date> {
        self.due(from, self.repayments)
    }

    /// The due date of a repayment, the first of which is number one; zero is the day from which they are counted.
    pub(crate) fn due(&self, from: Date, number: i64) -> Option<Date> {
        match self.shape.first_due {
            Some(first) if number > 0 => self.frequency.after(first, (number - 1).checked_mul(self.every)?),
            Some(_) | None => self.frequency.after(from, number.checked_mul(self.every)?),
        }
    }

    /// The due date of the last repayment of a part of the principal, by the repayments of the whole; there is always one.
    pub(crate) fn maturity_of(&self, part: Decimal, from: Date) -> Option<Date> {
        let repayments = (part * Decimal::from(self.repayments) / self.principal).ceil();
        let repayments = i64::try_from(repayments).ok()?.max(1);
        self.frequency.after(from, repayments.checked_mul(self.every)?)
    }

    /// The rate per year.
    pub(crate) fn annual_rate(&self) -> Decimal {
        enums::per_year(self.rate, self.rate_frequency)
    }
}

/// What a schedule is made with instead of the terms: the last body decides, and what it leaves out is zero.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) has_principal: bool,
    pub(crate) rate: Decimal,
    pub(crate) rate_frequency: i64,
    pub(crate) shape: Shape,
}

/// The terms that a body names, read and checked one by one.
#[derive(Clone, Debug, Default)]
pub(crate) struct SentTerms {
    pub(crate) principal: Option<Decimal>,
    pub(crate) term: Option<i64>,
    pub(crate) term_frequency: Option<i64>,
    pub(crate) repayments: Option<i64>,
    pub(crate) every: Option<i64>,
    pub(crate) frequency: Option<i64>,
    pub(crate) rate: Option<Decimal>,
    pub(crate) rate_frequency: Option<i64>,
    pub(crate) amortization: Option<i64>,
    pub(crate) interest: Option<i64>,
    pub(crate) interest_calculation: Option<i64>,
    pub(crate) strategy: Option<String>,
    pub(crate) shape: SentShape,
}

/// `loanType` is a name; only `individual` loans are simulated.
pub(crate) fn check_loan_type(checks: &mut Checks, fields: &Fields<'_>) {
    const KNOWN: [&str; 4] = ["individual", "group", "jlg", "glim"];
    let loan_type = fields.nonblank("loanType");
    checks.mandatory("loanType", loan_type.is_some());
    if let Some(loan_type) = loan_type
        && !KNOWN.contains(&loan_type.as_str())
    {
        checks.within("loanType", Some(0), 1, 4);
    }
}

impl SentTerms {
    /// Reads the terms; a parameter among the words of `mandatory` must be there.
    pub(crate) fn read(fields: &Fields<'_>, checks: &mut Checks, mandatory: &str) -> Result<Self, Failure> {
        let demand = |checks: &mut Checks, name: &str, present: bool| {
            if has_word(mandatory, name) {
                checks.mandatory(name, present);
            }
        };
        let principal = fields.decimal("principal")?;
        demand(checks, "principal", principal.is_some());
        if has_word(mandatory, "principal") {
            checks.positive("principal", principal);
        }
        let term = fields.integer("loanTermFrequency")?;
        demand(checks, "loanTermFrequency", term.is_some());
        checks.above_zero("loanTermFrequency", term);
        let term_frequency = fields.plain_integer("loanTermFrequencyType")?;
        demand(checks, "loanTermFrequencyType", term_frequency.is_some());
        checks.within("loanTermFrequencyType", term_frequency, 0, 3);
        let repayments = fields.integer("numberOfRepayments")?;
        demand(checks, "numberOfRepayments", repayments.is_some());
        checks.above_zero("numberOfRepayments", repayments);
        let every = fields.integer("repaymentEvery")?;
        demand(checks, "repaymentEvery", every.is_some());
        checks.above_zero("repaymentEvery", every);
        let frequency = fields.plain_integer("repaymentFrequencyType")?;
        demand(checks, "repaymentFrequencyType", frequency.is_some());
        checks.within("repaymentFrequencyType", frequency, 0, 3);
        let interest = fields.plain_integer("interestType")?;
        demand(checks, "interestType", interest.is_some());
        checks.within("interestType", interest, 0, 1);
        let interest_calculation = fields.plain_integer("interestCalculationPeriodType")?;
        demand(checks, "interestCalculationPeriodType", interest_calculation.is_some());
        checks.within("interestCalculationPeriodType", interest_calculation, 0, 1);
        let rate = fields.decimal("interestRatePerPeriod")?;
        demand(checks, "interestRatePerPeriod", rate.is_some());
        checks.zero_or_above("interestRatePerPeriod", rate);
        let rate_frequency = fields.plain_integer("interestRateFrequencyType")?;
        let amortization = fields.plain_integer("amortizationType")?;
        demand(checks, "amortizationType", amortization.is_some());
        checks.within("amortizationType", amortization, 0, 1);
        let strategy = fields.nonblank("transactionProcessingStrategyCode");
        Ok(Self {
            principal,
            term,
            term_frequency,
            repayments,
            every,
            frequency,
            rate,
            rate_frequency,
            amortization,
            interest,
            interest_calculation,
            strategy,
            shape: SentShape::read(fields, checks)?,
        })
    }

    /// What the schedule is made with; 1.10.1 does not look at the unit of the rate.
    pub(super) fn plan(&self, product: &Product, release: Release) -> Plan {
        Plan {
            has_principal: self.principal.is_some(),
            // A progressive schedule of 1.10.1 bears no interest.
            rate: self
                .rate
                .filter(|_| release.is_develop() || !product.kind.progressive)
                .map(numbers::stored)
                .unwrap_or_default(),
            rate_frequency: self
                .rate_frequency
                .filter(|_| release.is_develop())
                .unwrap_or(product.rate_frequency),
            shape: self.shape.under(&product.shape, release),
        }
    }

    /// Principal, number of repayments and rate within the product's bounds.
    pub(crate) fn check_bounds(&self, checks: &mut Checks, product: &Product) {
        checks.amount_within("principal", self.principal, &product.principal_bounds());
        let (least, most) = product.repayments_bounds();
        checks.within("numberOfRepayments", self.repayments, least, most);
        checks.amount_within("interestRatePerPeriod", self.rate, &product.rate_bounds());
    }
}

/// The term must be what the repayments make up, in the same unit.
pub(crate) fn check_structure(
    term: Option<i64>,
    repayments: Option<i64>,
    every: Option<i64>,
    term_frequency: Option<i64>,
    frequency: Option<i64>,
) -> Result<(), Failure> {
    if let Some(term_frequency) = term_frequency
        && Some(term_frequency) != frequency
    {
        let code = "validation.msg.loan.loanTermFrequencyType.not.the.same.as.repaymentFrequencyType";
        let text = "The parameters loanTermFrequencyType and repaymentFrequencyType must be the same.";
        let args = [
            json!(term_frequency),
            frequency.map_or(Value::Null, |frequency| json!(frequency)),
        ];
        return Err(Failure::invalid(
            Fault::of("loanTermFrequencyType", code, text).with(args),
        ));
    }
    let (Some(term), Some(repayments), Some(every)) = (term, repayments, every) else {
        return Ok(());
    };
    let suggested = repayments.saturating_mul(every);
    let (rule, text) = match term.cmp(&suggested) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less => (
            "less",
            "The parameter loanTermFrequency is less than the suggest loan term as indicated by numberOfRepayments and repaymentEvery.",
        ),
        std::cmp::Ordering::Greater => (
            "greater",
            "The parameter loanTermFrequency is greater than the suggested loan term as indicated by numberOfRepayments and repaymentEvery.",
        ),
    };
    let code = format!("validation.msg.loan.loanTermFrequency.{rule}.than.repayment.structure.suggests");
    let args = [json!(term), json!(repayments), json!(every)];
    Err(Failure::invalid(Fault::of("loanTermFrequency", code, text).with(args)))
}

/// 404 for a strategy that does not exist.
pub(crate) fn check_strategy(strategy: Option<&str>) -> Result<(), Failure> {
    if strategy.is_some_and(|strategy| enums::strategy_name(strategy).is_some()) {
        return Ok(());
    }
    let text = format!(
        "Loan transaction processing strategy with code {} does not exist",
        strategy.unwrap_or("null")
    );
    let fault = Fault::general("error.msg.transactions.processing.strategy.code.invalid", text);
    Err(Failure::NotFound(
        fault.with([strategy.map_or(Value::Null, |strategy| json!(strategy))]),
    ))
}
