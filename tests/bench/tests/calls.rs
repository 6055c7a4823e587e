//! How many calls an operation makes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gateway::track::Lasts;
use serde_json::{Value, json};
use tokio::time::advance;

use crate::gateway::{Gateway, published};

type Calls = BTreeMap<&'static str, u32>;

fn calls(calls: &[(&'static str, u32)]) -> Calls {
    calls.iter().copied().collect()
}

/// The worker's calls of the table with so many writes: the third is the number of what it will have changed.
fn of_the_worker(writes: u32) -> Calls {
    let mut made = calls(&[("query", 1), ("claim", 1), ("settle", 1)]);
    if writes > 2 {
        made.insert("note_target", writes - 2);
    }
    made
}

/// Status asks what an operation waits behind once it is older than this.
const YOUNG: Duration = gateway::track::YOUNG;

/// An operation, its data, its exchanges with Fineract, and the worker's writes.
type Row = (&'static str, Value, u32, u32);

/// What is before a loan: clients, and what is asked about a product.
fn clients() -> Vec<Row> {
    let single_name = json!({"externalId": "INC-1001", "firstname": "Jay"});
    let update =
        json!({"externalId": "INC-1001", "firstname": "Jay", "lastname": "Badgujar", "mobileNo": "9966999998"});
    vec![
        ("CLIENT_CREATE", published::client_create("INC-1001"), 1, 2),
        ("CLIENT_UPDATE", update, 1, 2),
        ("CLIENT_UPDATE", single_name, 2, 2),
        ("CLIENT_CREATE", published::another_client(7), 1, 2),
        // The first one reads the product: the list, and its detail.
        ("LOAN_CREATE", published::loan_create("LOAN-123"), 4, 2),
        ("LOAN_SCHEDULE_PREVIEW", published::schedule_preview(), 2, 2),
    ]
}

/// A loan's life, and what is only asked of it.
fn life() -> Vec<Row> {
    let loan = |more| published::of_loan("LOAN-123", more);
    let on = |name: &str, day: &str| loan(json!({name: day}));
    let paid = |id: &str, day: &str| {
        loan(json!({"externalTransactionId": id, "transactionDate": day, "transactionAmount": 100}))
    };
    let disbursed = |utr: &str| loan(json!({"actualDisbursementDate": "11 January 2026", "utr_payment_id": utr}));
    let charge = json!({"externalChargeId": "C-1", "chargeName": "Specified due date fee", "amount": 50,
        "dueDate": "15 May 2026"});
    let write_off = json!({"transactionDate": "11 May 2026", "writeOffReason": "WriteOffReasons one", "note": "gone"});
    vec![
        ("LOAN_UPDATE", published::loan_update("LOAN-123"), 2, 2),
        // It stores that the loan awaited approval before its first request.
        ("LOAN_APPROVE", published::loan_approve("LOAN-123"), 2, 3),
        ("LOAN_UNDO_APPROVAL", loan(json!({})), 2, 3),
        ("LOAN_APPROVE", published::loan_approve("LOAN-123"), 2, 3),
        ("LOAN_DISBURSE", disbursed("U-1"), 2, 2),
        ("LOAN_UNDO_DISBURSAL", loan(json!({})), 2, 3),
        ("LOAN_DISBURSE", disbursed("U-2"), 2, 2),
        ("LOAN_GET", loan(json!({})), 1, 2),
        (
            "LOAN_FORECLOSURE_QUOTE",
            on("transactionDate", "11 February 2026"),
            1,
            2,
        ),
        ("LOAN_PREPAY_QUOTE", on("transactionDate", "11 February 2026"), 1, 2),
        ("LOAN_REPAYMENT", paid("P-1", "11 February 2026"), 1, 2),
        (
            "LOAN_TRANSACTION_UNDO",
            loan(json!({"externalTransactionId": "P-1", "transactionDate": "11 March 2026"})),
            2,
            3,
        ),
        ("LOAN_WAIVE_INTEREST", paid("W-1", "11 March 2026"), 1, 2),
        ("LOAN_CHARGE_ADD", loan(charge), 2, 2),
        // The first one reads the list of codes, and that of the reasons.
        ("LOAN_WRITE_OFF", loan(write_off), 3, 2),
        ("LOAN_UNDO_WRITE_OFF", loan(json!({})), 2, 3),
        (
            "LOAN_FORECLOSURE",
            loan(json!({"transactionDate": "15 June 2026", "note": "n"})),
            1,
            2,
        ),
    ]
}

/// Other ends that a loan can come to.
fn ends() -> Vec<Row> {
    let recovery = json!({"externalTransactionId": "R-1", "transactionDate": "15 June 2026", "transactionAmount": 100});
    let write_off = json!({"transactionDate": "11 May 2026", "writeOffReason": "WriteOffReasons one", "note": "gone"});
    let on = |name: &str, loan: &str| published::of_loan(loan, json!({name: "11 January 2026"}));
    vec![
        ("LOAN_CREATE", published::loan_create("LOAN-124"), 2, 2),
        ("LOAN_DELETE", published::of_loan("LOAN-124", json!({})), 2, 3),
        ("LOAN_CREATE", published::loan_create("LOAN-125"), 2, 2),
        ("LOAN_REJECT", on("rejectedOnDate", "LOAN-125"), 1, 2),
        ("LOAN_CREATE", published::loan_create("LOAN-126"), 2, 2),
        ("LOAN_WITHDRAW", on("withdrawnOnDate", "LOAN-126"), 1, 2),
        ("LOAN_CREATE", published::loan_create("LOAN-127"), 2, 2),
        ("LOAN_APPROVE", published::loan_approve("LOAN-127"), 2, 3),
        (
            "LOAN_DISBURSE",
            published::of_loan(
                "LOAN-127",
                json!({"actualDisbursementDate": "11 January 2026", "utr_payment_id": "U-127"}),
            ),
            2,
            2,
        ),
        ("LOAN_WRITE_OFF", published::of_loan("LOAN-127", write_off), 1, 2),
        ("LOAN_RECOVERY_PAYMENT", published::of_loan("LOAN-127", recovery), 1, 2),
    ]
}

#[tokio::test(start_paused = true)]
async fn every_operation_keeps_to_its_calls() {
    let gateway = Gateway::new(Duration::ZERO, Duration::ZERO);
    let rows = [clients(), life(), ends()].concat();
    let counted: BTreeSet<_> = rows.iter().map(|(operation, ..)| *operation).collect();
    assert_eq!(counted, gateway::operations::ALL.iter().map(|kind| kind.name).collect());
    for (operation, data, exchanges, writes) in rows {
        let told = format!("{operation} {data}");
        let accepted = gateway.accept(operation, &data).await;
        assert_eq!(gateway.table.tally.take(), calls(&[("insert", 1)]), "operate: {told}");
        assert_eq!(gateway.line.tally.take(), calls(&[("send", 1)]), "operate: {told}");

        let (group, message) = gateway.line.take().unwrap();
        gateway.run(&message).await;
        gateway.line.delete(&group);
        let row = gateway.table.inner.row(accepted.tracking_id.id).unwrap();
        assert_eq!(row.state.status(), "success", "{told}: {:?}", row.failure);
        assert_eq!(gateway.table.tally.take(), of_the_worker(writes), "worker: {told}");
        let made = gateway.line.tally.take();
        assert_eq!(made, calls(&[("delete", 1), ("receive", 1)]), "worker: {told}");
        let made = gateway.bank.tally.take();
        assert_eq!(made, calls(&[("exchange", exchanges)]), "Fineract: {told}");

        assert_ne!(gateway.track(&accepted).await.lasts, Lasts::Open, "{told}");
        assert_eq!(gateway.table.tally.take(), calls(&[("get", 1)]), "status: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn status_asks_once_more_about_an_operation_that_waits() {
    let gateway = Gateway::new(Duration::ZERO, Duration::ZERO);
    let accepted = gateway
        .accept("CLIENT_CREATE", &published::client_create("INC-1001"))
        .await;
    gateway.table.tally.take();
    advance(YOUNG).await;
    gateway.track(&accepted).await;
    assert_eq!(gateway.table.tally.take(), calls(&[("get", 1)]));
    advance(Duration::from_millis(1)).await;
    gateway.track(&accepted).await;
    assert_eq!(gateway.table.tally.take(), calls(&[("get", 1), ("query", 1)]));
}
