//! What stands on steps that are not played: loans and clients that such a step made or changed.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::recording::{Got, Sent};

/// The loans and clients that are no longer as the recording has them.
#[derive(Default)]
pub(crate) struct Outside {
    names: BTreeSet<String>,
    /// Loans by their two names.
    loans: Vec<(String, String)>,
}

impl Outside {
    /// Notes the names of what this step made, if it made something.
    pub(crate) fn learn(&mut self, got: &Got) {
        let number = got.body.get("loanId").filter(|id| id.is_u64());
        if let (Some(number), Some(id)) = (number, got.body["resourceExternalId"].as_str())
            && got.body["loanId"] == got.body["resourceId"]
        {
            self.loans
                .push((format!("loans/{number}"), format!("loans/external-id/{id}")));
        }
    }

    /// Notes that this step is not played. What it changed, others cannot stand on.
    pub(crate) fn skip(&mut self, sent: &Sent, got: Option<&Got>) {
        let applied = got.is_none_or(|got| got.status == 200 || got.status == 500);
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

    fn add(&mut self, name: &str) {
        let also: Vec<String> = self
            .loans
            .iter()
            .filter(|(number, id)| number == name || id == name)
            .flat_map(|(number, id)| [number.clone(), id.clone()])
            .collect();
        self.names.insert(name.to_owned());
        self.names.extend(also);
    }

    /// Whether this step stands on one that was not played.
    pub(crate) fn holds(&self, sent: &Sent) -> bool {
        named(&sent.path).is_some_and(|name| self.names.contains(&name))
    }
}

/// The loan or client that a path names.
pub(crate) fn named(path: &str) -> Option<String> {
    let path = path.strip_prefix("/v1/")?.split('?').next()?;
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
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
