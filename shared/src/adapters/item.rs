//! A row as an item of the table, and back.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Number, Value};

use crate::json;
use crate::packing::{self, Stored};
use crate::row::Row;

/// An item.
pub type Item = HashMap<String, AttributeValue>;

/// Members that are kept as JSON text, so that their digits stay as they are.
const DOCUMENTS: [&str; 6] = ["data", "ignored", "response", "failure", "history", "notes"];
/// Fineract's answer, as JSON text.
pub(super) const RESPONSE: &str = "response";
/// The same compressed, in its place.
pub(super) const RESPONSE_PACKED: &str = "response_packed";
/// The parts of the key in the index of open operations; there while the row is open.
pub(super) const OPEN_SHARD: &str = "open_shard";
/// See [`OPEN_SHARD`].
pub(super) const OPEN_KEY: &str = "open_key";

/// Longest name of an attribute that is told.
const NAME_MAX: usize = 32;

/// An item is not a row; it says why without the item's values, which may be about somebody.
#[derive(Debug, thiserror::Error)]
#[error("an item of the table is not a row: {0}")]
pub struct NotARow(String);

/// A document as an attribute.
pub(super) fn document(value: &impl serde::Serialize) -> AttributeValue {
    AttributeValue::S(serde_json::to_string(value).unwrap_or_default())
}

/// Fineract's answer as an attribute, with its name.
pub(super) fn response(answer: &Value) -> (&'static str, AttributeValue) {
    match packing::store(answer) {
        Stored::Plain(text) => (RESPONSE, AttributeValue::S(text)),
        Stored::Packed(bytes) => (RESPONSE_PACKED, AttributeValue::B(Blob::new(bytes))),
    }
}

/// Fineract's answer from what it was compressed to.
fn unpacked(packed: &Blob) -> Result<Value, NotARow> {
    let text = packing::unpack(packed.as_ref());
    let text = text.ok_or_else(|| NotARow(format!("{RESPONSE_PACKED} cannot be unpacked")))?;
    serde_json::from_slice(&text).map_err(|error| NotARow(format!("{RESPONSE_PACKED}: {}", without_value(&error))))
}

/// A whole number as an attribute.
pub(super) fn number(number: u32) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// What serde says of a value, without the value.
fn without_value(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let form = ["missing field", "duplicate field"]
        .iter()
        .any(|form| text.starts_with(form));
    match text.rsplit_once(", expected ") {
        _ if form => text,
        Some((_, expected)) => format!("expected {expected}"),
        None => "a text has another form".to_owned(),
    }
}

/// The item of a row.
pub fn of_row(row: &Row) -> Result<Item, NotARow> {
    let Value::Object(members) = serde_json::to_value(row).map_err(|error| NotARow(without_value(&error)))? else {
        return Err(NotARow("not an object".to_owned()));
    };
    let mut item = Item::with_capacity(members.len() + 2);
    for (name, member) in members {
        let attribute = match member {
            Value::Null => continue,
            member if name == RESPONSE => {
                let (name, attribute) = response(&member);
                item.insert(name.to_owned(), attribute);
                continue;
            }
            member if DOCUMENTS.contains(&name.as_str()) => document(&member),
            Value::Bool(value) => AttributeValue::Bool(value),
            Value::Number(value) => AttributeValue::N(value.to_string()),
            Value::String(value) => AttributeValue::S(value),
            Value::Array(_) | Value::Object(_) => return Err(NotARow(format!("{name} is no plain value"))),
        };
        item.insert(name, attribute);
    }
    if row.state.is_open() {
        item.insert(OPEN_SHARD.to_owned(), AttributeValue::S(row.subject.shard()));
        item.insert(OPEN_KEY.to_owned(), AttributeValue::S(row.open_key()));
    }
    Ok(item)
}

/// An attribute's name, if it looks like one.
fn told(name: &str) -> &str {
    let plain = name.len() <= NAME_MAX && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if plain { name } else { "an attribute" }
}

