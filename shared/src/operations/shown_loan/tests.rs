use serde_json::json;

use super::*;

/// The member that is refused.
fn refused(loan: &Value, product: &Value) -> Option<String> {
    match not_lost(loan, product) {
        Ok(()) => None,
        Err(Stop::Refused(failure)) => {
            assert_eq!((failure.status(), failure.code()), (409, Some("gateway.term-not-kept")));
            let message = failure.message();
            message.split(" as ").nth(1)?.split(' ').next().map(str::to_owned)
        }
        Err(stop) => panic!("{stop:?}"),
    }
}

#[test]
fn every_member_has_one_fate() {
    let mut all: Vec<&str> = FATES.iter().flat_map(|(_, members)| members.iter().copied()).collect();
    all.extend(TERMS.iter().map(|term| term.shown));
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    for (_, members) in FATES {
        assert!(members.is_sorted(), "{members:?}");
    }
}

#[test]
fn what_would_be_lost_is_refused_by_its_name() {
    let choice = |id: u32| json!({"id": id, "code": format!("choice.{id}"), "value": "a choice"});
    for (loan, product, lost) in [
        (json!({}), json!({}), None),
        (json!({"meeting": {"id": 1}}), json!({}), Some("meeting")),
        (json!({"meeting": null}), json!({}), None),
        (json!({"isFloatingInterestRate": false}), json!({}), None),
        (
            json!({"isFloatingInterestRate": true}),
            json!({}),
            Some("isFloatingInterestRate"),
        ),
        (json!({"emiAmountVariations": []}), json!({}), None),
        (
            json!({"loanTermVariations": [{"id": 1}]}),
            json!({}),
            Some("loanTermVariations"),
        ),
        (json!({"recurringMoratoriumOnPrincipalPeriods": 0}), json!({}), None),
        (
            json!({"recurringMoratoriumOnPrincipalPeriods": 2}),
            json!({"recurringMoratoriumOnPrincipalPeriods": 2}),
            Some("recurringMoratoriumOnPrincipalPeriods"),
        ),
        (
            json!({"termOfALaterRelease": 1.5}),
            json!({"termOfALaterRelease": 1.5}),
            Some("termOfALaterRelease"),
        ),
        (
            json!({"termOfALaterRelease": {}, "anotherOne": 0.00, "thirdOptions": [1]}),
            json!({}),
            None,
        ),
        (
            json!({"daysInYearType": choice(365)}),
            json!({"daysInYearType": choice(365)}),
            None,
        ),
        (
            json!({"daysInYearType": choice(365)}),
            json!({"daysInYearType": choice(1)}),
            Some("daysInYearType"),
        ),
        (
            json!({"interestRateFrequencyType": choice(5)}),
            json!({"interestRateFrequencyType": choice(3)}),
            Some("interestRateFrequencyType"),
        ),
        (
            json!({"disbursedAmountPercentageForDownPayment": 25.0}),
            json!({"disbursedAmountPercentageForDownPayment": 25.000000}),
            None,
        ),
        (json!({"enableDownPayment": true}), json!({}), Some("enableDownPayment")),
        (json!({"enableDownPayment": false}), json!({}), None),
        (
            json!({"interestRecalculationData": {"id": 9, "loanId": 262, "rescheduleStrategyType": choice(3)}}),
            json!({"interestRecalculationData": {"id": 4, "productId": 26, "rescheduleStrategyType": choice(3)}}),
            None,
        ),
        (
            json!({"interestRecalculationData": {"id": 9, "rescheduleStrategyType": choice(3)}}),
            json!({"interestRecalculationData": {"id": 9, "rescheduleStrategyType": choice(2)}}),
            Some("interestRecalculationData"),
        ),
        // Whether the product lets its loans differ.
        (
            json!({"graceOnPrincipalPayment": 2}),
            json!({"graceOnPrincipalPayment": 1, "allowAttributeOverrides": {"graceOnPrincipalAndInterestPayment": true}}),
            None,
        ),
        (
            json!({}),
            json!({"graceOnPrincipalPayment": 1, "allowAttributeOverrides": {"graceOnPrincipalAndInterestPayment": false}}),
            Some("graceOnPrincipalPayment"),
        ),
        (
            json!({"interestType": choice(1)}),
            json!({"interestType": choice(0), "allowAttributeOverrides": {"interestType": false}}),
            Some("interestType"),
        ),
    ] {
        assert_eq!(refused(&loan, &product).as_deref(), lost, "{loan} {product}");
    }
}
