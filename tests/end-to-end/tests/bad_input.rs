//! Bad input: a clear answer, nothing stored, nothing lost.

use local::Caller;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::bench::published::{self, with};

fn request(operation: &str, data: Value) -> String {
    json!({"status": operation, "data": data}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_bad_request() {
    let bench = Bench::start().await;
    let good = request("CLIENT_CREATE", published::client_create());
    let deep = |depth: usize| good.replace("\"Jayesh\"", &format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
    let loan = |changes: Value| request("LOAN_CREATE", with(published::loan_create(), changes));
    let client = |changes: Value| request("CLIENT_CREATE", with(published::client_create(), changes));
    let large = client(json!({"note": "x".repeat(64 * 1024)}));
    for (body, status, code, faults) in [
        ("", 400, "invalid-json", &[][..]),
        ("not json", 400, "invalid-json", &[]),
        ("{\"status\":\"CLIENT_CREATE\"", 400, "invalid-json", &[]),
        (&deep(15), 400, "invalid-json", &[]),
        (
            &good.replace("{\"status\"", "{\"status\":\"CLIENT_CREATE\",\"status\""),
            400,
            "invalid-json",
            &[],
        ),
        (
            &good.replace("\"firstname\"", "\"firstname\":\"A\",\"firstname\""),
            400,
            "invalid-json",
            &[],
        ),
        (&large, 413, "too-large", &[]),
        ("[]", 422, "invalid-request", &[" wrong-type"]),
        ("{}", 422, "invalid-request", &["/status required", "/data required"]),
        (
            &request("LOAN_FORGIVE", json!({})),
            422,
            "invalid-request",
            &["/status unknown-operation"],
        ),
        (
            &client(json!({"firstname": null, "lastname": "", "externalId": 5})),
            422,
            "invalid-request",
            &[
                "/data/firstname required",
                "/data/lastname empty",
                "/data/externalId wrong-type",
            ],
        ),
        (
            &client(json!({"activationDate": "31 February 2026"})),
            422,
            "invalid-request",
            &["/data/activationDate not-a-date"],
        ),
        (
            &client(json!({"externalId": "a/b"})),
            422,
            "invalid-request",
            &["/data/externalId forbidden-character"],
        ),
        (
            &client(json!({"externalId": ".."})),
            422,
            "invalid-request",
            &["/data/externalId forbidden-character"],
        ),
        (
            &loan(json!({"principal": 0})),
            422,
            "invalid-request",
            &["/data/principal not-positive"],
        ),
        (
            &loan(json!({"principal": -1, "interestRatePerPeriod": 1001})),
            422,
            "invalid-request",
            &[
                "/data/principal not-positive",
                "/data/interestRatePerPeriod out-of-range",
            ],
        ),
        (
            &loan(json!({"loanTermFrequency": 13})),
            422,
            "invalid-request",
            &["/data/loanTermFrequency not-divisible"],
        ),
        (
            &loan(json!({"lenderConfig": "ACME"})),
            422,
            "invalid-request",
            &["/data/lenderConfig unknown-value"],
        ),
        (
            &loan(json!({"loanTermFrequency": 0, "numberOfRepayments": 1.5})),
            422,
            "invalid-request",
            &[
                "/data/loanTermFrequency out-of-range",
                "/data/numberOfRepayments not-whole",
            ],
        ),
        (
            &request("LOAN_UPDATE", json!({"externalId": "L"})),
            422,
            "invalid-request",
            &["/data nothing-to-update"],
        ),
        (
            &request("CLIENT_UPDATE", json!({"externalId": "C"})),
            422,
            "invalid-request",
            &["/data nothing-to-update"],
        ),
        (
            &request("LOAN_DELETE", json!({"external_loan_id": "100%"})),
            422,
            "invalid-request",
            &["/data/external_loan_id forbidden-character"],
        ),
    ] {
        let answer = bench.post(body).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (status, &json!(code)),
            "{body:.200} {}",
            answer.text
        );
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert!(answer.body.get("status").is_none(), "callers read status of any body");
        assert_eq!(answer.body["type"], format!("/errors/{code}"));
        let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
        let named: Vec<_> = errors
            .iter()
            .map(|fault| {
                format!(
                    "{} {}",
                    fault["pointer"].as_str().unwrap(),
                    fault["code"].as_str().unwrap()
                )
            })
            .collect();
        assert_eq!(named, faults, "{body:.200}");
    }
    assert_eq!(bench.post(&b"{\"status\":\"\xff\"}"[..]).await.status, 400, "not UTF-8");
    let answer = bench.post(request("X", json!({}))).await;
    for operation in [
        "CLIENT_CREATE",
        "CLIENT_UPDATE",
        "LOAN_CREATE",
        "LOAN_UPDATE",
        "LOAN_APPROVE",
        "LOAN_DISBURSE",
        "LOAN_DELETE",
    ] {
        assert!(
            answer.text.contains(operation),
            "the known ones are named: {}",
            answer.text
        );
    }
    assert_eq!(bench.stored().await, (0, 0), "nothing was stored or sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_come_in() {
    let bench = Bench::start().await;
    let good = request("CLIENT_CREATE", published::client_create());
    let expired = Caller::new("expired").unwrap().expired();
    let limited = Caller::new("limited").unwrap().allowed(&["LOAN_DELETE"]);
    for caller in [&expired, &limited] {
        bench.stack.add_caller(caller).await.unwrap();
    }
    let expired = bench.stack.api_for(&expired).unwrap();
    let limited = bench.stack.api_for(&limited).unwrap();
    let url = format!("{}/fineract/operate", bench.api.url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let bare = || {
        client
            .post(&url)
            .header("Content-Type", "application/json")
            .body(good.clone())
    };
    for (request, status, code) in [
        (bare(), 401, "unauthorized"),
        (bare().header("X-Internal-Token", ""), 401, "unauthorized"),
        (bare().header("X-Internal-Token", "wrong"), 401, "unauthorized"),
        (
            bare().header("X-Internal-Token", format!("{}x", bench.api.token())),
            401,
            "unauthorized",
        ),
        (expired.post().body(good.clone()), 401, "unauthorized"),
        (limited.post().body(good.clone()), 403, "operation-not-allowed"),
        (
            client
                .post(&url)
                .header("X-Internal-Token", bench.api.token())
                .body(good.clone()),
            415,
            "unsupported-media-type",
        ),
        (
            client
                .post(&url)
                .header("X-Internal-Token", bench.api.token())
                .header("Content-Type", "text/plain")
                .body(good.clone()),
            415,
            "unsupported-media-type",
        ),
    ] {
        let answer = bench.api.send(request).await.unwrap();
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (status, &json!(code)),
            "{}",
            answer.text
        );
        assert!(answer.body.get("status").is_none());
    }
    let track = client.get(format!(
        "{}/fineract/track/CLIENT_CREATE%7C406362bf-f3da-4bc6-a506-d67e0878b7b6",
        bench.api.url()
    ));
    assert_eq!(bench.api.send(track).await.unwrap().status, 401);
    assert_eq!(bench.stored().await, (0, 0), "nothing was stored or sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_as_callers_send_them_and_unknown_members() {
    let bench = Bench::start().await;
    let data = with(
        published::client_create(),
        json!({"activationDate": "1 jan 2026", "shoeSize": 43, "emailAddress": ""}),
    );
    let answer = bench
        .api
        .operate(&json!({"status": "CLIENT_CREATE", "data": data, "trace": 1}))
        .await
        .unwrap();
    assert_eq!(answer.status, 202);
    assert_eq!(answer.body["ignored"], json!(["/data/shoeSize", "/trace"]));
    let id = answer.body["tracking_id"].as_str().unwrap();
    assert_eq!(
        answer.headers["location"],
        format!("/fineract/track/{}", id.replace('|', "%7C"))
    );
    assert_eq!(answer.headers["retry-after"], "2");
    assert_eq!(bench.ended(id).await["status"], "success");
    let loan = with(
        published::loan_create(),
        json!({"principal": "100000", "numberOfRepayments": "12", "interestRatePerPeriod": "8",
        "loanTermFrequency": "12", "loanTermFrequencyType": null}),
    );
    bench.succeed("LOAN_CREATE", loan).await;
}
