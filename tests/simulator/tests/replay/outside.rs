//! What stands on steps that are not played: loans and clients that such a step made or changed.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::recording::{Got, Sent};

/// The name of all offices.
const OFFICES: &str = "offices";
/// What the simulator has commands on.
const SIMULATED: [&str; 5] = ["CLIENT", "LOAN", "LOANCHARGE", "LOANPRODUCT", "FUND"];

/// The loans and clients that are no longer as the recording has them.
#[derive(Default)]
pub(crate) struct Outside {
    names: BTreeSet<String>,
    /// Loans and clients by their two names.
    pairs: Vec<(String, String)>,
    /// Those about whom the server keeps commands that were not played, whatever became of these.
    untold: BTreeSet<String>,
}

impl Outside {
    /// Notes the names of what this step made, if it made something.
    pub(crate) fn learn(&mut self, got: &Got) {
        let Some(id) = got.body["resourceExternalId"].as_str() else {
            return;
        };
        for (kind, name) in [("loans", "loanId"), ("clients", "clientId")] {
            let number = got.body.get(name).filter(|id| id.is_u64());
            if let Some(number) = number.filter(|number| **number == got.body["resourceId"]) {
                self.pairs
                    .push((format!("{kind}/{number}"), format!("{kind}/external-id/{id}")));
            }
        }
    }

    /// Notes that this step is not played. What it changed, others cannot stand on.
    pub(crate) fn skip(&mut self, sent: &Sent, got: Option<&Got>) {
        let applied = got.is_none_or(|got| got.status == 200 || got.status == 500);
        if sent.method != "GET" {
            let names = named(&sent.path).into_iter().flat_map(|name| self.both(&name));
            let names: Vec<String> = names.collect();
            self.untold.extend(names);
        }
        if sent.method == "GET" || !applied || sent.path.contains("calculateLoanSchedule") {
            return;
        }
        if let Some(name) = named(&sent.path) {
            self.add(&name);
        }
        // A batch holds its bodies as text.
        let text = sent.body.to_string().replace('\\', "");
        for part in text.split("\"externalId\":").skip(1) {
            if let Some(id) = part
                .trim_start()
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next())
            {
                self.add(&format!("loans/external-id/{id}"));
                self.add(&format!("clients/external-id/{id}"));
            }
        }
        let number = |name: &str| got.and_then(|got| got.body.get(name)).and_then(Value::as_u64);
        if let Some(loan) = number("loanId") {
            self.add(&format!("loans/{loan}"));
        } else if let Some(client) = number("clientId").filter(|_| sent.path == "/v1/clients") {
            self.add(&format!("clients/{client}"));
        }
    }

    /// Notes that there are more offices than the simulator has.
    pub(crate) fn forget_offices(&mut self) {
        self.add(OFFICES);
    }

    fn add(&mut self, name: &str) {
        let both = self.both(name);
        self.names.extend(both);
    }

    /// This name, and the other one of the same.
    fn both(&self, name: &str) -> Vec<String> {
        let of_it = self.pairs.iter().filter(|(number, id)| number == name || id == name);
        let also = of_it.flat_map(|(number, id)| [number.clone(), id.clone()]);
        also.chain([name.to_owned()]).collect()
    }

    /// Whether this step stands on one that was not played.
    pub(crate) fn holds(&self, sent: &Sent) -> bool {
        let names = [named(&sent.path), searched(&sent.path), again(sent)];
        names.into_iter().flatten().any(|name| self.names.contains(&name))
    }

    /// Whether a list of commands, or one of them, tells of a step that was not played.
    pub(crate) fn is_told(&self, commands: &Value) -> bool {
        let page = commands.get("pageItems").unwrap_or(commands);
        let elements = page.as_array().map_or(std::slice::from_ref(page), Vec::as_slice);
        let foreign = |command: &Value| {
            let entity = command["entityName"].as_str();
            let about = |kind: &str, name: &str| {
                let number = command[name].as_u64();
                number.is_some_and(|number| {
                    let name = format!("{kind}/{number}");
                    self.names.contains(&name) || self.untold.contains(&name)
                })
            };
            entity.is_some_and(|entity| !SIMULATED.contains(&entity))
                || about("loans", "loanId")
                || about("clients", "clientId")
        };
        elements.iter().any(foreign)
    }
}

/// The loan or client that a search asks for.
fn searched(path: &str) -> Option<String> {
    let (kind, query) = path.strip_prefix("/v1/")?.split_once('?')?;
    let id = query.strip_prefix("externalId=")?.split('&').next()?;
    let id = percent_decode_str(id).decode_utf8_lossy();
    matches!(kind, "loans" | "clients").then(|| format!("{kind}/external-id/{id}"))
}

/// The loan or client that is made anew under an external id that was another's.
fn again(sent: &Sent) -> Option<String> {
    let kind = sent.path.strip_prefix("/v1/")?;
    let id = sent.body.get("externalId").and_then(Value::as_str)?;
    (sent.method == "POST" && matches!(kind, "loans" | "clients")).then(|| format!("{kind}/external-id/{id}"))
}

/// The loan or client that a path names, or the offices.
pub(crate) fn named(path: &str) -> Option<String> {
    let path = path.strip_prefix("/v1/")?.split('?').next()?;
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["offices", ..] | ["clients", "template"] => Some(OFFICES.to_owned()),
        // The addresses of a client.
        ["client", id, ..] => Some(format!("clients/{id}")),
        [kind @ ("loans" | "clients"), "external-id", id, ..] => Some(format!(
            "{kind}/external-id/{}",
            percent_decode_str(id).decode_utf8_lossy()
        )),
        [kind @ ("loans" | "clients"), id, ..] if id.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(format!("{kind}/{id}"))
        }
        _ => None,
    }
}
