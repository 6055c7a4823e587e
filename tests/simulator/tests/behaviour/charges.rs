//! Charges that are added to a loan, and what becomes of them.

use fineract_simulator::Release;
use serde_json::{Value, json};

use crate::{
    bank::{bank_with_loan, codes, send, with},
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
