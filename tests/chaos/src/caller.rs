//! Callers: each asks for the operations of one life, in their order, and keeps what it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use local::Stack;
use local::api::{Answer, Api};
use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::time::sleep;

use crate::bank::Bank;
use crate::judge::{Kind, Wrong};
use crate::ledger::Ledger;
use crate::life::{Life, Operation};
use crate::tally::{Mishap, Tally};

const KEY_HEADER: &str = "Idempotency-Key";
const REPLAYED_HEADER: &str = "idempotent-replayed";
const PAUSE: Duration = Duration::from_secs(1);
const FIRST_POLL: Duration = Duration::from_millis(500);
const SLOWEST_POLL: Duration = Duration::from_secs(2);

/// What every caller has.
pub struct Place {
    /// The gateway, and what it runs on.
    pub stack: Arc<Stack>,
    /// The gateway, as callers see it.
    pub api: Api,
    /// The truth.
    pub bank: Bank,
    /// What went wrong on purpose.
    pub tally: Arc<Tally>,
    /// When everything must have ended.
    pub deadline: Instant,
    /// How many have ended.
    pub ended: AtomicUsize,
}

/// An operation that was accepted, and what became of it.
#[derive(Clone, Debug)]
pub struct Story {
    /// What was asked for.
    pub operation: Operation,
    /// What the 202 said.
    pub tracking_id: String,
    /// The final answer of track, if it came.
    pub end: Option<Value>,
}

/// A life as its caller saw it.
#[derive(Debug)]
pub struct Lived {
    /// What was asked for.
    pub life: Life,
    /// What was accepted, in order.
    pub stories: Vec<Story>,
    /// What was wrong with answers.
    pub wrongs: Vec<Wrong>,
}

impl Story {
    /// Whether it was told as a success.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end["status"] == "success")
    }

    /// The bare UUID of its tracking id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.tracking_id.split_once('|').map_or("", |(_, id)| id)
    }
}

impl Place {
    /// Lives a life: asks for each operation, and awaits all ends.
    pub async fn live(&self, life: Life) -> Lived {
        let mut lived = Lived {
            stories: Vec::new(),
            wrongs: Vec::new(),
            life,
        };
        let mut ledger = Ledger::default();
        for operation in lived.life.operations.clone() {
            let tracking_id = match self.accept(&operation).await {
                Ok(tracking_id) => tracking_id,
                Err(text) => {
                    lived.wrongs.push(Wrong::new(Kind::Unanswered, text));
                    break;
                }
            };
            lived.wrongs.extend(self.again(&operation, &tracking_id).await);
            let mut story = Story {
                operation,
                tracking_id,
                end: None,
            };
            if lived.life.patient {
                self.end(&mut story, &mut lived.wrongs).await;
                if story.succeeded() {
                    ledger.apply(&story.operation.change);
                }
                lived.wrongs.extend(self.look(&lived.life, &story, &ledger).await);
            }
            lived.stories.push(story);
        }
        for story in lived.stories.iter_mut().filter(|_| !lived.life.patient) {
            self.end(story, &mut lived.wrongs).await;
        }
        lived
    }

    /// Asks track once more: a final answer never changes.
    pub async fn confirm(&self, lived: &Lived) -> Vec<Wrong> {
        let mut wrongs = Vec::new();
        for story in &lived.stories {
            let again = self.api.track(&story.tracking_id).await.ok().map(|answer| answer.body);
            if story.end.is_some() && again != story.end {
                let text = format!("{}: {:?} became {again:?}", story.tracking_id, story.end);
                wrongs.push(Wrong::new(Kind::Untrue, text));
            }
        }
        wrongs
    }

    /// Whether Fineract shows, right after an end, what was told so far; nothing else is open on the life.
    async fn look(&self, life: &Life, story: &Story, ledger: &Ledger) -> Option<Wrong> {
        story.end.as_ref()?;
        let text = match self.bank.ledger(life).await {
            Ok(shown) if shown == *ledger => return None,
            Ok(shown) => format!("right after its end Fineract shows {shown:?}, and was told to have {ledger:?}"),
            Err(error) => format!("right after its end: {error}"),
        };
        Some(Wrong::new(Kind::Untrue, format!("{}: {text}", story.tracking_id)))
    }

