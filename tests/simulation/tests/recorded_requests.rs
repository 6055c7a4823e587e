//! The requests that the gateway makes are requests that real servers accepted: the recorded lookups go in, the recorded
//! request must come out.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use gateway::bank::Products;
use gateway::clock::{ManualClock, Timestamp};
use gateway::fineract::{Answer, Exchange, Fineract, Method, Request};
use gateway::operation::{Case, Command, Kind};
use gateway::values::decimal_of;
use percent_encoding::percent_decode_str;
use recordings::{RELEASES, Recording};
use serde_json::{Value, json};

const UNITS: [&str; 4] = ["days", "weeks", "months", "years"];

/// The reads that were recorded so far, by their paths.
#[derive(Default)]
struct Reads(Mutex<HashMap<String, Value>>);

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
    let clock = ManualClock::at(Timestamp::from_micros(0));
    let products = Products::default();
    let bank = simulation::bank(reads, &products, &clock);
    let rules = simulation::rules();
    let reading = Kind::named(operation).unwrap().read(data.as_object().unwrap(), &rules);
    let reading = reading.unwrap_or_else(|faults| panic!("{operation} {data}: {faults:?}"));
    let case = Case {
        id: uuid::Uuid::from_u128(1),
        target: None,
    };
    reading
        .operation
        .prepare(&bank, &case)
        .await
        .unwrap_or_else(|stop| panic!("{operation} {data}: {stop:?}"))
}

/// Whether two bodies say the same; numbers are compared as numbers.
fn same(a: &Value, b: &Value) -> bool {
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
        ("POST", path) if path.ends_with("?command=approve") => Some((
            "LOAN_APPROVE",
            with(pick(&["approvedOnDate"]), "external_loan_id", external_id(path).into()),
        )),
        ("POST", path) if path.ends_with("?command=disburse") => {
            let data = with(
                pick(&["actualDisbursementDate", "transactionAmount", "note"]),
                "external_loan_id",
                external_id(path).into(),
            );
            let utr = body.get("receiptNumber").cloned().unwrap_or_default();
            Some(("LOAN_DISBURSE", with(data, "utr_payment_id", utr)))
        }
        ("DELETE", path) if path.starts_with("/v1/loans/") => {
            let number: u64 = path.strip_prefix("/v1/loans/")?.parse().ok()?;
            let loan = reads.find(|path, read| path.starts_with("/v1/loans/external-id/") && read["id"] == number);
            Some(("LOAN_DELETE", json!({"external_loan_id": loan["externalId"]})))
        }
        _ => None,
    }
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

#[tokio::test]
async fn what_the_gateway_asks_is_what_real_servers_accepted() {
    for release in RELEASES {
        let recording = Recording::named(release, "21-gateway-shaped").unwrap();
        let reads = Reads::default();
        let mut compared: HashMap<&str, u32> = HashMap::new();
        for step in recording.steps {
            let Some(exchange) = step.exchange else { continue };
            let Some(answer) = exchange
                .answer
                .filter(|answer| answer.status == 200 && !answer.from_cache())
            else {
                continue;
            };
            if exchange.method == "GET" {
                reads.0.lock().unwrap().insert(exchange.path, answer.body);
                continue;
            }
            let asked = asked(&exchange.method, &exchange.path, &exchange.body, &reads);
            let (operation, data) = asked.unwrap_or_else(|| panic!("{release} {}: no operation", step.name));
            let command = command(&reads, operation, &data).await;
            assert_eq!(
                format!("{:?}", command.method).to_uppercase(),
                exchange.method,
                "{}",
                step.name
            );
            assert_eq!(command.path.as_str(), exchange.path, "{}", step.name);
            let mut body = command.body.unwrap_or_default();
            if operation == "LOAN_DISBURSE" {
                // The recorded id is a random one; ours follows from loan and UTR.
                assert!(body["externalId"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
                body["externalId"] = exchange.body["externalId"].clone();
            }
            assert!(
                same(&body, &exchange.body),
                "{release} {}\n asked    {body}\n recorded {}",
                step.name,
                exchange.body
            );
            // And the recorded answer is one that names what this operation expects.
            let expected = command.expected;
            let named = |member: &str| answer.body[member].as_str().map(str::to_owned);
            assert_eq!(
                named("resourceExternalId"),
                expected.resource_external_id,
                "{}",
                step.name
            );
            assert!(expected.loan_id.is_none_or(|number| answer.body["loanId"] == number));
            assert_eq!(
                expected.sub_resource_external_id.is_some(),
                operation == "LOAN_DISBURSE"
            );
            *compared.entry(operation).or_default() += 1;
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
