//! Parts that the bodies of new and of changed loans have in common.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::values::{Count, Date, FaultCode, Wrong, decimal_of, from_fineract};

/// Fineract's number for charges that arise when a repayment is late; they cannot be sent with a loan.
const OVERDUE_CHARGE: u64 = 9;

/// The member of Fineract's enumerations that is sent back: its `id`.
pub(crate) fn id_of<'a>(thing: &'a Value, member: &str) -> Option<&'a Value> {
    thing.get(member).and_then(|value| value.get("id"))
}

/// A term that the body of a new loan takes from the product, and that of a changed loan from the loan. Fineract takes a
/// term that a body leaves out as gone from the schedule, whatever the product or the loan says.
pub(crate) struct Term {
    /// The member of the body.
    sent: &'static str,
    /// The member by which Fineract shows it, of a loan.
    pub(crate) shown: &'static str,
    /// The member by which Fineract shows it, of a product; none if products have no such term.
    product: Option<&'static str>,
    form: Form,
    /// What a product calls the permission that its loans differ in this term.
    differs: Option<&'static str>,
}

/// How a term is shown and sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One of Fineract's enumerations, by its number; each number is a choice.
    Choice,
    /// As it is; zero, false or nothing is the same as leaving it out.
    Plain,
    /// A number that newer releases take from the product where a body leaves it out: none is sent as zero.
    Zero,
}

const fn term(name: &'static str, form: Form) -> Term {
    Term {
        sent: name,
        shown: name,
        product: Some(name),
        form,
        differs: None,
    }
}

impl Term {
    const fn differing_by(self, permission: &'static str) -> Self {
        Self {
            differs: Some(permission),
            ..self
        }
    }

    const fn of_loans(self) -> Self {
        Self { product: None, ..self }
    }

    const fn shown_as(self, shown: &'static str) -> Self {
        Self { shown, ..self }
    }

    /// What it is for this thing, as it is sent; none if there is nothing to send.
    fn value(&self, thing: &Value, member: &str) -> Option<Value> {
        match self.form {
            Form::Choice => id_of(thing, member).cloned(),
            Form::Plain | Form::Zero => thing.get(member).filter(|value| !is_nothing(value)).cloned(),
        }
    }

    /// The member of a new loan's body and its value.
    pub(crate) fn of_product(&self, product: &Value) -> (&'static str, Option<Value>) {
        (self.sent, self.product.and_then(|member| self.value(product, member)))
    }

    /// The member of a changed loan's body and its value. What the loan does not have and newer releases would take from
    /// the product is sent as none.
    pub(crate) fn of_loan(&self, loan: &Value, product: &Value) -> (&'static str, Option<Value>) {
        let own = self.value(loan, self.shown);
        let would_come = self.form == Form::Zero && self.of_product(product).1.is_some();
        (self.sent, own.or_else(|| would_come.then(|| Value::from(0))))
    }

    /// Whether Fineract sets it to the product's value, whatever a body says.
    pub(crate) fn is_the_products(&self, product: &Value) -> bool {
        let differs = self
            .differs
            .and_then(|name| product.pointer("/allowAttributeOverrides")?.get(name));
        differs.and_then(Value::as_bool) == Some(false)
    }
}

/// The terms beside those that callers name.
pub(crate) const TERMS: [Term; 17] = [
    term("amortizationType", Form::Choice).differing_by("amortizationType"),
    term("interestType", Form::Choice).differing_by("interestType"),
    term("interestCalculationPeriodType", Form::Choice).differing_by("interestCalculationPeriodType"),
    term("transactionProcessingStrategyCode", Form::Plain).differing_by("transactionProcessingStrategyCode"),
    term("graceOnPrincipalPayment", Form::Zero).differing_by("graceOnPrincipalAndInterestPayment"),
    term("graceOnInterestPayment", Form::Zero).differing_by("graceOnPrincipalAndInterestPayment"),
    term("graceOnInterestCharged", Form::Zero),
    term("inArrearsTolerance", Form::Zero).differing_by("inArrearsTolerance"),
    term("graceOnArrearsAgeing", Form::Zero).differing_by("graceOnArrearsAgeing"),
    term("isEqualAmortization", Form::Plain),
    term("fixedPrincipalPercentagePerInstallment", Form::Plain),
    term("fundId", Form::Plain),
    term("fixedEmiAmount", Form::Plain).of_loans(),
    term("loanOfficerId", Form::Plain).of_loans(),
    term("loanPurposeId", Form::Plain).of_loans(),
    term("isTopup", Form::Plain).of_loans(),
    term("loanIdToClose", Form::Plain).shown_as("closureLoanId").of_loans(),
];

