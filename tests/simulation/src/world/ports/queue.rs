//! The queue, with calls that fail, answers that get lost, and messages that come late.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gateway::queue::{Error, Queue, Received};
use gateway::subject::Subject;
use tokio::time::sleep;
use uuid::Uuid;

use super::Ports;
use crate::world::fate::Blow;
use crate::world::faults::Fault;
use crate::world::sabotage::Sabotage;

fn failed(name: &'static str) -> Error {
    Error::new(name, "the queue did not answer")
}

impl Ports {
    async fn begin(&self, name: &str, sends: bool) -> (Option<Blow>, Option<Fault>) {
        let blow = self.fate.before().await;
        sleep(self.world.dice.millis(2, 20)).await;
        let fault = match blow {
            Some(Blow::FailBefore) => Some(Fault::QueueCallFails),
            Some(Blow::FailAfter) => Some(Fault::QueueAnswerLost),
            Some(_) => None,
            None => self
                .world
                .strike(if sends { &Fault::QUEUE[..3] } else { &Fault::QUEUE[..2] }),
        };
        if let Some(fault) = fault {
            self.line(|| format!("queue: {name} · {fault:?}"));
        }
        (blow, fault)
    }

    /// Removes a message that is done with.
    pub(in crate::world) async fn delete(&self, message: &Received) -> Result<(), Error> {
        let (blow, fault) = self.begin("delete", false).await;
        let done = match fault {
            Some(Fault::QueueCallFails) => Err(failed("delete")),
            Some(_) => self
                .world
                .queue
                .delete(&message.receipt)
                .and_then(|()| Err(failed("delete"))),
            None => self.world.queue.delete(&message.receipt),
        };
        self.world.arrived.notify_waiters();
        self.fate.after(blow).await;
        done
    }
}

#[async_trait]
impl Queue for Ports {
    async fn send(&self, id: Uuid, subject: &Subject, sends: u32) -> Result<(), Error> {
        if self.actor == "sweep" {
            self.world.journal.swept(id, self.world.clock.age());
        }
        if self.world.sabotage == Some(Sabotage::AcceptBeforeSend) {
            let (world, subject) = (Arc::clone(&self.world), subject.clone());
            tokio::spawn(async move {
                sleep(Duration::from_millis(100)).await;
                if world.strike(&[Fault::QueueCallFails]).is_none() {
                    world.store_message(id, &subject, sends).await.ok();
                }
            });
            return Ok(());
        }
        let (blow, fault) = self.begin("send", true).await;
        let done = match fault {
            Some(Fault::QueueCallFails) => Err(failed("send")),
            Some(Fault::QueueSendLate) => {
                let (world, subject, after) =
                    (Arc::clone(&self.world), subject.clone(), self.world.dice.seconds(2, 20));
                tokio::spawn(async move {
                    sleep(after).await;
                    world.store_message(id, &subject, sends).await.ok();
                    world.weather.noticed(world.clock.age());
                });
                sleep(self.world.dice.seconds(1, 7)).await;
                Err(failed("send"))
            }
            Some(_) => {
                self.world.store_message(id, subject, sends).await?;
                Err(failed("send"))
            }
            None => self.world.store_message(id, subject, sends).await,
        };
        if blow == Some(Blow::Twice) {
            self.world.store_message(id, subject, sends).await?;
        }
        self.line(|| {
            format!(
                "queue: send {id} ({sends}) → {}",
                if done.is_ok() { "done" } else { "no answer" }
            )
        });
        self.fate.after(blow).await;
        done
    }

    async fn put_off(&self, receipt: &str, wait: Duration) -> Result<(), Error> {
        let (blow, fault) = self.begin("put off", false).await;
        let done = match fault {
            Some(Fault::QueueCallFails) => Err(failed("put off")),
            Some(_) => {
                self.world.queue.put_off(receipt, wait).await?;
                Err(failed("put off"))
            }
            None => self.world.queue.put_off(receipt, wait).await,
        };
        self.line(|| format!("queue: put off for {wait:?}"));
        self.world.arrived.notify_waiters();
        self.fate.after(blow).await;
        done
    }

    async fn bury(&self, message: &Received) -> Result<(), Error> {
        let (blow, fault) = self.begin("bury", false).await;
        if fault == Some(Fault::QueueCallFails) {
            return Err(failed("bury"));
        }
        let done = self.world.queue.bury(message).await;
        self.fate.after(blow).await;
        done
    }
}
