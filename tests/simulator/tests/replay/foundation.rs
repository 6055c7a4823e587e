//! What a recording stands on without having made it: users, loans, numbers.

use std::collections::{BTreeMap, BTreeSet};

use fineract_simulator::{Numbered, Permissions, Release, Simulator};
use recordings::{Comparison, Made, numbers_of};
use serde_json::Value;

use crate::{
    recording::{Got, Recording, Sent},
    request::request,
};

/// Users by name.
pub(crate) type Users = BTreeMap<String, Permissions>;

/// The users that the recordings made, with the permissions of the role that was set last before.
pub(crate) fn users(recordings: &[Recording]) -> Users {
    let mut users = Users::new();
    for recording in recordings {
        let mut codes = BTreeSet::new();
        for sent in recording.steps.iter().filter_map(|step| step.request.as_ref()) {
            if sent.method == "PUT" && sent.path.ends_with("/permissions") && sent.path.contains("/roles/") {
                let granted = sent.body["permissions"].as_object().unwrap().iter();
                codes = granted
                    .filter(|(_, on)| **on == true)
                    .map(|(code, _)| code.clone())
                    .collect();
            }
            if sent.method == "POST" && sent.path == "/v1/users" {
                let name = sent.body["username"].as_str().unwrap().to_owned();
                users.insert(name, Permissions::Only(codes.clone()));
            }
        }
    }
    // A user who was let in was made before the recordings.
    for step in recordings.iter().flat_map(|recording| &recording.steps) {
        let name = step
            .request
            .as_ref()
            .and_then(|sent| sent.disguise.get("user")?.as_str());
        let let_in = step.response.as_ref().is_some_and(|got| got.status != 401);
        if let Some(name) = name.filter(|_| let_in) {
            users.entry(name.to_owned()).or_insert(Permissions::All);
        }
    }
    users
}

/// `05b` updates loans whose creation it did not record; they were made like the one whose creation it did. Makes such a
/// loan, if this step names one that was there but is unknown.
pub(crate) fn provide_loan(
    simulator: &Simulator,
    recording: &Recording,
    index: usize,
    comparison: &Comparison,
) -> bool {
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
pub(crate) fn continue_numbers(simulator: &Simulator, sent: &Sent, got: &Got) {
    if got.status == 200 && !got.headers.contains_key("x-served-from-cache") {
        take_numbers(simulator, sent, got);
    }
}

/// Lets the simulator number what this answer names next.
pub(crate) fn take_numbers(simulator: &Simulator, sent: &Sent, got: &Got) {
    for (made, id) in numbers_of(&sent.method, &sent.path, got) {
        let kind = match made {
            Made::Command => Numbered::Command,
            Made::Client => Numbered::Client,
            Made::Loan => Numbered::Loan,
            Made::Transaction => Numbered::Transaction,
            Made::LoanCharge => Numbered::LoanCharge,
            Made::Product => Numbered::Product,
            Made::Fund => Numbered::Fund,
        };
        simulator.number_from(kind, id);
    }
}

/// A disbursement that pays another loan back books that first, once on either loan. Lets the simulator do so if this step
/// is one.
pub(crate) fn continue_top_up(simulator: &Simulator, recording: &Recording, sent: &Sent, got: &Got) {
    let Some(own) = got.body.get("subResourceId").and_then(Value::as_u64) else {
        return;
    };
    let loan = &got.body["resourceExternalId"];
    let tops_up = recording
        .steps
        .iter()
        .filter_map(|step| step.request.as_ref())
        .any(|made| {
            made.path == "/v1/loans" && made.body["isTopup"] == true && made.body.get("externalId") == Some(loan)
        });
    if tops_up && got.is_carried_out() && sent.path.ends_with("command=disburse") {
        simulator.number_from(Numbered::Transaction, own - 2);
    }
}

/// Whether a server had more offices than the first, which no recording made.
pub(crate) fn has_further_offices(recording: &Recording) -> bool {
    recording.steps.iter().any(|step| {
        let listed = step.request.as_ref().is_some_and(|sent| sent.path == "/v1/offices");
        let offices = step.response.as_ref().and_then(|got| got.body.as_array());
        listed && offices.is_some_and(|offices| offices.len() > 1)
    })
}

/// The scenario that this one stands on: `20` lists commands that `10` made on both servers, `10b` on that of develop only;
/// `24` changed a product under which the other later ones made loans.
pub(crate) fn before<'a>(recording: &Recording, all: &'a [Recording]) -> Option<&'a Recording> {
    let earlier = match recording.name.as_str() {
        "20-gateway-questions" => "10-maker-checker",
        "10b-audit-lookup" if recording.release == Release::Develop2026_06 => "10-maker-checker",
        "23-charges-and-money" | "25-clients" | "26-product-kinds" => "24-restructuring",
        _ => return None,
    };
    all.iter().find(|recording| recording.name == earlier)
}
