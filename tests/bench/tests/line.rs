//! The queue: messages wait in their groups, and a group is free while none of its messages is in flight.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use gateway::queue::{Error, Message, Queue, Received, deduplication_id};
use gateway::subject::Subject;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::table::Tally;

/// How long a receipt handle of SQS's is, about; it may have 1,024 characters.
const RECEIPT_LENGTH: usize = 412;

/// A queue in which handing out takes the same time however many messages wait.
#[derive(Default)]
pub(crate) struct Line {
    pub(crate) tally: Tally,
    /// The bodies of all messages that were sent.
    pub(crate) bodies: Mutex<Vec<String>>,
    groups: Mutex<Groups>,
    free: Notify,
}

#[derive(Default)]
struct Groups {
    waiting: HashMap<String, VecDeque<Received>>,
    free: VecDeque<String>,
    sent: u64,
}

impl Line {
    /// The next message of a free group, with its group.
    pub(crate) async fn receive(&self) -> (String, Received) {
        loop {
            let free = self.free.notified();
            if let Some(taken) = self.take() {
                return taken;
            }
            free.await;
        }
    }

    /// The same, if there is one.
    pub(crate) fn take(&self) -> Option<(String, Received)> {
        let mut groups = self.groups.lock().unwrap();
        let group = groups.free.pop_front()?;
        let message = groups.waiting.get_mut(&group)?.front()?.clone();
        self.tally.count("receive");
        Some((group, message))
    }

    /// The message in flight is done with.
    pub(crate) fn delete(&self, group: &str) {
        self.tally.count("delete");
        let mut groups = self.groups.lock().unwrap();
        let rest = groups.waiting.get_mut(group).map(|messages| {
            messages.pop_front();
            messages.len()
        });
        match rest {
            Some(0) | None => {
                groups.waiting.remove(group);
            }
            Some(_) => {
                groups.free.push_back(group.to_owned());
                self.free.notify_one();
            }
        }
    }
}

#[async_trait]
impl Queue for Line {
    async fn send(&self, id: Uuid, subject: &Subject, sends: u32) -> Result<(), Error> {
        self.tally.count("send");
        let mut groups = self.groups.lock().unwrap();
        groups.sent += 1;
        let (number, group) = (groups.sent, subject.group());
        let body = Message::about(id).body();
        self.bodies.lock().unwrap().push(body.clone());
        let message = Received {
            body,
            message_id: format!("message-{number}"),
            receipt: format!("{number:0RECEIPT_LENGTH$}"),
            sequence: Some(format!("{number:020}")),
            group: Some(group.clone()),
            deduplication_id: Some(deduplication_id(id, sends)),
            receives: 1,
        };
        let messages = groups.waiting.entry(group.clone()).or_default();
        messages.push_back(message);
        if messages.len() == 1 {
            groups.free.push_back(group);
            self.free.notify_one();
        }
        Ok(())
    }

    async fn put_off(&self, _: &str, _: Duration) -> Result<(), Error> {
        self.tally.count("put_off");
        Ok(())
    }

    async fn bury(&self, _: &Received) -> Result<(), Error> {
        self.tally.count("bury");
        Ok(())
    }
}