    /// Posts until the operation is accepted; gives its tracking id.
    async fn accept(&self, operation: &Operation) -> Result<String, String> {
        let name = operation.change.operation();
        loop {
            let answer = self.post(operation).await;
            let why = match &answer {
                Ok(answer) if answer.status == 202 => return Ok(tracking_id(answer)),
                Ok(answer) if answer.body["code"] == "outcome-unknown" => {
                    let tracking_id = tracking_id(answer);
                    match self.polled(&tracking_id).await {
                        // Nothing was stored, or it was taken back after all.
                        Ok(None) => {}
                        Ok(Some(end)) if end["state"] == "cancelled" => {}
                        Ok(Some(_)) => return Ok(tracking_id),
                        Err(text) => return Err(text),
                    }
                    answer.text.clone()
                }
                Ok(answer) if answer.status == 503 => answer.text.clone(),
                Ok(answer) => return Err(format!("{name} was answered {}: {}", answer.status, answer.text)),
                Err(error) if operation.key.is_some() => error.to_string(),
                Err(error) => return Err(format!("{name} without a key was not answered: {error}")),
            };
            if Instant::now() > self.deadline {
                return Err(format!("{name} was never accepted: {why}"));
            }
            sleep(PAUSE).await;
        }
    }

    /// Repeats the request of an operation that was accepted, if it is to be.
    async fn again(&self, operation: &Operation, id: &str) -> Option<Wrong> {
        if !operation.repeated {
            return None;
        }
        // No answer, or 503, says nothing.
        let answer = self.post(operation).await.ok().filter(|answer| answer.status != 503)?;
        self.tally.add(Mishap::Repeated, 1);
        let same = answer.status == 202 && tracking_id(&answer) == id && replayed(&answer.headers);
        (!same).then(|| {
            let text = format!("{id} was repeated and answered {}: {}", answer.status, answer.text);
            Wrong::new(Kind::Repeated, text)
        })
    }

    async fn post(&self, operation: &Operation) -> Result<Answer, local::Error> {
        let mut request = self.api.post().body(operation.request.to_string());
        if let Some(key) = &operation.key {
            request = request.header(KEY_HEADER, key);
        }
        self.api.send(request).await
    }

    /// Awaits the final answer; an operation without one is lost.
    async fn end(&self, story: &mut Story, wrongs: &mut Vec<Wrong>) {
        let text = match self.polled(&story.tracking_id).await {
            Ok(Some(end)) => {
                self.ended.fetch_add(1, Ordering::Relaxed);
                story.end = Some(end);
                return;
            }
            Ok(None) => format!("{} got a 202 and is unknown", story.tracking_id),
            Err(text) => text,
        };
        wrongs.push(Wrong::new(Kind::Lost, text));
    }

    /// Polls track for the final answer; nothing, if the operation is unknown.
    async fn polled(&self, tracking_id: &str) -> Result<Option<Value>, String> {
        let mut pause = FIRST_POLL;
        loop {
            let answer = self.api.track(tracking_id).await;
            match &answer {
                Ok(answer) if answer.status == 404 => return Ok(None),
                Ok(answer) if answer.status == 200 && answer.body["status"] != "processing" => {
                    return Ok(Some(answer.body.clone()));
                }
                answer if Instant::now() > self.deadline => {
                    let last = answer.as_ref().map(|answer| &answer.text);
                    return Err(format!("{tracking_id} has not ended: {last:?}"));
                }
                // It is open, or the answer is no verdict.
                Ok(_) | Err(_) => sleep(pause).await,
            }
            pause = SLOWEST_POLL.min(pause * 2);
        }
    }
}

fn tracking_id(answer: &Answer) -> String {
    answer.body["tracking_id"].as_str().unwrap_or_default().to_owned()
}

fn replayed(headers: &HeaderMap) -> bool {
    headers.get(REPLAYED_HEADER).is_some_and(|value| value == "true")
}
