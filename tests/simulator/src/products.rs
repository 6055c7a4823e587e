//! What the recorded servers were set up with: the lenders' products, charges, payment types, the office, the currency.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::{
    enums,
    errors::{Failure, Fault},
    fields::Fields,
    kinds::Kind,
    numbers,
    release::Release,
    validation::Bounds,
};

/// The strategy of the lenders' products.
const STRATEGY: &str = "mifos-standard-strategy";
const EQUAL_INSTALMENTS: i64 = 1;
const DECLINING_BALANCE: i64 = 0;
const SAME_AS_REPAYMENT_PERIOD: i64 = 1;

/// A loan product; the nine lenders' products differ in a few parts only.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) multi_disburse: bool,
    pub(crate) strategy: String,
    /// 0 equal principal, 1 equal instalments.
    amortization: i64,
    /// 0 declining balance, 1 flat.
    interest_type: i64,
    /// 0 daily, 1 same as the repayment period.
    interest_calculation: i64,
    charges: Vec<u64>,
    pub(crate) kind: Kind,
}

/// A charge, as the products offer it.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) amount: Decimal,
    pub(crate) penalty: bool,
    /// 1 disbursement, 2 specified due date, 8 instalment, 9 overdue, 12 tranche disbursement.
    pub(crate) time: i64,
    /// 1 flat, 2 per cent of the amount, 4 per cent of the interest.
    pub(crate) calculation: i64,
    /// 1 loan, 3 client.
    applies_to: i64,
}

/// The time of charges for what is overdue.
pub(crate) const OVERDUE: i64 = 9;
/// How many tranches a multi-disbursement product allows.
pub(crate) const MAX_TRANCHES: i64 = 5;
/// The largest balance of a multi-disbursement product.
const OUTSTANDING_LIMIT: i64 = 10_000_000;

/// The lenders, each of whom has a product of its name, in the order in which they were made.
pub const LENDERS: [&str; 9] = [
    "LIQUILOANS",
    "UGRO",
    "DMI",
    "ARTHMATE",
    "SHIVALIK",
    "VIVRITI",
    "GB",
    "IKF",
    "LENDINGKART",
];

/// The nine products, in the order in which they were made.
pub(crate) fn products() -> Vec<Product> {
    (1..)
        .zip(LENDERS)
        .map(|(id, name)| Product {
            id,
            name: name.to_owned(),
            multi_disburse: name == "GB",
            strategy: STRATEGY.to_owned(),
            amortization: EQUAL_INSTALMENTS,
            interest_type: i64::from(name == "IKF"),
            interest_calculation: i64::from(name != "GB"),
            charges: if name == "LENDINGKART" { vec![1] } else { Vec::new() },
            kind: Kind::default(),
        })
        .collect()
}

/// The charges, in the order in which they were made.
pub(crate) fn charges() -> Vec<Charge> {
    let charge = |id, name, amount: i64, penalty, time, calculation, applies_to| Charge {
        id,
        name,
        amount: Decimal::from(amount),
        penalty,
        time,
        calculation,
        applies_to,
    };
    vec![
        charge(1, "Disbursement fee flat", 100, false, 1, 1, 1),
        charge(2, "Disbursement fee percent", 1, false, 1, 2, 1),
        charge(3, "Specified due date fee", 100, false, 2, 1, 1),
        charge(4, "Specified due date penalty", 50, true, 2, 1, 1),
        charge(5, "Instalment fee", 10, false, 8, 1, 1),
        charge(6, "Instalment percent fee", 1, false, 8, 4, 1),
        charge(7, "Overdue penalty", 25, true, 9, 1, 1),
        charge(8, "Tranche disbursement fee", 20, false, 12, 1, 1),
        charge(9, "Client fee", 75, false, 2, 1, 3),
    ]
}

