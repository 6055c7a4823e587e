//! The queue in memory: the twin that tests run on. It keeps what the gateway builds on in SQS: groups in order, one
//! message of a group at a time, deduplication, visibility, dead letters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use uuid::Uuid;

use super::{Error, Message, Queue, REMEMBERED, Received, deduplication_id};
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::subject::Subject;

/// Called before each call, by its name; an error stands for a call that did nothing.
pub type Hook = Box<dyn Fn(&'static str) -> Result<(), Error> + Send + Sync>;

/// What a queue is set to.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How long a message that was received stays hidden.
    pub visibility: Duration,
    /// How often a message is received before it becomes a dead letter.
    pub receives_max: u32,
    /// How long a message is kept.
    pub retention: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            visibility: Duration::from_secs(270),
            receives_max: 1_000,
            retention: Duration::from_secs(14 * 24 * 60 * 60),
        }
    }
}

/// A message that is stored.
struct Stored {
    number: u64,
    group: String,
    body: String,
    deduplication_id: String,
    sent_at: Timestamp,
    visible_at: Timestamp,
    receives: u32,
    receipt: String,
}

impl Stored {
    fn received(&self) -> Received {
        Received {
            body: self.body.clone(),
            message_id: format!("message-{}", self.number),
            receipt: self.receipt.clone(),
            sequence: Some(format!("{:020}", self.number)),
            group: Some(self.group.clone()),
            deduplication_id: Some(self.deduplication_id.clone()),
            receives: self.receives,
        }
    }

    fn hand_out(&mut self, until: Timestamp) -> Received {
        self.receives += 1;
        self.receipt = format!("receipt-{}.{}", self.number, self.receives);
        self.visible_at = until;
        self.received()
    }
}

#[derive(Default)]
struct Contents {
    /// In the order in which they were sent.
    messages: Vec<Stored>,
    last_number: u64,
    seen: HashMap<String, Timestamp>,
    put_off: Vec<Duration>,
    dead: Vec<String>,
    expired: Vec<String>,
}

/// Messages in memory.
pub struct MemoryQueue {
    contents: Mutex<Contents>,
    policy: Policy,
    clock: Arc<dyn Clock>,
    hook: Option<Hook>,
}

/// A queue for tests that hand messages over themselves: its time stands still.
impl Default for MemoryQueue {
    fn default() -> Self {
        Self::new(Arc::new(ManualClock::at(Timestamp::from_micros(0))), Policy::default())
    }
}

impl MemoryQueue {
    /// An empty queue by this clock.
    pub fn new(clock: Arc<dyn Clock>, policy: Policy) -> Self {
        Self {
            contents: Mutex::default(),
            policy,
            clock,
            hook: None,
        }
    }

    /// A queue whose calls go through a hook.
    pub fn with_hook(hook: Hook) -> Self {
        Self {
            hook: Some(hook),
            ..Self::default()
        }
    }

    /// Hands out the first message that can be had: visible, and the first of its group.
    pub fn receive(&self) -> Option<Received> {
        let now = self.clock.now();
        let mut contents = self.contents();
        contents.drop_expired(now, self.policy.retention);
        loop {
            let index = contents.first_visible(now)?;
            if contents.messages[index].receives < self.policy.receives_max {
                let until = now.after(self.policy.visibility);
                return Some(contents.messages[index].hand_out(until));
            }
            let dead = contents.messages.remove(index);
            contents.dead.push(dead.body);
        }
    }

    /// Removes a message that was received, if it is still hidden.
    pub fn delete(&self, receipt: &str) -> Result<(), Error> {
        let now = self.clock.now();
        let mut contents = self.contents();
        let index = contents
            .in_flight(receipt, now)
            .ok_or_else(|| not_in_flight("delete"))?;
        contents.messages.remove(index);
        Ok(())
    }

    /// When the next message can be had, if nothing changes before.
    pub fn next_visible(&self) -> Option<Timestamp> {
        let contents = self.contents();
        contents.heads().map(|index| contents.messages[index].visible_at).min()
    }

