//! A permission of Fineract's, as `credentials_refused` names it: its identifier and nothing else of Fineract's text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest identifier; Fineract's column has as many characters.
const LENGTH_MAX: usize = 100;
/// What Fineract says before the identifier of a command's permission.
const OF_COMMANDS: &str = "User has no authority to: ";
/// What it says before the kind of things that may not be read; the kind is in small letters, with an `s` behind it.
const OF_READS: &str = "User has no authority to READ ";
const READ: &str = "READ_";

/// The identifier of a permission, such as `ACTIVATE_CLIENT`: capital letters and underscores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Authority(String);

/// A text that is no identifier of a permission.
#[derive(Debug, thiserror::Error)]
#[error("no identifier of a permission")]
pub struct NotOne;

impl Authority {
    /// The permission that Fineract's sentence names, if it does.
    pub fn named_in(sentence: &str) -> Option<Self> {
        if let Some(identifier) = sentence.strip_prefix(OF_COMMANDS) {
            return Self::try_from(identifier.to_owned()).ok();
        }
        let kind = sentence.strip_prefix(OF_READS)?.strip_suffix('s')?;
        Self::try_from(format!("{READ}{}", kind.to_ascii_uppercase())).ok()
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Authority {
    type Error = NotOne;

    fn try_from(text: String) -> Result<Self, NotOne> {
        let fits = (1..=LENGTH_MAX).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') {
            Ok(Self(text))
        } else {
            Err(NotOne)
        }
    }
}

impl From<Authority> for String {
    fn from(authority: Authority) -> Self {
        authority.0
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_identifier_is_taken_out_of_a_sentence() {
        let long = format!("User has no authority to: {}", "A".repeat(LENGTH_MAX + 1));
        for (sentence, identifier) in [
            ("User has no authority to: ACTIVATE_CLIENT", Some("ACTIVATE_CLIENT")),
            ("User has no authority to READ clients", Some("READ_CLIENT")),
            ("User has no authority to READ codevalues", Some("READ_CODEVALUE")),
            ("User has no authority to: ACTIVATE_CLIENT of Asha Rao", None),
            ("User has no authority to: 98765", None),
            ("User has no authority to READ Asha Rao's", None),
            ("User has no authority to: ", None),
            ("User has no authority to be a checker for: CREATE_CLIENT", None),
            ("Asha Rao", None),
            (&long, None),
        ] {
            let found = Authority::named_in(sentence);
            assert_eq!(found.as_ref().map(Authority::as_str), identifier, "{sentence}");
        }
    }

    #[test]
    fn only_an_identifier_is_read_from_a_row() {
        for (stored, good) in [("\"READ_LOAN\"", true), ("\"Asha Rao\"", false), ("\"\"", false)] {
            assert_eq!(serde_json::from_str::<Authority>(stored).is_ok(), good, "{stored}");
        }
    }
}
