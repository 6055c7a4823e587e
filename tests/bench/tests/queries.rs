//! What the table is really asked for: the twin in `table.rs` finds a subject alone only because the adapter's query does.

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use gateway::adapters::dynamodb::DynamoLedger;
use gateway::ledger::Ledger;
use serde_json::{Value, json};

use crate::bill::gateway;
use crate::gateway::published;

/// Answers every request with a page that has a next one, and remembers what was asked.
#[derive(Clone, Debug, Default)]
struct Asked(Arc<Mutex<Vec<(String, Value)>>>);

impl HttpConnector for Asked {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap().to_owned();
        let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        self.0.lock().unwrap().push((target, body));
        let next = json!({"id": {"S": "00000000-0000-0000-0000-000000000001"}, "open_shard": {"S": "open#00"},
            "open_key": {"S": "client:INC-1001"}});
        let page = json!({"Count": 0, "Items": [], "LastEvaluatedKey": next}).to_string();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(page))))
    }
}

fn config(asked: &Asked) -> SdkConfig {
    let connector = SharedHttpConnector::new(asked.clone());
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "bench");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build()
}

#[tokio::test(start_paused = true)]
async fn what_is_open_on_a_subject_is_one_query_that_reads_nothing_else() {
    let gateway = gateway();
    let mut rows = Vec::new();
    for id in ["INC-1001", "INC-10011"] {
        let accepted = gateway.accept("CLIENT_CREATE", &published::client_create(id)).await;
        rows.push(gateway.table.inner.row(accepted.tracking_id.id).unwrap());
    }
    let asked = Asked::default();
    let ledger = DynamoLedger::new(&config(&asked), "operations");
    ledger.open_in_group(&rows[0].subject.group()).await.unwrap();
    let asked = std::mem::take(&mut *asked.0.lock().unwrap());
    let [(target, query)] = asked.as_slice() else {
        panic!("one request: {asked:?}");
    };
    assert!(target.ends_with(".Query"), "{target}");
    assert_eq!(query["IndexName"], "open");
    let keys = query["KeyConditionExpression"].as_str().unwrap();
    assert_eq!(keys, "open_shard = :shard AND begins_with(open_key, :group)");
    for reading_more in ["FilterExpression", "ConsistentRead"] {
        assert!(query[reading_more].is_null(), "{query}");
    }
    let value = |name: &str| {
        query["ExpressionAttributeValues"][name]["S"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(value(":shard"), rows[0].subject.shard());
    let begins: Vec<_> = rows
        .iter()
        .map(|row| row.open_key().starts_with(&value(":group")))
        .collect();
    assert_eq!(begins, [true, false], "its own entries, and not those of a longer name");
}
