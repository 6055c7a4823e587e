//! What people did to an operation: a note for each deed, with who and why, written before the deed has an effect.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;

/// Longest name of who did something.
pub const WHO_LENGTH_MAX: usize = 300;
/// Longest reason.
pub const WHY_LENGTH_MAX: usize = 500;
/// Most notes of one operation: with everything else the row has to fit into an item of the table.
pub const NOTES_MAX: usize = 40;
/// How many of them are kept for ending it by hand.
pub const NOTES_KEPT_FOR_ENDING: usize = 2;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Its request and its answer were shown.
    Revealed,
    /// It was to be tried at once.
    Resumed,
    /// It was ended by hand as what Fineract shows.
    Resolved,
    /// It was ended by hand, whatever Fineract shows.
    Forced,
    /// It was sent anew, as `other`.
    Retried,
    /// It is `other`, sent anew.
    RetryOf,
    /// Its message was taken from the dead letters.
    Drained,
    /// Another release's.
    #[serde(other)]
    Unknown,
}

impl Deed {
    /// Most notes of an operation, this one among them.
    pub const fn notes_max(self) -> usize {
        match self {
            Self::Resolved | Self::Forced => NOTES_MAX,
            Self::Revealed | Self::Resumed | Self::Retried | Self::RetryOf | Self::Drained | Self::Unknown => {
                NOTES_MAX - NOTES_KEPT_FOR_ENDING
            }
        }
    }

    /// The stored word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revealed => "revealed",
            Self::Resumed => "resumed",
            Self::Resolved => "resolved",
            Self::Forced => "forced",
            Self::Retried => "retried",
            Self::RetryOf => "retry_of",
            Self::Drained => "drained",
            Self::Unknown => "unknown",
        }
    }
}

/// Something that a person did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What.
    pub deed: Deed,
    /// Why.
    pub why: String,
    /// The other operation that it has to do with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Uuid>,
}

/// Who does something, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hand {
    by: String,
    why: String,
}

/// Who or why was not said as it must be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} has 1 to {longest} characters, none of them a control character")]
pub struct NotSaid {
    what: &'static str,
    longest: usize,
}

impl Hand {
    /// Who does something, and why.
    pub fn new(by: &str, why: &str) -> Result<Self, NotSaid> {
        for (what, text, longest) in [("who does it", by, WHO_LENGTH_MAX), ("the reason", why, WHY_LENGTH_MAX)] {
            let length = text.trim().chars().count();
            if length == 0 || length > longest || text.chars().any(char::is_control) {
                return Err(NotSaid { what, longest });
            }
        }
        let (by, why) = (by.trim().to_owned(), why.trim().to_owned());
        Ok(Self { by, why })
    }

    /// The note of a deed.
    pub fn note(&self, deed: Deed, at: Timestamp, other: Option<Uuid>) -> Note {
        Note {
            at,
            by: self.by.clone(),
            deed,
            why: self.why.clone(),
            other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_and_why_must_be_said() {
        let (name, reason) = ("n".repeat(WHO_LENGTH_MAX), "r".repeat(WHY_LENGTH_MAX));
        for (by, why, good) in [
            ("night", "ticket 7", true),
            (&name, &reason, true),
            ("", "ticket 7", false),
            ("night", " ", false),
            ("night\u{1b}", "ticket 7", false),
            (&format!("{name}n"), "ticket 7", false),
            ("night", &format!("{reason}r"), false),
        ] {
            assert_eq!(Hand::new(by, why).is_ok(), good, "{by} {why}");
        }
    }

    #[test]
    fn a_deed_of_another_release_is_read() {
        let at = Timestamp::from_micros(0);
        let note = Hand::new("night", "x").unwrap().note(Deed::Resumed, at, None);
        let mut stored = serde_json::to_value(&note).unwrap();
        assert_eq!(stored["deed"], Deed::Resumed.as_str());
        stored["deed"] = "moved".into();
        assert_eq!(serde_json::from_value::<Note>(stored).unwrap().deed, Deed::Unknown);
    }
}
