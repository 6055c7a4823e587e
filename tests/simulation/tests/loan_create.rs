//! LOAN_CREATE for every lender, with terms in every unit, on both releases.

use fineract_simulator::Release;
use gateway::fineract::Path;
use serde_json::{Value, json};
use simulation::Gateway;

pub(crate) fn client(id: &str) -> Value {
    json!({"firstname": "Jayesh", "lastname": "Badgujar", "externalId": id, "activationDate": "01 January 2026"})
}

pub(crate) fn loan(lender: &str, id: &str) -> Value {
    json!({"lenderConfig": lender, "externalId": id, "principal": 100000, "submittedOnDate": "11 January 2026",
        "loanTermFrequency": 12, "numberOfRepayments": 12, "interestRatePerPeriod": 8, "clientId": "INC-1001"})
}

/// Performs an operation that must succeed.
pub(crate) async fn succeed(gateway: &Gateway, operation: &str, data: Value) -> Value {
    let performed = gateway
        .perform(operation, data.clone())
        .await
        .unwrap_or_else(|problem| panic!("{data}: {problem:?}"));
    assert_eq!(
        performed.body["status"], "success",
        "{operation} {data}: {}",
        performed.body
    );
    performed.body["success_response"].clone()
}

/// A loan with its charges and tranches, as Fineract shows it.
pub(crate) fn shown(gateway: &Gateway, id: &str) -> Value {
    let path = Path::new("v1/loans/external-id")
        .segment(id)
        .query("associations=charges,multiDisburseDetails,transactions");
    gateway.read(path)
}

#[tokio::test]
async fn every_lender_with_terms_in_every_unit_through_the_whole_life() {
    for release in Release::ALL {
        let gateway = Gateway::new(release);
        succeed(&gateway, "CLIENT_CREATE", client("INC-1001")).await;
        for lender in Gateway::lenders() {
            for (unit, code, term, repayments) in [
                ("days", 0, 90, 3),
                ("weeks", 1, 26, 26),
                ("months", 2, 24, 12),
                ("years", 3, 2, 2),
            ] {
                let id = format!("{lender}-{unit}");
                let mut data = loan(lender, &id);
                data["loanTermFrequencyType"] = unit.into();
                data["loanTermFrequency"] = term.into();
                data["numberOfRepayments"] = repayments.into();
                succeed(&gateway, "LOAN_CREATE", data).await;
                let created = shown(&gateway, &id);
                assert_eq!(created["loanProductName"], lender);
                assert_eq!(
                    (&created["termFrequency"], &created["termPeriodFrequencyType"]["id"]),
                    (&json!(term), &json!(code)),
                    "{id}"
                );
                assert_eq!(
                    (&created["repaymentEvery"], &created["repaymentFrequencyType"]["id"]),
                    (&json!(term / repayments), &json!(code)),
                    "{id}"
                );
                assert_eq!(
                    created["charges"].as_array().map_or(0, Vec::len),
                    usize::from(lender == "LENDINGKART"),
                    "{id}"
                );
                assert_eq!(
                    created["disbursementDetails"].as_array().map_or(0, Vec::len),
                    usize::from(lender == "GB"),
                    "{id}"
                );
                succeed(&gateway, "LOAN_UPDATE", json!({"externalId": id, "principal": 50000.5})).await;
                succeed(
                    &gateway,
                    "LOAN_APPROVE",
                    json!({"external_loan_id": id, "approvedOnDate": "20 January 2026"}),
                )
                .await;
                let disburse = json!({"external_loan_id": id, "actualDisbursementDate": "21 January 2026", "utr_payment_id": "U", "note": "n"});
                succeed(&gateway, "LOAN_DISBURSE", disburse).await;
                let paid = &shown(&gateway, &id)["transactions"][0];
                assert_eq!(
                    paid["amount"]
                        .to_string()
                        .parse::<rust_decimal::Decimal>()
                        .unwrap()
                        .normalize()
                        .to_string(),
                    "50000.5",
                    "{id}"
                );
                assert_eq!(paid["paymentDetailData"]["receiptNumber"], "U", "{id}");
            }
        }
    }
}

#[tokio::test]
async fn a_client_is_looked_up_anew_for_every_loan() {
    let gateway = Gateway::new(Release::V1_10_1);
    succeed(&gateway, "CLIENT_CREATE", client("INC-1001")).await;
    let first = succeed(&gateway, "LOAN_CREATE", loan("UGRO", "L-1")).await;
    // The id moves to another client, by hand.
    let request = |body: Value, path: Path, method| gateway::fineract::Request {
        method,
        path,
        key: Some(format!("by hand {body}")),
        body: Some(body),
        timeout: std::time::Duration::from_secs(1),
    };
    let by_id = || Path::new("v1/clients/external-id").segment("INC-1001");
    let moved = gateway.fineract.answer(&request(
        json!({"externalId": "INC-OLD"}),
        by_id(),
        gateway::fineract::Method::Put,
    ));
    assert_eq!(moved.status, 200);
    succeed(&gateway, "CLIENT_CREATE", client("INC-1001")).await;
    let second = succeed(&gateway, "LOAN_CREATE", loan("UGRO", "L-2")).await;
    assert_ne!(first["clientId"], second["clientId"]);
}
