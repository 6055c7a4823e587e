//! What the platform hands to the functions: recorded events, completed with what belongs together.

use hyper::body::Bytes;
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
    let body = json!(text("MessageBody")).to_string();
    let event = WORKER.replace("{message_body}", body.trim_matches('"'));
    let event = event.replace("{message_group}", text("MessageGroupId"));
    Bytes::from(event.replace("{message_deduplication}", text("MessageDeduplicationId")))
}

/// The item of the caller with that token.
pub(crate) fn caller() -> Value {
    json!({"id": {"S": "los"}, "name": {"S": "los"}, "salt": {"S": "01".repeat(32)},
        "operations": {"L": [{"S": "*"}]},
        "tokens": {"L": [{"M": {"sha256": {"S": TOKEN_SHA256}, "expires_at": {"N": "4102444800"}}}]}})
}
