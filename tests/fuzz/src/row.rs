//! A stored row: an item of the table, perhaps of another release, perhaps damaged.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use gateway::accept::BODY_BYTES_MAX;
use gateway::adapters::item::{self, Item};
use gateway::cancel::Canceller;
use gateway::fineract::{Answer, Exchange, Loss};
use gateway::row::Row;
use gateway::sweep::Sweeper;
use gateway::terms::RETENTION;
use gateway::track;
use gateway::tracking::State;
use serde_json::{Value, json};

use crate::journal;
use crate::laws::{check_run, check_storable, external_id};
use crate::script::{Told, willing};
use crate::world::{NOW, World, caller, wait_for};

/// How long after its time a row is overdue.
const OVERDUE: Duration = Duration::from_secs(15 * 60);
/// Words with which the gateway says why an item is no row, besides states and the names of attributes.
const OWN_WORDS: &str = "i64 u16 u32 u64 Failure Row Try UUID";
/// Shortest text that is looked for where it may not be.
const TEXT_MIN: usize = 12;

/// What can be read is the same when it is written and read again, and is dealt with as what it says; what cannot be read
/// says why without its values.
///
/// The bytes are an item as the AWS command line prints it: `{"id": {"S": "…"}, "attempts": {"N": "1"}, …}`.
pub fn row(input: &[u8]) {
    let Some(stored) = serde_json::from_slice(input).ok().as_ref().and_then(item_of) else {
        return;
    };
    journal::begin();
    let row = match item::to_row(&stored) {
        Ok(row) => row,
        Err(error) => return check_words(&stored, &error.to_string()),
    };
    let mut newer = stored.clone();
    for (name, value) in [
        ("a_text_of_tomorrow", AttributeValue::S("x".to_owned())),
        ("a_list_of_tomorrow", AttributeValue::L(Vec::new())),
        ("a_map_of_tomorrow", AttributeValue::M(Item::new())),
        ("nothing_of_tomorrow", AttributeValue::Null(true)),
    ] {
        newer.insert(name.to_owned(), value);
    }
    assert_eq!(
        item::to_row(&newer).as_ref().ok(),
        Some(&row),
        "a newer release's attributes are left alone"
    );
    if row.data.to_string().len() > BODY_BYTES_MAX {
        return;
    }
    check_storable(&row);
    let told = track::body(
        &row,
        track::Beside {
            behind: Some(&row),
            retry: Some(&row),
        },
    );
    assert_eq!(told["status"], row.state.status());
    check_cancel(&row);
    check_sweep(&row);
    for round in 0..3 {
        check_worker(&row, round);
    }
    journal::check(&[&row.operation]);
}

/// The item that the JSON of the AWS command line stands for.
fn item_of(json: &Value) -> Option<Item> {
    json.as_object()?
        .iter()
        .map(|(name, value)| Some((name.clone(), attribute_of(value)?)))
        .collect()
}

fn attribute_of(json: &Value) -> Option<AttributeValue> {
    let mut members = json.as_object()?.iter();
    let ((kind, value), None) = (members.next()?, members.next()) else {
        return None;
    };
    let text = || value.as_str().map(str::to_owned);
    Some(match kind.as_str() {
        "S" => AttributeValue::S(text()?),
        // The table gives numbers in plain digits.
        "N" => AttributeValue::N(text().filter(|text| text.len() <= 40)?),
        "BOOL" => AttributeValue::Bool(value.as_bool()?),
        // The command line prints it as base64.
        "B" => AttributeValue::B(Blob::new(aws_smithy_types::base64::decode(value.as_str()?).ok()?)),
        "NULL" => AttributeValue::Null(true),
        "L" => AttributeValue::L(value.as_array()?.iter().map(attribute_of).collect::<Option<_>>()?),
        "M" => AttributeValue::M(item_of(value)?),
        _ => return None,
    })
}

