//! What makes a product another kind than the nine lenders': how interest follows what was paid, when money is paid out, and
//! what a payment is taken for.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use crate::{
    enums::Frequency,
    errors::Failure,
    fields::Fields,
    loans::{Allocation, Terms},
    numbers,
};

const PER_CENT: Decimal = Decimal::ONE_HUNDRED;
/// How often a balance is looked at: whenever a repayment is due.
const SAME_AS_REPAYMENTS: i64 = 1;
const DAILY: i64 = 2;
const WEEKLY: i64 = 3;

/// The settings of a product that are other than the lenders', and that its loans take over.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Kind {
    /// Set if interest is computed anew from what was paid, and when.
    pub(crate) recalculation: Option<Recalculation>,
    /// Set if a part is paid back as soon as it is paid out.
    pub(crate) down_payment: Option<DownPayment>,
    /// Whether the schedule is a progressive one, not a cumulative one.
    pub(crate) progressive: bool,
    /// What a payment is taken for, if the product configures it.
    pub(crate) allocation: Option<Allocation>,
    /// Whether tranches are not planned, but made by disbursements.
    pub(crate) open_tranches: bool,
    /// How much more than asked for may be paid out.
    pub(crate) over_applied: Option<OverApplied>,
    /// Whether its loans may close others.
    pub(crate) top_up: bool,
}

/// How interest is computed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recalculation {
    /// 1 rescheduled, 2 fewer instalments, 3 smaller instalments.
    strategy: i64,
    /// 1 same as repayments, 2 daily, 3 weekly, 4 monthly: how often a balance is looked at.
    rest: i64,
    rest_interval: i64,
}

/// The part that is paid back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DownPayment {
    percentage: Decimal,
    /// Whether the disbursement books it.
    pub(crate) automatic: bool,
}

/// How much more than asked for may be paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OverApplied {
    /// A percentage of it.
    Percentage(Decimal),
    /// A fixed amount.
    Flat(Decimal),
}

impl DownPayment {
    /// What is paid back of this amount.
    pub(crate) fn of(self, amount: Decimal) -> Decimal {
        numbers::money(amount * self.percentage / PER_CENT)
    }
}

impl OverApplied {
    /// The most that may be paid out.
    pub(crate) fn most(self, asked: Decimal) -> Decimal {
        match self {
            Self::Percentage(percentage) => asked + asked * percentage / PER_CENT,
            Self::Flat(amount) => asked + amount,
        }
    }
}

impl Kind {
    /// The kind that a product's settings make.
    pub(crate) fn of(settings: &Fields<'_>) -> Result<Self, Failure> {
        let on = |name: &str| settings.flag(name) == Some(true);
        let number = |name: &str, otherwise: i64| Ok::<_, Failure>(settings.plain_integer(name)?.unwrap_or(otherwise));
        let recalculation = Recalculation {
            strategy: number("rescheduleStrategyMethod", 1)?,
            rest: number("recalculationRestFrequencyType", SAME_AS_REPAYMENTS)?,
            rest_interval: number("recalculationRestFrequencyInterval", 0)?,
        };
        let down_payment = DownPayment {
            percentage: settings
                .decimal("disbursedAmountPercentageForDownPayment")?
                .unwrap_or_default(),
            automatic: on("enableAutoRepaymentForDownPayment"),
        };
        let over = settings.decimal("overAppliedNumber")?.unwrap_or_default();
        let over_applied = match settings.text("overAppliedCalculationType").as_deref() {
            Some("percentage") => OverApplied::Percentage(over),
            Some(_) | None => OverApplied::Flat(over),
        };
        Ok(Self {
            recalculation: on("isInterestRecalculationEnabled").then_some(recalculation),
            down_payment: on("enableDownPayment").then_some(down_payment),
            progressive: settings.text("loanScheduleType").as_deref() == Some("PROGRESSIVE"),
            allocation: Allocation::configured(settings),
            open_tranches: on("disallowExpectedDisbursements"),
            over_applied: on("allowApprovedDisbursedAmountsOverApplied").then_some(over_applied),
            top_up: on("canUseForTopup"),
        })
    }

    /// What a loan shows of it.
    pub(crate) fn view_of_loan(&self, loan: u64) -> Map<String, Value> {
        let mut view = self.view();
        if let Some(recalculation) = view.get_mut("interestRecalculationData") {
            // Their own numbers are not simulated.
            recalculation["id"] = json!(loan);
            recalculation["loanId"] = json!(loan);
        }
        view
    }

    /// What products show of it.
    pub(crate) fn view(&self) -> Map<String, Value> {
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
        put("isInterestRecalculationEnabled", json!(self.recalculation.is_some()));
        if let Some(recalculation) = self.recalculation {
            put("interestRecalculationData", recalculation.view());
        }
        put("canUseForTopup", json!(self.top_up));
        put("disallowExpectedDisbursements", json!(self.open_tranches));
        if let Some(down_payment) = self.down_payment {
            let percentage = numbers::printed(down_payment.percentage);
            put("enableDownPayment", json!(true));
            put("disbursedAmountPercentageForDownPayment", percentage);
            put("enableAutoRepaymentForDownPayment", json!(down_payment.automatic));
        }
        let (id, code, value) = if self.progressive {
            (1, "PROGRESSIVE", "Progressive")
        } else {
            (0, "CUMULATIVE", "Cumulative")
        };
        put("loanScheduleType", json!({"id": id, "code": code, "value": value}));
        view
    }
}

impl Recalculation {
    /// The next day, if not this one, on which a balance is looked at; the days are counted from the start of the loan.
    pub(crate) fn next_rest(self, start: Date, terms: &Terms, on: Date) -> Option<Date> {
        let (frequency, every) = match self.rest {
            DAILY => return Some(on),
            WEEKLY => (Frequency::Weeks, self.rest_interval.max(1)),
            SAME_AS_REPAYMENTS => (terms.frequency, terms.every),
            _ => (Frequency::Months, self.rest_interval.max(1)),
        };
        (0..)
            .map_while(|count: i64| frequency.after(start, count.checked_mul(every)?))
            .find(|rest| *rest >= on)
    }

    fn view(self) -> Value {
        let strategy = match self.strategy {
            1 => ("reschedule.next.repayments", "Reschedule next repayments"),
            2 => ("reduce.number.of.installments", "Reduce number of installments"),
            _ => ("reduce.emi.amount", "Reduce EMI amount"),
        };
        let rest = match self.rest {
            SAME_AS_REPAYMENTS => ("same.as.repayment.period", "Same as repayment period"),
            DAILY => ("daily", "Daily"),
            WEEKLY => ("weekly", "Weekly"),
            _ => ("monthly", "Monthly"),
        };
        json!({
            "interestRecalculationCompoundingType":
                {"id": 0, "code": "interestRecalculationCompoundingMethod.none", "value": "None"},
            "rescheduleStrategyType": {
                "id": self.strategy,
                "code": format!("loanRescheduleStrategyMethod.{}", strategy.0),
                "value": strategy.1,
            },
            "recalculationRestFrequencyType": {
                "id": self.rest,
                "code": format!("interestRecalculationFrequencyType.{}", rest.0),
                "value": rest.1,
            },
            "recalculationRestFrequencyInterval":
                if self.rest == SAME_AS_REPAYMENTS { 0 } else { self.rest_interval },
        })
    }
}
