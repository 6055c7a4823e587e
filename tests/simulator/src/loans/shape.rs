//! What shapes a schedule besides principal, rate and number of repayments: graces, fixed parts, counted days.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use crate::{dates, enums, errors::Failure, fields::Fields, numbers, release::Release, validation::Checks};

/// Days as the calendar has them.
const ACTUAL: i64 = 1;
const GRACES: [&str; 3] = [
    "graceOnPrincipalPayment",
    "graceOnInterestPayment",
    "graceOnInterestCharged",
];
const EQUAL_AMORTIZATION: &str = "isEqualAmortization";
const PRINCIPAL_PERCENTAGE: &str = "fixedPrincipalPercentagePerInstallment";

/// The terms that shape a schedule. Of a product, those that a loan cannot take from it are empty.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    /// For so many repayments nothing of the principal is due.
    pub(crate) principal_grace: i64,
    /// For so many repayments no interest is due; it is due with the next one.
    pub(crate) interest_grace: i64,
    /// For so many repayments there is no interest.
    pub(crate) charging_grace: i64,
    /// When the first repayment is due, if not one period after the disbursement.
    pub(crate) first_due: Option<Date>,
    /// Before this day there is no interest.
    pub(crate) charged_from: Option<Date>,
    /// What is paid each time, until all is paid.
    pub(crate) instalment: Option<Decimal>,
    /// Whether each repayment has the same principal and the same interest.
    pub(crate) equal_amortization: bool,
    /// How much of the principal each repayment but the last has.
    pub(crate) principal_percentage: Option<Decimal>,
    /// Whether interest of a part of a period is counted by its days.
    pub(crate) partial_periods: bool,
    /// 1 as the calendar has them, else this number of them.
    pub(crate) days_in_year: i64,
    pub(crate) days_in_month: i64,
}

/// The shape that a body names; what it leaves out is not there.
#[derive(Clone, Debug, Default)]
pub(crate) struct SentShape {
    graces: [Option<i64>; 3],
    first_due: Option<Date>,
    charged_from: Option<Date>,
    instalment: Option<Decimal>,
    equal_amortization: Option<bool>,
    principal_percentage: Option<Decimal>,
    partial_periods: Option<bool>,
}

/// The parameter of [`Shape::partial_periods`], which both releases spell differently.
pub(crate) fn partial_periods_parameter(release: Release) -> &'static str {
    if release.is_develop() {
        "allowPartialPeriodInterestCalculation"
    } else {
        "allowPartialPeriodInterestCalcualtion"
    }
}

/// Whether a body asks for it, in either spelling.
fn partial_periods(fields: &Fields<'_>) -> Option<bool> {
    let mut releases = Release::ALL.into_iter();
    releases.find_map(|release| fields.flag(partial_periods_parameter(release)))
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            principal_grace: 0,
            interest_grace: 0,
            charging_grace: 0,
            first_due: None,
            charged_from: None,
            instalment: None,
            equal_amortization: false,
            principal_percentage: None,
            partial_periods: false,
            days_in_year: ACTUAL,
            days_in_month: ACTUAL,
        }
    }
}

impl SentShape {
    /// Reads the parameters.
    pub(crate) fn read(fields: &Fields<'_>, checks: &mut Checks) -> Result<Self, Failure> {
        let mut graces = [None; 3];
        for (grace, name) in graces.iter_mut().zip(GRACES) {
            *grace = fields.integer(name)?;
            checks.not_below_zero(name, *grace);
        }
        let instalment = fields.decimal("fixedEmiAmount")?;
        checks.positive("fixedEmiAmount", instalment);
        let principal_percentage = fields.decimal(PRINCIPAL_PERCENTAGE)?;
        Ok(Self {
            graces,
            first_due: fields.date("repaymentsStartingFromDate")?,
            charged_from: fields.date("interestChargedFromDate")?,
            instalment,
            equal_amortization: fields.flag(EQUAL_AMORTIZATION),
            principal_percentage,
            partial_periods: partial_periods(fields),
        })
    }

    /// The shape of a new loan, or of the schedule that an update makes, under a product's. 1.10.1 takes none of the graces
    /// from the product, develop those on payments; neither takes anything else but how days are counted.
    pub(crate) fn under(&self, product: &Shape, release: Release) -> Shape {
        let of_product = |grace: i64| if release.is_develop() { grace } else { 0 };
        Shape {
            principal_grace: self.graces[0].unwrap_or_else(|| of_product(product.principal_grace)),
            interest_grace: self.graces[1].unwrap_or_else(|| of_product(product.interest_grace)),
            charging_grace: self.graces[2].unwrap_or_default(),
            first_due: self.first_due,
            charged_from: self.charged_from,
            instalment: self.instalment.map(numbers::money),
            equal_amortization: self.equal_amortization.unwrap_or_default(),
            principal_percentage: self.principal_percentage,
            partial_periods: self.partial_periods.unwrap_or(product.partial_periods),
            days_in_year: product.days_in_year,
            days_in_month: product.days_in_month,
        }
    }
}