/// Why an item is no row goes into the log, where no text of a caller's or of Fineract's may be.
fn check_words(item: &Item, error: &str) {
    assert!(error.len() < 300, "an error with data in it: {error}");
    for (name, value) in item {
        let AttributeValue::S(text) = value else {
            continue;
        };
        let mut texts = vec![text.clone()];
        gather(&serde_json::from_str(text).unwrap_or_default(), &mut texts);
        // Chance finds out what the gateway's own sentences are.
        let own = |word: &str| OWN_WORDS.split(' ').any(|own| own == word) || is_word(word);
        let own = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').all(own);
        for text in texts.iter().filter(|text| text.len() >= TEXT_MIN && !own(text)) {
            assert!(!error.contains(text.as_str()), "{name} is told: {error}");
        }
    }
}

/// Whether it is a plain word, such as a state.
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn gather(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(elements) => elements.iter().for_each(|element| gather(element, texts)),
        Value::Object(members) => members.values().for_each(|member| gather(member, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn world_with(row: &Row) -> World {
    let world = World::new();
    world.ledger.put(row.clone());
    world
}

/// Only what was certainly not sent is taken back.
fn check_cancel(row: &Row) {
    let world = world_with(row);
    let canceller = Canceller {
        ledger: &world.ledger,
        queue: &world.queue,
        clock: &world.clock,
        retention: RETENTION,
    };
    let own = gateway::callers::Caller {
        id: row.caller.clone(),
        ..caller()
    };
    let report = wait_for(canceller.cancel(&own, &row.tracking_id().to_string()));
    let after = world.row();
    if after == *row {
        assert!(report.is_err() || row.state == State::Cancelled);
        return;
    }
    assert!(matches!(row.state, State::Accepted | State::Waiting) && !row.maybe_sent);
    assert_eq!(
        (after.state, report.unwrap().body["status"].as_str()),
        (State::Cancelled, Some("failed"))
    );
    check_storable(&after);
}

/// The sweep sends the message of what is overdue, and changes nothing else.
fn check_sweep(row: &Row) {
    let world = world_with(row);
    let sweeper = Sweeper {
        ledger: &world.ledger,
        queue: &world.queue,
        clock: &world.clock,
        overdue: OVERDUE,
        resend: Duration::from_secs(30 * 60),
        sends_max: 10,
    };
    let swept = wait_for(sweeper.sweep(NOW.after(Duration::from_secs(60)), 0));
    let after = world.row();
    assert_eq!((swept.open == 1, swept.failed), (row.state.is_open(), 0));
    assert_eq!(world.queue.len(), swept.sent as usize);
    let sent = Row {
        sends: after.sends,
        resend_after: after.resend_after,
        ..row.clone()
    };
    assert_eq!(after, sent);
    let due = row.next_attempt_at.is_none_or(|next| next.after(OVERDUE) <= NOW);
    let due = due && row.resend_after.is_none_or(|after| after <= NOW);
    assert_eq!(swept.sent == 1, row.state.is_open() && due, "what is overdue is sent");
    assert!(after.sends == row.sends || swept.sent == 1);
}

/// The worker keeps the row, whatever Fineract says, and ends it only as Fineract said.
fn check_worker(row: &Row, round: usize) {
    let own = external_id(row).unwrap_or_default().to_owned();
    let world = World::new();
    let message = world.with(row);
    let body = json!({"userMessageGlobalisationCode": "error.msg.x", "errors": []})
        .to_string()
        .into_bytes();
    let refused = Exchange::Answer(Answer {
        status: 403,
        from_cache: true,
        body,
    });
    let seen = match round {
        0 => {
            let fineract = willing(&own);
            world.run(&fineract, &message);
            fineract.seen()
        }
        _ => {
            let exchange = if round == 1 {
                refused
            } else {
                Exchange::Lost(Loss::CutOff)
            };
            let fineract = Told::new(move |_, _| exchange.clone());
            world.run(&fineract, &message);
            fineract.seen()
        }
    };
    assert!(
        world.queue.dead_letters().is_empty(),
        "a row that can be read buries no message"
    );
    let after = world.row();
    check_run(row, &after, &seen);
    check_storable(&after);
}
