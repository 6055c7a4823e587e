//! A gateway before a simulated Fineract, and what tests do with it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use fineract_simulator::{Effect, Release, Request, Server, Simulator};
use gateway::subject::Subject;
use local::api::{Answer, Api};
use local::{Function, Options, Stack};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::described::is_as_described;

/// How long an operation may take before a test gives up; a retry after a lost worker is within it.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often track is asked.
const POLL: Duration = Duration::from_millis(50);

/// A running gateway.
pub(crate) struct Bench {
    pub(crate) stack: Stack,
    pub(crate) api: Api,
    pub(crate) simulator: Simulator,
    _server: Server,
}

impl Bench {
    /// With the times that the template has.
    pub(crate) async fn start() -> Self {
        Self::with(|options| options).await
    }

    /// With options of its own.
    pub(crate) async fn with(change: impl FnOnce(Options) -> Options) -> Self {
        let simulator = Simulator::new(Release::V1_10_1);
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::start(listen, simulator.clone()).await.unwrap();
        let mut options = change(Options::new(&server.url()));
        options.witness = Some(is_as_described);
        let stack = Stack::start(options).await.unwrap();
        let api = stack.api().unwrap();
        Self {
            stack,
            api,
            simulator,
            _server: server,
        }
    }

    /// Posts an operation and gives its tracking id.
    pub(crate) async fn accept(&self, operation: &str, data: Value) -> String {
        let answer = self
            .api
            .operate(&json!({"status": operation, "data": data}))
            .await
            .unwrap();
        assert_eq!(answer.status, 202, "{operation}: {}", answer.text);
        answer.body["tracking_id"].as_str().unwrap().to_owned()
    }

    /// Polls until the operation has ended.
    pub(crate) async fn ended(&self, tracking_id: &str) -> Value {
        match self.api.ended(tracking_id, PATIENCE, |_| ()).await {
            Ok(answer) => answer.body,
            Err(error) => panic!("{error:?}\n{}", self.stack.emulator_log()),
        }
    }

