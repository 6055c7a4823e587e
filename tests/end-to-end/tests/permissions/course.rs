//! The steps of the gateway that need permissions, done one by one.

use std::time::{Duration, Instant};

use fineract_simulator::{Action, Fault, Match, Moment, Times};
use gateway::subject::Subject;
use local::{Function, Options};
use serde_json::{Value, json};

use super::Step;
use crate::bench::{Bench, published};

const PAUSE: Duration = Duration::from_millis(50);
/// What a function was refused stands in its log by then.
const LOGGED_WITHIN: Duration = Duration::from_secs(20);

/// A gateway on which the steps are done again and again, each time about something new.
pub(super) struct Course {
    pub(super) bench: Bench,
    /// The UUID of an operation that has ended.
    ended: String,
    turn: u32,
}

impl Course {
    pub(super) async fn start() -> Self {
        let bench = Bench::with(|options| {
            Options::with_short_times(options)
                // What waits for this long does not come back by itself.
                .with_parameter("MinutesWaits", "600")
                .with_parameter("SweepSchedule", "rate(24 hours)")
        })
        .await;
        let id = bench.accept("CLIENT_CREATE", published::client_create()).await;
        bench.ended(&id).await;
        for (operation, data) in [
            ("LOAN_CREATE", published::loan_create()),
            (
                "LOAN_APPROVE",
                json!({"external_loan_id": "LOAN-123", "approvedOnDate": "11 January 2026"}),
            ),
            (
                "LOAN_DISBURSE",
                json!({"external_loan_id": "LOAN-123", "actualDisbursementDate": "11 January 2026"}),
            ),
            ("LOAN_REPAYMENT", repayment()),
        ] {
            bench.succeed(operation, data).await;
        }
        let ended = id.split_once('|').unwrap().1.to_owned();
        Self { bench, ended, turn: 0 }
    }

    /// Does the step; whether it came to its end in time.
    pub(super) async fn works(&mut self, step: Step, within: Duration) -> bool {
        self.turn += 1;
        let client = format!("INC-{}", self.turn);
        let create = published::with(
            published::client_create(),
            json!({"externalId": client, "mobileNo": null}),
        );
        let bench = &self.bench;
        match step {
            Step::Accepted => bench.ask("CLIENT_CREATE", create).await.is_some(),
            Step::AcceptedFresh => {
                bench.kill(Function::Operate).await;
                bench.ask("CLIENT_CREATE", create).await.is_some()
            }
            Step::Cancelled => bench.cancel(&self.stored(&client, 0).await).await == 200,
            Step::WokenByCancel => {
                bench.strike(Action::JobRunning("Update Loan Arrears Ageing".to_owned()));
                let first = bench.accept("CLIENT_CREATE", create.clone()).await;
                bench.until(&first, |body| body["state"] == "waiting").await;
                bench.cancel(&first).await == 200 && self.done("CLIENT_CREATE", create, "success", within).await
            }
            Step::Told => self.told().await,
            Step::ToldFresh => {
                bench.kill(Function::Status).await;
                self.told().await
            }
            Step::ToldBehind => {
                self.stored(&client, 0).await;
                let behind = self.stored(&client, 1).await;
                bench.api.track(&behind).await.unwrap().body["reason"] == "behind_another_operation"
            }
            Step::ToldAll => {
                let history = format!("/fineract/track?externalId={client}&kind=client");
                bench.api.get(&history).send().await.unwrap().status() == 200
            }
            Step::CarriedOut => self.done("CLIENT_CREATE", create, "success", within).await,
            Step::CarriedOutFresh => {
                bench.kill(Function::Worker).await;
                self.done("CLIENT_CREATE", create, "success", within).await
            }
            Step::TriedAgain => {
                bench.strike(Action::Cut(Moment::BeforeEffect));
                self.done("CLIENT_CREATE", create, "success", within).await
            }
            Step::InLine => {
                bench.strike(Action::Cut(Moment::BeforeEffect));
                bench.accept("CLIENT_CREATE", create).await;
                let update = json!({"externalId": client, "lastname": "Rao"});
                self.done("CLIENT_UPDATE", update, "success", within).await
            }
            Step::PaidOnce => self.done("LOAN_REPAYMENT", repayment(), "failed", within).await,
            Step::Buried => self.buried(&client, within).await,
            Step::Swept => {
                let id = self.stored(&client, 0).await;
                let swept = bench.stack.sweep().await.unwrap();
                swept["failed"] == 0 && self.sent_again(&id).await
            }
            Step::SweptBesideUnreadable => self.swept_beside_unreadable(&client).await,
            Step::SweptTogether => {
                self.stored(&client, 0).await;
                let apart = self.logged(Function::Sweep, "one by one").await;
                bench.stack.sweep().await.unwrap();
                self.logged(Function::Sweep, "one by one").await == apart
            }
        }
    }

    /// Stores an operation that creates this client, without a message, and gives its tracking id.
    async fn stored(&self, client: &str, number: u32) -> String {
        let id = format!("018f0000-0000-7000-8000-{:06}{number:06}", self.turn);
        self.bench.store_without_message(&self.ended, &id, client).await;
        format!("CLIENT_CREATE|{id}")
    }

