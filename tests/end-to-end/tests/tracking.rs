//! What track tells, and to whom.

use local::Caller;
use serde_json::json;

use crate::bench::{Bench, published};

#[tokio::test(flavor = "multi_thread")]
async fn a_tracking_id_is_its_callers_own_in_both_forms() {
    let bench = Bench::start().await;
    let other = Caller::new("other").unwrap();
    bench.stack.add_caller(&other).await.unwrap();
    let other = bench.stack.api_for(&other).unwrap();
    let id = bench.accept("CLIENT_CREATE", published::client_create()).await;
    bench.ended(&id).await;
    let encoded = id.replace('|', "%7C");
    let ask =
        async |api: &local::api::Api, path: &str| api.send(api.get(&format!("/fineract/track/{path}"))).await.unwrap();

    for form in [id.as_str(), encoded.as_str(), &id.replace('|', "%7c")] {
        let answer = ask(&bench.api, form).await;
        assert_eq!(
            (answer.status, &answer.body["tracking_id"]),
            (200, &json!(id)),
            "{form}"
        );
        assert!(
            answer.headers["cache-control"].to_str().unwrap().contains("private"),
            "an end may be kept by its caller"
        );
    }
    let uuid = id.split_once('|').unwrap().1;
    for garbage in [
        "x",
        uuid,
        "CLIENT_CREATE",
        "CLIENT_CREATE%7C",
        &format!("LOAN_CREATE%7C{uuid}"),
        "CLIENT_CREATE%7C406362bf-f3da-4bc6-a506-d67e0878b7b6",
        &format!("{encoded}x"),
        "%F0%9F%92%A9",
    ] {
        let answer = ask(&bench.api, garbage).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (404, &json!("not-found")),
            "{garbage} {}",
            answer.text
        );
        assert!(answer.body.get("status").is_none());
    }
    assert_eq!(ask(&other, &encoded).await.status, 404, "another caller's");
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_as_get_is_without_a_body() {
    let bench = Bench::start().await;
    let body = bench.perform("CLIENT_CREATE", published::client_create()).await;
    let id = body["tracking_id"].as_str().unwrap().replace('|', "%7C");
    let client = reqwest::Client::new();
    for (path, status) in [
        ("/fineract/health".to_owned(), 200),
        (format!("/fineract/track/{id}"), 200),
        (format!("/fineract/track/{id}0"), 404),
        ("/fineract/track?externalId=INC-1001&kind=client".to_owned(), 200),
        ("/fineract/track".to_owned(), 422),
    ] {
        let ask = |method| {
            let request = client.request(method, format!("{}{path}", bench.api.url()));
            request.header("X-Internal-Token", bench.api.token()).send()
        };
        let (get, head) = (ask(reqwest::Method::GET), ask(reqwest::Method::HEAD));
        let (get, head) = (get.await.unwrap(), head.await.unwrap());
        assert_eq!(
            (get.status().as_u16(), head.status().as_u16()),
            (status, status),
            "{path}"
        );
        for name in ["content-type", "cache-control"] {
            assert_eq!(get.headers().get(name), head.headers().get(name), "{path} {name}");
        }
        assert_eq!(head.text().await.unwrap(), "", "{path}");
    }
    let without_token = client.head(format!("{}/fineract/track/{id}", bench.api.url())).send();
    assert_eq!(without_token.await.unwrap().status().as_u16(), 401);
}
