//! The requests that the gateway makes are requests that real servers accepted: the recorded lookups go in, the recorded
//! request must come out.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use gateway::bank::{List, Products};
use gateway::clock::{ManualClock, Timestamp};
use gateway::command::{Command, Stop};
use gateway::declaration::{Declaration, Form};
use gateway::fineract::{Answer, Exchange, Fineract, Method, Request};
use gateway::kind::Kind;
use gateway::operation::Case;
use gateway::values::decimal_of;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use recordings::{RELEASES, Recording};
use serde_json::{Value, json};

use crate::recorded_refusals::operation_of;

/// The operations of which the first recording has every lookup.
const FIRST: [&str; 4] = ["CLIENT_CREATE", "LOAN_CREATE", "LOAN_APPROVE", "LOAN_DISBURSE"];
pub(crate) const UNITS: [&str; 4] = ["days", "weeks", "months", "years"];

/// The reads that were recorded so far, by their paths.
#[derive(Default)]
pub(crate) struct Reads(Mutex<HashMap<String, Value>>);

#[async_trait]
impl Fineract for Reads {
    async fn exchange(&self, request: Request) -> Exchange {
        assert_eq!(request.method, Method::Get);
        let reads = self.0.lock().unwrap();
        let body = reads
            .get(request.path.as_str())
            .unwrap_or_else(|| panic!("never recorded: {}", request.path.as_str()));
        Exchange::Answer(Answer {
            status: 200,
            from_cache: false,
            body: body.to_string().into_bytes(),
        })
    }

    async fn username(&self) -> Option<String> {
        None
    }
}

impl Reads {
    pub(crate) fn insert(&self, path: impl Into<String>, body: Value) {
        self.0.lock().unwrap().insert(path.into(), body);
    }

    /// Keeps what was read; and of what was done, what a read would have shown of it.
    fn learn(&self, exchange: &recordings::Exchange, answer: &Value) {
        let path = exchange.path.as_str();
        if exchange.method == "GET" {
            let bare = path.strip_suffix("?associations=none").unwrap_or(path);
            return self.insert(bare, answer.clone());
        }
        let id = answer["resourceExternalId"].as_str().unwrap_or_default();
        let place = |kind: &str| format!("/v1/{kind}/external-id/{}", utf8_percent_encode(id, NON_ALPHANUMERIC));
        match operation_of(&exchange.method, path) {
            Some("CLIENT_CREATE") => {
                let path = place("clients").replace("%2D", "-");
                self.insert(path, json!({"id": answer["resourceId"], "externalId": id}));
            }
            Some("LOAN_CREATE") => {
                let path = place("loans").replace("%2D", "-");
                let loan = json!({"id": answer["resourceId"], "externalId": id, "transactions": []});
                self.insert(format!("{path}?associations=transactions"), loan.clone());
                self.insert(path, loan);
            }
            Some("LOAN_DISBURSE") => self.booked(path, &answer["subResourceId"], "disbursement"),
            Some("LOAN_WRITE_OFF") => self.booked(path, &answer["resourceId"], "writeOff"),
            _ => {}
        }
    }

    fn booked(&self, path: &str, number: &Value, kind: &str) {
        let loan = path.split(['?', '/']).nth(4).unwrap();
        let path = format!("/v1/loans/external-id/{loan}?associations=transactions");
        if let Some(loan) = self.0.lock().unwrap().get_mut(&path) {
            let transactions = loan["transactions"].as_array_mut().unwrap();
            transactions.push(json!({"id": number, "type": {kind: true}}));
        }
    }

    fn get(&self, path: &str) -> Value {
        self.0.lock().unwrap()[path].clone()
    }

    /// The last read for which this holds.
    fn find(&self, wanted: impl Fn(&str, &Value) -> bool) -> Value {
        let reads = self.0.lock().unwrap();
        reads.iter().find(|(path, body)| wanted(path, body)).unwrap().1.clone()
    }
}

async fn command(reads: &Reads, operation: &str, data: &Value) -> Command {
    let prepared = prepared(reads, operation, data).await;
    prepared.unwrap_or_else(|stop| panic!("{operation} {data}: {stop:?}"))
}

/// The request that the gateway would make.
pub(crate) async fn prepared(reads: &Reads, operation: &str, data: &Value) -> Result<Command, Stop> {
    let clock = ManualClock::at(Timestamp::from_micros(0));
    let products = Products::default();
    let bank = simulation::bank(reads, &products, &clock);
    let rules = simulation::rules();
    let reading = Kind::named(operation).unwrap().read(data.as_object().unwrap(), &rules);
    let reading = reading.unwrap_or_else(|faults| panic!("{operation} {data}: {faults:?}"));
    let case = Case::new(uuid::Uuid::from_u128(1));
    reading.operation.prepare(&bank, &case).await
}

