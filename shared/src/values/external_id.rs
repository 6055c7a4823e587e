//! The ids that a loan origination system gives to its clients and loans.

use std::fmt;

use serde_json::Value;

use super::{FaultCode, FromJson, Rules, Shape, Wrong, length, wrong_type};

/// Longest external id, in UTF-16 code units.
const EXTERNAL_ID_MAX: usize = 100;
/// Fineract's web server refuses these in a path, encoded or not, so a client or loan with such an id could be
/// created but never be found again.
const UNFINDABLE: [char; 6] = ['/', '%', ';', '\\', '\u{2028}', '\u{2029}'];

/// An external id that Fineract stores as it is and finds again. Nothing is trimmed, case matters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalId(String);

impl ExternalId {
    /// The id as the caller wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&ExternalId> for Value {
    fn from(id: &ExternalId) -> Self {
        Self::String(id.0.clone())
    }
}

impl FromJson for ExternalId {
    const SHAPE: Shape = Shape::ExternalId { max: EXTERNAL_ID_MAX };

    fn from_json(value: &Value, _: &Rules) -> Result<Self, Wrong> {
        let Value::String(text) = value else {
            return Err(wrong_type("a string", value));
        };
        if text.trim().is_empty() {
            return Err(Wrong::new(FaultCode::Empty, "must not be empty or blank"));
        }
        if length(text) > EXTERNAL_ID_MAX {
            return Err(Wrong::new(
                FaultCode::TooLong,
                format!("must have at most {EXTERNAL_ID_MAX} characters"),
            ));
        }
        if text.chars().any(|c| c.is_control() || UNFINDABLE.contains(&c)) || text == "." || text == ".." {
            let detail = "must not have control characters, line separators or any of / % ; \\ and not be . or ..: \
                          Fineract could not find such an id again";
            return Err(Wrong::new(FaultCode::ForbiddenCharacter, detail));
        }
        Ok(Self(text.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::testing::read;

    #[test]
    fn ids_that_fineract_finds_again_are_taken_as_they_are() {
        for id in [
            "INC-1001",
            "a b",
            " a ",
            "\u{fc}n\u{ef}-\u{906}",
            "a?b#c+d:e@f'g|h<i>",
            "..x",
            "x.",
            "772921689283",
        ] {
            let json = serde_json::to_string(id).unwrap();
            assert_eq!(read::<ExternalId>(&json).map(|id| id.to_string()), Ok(id.to_owned()));
        }
        assert!(read::<ExternalId>(&format!("\"{}\"", "z".repeat(100))).is_ok());
    }

    #[test]
    fn ids_that_fineract_cannot_find_again_are_refused() {
        for (json, code) in [
            ("\"a/b\"", "forbidden-character"),
            ("\"50%\"", "forbidden-character"),
            ("\"a;b\"", "forbidden-character"),
            ("\"a\\\\b\"", "forbidden-character"),
            ("\"a\\nb\"", "forbidden-character"),
            ("\"a\\u0000b\"", "forbidden-character"),
            ("\"a\\u2028b\"", "forbidden-character"),
            ("\".\"", "forbidden-character"),
            ("\"..\"", "forbidden-character"),
            ("\"\"", "empty"),
            ("\"  \"", "empty"),
            ("1001", "wrong-type"),
            ("{}", "wrong-type"),
        ] {
            assert_eq!(read::<ExternalId>(json).map(|id| id.to_string()), Err(code), "{json}");
        }
        assert_eq!(
            read::<ExternalId>(&format!("\"{}\"", "z".repeat(101))).err(),
            Some("too-long")
        );
    }
}
