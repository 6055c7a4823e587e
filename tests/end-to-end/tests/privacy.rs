//! Personal data, tokens, credentials and Fineract's texts stay out of logs, metrics, queues, and answers to others. Marked
//! values go in at every field of every operation, everything fails in every way, and all that comes out is searched.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use fineract_simulator::{Action, Ending, Fault, Match, Moment, Permissions, Response, Times};
use gateway::operations;
use local::console::Console;
use local::lifecycle::{self, Ids, Step};
use local::{Caller, Function, Options};
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::bench::published::{self, with};

/// What a caller may write without meaning anybody: a word of the contract.
const NOBODYS: [&str; 1] = ["months"];
/// What is shorter means nobody either.
const SHORT: usize = 5;
/// What is longer, of digits alone, is no amount but a telephone number.
const AMOUNT: usize = 7;
/// What other people say: Fineract, its jobs, a proxy before it.
const THEIR_TEXT: &str = "Leaked words of theirs";
const USER: &str = "leaked-user";
const PASSWORD: &str = "leaked-password";
/// How long the failed operations may take together.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(200);

/// Every value that went in and must not come out.
#[derive(Default)]
struct Secrets(BTreeSet<String>);

impl Secrets {
    fn add(&mut self, value: &Value) {
        match value {
            Value::Object(members) => members.values().for_each(|value| self.add(value)),
            Value::Array(items) => items.iter().for_each(|value| self.add(value)),
            Value::String(text) => self.text(text),
            Value::Number(number) => self.text(&number.to_string()),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn text(&mut self, text: &str) {
        if text.len() >= SHORT && !NOBODYS.contains(&text) {
            self.0.insert(text.to_owned());
        }
    }

    fn assert_not_in(&self, what: &str, text: &str) {
        for secret in &self.0 {
            assert!(!has(text, secret), "{what} has {secret}: {text}");
        }
    }
}

/// Whether a text has this value. An amount is a number of its own: the same digits may stand in a request's id or in the
/// microseconds of a time.
fn has(text: &str, secret: &str) -> bool {
    let beside = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    let amount = secret.len() <= AMOUNT && secret.bytes().all(|byte| byte.is_ascii_digit());
    text.match_indices(secret).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + secret.len()..]);
        !amount || !(beside(before.chars().next_back()) || beside(after.chars().next()))
    })
}

