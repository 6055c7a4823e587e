//! Charges that are added to a loan, and what becomes of them.

use fineract_simulator::Release;
use serde_json::{Value, json};

use crate::{
    bank::{approval, bank_with_loan, codes, loan, send, with},
    payments::{LOAN, active, money, read, transactions},
};

#[test]
fn a_charge_is_added_once_and_paid_first() {
    for release in Release::ALL {
        let bank = active(release);
        let charge = json!({
            "chargeId": 3, "amount": 50, "dueDate": "01 February 2026", "externalId": "CHG-1", "dateFormat": "dd MMMM yyyy",
            "locale": "en",
        });
        let path = format!("{LOAN}/charges");
        send(&bank, "POST", &path, &charge, 200);
        let refused = send(&bank, "POST", &path, &charge, 403);
        assert_eq!(codes(&refused)[0], "error.msg.loan.charge.duplicate.externalId");
        let paid = with(&money("12 February 2026", "60"), &json!({"externalId": "T-1"}));
        send(&bank, "POST", &transactions("repayment"), &paid, 200);
        let paid = read(&bank, "/transactions/external-id/T-1");
        assert_eq!(paid["feeChargesPortion"].to_string(), "50.0", "{release}");
        assert_eq!(paid["interestPortion"].to_string(), "10.0", "{release}");
        let charge = read(&bank, "/charges/external-id/CHG-1");
        assert_eq!(
            (&charge["paid"], charge["amountPaid"].to_string().as_str()),
            (&json!(true), "50.0")
        );
    }
}

