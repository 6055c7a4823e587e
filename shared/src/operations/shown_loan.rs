//! What becomes of each member by which Fineract shows a loan when the loan is updated.
//!
//! An update changes what it names and nothing else. So each member is known here: it goes back, or an update leaves it as it
//! is, or it follows from others. A loan that shows anything else is not updated.

use serde_json::Value;

use crate::command::Stop;
use crate::failure::Failure;
use crate::loan_terms::{TERMS, Term, is_nothing};
use crate::values::decimal_of;

/// What becomes of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It goes back, as it is or as the caller asked.
    Sent,
    /// Fineract takes it from the product again, whatever the loan has: it stays if both agree.
    Product,
    /// Fineract leaves it as it is unless a body names it, and no schedule depends on it.
    Kept,
    /// Fineract computes it from others.
    Computed,
    /// A name or number beside what goes back.
    Beside,
    /// It is not of this loan: Fineract shows what its product, or the tenant, has now.
    Apart,
    /// The schedule depends on it, and the gateway cannot send it back.
    Lost,
}

/// The members beside those of [`TERMS`].
const FATES: [(Fate, &[&str]); 7] = [
    (
        Fate::Sent,
        &[
            "charges",
            "clientId",
            "disbursementDetails",
            "expectedFirstRepaymentOnDate",
            "externalId",
            "interestChargedFromDate",
            "interestRatePerPeriod",
            "loanProductId",
            "loanType",
            "maxOutstandingLoanBalance",
            "numberOfRepayments",
            "principal",
            "repaymentEvery",
            "repaymentFrequencyType",
            "termFrequency",
            "termPeriodFrequencyType",
            "timeline",
        ],
    ),
    (
        Fate::Product,
        &[
            "allowFullTermForTranche",
            // Releases differ in how a body spells it.
            "allowPartialPeriodInterestCalculation",
            "buyDownFeeCalculationType",
            "buyDownFeeIncomeType",
            "buyDownFeeStrategy",
            "capitalizedIncomeCalculationType",
            "capitalizedIncomeStrategy",
            "capitalizedIncomeType",
            "chargeOffBehaviour",
            "currency",
            "daysInMonthType",
            "daysInYearCustomStrategy",
            "daysInYearType",
            "disbursedAmountPercentageForDownPayment",
            "enableAutoRepaymentForDownPayment",
            "enableBuyDownFee",
            "enableDownPayment",
            "enableIncomeCapitalization",
            "fixedLength",
            // Releases differ in what they make of it in a body.
            "interestRateFrequencyType",
            "interestRecalculationData",
            "interestRecognitionOnDisbursementDate",
            "isInterestRecalculationEnabled",
            "loanScheduleProcessingType",
            "loanScheduleType",
            "merchantBuyDownFee",
            "repaymentStartDateType",
        ],
    ),
    (
        Fate::Kept,
        &[
            "accountNo",
            "collateral",
            "createStandingInstructionAtDisbursement",
            "enableInstallmentLevelDelinquency",
            "fraud",
            "guarantors",
            "id",
            "linkedAccount",
            "notes",
            "originators",
            "rates",
            "transactions",
        ],
    ),
    (
        Fate::Computed,
        &[
            "actualNoTerm",
            "annualInterestRate",
            "approvedPrincipal",
            "canDisburse",
            "chargedOff",
            "delinquencyRange",
            "delinquent",
            "feeChargesAtDisbursementCharged",
            "inArrears",
            "isNPA",
            "loanCounter",
            "loanProductCounter",
            "netDisbursalAmount",
            "originalSchedule",
            "overpaidOnDate",
            "paidInAdvance",
            "proposedPrincipal",
            "repaymentSchedule",
            "status",
            "subStatus",
            "summary",
            "topupAmount",
            "totalOverpaid",
        ],
    ),
    (
        Fate::Beside,
        &[
            "clientAccountNo",
            "clientExternalId",
            "clientName",
            "clientOfficeId",
            "closureLoanAccountNo",
            "fundName",
            "loanOfficerName",
            "loanProductDescription",
            "loanProductName",
            "loanPurposeName",
            "transactionProcessingStrategyName",
        ],
    ),
    (
        Fate::Apart,
        &[
            "canDefineInstallmentAmount",
            "canUseForTopup",
            "disallowExpectedDisbursements",
            "isRatesEnabled",
            "lastClosedBusinessDate",
            // They count where instalments vary, and such loans are not updated.
            "maximumGap",
            "minimumGap",
            "multiDisburseLoan",
            "overdueCharges",
        ],
    ),
    (
        Fate::Lost,
        &[
            "emiAmountVariations",
            "group",
            "interestRateDifferential",
            "interestRatesPeriods",
            "isFloatingInterestRate",
            "isLoanProductLinkedToFloatingRate",
            // Whether there are variations is not shown everywhere.
            "isVariableInstallmentsAllowed",
            "loanTermVariations",
            "meeting",
            "recurringMoratoriumOnPrincipalPeriods",
            "repaymentFrequencyDayOfWeekType",
            "repaymentFrequencyNthDayType",
            "syncDisbursementWithMeeting",
        ],
    ),
];

/// How the names of lists end that a form could offer.
const OFFERS: &str = "Options";

fn fate(member: &str) -> Option<Fate> {
    if TERMS.iter().any(|term| term.shown == member) {
        return Some(Fate::Sent);
    }
    if member.ends_with(OFFERS) {
        return Some(Fate::Apart);
    }
    let known = FATES.iter().find(|(_, members)| members.contains(&member));
    known.map(|(fate, _)| *fate)
}

/// Refuses a loan that shows what an update would lose. What is not known counts as lost.
pub(super) fn not_lost(loan: &Value, product: &Value) -> Result<(), Stop> {
    let members = loan.as_object().into_iter().flatten();
    let lost = members.filter(|(member, value)| match fate(member) {
        Some(Fate::Sent | Fate::Kept | Fate::Computed | Fate::Beside | Fate::Apart) => false,
        Some(Fate::Product) => !agree(value, product.get(*member)),
        Some(Fate::Lost) | None => !is_nothing(value),
    });
    let own = |term: &&Term| loan.get(term.shown).unwrap_or(&Value::Null);
    let imposed = TERMS.iter().filter(|term| term.is_the_products(product));
    let imposed = imposed.filter(|term| !agree(own(term), product.get(term.shown)));
    let lost = lost
        .map(|(member, _)| member.as_str())
        .chain(imposed.map(|term| term.shown));
    match lost.min() {
        None => Ok(()),
        Some(member) => {
            let message = format!("An update would not keep what Fineract shows as {member} of this loan.");
            Err(Stop::Refused(Failure::gateway(409, "gateway.term-not-kept", message)))
        }
    }
}

/// Whether a loan and its product say the same. Of two objects what both have counts; their own numbers do not, but those
/// of Fineract's enumerations, which have a code beside them, do.
fn agree(loan: &Value, product: Option<&Value>) -> bool {
    match (loan, product.unwrap_or(&Value::Null)) {
        (Value::Object(loan), Value::Object(product)) if loan.contains_key("code") && loan.contains_key("id") => {
            loan.get("id") == product.get("id")
        }
        (Value::Object(loan), Value::Object(product)) => loan
            .iter()
            .filter(|(member, _)| *member != "id")
            .all(|(member, value)| product.get(member).is_none_or(|other| agree(value, Some(other)))),
        (Value::Number(_), Value::Number(_)) => decimal_of(loan) == product.and_then(decimal_of),
        (loan, product) => loan == product || is_nothing(loan) && is_nothing(product),
    }
}

#[cfg(test)]
mod tests;
