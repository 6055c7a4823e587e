//! The queue in SQS.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use uuid::Uuid;

use crate::queue::{DeadLetters, Error, Message, Queue, Received, deduplication_id};
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

/// Most dead letters that are received at once.
const LETTERS_MAX: i32 = 10;
/// How long they are nobody else's.
const LETTERS_TIME_S: i32 = 120;

/// The dead-letter queue, as an operator reaches it.
#[derive(Clone, Debug)]
pub struct SqsDeadLetters {
    client: Client,
    url: String,
}

impl SqsDeadLetters {
    /// The queue at this URL.
    pub fn new(config: &aws_config::SdkConfig, url: impl Into<String>) -> Self {
        Self {
            client: Client::new(config),
            url: url.into(),
        }
    }
}

#[async_trait]
impl DeadLetters for SqsDeadLetters {
    async fn receive(&self) -> Result<Vec<Received>, Error> {
        let request = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(LETTERS_MAX)
            .visibility_timeout(LETTERS_TIME_S)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        let answer = request
            .send()
            .await
            .map_err(|error| Error::new("receive dead letters", error))?;
        let messages = answer.messages.unwrap_or_default().into_iter();
        let received = messages.filter_map(|message| {
            let attributes = message.attributes.unwrap_or_default().into_iter();
            let attributes = attributes
                .map(|(name, value)| (name.as_str().to_owned(), value))
                .collect();
            let (id, receipt) = (message.message_id?, message.receipt_handle?);
            Some(Received::new(
                message.body.unwrap_or_default(),
                id,
                receipt,
                &attributes,
            ))
        });
        Ok(received.collect())
    }

    async fn delete(&self, receipt: &str) -> Result<(), Error> {
        let request = self
            .client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(receipt);
        let answer = request.send().await;
        answer
            .map(drop)
            .map_err(|error| Error::new("delete a dead letter", error))
    }
}