#[test]
fn charges_are_changed_before_and_waived_after_the_loan_is_approved() {
    let charge =
        json!({"chargeId": 3, "amount": 50, "dueDate": "15 April 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
    let other = json!({"amount": 60, "locale": "en"});
    for release in Release::ALL {
        for (bank, changes, waives) in [(bank_with_loan(release), 200, "0"), (active(release), 403, "50.0")] {
            let id = send(&bank, "POST", &format!("{LOAN}/charges"), &charge, 200)["resourceId"].clone();
            let path = format!("{LOAN}/charges/{id}");
            send(&bank, "PUT", &path, &other, changes);
            let amount = if changes == 200 { "60.0" } else { "50.0" };
            assert_eq!(
                read(&bank, &format!("/charges/{id}"))["amount"].to_string(),
                amount,
                "{release}"
            );
            if changes == 403 {
                send(&bank, "POST", &format!("{path}?command=waive"), &json!({}), 200);
                send(&bank, "POST", &format!("{path}?command=waive"), &json!({}), 403);
                assert_eq!(
                    read(&bank, "")["summary"]["feeChargesWaived"].to_string(),
                    "50.0",
                    "{release}"
                );
            }
            assert_eq!(
                read(&bank, &format!("/charges/{id}"))["amountWaived"].to_string(),
                waives,
                "{release}"
            );
            send(&bank, "POST", &format!("{path}?command=pay"), &json!({}), 403);
            send(&bank, "DELETE", &path, &Value::Null, changes);
        }
    }
}

#[test]
fn an_instalment_fee_is_waived_part_by_part() {
    let fee = json!({"chargeId": 5, "amount": 10, "externalId": "CHG-1", "locale": "en"});
    // What is asked for, and the part that is waived; `None` if it was before.
    let waivers = [
        (json!({}), Some(1)),
        (json!({}), Some(2)),
        (json!({"installmentNumber": 7, "locale": "en"}), Some(7)),
        (json!({"installmentNumber": 7, "locale": "en"}), None),
        (
            json!({"dueDate": "12 October 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"}),
            Some(9),
        ),
        (json!({"installmentNumber": 99, "locale": "en"}), Some(3)),
    ];
    for release in Release::ALL {
        let bank = active(release);
        let id = send(&bank, "POST", &format!("{LOAN}/charges"), &fee, 200)["resourceId"].clone();
        let listed = |bank: &_| -> Vec<Value> {
            let charge: Value = read(bank, "/charges/external-id/CHG-1");
            let parts = charge["installmentChargeData"].as_array().unwrap();
            parts.iter().map(|part| part["installmentNumber"].clone()).collect()
        };
        let mut open: Vec<Value> = (1..=12).map(Value::from).collect();
        for (body, part) in &waivers {
            let path = format!("{LOAN}/charges/{id}?command=waive");
            let answered = if part.is_some() { 200 } else { 403 };
            send(&bank, "POST", &path, body, answered);
            open.retain(|number| part.is_none_or(|part| *number != json!(part)));
            assert_eq!(listed(&bank), open, "{release}: {body}");
        }
        let charge = read(&bank, "/charges/external-id/CHG-1");
        let told = ["amount", "amountWaived", "amountOutstanding", "waived"].map(|name| charge[name].to_string());
        assert_eq!(told, ["120.0", "50.0", "70.0", "false"], "{release}");
        let summary = &read(&bank, "")["summary"];
        assert_eq!(summary["feeChargesOutstanding"].to_string(), "70.0", "{release}");
    }
}

#[test]
fn what_is_left_of_a_charge_is_waived() {
    let charge = json!({
        "chargeId": 3, "amount": 100, "dueDate": "02 February 2026", "externalId": "CHG-1", "dateFormat": "dd MMMM yyyy",
        "locale": "en",
    });
    for release in Release::ALL {
        for (paid, waived, code) in [
            ("40", "60.0", None),
            ("100", "", Some("error.msg.loan.charge.already.paid")),
        ] {
            let bank = active(release);
            let id = send(&bank, "POST", &format!("{LOAN}/charges"), &charge, 200)["resourceId"].clone();
            send(
                &bank,
                "POST",
                &transactions("repayment"),
                &money("12 February 2026", paid),
                200,
            );
            let path = format!("{LOAN}/charges/{id}?command=waive");
            let body = json!({"externalId": "WV-1"});
            let answer = send(&bank, "POST", &path, &body, if code.is_some() { 403 } else { 200 });
            match code {
                Some(code) => assert_eq!(codes(&answer)[1], code, "{release}"),
                None => assert_eq!(
                    read(&bank, "/transactions/external-id/WV-1")["amount"].to_string(),
                    waived,
                    "{release}"
                ),
            }
        }
    }
}

#[test]
fn a_charge_after_the_last_repayment_is_paid_last_and_its_waiver_closes_the_loan() {
    let charge = json!({
        "chargeId": 3, "amount": 100, "dueDate": "20 January 2027", "externalId": "CHG-1", "dateFormat": "dd MMMM yyyy",
        "locale": "en",
    });
    for release in Release::ALL {
        let bank = active(release);
        let owed = read(&bank, "")["summary"]["totalOutstanding"].to_string();
        let id = send(&bank, "POST", &format!("{LOAN}/charges"), &charge, 200)["resourceId"].clone();
        send(
            &bank,
            "POST",
            &transactions("repayment"),
            &money("12 February 2026", &owed),
            200,
        );
        let left = read(&bank, "/charges/external-id/CHG-1")["amountOutstanding"].to_string();
        assert_eq!(left, "100.0", "{release}");
        let path = format!("{LOAN}/charges/{id}?command=waive");
        send(&bank, "POST", &path, &json!({}), 200);
        let loan = read(&bank, "");
        assert_eq!(loan["status"]["id"], 600, "{release}");
        assert_eq!(loan["timeline"]["closedOnDate"], json!([2026, 11, 21]), "{release}");
    }
}

#[test]
fn only_develop_takes_an_external_id_with_the_charge_of_a_new_loan() {
    let charge = json!({"chargeId": 3, "amount": 100, "dueDate": "20 March 2026", "externalId": "CHG-1"});
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        let body = with(&loan("LOAN-2", 1), &json!({"charges": [charge]}));
        let answered = if release == Release::V1_10_1 { 400 } else { 200 };
        let answer = send(&bank, "POST", "loans", &body, answered);
        if answered == 400 {
            assert_eq!(codes(&answer)[1], "error.msg.parameter.unsupported");
            continue;
        }
        let path = "loans/external-id/LOAN-2/charges/external-id/CHG-1";
        assert_eq!(
            send(&bank, "GET", path, &Value::Null, 200)["amount"].to_string(),
            "100.0"
        );
    }
}

#[test]
fn a_rejected_loan_with_a_charge_is_late() {
    let charge =
        json!({"chargeId": 3, "amount": 100, "dueDate": "20 March 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
    let reject = json!({"rejectedOnDate": "12 January 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
    for release in Release::ALL {
        for (charged, late) in [(true, "true"), (false, "false")] {
            let bank = bank_with_loan(release);
            if charged {
                send(&bank, "POST", &format!("{LOAN}/charges"), &charge, 200);
            }
            send(&bank, "POST", &format!("{LOAN}?command=reject"), &reject, 200);
            assert_eq!(read(&bank, "")["inArrears"].to_string(), late, "{release}");
        }
    }
}

#[test]
fn a_loan_is_not_approved_with_a_charge_that_is_due_before_its_disbursement() {
    let due = |day: &str| json!({"amount": 100, "dueDate": day, "dateFormat": "dd MMMM yyyy", "locale": "en"});
    let charge = with(&due("20 March 2026"), &json!({"chargeId": 3, "externalId": "CHG-1"}));
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        let id = send(&bank, "POST", &format!("{LOAN}/charges"), &charge, 200)["resourceId"].clone();
        for (day, answered) in [("02 January 2026", 403), ("", 403), ("12 January 2026", 200)] {
            send(&bank, "PUT", &format!("{LOAN}/charges/{id}"), &due(day), 200);
            let shown = read(&bank, "/charges/external-id/CHG-1");
            assert_eq!(shown.get("dueDate").is_none(), day.is_empty(), "{release}: {day}");
            let answer = send(&bank, "POST", &format!("{LOAN}?command=approve"), &approval(), answered);
            if answered == 403 {
                assert_eq!(
                    codes(&answer)[1],
                    "error.msg.loanCharge.cannot.be.added.as.specified.due.date.outside.range",
                    "{release}"
                );
            }
        }
    }
}

#[test]
fn the_waiver_of_a_charge_is_undone_but_1_10_1_leaves_the_charge_waived() {
    let charge = json!({
        "chargeId": 3, "amount": 100, "dueDate": "20 March 2026", "externalId": "CHG-1", "dateFormat": "dd MMMM yyyy",
        "locale": "en",
    });
    for release in Release::ALL {
        let bank = active(release);
        let id = send(&bank, "POST", &format!("{LOAN}/charges"), &charge, 200)["resourceId"].clone();
        let waive = format!("{LOAN}/charges/{id}?command=waive");
        send(&bank, "POST", &waive, &json!({"externalId": "WV-1"}), 200);
        let waiver = format!("{LOAN}/transactions/external-id/WV-1");
        // It is undone, but not booked anew.
        send(&bank, "POST", &waiver, &money("20 March 2026", "50"), 403);
        let undo = format!("{waiver}?command=undo");
        send(&bank, "POST", &undo, &money("20 March 2026", "0"), 200);
        send(&bank, "POST", &undo, &money("20 March 2026", "0"), 403);
        assert_eq!(read(&bank, "/transactions/external-id/WV-1")["manuallyReversed"], true);
        let stays = release == Release::V1_10_1;
        let shown = read(&bank, "/charges/external-id/CHG-1");
        assert_eq!(shown["waived"], stays, "{release}");
        let open = read(&bank, "")["summary"]["feeChargesOutstanding"].to_string();
        assert_eq!(open, if stays { "0.0" } else { "100.0" }, "{release}");
        send(&bank, "POST", &waive, &json!({}), if stays { 403 } else { 200 });
    }
}