impl Product {
    /// A product of these settings, whose parameters are those of `POST loanproducts`; what they leave out is as with the
    /// lenders.
    pub(crate) fn of(id: u64, settings: &Fields<'_>) -> Result<Self, Failure> {
        let number = |name: &str, otherwise: i64| Ok::<_, Failure>(settings.plain_integer(name)?.unwrap_or(otherwise));
        Ok(Self {
            id,
            name: settings.nonblank("name").unwrap_or_else(|| format!("Product {id}")),
            multi_disburse: settings.flag("multiDisburseLoan") == Some(true),
            strategy: settings
                .nonblank("transactionProcessingStrategyCode")
                .unwrap_or_else(|| STRATEGY.to_owned()),
            amortization: number("amortizationType", EQUAL_INSTALMENTS)?,
            interest_type: number("interestType", DECLINING_BALANCE)?,
            interest_calculation: number("interestCalculationPeriodType", SAME_AS_REPAYMENT_PERIOD)?,
            charges: Vec::new(),
            kind: Kind::of(settings)?,
        })
    }

    /// The principal of a loan unless another one is asked for.
    pub(crate) fn principal(&self) -> Decimal {
        Decimal::from(10_000)
    }

    /// The charges that its loans start with, among all there are.
    pub(crate) fn own_charges<'a>(&'a self, charges: &'a [Charge]) -> impl Iterator<Item = &'a Charge> {
        let own = &self.charges;
        charges.iter().filter(move |charge| own.contains(&charge.id))
    }

    /// The least and the most principal.
    pub(crate) fn principal_bounds(&self) -> Bounds {
        Bounds {
            least: Decimal::from(1000),
            most: Decimal::from(10_000_000),
            digits: Some(2),
        }
    }

    /// The least and the highest rate.
    pub(crate) fn rate_bounds(&self) -> Bounds {
        Bounds {
            least: Decimal::ZERO,
            most: Decimal::from(60),
            digits: None,
        }
    }

    /// The fewest and the most repayments.
    pub(crate) fn repayments_bounds(&self) -> (i64, i64) {
        (1, 360)
    }

    /// The product in the list, which has no charges.
    pub(crate) fn listed(&self, release: Release) -> Map<String, Value> {
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
        put("id", json!(self.id));
        put("name", json!(self.name));
        put("shortName", json!(format!("P{:03}", self.id)));
        put("includeInBorrowerCycle", json!(false));
        put("useBorrowerCycle", json!(false));
        put("status", json!("loanProduct.active"));
        put("currency", enums::loan_currency());
        put("principal", numbers::printed(self.principal()));
        put("minPrincipal", numbers::printed(self.principal_bounds().least));
        put("maxPrincipal", numbers::printed(self.principal_bounds().most));
        put("numberOfRepayments", json!(12));
        put("minNumberOfRepayments", json!(self.repayments_bounds().0));
        put("maxNumberOfRepayments", json!(self.repayments_bounds().1));
        put("repaymentEvery", json!(1));
        put("repaymentFrequencyType", enums::Frequency::Months.repayment());
        put("interestRatePerPeriod", numbers::printed(Decimal::from(12)));
        put("minInterestRatePerPeriod", numbers::printed(self.rate_bounds().least));
        put("maxInterestRatePerPeriod", numbers::printed(self.rate_bounds().most));
        put("interestRateFrequencyType", enums::rate_frequency(enums::PER_YEAR));
        put("annualInterestRate", numbers::printed(Decimal::from(12)));
        put("isLinkedToFloatingInterestRates", json!(false));
        put("isFloatingInterestRateCalculationAllowed", json!(false));
        put("allowVariableInstallments", json!(false));
        put("minimumGap", json!(0));
        put("maximumGap", json!(0));
        put("amortizationType", enums::amortization(self.amortization));
        put("interestType", enums::interest(self.interest_type));
        put(
            "interestCalculationPeriodType",
            enums::interest_calculation(self.interest_calculation),
        );
        put("allowPartialPeriodInterestCalculation", json!(false));
        put("transactionProcessingStrategyCode", json!(self.strategy));
        put(
            "transactionProcessingStrategyName",
            json!(enums::strategy_name(&self.strategy)),
        );
        put("daysInMonthType", enums::days_in_month());
        put("daysInYearType", enums::days_in_year());
        put("canDefineInstallmentAmount", json!(false));
        put(
            "accountingRule",
            json!({"id": 1, "code": "accountingRuleType.none", "value": "NONE"}),
        );
        put("isRatesEnabled", json!(false));
        put("multiDisburseLoan", json!(self.multi_disburse));
        put(
            "maxTrancheCount",
            json!(if self.multi_disburse { MAX_TRANCHES } else { 0 }),
        );
        if self.multi_disburse {
            put(
                "outstandingLoanBalance",
                numbers::printed(Decimal::from(OUTSTANDING_LIMIT)),
            );
        }
        put(
            "allowApprovedDisbursedAmountsOverApplied",
            json!(self.kind.over_applied.is_some()),
        );
        put("holdGuaranteeFunds", json!(false));
        put("syncExpectedWithDisbursementDate", json!(false));
        put("isEqualAmortization", json!(false));
        put("enableDownPayment", json!(false));
        put("loanScheduleProcessingType", enums::schedule_processing());
        if release.is_develop() {
            put("enableIncomeCapitalization", json!(false));
            put("enableBuyDownFee", json!(false));
        }
        view.extend(self.kind.view());
        view
    }