#[test]
fn an_amount_is_a_number_of_its_own() {
    for (text, found) in [
        (r#"{"principal":200000}"#, true),
        ("amount=200000.00", true),
        ("12:00:01.200000Z", false),
        ("1420a4c4-12fe-4c51-b1c3-ff2000005cf8", false),
        ("1200000", false),
    ] {
        assert_eq!(has(text, "200000"), found, "{text}");
    }
    assert!(
        has("+919900100012x", "9900100012"),
        "a telephone number is found anywhere"
    );
}

/// A marked value for a field.
fn mark(field: &str, turn: usize) -> Value {
    match field {
        "principal" | "transactionAmount" | "amount" => json!(123_457 + turn),
        "loanTermFrequency" | "numberOfRepayments" | "interestRatePerPeriod" => json!(12),
        "loanTermFrequencyType" => "months".into(),
        "lenderConfig" => "UGRO".into(),
        "paymentType" => "Money Transfer".into(),
        "mobileNo" => format!("99001{turn:05}").into(),
        "emailAddress" => format!("leaked{turn}@bank.example").into(),
        date if date.ends_with("Date") => "12 January 2026".into(),
        text => format!("Leaked-{text}-{turn}").into(),
    }
}

/// The documented life with every operation, and with marks where they do not change what becomes of it.
fn marked_steps() -> Vec<Step> {
    let mut steps = Ids::new().unwrap().all_steps().unwrap();
    for (turn, step) in steps.iter_mut().enumerate() {
        let operation = step.request["status"].as_str().unwrap().to_owned();
        let kind = operations::ALL.iter().find(|kind| kind.name == operation).unwrap();
        for field in kind.outline().fields.into_iter().map(|field| field.name) {
            let harmless = [
                "firstname",
                "lastname",
                "note",
                "accountNumber",
                "checkNumber",
                "routingCode",
                "bankNumber",
                "mobileNo",
                "emailAddress",
            ];
            if harmless.contains(&field) {
                step.request["data"][field] = mark(field, turn);
            }
        }
    }
    steps
}

/// What can go wrong with an exchange, each in their words.
fn failures() -> Vec<Action> {
    let said = json!({"developerMessage": THEIR_TEXT, "defaultUserMessage": THEIR_TEXT, "httpStatusCode": "403",
        "userMessageGlobalisationCode": "error.msg.leaked.words", "errors": [{"developerMessage": THEIR_TEXT,
            "defaultUserMessage": THEIR_TEXT, "userMessageGlobalisationCode": "error.msg.leaked.words",
            "parameterName": THEIR_TEXT, "args": [{"value": THEIR_TEXT}]}]});
    vec![
        Action::PasswordExpired,
        Action::Cut(Moment::BeforeEffect),
        Action::Cut(Moment::AfterEffect),
        Action::Delay(Duration::from_secs(3)),
        Action::JobRunning(THEIR_TEXT.to_owned()),
        Action::LoanLocked(None),
        Action::DatabaseDown(Duration::ZERO),
        Action::Answer(Response::json(401, &json!({"error": THEIR_TEXT}))),
        Action::Answer(Response::json(200, &json!({"text": THEIR_TEXT}))),
        Action::Answer(Response::json(403, &said)),
        Action::Answer(Response::json(500, &said)),
        Action::Answer(Response::json(502, &json!(THEIR_TEXT))),
        Action::End(Ending::AppliedThen500),
        Action::End(Ending::ConnectionKilled),
        Action::End(Ending::StatementCancelled(THEIR_TEXT.to_owned())),
        Action::End(Ending::NoConnection(THEIR_TEXT.to_owned())),
        Action::End(Ending::RacedDuplicate),
        Action::End(Ending::Conflict),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_nobodys_business_comes_out() {
    let bench = Bench::with(|options| {
        Options::with_short_times(options)
            .with_parameter("LogLevel", "debug")
            .with_parameter("StuckKeySeconds", "2")
            .with_parameter(
                "FineractCredentials",
                &json!({"username": USER, "password": PASSWORD}).to_string(),
            )
    })
    .await;
    bench.simulator.set_user(USER, PASSWORD, Permissions::All);
    let other = Caller::new("other").unwrap();
    bench.stack.add_caller(&other).await.unwrap();
    let mut secrets = Secrets::default();
    for text in [
        bench.api.token(),
        &other.token,
        USER,
        PASSWORD,
        THEIR_TEXT,
        "bGVha2VkLXVzZXI6",
        "already exists",
    ] {
        secrets.text(text);
    }

    let steps = marked_steps();
    steps.iter().for_each(|step| secrets.add(&step.request["data"]));
    lifecycle::drive(&bench.api, steps, Console::Quiet).await.unwrap();
    fail_everything(&bench, &mut secrets).await;
    refuse_everything(&bench, &mut secrets).await;

    let told = tell_another(&bench, &other).await;
    secrets.assert_not_in("an answer to another caller", &told);
    secrets.assert_not_in("the queue", &in_the_queue(&bench).await);
    for function in Function::ALL {
        let log = bench.stack.log(function).await.unwrap().join("\n");
        assert!(log.contains("START RequestId"), "{function:?} ran: {log}");
        secrets.assert_not_in(&format!("the log of {function:?}"), &log);
    }
    let log = bench.stack.log(Function::Worker).await.unwrap().join("\n");
    for word in [
        "\"message\":\"a run ended\"",
        "CloudWatchMetrics",
        "unreadable_message",
        "credentials_refused",
    ] {
        assert!(log.contains(word), "the worker said {word}");
    }
}

/// Asks for each operation with a mark in each of its fields, while Fineract fails in each way.
async fn fail_everything(bench: &Bench, secrets: &mut Secrets) {
    let mut failures = failures().into_iter().cycle();
    let mut ids = Vec::new();
    for (turn, kind) in operations::ALL.iter().enumerate() {
        let fields = kind.outline().fields;
        let mut data: Value = fields
            .iter()
            .map(|field| (field.name.to_owned(), mark(field.name, turn)))
            .collect();
        // The three ids that what is there is found by.
        for (field, id) in [("external_loan_id", "Leaked-loan"), ("clientId", "Leaked-client")] {
            if data.get(field).is_some() {
                data[field] = id.into();
            }
        }
        secrets.add(&data);
        for _ in 0..2 {
            bench.simulator.faults().add(Fault {
                on: Match::any(),
                action: failures.next().unwrap(),
                times: Times::Once,
            });
        }
        let answer = bench
            .api
            .operate(&json!({"status": kind.name, "data": data}))
            .await
            .unwrap();
        assert!([202, 422].contains(&answer.status), "{}: {}", kind.name, answer.text);
        ids.extend(answer.body["tracking_id"].as_str().map(str::to_owned));
    }
    assert!(ids.len() * 2 > operations::ALL.len(), "most are accepted: {ids:?}");
    let deadline = Instant::now() + PATIENCE;
    for id in ids {
        // One that only an operator can decide has said what it says by then.
        while bench.api.track(&id).await.unwrap().body["status"] == "processing" && Instant::now() < deadline {
            tokio::time::sleep(PAUSE).await;
        }
    }
    bench.simulator.faults().clear();
}

/// Requests and messages that are refused before anything is done.
async fn refuse_everything(bench: &Bench, secrets: &mut Secrets) {
    let wrong = "Leaked-wrong-value";
    secrets.text(wrong);
    let valid = json!({"status": "CLIENT_CREATE", "data": published::client_create()}).to_string();
    for body in [
        format!("{{\"status\":\"CLIENT_CREATE\",\"data\":{{\"firstname\":\"{wrong}\",\"mobileNo\":5}}}}"),
        format!("{{\"status\":\"{wrong}\",\"data\":{{}}}}"),
        format!("{{\"status\":\"CLIENT_CREATE\",\"data\":{{\"{wrong}\":1,\"{wrong}\":2}}}}"),
        format!("{{\"{wrong}\""),
        wrong.to_owned(),
    ] {
        let answer = bench.post(body).await;
        assert!((400..500).contains(&answer.status), "{}", answer.text);
    }
    let with_header = |name: &'static str| bench.api.post().header(name, wrong).body(valid.clone());
    for request in [
        with_header("Content-Type"),
        with_header("X-Internal-Token"),
        bench.api.get(&format!("/fineract/track/{wrong}")),
    ] {
        bench.api.send(request).await.unwrap();
    }
    for valid in [valid.clone(), valid.replace("Jayesh", wrong)] {
        bench
            .api
            .send(bench.api.post().header("Idempotency-Key", wrong).body(valid))
            .await
            .unwrap();
    }
    let queue = bench.stack.outputs().get("QueueUrl").unwrap();
    for (body, id) in [(wrong.to_owned(), "1"), (json!({"v": 1, "id": wrong}).to_string(), "2")] {
        let message =
            json!({"QueueUrl": queue, "MessageBody": body, "MessageGroupId": id, "MessageDeduplicationId": id});
        bench.stack.aws().json("AmazonSQS.SendMessage", &message).await.unwrap();
    }
    let deadline = Instant::now() + PATIENCE;
    while bench.stack.messages("DeadLetterQueueUrl").await.unwrap() < 2 {
        assert!(Instant::now() < deadline, "both are buried");
        tokio::time::sleep(PAUSE).await;
    }
    bench.stack.sweep().await.unwrap();
}

/// What another caller is told about a client of the first one's.
async fn tell_another(bench: &Bench, other: &Caller) -> String {
    let data = with(published::client_create(), json!({"mobileNo": null}));
    let api = bench.stack.api_for(other).unwrap();
    let mine = bench.accept("CLIENT_CREATE", data).await;
    bench.ended(&mine).await;
    let mut told = String::new();
    let theirs = json!({"status": "CLIENT_CREATE", "data": {"firstname": "Some", "lastname": "Body", "externalId": "INC-1001",
        "activationDate": "02 January 2026"}});
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = api.operate(&theirs).await.unwrap();
        let id = answer.body["tracking_id"].as_str().map(str::to_owned);
        if let Some(id) = id {
            told.push_str(&api.ended(&id, PATIENCE, |_| ()).await.unwrap().text);
            break;
        }
        assert!(answer.status == 401 && Instant::now() < deadline, "{}", answer.text);
        tokio::time::sleep(PAUSE).await;
    }
    let answer = api.track(&mine).await.unwrap();
    assert_eq!(answer.status, 404);
    told.push_str(&answer.text);
    let health = reqwest::get(format!("{}/fineract/health", bench.api.url()))
        .await
        .unwrap();
    assert_eq!(health.status().as_u16(), 200);
    let health = health.text().await.unwrap();
    assert_eq!(health, "{\"healthy\":true}");
    told.push_str(&health);
    for name in ["Jayesh", "Badgujar", "jayesh@example.com"] {
        assert!(!told.contains(name), "{told}");
    }
    // Their own id, in Fineract's words about their own request.
    told.replace("INC-1001", "").replace("already exists", "")
}

/// The messages of operations that wait their turn, while another one keeps the worker.
async fn in_the_queue(bench: &Bench) -> String {
    let on = Match::of("POST", "/v1/clients");
    let held = Fault {
        on,
        action: Action::Hold(Moment::BeforeEffect),
        times: Times::Once,
    };
    let held = bench.simulator.faults().add(held);
    for number in 1..4 {
        let more = json!({"externalId": format!("Leaked-queued-{number}"), "mobileNo": null});
        bench
            .accept("CLIENT_CREATE", with(published::client_create(), more))
            .await;
    }
    held.wait_until_held().await;
    let queue = bench.stack.outputs().get("QueueUrl").unwrap();
    let request = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0, "AttributeNames": ["All"],
        "MessageAttributeNames": ["All"]});
    let messages = bench
        .stack
        .aws()
        .json("AmazonSQS.ReceiveMessage", &request)
        .await
        .unwrap();
    held.release();
    assert!(
        messages["Messages"]
            .as_array()
            .is_some_and(|messages| !messages.is_empty()),
        "{messages}"
    );
    messages.to_string()
}
