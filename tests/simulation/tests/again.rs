//! What is done, undone, and done once more; what is refused; what another user of Fineract's did meanwhile.

use fineract_simulator::{Release, Request};
use serde_json::{Value, json};
use simulation::Gateway;

use crate::deeds::{deeds, of_loan, paid};
use crate::doubts::faults;
use crate::loan_create::succeed;

/// A gateway where the first `steps` of the way of [`deeds`] were gone.
async fn gone(release: Release, steps: usize) -> Gateway {
    let follows = deeds().into_iter().find(|deed| deed.before.len() == steps);
    follows.unwrap().prepared(release).await
}

fn approve() -> (&'static str, Value) {
    ("LOAN_APPROVE", of_loan(json!({"approvedOnDate": "15 January 2026"})))
}

fn disburse() -> (&'static str, Value) {
    let data = json!({"actualDisbursementDate": "16 January 2026", "utr_payment_id": "U"});
    ("LOAN_DISBURSE", of_loan(data))
}

fn repay() -> (&'static str, Value) {
    let data = json!({"transactionDate": "16 February 2026", "transactionAmount": 1000, "utr_payment_id": "V"});
    ("LOAN_REPAYMENT", of_loan(data))
}

/// Strikes the next mutating request, does it, and sees that it is done once.
async fn once(gateway: &Gateway, operation: &str, data: Value, fault: Option<&Value>) -> Value {
    let simulator = &gateway.fineract.simulator;
    let before = simulator.effects().len();
    if let Some(fault) = fault {
        let mut struck = fault.clone();
        struck["method"] = "POST".into();
        struck["times"] = "once".into();
        simulator.apply(&struck.to_string()).unwrap();
    }
    let performed = gateway.perform(operation, data).await.unwrap();
    let what = format!("{operation} {fault:?}: {}", performed.body);
    assert_eq!(performed.body["status"], "success", "{what}");
    assert_eq!(simulator.effects().len(), before + 1, "{what}");
    performed.body["success_response"].clone()
}

#[tokio::test]
async fn what_was_undone_is_done_again_and_once_whatever_happens() {
    let undo = |operation: &'static str| (operation, of_loan(json!({})));
    let again = faults();
    for release in Release::ALL {
        for fault in std::iter::once(None).chain(again.iter().map(Some)) {
            let gateway = gone(release, 4).await;
            for _ in 0..2 {
                for (operation, data) in [
                    undo("LOAN_UNDO_DISBURSAL"),
                    undo("LOAN_UNDO_APPROVAL"),
                    approve(),
                    disburse(),
                ] {
                    once(&gateway, operation, data, fault).await;
                }
            }
            let mut ids = Vec::new();
            for _ in 0..3 {
                let (operation, data) = repay();
                let repaid = once(&gateway, operation, data, fault).await;
                ids.push(repaid["resourceExternalId"].clone());
                let data = json!({"externalTransactionId": ids.last(), "transactionDate": "16 February 2026"});
                once(&gateway, "LOAN_TRANSACTION_UNDO", of_loan(data), fault).await;
            }
            assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
            for _ in 0..2 {
                once(
                    &gateway,
                    "LOAN_WRITE_OFF",
                    of_loan(json!({"transactionDate": "16 March 2026"})),
                    fault,
                )
                .await;
                once(&gateway, "LOAN_UNDO_WRITE_OFF", of_loan(json!({})), fault).await;
            }
        }
    }
}

