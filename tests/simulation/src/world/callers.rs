//! Loan origination systems: each brings a borrower and a loan through their life, patiently or not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gateway::callers::Caller;
use gateway::problem::POLL_AFTER_SECONDS;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::World;
use super::fate::Fate;
use super::journal::{Post, Told};
use super::life::{Life, Task};

/// How often a caller sends a request that gets no answer.
const SENDS_MAX: u32 = 200;
/// How long a caller polls before it gives up.
const PATIENCE: Duration = Duration::from_secs(40 * 24 * 60 * 60);
/// After how long another caller services a loan that its own caller still brings there.
const SERVICED_AFTER: (u64, u64) = (30, 10 * 60);

/// A caller and its ways.
pub(super) struct Borrower {
    world: Arc<World>,
    caller: Caller,
    name: String,
    client: String,
    loan: String,
    /// Awaits the result of each operation before the next; else only its 202.
    patient: bool,
    /// How often it sends a key, in a thousand times.
    keyed: u32,
    /// Only services a loan that another caller brings there.
    services: bool,
    posts: u32,
    /// The operations that paid under a UTR.
    paid: BTreeMap<String, String>,
}

/// The caller that all borrowers of a world share.
pub(super) fn caller() -> Caller {
    Caller {
        id: "los".to_owned(),
        name: "los".to_owned(),
        salt: vec![7; 32],
        tokens: Vec::new(),
        operations: vec!["*".to_owned()],
    }
}

impl Borrower {
    /// The borrower of this number, as chance has it.
    pub(super) fn new(world: &Arc<World>, number: u32) -> Self {
        let dice = &world.dice;
        Self {
            world: Arc::clone(world),
            caller: caller(),
            name: format!("los {number}"),
            client: format!("C-{number}"),
            loan: format!("L-{number}"),
            patient: dice.falls(500),
            keyed: *dice.pick(&[0, 500, 1_000]),
            services: false,
            posts: 0,
            paid: BTreeMap::new(),
        }
    }

    /// Another caller that works on the same client and loan at the same time.
    pub(super) fn rival(&self, number: u32) -> Self {
        self.world.journal.disturb(&self.client, "two callers");
        self.world.journal.disturb(&self.loan, "two callers");
        Self {
            client: self.client.clone(),
            loan: self.loan.clone(),
            services: self.world.dice.falls(500),
            ..Self::new(&self.world, number)
        }
    }

