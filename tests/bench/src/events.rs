//! What the platform hands to the functions: events written after AWS's documentation, completed with what belongs together.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use hyper::body::Bytes;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::stub::Recorded;

/// The caller's token.
pub(crate) const TOKEN: &str = "a-token-of-43-characters-as-the-gateway-has";
/// Its SHA-256.
const TOKEN_SHA256: &str = "5b11decc1f641a0beabb7d9b0001257ee8f7cc8a415a1dc9331708201033c07d";
const OPERATE: &str = include_str!("../events/operate.json");
const STATUS: &str = include_str!("../events/status.json");
const WORKER: &str = include_str!("../events/worker.json");

/// An event for operate: a POST.
pub(crate) fn operate() -> Bytes {
    Bytes::from(OPERATE.replace("{token}", TOKEN))
}

/// An event for status: a GET about the recorded operation.
pub(crate) fn status(recorded: &Recorded) -> Bytes {
    let text = |name: &str| recorded.accepted[name]["S"].as_str().unwrap_or_default();
    let (operation, id) = (text("operation"), text("id"));
    let event = STATUS.replace("{token}", TOKEN);
    let event = event.replace("{tracking_id_in_path}", &format!("{operation}%7C{id}"));
    Bytes::from(event.replace("{tracking_id_given}", &format!("{operation}|{id}")))
}

/// An event for the worker: the message about the recorded operation.
pub(crate) fn worker(recorded: &Recorded) -> Bytes {
    let text = |name: &str| recorded.message[name].as_str().unwrap_or_default();
    // A body is a text in the event: its quotes are escaped.
    let quoted = json!(text("MessageBody")).to_string();
    let event = WORKER.replace("{message_body}", quoted.trim_matches('"'));
    let event = event.replace("{md5_of_body}", &md5(text("MessageBody")));
    let event = event.replace("{message_group}", text("MessageGroupId"));
    Bytes::from(event.replace("{message_deduplication}", text("MessageDeduplicationId")))
}

/// In lower-case hexadecimal digits, as SQS gives it.
fn md5(text: &str) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The item of the caller with that token.
pub(crate) fn caller() -> Value {
    json!({"id": {"S": "los"}, "name": {"S": "los"}, "salt": {"S": "01".repeat(32)},
        "operations": {"L": [{"S": "*"}]},
        "tokens": {"L": [{"M": {"sha256": {"S": TOKEN_SHA256}, "expires_at": {"N": "4102444800"}}}]}})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long a receipt handle of SQS's is, about, as on the page of costs.
    const RECEIPT_LENGTH: usize = 412;

    #[test]
    fn lengths_and_checksums_are_those_of_the_bodies() {
        let event: Value = serde_json::from_slice(&operate()).unwrap();
        let length = event["body"].as_str().unwrap().len().to_string();
        assert_eq!(event["headers"]["content-length"], length.as_str());

        let body = r#"{"version":1,"id":"hello"}"#;
        let recorded = Recorded {
            message: json!({"MessageBody": body, "MessageGroupId": "group", "MessageDeduplicationId": "d"}),
            ..Recorded::default()
        };
        let event: Value = serde_json::from_slice(&worker(&recorded)).unwrap();
        let message = &event["Records"][0];
        assert_eq!(message["body"], body);
        assert_eq!(message["md5OfBody"], "43281e9a2145e15dc6005d4b19fa312b");
        assert_eq!(message["attributes"]["MessageGroupId"], "group");
        assert_eq!(message["receiptHandle"].as_str().unwrap().len(), RECEIPT_LENGTH);
    }
}
