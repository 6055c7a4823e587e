//! `Idempotency-Key`, and `X-Idempotency-Key`, which is the same.

use serde_json::{Value, json};

use crate::bench::{Bench, published};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_a_repeat_safe() {
    let bench = Bench::start().await;
    let send = async |key: &str, data: Value| {
        let body = json!({"status": "CLIENT_CREATE", "data": data}).to_string();
        bench
            .api
            .send(bench.api.post().header("Idempotency-Key", key).body(body))
            .await
            .unwrap()
    };
    let first = send("key-1", published::client_create()).await;
    assert_eq!(first.status, 202);
    assert!(first.headers.get("idempotent-replayed").is_none());
    let id = first.body["tracking_id"].as_str().unwrap();
    let while_open = send("key-1", published::client_create()).await;
    assert_eq!(bench.ended(id).await["status"], "success");
    let after_the_end = send("key-1", published::client_create()).await;
    for again in [while_open, after_the_end] {
        assert_eq!(
            (again.status, &again.text),
            (202, &first.text),
            "the same answer, whatever the state by now"
        );
        assert_eq!(again.headers["idempotent-replayed"], "true");
    }
    let other = send(
        "key-1",
        published::with(published::client_create(), json!({"lastname": "B"})),
    )
    .await;
    assert_eq!(
        (other.status, &other.body["code"]),
        (422, &json!("idempotency-key-reused"))
    );
    assert_eq!(send("", published::client_create()).await.status, 400);
    assert_eq!(bench.effects("INC-1001").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_one_under_either_name_and_with_quotes_or_without() {
    let bench = Bench::start().await;
    let body = json!({"status": "CLIENT_CREATE", "data": published::client_create()}).to_string();
    let mut first = None;
    for (headers, expected) in [
        (vec![("X-Idempotency-Key", "key-1")], 202),
        (vec![("Idempotency-Key", "key-1")], 202),
        (vec![("x-idempotency-key", "\"key-1\"")], 202),
        (
            vec![("Idempotency-Key", "\"key-1\""), ("X-Idempotency-Key", "key-1")],
            202,
        ),
        (vec![("Idempotency-Key", "key-1"), ("X-Idempotency-Key", "key-2")], 400),
        (vec![("X-Idempotency-Key", "key 1")], 400),
    ] {
        let request = headers
            .iter()
            .fold(bench.api.post(), |request, (name, value)| request.header(*name, *value));
        let answer = bench.api.send(request.body(body.clone())).await.unwrap();
        assert_eq!(answer.status, expected, "{headers:?}: {}", answer.text);
        if expected == 202 {
            let first = first.get_or_insert_with(|| answer.text.clone());
            assert_eq!(&answer.text, first, "{headers:?}");
        } else {
            assert_eq!(answer.body["code"], "invalid-idempotency-key", "{headers:?}");
        }
    }
    let accepted: Value = serde_json::from_str(&first.unwrap()).unwrap();
    bench.ended(accepted["tracking_id"].as_str().unwrap()).await;
    assert_eq!(bench.effects("INC-1001").len(), 1);
}
