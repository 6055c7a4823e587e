//! Products of further kinds, by name, for tests that run everything under each of them.

use serde_json::{Map, Value, json};

/// What a payment is taken for under a progressive schedule, in this order.
const ALLOCATION: &str = "PAST_DUE_PENALTY PAST_DUE_FEE PAST_DUE_PRINCIPAL PAST_DUE_INTEREST DUE_PENALTY DUE_FEE \
    DUE_PRINCIPAL DUE_INTEREST IN_ADVANCE_PENALTY IN_ADVANCE_FEE IN_ADVANCE_PRINCIPAL IN_ADVANCE_INTEREST";

/// The settings of a product of each kind: with them, [`crate::Simulator::offer`] offers it.
pub fn kinds() -> Vec<Map<String, Value>> {
    let kinds = [
        json!({"name": "RECALCULATION-MONTHLY", "rescheduleStrategyMethod": 3, "recalculationRestFrequencyType": 4}),
        json!({"name": "RECALCULATION-DAILY", "rescheduleStrategyMethod": 3, "recalculationRestFrequencyType": 2}),
        json!({"name": "RECALCULATION-FEWER", "rescheduleStrategyMethod": 2, "recalculationRestFrequencyType": 1}),
        json!({
            "name": "DOWN-PAYMENT", "enableDownPayment": true, "disbursedAmountPercentageForDownPayment": 25,
            "enableAutoRepaymentForDownPayment": true,
        }),
        json!({
            "name": "PROGRESSIVE", "transactionProcessingStrategyCode": "advanced-payment-allocation-strategy",
            "paymentAllocation": [allocation()], "loanScheduleType": "PROGRESSIVE",
            "loanScheduleProcessingType": "HORIZONTAL",
        }),
        json!({
            "name": "OPEN-TRANCHES", "multiDisburseLoan": true, "maxTrancheCount": 5, "outstandingLoanBalance": 10_000_000,
            "disallowExpectedDisbursements": true, "allowApprovedDisbursedAmountsOverApplied": true,
            "overAppliedCalculationType": "percentage", "overAppliedNumber": 50, "interestCalculationPeriodType": 0,
        }),
        json!({
            "name": "INTEREST-FIRST",
            "transactionProcessingStrategyCode": "interest-principal-penalties-fees-order-strategy",
        }),
        json!({"name": "EARLY-REPAYMENT", "transactionProcessingStrategyCode": "early-repayment-strategy"}),
        json!({
            "name": "DUE-PENALTY-INTEREST",
            "transactionProcessingStrategyCode":
                "due-penalty-interest-principal-fee-in-advance-penalty-interest-principal-fee-strategy",
        }),
        json!({"name": "GRACE", "graceOnPrincipalPayment": 1, "graceOnInterestPayment": 1}),
        json!({"name": "EQUAL-PRINCIPAL", "amortizationType": 0}),
        json!({"name": "FORTNIGHTLY", "repaymentEvery": 2, "repaymentFrequencyType": 1}),
        json!({"name": "TOP-UP", "canUseForTopup": true}),
    ];
    kinds.into_iter().map(settings).collect()
}

/// All settings of a product of which these differ from the others'.
fn settings(kind: Value) -> Map<String, Value> {
    let recalculated = kind.get("rescheduleStrategyMethod").is_some();
    let mut settings = Map::new();
    if recalculated {
        let common = json!({
            "isInterestRecalculationEnabled": true, "daysInYearType": 365, "daysInMonthType": 30,
            "interestRecalculationCompoundingMethod": 0, "preClosureInterestCalculationStrategy": 1,
            "isArrearsBasedOnOriginalSchedule": false, "interestCalculationPeriodType": 0,
            "recalculationRestFrequencyInterval": 1,
        });
        settings.extend(common.as_object().cloned().unwrap_or_default());
    }
    settings.extend(kind.as_object().cloned().unwrap_or_default());
    settings
}

fn allocation() -> Value {
    let rule = |(order, rule): (usize, &str)| json!({"paymentAllocationRule": rule, "order": order});
    let rules: Vec<Value> = (1..).zip(ALLOCATION.split_ascii_whitespace()).map(rule).collect();
    json!({
        "transactionType": "DEFAULT", "paymentAllocationOrder": rules,
        "futureInstallmentAllocationRule": "NEXT_INSTALLMENT",
    })
}