/// Whether this is what Fineract shows where there is nothing.
pub(crate) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(_) => decimal_of(value).is_some_and(|number| number.is_zero()),
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// The largest balance that a product or loan in tranches may have, by the member that shows it. Older releases refuse a
/// later tranche of a loan that was made without one.
pub(crate) fn largest_balance(thing: &Value, member: &str) -> Option<Value> {
    is_multiple(thing).then(|| thing.get(member).cloned()).flatten()
}

/// The time between repayments, in units of the term.
pub(crate) fn repayment_every(term: u32, repayments: u32) -> Option<u32> {
    (repayments > 0 && term.is_multiple_of(repayments)).then(|| term / repayments)
}

/// The fault of a term that the number of repayments does not divide, if both are known from the request.
pub(crate) fn indivisible(term: Option<Count>, repayments: Option<Count>) -> Option<Wrong> {
    match repayment_every(term?.get(), repayments?.get()) {
        Some(_) => None,
        None => Some(Wrong::new(
            FaultCode::NotDivisible,
            "must be a whole multiple of numberOfRepayments",
        )),
    }
}

/// The refusal of a term that the number of repayments does not divide, where one of them is the loan's.
pub(crate) fn indivisible_together() -> Failure {
    let message = "loanTermFrequency is not a whole multiple of numberOfRepayments, the loan's own values included.";
    Failure::gateway(400, "gateway.term-not-divisible", message)
}

/// The charges of a product or a loan as they are sent with the loan, each made by `entry`; overdue penalties left out.
pub(crate) fn charges(thing: &Value, entry: impl Fn(&Value) -> Value) -> Option<Value> {
    let charges = thing.get("charges")?.as_array()?;
    let sent: Vec<Value> = charges
        .iter()
        .filter(|charge| id_of(charge, "chargeTimeType").and_then(Value::as_u64) != Some(OVERDUE_CHARGE))
        .map(entry)
        .collect();
    (!sent.is_empty()).then_some(Value::Array(sent))
}

/// A charge of a product, for a new loan.
pub(crate) fn product_charge(charge: &Value) -> Value {
    json!({"chargeId": charge.get("id"), "amount": charge.get("amount")})
}

/// A charge that a loan has, so that it keeps it.
pub(crate) fn loan_charge(charge: &Value) -> Value {
    let amount = charge.get("amountOrPercentage").or_else(|| charge.get("amount"));
    let mut kept = json!({"id": charge.get("id"), "chargeId": charge.get("chargeId"), "amount": amount});
    if let Some(due) = charge.get("dueDate").and_then(from_fineract) {
        kept["dueDate"] = Value::from(due);
    }
    kept
}

/// Whether a product or loan is paid out in tranches that are planned.
pub(crate) fn in_tranches(thing: &Value) -> bool {
    is_multiple(thing) && !is_open(thing)
}

/// Whether a product or loan is paid out in tranches that are not planned: each says its amount when it is paid out.
pub(crate) fn in_open_tranches(thing: &Value) -> bool {
    is_multiple(thing) && is_open(thing)
}

fn is_multiple(thing: &Value) -> bool {
    thing.get("multiDisburseLoan").and_then(Value::as_bool) == Some(true)
}

fn is_open(thing: &Value) -> bool {
    thing.get("disallowExpectedDisbursements").and_then(Value::as_bool) == Some(true)
}

/// One tranche.
pub(crate) fn tranche(id: Option<&Value>, date: impl Into<Value>, principal: Value) -> Value {
    let mut tranche = json!({"expectedDisbursementDate": date.into(), "principal": principal});
    if let Some(id) = id {
        tranche["id"] = id.clone();
    }
    tranche
}

/// A date of Fineract's answer in the form that it takes.
pub(crate) fn date_of(thing: &Value, pointer: &str) -> Option<Date> {
    thing.pointer(pointer).and_then(from_fineract)
}
