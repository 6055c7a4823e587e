//! What the functions are made of, before answers that are always the same.

use std::hint::black_box;
use std::time::Duration;

use async_trait::async_trait;
use gateway::accept::Acceptor;
use gateway::adapters::callers_table::CallersTable;
use gateway::adapters::dynamodb::DynamoLedger;
use gateway::adapters::item::of_row;
use gateway::adapters::random::SystemEntropy;
use gateway::adapters::sqs::SqsQueue;
use gateway::bank::Products;
use gateway::callers::{Caller, Callers};
use gateway::clock::{Clock, SystemClock};
use gateway::digest::{hex, sha256};
use gateway::execute::{Executor, Reply as Answered, Run};
use gateway::fineract::{Answer, Exchange, Fineract, Request};
use gateway::gate::Gate;
use gateway::ledger::Ledger;
use gateway::ledger::memory::MemoryLedger;
use gateway::metrics::Meter;
use gateway::queue::Received;
use gateway::queue::memory::MemoryQueue;
use gateway::reply::Reply;
use gateway::terms::{RETENTION, Terms};
use gateway::track::track;
use gateway::values::Rules;
use serde_json::json;

use crate::aws::{Answers, item_json};

const TOKEN: &str = "a-token-of-43-characters-as-the-gateway-has";
const BODY: &str = r#"{"status": "CLIENT_CREATE", "data": {"firstname": "Jayesh", "lastname": "Badgujar",
    "externalId": "INC-1001", "mobileNo": "9966999999", "emailAddress": "jayesh@example.com",
    "activationDate": "01 January 2026"}}"#;
const FINERACT_SAYS: &str = r#"{"officeId":1,"clientId":42,"resourceId":42,"resourceExternalId":"INC-1001"}"#;
/// How long a receipt handle of SQS's is, about.
const RECEIPT_LENGTH: usize = 412;
const RUN_TIME: Duration = Duration::from_secs(45);

/// The three functions.
pub(crate) struct Desk {
    answers: Answers,
    ledger: DynamoLedger,
    queue: SqsQueue,
    callers: Callers,
    entropy: SystemEntropy,
    rules: Rules,
    products: Products,
    gate: Gate,
    meter: Meter,
    terms: Terms,
    message: Received,
    tracking_id: String,
    accepted: serde_json::Value,
    ended: serde_json::Value,
}

impl Desk {
    /// With the row that an accepted operation has, and the row that it has when it is done.
    pub(crate) async fn new() -> Self {
        let answers = Answers::default();
        answers.set("Scan", &json!({"Items": [caller_json()], "Count": 1}));
        answers.set("PutItem", &json!({}));
        answers.set(
            "SendMessage",
            &json!({"MessageId": "m", "SequenceNumber": "18870000000000000000"}),
        );
        let config = answers.config();
        let mut desk = Self {
            ledger: DynamoLedger::new(&config, "operations"),
            queue: SqsQueue::new(
                &config,
                "https://sqs.us-east-1.amazonaws.com/123456789012/operations.fifo",
                None,
            ),
            callers: Callers::new(Box::new(CallersTable::new(&config, "callers"))),
            answers,
            entropy: SystemEntropy::new(),
            rules: Rules {
                lenders: vec!["UGRO".to_owned()],
            },
            products: Products::default(),
            gate: Gate::default(),
            meter: Meter::new("bench", |_| ()),
            terms: Terms::default(),
            message: Received {
                body: String::new(),
                message_id: "m".to_owned(),
                receipt: "r".repeat(RECEIPT_LENGTH),
                sequence: Some("18870000000000000000".to_owned()),
                group: None,
                deduplication_id: None,
                receives: 1,
            },
            tracking_id: String::new(),
            accepted: json!({}),
            ended: json!({}),
        };
        desk.prepare().await;
        desk
    }