/// What is refused: the operation, its data, the steps before, and the code.
fn refusals() -> Vec<(&'static str, Value, usize, &'static str)> {
    const BOOKED: &str = "gateway.already-booked";
    let on = |day: &str| of_loan(json!({"transactionDate": day}));
    let undo = |id: &str| of_loan(json!({"externalTransactionId": id, "transactionDate": "16 March 2026"}));
    let charge = |name: &str| {
        let data = json!({"externalChargeId": "C-1", "chargeName": name, "amount": 50, "dueDate": "1 January 2026"});
        of_loan(data)
    };
    let with = |mut data: Value, name: &str, value: &str| {
        data[name] = value.into();
        data
    };
    vec![
        (
            "LOAN_UNDO_APPROVAL",
            of_loan(json!({})),
            2,
            "error.msg.loan.undo.approval.account.is.not.approved",
        ),
        (
            "LOAN_UNDO_DISBURSAL",
            of_loan(json!({})),
            3,
            "error.msg.loan.undo.disbursal.account.is.not.active",
        ),
        (
            "LOAN_REJECT",
            of_loan(json!({"rejectedOnDate": "16 January 2026"})),
            3,
            "error.msg.loan.reject.account.is.not.submitted.pending.approval.state",
        ),
        (
            "LOAN_WITHDRAW",
            of_loan(json!({"withdrawnOnDate": "16 January 2026"})),
            3,
            "error.msg.loan.withdraw.cannot.withdraw",
        ),
        (
            "LOAN_REPAYMENT",
            paid("P-2", "16 February 2026"),
            3,
            "error.msg.loan.must.be.active.fully.paid.or.overpaid",
        ),
        (
            "LOAN_REPAYMENT",
            paid("P-2", "1 January 2026"),
            4,
            "error.msg.loan.transaction.cannot.be.before.disbursement.date",
        ),
        (
            "LOAN_REPAYMENT",
            paid("P-2", "1 January 2031"),
            4,
            "error.msg.loan.transaction.cannot.be.a.future.date",
        ),
        ("LOAN_REPAYMENT", paid("P-1", "16 February 2026"), 5, BOOKED),
        ("LOAN_WAIVE_INTEREST", paid("P-1", "16 February 2026"), 5, BOOKED),
        (
            "LOAN_REPAYMENT",
            with(paid("P-2", "16 February 2026"), "paymentType", "Barter"),
            4,
            "gateway.payment-type-not-found",
        ),
        (
            "LOAN_WAIVE_INTEREST",
            with(paid("W-1", "16 February 2026"), "transactionAmount", "99999"),
            4,
            "error.msg.loan.waive.interest.amount.exceeds.total.outstanding.interest",
        ),
        (
            "LOAN_TRANSACTION_UNDO",
            undo("P-9"),
            5,
            "error.msg.loan.transaction.external.id.invalid",
        ),
        (
            "LOAN_TRANSACTION_UNDO",
            undo("P-1"),
            6,
            "error.msg.loan.written.off.update.not.allowed",
        ),
        (
            "LOAN_FORECLOSURE",
            on("16 March 2026"),
            3,
            "error.msg.loan.foreclosure.account.is.not.active",
        ),
        (
            "LOAN_FORECLOSURE",
            on("17 January 2026"),
            5,
            "loan.foreclosure.transaction.date.cannot.before.the.last.transaction.date",
        ),
        (
            "LOAN_WRITE_OFF",
            on("16 March 2026"),
            6,
            "error.msg.loan.writtenoff.account.is.not.active",
        ),
        (
            "LOAN_WRITE_OFF",
            with(on("16 March 2026"), "writeOffReason", "bad luck"),
            5,
            "gateway.write-off-reason-not-found",
        ),
        (
            "LOAN_UNDO_WRITE_OFF",
            of_loan(json!({})),
            5,
            "error.msg.loan.status.not.written.off.update.not.allowed",
        ),
        (
            "LOAN_RECOVERY_PAYMENT",
            paid("R-1", "20 March 2026"),
            5,
            "error.msg.loan.account.is.not.written.off",
        ),
        ("LOAN_CHARGE_ADD", charge("Nothing"), 4, "gateway.charge-not-found"),
        (
            "LOAN_CHARGE_ADD",
            charge("Specified due date fee"),
            4,
            "error.msg.loanCharge.cannot.be.added.as.date.is.before.last.transaction.date",
        ),
    ]
}

