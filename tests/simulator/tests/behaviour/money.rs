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

/// Measured on 1.10.1: an update and an approval keep the digits of a principal. The schedule is of money, and its last
/// balance shows what is left.
#[test]
fn a_principal_keeps_digits_that_its_schedule_does_not_have() {
    let rows = [
        ("50000.015", "50000.02", "-0.005"),
        ("60000.005", "60000.0", "0.005"),
        ("60000.5", "60000.5", "0.0"),
    ];
    for release in Release::ALL {
        for (principal, expected, left) in rows {
            let bank = bank_with_loan(release);
            let number: Value = serde_json::from_str(principal).unwrap();
            let body = with(&loan("LOAN-1", 1), &json!({"principal": number}));
            send(&bank, "PUT", "loans/1", &body, 200);
            for (command, body) in [("", Value::Null), ("approve", approval()), ("disburse", disbursement())] {
                if !command.is_empty() {
                    send(&bank, "POST", &format!("loans/1?command={command}"), &body, 200);
                }
                let shown = send(&bank, "GET", "loans/1?associations=all", &Value::Null, 200);
                let schedule = &shown["repaymentSchedule"];
                let last = schedule["periods"].as_array().unwrap().last().unwrap();
                let seen = [
                    &shown["principal"],
                    &schedule["totalPrincipalExpected"],
                    &last["principalLoanBalanceOutstanding"],
                ];
                let seen = seen.map(Value::to_string);
                assert_eq!(seen, [principal, expected, left], "{release} {command}");
            }
        }
    }
}

/// Measured on 1.10.1: when a disbursement is undone, the periods go on to be counted from its day, unless it paid out
/// another principal than was approved. The next approval makes another schedule.
#[test]
fn an_undone_disbursement_leaves_its_due_dates() {
    for (amount, day) in [(Value::Null, 20), (json!(40000), 12)] {
        let bank = bank_with_loan(Release::V1_10_1);
        send(&bank, "POST", "loans/1?command=approve", &approval(), 200);
        let paid = json!({"actualDisbursementDate": "20 January 2026", "transactionAmount": amount});
        let paid = with(&disbursement(), &paid);
        send(&bank, "POST", "loans/1?command=disburse", &paid, 200);
        let seen = || {
            let shown = send(&bank, "GET", "loans/1?associations=all", &Value::Null, 200);
            let periods = &shown["repaymentSchedule"]["periods"];
            let days = [
                &periods[0]["dueDate"],
                &periods[1]["dueDate"],
                &shown["timeline"]["expectedMaturityDate"],
            ];
            days.map(Value::clone)
        };
        let expected = |day: u8| [json!([2026, 1, 12]), json!([2026, 2, day]), json!([2027, 1, day])];
        send(&bank, "POST", "loans/1?command=undodisbursal", &json!({}), 200);
        assert_eq!(seen(), expected(day), "{amount}");
        send(&bank, "POST", "loans/1?command=undoapproval", &json!({}), 200);
        assert_eq!(seen(), expected(day), "{amount}");
        send(&bank, "POST", "loans/1?command=approve", &approval(), 200);
        assert_eq!(seen(), expected(12), "{amount}");
    }
}

/// Measured on 1.10.1: of a charge whose disbursement was undone the sums are zeros that are stored.
#[test]
fn an_undone_disbursement_stores_zeros_of_its_charges() {
    let charge =
        json!({"chargeId": 3, "amount": 50, "dueDate": "15 April 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        send(&bank, "POST", "loans/1/charges", &charge, 200);
        send(&bank, "POST", "loans/1?command=approve", &approval(), 200);
        let seen = || {
            let shown = send(&bank, "GET", "loans/1?associations=charges", &Value::Null, 200);
            ["amountWaived", "amountWrittenOff"].map(|name| shown["charges"][0][name].to_string())
        };
        for (command, body, zero) in [
            ("disburse", disbursement(), "0"),
            ("undodisbursal", json!({}), "0.0"),
            ("disburse", disbursement(), "0.0"),
        ] {
            send(&bank, "POST", &format!("loans/1?command={command}"), &body, 200);
            assert_eq!(seen(), [zero, zero], "{release} {command}");
        }
    }
}
