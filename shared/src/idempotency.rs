//! The key by which a repeat of a POST is recognised, as callers write it.

use std::borrow::Cow;

use crate::problem::{Kind, Problem};

/// Longest key.
pub const KEY_LENGTH_MAX: usize = 255;
/// The headers that carry a key. They mean the same; the first is what the documents name.
pub const KEY_HEADERS: [&str; 2] = ["idempotency-key", "x-idempotency-key"];

/// A caller's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    /// What stands for the request.
    pub value: Cow<'a, str>,
    /// The same with its quotes, if it came in any. Releases before the quotes were understood stored operations under it.
    pub quoted: Option<&'a str>,
}

impl<'a> Key<'a> {
    /// Reads a header's value: `abc`, or `"abc"` as the IETF's draft of the header writes it (a string of RFC 8941). What is
    /// no such string is a key as it stands.
    pub fn read(text: &'a str) -> Result<Self, Problem> {
        let key = match unquoted(text) {
            Some(value) => Self {
                value: value.into(),
                quoted: Some(text),
            },
            None => Self {
                value: text.into(),
                quoted: None,
            },
        };
        let visible = key.value.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=KEY_LENGTH_MAX).contains(&key.value.len()) {
            return Ok(key);
        }
        Err(invalid(&format!(
            "It must have 1 to {KEY_LENGTH_MAX} visible ASCII characters."
        )))
    }
}

/// The value of whichever header carries the key. Two headers with different keys are refused: each could be the one that
/// the caller relies on.
pub fn of_headers<'a>(header: impl Fn(&str) -> Option<&'a [u8]>) -> Result<Option<&'a str>, Problem> {
    let mut found: Option<&'a str> = None;
    for value in KEY_HEADERS.into_iter().filter_map(header) {
        let value = std::str::from_utf8(value).ok().filter(|value| value.is_ascii());
        let value = value.ok_or_else(|| invalid("It must have visible ASCII characters."))?;
        match found {
            Some(first) if Key::read(first)?.value != Key::read(value)?.value => {
                return Err(invalid(
                    "Idempotency-Key and X-Idempotency-Key are the same header, and have different keys here.",
                ));
            }
            Some(_) => {}
            None => found = Some(value),
        }
    }
    Ok(found)
}

/// What stands between the quotes, without its escapes, if the text is one whole string.
fn unquoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut value = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        value.push(match character {
            '\\' => characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?,
            '"' => return None,
            other => other,
        });
    }
    Some(value)
}

fn invalid(detail: &str) -> Problem {
    Problem::new(Kind::InvalidIdempotencyKey, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        let longest = "k".repeat(KEY_LENGTH_MAX);
        for (text, value) in [
            ("abc", Some("abc")),
            (r#""abc""#, Some("abc")),
            (r#""a\"b\\c""#, Some(r#"a"b\c"#)),
            (r#"a"b\c"#, Some(r#"a"b\c"#)),
            // No string of RFC 8941: keys as they stand.
            (r#""abc"#, Some(r#""abc"#)),
            (r#"abc""#, Some(r#"abc""#)),
            (r#""a"b""#, Some(r#""a"b""#)),
            (r#""abc\""#, Some(r#""abc\""#)),
            (r#""a\bc""#, Some(r#""a\bc""#)),
            (r#"""#, Some(r#"""#)),
            (&longest, Some(&longest)),
            (&format!("\"{longest}\""), Some(&longest)),
            (r#""""#, None),
            ("", None),
            ("a b", None),
            (r#""a b""#, None),
            ("\u{e9}", None),
            (&format!("{longest}k"), None),
        ] {
            let read = Key::read(text).ok();
            assert_eq!(read.as_ref().map(|key| &*key.value), value, "{text}");
            let quoted = read.and_then(|key| key.quoted);
            assert!(quoted.is_none_or(|quoted| quoted == text), "{text}");
        }
    }

    #[test]
    fn both_headers_carry_one_key() {
        for (first, second, found) in [
            (None, None, Ok(None)),
            (Some("k"), None, Ok(Some("k"))),
            (None, Some("k"), Ok(Some("k"))),
            (None, Some("\"k\""), Ok(Some("\"k\""))),
            (Some("k"), Some("k"), Ok(Some("k"))),
            (Some("\"k\""), Some("k"), Ok(Some("\"k\""))),
            (Some("k"), Some("K"), Err(())),
            (Some("k"), Some(""), Err(())),
            (None, Some("\u{e9}"), Err(())),
        ] {
            let header = |name: &str| if name == KEY_HEADERS[0] { first } else { second };
            let read = of_headers(|name| header(name).map(str::as_bytes));
            let read = read.map_err(|problem| assert_eq!(problem.kind, Kind::InvalidIdempotencyKey));
            assert_eq!(read, found, "{first:?} {second:?}");
        }
    }
}
