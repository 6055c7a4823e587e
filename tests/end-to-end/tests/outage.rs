//! Store or queue down: 503 with Retry-After, and nothing is done behind the caller's back.

use serde_json::json;

use crate::bench::{Bench, published};

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_down() {
    let bench = Bench::start().await;
    let url = bench.stack.outputs().get("QueueUrl").unwrap();
    bench
        .stack
        .aws()
        .json("AmazonSQS.DeleteQueue", &json!({"QueueUrl": url}))
        .await
        .unwrap();
    let body = json!({"status": "CLIENT_CREATE", "data": published::client_create()});
    let answer = bench.api.operate(&body).await.unwrap();
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (503, &json!("unavailable")),
        "{}",
        answer.text
    );
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    assert!(answer.body.get("status").is_none());
    let request = json!({"TableName": bench.stack.outputs().get("TableName").unwrap()});
    let rows = bench
        .stack
        .aws()
        .json("DynamoDB_20120810.Scan", &request)
        .await
        .unwrap();
    assert_eq!(
        (&rows["Count"], &rows["Items"][0]["state"]["S"]),
        (&json!(1), &json!("cancelled")),
        "it was taken back"
    );
    assert!(rows["Items"][0].get("open_key").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_down() {
    let bench = Bench::start().await;
    let id = bench.accept("CLIENT_CREATE", published::client_create()).await;
    bench.ended(&id).await;
    let table = bench.stack.outputs().get("TableName").unwrap();
    let unprotected = json!({"TableName": table, "DeletionProtectionEnabled": false});
    bench
        .stack
        .aws()
        .json("DynamoDB_20120810.UpdateTable", &unprotected)
        .await
        .unwrap();
    bench
        .stack
        .aws()
        .json("DynamoDB_20120810.DeleteTable", &json!({"TableName": table}))
        .await
        .unwrap();
    let body = json!({"status": "CLIENT_CREATE", "data": published::client_create()});
    let answer = bench.api.operate(&body).await.unwrap();
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (503, &json!("outcome-unknown")),
        "{}",
        answer.text
    );
    assert!(
        answer.body["tracking_id"]
            .as_str()
            .unwrap()
            .starts_with("CLIENT_CREATE|")
    );
    assert!(answer.headers.contains_key("retry-after"));
    let answer = bench.api.track(&id).await.unwrap();
    let healthy = bench.api.get("/fineract/health").send().await.unwrap();
    assert_eq!(healthy.status().as_u16(), 503, "a monitor sees it");
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (503, &json!("unavailable")),
        "never 404 while it cannot be read"
    );
    assert_eq!(bench.stack.messages("QueueUrl").await.unwrap(), 0, "nothing was sent");
}
