//! Fineract's enumerations as reads print them: `{id, code, value}`.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::{Date, Duration};

use crate::dates;

/// `interestRateFrequencyType` of every product: a rate per year.
pub(crate) const PER_YEAR: i64 = 3;

/// A period of terms and repayments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frequency {
    Days,
    Weeks,
    Months,
    Years,
}

impl Frequency {
    pub(crate) fn of(id: i64) -> Option<Self> {
        match id {
            0 => Some(Self::Days),
            1 => Some(Self::Weeks),
            2 => Some(Self::Months),
            3 => Some(Self::Years),
            _ => None,
        }
    }

    pub(crate) fn id(self) -> i64 {
        match self {
            Self::Days => 0,
            Self::Weeks => 1,
            Self::Months => 2,
            Self::Years => 3,
        }
    }

    /// How many of them a year has, as rates are divided.
    pub(crate) fn per_year(self) -> i64 {
        match self {
            Self::Days => 365,
            Self::Weeks => 52,
            Self::Months => 12,
            Self::Years => 1,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Days => "Days",
            Self::Weeks => "Weeks",
            Self::Months => "Months",
            Self::Years => "Years",
        }
    }

    fn view(self, prefix: &str) -> Value {
        let code = format!("{prefix}.periodFrequencyType.{}", self.name().to_ascii_lowercase());
        json!({"id": self.id(), "code": code, "value": self.name()})
    }

    pub(crate) fn repayment(self) -> Value {
        self.view("repaymentFrequency")
    }

    pub(crate) fn term(self) -> Value {
        self.view("termFrequency")
    }

    /// The date `count` periods later; `None` beyond the calendar.
    pub(crate) fn after(self, date: Date, count: i64) -> Option<Date> {
        match self {
            Self::Days => date.checked_add(Duration::days(count)),
            Self::Weeks => date.checked_add(Duration::days(count.checked_mul(7)?)),
            Self::Months => dates::plus_months(date, count),
            Self::Years => dates::plus_months(date, count.checked_mul(12)?),
        }
    }
}

fn view(id: i64, code: &str, value: &str) -> Value {
    json!({"id": id, "code": code, "value": value})
}

pub(crate) fn rate_frequency(id: i64) -> Value {
    match id {
        // Days and weeks are periods, but not of rates.
        0 | 1 => view(5, "periodFrequencyType.invalid", "Invalid"),
        2 => view(2, "interestRateFrequency.periodFrequencyType.months", "Per month"),
        4 => view(4, "interestRateFrequency.periodFrequencyType.whole_term", "Whole term"),
        _ => view(PER_YEAR, "interestRateFrequency.periodFrequencyType.years", "Per year"),
    }
}

pub(crate) fn amortization(id: i64) -> Value {
    match id {
        0 => view(0, "amortizationType.equal.principal", "Equal principal payments"),
        _ => view(1, "amortizationType.equal.installments", "Equal installments"),
    }
}

pub(crate) fn interest(id: i64) -> Value {
    match id {
        0 => view(0, "interestType.declining.balance", "Declining Balance"),
        _ => view(1, "interestType.flat", "Flat"),
    }
}

pub(crate) fn interest_calculation(id: i64) -> Value {
    match id {
        0 => view(0, "interestCalculationPeriodType.daily", "Daily"),
        _ => view(
            1,
            "interestCalculationPeriodType.same.as.repayment.period",
            "Same as repayment period",
        ),
    }
}

/// The only sub-status that is simulated.
pub(crate) fn foreclosed() -> Value {
    view(100, "loanSubStatus.loanSubStatusType.foreclosed", "Foreclosed")
}

pub(crate) fn charge_time(id: i64) -> Value {
    match id {
        1 => view(1, "chargeTimeType.disbursement", "Disbursement"),
        2 => view(2, "chargeTimeType.specifiedDueDate", "Specified due date"),
        8 => view(8, "chargeTimeType.instalmentFee", "Installment Fee"),
        9 => view(9, "chargeTimeType.overdueInstallment", "Overdue Fees"),
        _ => view(12, "chargeTimeType.tranchedisbursement", "Tranche Disbursement"),
    }
}