    /// Whether an operation ends so in time.
    async fn done(&self, operation: &str, data: Value, status: &str, within: Duration) -> bool {
        let Some(id) = self.bench.ask(operation, data).await else {
            return false;
        };
        let deadline = Instant::now() + within;
        loop {
            let body = self.bench.api.track(&id).await.unwrap().body;
            if body["status"] != "processing" || Instant::now() > deadline {
                return body["status"] == status;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn buried(&self, group: &str, within: Duration) -> bool {
        let stack = &self.bench.stack;
        let before = stack.messages("DeadLetterQueueUrl").await.unwrap();
        let message = json!({"QueueUrl": stack.outputs().get("QueueUrl").unwrap(), "MessageBody": "nobody can read it",
            "MessageGroupId": group, "MessageDeduplicationId": group});
        stack.aws().json("AmazonSQS.SendMessage", &message).await.unwrap();
        let deadline = Instant::now() + within;
        while stack.messages("DeadLetterQueueUrl").await.unwrap() == before {
            if Instant::now() > deadline {
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
        true
    }

    async fn swept_beside_unreadable(&self, client: &str) -> bool {
        let stack = &self.bench.stack;
        let tracking_id = self.stored(client, 0).await;
        let (_, readable) = tracking_id.split_once('|').unwrap();
        let mut row = stack.row(readable).await.unwrap().unwrap();
        let id = readable.replace("000000-", "0000ff-").replace("-8000-", "-8fff-");
        let group = Subject::stored("client:!").group();
        let open_key = format!("{group}\u{1f}client:!\u{1f}2026-01-01T00:00:00.000000Z\u{1f}{id}");
        for (name, value) in [
            ("id", id.as_str()),
            ("subject", "client:!"),
            ("open_key", &open_key),
            ("data", "{"),
        ] {
            row[name] = json!({"S": value});
        }
        stack.put_row(&row).await.unwrap();
        let swept = stack.sweep().await.unwrap();
        let table = stack.outputs().get("TableName").unwrap();
        let gone = json!({"TableName": table, "Key": {"id": {"S": id}}});
        stack.aws().json("DynamoDB_20120810.DeleteItem", &gone).await.unwrap();
        assert_ne!(swept["failed"], 0, "{swept}");
        self.sent_again(&tracking_id).await
    }

    /// Whether the sweep sent this operation again.
    async fn sent_again(&self, tracking_id: &str) -> bool {
        let (_, id) = tracking_id.split_once('|').unwrap();
        let row = self.bench.stack.row(id).await.unwrap().unwrap();
        row.get("resend_after").is_some()
    }

    /// How many lines of a function's log say this.
    async fn logged(&self, function: Function, words: &str) -> usize {
        let log = self.bench.stack.log(function).await.unwrap();
        log.iter().filter(|line| line.contains(words)).count()
    }

    /// Whether a caller is told about an operation that ended.
    async fn told(&self) -> bool {
        let tracked = self.bench.api.track(&format!("CLIENT_CREATE|{}", self.ended)).await;
        tracked.unwrap().status == 200
    }

    /// Whether the function of this role was refused something more often than that. Its log may come a little later.
    pub(super) async fn refused(&self, role: &str, before: usize) -> bool {
        let deadline = Instant::now() + LOGGED_WITHIN;
        while self.refusals(role).await <= before {
            if Instant::now() > deadline {
                return false;
            }
            tokio::time::sleep(PAUSE).await;
        }
        true
    }

    /// How often the function of this role was refused something, by its own log.
    pub(super) async fn refusals(&self, role: &str) -> usize {
        self.logged(function_of(role), "AccessDenied").await
    }
}

pub(super) fn function_of(role: &str) -> Function {
    let name = role.trim_end_matches("Role").to_lowercase();
    let function = Function::ALL.into_iter().find(|function| function.name() == name);
    function.unwrap()
}

fn repayment() -> Value {
    json!({"external_loan_id": "LOAN-123", "transactionDate": "20 January 2026", "transactionAmount": 1000,
        "utr_payment_id": "UTR-20260120-001"})
}

impl Bench {
    /// Posts an operation; its tracking id, if it is accepted.
    async fn ask(&self, operation: &str, data: Value) -> Option<String> {
        let answer = self
            .api
            .operate(&json!({"status": operation, "data": data}))
            .await
            .unwrap();
        let id = answer.body["tracking_id"].as_str().filter(|_| answer.status == 202);
        id.map(str::to_owned)
    }

    /// Cancels an operation; the status of the answer.
    async fn cancel(&self, tracking_id: &str) -> u16 {
        let path = format!("/fineract/track/{}/cancel", tracking_id.replace('|', "%7C"));
        self.api.send(self.api.post_to(&path)).await.unwrap().status
    }

    /// Fails the next creation of a client.
    fn strike(&self, action: Action) {
        self.simulator.faults().add(Fault {
            on: Match::of("POST", "/v1/clients"),
            action,
            times: Times::Once,
        });
    }
}
