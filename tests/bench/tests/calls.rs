//! How many calls an operation makes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use crate::gateway::{Gateway, published};

type Calls = BTreeMap<&'static str, u32>;

fn calls(calls: &[(&'static str, u32)]) -> Calls {
    calls.iter().copied().collect()
}

/// Status asks what an operation waits behind once it is older than this.
const YOUNG: Duration = Duration::from_secs(10);

#[tokio::test(start_paused = true)]
async fn every_operation_keeps_to_its_calls() {
    let gateway = Gateway::new(Duration::ZERO, Duration::ZERO);
    let single_name = json!({"externalId": "INC-1001", "firstname": "Jay"});
    let update =
        json!({"externalId": "INC-1001", "firstname": "Jay", "lastname": "Badgujar", "mobileNo": "9966999998"});
    let rows: [(&str, Value, u32, u32); 10] = [
        ("CLIENT_CREATE", published::client_create("INC-1001"), 1, 2),
        ("CLIENT_UPDATE", update, 1, 2),
        ("CLIENT_UPDATE", single_name, 2, 2),
        // The first one reads the product: the list, and its detail.
        ("LOAN_CREATE", published::loan_create("LOAN-123"), 4, 2),
        ("LOAN_CREATE", published::loan_create("LOAN-124"), 2, 2),
        ("LOAN_UPDATE", published::loan_update("LOAN-123"), 2, 2),
        // It stores that the loan awaited approval before its first request.
        ("LOAN_APPROVE", published::loan_approve("LOAN-123"), 2, 3),
        ("LOAN_DISBURSE", published::loan_disburse("LOAN-123"), 1, 2),
        ("LOAN_DELETE", published::loan_delete("LOAN-124"), 2, 3),
        ("CLIENT_CREATE", published::another_client(7), 1, 2),
    ];
    for (operation, data, exchanges, writes) in rows {
        let told = format!("{operation} {data}");
        let accepted = gateway.accept(operation, &data).await;
        assert_eq!(gateway.table.tally.take(), calls(&[("insert", 1)]), "operate: {told}");
        assert_eq!(gateway.line.tally.take(), calls(&[("send", 1)]), "operate: {told}");

        let (group, message) = gateway.line.take().unwrap();
        gateway.run(&message).await;
        gateway.line.delete(&group);
        let mut made = gateway.table.tally.take();
        // The row of the message, which a budget of the query alone would leave out.
        assert_eq!(made.remove("get"), Some(1), "worker: {told}");
        assert_eq!(made.remove("query"), Some(1), "worker: {told}");
        assert_eq!(made.values().sum::<u32>(), writes, "worker: {told}: {made:?}");
        let made = gateway.line.tally.take();
        assert_eq!(made, calls(&[("delete", 1), ("receive", 1)]), "worker: {told}");
        let made = gateway.bank.tally.take();
        assert_eq!(made, calls(&[("exchange", exchanges)]), "Fineract: {told}");

        assert!(gateway.track(&accepted).await.ended, "{told}");
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