pub(crate) fn charge_calculation(id: i64) -> Value {
    match id {
        1 => view(1, "chargeCalculationType.flat", "Flat"),
        2 => view(2, "chargeCalculationType.percent.of.amount", "% Amount"),
        _ => view(4, "chargeCalculationType.percent.of.interest", "% Interest"),
    }
}

pub(crate) fn charge_payment_mode() -> Value {
    view(0, "chargepaymentmode.regular", "Regular")
}

pub(crate) fn days_in_month(id: i64) -> Value {
    match id {
        // A slip of Fineract: its code speaks of a year.
        30 => view(30, "DaysInMonthType.days360", "30 Days"),
        _ => view(1, "DaysInMonthType.actual", "Actual"),
    }
}

pub(crate) fn days_in_year(id: i64) -> Value {
    match id {
        360 => view(360, "DaysInYearType.days360", "360 Days"),
        364 => view(364, "DaysInYearType.days364", "364 Days"),
        365 => view(365, "DaysInYearType.days365", "365 Days"),
        _ => view(1, "DaysInYearType.actual", "Actual"),
    }
}

/// The rate per year of a rate per day, week, month or year.
pub(crate) fn per_year(rate: Decimal, frequency: i64) -> Decimal {
    let periods = Frequency::of(frequency).map_or(1, Frequency::per_year);
    rate * Decimal::from(periods)
}

/// A number that reads leave out if it is zero.
pub(crate) fn unless_zero(number: i64) -> Value {
    if number == 0 { Value::Null } else { json!(number) }
}

pub(crate) fn schedule_processing() -> Value {
    view(0, "HORIZONTAL", "Horizontal")
}

/// The currency of charges.
pub(crate) fn currency() -> Value {
    json!({
        "code": "INR",
        "name": "Indian Rupee",
        "decimalPlaces": 2,
        "displaySymbol": "₹",
        "nameCode": "currency.INR",
        "displayLabel": "Indian Rupee (₹)",
    })
}

/// The currency of products and loans.
pub(crate) fn loan_currency() -> Value {
    let mut currency = currency();
    currency["inMultiplesOf"] = json!(0);
    currency
}

/// The strategies that exist, with their names.
const STRATEGIES: [(&str, &str); 10] = [
    ("mifos-standard-strategy", "Penalties, Fees, Interest, Principal order"),
    ("heavensfamily-strategy", "HeavensFamily Unique"),
    ("creocore-strategy", "Creocore Unique"),
    ("rbi-india-strategy", "Overdue/Due Fee/Int,Principal"),
    (
        "principal-interest-penalties-fees-order-strategy",
        "Principal, Interest, Penalties, Fees Order",
    ),
    (
        "interest-principal-penalties-fees-order-strategy",
        "Interest, Principal, Penalties, Fees Order",
    ),
    ("early-repayment-strategy", "Early Repayment Strategy"),
    (
        "due-penalty-fee-interest-principal-in-advance-principal-penalty-fee-interest-strategy",
        "Due penalty, fee, interest, principal, In advance principal, penalty, fee, interest",
    ),
    (
        "due-penalty-interest-principal-fee-in-advance-penalty-interest-principal-fee-strategy",
        "Due penalty, interest, principal, fee, In advance penalty, interest, principal, fee",
    ),
    (ADVANCED_STRATEGY, "Advanced payment allocation strategy"),
];

/// The strategy that only products configured for it may use.
pub(crate) const ADVANCED_STRATEGY: &str = "advanced-payment-allocation-strategy";

/// The name of a strategy; `None` if there is no such strategy.
pub(crate) fn strategy_name(code: &str) -> Option<&'static str> {
    STRATEGIES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, name)| *name)
}
