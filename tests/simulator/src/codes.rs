//! Codes, and the reasons of write-offs.

use serde_json::{Value, json};

use crate::{
    errors::{Failure, Fault},
    release::Release,
};

/// Number and name of every code, and whether only develop has it; in the order of the list.
const CODES: [(i64, &str, bool); 48] = [
    (29, "ADDRESS_TYPE", false),
    (7, "AssetAccountTags", false),
    (28, "COUNTRY", false),
    (22, "CenterClosureReason", false),
    (39, "ChargeOffReasons", false),
    (17, "ClientClassification", false),
    (14, "ClientClosureReason", false),
    (19, "ClientRejectReason", false),
    (18, "ClientSubStatus", false),
    (16, "ClientType", false),
    (20, "ClientWithdrawReason", false),
    (24, "Constitution", false),
    (37, "CreditTransactionFreezeReasons", false),
    (34, "Customer Documents", false),
    (1, "Customer Identifier", false),
    (36, "DebitTransactionFreezeReasons", false),
    (21, "Entity to Entity Access Types", false),
    (9, "EquityAccountTags", false),
    (11, "ExpenseAccountTags", false),
    (13, "GROUPROLE", false),
    (4, "Gender", false),
    (15, "GroupClosureReason", false),
    (6, "GuarantorRelationship", false),
    (10, "IncomeAccountTags", false),
    (8, "LiabilityAccountTags", false),
    (2, "LoanCollateral", false),
    (49, "LoanOriginationChannelType", true),
    (48, "LoanOriginatorType", true),
    (3, "LoanPurpose", false),
    (23, "LoanRescheduleReason", false),
    (30, "MARITAL STATUS", false),
    (25, "Main Business Line", false),
    (32, "PROFESSION", false),
    (33, "PaymentType", false),
    (31, "RELATIONSHIP", false),
    (42, "ReAgeReasons", true),
    (43, "ReAmortizationReasons", true),
    (27, "STATE", false),
    (35, "SavingsAccountBlockReasons", false),
    (38, "SavingsTransactionFreezeReasons", false),
    (26, "WriteOffReasons", false),
    (5, "YesNo", false),
    (41, "buydown_fee_transaction_classification", true),
    (40, "capitalized_income_transaction_classification", true),
    (46, "working_capital_loan_credit_balance_refund_classification", true),
    (44, "working_capital_loan_disbursement_classification", true),
    (47, "working_capital_loan_discount_fee_classification", true),
    (45, "working_capital_loan_repayment_classification", true),
];
const WRITE_OFF_REASONS: (i64, &str) = (26, "WriteOffReasons");

/// Every code.
pub(crate) fn codes(release: Release) -> Value {
    let known = CODES.iter().filter(|(.., develop)| !develop || release.is_develop());
    known
        .map(|(id, name, _)| json!({"id": id, "name": name, "systemDefined": true}))
        .collect()
}

/// The codes that the servers were set up with a value for, in the order in which the values were made.
const VALUED: [(i64, &str); 13] = [
    (39, "ChargeOffReasons"),
    (17, "ClientClassification"),
    (14, "ClientClosureReason"),
    (19, "ClientRejectReason"),
    (16, "ClientType"),
    (20, "ClientWithdrawReason"),
    (1, "Customer Identifier"),
    (4, "Gender"),
    (6, "GuarantorRelationship"),
    (2, "LoanCollateral"),
    (3, "LoanPurpose"),
    (23, "LoanRescheduleReason"),
    WRITE_OFF_REASONS,
];

/// The number of the first of these values: develop begins with more of its own.
fn first_value(release: Release) -> i64 {
    if release.is_develop() { 23 } else { 15 }
}

/// The values of a code, of which only those are simulated that the servers were set up with.
pub(crate) fn values(code: i64, release: Release) -> Option<Value> {
    let made = (first_value(release)..).zip(VALUED);
    let values = made
        .filter(|(_, (of, _))| *of == code)
        .map(|(id, (_, name))| value(id, name));
    CODES.iter().any(|(known, ..)| *known == code).then(|| values.collect())
}

/// A value as the servers were set up with it.
fn value(id: i64, code: &str) -> Value {
    json!({"id": id, "name": format!("{code} one"), "position": 1, "description": "x", "active": true, "mandatory": false})
}

/// The only reason that the servers were set up with.
fn reason(release: Release) -> i64 {
    if release.is_develop() { 35 } else { 27 }
}

/// The only purpose of loans that the servers were set up with.
const PURPOSE: &str = "LoanPurpose one";

/// The name of a purpose of loans.
pub(crate) fn purpose(id: i64, release: Release) -> Result<&'static str, Failure> {
    let known = if release.is_develop() { 33 } else { 25 };
    if id == known {
        return Ok(PURPOSE);
    }
    let text = format!("Code value with identifier {id} does not exist");
    Err(Failure::NotFound(
        Fault::general("error.msg.codevalue.id.invalid", text).with([json!(id)]),
    ))
}

/// The reasons of write-offs.
pub(crate) fn write_off_reasons(release: Release) -> Value {
    json!([value(reason(release), WRITE_OFF_REASONS.1)])
}

/// 404 if there is no such reason.
pub(crate) fn write_off_reason(id: i64, release: Release) -> Result<(), Failure> {
    if id == reason(release) {
        return Ok(());
    }
    let name = WRITE_OFF_REASONS.1;
    let text = format!("Code value with identifier {id} does not exist for a code with name {name}");
    let fault = Fault::general("error.msg.codevalue.codename.id.combination.invalid", text);
    Err(Failure::NotFound(fault.with([json!(id), json!(name)])))
}
