//! What was booked under a reference before, and what is undone by which operation.

use fineract_simulator::Release;
use serde_json::{Value, json};
use simulation::Gateway;

use crate::loan_create::{client, loan, shown, succeed};

const DAY: &str = "11 January 2026";

/// A gateway with an approved loan.
async fn approved(release: Release) -> Gateway {
    let gateway = Gateway::new(release);
    succeed(&gateway, "CLIENT_CREATE", client("INC-1001")).await;
    succeed(&gateway, "LOAN_CREATE", loan("UGRO", "L")).await;
    let approval = json!({"external_loan_id": "L", "approvedOnDate": DAY});
    succeed(&gateway, "LOAN_APPROVE", approval).await;
    gateway
}

fn disbursal(more: Value) -> Value {
    with(json!({"external_loan_id": "L", "actualDisbursementDate": DAY}), more)
}

fn repayment(more: Value) -> Value {
    let data = json!({"external_loan_id": "L", "transactionDate": "11 February 2026", "transactionAmount": 100});
    with(data, more)
}

fn with(mut data: Value, more: Value) -> Value {
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    data
}

#[tokio::test]
async fn a_second_booking_under_a_reference_names_the_first_and_what_differs() {
    for release in Release::ALL {
        for (operation, first, second, differs) in [
            (
                "LOAN_DISBURSE",
                disbursal(json!({"utr_payment_id": "UTR-1"})),
                disbursal(json!({"utr_payment_id": "UTR-1"})),
                json!({}),
            ),
            (
                "LOAN_DISBURSE",
                disbursal(json!({"utr_payment_id": "UTR-1"})),
                disbursal(
                    json!({"utr_payment_id": "UTR-1", "transactionAmount": 1, "actualDisbursementDate": "12 January 2026"}),
                ),
                json!({"amount": 100_000, "date": DAY}),
            ),
            (
                "LOAN_REPAYMENT",
                repayment(json!({"utr_payment_id": "UTR-2"})),
                repayment(json!({"utr_payment_id": "UTR-2"})),
                json!({}),
            ),
            (
                "LOAN_REPAYMENT",
                repayment(json!({"utr_payment_id": "UTR-2"})),
                repayment(json!({"utr_payment_id": "UTR-2", "transactionAmount": 99.5})),
                json!({"amount": 100}),
            ),
            (
                "LOAN_REPAYMENT",
                repayment(json!({"externalTransactionId": "PAY-1"})),
                repayment(json!({"externalTransactionId": "PAY-1", "transactionDate": "12 February 2026"})),
                json!({"date": "11 February 2026"}),
            ),
        ] {
            let gateway = approved(release).await;
            if operation != "LOAN_DISBURSE" {
                succeed(&gateway, "LOAN_DISBURSE", disbursal(json!({}))).await;
            }
            let booked = gateway.perform(operation, first).await.unwrap().body;
            assert_eq!(booked["status"], "success", "{release} {booked}");
            let refused = gateway.perform(operation, second.clone()).await.unwrap().body;
            let context = format!("{release} {second} {refused}");
            assert_eq!(refused["status"], "failed", "{context}");
            assert_eq!(refused["error"]["code"], "gateway.already-booked", "{context}");
            assert!(
                refused["failure_response"]["userMessageGlobalisationCode"].is_string(),
                "{context}"
            );
            let mut told = refused["error"]["booked"].clone();
            assert_eq!(told["tracking_id"], booked["tracking_id"], "{context}");
            told.as_object_mut().unwrap().remove("tracking_id");
            let decimal = |value: &Value| gateway::values::decimal_of(value);
            assert_eq!(decimal(&told["amount"]), decimal(&differs["amount"]), "{context}");
            assert_eq!(told["date"], differs["date"], "{context}");
        }
    }
}

#[tokio::test]
async fn what_was_not_booked_before_is_refused_in_fineracts_words_alone() {
    for release in Release::ALL {
        let gateway = approved(release).await;
        succeed(&gateway, "LOAN_DISBURSE", disbursal(json!({"utr_payment_id": "UTR-1"}))).await;
        let other = disbursal(json!({"utr_payment_id": "UTR-2"}));
        let refused = gateway.perform("LOAN_DISBURSE", other).await.unwrap().body;
        assert_eq!(refused["status"], "failed", "{release} {refused}");
        assert!(
            !refused["error"]["code"].as_str().unwrap().starts_with("gateway."),
            "{release} {refused}"
        );
        assert!(refused["error"].get("booked").is_none(), "{release} {refused}");
    }
}

/// Fineract answers 200 to the undoing of more than it undoes.
#[tokio::test]
async fn only_repayments_and_interest_waivers_are_undone_by_themselves() {
    for release in Release::ALL {
        let gateway = approved(release).await;
        let paid = gateway
            .perform("LOAN_DISBURSE", disbursal(json!({"utr_payment_id": "UTR-1"})))
            .await
            .unwrap()
            .body;
        let disbursed = paid["success_response"]["subResourceExternalId"]
            .as_str()
            .unwrap()
            .to_owned();
        succeed(
            &gateway,
            "LOAN_REPAYMENT",
            repayment(json!({"externalTransactionId": "PAY-1"})),
        )
        .await;
        let waiver = repayment(json!({"externalTransactionId": "WAIVE-1", "transactionAmount": 1}));
        succeed(&gateway, "LOAN_WAIVE_INTEREST", waiver).await;
        let undo = |id: &str| json!({"external_loan_id": "L", "externalTransactionId": id, "transactionDate": "11 February 2026"});
        let refused = gateway
            .perform("LOAN_TRANSACTION_UNDO", undo(&disbursed))
            .await
            .unwrap();
        assert_eq!(
            refused.body["error"]["code"], "gateway.not-undoable",
            "{release} {}",
            refused.body
        );
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.contains("LOAN_UNDO_DISBURSAL"), "{release} {message}");
        assert!(refused.commands.is_empty(), "{release}: nothing was sent");
        for id in ["PAY-1", "WAIVE-1"] {
            succeed(&gateway, "LOAN_TRANSACTION_UNDO", undo(id)).await;
        }
        let all = shown(&gateway, "L")["transactions"].as_array().cloned().unwrap();
        let standing = all.iter().filter(|transaction| transaction["manuallyReversed"] != true);
        assert!(standing.clone().count() > 0, "{release}");
        assert!(
            standing
                .clone()
                .all(|transaction| transaction["type"]["repayment"] != true),
            "{release} {all:?}"
        );
    }
}
