//! The queue in SQS.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use uuid::Uuid;

use crate::queue::{Error, Message, Queue, Received, deduplication_id};
use crate::subject::Subject;

/// The FIFO queue, and where unreadable messages go.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
    dead_letter_url: Option<String>,
}

impl SqsQueue {
    /// The queue at this URL.
    pub fn new(config: &aws_config::SdkConfig, url: impl Into<String>, dead_letter_url: Option<String>) -> Self {
        Self {
            client: Client::new(config),
            url: url.into(),
            dead_letter_url,
        }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, id: Uuid, subject: &Subject, sends: u32) -> Result<(), Error> {
        let request = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(Message::about(id).body())
            .message_group_id(subject.group())
            .message_deduplication_id(deduplication_id(id, sends));
        request
            .send()
            .await
            .map(drop)
            .map_err(|error| Error::new("send", error))
    }

    async fn put_off(&self, receipt: &str, wait: Duration) -> Result<(), Error> {
        // Rounded up: a message that comes back too early finds its operation not due and goes round once more.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let request = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX));
        request
            .send()
            .await
            .map(drop)
            .map_err(|error| Error::new("put off", error))
    }

    async fn bury(&self, message: &Received) -> Result<(), Error> {
        let Some(url) = &self.dead_letter_url else {
            return Err(Error::new("bury", "no dead-letter queue is configured"));
        };
        let request = self
            .client
            .send_message()
            .queue_url(url)
            .message_body(&message.body)
            .message_group_id(&message.message_id)
            .message_deduplication_id(&message.message_id);
        request
            .send()
            .await
            .map(drop)
            .map_err(|error| Error::new("bury", error))
    }
}
