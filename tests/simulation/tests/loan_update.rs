//! LOAN_UPDATE for every subset of its fields: the loan afterwards differs in these, and in what follows from them.

use std::collections::BTreeSet;

use fineract_simulator::Release;
use gateway::values::decimal_of;
use serde_json::{Value, json};
use simulation::Gateway;

use crate::loan_create::{client, loan, shown, succeed};

/// Each field, a value that the loan does not have, and the members of the loan that follow from it.
fn fields() -> [(&'static str, Value, &'static [&'static str]); 6] {
    [
        (
            "principal",
            json!(200_000),
            &[
                "principal",
                "approvedPrincipal",
                "proposedPrincipal",
                "netDisbursalAmount",
                "disbursementDetails",
                "summary",
            ],
        ),
        (
            "submittedOnDate",
            json!("15 January 2026"),
            &["timeline", "disbursementDetails"],
        ),
        (
            "loanTermFrequency",
            json!(24),
            &["termFrequency", "repaymentEvery", "timeline"],
        ),
        (
            "loanTermFrequencyType",
            json!("weeks"),
            &["termPeriodFrequencyType", "repaymentFrequencyType", "timeline"],
        ),
        (
            "numberOfRepayments",
            json!(6),
            &["numberOfRepayments", "repaymentEvery", "timeline"],
        ),
        (
            "interestRatePerPeriod",
            json!("9.5"),
            &["interestRatePerPeriod", "annualInterestRate"],
        ),
    ]
}

fn same(a: &Value, b: &Value) -> bool {
    match (decimal_of(a), decimal_of(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

#[tokio::test]
async fn every_subset_of_fields_changes_only_what_was_asked_for() {
    for release in Release::ALL {
        let gateway = Gateway::new(release);
        succeed(&gateway, "CLIENT_CREATE", client("INC-1001")).await;
        for lender in ["UGRO", "GB", "LENDINGKART", "IKF"] {
            for subset in 1_u32..64 {
                let id = format!("{lender}-{subset}");
                succeed(&gateway, "LOAN_CREATE", loan(lender, &id)).await;
                let before = shown(&gateway, &id);
                let mut data = json!({"externalId": id});
                let mut may_change: BTreeSet<&str> = BTreeSet::new();
                for (index, (name, value, follow)) in fields().into_iter().enumerate() {
                    if subset & (1 << index) != 0 {
                        data[name] = value;
                        may_change.extend(follow);
                    }
                }
                succeed(&gateway, "LOAN_UPDATE", data.clone()).await;
                let after = shown(&gateway, &id);
                check_asked(&data, &after, lender);
                let names = before
                    .as_object()
                    .unwrap()
                    .keys()
                    .chain(after.as_object().unwrap().keys());
                for name in names.collect::<BTreeSet<_>>() {
                    let changed = !same(&before[name], &after[name]);
                    assert!(
                        !changed || may_change.contains(name.as_str()),
                        "{release} {data}: {name} {} {}",
                        before[name],
                        after[name]
                    );
                }
                assert_eq!(before["clientId"], after["clientId"]);
                assert_eq!(before["charges"], after["charges"], "{data}");
            }
        }
    }
}

fn check_asked(data: &Value, after: &Value, lender: &str) {
    for (asked, shown) in [
        ("principal", &after["principal"]),
        ("loanTermFrequency", &after["termFrequency"]),
        ("numberOfRepayments", &after["numberOfRepayments"]),
        ("interestRatePerPeriod", &after["interestRatePerPeriod"]),
    ] {
        if let Some(asked) = data.get(asked) {
            assert!(same(asked, shown), "{data}: {shown}");
        }
    }
    let number = |value: &Value| value.as_u64().unwrap();
    assert_eq!(
        number(&after["termFrequency"]),
        number(&after["numberOfRepayments"]) * number(&after["repaymentEvery"]),
        "{data}"
    );
    if data.get("loanTermFrequencyType").is_some() {
        assert_eq!(
            (
                &after["termPeriodFrequencyType"]["id"],
                &after["repaymentFrequencyType"]["id"]
            ),
            (&json!(1), &json!(1)),
            "{data}"
        );
    }
    let day = if data.get("submittedOnDate").is_some() { 15 } else { 11 };
    assert_eq!(after["timeline"]["submittedOnDate"], json!([2026, 1, day]), "{data}");
    assert_eq!(
        after["timeline"]["expectedDisbursementDate"],
        json!([2026, 1, day]),
        "{data}"
    );
    if lender == "GB" {
        let tranche = &after["disbursementDetails"][0];
        assert_eq!(tranche["expectedDisbursementDate"], json!([2026, 1, day]), "{data}");
        assert!(same(&tranche["principal"], &after["principal"]), "{data}");
    }
}
