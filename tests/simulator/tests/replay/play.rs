//! Playing one scenario.

use std::{collections::BTreeMap, fmt};

use base64::{Engine, engine::general_purpose::STANDARD};
use fineract_simulator::{Numbered, Request, Simulator, fixed_clock};
use serde_json::Value;
use time::macros::datetime;

use crate::{
    compare::Comparison,
    recording::{Got, Recording, Sent, Step},
    rule,
};

const BASE: &str = "/fineract-provider/api";

/// What came of the steps.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) compared: usize,
    pub(crate) observations: usize,
    pub(crate) provided: usize,
    pub(crate) skipped: BTreeMap<&'static str, usize>,
    pub(crate) different: BTreeMap<String, Vec<String>>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.observations += other.observations;
        self.provided += other.provided;
        self.different.extend(other.different);
        for (reason, count) in other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped: usize = self.skipped.values().sum();
        let (compared, observations, different) = (self.compared, self.observations, self.different.len());
        let provided = self.provided;
        write!(
            formatter,
            "compared {compared:4}, skipped {skipped:4}, observations {observations:3}, \
             loans provided {provided:2}, different {different:3}"
        )
    }
}

/// Plays a scenario against a fresh simulator whose clock stands where the recording was made.
pub(crate) fn play(recording: &Recording) -> Tally {
    let clock = fixed_clock(datetime!(2026-11-21 07:00 UTC));
    let simulator = Simulator::with_clock(recording.release, clock);
    let mut comparison = Comparison::default();
    let mut tally = Tally::default();
    for index in order(&recording.steps) {
        let step = &recording.steps[index];
        let Some(sent) = &step.request else {
            tally.observations += 1;
            continue;
        };
        let reason = match &step.response {
            None => Some("no answer was recorded"),
            Some(_) => rule::skipped(sent),
        };
        if let Some(reason) = reason {
            *tally.skipped.entry(reason).or_default() += 1;
            continue;
        }
        let got = step.response.as_ref().unwrap();
        tally.provided += usize::from(provide_loan(&simulator, recording, index, &comparison));
        continue_numbers(&simulator, sent, got);
        let answer = simulator.answer(&request(sent, &comparison));
        let differences = comparison.compare(&sent.method, got, &answer);
        tally.compared += 1;
        if !differences.is_empty() {
            let id = format!("{}/{}#{index}", recording.release, recording.name);
            tally.different.insert(
                id,
                differences
                    .into_iter()
                    .map(|text| format!("[{}] {text}", step.name))
                    .collect(),
            );
        }
    }
    tally
}

/// The order in which the steps are played: as recorded, but of requests that are the same, key and all, the one that was
/// carried out goes first. Sent at once, they were written down in any order.
fn order(steps: &[Step]) -> Vec<usize> {
    let mut order = Vec::new();
    let mut rest = 0;
    while rest < steps.len() {
        let same = |step: &&Step| step.request.is_some() && step.request == steps[rest].request;
        let keyed = steps[rest].request.as_ref().is_some_and(Sent::has_key);
        let count = if keyed {
            steps[rest..].iter().take_while(same).count()
        } else {
            1
        };
        let group = rest..rest + count;
        let winner = group
            .clone()
            .find(|index| steps[*index].response.as_ref().is_some_and(Got::is_carried_out));
        order.extend(winner);
        order.extend(group.filter(|index| Some(*index) != winner));
        rest += count;
    }
    order
}

/// `05b` updates loans whose creation it did not record; they were made like the one whose creation it did. Makes such a
/// loan, if this step names one that was there but is unknown.
fn provide_loan(simulator: &Simulator, recording: &Recording, index: usize, comparison: &Comparison) -> bool {
    let step = &recording.steps[index];
    let (sent, got) = (step.request.as_ref().unwrap(), step.response.as_ref().unwrap());
    let Some(external_id) = sent.path.strip_prefix("/v1/loans/external-id/") else {
        return false;
    };
    let external_id = external_id.split(['?', '/']).next().unwrap();
    let earlier = || recording.steps[..index].iter().filter_map(|step| step.request.as_ref());
    let made_before = earlier().any(|sent| sent.body.get("externalId").and_then(Value::as_str) == Some(external_id));
    let read = Sent::read(&format!("/v1/loans/external-id/{external_id}"));
    if got.status == 404 || made_before || simulator.answer(&request(&read, comparison)).status != 404 {
        return false;
    }
    let Some(model) = earlier().rfind(|sent| sent.method == "POST" && sent.path == "/v1/loans") else {
        return false;
    };
    let about_it = recording.steps[index..].iter().filter(|step| {
        step.request
            .as_ref()
            .is_some_and(|sent| sent.path.starts_with(&format!("/v1/loans/external-id/{external_id}")))
    });
    let mut bodies = about_it.filter_map(|step| step.response.as_ref()).map(|got| &got.body);
    let number = bodies.find_map(|body| body.get("loanId").or(body.get("id")).and_then(Value::as_u64));
    if let Some(number) = number {
        simulator.number_from(Numbered::Loan, number);
    }
    let mut creation = model.clone();
    creation
        .headers
        .retain(|(name, _)| !name.eq_ignore_ascii_case("idempotency-key"));
    creation.body["externalId"] = Value::String(external_id.to_owned());
    assert_eq!(simulator.answer(&request(&creation, comparison)).status, 200);
    true
}

/// Lets the simulator number what this step makes as the recorded server did.
fn continue_numbers(simulator: &Simulator, sent: &Sent, got: &Got) {
    if got.status != 200 || got.headers.contains_key("x-served-from-cache") || sent.method != "POST" {
        return;
    }
    let id = |name: &str| got.body.get(name).and_then(Value::as_u64);
    let numbers = [
        (
            Numbered::Client,
            id("clientId").filter(|_| sent.path.ends_with("/clients")),
        ),
        (Numbered::Loan, id("loanId").filter(|_| sent.path.ends_with("/loans"))),
        (Numbered::Transaction, id("subResourceId")),
    ];
    for (kind, id) in numbers {
        if let Some(id) = id {
            simulator.number_from(kind, id);
        }
    }
}

fn request(sent: &Sent, comparison: &Comparison) -> Request {
    let mut request = Request::new(&sent.method, format!("{BASE}{}", sent.path));
    request.headers.clone_from(&sent.headers);
    let disguise = |name: &str| sent.disguise.get(name);
    let password = match disguise("auth").and_then(Value::as_str) {
        Some("none") => None,
        Some(_) => Some("wrong"),
        None => Some("password"),
    };
    if let Some(password) = password {
        let credentials = STANDARD.encode(format!("mifos:{password}"));
        request = request.with_header("Authorization", format!("Basic {credentials}"));
    }
    let tenant = match disguise("tenant") {
        None => Some("default"),
        Some(tenant) => tenant.as_str(),
    };
    if let Some(tenant) = tenant {
        request = request.with_header("Fineract-Platform-TenantId", tenant);
    }
    match &sent.body {
        Value::Null => request,
        Value::String(text) => request.with_body(text.as_bytes()),
        body @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            request.with_body(comparison.translate(body).to_string())
        }
    }
}
