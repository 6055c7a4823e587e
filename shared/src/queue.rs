//! The port to the queue. A message carries a version and an id, nothing else.

pub mod letters;
pub mod memory;

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::row::Row;
use crate::subject::Subject;

/// The form of messages.
pub const MESSAGE_VERSION: u32 = 1;

/// The queue did not answer, or it is not known whether the message was stored.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not answer: {what}")]
pub struct Error {
    /// What was tried.
    pub what: &'static str,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Error {
    /// A failure of what was tried.
    pub fn new(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            what,
            source: source.into(),
        }
    }
}

/// The body of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The form.
    pub version: u32,
    /// The operation.
    pub id: Uuid,
}

impl Message {
    /// The body of a message about an operation.
    pub fn about(id: Uuid) -> Self {
        Self {
            version: MESSAGE_VERSION,
            id,
        }
    }

    /// Its body.
    pub fn body(self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Reads a body.
    pub fn read(body: &str) -> Option<Self> {
        serde_json::from_str(body)
            .ok()
            .filter(|message: &Self| message.version == MESSAGE_VERSION)
    }
}

/// A message that was received.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its body, as it came.
    pub body: String,
    /// The queue's id of it.
    pub message_id: String,
    /// The handle for what is done with it.
    pub receipt: String,
    /// Its place in the queue's order.
    pub sequence: Option<String>,
    /// The message group, which is that of the operation's subject.
    pub group: Option<String>,
    /// `<uuid>.<sends>`: tells the original message from one that was sent again.
    pub deduplication_id: Option<String>,
    /// How often it was received.
    pub receives: u32,
}

impl Received {
    /// A message with what the queue says about it in its attributes, by SQS's names.
    pub fn new(body: String, message_id: String, receipt: String, attributes: &HashMap<String, String>) -> Self {
        let attribute = |name: &str| attributes.get(name).cloned();
        Self {
            body,
            message_id,
            receipt,
            sequence: attribute("SequenceNumber"),
            group: attribute("MessageGroupId"),
            deduplication_id: attribute("MessageDeduplicationId"),
            receives: attribute("ApproximateReceiveCount")
                .and_then(|count| count.parse().ok())
                .unwrap_or(1),
        }
    }

    /// The queue's sequence number, if this is the operation's original message.
    pub fn original_sequence(&self, id: Uuid) -> Option<&str> {
        let original = self.deduplication_id.as_deref() == Some(deduplication_id(id, 0).as_str());
        self.sequence.as_deref().filter(|_| original)
    }
}

/// How long the queue knows a message by its deduplication id.
pub const REMEMBERED: Duration = Duration::from_secs(5 * 60);
/// Stands for the count of sendings in a message that a caller's repeat sends when the queue may have forgotten the
/// original one: its place in the queue is not the operation's.
pub const REPEATED: u32 = u32::MAX;

/// What keeps one sending of one operation from being queued twice.
pub fn deduplication_id(id: Uuid, sends: u32) -> String {
    format!("{}.{sends}", id.hyphenated())
}

/// The queue.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Sends a message in the group of its subject. Sending twice with the same `sends` stores one message.
    async fn send(&self, id: Uuid, subject: &Subject, sends: u32) -> Result<(), Error>;

    /// Makes a message that was received come back after `wait`.
    async fn put_off(&self, receipt: &str, wait: Duration) -> Result<(), Error>;

    /// Moves a message that nobody can read to the dead-letter queue.
    async fn bury(&self, message: &Received) -> Result<(), Error>;
}

/// The dead letters, as an operator reaches them.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Some of them; for a while nobody else gets these.
    async fn receive(&self) -> Result<Vec<Received>, Error>;

    /// Removes one that was received.
    async fn delete(&self, receipt: &str) -> Result<(), Error>;
}

/// Sends an operation's message as often as its row says that it was sent.
pub async fn send(queue: &dyn Queue, row: &Row) -> Result<(), Error> {
    queue.send(row.id, &row.subject, row.sends).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_a_version_and_an_id() {
        let id = Uuid::from_u128(7);
        let body = Message::about(id).body();
        assert_eq!(body, r#"{"version":1,"id":"00000000-0000-0000-0000-000000000007"}"#);
        assert_eq!(Message::read(&body), Some(Message::about(id)));
        for other in ["", "{}", &body.replace(":1,", ":2,"), &body.replace('}', ",\"x\":1}")] {
            assert_eq!(Message::read(other), None, "{other}");
        }
    }
}
