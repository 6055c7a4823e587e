//! What becomes of loans after the documented life: each operation succeeds, and is refused in each way that there is.

use local::lifecycle::Ids;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::bench::published::{self, with};
use crate::refusals::refused;

const LOAN: &str = "LOAN-123";

fn of_loan(more: Value) -> Value {
    with(json!({"external_loan_id": LOAN}), more)
}

fn paid(id: &str, day: &str, amount: Value) -> Value {
    of_loan(json!({"externalTransactionId": id, "transactionDate": day, "transactionAmount": amount}))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_has_its_place_in_a_life() {
    let bench = Bench::start().await;
    let steps = Ids::new().unwrap().all_steps().unwrap();
    let asked = [
        "LOAN_GET",
        "LOAN_FORECLOSURE_QUOTE",
        "LOAN_PREPAY_QUOTE",
        "LOAN_SCHEDULE_PREVIEW",
    ];
    let changes = steps.iter().filter(|step| {
        let operation = step.request["status"].as_str().unwrap_or_default();
        !asked.contains(&operation)
    });
    let changes = changes.count();
    let console = local::console::Console::Quiet;
    local::lifecycle::drive(&bench.api, steps, console).await.unwrap();
    assert_eq!(bench.simulator.effects().len(), changes, "each had one effect");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_refused_in_fineracts_words_or_in_the_gateways() {
    let bench = Bench::start().await;
    for (operation, data) in [
        ("CLIENT_CREATE", published::client_create()),
        ("LOAN_CREATE", published::loan_create()),
    ] {
        bench.succeed(operation, data).await;
    }
    let on = |name: &str, day: &str| of_loan(json!({name: day}));
    let refuse = async |operation: &str, data: Value, status: u16, code: &str| {
        let effects = bench.simulator.effects().len();
        refused(&bench, operation, data, status, code).await;
        assert_eq!(bench.simulator.effects().len(), effects, "{operation}");
    };
    refuse(
        "LOAN_UNDO_APPROVAL",
        of_loan(json!({})),
        400,
        "error.msg.loan.undo.approval.account.is.not.approved",
    )
    .await;
    let early = on("rejectedOnDate", "10 January 2026");
    refuse(
        "LOAN_REJECT",
        early,
        403,
        "error.msg.loan.reject.cannot.be.before.submittal.date",
    )
    .await;
    let early = on("withdrawnOnDate", "10 January 2026");
    refuse(
        "LOAN_WITHDRAW",
        early,
        403,
        "error.msg.loan.withdraw.cannot.be.before.submittal.date",
    )
    .await;
    let gone = json!({"externalLoanId": "L-9"});
    refuse("LOAN_GET", gone, 404, "error.msg.loan.external.id.invalid").await;

    bench.succeed("LOAN_APPROVE", published::loan_approve()).await;
    refuse(
        "LOAN_UNDO_DISBURSAL",
        of_loan(json!({})),
        400,
        "error.msg.loan.undo.disbursal.account.is.not.active",
    )
    .await;
    let disburse = on("actualDisbursementDate", "11 January 2026");
    bench.succeed("LOAN_DISBURSE", disburse).await;

    let pay = |day: &str| paid("P-1", day, json!(1000));
    let date = "error.msg.loan.transaction.cannot.be";
    refuse(
        "LOAN_REPAYMENT",
        pay("10 January 2026"),
        403,
        &format!("{date}.before.disbursement.date"),
    )
    .await;
    refuse(
        "LOAN_REPAYMENT",
        pay("10 January 2126"),
        403,
        &format!("{date}.a.future.date"),
    )
    .await;
    bench.succeed("LOAN_REPAYMENT", pay("20 January 2026")).await;
    let booked = "gateway.already-booked";
    refuse("LOAN_REPAYMENT", pay("20 January 2026"), 400, booked).await;
    let much = paid("W-1", "21 January 2026", json!(999_999));
    let exceeds = "error.msg.loan.waive.interest.amount.exceeds.total.outstanding.interest";
    refuse("LOAN_WAIVE_INTEREST", much, 403, exceeds).await;
    let undo = of_loan(json!({"externalTransactionId": "P-1", "transactionDate": "20 January 2026"}));
    bench.succeed("LOAN_TRANSACTION_UNDO", undo.clone()).await;
    let once = "error.msg.loan.transaction.adjustment.is.only.allowed.to.repayment.or.waiver.or.creditbalancerefund.transactions";
    refuse("LOAN_TRANSACTION_UNDO", undo, 403, once).await;
    let not_off = "error.msg.loan.status.not.written.off.update.not.allowed";
    refuse("LOAN_UNDO_WRITE_OFF", of_loan(json!({})), 503, not_off).await;
    let recover = paid("R-1", "21 January 2026", json!(5));
    refuse(
        "LOAN_RECOVERY_PAYMENT",
        recover,
        400,
        "error.msg.loan.account.is.not.written.off",
    )
    .await;
    let charge = of_loan(json!({"externalChargeId": "C-1", "chargeName": "Nothing", "amount": 5}));
    let body = bench.perform("LOAN_CHARGE_ADD", charge).await;
    assert_eq!(body["error"]["code"], "gateway.charge-not-found", "{body}");

    let foreclose = on("transactionDate", "21 January 2026");
    bench.succeed("LOAN_FORECLOSURE", foreclose.clone()).await;
    refuse(
        "LOAN_FORECLOSURE",
        foreclose.clone(),
        400,
        "error.msg.loan.foreclosure.account.is.not.active",
    )
    .await;
    refuse(
        "LOAN_WRITE_OFF",
        foreclose,
        400,
        "error.msg.loan.writtenoff.account.is.not.active",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_utr_pays_once_and_what_guards_money_is_required() {
    let bench = Bench::start().await;
    for (operation, data) in [
        ("CLIENT_CREATE", published::client_create()),
        ("LOAN_CREATE", published::loan_create()),
        ("LOAN_APPROVE", published::loan_approve()),
        (
            "LOAN_DISBURSE",
            of_loan(json!({"actualDisbursementDate": "11 January 2026"})),
        ),
    ] {
        bench.succeed(operation, data).await;
    }
    let bare = of_loan(json!({"transactionDate": "20 January 2026", "transactionAmount": 1000}));
    for operation in ["LOAN_REPAYMENT", "LOAN_RECOVERY_PAYMENT", "LOAN_WAIVE_INTEREST"] {
        let answer = bench
            .api
            .operate(&json!({"status": operation, "data": bare}))
            .await
            .unwrap();
        assert_eq!(answer.status, 422, "{operation}");
        assert_eq!(
            (&answer.body["errors"][0]["pointer"], &answer.body["errors"][0]["code"]),
            (&json!("/data/externalTransactionId"), &json!("required")),
            "{operation}"
        );
    }
    let by_utr = with(bare, json!({"utrPaymentId": "UTR-1"}));
    let paid = bench.succeed("LOAN_REPAYMENT", by_utr.clone()).await;
    let id = paid["success_response"]["resourceExternalId"].clone();
    assert!(id.is_string(), "{paid}");
    let booked = "gateway.already-booked";
    refused(&bench, "LOAN_REPAYMENT", by_utr.clone(), 400, booked).await;
    let undo = of_loan(json!({"externalTransactionId": id, "transactionDate": "20 January 2026"}));
    bench.succeed("LOAN_TRANSACTION_UNDO", undo).await;
    let again = bench.succeed("LOAN_REPAYMENT", by_utr).await;
    assert_ne!(
        again["success_response"]["resourceExternalId"], id,
        "the id of what was undone stays taken"
    );
}
