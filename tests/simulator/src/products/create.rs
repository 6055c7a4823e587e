//! `POST loanproducts`.

use serde_json::{Value, json};

use super::{MAX_TRANCHES, Product};
use crate::{
    bank::{Applied, Bank, Numbered},
    enums::Frequency,
    errors::{Failure, Fault},
    fields::Fields,
    kinds::Kind,
    loans::{Shape, partial_periods_parameter},
    products::charge_not_found,
    validation::Checks,
};

/// Parameters of `POST loanproducts`, as far as both releases agree.
const SUPPORTED: &str = "locale dateFormat name shortName description externalId fundId currencyCode digitsAfterDecimal \
    inMultiplesOf principal minPrincipal maxPrincipal numberOfRepayments minNumberOfRepayments maxNumberOfRepayments \
    repaymentEvery repaymentFrequencyType interestRatePerPeriod minInterestRatePerPeriod maxInterestRatePerPeriod \
    interestRateFrequencyType amortizationType interestType interestCalculationPeriodType inArrearsTolerance \
    transactionProcessingStrategyCode graceOnPrincipalPayment graceOnInterestPayment graceOnInterestCharged \
    graceOnArrearsAgeing charges accountingRule includeInBorrowerCycle useBorrowerCycle startDate closeDate \
    multiDisburseLoan maxTrancheCount outstandingLoanBalance daysInYearType daysInMonthType isInterestRecalculationEnabled \
    interestRecalculationCompoundingMethod rescheduleStrategyMethod preClosureInterestCalculationStrategy \
    recalculationRestFrequencyType recalculationRestFrequencyInterval isArrearsBasedOnOriginalSchedule \
    canDefineInstallmentAmount canUseForTopup isEqualAmortization fixedPrincipalPercentagePerInstallment \
    disallowExpectedDisbursements allowApprovedDisbursedAmountsOverApplied overAppliedCalculationType overAppliedNumber \
    enableDownPayment disbursedAmountPercentageForDownPayment enableAutoRepaymentForDownPayment paymentAllocation \
    loanScheduleType loanScheduleProcessingType allowAttributeOverrides";
const MANDATORY: [&str; 13] = [
    "name",
    "shortName",
    "currencyCode",
    "digitsAfterDecimal",
    "principal",
    "numberOfRepayments",
    "repaymentEvery",
    "repaymentFrequencyType",
    "interestRatePerPeriod",
    "amortizationType",
    "interestType",
    "interestCalculationPeriodType",
    "transactionProcessingStrategyCode",
];
const NAME_LIMIT: usize = 100;
const SHORT_NAME_LIMIT: usize = 4;
const SAME_AS_REPAYMENT_PERIOD: i64 = 1;

impl Product {
    /// A product of these settings, whose parameters are those of `POST loanproducts`; what they leave out is as with the
    /// lenders.
    pub(crate) fn of(id: u64, settings: &Fields<'_>) -> Result<Self, Failure> {
        let name = settings.nonblank("name").unwrap_or_else(|| format!("Product {id}"));
        let plain = Self::plain(id, &name);
        let number = |name: &str, otherwise: i64| Ok::<_, Failure>(settings.plain_integer(name)?.unwrap_or(otherwise));
        let multi_disburse = settings.flag("multiDisburseLoan") == Some(true);
        let most_tranches = if multi_disburse { MAX_TRANCHES } else { 0 };
        Ok(Self {
            short_name: settings.nonblank("shortName").unwrap_or(plain.short_name),
            principal: settings.decimal("principal")?.unwrap_or(plain.principal),
            least_principal: settings.decimal("minPrincipal")?.or(plain.least_principal),
            most_principal: settings.decimal("maxPrincipal")?.or(plain.most_principal),
            repayments: number("numberOfRepayments", plain.repayments)?,
            least_repayments: settings
                .plain_integer("minNumberOfRepayments")?
                .or(plain.least_repayments),
            most_repayments: settings
                .plain_integer("maxNumberOfRepayments")?
                .or(plain.most_repayments),
            every: number("repaymentEvery", plain.every)?,
            frequency: settings
                .plain_integer("repaymentFrequencyType")?
                .and_then(Frequency::of)
                .unwrap_or(plain.frequency),
            rate: settings.decimal("interestRatePerPeriod")?.unwrap_or(plain.rate),
            least_rate: settings.decimal("minInterestRatePerPeriod")?.or(plain.least_rate),
            most_rate: settings.decimal("maxInterestRatePerPeriod")?.or(plain.most_rate),
            rate_frequency: number("interestRateFrequencyType", plain.rate_frequency)?,
            strategy: settings
                .nonblank("transactionProcessingStrategyCode")
                .unwrap_or(plain.strategy),
            amortization: number("amortizationType", plain.amortization)?,
            interest_type: number("interestType", plain.interest_type)?,
            interest_calculation: number("interestCalculationPeriodType", plain.interest_calculation)?,
            shape: Shape::of_product(settings)?,
            defines_instalment: settings.flag("canDefineInstallmentAmount") == Some(true),
            arrears_tolerance: settings.decimal("inArrearsTolerance")?.unwrap_or_default(),
            arrears_grace: number("graceOnArrearsAgeing", plain.arrears_grace)?,
            fund: settings.id("fundId")?.and_then(|id| u64::try_from(id).ok()),
            multi_disburse,
            max_tranches: number("maxTrancheCount", most_tranches)?,
            outstanding_limit: settings.decimal("outstandingLoanBalance")?,
            charges: charges_of(settings),
            kind: Kind::of(settings)?,
            ..Self::plain(id, &name)
        })
    }
}