    /// The product on its own, with its charges.
    pub(crate) fn detailed(&self, release: Release, charges: &[Charge]) -> Map<String, Value> {
        let mut view = self.listed(release);
        let charges = self.own_charges(charges).map(Charge::view).collect();
        view.insert("charges".into(), charges);
        view
    }
}

impl Charge {
    /// What it takes of this principal when that is paid out.
    pub(crate) fn at_disbursement(&self, principal: Decimal) -> Decimal {
        match (self.time, self.calculation) {
            (1, 1) => self.amount,
            (1, 2) => numbers::money(principal * self.amount / Decimal::ONE_HUNDRED),
            _ => Decimal::ZERO,
        }
    }

    fn view(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "active": true,
            "penalty": self.penalty,
            "freeWithdrawal": false,
            "freeWithdrawalChargeFrequency": 0,
            "restartFrequency": 0,
            "restartFrequencyEnum": 0,
            "isPaymentType": false,
            "currency": enums::currency(),
            "amount": numbers::printed(self.amount),
            "chargeTimeType": enums::charge_time(self.time),
            "chargeAppliesTo": if self.applies_to == 1 {
                json!({"id": 1, "code": "chargeAppliesTo.loan", "value": "Loan"})
            } else {
                json!({"id": 3, "code": "chargeAppliesTo.client", "value": "Client"})
            },
            "chargeCalculationType": enums::charge_calculation(self.calculation),
            "chargePaymentMode": enums::charge_payment_mode(),
        })
    }

    /// The charge by itself or in the list of charges, where develop tells more than in a product.
    pub(crate) fn own_view(&self, release: Release) -> Value {
        let mut view = self.view();
        if release.is_develop() {
            view["overdueInstallmentCharge"] = json!(self.time == OVERDUE);
        }
        view
    }
}

/// Every charge, by name.
pub(crate) fn charge_list(charges: &[Charge], release: Release) -> Value {
    let mut charges: Vec<&Charge> = charges.iter().collect();
    charges.sort_by_key(|charge| charge.name);
    charges.into_iter().map(|charge| charge.own_view(release)).collect()
}

/// 404 for a charge.
pub(crate) fn charge_not_found(id: Value) -> Failure {
    let text = format!("Charge with identifier {id} does not exist");
    Failure::NotFound(Fault::general("error.msg.charge.id.invalid", text).with([id]))
}
