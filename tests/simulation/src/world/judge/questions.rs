//! What only asks: it changes nothing, and is answered.

use std::time::Duration;

use gateway::tracking::State;
use serde_json::Value;

use super::{Story, Truth, disturbed, external_id, may_fail, name};
use crate::world::World;

/// Operations that only ask.
const QUESTIONS: [&str; 4] = [
    "LOAN_GET",
    "LOAN_FORECLOSURE_QUOTE",
    "LOAN_PREPAY_QUOTE",
    "LOAN_SCHEDULE_PREVIEW",
];
/// How often at least an operation asks without an answer before it gives up.
const UNANSWERED: usize = 5;

/// Whether an operation only asks.
pub(super) fn is_one(operation: &str) -> bool {
    QUESTIONS.contains(&operation)
}

/// What is wrong with the end of an operation that only asks.
pub(super) fn wrong(
    world: &World,
    story: &Story,
    ended_at: Duration,
    truth: &Truth,
    stories: &[Story],
) -> Option<String> {
    let row = &story.row;
    if !truth.of_operation(row.id).is_empty() {
        return Some(format!("{} only asks, and changed something", name(row)));
    }
    match row.state {
        State::Succeeded if !answers(story) => Some(format!("{} is answered {:?}", name(row), row.response)),
        State::Failed if !may_stay_unanswered(world, story, ended_at, truth, stories) => Some(format!(
            "{} was not answered: {}",
            name(row),
            row.failure.as_ref().map(|failure| failure.error()).unwrap_or_default()
        )),
        _ => None,
    }
}

/// Whether the answer is one, and about the loan.
fn answers(story: &Story) -> bool {
    let row = &story.row;
    let Some(response) = &row.response else { return false };
    let of_loan = |member: &str| response.get(member).and_then(Value::as_str) == Some(external_id(row).as_str());
    match row.operation.as_str() {
        "LOAN_GET" if row.data.get("fields").is_some() => response.is_object(),
        "LOAN_GET" => of_loan("externalId"),
        "LOAN_FORECLOSURE_QUOTE" | "LOAN_PREPAY_QUOTE" => response.get("amount").is_some_and(Value::is_number),
        _ => response.get("periods").is_some_and(Value::is_array),
    }
}

fn may_stay_unanswered(world: &World, story: &Story, ended_at: Duration, truth: &Truth, stories: &[Story]) -> bool {
    let row = &story.row;
    let code = row.failure.as_ref().and_then(|failure| failure.code());
    if code == Some("gateway.unanswered") {
        return row.history.len() >= UNANSWERED && world.weather.last_fault() > story.stored_at;
    }
    // It waits for no other operation.
    let there = match row.data.get("clientId").and_then(Value::as_str) {
        Some(client) => truth.was_there("CLIENT", client, story.stored_at, ended_at),
        None => truth.was_there("LOAN", &external_id(row), story.stored_at, ended_at),
    };
    !there || disturbed(world, row, stories) || may_fail(world, story, stories)
}
