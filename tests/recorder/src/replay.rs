//! Playing a recording against the simulator.

use base64::{Engine, engine::general_purpose::STANDARD};
use fineract_simulator::{Numbered, Release, Request, Response, Simulator};
use recordings::{Answer, Comparison, Exchange, Made, Recording, numbers_of};
use serde_json::Value;

const BASE: &str = "/fineract-provider/api";
/// The usual user of a recording.
const USER: &str = "mifos";
const PASSWORD: &str = "password";

/// What came of a replay.
#[derive(Debug, Default)]
pub struct Replayed {
    /// How many answers were compared.
    pub compared: usize,
    /// The steps for which the simulator has nothing, such as making charges.
    pub not_simulated: Vec<String>,
    /// What differs, each with its step.
    pub different: Vec<String>,
}

/// Plays a recording against a fresh simulator of this release, and compares every answer.
pub fn replay(recording: &Recording, release: Release) -> Replayed {
    let simulator = Simulator::new(release);
    let mut comparison = Comparison::default();
    let mut replayed = Replayed::default();
    for step in &recording.steps {
        let Some((exchange, answer)) = step.exchange.as_ref().and_then(|exchange| {
            let answer = exchange.answer.as_ref()?;
            Some((exchange, answer))
        }) else {
            continue;
        };
        let request = request(exchange, &comparison);
        let simulated = play(
            &simulator,
            &mut comparison,
            &exchange.method,
            &exchange.path,
            answer,
            &request,
        );
        if is_missing(&simulated) && simulated.status != answer.status {
            replayed.not_simulated.push(step.name.clone());
            continue;
        }
        replayed.compared += 1;
        let found = comparison.compare(&exchange.method, answer, &simulated);
        let found = found.into_iter().map(|what| format!("[{}] {what}", step.name));
        replayed.different.extend(found);
    }
    replayed
}

/// The simulator's answer where a server gave `answer`: what the request makes gets the server's numbers.
pub(crate) fn play(
    simulator: &Simulator,
    comparison: &mut Comparison,
    method: &str,
    path: &str,
    answer: &Answer,
    request: &Request,
) -> Answer {
    if method != "GET" {
        comparison.learn(answer);
    }
    if answer.is_carried_out() {
        for (made, number) in numbers_of(method, path, answer) {
            let kind = match made {
                Made::Command => Numbered::Command,
                Made::Client => Numbered::Client,
                Made::Loan => Numbered::Loan,
                Made::Transaction => Numbered::Transaction,
                Made::LoanCharge => Numbered::LoanCharge,
                Made::Product => Numbered::Product,
                Made::Fund => Numbered::Fund,
            };
            simulator.number_from(kind, number);
        }
    }
    kept(&simulator.answer(request))
}

/// An answer of the simulator's, as a recording would keep it.
pub(crate) fn kept(answer: &Response) -> Answer {
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Answer::of(answer.status, headers, &answer.body)
}

/// Whether the simulator does not have what was asked for: the container answers, not Fineract.
pub(crate) fn is_missing(answer: &Answer) -> bool {
    matches!(answer.status, 404 | 405) && answer.code().is_empty()
}

fn request(exchange: &Exchange, comparison: &Comparison) -> Request {
    let mut request = Request::new(&exchange.method, format!("{BASE}{}", exchange.path));
    for (name, value) in &exchange.headers {
        request = request.with_header(name, value.as_str().unwrap_or_default());
    }
    let disguise = |name: &str| exchange.disguise.as_ref().and_then(|disguise| disguise[name].as_str());
    let (user, password) = (
        disguise("user").unwrap_or(USER),
        disguise("password").unwrap_or(PASSWORD),
    );
    let credentials = STANDARD.encode(format!("{user}:{password}"));
    request = request
        .with_header("Authorization", format!("Basic {credentials}"))
        .with_header("Fineract-Platform-TenantId", disguise("tenant").unwrap_or("default"));
    match &exchange.body {
        Value::Null => request,
        Value::String(text) => request.with_body(text.as_bytes()),
        body @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            request.with_body(comparison.translate(body).to_string())
        }
    }
}
