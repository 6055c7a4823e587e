//! Strict reading of JSON that comes from callers.
//!
//! serde_json keeps the last of two members with one name and reads any depth it can; a caller that sends such a
//! body means something that we cannot know, so it is refused. Numbers keep the digits they were written with.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

/// The deepest nesting that is read: an object in an array in an object is 3 deep.
pub const DEPTH_MAX: usize = 16;

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON.
    #[error("the body is not JSON (line {line}, column {column})")]
    NotJson {
        /// Line of the first fault, from 1.
        line: usize,
        /// Column of the first fault, from 1.
        column: usize,
    },
    /// A value inside is not what JSON allows, such as half of a surrogate pair.
    #[error("a value is not valid JSON: {pointer}")]
    BadValue {
        /// JSON pointer of the value.
        pointer: String,
    },
    /// Not UTF-8.
    #[error("the body is not UTF-8 text")]
    NotUtf8,
    /// Deeper than [`DEPTH_MAX`].
    #[error("the body is nested deeper than {DEPTH_MAX}")]
    TooDeep,
    /// A member occurs twice in one object.
    #[error("a member occurs twice in one object: {pointer}")]
    Duplicate {
        /// JSON pointer of the member.
        pointer: String,
    },
}

/// Reads a text strictly.
pub fn read(bytes: &[u8]) -> Result<Value, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotUtf8)?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    value(raw, &mut String::new(), 1)
}

/// A JSON pointer's next token (RFC 6901).
pub fn push_pointer(pointer: &mut String, member: &str) {
    pointer.push('/');
    pointer.push_str(&member.replace('~', "~0").replace('/', "~1"));
}

fn not_json(error: &serde_json::Error) -> Unreadable {
    Unreadable::NotJson {
        line: error.line(),
        column: error.column(),
    }
}

fn bad(pointer: &str) -> Unreadable {
    Unreadable::BadValue {
        pointer: pointer.to_owned(),
    }
}

fn value(raw: &RawValue, pointer: &mut String, depth: usize) -> Result<Value, Unreadable> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{' | b'[') if depth > DEPTH_MAX => Err(Unreadable::TooDeep),
        Some(b'{') => {
            let Members(members) = serde_json::from_str(text).map_err(|_| bad(pointer))?;
            let mut object = Map::with_capacity(members.len());
            for (name, member) in members {
                let end = pointer.len();
                push_pointer(pointer, &name);
                if object.contains_key(&name) {
                    return Err(Unreadable::Duplicate {
                        pointer: pointer.clone(),
                    });
                }
                let member = value(member, pointer, depth + 1)?;
                pointer.truncate(end);
                object.insert(name, member);
            }
            Ok(Value::Object(object))
        }
        Some(b'[') => {
            let Elements(elements) = serde_json::from_str(text).map_err(|_| bad(pointer))?;
            let mut array = Vec::with_capacity(elements.len());
            for (index, element) in elements.into_iter().enumerate() {
                let end = pointer.len();
                push_pointer(pointer, &index.to_string());
                array.push(value(element, pointer, depth + 1)?);
                pointer.truncate(end);
            }
            Ok(Value::Array(array))
        }
        Some(b'-' | b'0'..=b'9') => text.parse::<Number>().map(Value::Number).map_err(|_| bad(pointer)),
        Some(b'"') => serde_json::from_str(text).map(Value::String).map_err(|_| bad(pointer)),
        Some(b't') => Ok(Value::Bool(true)),
        Some(b'f') => Ok(Value::Bool(false)),
        _ => Ok(Value::Null),
    }
}

/// The members of one object as they were written, twins included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

struct Elements<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Elements<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = seq.next_element()? {
                    elements.push(element);
                }
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn what_is_refused() {
        let twin = |pointer: &str| Unreadable::Duplicate {
            pointer: pointer.to_owned(),
        };
        for (text, expected) in [
            (&b"{\"a\":1,\"a\":1}"[..], twin("/a")),
            (b"{\"a\":1,\"\\u0061\":2}", twin("/a")),
            (b"{\"x\":[{\"a/b\":{}, \"a/b\":{}}]}", twin("/x/0/a~1b")),
            (b"\xff", Unreadable::NotUtf8),
            (b"", Unreadable::NotJson { line: 1, column: 0 }),
            (b"{\"a\":1} x", Unreadable::NotJson { line: 1, column: 9 }),
            (b"{\"a\":01}", Unreadable::NotJson { line: 1, column: 7 }),
            (
                b"{\n\"a\":[1,\"\\ud800\"]}",
                Unreadable::BadValue {
                    pointer: "/a/1".to_owned(),
                },
            ),
            (b"NaN", Unreadable::NotJson { line: 1, column: 1 }),
        ] {
            assert_eq!(read(text).unwrap_err(), expected, "{}", String::from_utf8_lossy(text));
        }
        assert!(read(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(read(nested(DEPTH_MAX + 1).as_bytes()).unwrap_err(), Unreadable::TooDeep);
        assert!(
            read(nested(60_000).as_bytes()).is_err(),
            "and does not exhaust the stack"
        );
    }

    #[test]
    fn numbers_keep_their_digits_and_everything_else_is_as_serde_json_reads_it() {
        let text = br#"{"a":[0.1,123456789.12,100000.10,1e5,-0],"b":"\u00e9\n","c":null,"d":true,"e":{}}"#;
        let value = read(text).unwrap();
        assert_eq!(value, serde_json::from_slice::<Value>(text).unwrap());
        assert_eq!(value["a"][2].to_string(), "100000.10");
        let magic = br#"{"$serde_json::private::Number":"x"}"#;
        assert!(
            read(magic).unwrap().is_object(),
            "no member name has a meaning of its own"
        );
    }
}
