//! LOAN_DISBURSE: less than approved, all of it, several tranches, and never twice for one UTR.

use std::time::Duration;

use fineract_simulator::Release;
use gateway::fineract::{Method, Path, Request};
use gateway::values::decimal_of;
use serde_json::{Value, json};
use simulation::Gateway;

use crate::loan_create::{client, loan, shown, succeed};

/// A gateway with a loan that was approved for 100000, later than it was submitted.
async fn approved(release: Release, lender: &str) -> Gateway {
    let gateway = Gateway::new(release);
    succeed(&gateway, "CLIENT_CREATE", client("INC-1001")).await;
    succeed(&gateway, "LOAN_CREATE", loan(lender, "L")).await;
    succeed(
        &gateway,
        "LOAN_APPROVE",
        json!({"external_loan_id": "L", "approvedOnDate": "20 January 2026"}),
    )
    .await;
    gateway
}

fn disburse(more: Value) -> Value {
    let mut data = json!({"external_loan_id": "L", "actualDisbursementDate": "21 January 2026"});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    data
}

/// The amounts that were paid out, as whole numbers.
fn paid(gateway: &Gateway) -> Vec<String> {
    let loan = shown(gateway, "L");
    let transactions = loan["transactions"].as_array().cloned().unwrap_or_default();
    let paid = transactions
        .iter()
        .filter(|transaction| transaction["type"]["disbursement"] == true);
    paid.map(|transaction| decimal_of(&transaction["amount"]).unwrap().normalize().to_string())
        .collect()
}

#[tokio::test]
async fn amounts_utr_and_note_arrive() {
    for release in Release::ALL {
        for (more, amount) in [
            (json!({}), "100000"),
            (json!({"transactionAmount": null}), "100000"),
            (
                json!({"transactionAmount": 40000.25, "utr_payment_id": "UTR-1", "note": "first"}),
                "40000.25",
            ),
            (json!({"transactionAmount": "30000.50"}), "30000.5"),
        ] {
            let gateway = approved(release, "UGRO").await;
            succeed(&gateway, "LOAN_DISBURSE", disburse(more.clone())).await;
            assert_eq!(paid(&gateway), [amount], "{release} {more}");
            let transaction = &shown(&gateway, "L")["transactions"][0];
            let receipt = transaction["paymentDetailData"]["receiptNumber"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            assert_eq!(
                receipt,
                more["utr_payment_id"].as_str().unwrap_or_default(),
                "{release} {more}"
            );
        }
    }
}

#[tokio::test]
async fn one_utr_pays_a_loan_once_and_another_pays_the_next_tranche() {
    for release in Release::ALL {
        let gateway = approved(release, "GB").await;
        let part = disburse(json!({"transactionAmount": 30000, "utr_payment_id": "UTR-1"}));
        succeed(&gateway, "LOAN_DISBURSE", part.clone()).await;
        for again in [
            part.clone(),
            disburse(json!({"utr_payment_id": "UTR-1"})),
            disburse(json!({"transactionAmount": 1, "utr_payment_id": "UTR-1"})),
        ] {
            let refused = gateway.perform("LOAN_DISBURSE", again).await.unwrap().body;
            assert_eq!(refused["status"], "failed", "{release} {refused}");
        }
        assert_eq!(paid(&gateway), ["30000"], "{release}");
    }
}

#[tokio::test]
async fn a_loan_of_several_tranches_is_paid_one_by_one() {
    for release in Release::ALL {
        let gateway = Gateway::new(release);
        succeed(&gateway, "CLIENT_CREATE", client("INC-1001")).await;
        let create = gateway.perform("LOAN_CREATE", loan("GB", "model")).await.unwrap();
        let mut body = create.commands[0].body.clone().unwrap();
        body["externalId"] = "L".into();
        body["disbursementData"] = json!([{"expectedDisbursementDate": "11 January 2026", "principal": 60000},
            {"expectedDisbursementDate": "20 February 2026", "principal": 40000}]);
        let by_hand = |path: Path, body: Value| {
            let request = Request {
                method: Method::Post,
                path,
                key: Some(format!("hand {}", body.to_string().len())),
                body: Some(body),
                timeout: Duration::from_secs(1),
            };
            let answer = gateway.fineract.answer(&request);
            assert_eq!(answer.status, 200, "{:?}", answer.json());
        };
        by_hand(Path::new("v1/loans"), body);
        succeed(
            &gateway,
            "LOAN_UPDATE",
            json!({"externalId": "L", "interestRatePerPeriod": 9}),
        )
        .await;
        let details = shown(&gateway, "L")["disbursementDetails"].clone();
        let kept: Vec<_> = details
            .as_array()
            .unwrap()
            .iter()
            .map(|tranche| {
                (
                    tranche["expectedDisbursementDate"].clone(),
                    decimal_of(&tranche["principal"]).unwrap().normalize().to_string(),
                )
            })
            .collect();
        assert_eq!(
            kept,
            [
                (json!([2026, 1, 11]), "60000".to_owned()),
                (json!([2026, 2, 20]), "40000".to_owned())
            ],
            "an update keeps the tranches"
        );
        succeed(
            &gateway,
            "LOAN_APPROVE",
            json!({"external_loan_id": "L", "approvedOnDate": "11 January 2026"}),
        )
        .await;
        for (utr, date) in [("UTR-1", "11 January 2026"), ("UTR-2", "20 February 2026")] {
            let data = json!({"external_loan_id": "L", "actualDisbursementDate": date, "utr_payment_id": utr});
            succeed(&gateway, "LOAN_DISBURSE", data.clone()).await;
            let refused = gateway.perform("LOAN_DISBURSE", data).await.unwrap().body;
            assert_eq!(refused["status"], "failed", "{release}: the same UTR again: {refused}");
        }
        assert_eq!(paid(&gateway), ["60000", "40000"], "{release}");
    }
}

#[tokio::test]
async fn a_tranche_that_an_approval_left_behind_moves_with_the_next_change() {
    for release in Release::ALL {
        let gateway = approved(release, "GB").await;
        succeed(&gateway, "LOAN_UNDO_APPROVAL", json!({"external_loan_id": "L"})).await;
        succeed(&gateway, "LOAN_UPDATE", json!({"externalId": "L", "principal": 90_000})).await;
        let loan = shown(&gateway, "L");
        let tranche = &loan["disbursementDetails"][0];
        assert_eq!(
            tranche["expectedDisbursementDate"], loan["timeline"]["expectedDisbursementDate"],
            "{release}"
        );
        assert_eq!(
            decimal_of(&tranche["principal"]),
            decimal_of(&json!(90_000)),
            "{release}"
        );
    }
}
