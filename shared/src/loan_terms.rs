//! Parts that the bodies of new and of changed loans have in common.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::values::{Count, Date, FaultCode, Wrong, from_fineract};

/// Fineract's number for charges that arise when a repayment is late; they cannot be sent with a loan.
const OVERDUE_CHARGE: u64 = 9;

/// The member of Fineract's enumerations that is sent back: its `id`.
pub(crate) fn id_of<'a>(thing: &'a Value, member: &str) -> Option<&'a Value> {
    thing.get(member).and_then(|value| value.get("id"))
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

/// Whether a product or loan is paid out in tranches.
pub(crate) fn in_tranches(thing: &Value) -> bool {
    thing.get("multiDisburseLoan").and_then(Value::as_bool) == Some(true)
        && thing.get("disallowExpectedDisbursements").and_then(Value::as_bool) != Some(true)
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
