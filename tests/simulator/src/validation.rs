//! Fineract's data validator: it collects every fault before it refuses.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    errors::{Failure, Fault},
    numbers,
};

/// Collects faults under one resource's prefix (`client`, `loan`, `loanapplication`, `loan.disbursement`).
pub(crate) struct Checks {
    resource: &'static str,
    faults: Vec<Fault>,
}

impl Checks {
    pub(crate) fn of(resource: &'static str) -> Self {
        Self {
            resource,
            faults: Vec::new(),
        }
    }

    /// A fault with a code of its own.
    pub(crate) fn push(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Refuses if anything was found.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Failure::Validation(self.faults))
        }
    }

    fn code(&self, parameter: &str, rule: &str) -> String {
        format!("validation.msg.{}.{parameter}.{rule}", self.resource)
    }

    /// The parameter must be there.
    pub(crate) fn mandatory(&mut self, parameter: &str, present: bool) {
        if !present {
            let text = format!("The parameter `{parameter}` is mandatory.");
            let fault = Fault::of(parameter, self.code(parameter, "cannot.be.blank"), text).with([Value::Null]);
            self.push(fault);
        }
    }

    /// Text of at most `limit` characters.
    pub(crate) fn length(&mut self, parameter: &str, value: Option<&str>, limit: usize) {
        if let Some(value) = value.filter(|value| value.chars().count() > limit) {
            let text = format!("The parameter `{parameter}` exceeds max length of {limit}.");
            let fault = Fault::of(parameter, self.code(parameter, "exceeds.max.length"), text)
                .with([json!(limit), json!(value)]);
            self.push(fault);
        }
    }

    /// A whole number above zero.
    pub(crate) fn above_zero(&mut self, parameter: &str, value: Option<i64>) {
        if let Some(value) = value.filter(|value| *value <= 0) {
            self.push_not_above_zero(parameter, json!(value));
        }
    }

    /// A decimal above zero.
    pub(crate) fn positive(&mut self, parameter: &str, value: Option<Decimal>) {
        if let Some(value) = value.filter(|value| *value <= Decimal::ZERO) {
            self.push_not_above_zero(parameter, numbers::as_double(value));
        }
    }

    fn push_not_above_zero(&mut self, parameter: &str, value: Value) {
        let text = format!("The parameter `{parameter}` must be greater than 0.");
        let fault = Fault::of(parameter, self.code(parameter, "not.greater.than.zero"), text).with([value, json!(0)]);
        self.push(fault);
    }

    /// A decimal that is not below zero.
    pub(crate) fn zero_or_above(&mut self, parameter: &str, value: Option<Decimal>) {
        if let Some(value) = value.filter(|value| *value < Decimal::ZERO) {
            let text = format!("The parameter `{parameter}` must be greater than or equal to 0.");
            let fault = Fault::of(parameter, self.code(parameter, "not.zero.or.greater"), text)
                .with([numbers::as_double(value), json!(0)]);
            self.push(fault);
        }
    }

    /// A whole number that is not below zero.
    pub(crate) fn not_below_zero(&mut self, parameter: &str, value: Option<i64>) {
        if let Some(value) = value.filter(|value| *value < 0) {
            let text = format!("The parameter `{parameter}` must be greater than or equal to 0.");
            let fault =
                Fault::of(parameter, self.code(parameter, "not.zero.or.greater"), text).with([json!(value), json!(0)]);
            self.push(fault);
        }
    }

    /// A whole number between two others.
    pub(crate) fn within(&mut self, parameter: &str, value: Option<i64>, least: i64, most: i64) {
        if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
            let text = format!("The parameter `{parameter}` must be between {least} and {most}.");
            let fault = Fault::of(parameter, self.code(parameter, "is.not.within.expected.range"), text).with([
                json!(value),
                json!(least),
                json!(most),
            ]);
            self.push(fault);
        }
    }

    /// An amount between the product's bounds, whose texts differ from their values (`1000.00` and `1000.0`).
    pub(crate) fn amount_within(&mut self, parameter: &str, value: Option<Decimal>, bounds: &Bounds) {
        if let Some(value) = value.filter(|value| *value < bounds.least || *value > bounds.most) {
            let text = format!(
                "The parameter `{parameter}` amount {} must be between {} and {} .",
                numbers::doubled(value),
                bounds.text(bounds.least),
                bounds.text(bounds.most)
            );
            let code = self.code(parameter, "amount.is.not.within.min.max.range");
            let [least, most] = [bounds.least, bounds.most].map(numbers::printed);
            let args = [numbers::as_double(value), least, most];
            self.push(Fault::of(parameter, code, text).with(args));
        }
    }

    /// The parameter must not come together with another one.
    pub(crate) fn not_together(&mut self, parameter: &str, value: Value, other: &str, other_value: Value) {
        let text = format!("The parameter `{parameter}` cannot also be provided when `{other}` is populated.");
        let rule = format!("cannot.also.be.provided.when.{other}.is.populated");
        let fault = Fault::of(parameter, self.code(parameter, &rule), text).with([value, json!(other), other_value]);
        self.push(fault);
    }

    /// A rule that Fineract names by a code only.
    pub(crate) fn broken_rule(&mut self, parameter: &str, rule: &str) {
        let text = format!("Failed data validation due to: {rule}.");
        let fault = Fault::of(parameter, self.code(parameter, rule), text).with([Value::Null, json!([])]);
        self.push(fault);
    }

    /// An update that updates nothing.
    pub(crate) fn no_parameters(&mut self) {
        let code = format!("validation.msg.{}.no.parameters.for.update", self.resource);
        self.push(Fault::general(code, "No parameters passed for update."));
    }
}

/// The least and the most that a product allows.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) least: Decimal,
    pub(crate) most: Decimal,
    /// Digits after the point in messages; `None` prints as many as there are.
    pub(crate) digits: Option<u32>,
}

impl Bounds {
    fn text(&self, bound: Decimal) -> String {
        match self.digits {
            Some(digits) => {
                let mut bound = bound;
                bound.rescale(digits);
                bound.to_string()
            }
            None => numbers::text(bound),
        }
    }
}