/// Faults that leave nothing behind under a key that goes on, or spend it.
#[tokio::test]
async fn what_is_refused_fails_in_those_words_and_changes_nothing_whatever_happens() {
    let faults = faults();
    for release in Release::ALL {
        for (operation, data, steps, code) in refusals() {
            for fault in std::iter::once(None).chain(faults.iter().map(Some)) {
                let gateway = gone(release, steps).await;
                let before = gateway.fineract.simulator.effects().len();
                if let Some(fault) = fault {
                    let mut struck = fault.clone();
                    struck["method"] = "POST".into();
                    struck["times"] = "once".into();
                    gateway.fineract.simulator.apply(&struck.to_string()).unwrap();
                }
                let performed = gateway.perform(operation, data.clone()).await.unwrap();
                let what = format!("{release} {operation} {fault:?}: {}", performed.body);
                assert_eq!(performed.body["status"], "failed", "{what}");
                assert_eq!(performed.body["error"]["code"], code, "{what}");
                assert_eq!(gateway.fineract.simulator.effects().len(), before, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn what_another_loan_has_is_taken_and_a_foreclosure_is_for_ever() {
    for release in Release::ALL {
        let gateway = gone(release, 4).await;
        let mut other = crate::loan_create::loan("UGRO", "L-2");
        for (operation, day) in [
            ("LOAN_CREATE", ""),
            ("LOAN_APPROVE", "approvedOnDate"),
            ("LOAN_DISBURSE", "actualDisbursementDate"),
        ] {
            if !day.is_empty() {
                other = json!({"external_loan_id": "L-2"});
                other[day] = "16 January 2026".into();
            }
            succeed(&gateway, operation, other.clone()).await;
        }
        succeed(&gateway, "LOAN_REPAYMENT", paid("P-1", "16 February 2026")).await;
        let mut same = paid("P-1", "16 February 2026");
        same["external_loan_id"] = "L-2".into();
        let body = gateway.perform("LOAN_REPAYMENT", same).await.unwrap().body;
        assert_eq!(
            body["error"]["code"],
            "validation.msg.loan.transaction.externalId.value.must.be.unique"
        );

        let mut more = paid("P-2", "17 February 2026");
        more["transactionAmount"] = 500_000.into();
        succeed(&gateway, "LOAN_REPAYMENT", more).await;
        let loan = succeed(&gateway, "LOAN_GET", of_loan(json!({}))).await;
        assert_eq!(loan["status"]["code"], "loanStatusType.overpaid", "{release}");

        let on = json!({"external_loan_id": "L-2", "transactionDate": "16 March 2026"});
        let closed = succeed(&gateway, "LOAN_FORECLOSURE", on.clone()).await;
        let mut undo = on;
        undo["externalTransactionId"] = closed["resourceExternalId"].clone();
        let body = gateway.perform("LOAN_TRANSACTION_UNDO", undo).await.unwrap().body;
        assert_eq!(
            body["error"]["code"],
            "error.msg.loan.cannot.be.reopened.as.it.is.foreclosured"
        );
    }
}

/// What another user of Fineract's does to the loan by hand.
fn by_hand(gateway: &Gateway, path: &str, body: &Value) {
    let simulator = &gateway.fineract.simulator;
    let path = format!("/fineract-provider/api/v1/loans/external-id/L{path}");
    let request = Request::new("POST", path)
        .with_header("Authorization", "Basic YXNoYTpBc2hhLTIwMjYtd29yZA==")
        .with_header("Fineract-Platform-TenantId", "default")
        .with_header("Content-Type", "application/json")
        .with_body(body.to_string());
    let answer = simulator.answer(&request);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

/// A key is stuck without effect, and meanwhile another user does what was asked for: it was not this operation.
#[tokio::test]
async fn what_another_user_did_meanwhile_is_told_as_such() {
    let dated = |more: Value| {
        let mut body = json!({"dateFormat": "dd MMMM yyyy", "locale": "en"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let paid_by_hand =
        dated(json!({"transactionDate": "20 March 2026", "transactionAmount": 1000, "externalId": "R-1"}));
    let undone = dated(json!({"transactionDate": "16 March 2026", "transactionAmount": 0}));
    for release in Release::ALL {
        for (operation, data, steps, path, body) in [
            (
                "LOAN_UNDO_APPROVAL",
                of_loan(json!({})),
                3,
                "?command=undoapproval",
                json!({}),
            ),
            (
                "LOAN_UNDO_DISBURSAL",
                of_loan(json!({})),
                4,
                "?command=undodisbursal",
                json!({}),
            ),
            (
                "LOAN_REJECT",
                of_loan(json!({"rejectedOnDate": "16 January 2026"})),
                2,
                "?command=reject",
                dated(json!({"rejectedOnDate": "16 January 2026"})),
            ),
            (
                "LOAN_TRANSACTION_UNDO",
                of_loan(json!({"externalTransactionId": "P-1", "transactionDate": "16 March 2026"})),
                5,
                "/transactions/external-id/P-1?command=undo",
                undone.clone(),
            ),
            (
                "LOAN_UNDO_WRITE_OFF",
                of_loan(json!({})),
                6,
                "/transactions?command=undowriteoff",
                json!({}),
            ),
            (
                "LOAN_RECOVERY_PAYMENT",
                paid("R-1", "20 March 2026"),
                6,
                "/transactions?command=recoverypayment",
                paid_by_hand.clone(),
            ),
        ] {
            let gateway = gone(release, steps).await;
            let simulator = &gateway.fineract.simulator;
            let users = json!({"users": [{"name": "asha", "password": "Asha-2026-word", "super_user": true}]});
            simulator.apply(&users.to_string()).unwrap();
            let stuck = json!({"fault": "stuck", "applied": false, "method": "POST", "times": "once"});
            simulator.apply(&stuck.to_string()).unwrap();
            let before = simulator.effects().len();
            let happens = |run: u32| {
                if run == 1 {
                    by_hand(&gateway, path, &body);
                }
            };
            let performed = gateway.perform_while(operation, data, happens).await.unwrap();
            let told = (&performed.body["status"], &performed.body["error"]["code"]);
            let expected = (&json!("failed"), &json!("gateway.done-by-another"));
            assert_eq!(told, expected, "{release} {operation}: {}", performed.body);
            assert_eq!(simulator.effects().len(), before + 1, "{release} {operation}");
        }
    }
}