    /// Polls until track answers as wanted.
    pub(crate) async fn until(&self, tracking_id: &str, wanted: impl Fn(&Value) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.api.track(tracking_id).await.unwrap();
            if wanted(&answer.body) {
                return;
            }
            assert!(Instant::now() < deadline, "{}", answer.text);
            tokio::time::sleep(POLL).await;
        }
    }

    /// Posts an operation and polls until it has ended.
    pub(crate) async fn perform(&self, operation: &str, data: Value) -> Value {
        self.ended(&self.accept(operation, data).await).await
    }

    /// Performs an operation that must succeed.
    pub(crate) async fn succeed(&self, operation: &str, data: Value) -> Value {
        let body = self.perform(operation, data).await;
        assert_eq!(body["status"], "success", "{body}");
        body
    }

    /// Posts a text with the caller's token and JSON's content type.
    pub(crate) async fn post(&self, body: impl Into<Vec<u8>>) -> Answer {
        self.api.send(self.api.post().body(body.into())).await.unwrap()
    }

    /// The commands that Fineract applied to something with this external id.
    pub(crate) fn effects(&self, external_id: &str) -> Vec<Effect> {
        let effects = self.simulator.effects().into_iter();
        effects
            .filter(|effect| effect.external_id.as_deref() == Some(external_id))
            .collect()
    }

    /// A loan as Fineract shows it.
    pub(crate) fn loan(&self, external_id: &str) -> Value {
        let encoded: String = external_id.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let request = Request::new("GET", format!("/fineract-provider/api/v1/loans/external-id/{encoded}"))
            .with_header("Authorization", "Basic bWlmb3M6cGFzc3dvcmQ=")
            .with_header("Fineract-Platform-TenantId", "default");
        let response = self.simulator.answer(&request);
        assert_eq!(response.status, 200, "{external_id}");
        response.body_json().unwrap()
    }

    /// Kills the processes of a function, waits until they are gone, and says how many there were.
    pub(crate) async fn kill(&self, function: Function) -> usize {
        let processes = self.stack.processes(function).unwrap();
        for number in &processes {
            let pid = Pid::from_raw(i32::try_from(*number).unwrap()).unwrap();
            kill_process(pid, Signal::KILL).unwrap();
        }
        while !self.stack.processes(function).unwrap().is_empty() {
            tokio::time::sleep(POLL).await;
        }
        processes.len()
    }

    /// Stores an operation as operate does, long ago and without a message: it creates the client of this external id, in
    /// the place of the one that `like`, an ended one, created.
    pub(crate) async fn store_without_message(&self, like: &str, id: &str, external_id: &str) {
        let mut row = self.stack.row(like).await.unwrap().unwrap();
        let subject = Subject::stored(format!("client:{external_id}"));
        let long_ago = "2026-01-01T00:00:00.000000Z";
        let own = json!({"externalId": external_id, "mobileNo": null});
        let data = published::with(published::client_create(), own);
        let members = row.as_object_mut().unwrap();
        for ended in ["processed_at", "expires_at", "response", "owner", "queue_seq"] {
            members.shift_remove(ended);
        }
        let text = |text: &str| json!({"S": text});
        for (name, value) in [
            ("id", id),
            ("subject", subject.as_str()),
            ("data", &data.to_string()),
            ("state", "accepted"),
            ("accepted_at", long_ago),
            ("next_attempt_at", long_ago),
            ("open_shard", &subject.shard()),
            (
                "open_key",
                &format!("{}\u{1f}{subject}\u{1f}{long_ago}\u{1f}{id}", subject.group()),
            ),
        ] {
            members.insert(name.to_owned(), text(value));
        }
        members.insert("maybe_sent".to_owned(), json!({"BOOL": false}));
        self.stack.put_row(&row).await.unwrap();
    }

    /// How many rows and messages there are.
    pub(crate) async fn stored(&self) -> (u64, u64) {
        let request = json!({"TableName": self.stack.outputs().get("TableName").unwrap(), "Select": "COUNT"});
        let answer = self.stack.aws().json("DynamoDB_20120810.Scan", &request).await.unwrap();
        (
            answer["Count"].as_u64().unwrap(),
            self.stack.messages("QueueUrl").await.unwrap(),
        )
    }
}

/// The published examples.
pub(crate) mod published {
    use serde_json::{Value, json};

    pub(crate) fn client_create() -> Value {
        json!({"firstname": "Jayesh", "lastname": "Badgujar", "externalId": "INC-1001", "mobileNo": "9966999999",
            "emailAddress": "jayesh@example.com", "activationDate": "01 January 2026"})
    }

    pub(crate) fn loan_create() -> Value {
        json!({"lenderConfig": "UGRO", "externalId": "LOAN-123", "principal": 100000, "submittedOnDate": "11 January 2026",
            "loanTermFrequency": 12, "loanTermFrequencyType": "months", "numberOfRepayments": 12,
            "interestRatePerPeriod": 8, "clientId": "INC-1001"})
    }

    pub(crate) fn loan_update() -> Value {
        json!({"externalId": "LOAN-123", "principal": 200000, "submittedOnDate": "11 January 2026",
            "loanTermFrequency": 24, "loanTermFrequencyType": "months", "numberOfRepayments": 24,
            "interestRatePerPeriod": 8.3})
    }

    pub(crate) fn loan_approve() -> Value {
        json!({"external_loan_id": "LOAN-123", "approvedOnDate": "11 January 2026"})
    }

    pub(crate) fn loan_disburse() -> Value {
        json!({"external_loan_id": "LOAN-123", "actualDisbursementDate": "11 January 2026", "transactionAmount": 200000,
            "utr_payment_id": "UTR-20260111-001", "note": "Disbursement for LOAN-123"})
    }

    pub(crate) fn loan_delete() -> Value {
        json!({"external_loan_id": "LOAN-123"})
    }

    /// The same with other values for some members; null leaves a member out.
    pub(crate) fn with(mut data: Value, changes: Value) -> Value {
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                data.as_object_mut().unwrap().shift_remove(name);
            } else {
                data[name] = value.clone();
            }
        }
        data
    }
}
