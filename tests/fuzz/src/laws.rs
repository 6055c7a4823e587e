//! What a run of the worker may make of a row, whatever Fineract answered.

use aws_sdk_dynamodb::types::AttributeValue;
use gateway::adapters::item::{self, Item};
use gateway::failure::Failure;
use gateway::fineract::{Answer, Exchange, code_of};
use gateway::row::Row;
use gateway::settle::FAILURE_BYTES_MAX;
use gateway::tracking::State;
use serde_json::Value;

use crate::script::Seen;
use crate::world::NOW;

/// Largest item of a DynamoDB table.
pub(crate) const ITEM_BYTES_MAX: usize = 400 * 1024;
/// Longest key that Fineract stores.
const KEY_MAX: usize = 50;
/// Refusals of the gateway's own that end an operation.
const OWN_REFUSALS: [&str; 17] = [
    "gateway.not-undoable",
    "gateway.response-too-large",
    "gateway.unanswered",
    "gateway.product-not-found",
    "gateway.charge-not-found",
    "gateway.payment-type-not-found",
    "gateway.write-off-reason-not-found",
    "gateway.term-not-divisible",
    "gateway.loan-incomplete",
    "gateway.term-not-kept",
    "gateway.first-repayment-fixed",
    "gateway.amount-needed",
    "gateway.not-applied",
    "gateway.rejected-by-checker",
    "gateway.removed-by-checker",
    "gateway.done-by-another",
    "gateway.cancelled",
];
/// Operations that only ask, and the member of the answer that names the loan.
const QUESTIONS: [(&str, Option<&str>); 4] = [
    ("LOAN_GET", Some("externalId")),
    ("LOAN_FORECLOSURE_QUOTE", Some("externalLoanId")),
    ("LOAN_PREPAY_QUOTE", Some("externalLoanId")),
    ("LOAN_SCHEDULE_PREVIEW", None),
];

/// The size of an item, as DynamoDB counts it.
pub(crate) fn size(item: &Item) -> usize {
    let of = |value: &AttributeValue| match value.as_b() {
        Ok(bytes) => bytes.as_ref().len(),
        Err(value) => value.as_s().or(value.as_n()).map_or(1, String::len),
    };
    item.iter().map(|(name, value)| name.len() + of(value)).sum()
}

/// A row is an item that fits into the table, and is the same row when it is read again.
pub(crate) fn check_storable(row: &Row) -> usize {
    let item = item::of_row(row).expect("a row is an item");
    assert!(size(&item) <= ITEM_BYTES_MAX, "a row of {} bytes", size(&item));
    assert_eq!(&item::to_row(&item).expect("an item that was a row is a row"), row);
    size(&item)
}

/// What holds between a row, what was asked in one run, and the row after it.
pub(crate) fn check_run(before: &Row, after: &Row, seen: &[Seen]) {
    check_unchanged(before, after);
    let mut commands = seen.iter().filter(|seen| seen.is_command());
    let command = commands.next();
    assert!(commands.next().is_none(), "one run makes one mutating request");
    if let Some(command) = command {
        check_key(before, command.request.key.as_deref());
    }
    if !before.state.is_open() {
        assert_eq!(
            (after, command.is_none()),
            (before, true),
            "what has ended stays as it is"
        );
        return;
    }
    assert!(
        after.maybe_sent || !before.maybe_sent,
        "a doubt is never cleared by a later answer"
    );
    if command.is_some_and(|command| matches!(command.exchange, Exchange::Lost(_))) {
        assert!(
            after.maybe_sent || !after.state.is_open(),
            "what was lost was perhaps applied"
        );
    }
    match after.state {
        State::Succeeded => check_success(before, after, command, seen),
        State::Failed => check_failure(after, command, seen),
        State::Cancelled => panic!("no run cancels"),
        State::Accepted | State::Running => assert!(command.is_none(), "what was asked is written down"),
        State::Waiting | State::PendingApproval => {}
    }
    let kept = (
        after.response.is_some(),
        after.failure.is_some(),
        after.processed_at.is_some(),
        after.expires_at.is_some(),
    );
    if after.state.is_open() && after.attempts != before.attempts {
        assert_eq!(kept, (false, false, false, false), "an open row has no end");
        assert!(after.next_attempt_at.is_some_and(|next| next >= NOW) && after.reason.is_some());
    }
    if !after.state.is_open() {
        assert!(
            kept.2 && kept.3 && after.next_attempt_at.is_none() && kept.0 != kept.1,
            "an end is whole"
        );
    }
    let keys = after.key_epoch.checked_sub(before.key_epoch);
    assert!(keys.is_some_and(|keys| keys <= 1));
    let turns = after.turn.checked_sub(before.turn);
    assert!(turns <= keys && turns.is_some(), "another id needs another key");
}

/// What no run changes.
fn check_unchanged(before: &Row, after: &Row) {
    let same = |row: &Row| Row {
        state: before.state,
        attempts: before.attempts,
        owner: before.owner.clone(),
        lease_until: before.lease_until,
        next_attempt_at: before.next_attempt_at,
        reason: before.reason,
        pace: before.pace,
        waits: before.waits,
        maybe_sent: before.maybe_sent,
        key_epoch: before.key_epoch,
        keys_spent: before.keys_spent,
        turn: before.turn,
        key_first_sent_at: before.key_first_sent_at,
        stuck_since: before.stuck_since,
        queue_seq: before.queue_seq.clone(),
        target: before.target,
        command_id: before.command_id,
        receipt: before.receipt.clone(),
        response: before.response.clone(),
        read_back: before.read_back,
        truncated: before.truncated,
        failure: before.failure.clone(),
        processed_at: before.processed_at,
        expires_at: before.expires_at,
        history: before.history.clone(),
        ..row.clone()
    };
    assert_eq!(&same(after), before, "a run changes what only its caller says");
    assert!(
        before.queue_seq.is_none() || before.queue_seq == after.queue_seq,
        "a place in line is kept"
    );
}