impl Shape {
    /// The shape that a product's settings give.
    pub(crate) fn of_product(settings: &Fields<'_>) -> Result<Self, Failure> {
        let number = |name: &str, otherwise: i64| Ok::<_, Failure>(settings.plain_integer(name)?.unwrap_or(otherwise));
        Ok(Self {
            principal_grace: number(GRACES[0], 0)?,
            interest_grace: number(GRACES[1], 0)?,
            charging_grace: number(GRACES[2], 0)?,
            equal_amortization: settings.flag(EQUAL_AMORTIZATION).unwrap_or_default(),
            principal_percentage: settings.decimal(PRINCIPAL_PERCENTAGE)?,
            partial_periods: partial_periods(settings).unwrap_or_default(),
            days_in_year: number("daysInYearType", ACTUAL)?,
            days_in_month: number("daysInMonthType", ACTUAL)?,
            ..Self::default()
        })
    }

    /// Shows what is set, as products and loans do.
    pub(crate) fn show(&self, put: &mut impl FnMut(&str, Value)) {
        let graces = [self.principal_grace, self.interest_grace, self.charging_grace];
        for (name, grace) in GRACES.into_iter().zip(graces) {
            put(name, enums::unless_zero(grace));
        }
        put("expectedFirstRepaymentOnDate", json!(self.first_due.map(dates::array)));
        put("interestChargedFromDate", json!(self.charged_from.map(dates::array)));
        put("fixedEmiAmount", json!(self.instalment.map(numbers::printed)));
        put(EQUAL_AMORTIZATION, json!(self.equal_amortization));
        put(
            PRINCIPAL_PERCENTAGE,
            json!(self.principal_percentage.map(numbers::printed)),
        );
        put("allowPartialPeriodInterestCalculation", json!(self.partial_periods));
        put("daysInMonthType", enums::days_in_month(self.days_in_month));
        put("daysInYearType", enums::days_in_year(self.days_in_year));
    }

    /// Takes over what a body says otherwise, and notes it; what the body leaves out stays.
    pub(crate) fn change(
        &mut self,
        sent: &SentShape,
        fields: &Fields<'_>,
        release: Release,
        changes: &mut Map<String, Value>,
    ) {
        let graces = [
            &mut self.principal_grace,
            &mut self.interest_grace,
            &mut self.charging_grace,
        ];
        for ((name, grace), sent) in GRACES.into_iter().zip(graces).zip(sent.graces) {
            if let Some(sent) = sent.filter(|sent| *sent != *grace) {
                *grace = sent;
                changes.insert(name.to_owned(), json!(sent));
                changes.insert("locale".into(), json!(fields.text("locale")));
            }
        }
        for (name, date, sent) in [
            ("repaymentsStartingFromDate", &mut self.first_due, sent.first_due),
            ("interestChargedFromDate", &mut self.charged_from, sent.charged_from),
        ] {
            if sent.is_some() && sent != *date {
                *date = sent;
                for name in [name, "dateFormat", "locale"] {
                    changes.insert(name.to_owned(), json!(fields.text(name)));
                }
            }
        }
        for (name, amount, sent) in [
            ("fixedEmiAmount", &mut self.instalment, sent.instalment),
            (
                PRINCIPAL_PERCENTAGE,
                &mut self.principal_percentage,
                sent.principal_percentage,
            ),
        ] {
            if sent.is_some() && sent != *amount {
                *amount = sent;
                changes.insert(name.to_owned(), json!(sent.map(numbers::as_sent)));
                changes.insert("locale".into(), json!(fields.text("locale")));
            }
        }
        for (name, flag, sent) in [
            (
                EQUAL_AMORTIZATION,
                &mut self.equal_amortization,
                sent.equal_amortization,
            ),
            (
                partial_periods_parameter(release),
                &mut self.partial_periods,
                sent.partial_periods,
            ),
        ] {
            if let Some(sent) = sent.filter(|sent| *sent != *flag) {
                *flag = sent;
                changes.insert(name.to_owned(), json!(sent));
            }
        }
    }
}