    /// Carries one operation out in memory, to have its rows.
    async fn prepare(&mut self) {
        let (ledger, queue) = (MemoryLedger::default(), MemoryQueue::default());
        let acceptor = Acceptor {
            ledger: &ledger,
            queue: &queue,
            ..self.acceptor()
        };
        let caller = Caller {
            id: "los".to_owned(),
            name: "los".to_owned(),
            salt: Vec::new(),
            tokens: Vec::new(),
            operations: vec!["*".to_owned()],
        };
        let Ok(accepted) = acceptor.accept(&caller, None, BODY.as_bytes()).await else {
            return;
        };
        let stored = || ledger.row(accepted.tracking_id.id).and_then(|row| of_row(&row).ok());
        let before = stored();
        for message in queue.take() {
            self.run(&ledger, &message).await;
            self.message.body.clone_from(&message.body);
            self.message.deduplication_id.clone_from(&message.deduplication_id);
            self.message.group.clone_from(&message.group);
        }
        self.tracking_id = accepted.tracking_id.to_string();
        if let (Some(before), Some(after)) = (before, stored()) {
            (self.accepted, self.ended) = (item_json(&before), item_json(&after));
        }
        let entry = json!({"open_key": self.accepted["open_key"], "open_shard": self.accepted["open_shard"],
            "id": self.accepted["id"]});
        self.answers.set("Query", &json!({"Items": [entry], "Count": 1}));
        self.answers.set("UpdateItem", &json!({"Attributes": self.accepted}));
    }

    /// One POST.
    pub(crate) async fn operate(&self) -> Option<()> {
        let caller = self.callers.authenticate(Some(TOKEN), &SystemClock).await.ok()?;
        let accepted = self.acceptor().accept(&caller, None, BODY.as_bytes()).await.ok()?;
        black_box(Reply::accepted(&accepted, 202).body.to_string());
        Some(())
    }

    /// One GET, of an operation that has ended.
    pub(crate) async fn status(&self) -> Option<()> {
        self.is_answered(&self.ended);
        let caller = self.callers.authenticate(Some(TOKEN), &SystemClock).await.ok()?;
        let report = track(&self.ledger, &SystemClock, &caller, &self.tracking_id)
            .await
            .ok()?;
        black_box(Reply::report(report).body.to_string());
        Some(())
    }

    /// One message.
    pub(crate) async fn worker(&self) -> Option<()> {
        self.is_answered(&self.accepted);
        let answered = self.run(&self.ledger, &self.message).await;
        (answered == Answered::Done).then_some(())
    }

    fn is_answered(&self, item: &serde_json::Value) {
        self.answers.set("GetItem", &json!({ "Item": item }));
    }

    fn acceptor(&self) -> Acceptor<'_> {
        Acceptor {
            ledger: &self.ledger,
            queue: &self.queue,
            clock: &SystemClock,
            entropy: &self.entropy,
            rules: &self.rules,
            retention: RETENTION,
        }
    }

    async fn run(&self, ledger: &dyn Ledger, message: &Received) -> Answered {
        let executor = Executor {
            ledger,
            queue: &self.queue,
            fineract: &ApplyingFineract,
            gate: &self.gate,
            products: &self.products,
            clock: &SystemClock,
            meter: &self.meter,
            entropy: &self.entropy,
            rules: &self.rules,
            terms: &self.terms,
        };
        let run = Run {
            request_id: "8f5b3c1e-4a54-4a6e-9a59-0f1f6f7a2c11".to_owned(),
            deadline: SystemClock.now().after(RUN_TIME),
        };
        executor.handle(message, &run).await
    }
}

/// The caller's item in the table of callers.
fn caller_json() -> serde_json::Value {
    json!({"id": {"S": "los"}, "name": {"S": "los"}, "salt": {"S": hex(&[1; 32])},
        "operations": {"L": [{"S": "*"}]},
        "tokens": {"L": [{"M": {"sha256": {"S": hex(&sha256(&[TOKEN.as_bytes()]))},
            "expires_at": {"N": "4102444800"}}}]}})
}

/// A Fineract that says that it did what it was asked for.
struct ApplyingFineract;

#[async_trait]
impl Fineract for ApplyingFineract {
    async fn exchange(&self, _: Request) -> Exchange {
        Exchange::Answer(Answer {
            status: 200,
            from_cache: false,
            body: FINERACT_SAYS.as_bytes().to_vec(),
        })
    }

    async fn username(&self) -> Option<String> {
        Some("mifos".to_owned())
    }
}
