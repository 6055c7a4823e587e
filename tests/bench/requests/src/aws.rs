//! AWS without a network: each request is answered where it would be sent.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use gateway::adapters::item::Item;
use serde_json::{Value, json};

const OK: u16 = 200;
/// Ends the name of the operation in the header that AWS's JSON protocols have.
const TARGET: &str = "x-amz-target";

/// What is answered to each operation of AWS's, by its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(Arc<RwLock<HashMap<&'static str, String>>>);

impl Answers {
    /// From now on this is answered.
    pub(crate) fn set(&self, operation: &'static str, answer: &Value) {
        let mut answers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        answers.insert(operation, answer.to_string());
    }

    /// The configuration of clients that get these answers.
    pub(crate) fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(
                Credentials::new("AKIDEXAMPLE", "secret", Some("session".to_owned()), None, "bench"),
            ))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }
}

impl HttpConnector for Answers {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get(TARGET).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let answers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        HttpConnectorFuture::ready(match answers.get(operation) {
            Some(answer) => OK
                .try_into()
                .map(|status| HttpResponse::new(status, SdkBody::from(answer.as_str())))
                .map_err(|error| ConnectorError::user(Box::new(error))),
            None => Err(ConnectorError::user(format!("nothing is answered to {target}").into())),
        })
    }
}

/// An item in DynamoDB's JSON.
#[allow(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is the SDK's and open; a row has these three"
)]
pub(crate) fn item_json(item: &Item) -> Value {
    let attribute = |value: &AttributeValue| match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(digits) => json!({"N": digits}),
        AttributeValue::Bool(truth) => json!({"BOOL": truth}),
        _ => json!({"NULL": true}),
    };
    item.iter()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect()
}