    /// Loses every message about an operation; tells whether there was one.
    pub fn lose(&self, id: Uuid) -> bool {
        let body = Message::about(id).body();
        let mut contents = self.contents();
        let before = contents.messages.len();
        contents.messages.retain(|message| message.body != body);
        contents.messages.len() < before
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.contents().messages.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands out the messages that were never received, whatever stands before them.
    pub fn take(&self) -> Vec<Received> {
        let until = self.clock.now().after(self.policy.visibility);
        let mut contents = self.contents();
        let new = contents.messages.iter_mut().filter(|message| message.receives == 0);
        new.map(|message| message.hand_out(until)).collect()
    }

    /// The waits for which messages were put off.
    pub fn put_off_for(&self) -> Vec<Duration> {
        self.contents().put_off.clone()
    }

    /// The bodies of the messages that were kept too long.
    pub fn expired(&self) -> Vec<String> {
        self.contents().expired.clone()
    }

    /// The bodies of the dead letters.
    pub fn dead_letters(&self) -> Vec<String> {
        self.contents().dead.clone()
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hook(&self, name: &'static str) -> Result<(), Error> {
        self.hook.as_ref().map_or(Ok(()), |hook| hook(name))
    }
}

impl Contents {
    /// The first message of each group.
    fn heads(&self) -> impl Iterator<Item = usize> {
        let mut groups = Vec::new();
        self.messages.iter().enumerate().filter_map(move |(index, message)| {
            let first = !groups.contains(&&message.group);
            groups.push(&message.group);
            first.then_some(index)
        })
    }

    fn first_visible(&self, now: Timestamp) -> Option<usize> {
        self.heads().find(|index| self.messages[*index].visible_at <= now)
    }

    /// Whether nothing was sent under this key in the time that SQS remembers; from now on something was.
    fn is_new(&mut self, key: String, now: Timestamp) -> bool {
        let seen = self.seen.get(&key).is_some_and(|at| now.since(*at) < REMEMBERED);
        if !seen {
            self.seen.insert(key, now);
        }
        !seen
    }

    fn in_flight(&self, receipt: &str, now: Timestamp) -> Option<usize> {
        self.messages
            .iter()
            .position(|message| message.receipt == receipt && message.visible_at > now)
    }

    fn drop_expired(&mut self, now: Timestamp, retention: Duration) {
        let (kept, expired) = std::mem::take(&mut self.messages)
            .into_iter()
            .partition(|message| now.since(message.sent_at) < retention);
        self.messages = kept;
        let expired: Vec<Stored> = expired;
        self.expired.extend(expired.into_iter().map(|message| message.body));
    }
}

fn not_in_flight(what: &'static str) -> Error {
    Error::new(what, "the receipt is not that of a message in flight")
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn send(&self, id: Uuid, subject: &Subject, sends: u32) -> Result<(), Error> {
        self.hook("send")?;
        let now = self.clock.now();
        let (group, deduplication_id) = (subject.group(), deduplication_id(id, sends));
        let mut contents = self.contents();
        if !contents.is_new(format!("{group} {deduplication_id}"), now) {
            return Ok(());
        }
        contents.last_number += 1;
        let number = contents.last_number;
        contents.messages.push(Stored {
            number,
            group,
            body: Message::about(id).body(),
            deduplication_id,
            sent_at: now,
            visible_at: now,
            receives: 0,
            receipt: String::new(),
        });
        Ok(())
    }

    async fn put_off(&self, receipt: &str, wait: Duration) -> Result<(), Error> {
        self.hook("put_off")?;
        let now = self.clock.now();
        let mut contents = self.contents();
        contents.put_off.push(wait);
        let index = contents
            .in_flight(receipt, now)
            .ok_or_else(|| not_in_flight("put off"))?;
        // SQS counts whole seconds.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        contents.messages[index].visible_at = now.after(Duration::from_secs(seconds));
        Ok(())
    }

    async fn bury(&self, message: &Received) -> Result<(), Error> {
        self.hook("bury")?;
        let now = self.clock.now();
        let mut contents = self.contents();
        // A group and a deduplication id of its own, in a queue of its own.
        if contents.is_new(format!("dead {}", message.message_id), now) {
            contents.dead.push(message.body.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
