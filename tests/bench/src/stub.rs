//! DynamoDB, SQS, Secrets Manager and Fineract as answers that are always the same and cost little.
//!
//! The rows among them are the gateway's own: they are recorded from what operate and the worker write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use crate::lambda::with;

/// Ends the name of an AWS operation in this header.
const TARGET: &str = "x-amz-target";
/// What a function asks an endpoint for only to have a connection to it.
const CONNECTING: [&str; 2] = ["/", "/ping"];
/// What a call of Fineract is counted as.
pub(crate) const FINERACT: &str = "Fineract";
const FINERACT_SAYS: &[u8] = br#"{"officeId":1,"clientId":42,"resourceId":42,"resourceExternalId":"INC-1001"}"#;

/// What was written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    /// The row of an accepted operation.
    pub(crate) accepted: Value,
    /// The same after the worker.
    pub(crate) ended: Value,
    /// What was sent to the queue.
    pub(crate) message: Value,
}

/// Everything that a function calls.
#[derive(Default)]
pub(crate) struct Stub {
    /// What was written is looked at.
    records: bool,
    recorded: Mutex<Recorded>,
    /// What is answered to AWS's operations, by their names.
    answers: BTreeMap<&'static str, Bytes>,
    calls: Mutex<BTreeMap<String, u64>>,
}

impl Stub {
    /// With the table of callers, and the row that each read finds.
    pub(crate) fn new(caller: &Value, row: &Value, records: bool) -> Arc<Self> {
        let item = json!({ "Item": row });
        let before = json!({ "Attributes": row });
        let answers = [
            ("Scan", json!({"Items": [caller], "Count": 1, "ScannedCount": 1})),
            ("PutItem", json!({})),
            ("GetItem", if row.is_null() { json!({}) } else { item }),
            ("UpdateItem", if row.is_null() { json!({}) } else { before }),
            ("Query", json!({"Items": entries(row), "Count": 1, "ScannedCount": 1})),
            (
                "SendMessage",
                json!({"MessageId": "8f5b3c1e-4a54-4a6e-9a59-0f1f6f7a2c11", "SequenceNumber": "18870000000000000000"}),
            ),
            ("ChangeMessageVisibility", json!({})),
            (
                "GetSecretValue",
                json!({"Name": "fineract", "SecretString": r#"{"username":"mifos","password":"password"}"#}),
            ),
        ];
        let text = |value: Value| Bytes::from(value.to_string());
        Arc::new(Self {
            records,
            recorded: Mutex::new(Recorded {
                accepted: row.clone(),
                ended: row.clone(),
                message: Value::Null,
            }),
            answers: answers.into_iter().map(|(name, value)| (name, text(value))).collect(),
            calls: Mutex::default(),
        })
    }

    /// What was written.
    pub(crate) fn recorded(&self) -> Recorded {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often what was called since the last time.
    pub(crate) fn take_calls(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut *self.calls())
    }

    fn count(&self, call: &str) {
        *self.calls().entry(call.to_owned()).or_default() += 1;
    }

    fn calls(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a call.
    pub(crate) fn answer(&self, head: &Parts, body: &Bytes) -> Response<Full<Bytes>> {
        let target = head.headers.get(TARGET).and_then(|value| value.to_str().ok());
        let Some(operation) = target.and_then(|target| target.rsplit('.').next()) else {
            if CONNECTING.contains(&head.uri.path()) {
                self.count("connection");
                return with(StatusCode::OK, Bytes::from_static(b"{}"));
            }
            self.count(FINERACT);
            return with(StatusCode::OK, Bytes::from_static(FINERACT_SAYS));
        };
        self.count(operation);
        if self.records {
            self.record(operation, body);
        }
        match self.answers.get(operation) {
            Some(answer) => with(StatusCode::OK, answer.clone()),
            None => with(StatusCode::BAD_REQUEST, Bytes::from_static(b"{}")),
        }
    }

    fn record(&self, operation: &str, body: &Bytes) {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        match operation {
            "PutItem" => recorded.accepted = body["Item"].clone(),
            "SendMessage" => recorded.message = body,
            "UpdateItem" => update(&mut recorded.ended, &body),
            _ => {}
        }
    }
}

/// The entry of an open row in the index.
fn entries(row: &Value) -> Value {
    let entry = |name: &str| (name.to_owned(), row[name].clone());
    match row.get("open_key") {
        Some(_) => json!([Value::from_iter(["id", "open_shard", "open_key"].map(entry))]),
        None => json!([]),
    }
}

/// Does the part of an UpdateItem that gives attributes a value or removes them.
fn update(item: &mut Value, request: &Value) {
    let Value::Object(item) = item else { return };
    let name = |alias: &str| request["ExpressionAttributeNames"][alias].as_str().map(str::to_owned);
    let expression = request["UpdateExpression"].as_str().unwrap_or_default();
    let (sets, removes) = expression.split_once(" REMOVE ").unwrap_or((expression, ""));
    for set in sets.trim_start_matches("SET ").split(", ") {
        if let Some((alias, value)) = set.split_once(" = ")
            && let (Some(name), Some(value)) = (name(alias), request["ExpressionAttributeValues"].get(value))
        {
            item.insert(name, value.clone());
        }
    }
    for name in removes.split(", ").filter_map(name) {
        item.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    #[test]
    fn calls_are_counted_by_what_is_called() {
        let stub = Stub::new(&Value::Null, &Value::Null, false);
        for (path, target, call) in [
            ("/", None, "connection"),
            ("/ping", None, "connection"),
            ("/", Some("AmazonSQS.SendMessage"), "SendMessage"),
            ("/", Some("DynamoDB_20120810.Scan"), "Scan"),
            ("/fineract-provider/api/v1/clients", None, "Fineract"),
        ] {
            let mut request = Request::get(path);
            if let Some(target) = target {
                request = request.header(TARGET, target);
            }
            let (head, ()) = request.body(()).unwrap().into_parts();
            stub.answer(&head, &Bytes::new());
            assert_eq!(stub.take_calls(), BTreeMap::from([(call.to_owned(), 1)]), "{path}");
        }
    }
}
