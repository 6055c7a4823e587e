//! What is paid out, and how amounts are kept.

use fineract_simulator::Release;
use serde_json::{Value, json};

use crate::bank::{approval, bank_with_loan, codes, disbursement, loan, request, send, tranched, with};

#[test]
fn a_receipt_needs_a_payment_type() {
    for release in Release::ALL {
        for (payment_type, expected) in [(json!(1), json!("UTR-1")), (Value::Null, Value::Null)] {
            let bank = bank_with_loan(release);
            send(&bank, "POST", "loans/1?command=approve", &approval(), 200);
            let body = with(&disbursement(), &json!({"receiptNumber": "UTR-1", "externalId": "T-1"}));
            send(
                &bank,
                "POST",
                "loans/1?command=disburse",
                &with(&body, &json!({"paymentTypeId": payment_type})),
                200,
            );
            let paid = send(
                &bank,
                "GET",
                "loans/external-id/LOAN-1/transactions/external-id/T-1",
                &Value::Null,
                200,
            );
            assert_eq!(paid["paymentDetailData"]["receiptNumber"], expected, "{release}");
        }
    }
}

#[test]
fn tranches_are_paid_one_by_one() {
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        let id = send(&bank, "POST", "loans", &tranched("LOAN-2", 1, &[60_000, 40_000]), 200)["loanId"].clone();
        send(&bank, "POST", &format!("loans/{id}?command=approve"), &approval(), 200);
        let path = format!("loans/{id}?command=disburse");
        let first = with(&disbursement(), &json!({"externalId": "T-1"}));
        send(&bank, "POST", &path, &first, 200);
        // The same external id again is refused, without one the next tranche is paid.
        let refusal = send(&bank, "POST", &path, &first, 403);
        assert_eq!(codes(&refusal)[0], "error.msg.loan.disbursement.duplicate.externalId");
        send(&bank, "POST", &path, &disbursement(), 200);
        send(&bank, "POST", &path, &disbursement(), 400);
        let loan = send(
            &bank,
            "GET",
            &format!("loans/{id}?associations=transactions"),
            &Value::Null,
            200,
        );
        let amounts: Vec<_> = loan["transactions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|paid| paid["amount"].to_string())
            .collect();
        assert_eq!(amounts, ["60000.0", "40000.0"], "{release}");
    }
}

#[test]
fn amounts_keep_their_digits() {
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        let mut body = loan("LOAN-2", 1).to_string();
        body = body.replace("\"principal\":100000", "\"principal\":1234567.89");
        let answer = bank.answer(&request("POST", "loans", None).with_body(body));
        assert_eq!(answer.status, 200);
        let text = String::from_utf8(bank.answer(&request("GET", "loans/external-id/LOAN-2", None)).body).unwrap();
        assert!(text.contains("\"principal\":1234567.89,"), "{text}");
    }
}

#[test]
fn an_undone_disbursement_can_be_paid_again_under_another_id() {
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        let charged = with(
            &loan("LOAN-2", 1),
            &json!({"productId": 9, "charges": [{"chargeId": 1, "amount": 100}]}),
        );
        send(&bank, "POST", "loans", &charged, 200);
        let path = "loans/external-id/LOAN-2";
        send(&bank, "POST", &format!("{path}?command=approve"), &approval(), 200);
        let disburse = format!("{path}?command=disburse");
        let charge_is_paid = || {
            let read = format!("{path}?associations=charges");
            send(&bank, "GET", &read, &Value::Null, 200)["charges"][0]["paid"].clone()
        };
        send(
            &bank,
            "POST",
            &disburse,
            &with(&disbursement(), &json!({"externalId": "T-1"})),
            200,
        );
        assert_eq!(charge_is_paid(), true);
        send(&bank, "POST", &format!("{path}?command=undodisbursal"), &json!({}), 200);
        assert_eq!(charge_is_paid(), false, "{release}");
        let undone = send(
            &bank,
            "GET",
            &format!("{path}/transactions/external-id/T-1"),
            &Value::Null,
            200,
        );
        assert_eq!(undone["reversedOnDate"], json!([2026, 11, 21]));
        assert_eq!(undone["manuallyReversed"], false);
        let again = with(&disbursement(), &json!({"externalId": "T-1"}));
        let refused = send(&bank, "POST", &disburse, &again, 403);
        assert_eq!(codes(&refused)[0], "error.msg.loan.disbursement.duplicate.externalId");
        send(
            &bank,
            "POST",
            &disburse,
            &with(&disbursement(), &json!({"externalId": "T-2"})),
            200,
        );
    }
}
