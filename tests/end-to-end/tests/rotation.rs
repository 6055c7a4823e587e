//! A caller's token and Fineract's password are changed while operations run, and none of them fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fineract_simulator::Permissions;
use local::api::Api;
use local::{Caller, Options};
use serde_json::{Value, json};

use crate::bench::{Bench, published};

const OPERATIONS: usize = 1_000;
/// Operations that callers ask for at the same time.
const CALLERS: usize = 8;
/// After how many of them the new token is made known, and Fineract's password changed.
const NEW_TOKEN_AFTER: usize = 200;
const NEW_PASSWORD_AFTER: usize = 500;
/// So long the gateway has the old password only.
const OUT_OF_STEP: Duration = Duration::from_secs(2);
const USER: &str = "gateway";
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(50);

/// Asks for operations one after the other, as long as there are any, with whatever token is the current one.
async fn ask(apis: [Api; 2], asked: Arc<AtomicUsize>, rotated: Arc<AtomicUsize>) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        if number >= OPERATIONS {
            return ids;
        }
        let own = json!({"externalId": format!("INC-{number}"), "mobileNo": null});
        let data = published::with(published::client_create(), own);
        let request = json!({"status": "CLIENT_CREATE", "data": data});
        let mut answer = apis[rotated.load(Ordering::SeqCst)].operate(&request).await.unwrap();
        if answer.status == 401 {
            // A process that read the callers just before the new token was there: for a while both are used.
            answer = apis[0].operate(&request).await.unwrap();
        }
        assert_eq!(answer.status, 202, "{}", answer.text);
        ids.push(answer.body["tracking_id"].as_str().unwrap().to_owned());
    }
}

async fn asked_for(asked: &AtomicUsize, count: usize) {
    let deadline = Instant::now() + PATIENCE;
    while asked.load(Ordering::SeqCst) < count {
        assert!(Instant::now() < deadline, "operations are accepted");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Writes a caller with these tokens.
async fn store(bench: &Bench, tokens: &[&Caller]) {
    let mut item = bench.stack.caller().item();
    let tokens: Vec<Value> = tokens
        .iter()
        .map(|caller| caller.item()["tokens"]["L"][0].clone())
        .collect();
    item["tokens"] = json!({"L": tokens});
    let table = bench.stack.outputs().get("CallersTableName").unwrap();
    let request = json!({"TableName": table, "Item": item});
    bench
        .stack
        .aws()
        .json("DynamoDB_20120810.PutItem", &request)
        .await
        .unwrap();
}

async fn change_password(bench: &Bench) {
    bench.simulator.set_user(USER, "second", Permissions::All);
    tokio::time::sleep(OUT_OF_STEP).await;
    let request = json!({"SecretId": bench.stack.outputs().get("FineractSecretArn").unwrap(),
        "SecretString": json!({"username": USER, "password": "second"}).to_string()});
    bench
        .stack
        .aws()
        .json("secretsmanager.PutSecretValue", &request)
        .await
        .unwrap();
}

/// What became of an operation.
async fn told(api: &Api, id: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = api.track(id).await.unwrap();
        if answer.body["status"] == "success" || answer.body["status"] == "failed" {
            return answer.body;
        }
        assert!(Instant::now() < deadline, "{}", answer.text);
        tokio::time::sleep(PAUSE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_operations_run_across_a_new_token_and_a_new_password() {
    let bench = Bench::with(|options| {
        let first = json!({"username": USER, "password": "first"});
        Options::with_short_times(options).with_parameter("FineractCredentials", &first.to_string())
    })
    .await;
    bench.simulator.set_user(USER, "first", Permissions::All);
    let (old, new) = (bench.stack.caller().clone(), Caller::new("local").unwrap());
    let apis = [&old, &new].map(|caller| bench.stack.api_for(caller).unwrap());
    let (asked, rotated) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| tokio::spawn(ask(apis.clone(), Arc::clone(&asked), Arc::clone(&rotated))))
        .collect();

    asked_for(&asked, NEW_TOKEN_AFTER).await;
    store(&bench, &[&old, &new]).await;
    let known = Instant::now() + PATIENCE;
    while apis[1].operate(&json!({})).await.unwrap().status == 401 {
        assert!(Instant::now() < known, "the new token becomes known");
        tokio::time::sleep(PAUSE).await;
    }
    rotated.store(1, Ordering::SeqCst);
    asked_for(&asked, NEW_PASSWORD_AFTER).await;
    change_password(&bench).await;

    let mut ids = Vec::new();
    for caller in callers {
        ids.extend(caller.await.unwrap());
    }
    assert_eq!(ids.len(), OPERATIONS);
    store(&bench, &[&new]).await;
    let mut waited = 0;
    for id in &ids {
        let body = told(&apis[1], id).await;
        assert_eq!(body["status"], "success", "{body}");
        waited += usize::from(body["attempts"] != 1);
    }
    assert_eq!(bench.simulator.effects().len(), OPERATIONS, "each has one effect");
    assert_ne!(waited, 0, "some met the old password");
}