/// The row of an item.
#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is the SDK's and open")]
pub fn to_row(item: &Item) -> Result<Row, NotARow> {
    let mut members = Map::with_capacity(item.len());
    let mut data = Value::Null;
    let mut packed = None;
    for (name, attribute) in item {
        let told = told(name);
        let member = match attribute {
            AttributeValue::S(text) if name == "data" => {
                // A caller's data is read as it was at the edge; no member name in it has a meaning of its own.
                data = json::read(text.as_bytes()).map_err(|_| NotARow("data cannot be read".to_owned()))?;
                Value::Null
            }
            AttributeValue::S(text) if DOCUMENTS.contains(&name.as_str()) => {
                serde_json::from_str(text).map_err(|error| NotARow(format!("{told}: {}", without_value(&error))))?
            }
            AttributeValue::S(text) => Value::String(text.clone()),
            AttributeValue::B(bytes) if name == RESPONSE_PACKED => {
                packed = Some(unpacked(bytes)?);
                continue;
            }
            _ if DOCUMENTS.contains(&name.as_str()) => return Err(NotARow(format!("{told} is no text"))),
            AttributeValue::N(text) => Value::Number(
                text.parse::<Number>()
                    .map_err(|error| NotARow(format!("{told}: {}", without_value(&error))))?,
            ),
            AttributeValue::Bool(value) => Value::Bool(*value),
            // Another release's; no attribute of a row is read from it.
            _ => Value::Array(Vec::new()),
        };
        members.insert(name.clone(), member);
    }
    if let Some(response) = packed {
        members.insert(RESPONSE.to_owned(), response);
    }
    let row: Row = serde_json::from_value(Value::Object(members)).map_err(|error| NotARow(without_value(&error)))?;
    Ok(Row { data, ..row })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Authority;
    use crate::clock::Timestamp;
    use crate::failure::Failure;
    use crate::note::{Deed, Hand};
    use crate::pace::{Pace, Reason};
    use crate::row::Try;
    use crate::row::tests::row;
    use crate::tracking::State;

    fn back_and_forth(row: &Row) {
        assert_eq!(&to_row(&of_row(row).unwrap()).unwrap(), row);
    }

    #[test]
    fn a_row_is_read_back_as_it_was_written() {
        let data = br#"{"principal":123456789.10,"note":"\u0000","$serde_json::private::Number":"x","deep":[[1e400]]}"#;
        let open = Row {
            data: json::read(data).unwrap(),
            ..row()
        };
        back_and_forth(&open);
        let at = Timestamp::from_micros(5);
        let ended = Row {
            state: State::Failed,
            owner: Some("r.1".to_owned()),
            lease_until: Some(at),
            next_attempt_at: None,
            reason: Some(Reason::AnswerLost),
            pace: Some(Pace::Soon),
            waits: 3,
            maybe_sent: true,
            target: Some(u64::MAX),
            command_id: Some(1),
            response: Some(serde_json::from_str("{\"a\":0.10}").unwrap()),
            failure: Some(Failure::fineract(403, serde_json::json!({"x": [1]}))),
            processed_at: Some(at),
            expires_at: Some(-1),
            history: vec![Try {
                at,
                verdict: "refused".to_owned(),
                status: Some(403),
                code: None,
                authority: Some(Authority::try_from("READ_LOAN".to_owned()).unwrap()),
                key_epoch: 1,
            }],
            notes: vec![
                Hand::new("night", "ticket 7")
                    .unwrap()
                    .note(Deed::Retried, at, Some(row().id)),
            ],
            ..row()
        };
        back_and_forth(&ended);
    }

    #[test]
    fn a_large_answer_is_kept_compressed_and_one_of_an_earlier_release_is_read() {
        let answer = json_of(300_000);
        let ended = Row {
            state: State::Succeeded,
            response: Some(answer.clone()),
            ..row()
        };
        back_and_forth(&ended);
        let mut item = of_row(&ended).unwrap();
        let Some(AttributeValue::B(packed)) = item.remove(RESPONSE_PACKED) else {
            panic!("it is compressed");
        };
        assert!(packed.as_ref().len() < 30_000 && !item.contains_key(RESPONSE));
        item.insert(RESPONSE.to_owned(), AttributeValue::S(answer.to_string()));
        assert_eq!(to_row(&item).unwrap(), ended);
    }

    fn json_of(bytes: usize) -> Value {
        serde_json::json!({"periods": vec![0; bytes / 2]})
    }

    #[test]
    fn attributes_of_another_release_are_left_alone() {
        let mut item = of_row(&row()).unwrap();
        for (name, value) in [
            ("a_list", AttributeValue::L(Vec::new())),
            ("a_map", AttributeValue::M(Item::new())),
            ("nothing", AttributeValue::Null(true)),
        ] {
            item.insert(name.to_owned(), value);
        }
        assert_eq!(to_row(&item).unwrap(), row());
    }

    #[test]
    fn an_item_that_is_no_row_says_why_without_its_values() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        for (name, value, why) in [
            ("state", text("Jayesh"), "expected one of `accepted`"),
            ("attempts", text("Jayesh"), "expected u32"),
            ("maybe_sent", AttributeValue::L(Vec::new()), "expected a boolean"),
            ("accepted_at", text("Jayesh"), "a text has another form"),
            ("data", text("{\"Jayesh\":1,\"Jayesh\":2}"), "data cannot be read"),
            ("Jayesh", AttributeValue::N("x".to_owned()), "an attribute: "),
            ("data", AttributeValue::Bool(true), "data is no text"),
            ("failure", text("{\"gateway\":{\"status\":\"Jayesh\"}}"), "expected u16"),
            ("history", text("[\"Jayesh\"]"), "expected struct Try"),
            (
                RESPONSE_PACKED,
                AttributeValue::B(Blob::new("Jayesh")),
                "response_packed cannot be unpacked",
            ),
        ] {
            let mut item = of_row(&row()).unwrap();
            item.insert(name.to_owned(), value);
            let error = to_row(&item).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("Jayesh"), "{name}: {error}");
        }
        let mut item = of_row(&row()).unwrap();
        item.remove("caller");
        assert!(
            to_row(&item)
                .unwrap_err()
                .to_string()
                .contains("missing field `caller`")
        );
    }

    #[test]
    fn only_open_rows_stand_in_the_index() {
        for state in State::ALL {
            let item = of_row(&Row { state, ..row() }).unwrap();
            assert_eq!(item.contains_key(OPEN_KEY), state.is_open(), "{state:?}");
            assert_eq!(item.contains_key(OPEN_SHARD), state.is_open(), "{state:?}");
        }
    }
}