fn check_key(before: &Row, key: Option<&str>) {
    let key = key.expect("a mutating request has a key");
    assert_eq!(key, before.key(), "the key is the row's");
    let graphic = key.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(
        graphic && (1..=KEY_MAX).contains(&key.len()),
        "Fineract cannot store the key {key:?}"
    );
}

fn check_success(before: &Row, after: &Row, command: Option<&Seen>, seen: &[Seen]) {
    let response = after
        .response
        .as_ref()
        .and_then(Value::as_object)
        .expect("a success has an answer");
    if let Some((_, member)) = question(before) {
        let named = member.and_then(|member| response.get(member));
        assert!(
            named.is_none_or(|named| named.as_str() == external_id(before)),
            "the answer is about it"
        );
        let schedule = before.operation != "LOAN_SCHEDULE_PREVIEW" || response.contains_key("periods");
        assert!(schedule, "another answer");
        let answer = seen.last().and_then(Seen::answer).expect("an answer");
        assert_eq!(answer.json().as_ref().and_then(Value::as_object), Some(response));
        return;
    }
    let own = external_id(before).expect("what succeeds has an external id");
    if let Some(wanted) = names(before, own, command) {
        let named = response.get("resourceExternalId").and_then(Value::as_str);
        assert_eq!(named, Some(wanted), "the answer is about it");
    }
    if after.read_back {
        assert!(
            seen.iter()
                .any(|seen| !seen.is_command() && seen.answer().is_some_and(|answer| shows(answer, own, before)))
        );
        return;
    }
    let answer = command
        .and_then(Seen::answer)
        .expect("a success without a read-back is an answer");
    assert!((200..=299).contains(&answer.status), "success after {}", answer.status);
    assert!(
        !answer.from_cache || before.maybe_sent,
        "a stored success of what was never sent"
    );
    let body = answer.json().expect("a success is JSON");
    assert_ne!(
        body.get("rollbackTransaction"),
        Some(&Value::Bool(true)),
        "held, not applied"
    );
    for (name, member) in response {
        assert_eq!(body.get(name), Some(member), "the answer is Fineract's");
    }
}

/// Whether a lookup can have proved that the operation was applied.
fn shows(answer: &Answer, own: &str, before: &Row) -> bool {
    let Some(body) = answer.json() else {
        return false;
    };
    let gone = before.operation == "LOAN_DELETE" && answer.status == 404 && code_of(&body).is_some();
    gone || (answer.status == 200 && body.get("externalId").and_then(Value::as_str) == Some(own))
}

fn check_failure(after: &Row, command: Option<&Seen>, seen: &[Seen]) {
    let failure = after.failure.as_ref().expect("a failure says why");
    assert!(failure.response().to_string().len() <= FAILURE_BYTES_MAX);
    match failure {
        Failure::Gateway { code, .. } => assert!(OWN_REFUSALS.contains(&code.as_str()), "{code} ends an operation"),
        Failure::Fineract { status, body, .. } => {
            assert!(code_of(body).is_some(), "without a code it is not Fineract's word");
            assert!(
                matches!(status, 400 | 403 | 404 | 409 | 500 | 501 | 503),
                "{status} is no refusal"
            );
            let said = |answer: &Answer| answer.status == *status && answer.json().as_ref() == Some(body);
            assert!(seen.iter().filter_map(Seen::answer).any(said), "nobody said so");
        }
    }
    let applied = |answer: &Answer| (200..=299).contains(&answer.status) && answer.json().is_some();
    assert!(
        !command.and_then(Seen::answer).is_some_and(applied),
        "failed after a success"
    );
    let lost = command.is_some_and(|command| matches!(command.exchange, Exchange::Lost(_) | Exchange::NotSent));
    assert!(!lost, "a lost answer is no refusal");
}

/// The external id of what the operation is about.
pub(crate) fn external_id(row: &Row) -> Option<&str> {
    let given = |name| row.data.get(name).and_then(Value::as_str);
    given("external_loan_id")
        .or(given("externalLoanId"))
        .or(given("externalId"))
}

/// Whether the operation only asks.
pub(crate) fn asks(row: &Row) -> bool {
    question(row).is_some()
}

/// An operation that only asks.
fn question(row: &Row) -> Option<(&'static str, Option<&'static str>)> {
    QUESTIONS.into_iter().find(|(name, _)| *name == row.operation)
}

/// The external id that the answer names: of what is made or undone, where that is known, else of the client or loan.
fn names<'a>(row: &'a Row, own: &'a str, command: Option<&'a Seen>) -> Option<&'a str> {
    let given = |name| row.data.get(name).and_then(Value::as_str);
    let sent = || command?.request.body.as_ref()?.get("externalId")?.as_str();
    match row.operation.as_str() {
        "LOAN_UNDO_WRITE_OFF" => None,
        "LOAN_REPAYMENT"
        | "LOAN_WAIVE_INTEREST"
        | "LOAN_FORECLOSURE"
        | "LOAN_WRITE_OFF"
        | "LOAN_RECOVERY_PAYMENT"
        | "LOAN_TRANSACTION_UNDO" => given("externalTransactionId").or_else(sent),
        "LOAN_CHARGE_ADD" => given("externalChargeId"),
        _ => Some(own),
    }
}
