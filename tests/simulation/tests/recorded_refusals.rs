//! Each refusal that was recorded reaches the caller: `failed`, with that body.

use std::collections::BTreeSet;
use std::time::Duration;

use gateway::clock::Timestamp;
use gateway::declaration::Place;
use gateway::fineract::{Answer, Exchange, code_of};
use gateway::kind::Kind;
use gateway::operations::ALL;
use gateway::pace::Paces;
use gateway::row::Row;
use gateway::settle::{Outcome, settlement};
use gateway::track;
use gateway::tracking::State;
use gateway::verdict::{Expected, Verdict, of_command};
use recordings::{RELEASES, Recording};
use serde_json::{Value, json};

/// Codes that are no refusal of the operation: they speak of the deployment, of a moment, or of something that broke.
const NO_REFUSAL: [&str; 11] = [
    "error.msg.not.authorized",
    "error.msg.not.authenticated",
    "error.msg.office.id.invalid",
    "error.msg.payment.type.invalid",
    "error.msg.data.integrity.issue",
    "error.msg.client.unknown.data.integrity.issue",
    "error.msg.unknown.data.integrity.issue",
    "error.msg.loan.disbursement.unknown.data.integrity.issue",
    "error.msg.loan.repayment.unknown.data.integrity.issue",
    "error.msg.persistence.error",
    "error.msg.sheduler.job.currently.running",
];

/// The operation that the request is one of.
pub(crate) fn operation_of(method: &str, path: &str) -> Option<&'static str> {
    let bare = path.split('?').next().unwrap();
    let by_code = match method {
        "POST" if path == "/v1/clients" => Some("CLIENT_CREATE"),
        "POST" if path == "/v1/loans" => Some("LOAN_CREATE"),
        "POST" if path == "/v1/loans?command=calculateLoanSchedule" => Some("LOAN_SCHEDULE_PREVIEW"),
        "PUT" if below("clients", bare) == Some("") => Some("CLIENT_UPDATE"),
        "PUT" if below("loans", bare) == Some("") => Some("LOAN_UPDATE"),
        "DELETE" if bare.matches('/').count() == 3 && below("loans", bare) == Some("") => Some("LOAN_DELETE"),
        _ => None,
    };
    by_code.or_else(|| {
        let declared = ALL.iter().filter_map(Kind::declaration);
        let mut here = declared.filter(|row| goes_to(row.place, method, path));
        here.next().map(|row| row.name)
    })
}

/// What follows the client or loan that a path names, itself or by one of its parts.
fn below<'a>(kind: &str, bare: &'a str) -> Option<&'a str> {
    let named = bare.strip_prefix("/v1/")?.strip_prefix(kind)?.strip_prefix('/')?;
    let named = named.strip_prefix("external-id/").unwrap_or(named);
    Some(named.split_once('/').map_or("", |(_, below)| below))
}

fn goes_to(place: Place, method: &str, path: &str) -> bool {
    let (bare, query) = path.split_once('?').unwrap_or((path, ""));
    let below = below("loans", bare).unwrap_or_default();
    let asks = |word: &str| query.split('&').next() == Some(&format!("command={word}"));
    match place {
        Place::Loan(word) => method == "POST" && bare.starts_with("/v1/loans/") && below.is_empty() && asks(word),
        Place::Transactions(word) => method == "POST" && below == "transactions" && asks(word),
        Place::Transaction(word) => method == "POST" && below.starts_with("transactions/") && asks(word),
        Place::Charges => method == "POST" && below == "charges" && query.is_empty(),
        Place::Template(word) => method == "GET" && below == "transactions/template" && asks(word),
        Place::Look => {
            method == "GET"
                && bare.starts_with("/v1/loans/external-id/")
                && below.is_empty()
                && query == "associations=all"
        }
    }
}

/// Whether the request is a mutating one of the gateway's operations.
pub(crate) fn ours(method: &str, path: &str) -> bool {
    method != "GET" && operation_of(method, path).is_some_and(|operation| operation != "LOAN_SCHEDULE_PREVIEW")
}

fn row() -> Row {
    let at = Timestamp::from_micros(0);
    let row = json!({"id": uuid::Uuid::from_u128(1), "schema_version": 1, "operation": "LOAN_CREATE", "caller": "los",
        "subject": "loan:L", "data": {}, "fingerprint": "f", "nonce": "n", "accepted_at": at, "state": "running"});
    serde_json::from_value(row).unwrap()
}

#[test]
fn every_recorded_refusal_is_told_to_the_caller() {
    for release in RELEASES {
        let (mut told, mut codes) = (0, BTreeSet::new());
        for recording in Recording::all(release).unwrap() {
            for step in recording.steps {
                let Some(exchange) = step.exchange.filter(|exchange| ours(&exchange.method, &exchange.path)) else {
                    continue;
                };
                let Some(answer) = exchange.answer else { continue };
                let Some(code) = code_of(&answer.body).map(str::to_owned) else {
                    continue;
                };
                if !matches!(answer.status, 400 | 403 | 404 | 503) || NO_REFUSAL.contains(&code.as_str()) {
                    continue;
                }
                let what = format!("{release} {} {}", recording.name, step.name);
                let body = answer.body.to_string().into_bytes();
                let sent = Exchange::Answer(Answer {
                    status: answer.status,
                    from_cache: answer.from_cache(),
                    body,
                });
                let verdict = of_command(&sent, &Expected::default(), false);
                assert!(matches!(verdict, Verdict::Refused(_)), "{what}: {verdict:?}");
                let outcome = Outcome::of_exchange(&sent, verdict);
                let (now, retention) = (Timestamp::from_micros(1), Duration::from_secs(1));
                let settled = settlement(&row(), outcome, now, &Paces::default(), retention, 0);
                assert_eq!(settled.state, State::Failed, "{what}");
                let row = Row {
                    state: settled.state,
                    failure: settled.failure,
                    processed_at: settled.processed_at,
                    ..row()
                };
                let told_body = track::body(&row, track::Beside::default());
                assert_eq!(told_body["failure_response"], answer.body, "{what}");
                assert_eq!(
                    told_body["error_message"],
                    format!("Fineract returned {}", answer.status),
                    "{what}"
                );
                assert_eq!(told_body["error"]["code"], code, "{what}");
                let message = told_body["error"]["message"].as_str().unwrap_or_default();
                assert!(message.contains(' '), "{what}: a sentence, not {message:?}");
                assert_ne!(told_body["error"]["retryable"], Value::Null, "{what}");
                told += 1;
                codes.insert(code);
            }
        }
        println!("{release}: {told} refusals with {} codes", codes.len());
        assert!(
            told > 300 && codes.len() > 60,
            "{release}: {told} refusals with {} codes",
            codes.len()
        );
    }
}