/// Whether two bodies say the same; numbers are compared as numbers.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => decimal_of(a) == decimal_of(b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, member)| b.get(name).is_some_and(|other| same(member, other)))
        }
        _ => a == b,
    }
}

fn external_id(path: &str) -> String {
    let segment = path.rsplit('/').next().unwrap().split('?').next().unwrap();
    percent_decode_str(segment).decode_utf8().unwrap().into_owned()
}

/// The operation that a recorded request is, with the data that a caller would send for it.
fn asked(method: &str, path: &str, body: &Value, reads: &Reads) -> Option<(&'static str, Value)> {
    let pick = |names: &[&str]| {
        let picked = names
            .iter()
            .filter_map(|&name| Some((name.to_owned(), body.get(name)?.clone())));
        Value::Object(picked.collect())
    };
    let with = |mut data: Value, name: &str, value: Value| {
        data[name] = value;
        data
    };
    match (method, path) {
        ("POST", "/v1/clients") => {
            let names = [
                "firstname",
                "lastname",
                "externalId",
                "mobileNo",
                "emailAddress",
                "activationDate",
            ];
            Some(("CLIENT_CREATE", pick(&names)))
        }
        ("PUT", path) if path.starts_with("/v1/clients/external-id/") => {
            let data = pick(&["firstname", "lastname", "mobileNo", "emailAddress", "activationDate"]);
            Some(("CLIENT_UPDATE", with(data, "externalId", external_id(path).into())))
        }
        ("POST", "/v1/loans") => {
            let product =
                reads.find(|path, read| path.starts_with("/v1/loanproducts/") && read["id"] == body["productId"]);
            let client = reads.find(|path, read| path.starts_with("/v1/clients/") && read["id"] == body["clientId"]);
            let names = [
                "externalId",
                "principal",
                "submittedOnDate",
                "loanTermFrequency",
                "numberOfRepayments",
                "interestRatePerPeriod",
            ];
            let data = with(pick(&names), "lenderConfig", product["name"].clone());
            let data = with(data, "clientId", client["externalId"].clone());
            let unit = UNITS[usize::try_from(body["loanTermFrequencyType"].as_u64().unwrap()).unwrap()];
            Some(("LOAN_CREATE", with(data, "loanTermFrequencyType", unit.into())))
        }
        ("PUT", path) if path.starts_with("/v1/loans/external-id/") => {
            let loan = reads.get(&format!("{path}?associations=charges,multiDisburseDetails"));
            Some((
                "LOAN_UPDATE",
                with(changes(&loan, body), "externalId", external_id(path).into()),
            ))
        }
        ("POST", "/v1/loans?command=calculateLoanSchedule") => {
            let (_, data) = asked(method, "/v1/loans", body, reads)?;
            Some(("LOAN_SCHEDULE_PREVIEW", with(data, "externalId", Value::Null)))
        }
        ("DELETE", path) if path.starts_with("/v1/loans/") => {
            let number: u64 = path.strip_prefix("/v1/loans/")?.parse().ok()?;
            let loan = reads.find(|path, read| path.starts_with("/v1/loans/external-id/") && read["id"] == number);
            Some(("LOAN_DELETE", json!({"external_loan_id": loan["externalId"]})))
        }
        _ => {
            let kind = Kind::named(operation_of(method, path)?)?;
            Some((kind.name, declared(kind.declaration()?, path, body, reads)))
        }
    }
}

/// The data of a declared operation, back from its recorded request.
fn declared(row: &Declaration, path: &str, body: &Value, reads: &Reads) -> Value {
    let (bare, query) = path.split_once('?').unwrap_or((path, ""));
    let mut ids = bare
        .split("external-id/")
        .skip(1)
        .map(|rest| external_id(rest.split('/').next().unwrap()));
    let mut data = json!({"external_loan_id": ids.next().unwrap()});
    for field in row.fields() {
        let parameter = |member: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let text = pairs.find(|(name, _)| *name == member)?.1;
            Some(percent_decode_str(text).decode_utf8().unwrap().into_owned().into())
        };
        let Some(member) = field.member else { continue };
        // The gateway's own id of a disbursement, where the recorded one is by chance.
        let given = body.get(member).cloned().or_else(|| parameter(member));
        let Some(value) = given.filter(|_| !(row.name == "LOAN_DISBURSE" && member == "externalId")) else {
            continue;
        };
        data[field.name] = value;
        if let Form::Named(list) = field.form {
            let from = match list {
                List::Charges => reads.get("/v1/charges"),
                List::PaymentTypes => reads.get("/v1/paymenttypes"),
                List::WriteOffReasons => reads.find(|path, _| path.ends_with("/codevalues")),
            };
            let entries = from.as_array().unwrap();
            let named = entries.iter().find(|entry| entry["id"] == data[field.name]);
            data[field.name] = named.unwrap()["name"].clone();
        }
    }
    if let Some(transaction) = ids.next() {
        data["externalTransactionId"] = transaction.into();
    }
    data
}

