//! Searches by external id: `GET clients?externalId=…` and `GET loans?externalId=…`. Other filters are not simulated.

use serde_json::{Map, Value, json};
use time::Date;

use crate::{
    bank::Bank,
    clients,
    loans::{self, Associations},
    route::Target,
};

/// Fields of a client that only the client by itself shows.
const ONLY_ALONE: [&str; 3] = ["savingsProductName", "clientCollateralManagements", "groups"];

/// The clients of the external id that is asked for; `None` if none is asked for.
pub(crate) fn clients(bank: &Bank, target: &Target) -> Option<Value> {
    let id = external_id(target)?;
    let found = bank
        .clients
        .values()
        .filter(|client| client.external_id.as_deref().is_some_and(|own| is_like(own, id)));
    Some(page(found.map(|client| {
        let mut view = clients::view(bank, client);
        view.retain(|name, _| !ONLY_ALONE.contains(&name.as_str()));
        // Only the list tells who submitted it.
        if let Some(Value::Object(timeline)) = view.get_mut("timeline") {
            bank.users.tell(client.submitted_by, "submitted", timeline);
        }
        // It also shows a sub-status that no client has.
        view.insert("subStatus".into(), json!({"active": false, "mandatory": false}));
        view
    })))
}

/// The loans of the external id that is asked for; `None` if none is asked for.
pub(crate) fn loans(bank: &Bank, target: &Target, today: Date) -> Option<Value> {
    let id = external_id(target)?;
    let found = bank
        .loans
        .values()
        .filter(|loan| loan.external_id.as_deref() == Some(id));
    Some(page(
        found.map(|loan| loans::view(bank, loan, Associations::default(), today)),
    ))
}

fn external_id(target: &Target) -> Option<&str> {
    target.parameter("externalId").filter(|id| !id.is_empty())
}

/// Whether a text fits a pattern of the database, in which `_` is any character and `%` any number of them.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut pattern = pattern.chars();
    let rest = |text: &str| {
        let mut characters = text.chars();
        characters.next();
        characters.as_str().len()
    };
    match pattern.next() {
        None => text.is_empty(),
        Some('%') => {
            let starts = text.char_indices().map(|(start, _)| start).chain([text.len()]);
            starts
                .into_iter()
                .any(|start| is_like(&text[start..], pattern.as_str()))
        }
        Some(wanted) => {
            let fits = text.chars().next().is_some_and(|own| wanted == '_' || own == wanted);
            fits && is_like(&text[text.len() - rest(text)..], pattern.as_str())
        }
    }
}

fn page(found: impl Iterator<Item = Map<String, Value>>) -> Value {
    let found: Vec<Value> = found.map(Value::Object).collect();
    json!({"totalFilteredRecords": found.len(), "pageItems": found})
}
