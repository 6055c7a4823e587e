//! What a loan has besides its terms: whom it belongs to, what it is for, where its money comes from, what may be late.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use crate::{
    bank::Bank, codes, enums, errors::Failure, fields::Fields, numbers, offices, products::Product, validation::Checks,
};

const TOLERANCE: &str = "inArrearsTolerance";
const ARREARS_GRACE: &str = "graceOnArrearsAgeing";

/// A loan's attributes; none of them moves its schedule.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Attributes {
    /// What may be late before the loan is in arrears: an amount, and days.
    tolerance: Decimal,
    arrears_grace: i64,
    fund: Option<i64>,
    officer: Option<i64>,
    purpose: Option<i64>,
}

/// The attributes that a body names.
#[derive(Clone, Debug, Default)]
pub(crate) struct SentAttributes {
    tolerance: Option<Decimal>,
    arrears_grace: Option<i64>,
    fund: Option<i64>,
    officer: Option<i64>,
    purpose: Option<i64>,
}

impl SentAttributes {
    /// Reads the parameters.
    pub(crate) fn read(fields: &Fields<'_>, checks: &mut Checks) -> Result<Self, Failure> {
        let tolerance = fields.decimal(TOLERANCE)?;
        checks.zero_or_above(TOLERANCE, tolerance);
        let arrears_grace = fields.integer(ARREARS_GRACE)?;
        checks.not_below_zero(ARREARS_GRACE, arrears_grace);
        Ok(Self {
            tolerance,
            arrears_grace,
            fund: fields.id("fundId")?,
            officer: fields.id("loanOfficerId")?,
            purpose: fields.id("loanPurposeId")?,
        })
    }

    /// The attributes of a new loan under a product: only develop takes from it what may be late.
    pub(crate) fn under(&self, product: &Product, develop: bool) -> Attributes {
        let of_product = |tolerance: Decimal| if develop { tolerance } else { Decimal::ZERO };
        Attributes {
            tolerance: self.tolerance.unwrap_or_else(|| of_product(product.arrears_tolerance)),
            arrears_grace: self
                .arrears_grace
                .unwrap_or(if develop { product.arrears_grace } else { 0 }),
            fund: self.fund,
            officer: self.officer,
            purpose: self.purpose,
        }
    }
}

impl Attributes {
    /// Takes over what a body says otherwise, and notes it; what the body leaves out stays.
    pub(crate) fn change(&mut self, sent: &SentAttributes, fields: &Fields<'_>, changes: &mut Map<String, Value>) {
        if let Some(tolerance) = sent.tolerance.filter(|sent| *sent != self.tolerance) {
            self.tolerance = tolerance;
            changes.insert(TOLERANCE.into(), numbers::as_sent(tolerance));
            changes.insert("locale".into(), json!(fields.text("locale")));
        }
        if let Some(grace) = sent.arrears_grace.filter(|sent| *sent != self.arrears_grace) {
            self.arrears_grace = grace;
            changes.insert(ARREARS_GRACE.into(), json!(grace));
            changes.insert("locale".into(), json!(fields.text("locale")));
        }
        for (name, current, sent) in [
            ("fundId", &mut self.fund, sent.fund),
            ("loanOfficerId", &mut self.officer, sent.officer),
            ("loanPurposeId", &mut self.purpose, sent.purpose),
        ] {
            if sent.is_some() && sent != *current {
                *current = sent;
                changes.insert(name.to_owned(), json!(sent));
            }
        }
    }

    /// Shows what is set.
    pub(crate) fn show(&self, bank: &Bank, put: &mut impl FnMut(&str, Value)) {
        put(TOLERANCE, numbers::unless_zero(self.tolerance));
        put(ARREARS_GRACE, enums::unless_zero(self.arrears_grace));
        let fund = self.fund.and_then(|fund| bank.fund(fund).ok());
        put("fundId", json!(fund.map(|fund| fund.id)));
        put("fundName", json!(fund.map(|fund| &fund.name)));
        put("loanOfficerId", json!(self.officer));
        put(
            "loanOfficerName",
            json!(self.officer.and_then(|id| offices::officer(id).ok())),
        );
        put("loanPurposeId", json!(self.purpose));
        let purpose = self.purpose.and_then(|id| codes::purpose(id, bank.release).ok());
        put("loanPurposeName", json!(purpose));
    }
}

impl Bank {
    /// 404 if an attribute names what is not there.
    pub(super) fn check_attributes(&self, sent: &SentAttributes) -> Result<(), Failure> {
        if let Some(fund) = sent.fund {
            self.fund(fund)?;
        }
        if let Some(officer) = sent.officer {
            offices::officer(officer)?;
        }
        if let Some(purpose) = sent.purpose {
            codes::purpose(purpose, self.release)?;
        }
        Ok(())
    }
}
