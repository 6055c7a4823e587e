//! The verdict on every kind of answer that was recorded: `verdicts.txt` has a row for each distinct status, code and
//! whether it was a stored answer.

use std::collections::BTreeMap;

use gateway::fineract::{Answer, Exchange, code_of};
use gateway::verdict::{Expected, Verdict, of_command};
use recordings::{RELEASES, Recording};
use serde_json::Value;

use crate::recorded_refusals::ours;

const TABLE: &str = include_str!("verdicts.txt");

fn kind_of(status: u16, body: &Value) -> String {
    let held = body.get("rollbackTransaction") == Some(&Value::Bool(true));
    match code_of(body) {
        Some(code)
            if body
                .to_string()
                .to_lowercase()
                .contains("unique_portfolio_command_source") =>
        {
            format!("{status} {code} (names the key)")
        }
        Some(code) => format!("{status} {code}"),
        None if held => format!("{status} held for a checker"),
        None if status == 200 && body.is_object() => "200".to_owned(),
        None if body.is_object() => format!("{status} container's JSON"),
        None => format!("{status} no JSON object"),
    }
}

fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Applied(_) => "applied".to_owned(),
        Verdict::Pending { .. } => "pending".to_owned(),
        Verdict::Refused(_) => "refused".to_owned(),
        Verdict::NotYet(wait) => format!("not yet, {:?} {:?}", wait.pace, wait.reason),
        Verdict::Spent { reason, .. } => format!("spent, {reason:?}"),
        Verdict::Denied(_) => "denied".to_owned(),
        Verdict::Restored => "restored".to_owned(),
        Verdict::Unnamed { .. } => "unnamed".to_owned(),
        Verdict::Unknown(wait) => format!("unknown, {:?} {:?}", wait.pace, wait.reason),
    }
}

#[test]
fn every_recorded_kind_of_answer_has_its_verdict() {
    let mut rows = BTreeMap::new();
    for release in RELEASES {
        for recording in Recording::all(release).unwrap() {
            for exchange in recording.steps.into_iter().filter_map(|step| step.exchange) {
                let Some(answer) = exchange.answer.filter(|_| ours(&exchange.method, &exchange.path)) else {
                    continue;
                };
                let from_cache = answer.from_cache();
                let cached = if from_cache { ", stored" } else { "" };
                let kind = format!("{}{cached}", kind_of(answer.status, &answer.body));
                let body = answer
                    .body
                    .as_str()
                    .map_or_else(|| answer.body.to_string(), str::to_owned);
                let sent = Exchange::Answer(Answer {
                    status: answer.status,
                    from_cache,
                    body: body.into_bytes(),
                });
                let verdict = word(&of_command(&sent, &Expected::default(), true));
                let earlier = rows.insert(kind.clone(), verdict.clone());
                assert!(
                    earlier.is_none_or(|earlier| earlier == verdict),
                    "{release} {}: two verdicts on {kind}",
                    recording.name
                );
            }
        }
    }
    let table: String = rows
        .iter()
        .map(|(kind, verdict)| format!("{kind} -> {verdict}\n"))
        .collect();
    assert!(
        table == TABLE,
        "the verdicts differ from verdicts.txt; the table is now:\n{table}"
    );
}