/// The fields that a recorded update changes of the loan that was read before it; the principal, if it changes none.
fn changes(loan: &Value, body: &Value) -> Value {
    let mut data = json!({});
    for (name, own) in [
        ("principal", &loan["principal"]),
        ("loanTermFrequency", &loan["termFrequency"]),
        ("numberOfRepayments", &loan["numberOfRepayments"]),
        ("interestRatePerPeriod", &loan["interestRatePerPeriod"]),
    ] {
        if !same(own, &body[name]) {
            data[name] = body[name].clone();
        }
    }
    if loan["termPeriodFrequencyType"]["id"] != body["loanTermFrequencyType"] {
        data["loanTermFrequencyType"] =
            UNITS[usize::try_from(body["loanTermFrequencyType"].as_u64().unwrap()).unwrap()].into();
    }
    let day = loan["timeline"]["submittedOnDate"][2].as_u64().unwrap();
    if !body["submittedOnDate"]
        .as_str()
        .unwrap()
        .starts_with(&format!("{day:02} "))
    {
        data["submittedOnDate"] = body["submittedOnDate"].clone();
    }
    if data == json!({}) {
        data["principal"] = body["principal"].clone();
    }
    data
}

/// What a recorded exchange is compared with: the request of the operation that it is.
async fn compare(what: &str, exchange: &recordings::Exchange, answer: &Value, reads: &Reads) -> &'static str {
    let asked = asked(&exchange.method, &exchange.path, &exchange.body, reads);
    let (operation, data) = asked.unwrap_or_else(|| panic!("{what}: no operation"));
    let command = command(reads, operation, &data).await;
    assert_eq!(
        format!("{:?}", command.method).to_uppercase(),
        exchange.method,
        "{what}"
    );
    assert_eq!(command.path.as_str(), exchange.path, "{what}");
    let mut body = command.body.unwrap_or_default();
    if operation == "LOAN_DISBURSE" {
        // The recorded id is a random one; ours follows from loan and UTR.
        assert!(body["externalId"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
        body["externalId"] = exchange.body["externalId"].clone();
    }
    assert!(
        same(&body, &exchange.body),
        "{what}\n asked    {body}\n recorded {}",
        exchange.body
    );
    // And the recorded answer is one that names what this operation expects.
    let expected = command.expected;
    let named = |member: &str| answer[member].as_str().map(str::to_owned);
    let ids = [&expected.resource_external_id, &expected.sub_resource_external_id];
    assert!(ids[0].is_none() || *ids[0] == named("resourceExternalId"), "{what}");
    assert_eq!(ids[1].is_some(), operation == "LOAN_DISBURSE", "{what}");
    assert!(
        expected.resource_id.is_none_or(|number| answer["resourceId"] == number),
        "{what}"
    );
    let of = |(member, id): &(&str, String)| named(member).as_ref() == Some(id);
    assert!(expected.of.as_ref().is_none_or(of), "{what}");
    let says_nothing = ids[0].is_none() && expected.resource_id.is_none() && expected.of.is_none();
    assert!(!says_nothing || operation == "LOAN_SCHEDULE_PREVIEW", "{what}");
    operation
}

#[tokio::test]
async fn what_the_gateway_asks_is_what_real_servers_accepted() {
    for release in RELEASES {
        let mut compared: HashMap<&str, u32> = HashMap::new();
        let reads = Reads::default();
        for name in ["21-gateway-shaped", "22-gateway-shaped-wave1"] {
            for step in Recording::named(release, name).unwrap().steps {
                let Some(exchange) = step.exchange else { continue };
                let accepted = |answer: &&recordings::Answer| answer.status == 200 && !answer.from_cache();
                let Some(answer) = exchange.answer.as_ref().filter(accepted) else {
                    continue;
                };
                let operation = operation_of(&exchange.method, &exchange.path);
                // The way to what the second recording is about was recorded without its lookups.
                let on_the_way =
                    name.starts_with("22") && operation.is_some_and(|operation| FIRST.contains(&operation));
                if (exchange.method != "GET" || operation.is_some()) && !on_the_way {
                    let what = format!("{release} {}", step.name);
                    *compared
                        .entry(compare(&what, &exchange, &answer.body, &reads).await)
                        .or_default() += 1;
                }
                reads.learn(&exchange, &answer.body);
            }
        }
        println!("{release}: {compared:?}");
        for operation in gateway::operations::ALL {
            assert!(
                compared.get(operation.name).is_some_and(|&count| count > 0),
                "{release} {operation:?}"
            );
        }
        assert!(compared["LOAN_CREATE"] >= 9 * 6, "nine lenders, terms in all units");
    }
}