    /// The whole life.
    pub(super) async fn live(mut self) {
        let dice = Arc::clone(&self.world);
        let dice = &dice.dice;
        sleep(dice.seconds(0, 60)).await;
        if self.services {
            sleep(dice.seconds(SERVICED_AFTER.0, SERVICED_AFTER.1)).await;
        }
        for task in self.tasks() {
            let subject = task.subject.clone();
            let Some(task) = self.ready(task).await else {
                continue;
            };
            let utr = task.data["utr_payment_id"].as_str().map(str::to_owned);
            let Some(tracking_id) = self.submit(task).await else {
                return;
            };
            if let Some(utr) = utr {
                self.paid.insert(utr, tracking_id.clone());
            }
            if dice.falls(100) {
                let longest = *dice.pick(&[5, 90, 15 * 60]);
                sleep(dice.seconds(0, longest)).await;
                if self.world.cancel(&self.caller, &tracking_id).await {
                    self.world.line(&self.name, || format!("cancelled {tracking_id}"));
                    self.world.journal.disturb(&subject, "cancelled");
                }
            }
            if self.patient {
                if self.result(&tracking_id).await.is_none() {
                    return;
                }
                sleep(dice.seconds(0, 20)).await;
            } else {
                sleep(dice.millis(0, 2_000)).await;
            }
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let life = Life::new(&self.world, &self.client, &self.loan);
        if self.services { life.serviced() } else { life.whole() }
    }

    /// The task with the external id of the payment that it undoes; nothing if there was no payment.
    async fn ready(&self, mut task: Task) -> Option<Task> {
        let Some(utr) = &task.undoes else {
            return Some(task);
        };
        let paid = self.result(self.paid.get(utr)?).await?;
        let id = paid["success_response"]["resourceExternalId"].as_str()?;
        task.data["externalTransactionId"] = id.into();
        Some(task)
    }

    /// Sends a request until it is accepted; nothing if it gave up.
    async fn submit(&mut self, task: Task) -> Option<String> {
        let keyed = self.world.dice.falls(self.keyed);
        let mut mark = self.mark();
        for _ in 0..SENDS_MAX {
            let mut data = task.data.clone();
            data["reference"] = mark.as_str().into();
            if task.refused {
                self.world.journal.disturb(&mark, "it repeats another");
            }
            let told = self.send(&task, keyed.then_some(mark.as_str()), data, &mark).await;
            match told {
                Told::Accepted(tracking_id) => return Some(tracking_id),
                Told::OutcomeUnknown(tracking_id) => {
                    // Until it is accepted nobody says in which order it will be done, so its end is awaited.
                    if self.exists(&tracking_id).await {
                        return self.result(&tracking_id).await.map(|_| tracking_id);
                    }
                    mark = self.mark();
                }
                Told::Unavailable if keyed => {}
                Told::Unavailable => mark = self.mark(),
                Told::Nothing if keyed => {}
                Told::Nothing => {
                    // It may have been accepted. This caller sends it again all the same, or gives up.
                    self.world.journal.disturb(&task.subject, "sent again without a key");
                    if self.world.dice.falls(500) {
                        return None;
                    }
                    mark = self.mark();
                }
                Told::Refused(code) => {
                    let what = format!("{} was refused: {code}", task.operation);
                    self.world.journal.broken(what);
                    return None;
                }
            }
            sleep(self.world.dice.seconds(1, 15)).await;
        }
        None
    }

    async fn send(&self, task: &Task, key: Option<&str>, data: Value, mark: &str) -> Told {
        let sent_at = self.world.clock.age();
        let body = json!({"status": task.operation, "data": data});
        let told = self.world.post(&self.caller, key, &body, Arc::new(Fate::kind())).await;
        self.world.line(&self.name, || {
            format!("{} {} {mark} → {told:?}", task.operation, task.subject)
        });
        self.world.journal.post(Post {
            mark: mark.to_owned(),
            keyed: key.is_some(),
            sent_at,
            answered_at: self.world.clock.age(),
            told: told.clone(),
        });
        told
    }

    /// Whether a request of unknown outcome was stored.
    async fn exists(&self, tracking_id: &str) -> bool {
        sleep(Duration::from_secs(u64::from(POLL_AFTER_SECONDS))).await;
        loop {
            match self.world.track(&self.caller, tracking_id).await {
                Ok(body) => return body.is_some(),
                Err(_) => sleep(self.world.dice.seconds(1, 5)).await,
            }
        }
    }

    /// Polls until there is a result; nothing if the caller's patience ends before.
    async fn result(&self, tracking_id: &str) -> Option<Value> {
        let began = self.world.clock.age();
        let mut pause = Duration::from_secs(2);
        while self.world.clock.age() - began < PATIENCE {
            sleep(pause).await;
            let waited = self.world.clock.age() - began;
            pause = (waited / 8).clamp(Duration::from_secs(2), Duration::from_secs(20 * 60));
            match self.world.track(&self.caller, tracking_id).await {
                Ok(Some(body)) if body["status"] != "processing" => {
                    self.world
                        .line(&self.name, || format!("{tracking_id} is {}", body["status"]));
                    self.world.journal.result(tracking_id, &body);
                    return Some(body);
                }
                Ok(Some(_)) | Err(_) => {}
                Ok(None) => {
                    self.world.journal.broken(format!("{tracking_id} is not found"));
                    return None;
                }
            }
        }
        None
    }

    fn mark(&mut self) -> String {
        self.posts += 1;
        format!("{}-{}", self.name.replace(' ', "-"), self.posts)
    }
}