/// The numbers of the charges that a body names.
fn charges_of(settings: &Fields<'_>) -> Vec<u64> {
    let Some(Value::Array(charges)) = settings.get("charges") else {
        return Vec::new();
    };
    charges.iter().filter_map(|charge| charge["id"].as_u64()).collect()
}

impl Bank {
    pub(crate) fn create_product(&mut self, fields: Fields<'_>) -> Result<Applied, Failure> {
        fields.only(&format!("{SUPPORTED} {}", partial_periods_parameter(self.release)))?;
        let mut checks = Checks::of("loanproduct");
        for name in MANDATORY {
            checks.mandatory(name, fields.nonblank(name).is_some());
        }
        checks.length("name", fields.text("name").as_deref(), NAME_LIMIT);
        checks.length("shortName", fields.text("shortName").as_deref(), SHORT_NAME_LIMIT);
        let same_as_period = fields.plain_integer("interestCalculationPeriodType")? == Some(SAME_AS_REPAYMENT_PERIOD);
        if fields.flag("multiDisburseLoan") == Some(true) && same_as_period {
            checks.broken_rule(
                "multiDisburseLoan",
                "not.supported.for.selected.interest.calculation.type",
            );
        }
        checks.finish()?;
        self.check_product_names(&fields)?;
        if let Some(fund) = fields.id("fundId")? {
            self.fund(fund)?;
        }
        for charge in charges_of(&fields) {
            if !self.charges.iter().any(|known| known.id == charge) {
                return Err(charge_not_found(charge.into()));
            }
        }
        Ok(Applied {
            without_office: true,
            resource: self.offer(fields.0)?,
            ..Applied::default()
        })
    }

    /// `PUT loanproducts/…`, of which only what makes loans top others up is simulated. A slip of Fineract: `changes` do not
    /// tell it.
    pub(crate) fn update_product(&mut self, id: u64, fields: Fields<'_>) -> Result<Applied, Failure> {
        fields.only(&format!("{SUPPORTED} {}", partial_periods_parameter(self.release)))?;
        self.product(i64::try_from(id).unwrap_or_default())?;
        let mut changes = serde_json::Map::new();
        if let Some(top_up) = fields.flag("canUseForTopup")
            && let Some(product) = self.products.iter_mut().find(|product| product.id == id)
        {
            product.kind.top_up = top_up;
            changes.insert("locale".into(), json!(fields.text("locale")));
        }
        Ok(Applied {
            without_office: true,
            resource: id,
            changes: Some(changes),
            ..Applied::default()
        })
    }

    /// Neither name may be another product's.
    fn check_product_names(&self, fields: &Fields<'_>) -> Result<(), Failure> {
        let refuse = |what: &str, words: &str, value: &str| {
            let code = format!("error.msg.product.loan.duplicate.{what}");
            let text = format!("Loan product with {words} `{value}` already exists");
            Err(Failure::Integrity(Fault::of_database(code, text)))
        };
        let name = fields.nonblank("name").unwrap_or_default();
        if self.products.iter().any(|product| product.name == name) {
            return refuse("name", "name", &name);
        }
        let short_name = fields.nonblank("shortName").unwrap_or_default();
        if self.products.iter().any(|product| product.short_name == short_name) {
            return refuse("short.name", "short name", &short_name);
        }
        Ok(())
    }
}

impl Bank {
    /// Offers a product of these settings, under the next number.
    pub(crate) fn offer(&mut self, settings: &serde_json::Map<String, Value>) -> Result<u64, Failure> {
        let id = self.next(Numbered::Product);
        self.products.push(Product::of(id, &Fields(settings))?);
        Ok(id)
    }
}
