//! What was asked for on one client or loan.

use local::Caller;
use local::api::{Answer, Api};
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::bench::published::{self, with};

/// Asks for the history of something with this id.
async fn history(api: &Api, id: &str, kind: &str, cursor: &str) -> Answer {
    let encoded = |value: &str| value.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let given = [("externalId", id), ("kind", kind), ("cursor", cursor)];
    let given = given.into_iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<_> = given
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    let path = format!("/fineract/track?{}", query.join("&"));
    api.send(api.get(&path)).await.unwrap()
}

fn names(answer: &Answer) -> Vec<&str> {
    let operations = answer.body["operations"].as_array();
    let operations = operations.unwrap_or_else(|| panic!("{}", answer.text));
    operations
        .iter()
        .map(|line| line["operation_type"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn newest_first_by_pages_and_ones_own_only() {
    let bench = Bench::start().await;
    let other = Caller::new("other").unwrap();
    bench.stack.add_caller(&other).await.unwrap();
    let other = bench.stack.api_for(&other).unwrap();
    let (api, loan) = (&bench.api, "L 1+\u{fc}&x=2");
    bench.succeed("CLIENT_CREATE", published::client_create()).await;
    let create = with(published::loan_create(), json!({"externalId": loan}));
    let created = bench.succeed("LOAN_CREATE", create.clone()).await;
    let refused = bench.perform("LOAN_CREATE", create).await;
    assert_eq!(refused["status"], "failed");

    let answer = history(api, loan, "loan", "").await;
    assert_eq!(
        (answer.status, names(&answer)),
        (200, vec!["LOAN_CREATE"; 2]),
        "{}",
        answer.text
    );
    let lines = answer.body["operations"].as_array().unwrap();
    for (line, report) in lines.iter().zip([&refused, &created]) {
        let mut expected = report.clone();
        let members = expected.as_object_mut().unwrap();
        members.retain(|name, _| !matches!(name.as_str(), "success_response" | "failure_response"));
        assert_eq!(line, &expected, "as track has it, without Fineract's answers");
    }
    assert_eq!(
        (answer.body.get("next"), &answer.headers["cache-control"]),
        (None, &"no-store".parse().unwrap())
    );
    assert_eq!(names(&history(api, "INC-1001", "client", "").await), ["CLIENT_CREATE"]);
    assert!(
        names(&history(api, "INC-1001", "loan", "").await).is_empty(),
        "a client is no loan"
    );

    assert!(
        names(&history(&other, loan, "loan", "").await).is_empty(),
        "another caller's"
    );

    for number in 0..22 {
        let update = json!({"externalId": "INC-1001", "lastname": format!("B{number}")});
        bench.accept("CLIENT_UPDATE", update).await;
    }
    let first = history(api, "INC-1001", "client", "").await;
    let second = history(api, "INC-1001", "client", first.body["next"].as_str().unwrap()).await;
    assert_eq!(
        (names(&first).len(), names(&second)),
        (20, vec!["CLIENT_UPDATE", "CLIENT_UPDATE", "CLIENT_CREATE"])
    );
    assert_eq!(second.body.get("next"), None);
    let of = |answer: &Answer| answer.body["operations"].as_array().unwrap().clone();
    let times: Vec<Value> = of(&first)
        .into_iter()
        .chain(of(&second))
        .map(|line| line["accepted_at"].clone())
        .collect();
    assert!(
        times.is_sorted_by(|newer, older| newer.as_str() > older.as_str()),
        "{times:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_with_faults_is_told_all_of_them() {
    let bench = Bench::start().await;
    let pointers = |answer: &Answer| {
        let faults = answer.body["errors"].as_array().unwrap().iter();
        faults
            .map(|fault| fault["pointer"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for (id, kind, cursor, expected) in [
        ("", "", "", vec!["/externalId", "/kind"]),
        ("L", "", "", vec!["/kind"]),
        ("a/b", "office", "x", vec!["/externalId", "/kind", "/cursor"]),
    ] {
        let answer = history(&bench.api, id, kind, cursor).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert_eq!(pointers(&answer), expected);
    }
    let bare = reqwest::Client::builder().no_proxy().build().unwrap();
    let bare = bare.get(format!("{}/fineract/track?externalId=L&kind=loan", bench.api.url()));
    assert_eq!(bench.api.send(bare).await.unwrap().status, 401);
}
