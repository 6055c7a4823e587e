//! Every request of the documented lifecycle, for each lender, has the shape of one that a real server accepted: the same
//! path, the same parameters, each in the same form.

use std::collections::{BTreeMap, BTreeSet};

use fineract_simulator::Release;
use gateway::fineract::{Path, Request};
use gateway::values::Date;
use local::lifecycle::Ids;
use recordings::Recording;
use serde_json::Value;
use simulation::Gateway;

/// The form of a value: words that Fineract knows stand for themselves.
fn form(name: &str, value: &Value) -> String {
    match value {
        Value::String(text)
            if matches!(
                name,
                "dateFormat" | "locale" | "loanType" | "transactionProcessingStrategyCode"
            ) =>
        {
            text.clone()
        }
        Value::String(text)
            if name.ends_with("Date") && Date::parse(text).is_some_and(|date| date.to_string() == *text) =>
        {
            "date".to_owned()
        }
        Value::String(_) => "text".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Array(elements) => format!(
            "{:?}",
            elements
                .iter()
                .map(|element| form(name, element))
                .collect::<BTreeSet<_>>()
        ),
        Value::Object(members) => format!(
            "{:?}",
            members
                .iter()
                .map(|(name, value)| (name, form(name, value)))
                .collect::<BTreeMap<_, _>>()
        ),
    }
}

/// The path with its ids left out.
fn place(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut after_name = false;
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| {
            let id = after_name || part.parse::<u64>().is_ok();
            after_name = part == "external-id";
            if id { "{id}" } else { part }
        })
        .collect();
    format!("{}?{query}", parts.join("/"))
}

fn shape(method: &str, path: &str, body: &Value) -> String {
    format!("{method} {} {}", place(path), form("", body))
}

/// The shapes of every request that a release accepted, over all recordings.
fn accepted(release: Release) -> BTreeSet<String> {
    let mut shapes = BTreeSet::new();
    for recording in Recording::all(release.name()).unwrap() {
        for exchange in recording.steps.into_iter().filter_map(|step| step.exchange) {
            if exchange.answer.as_ref().is_some_and(|answer| answer.status == 200) {
                shapes.insert(shape(&exchange.method, &exchange.path, &exchange.body));
            }
        }
    }
    shapes
}

fn shape_of(request: &Request) -> String {
    let method = format!("{:?}", request.method).to_uppercase();
    shape(
        &method,
        request.path.as_str(),
        &request.body.clone().unwrap_or_default(),
    )
}

#[tokio::test]
async fn every_request_of_the_life_of_all_operations_for_every_lender_is_one_that_was_accepted() {
    for release in Release::ALL {
        let accepted = accepted(release);
        let gateway = Gateway::new(release);
        let (mut done, mut disbursed) = (BTreeSet::new(), BTreeSet::new());
        for lender in Gateway::lenders() {
            for step in Ids::new().unwrap().all_steps().unwrap() {
                let operation = step.request["status"].as_str().unwrap();
                let mut data = step.request["data"].clone();
                if data.get("lenderConfig").is_some() {
                    data["lenderConfig"] = lender.into();
                }
                let performed = gateway.perform(operation, data).await.unwrap();
                assert_eq!(
                    performed.body["status"], "success",
                    "{release} {lender}: {}",
                    performed.body
                );
                done.insert(operation.to_owned());
                let asks = ["LOAN_GET", "LOAN_FORECLOSURE_QUOTE", "LOAN_PREPAY_QUOTE"].contains(&operation);
                let taken = operation == "LOAN_DISBURSE" && !disbursed.insert(step.request.to_string());
                assert_eq!(
                    performed.commands.len(),
                    usize::from(!asks) + usize::from(taken),
                    "{operation}"
                );
                if asks {
                    continue;
                }
                let mut asked = performed.commands[0].clone();
                if operation == "LOAN_SCHEDULE_PREVIEW" {
                    // It was recorded for one lender; it takes what a new loan takes, but for the external id.
                    asked.path = Path::new("v1/loans");
                    asked.body.as_mut().unwrap()["externalId"] = "L".into();
                }
                let shape = shape_of(&asked);
                assert!(accepted.contains(&shape), "{release} {lender}: never accepted: {shape}");
            }
        }
        for kind in gateway::operations::ALL {
            assert!(
                done.contains(kind.name),
                "{kind:?} has no place in the life of all operations"
            );
        }
    }
}
