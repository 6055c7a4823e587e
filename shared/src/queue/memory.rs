//! The queue in memory: the twin that tests run on.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Error, Message, Queue, Received, deduplication_id};
use crate::subject::Subject;

/// Called before each call, by its name; an error stands for a call that did nothing.
pub type Hook = Box<dyn Fn(&'static str) -> Result<(), Error> + Send + Sync>;

#[derive(Default)]
struct Contents {
    sent: Vec<Received>,
    seen: HashSet<String>,
    put_off: Vec<(String, Duration)>,
    buried: Vec<String>,
}

/// Messages in memory.
#[derive(Default)]
pub struct MemoryQueue {
    contents: Mutex<Contents>,
    hook: Option<Hook>,
}

impl MemoryQueue {
    /// A queue whose calls go through a hook.
    pub fn with_hook(hook: Hook) -> Self {
        Self {
            contents: Mutex::default(),
            hook: Some(hook),
        }
    }

    /// Takes the messages that were sent since the last time.
    pub fn take(&self) -> Vec<Received> {
        self.with(|contents| std::mem::take(&mut contents.sent))
    }

    /// The waits of the messages that were put off, in their order.
    pub fn put_off_for(&self) -> Vec<Duration> {
        self.with(|contents| contents.put_off.iter().map(|(_, wait)| *wait).collect())
    }

    /// The bodies of the messages that were moved to the dead letters.
    pub fn buried(&self) -> Vec<String> {
        self.with(|contents| contents.buried.clone())
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Contents) -> T) -> T {
        use_it(&mut self.contents.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hook(&self, name: &'static str) -> Result<(), Error> {
        self.hook.as_ref().map_or(Ok(()), |hook| hook(name))
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn send(&self, id: Uuid, _: &Subject, sends: u32) -> Result<(), Error> {
        self.hook("send")?;
        let deduplication_id = deduplication_id(id, sends);
        let body = serde_json::to_string(&Message::about(id)).map_err(|error| Error::new("send", error))?;
        self.with(|contents| {
            if contents.seen.insert(deduplication_id.clone()) {
                let number = contents.seen.len();
                contents.sent.push(Received {
                    body,
                    message_id: format!("message-{number}"),
                    receipt: format!("receipt-{number}"),
                    sequence: Some(format!("{number:020}")),
                    deduplication_id: Some(deduplication_id),
                    receives: 1,
                });
            }
        });
        Ok(())
    }

    async fn put_off(&self, receipt: &str, wait: Duration) -> Result<(), Error> {
        self.hook("put_off")?;
        self.with(|contents| contents.put_off.push((receipt.to_owned(), wait)));
        Ok(())
    }

    async fn bury(&self, message: &Received) -> Result<(), Error> {
        self.hook("bury")?;
        self.with(|contents| contents.buried.push(message.body.clone()));
        Ok(())
    }
}
