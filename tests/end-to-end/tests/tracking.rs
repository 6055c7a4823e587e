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
