//! The row of an operation: the one truth about it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::authority::Authority;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::note::{Deed, Note};
use crate::pace::{Pace, Reason};
use crate::subject::{END, Subject};
use crate::tracking::{State, TrackingId};

/// The form in which rows are written.
pub const SCHEMA_VERSION: u32 = 1;
/// The verdict on a try that Fineract refused although it may have applied an earlier one.
pub const DENIED: &str = "denied";
/// The verdict on a try whose outcome is not known.
pub const UNKNOWN: &str = "unknown";
/// How many of an operation's first tries are remembered.
const HISTORY_FIRST: usize = 3;
/// How many of its last tries are remembered.
const HISTORY_LAST: usize = 10;
/// The highest number that a key for Fineract has room for.
const KEY_EPOCH_MAX: u32 = 9_999;
/// How many characters of the fingerprint go into the key for Fineract.
const KEY_FINGERPRINT: usize = 8;

/// An operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The bare UUID of the tracking id.
    pub id: Uuid,
    /// The form of the row.
    pub schema_version: u32,
    /// The operation's name.
    pub operation: String,
    /// The caller's id.
    pub caller: String,
    /// What the operation is about.
    pub subject: Subject,
    /// `data` as it was received.
    pub data: Value,
    /// JSON pointers of what was not understood, for the answer to a repeat.
    #[serde(default)]
    pub ignored: Vec<String>,
    /// Of `status` and `data`.
    pub fingerprint: String,
    /// Marks the insert, so that its writer recognises it.
    pub nonce: String,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Its state.
    pub state: State,
    /// How often a worker took it up.
    #[serde(default)]
    pub attempts: u32,
    /// The run that holds or held the lease; it stays after settling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When the lease ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_until: Option<Timestamp>,
    /// When it is to be tried (again); there while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// Why it waits.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub reason: Option<Reason>,
    /// The pace of its last wait.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub pace: Option<Pace>,
    /// How many waits in a row had that pace.
    #[serde(default)]
    pub waits: u32,
    /// A mutating request may have reached Fineract, and no answer has proved that nothing was applied.
    #[serde(default)]
    pub maybe_sent: bool,
    /// Which of the operation's keys is in use.
    #[serde(default)]
    pub key_epoch: u32,
    /// How many keys were given up because Fineract failed under them each time it was asked.
    #[serde(default)]
    pub keys_spent: u32,
    /// How many ids that follow from the operation's UTR are taken by transactions that were undone: the next one is used.
    #[serde(default)]
    pub turn: u32,
    /// No request under that key was made before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_first_sent_at: Option<Timestamp>,
    /// Since when Fineract says that it is busy with this key, or refuses what it may have applied, without a lost answer
    /// since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck_since: Option<Timestamp>,
    /// The queue's sequence number of the original message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_seq: Option<String>,
    /// Fineract's number of what is addressed, where a repeat needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<u64>,
    /// Fineract's number of the command that a checker decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<u64>,
    /// The handle of the message in flight, from the time at which it was put off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// How often the sweep sent a message again.
    #[serde(default)]
    pub sends: u32,
    /// The sweep sends no other message before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resend_after: Option<Timestamp>,
    /// Fineract's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Value>,
    /// The answer was lost, and the result was read from Fineract.
    #[serde(default)]
    pub read_back: bool,
    /// The answer was too large, only its ids are kept.
    #[serde(default)]
    pub truncated: bool,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processed_at: Option<Timestamp>,
    /// When it may be forgotten, in seconds since the epoch; set only together with an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// The first and the last tries.
    #[serde(default)]
    pub history: Vec<Try>,
    /// What people did to it; the only thing that changes after an end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// What is known of an operation when it is accepted; the members are those of [`Row`].
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "they are documented at Row")]
pub struct Acceptance {
    pub id: Uuid,
    pub operation: String,
    pub caller: String,
    pub subject: Subject,
    pub data: Value,
    pub ignored: Vec<String>,
    pub fingerprint: String,
    pub nonce: String,
    pub accepted_at: Timestamp,
}

impl From<Acceptance> for Row {
    fn from(accepted: Acceptance) -> Self {
        let Acceptance {
            id,
            operation,
            caller,
            subject,
            data,
            ignored,
            fingerprint,
            nonce,
            accepted_at,
        } = accepted;
        Self {
            id,
            schema_version: SCHEMA_VERSION,
            operation,
            caller,
            subject,
            data,
            ignored,
            fingerprint,
            nonce,
            accepted_at,
            state: State::Accepted,
            next_attempt_at: Some(accepted_at),
            attempts: 0,
            owner: None,
            lease_until: None,
            reason: None,
            pace: None,
            waits: 0,
            maybe_sent: false,
            key_epoch: 0,
            keys_spent: 0,
            turn: 0,
            key_first_sent_at: None,
            stuck_since: None,
            queue_seq: None,
            target: None,
            command_id: None,
            receipt: None,
            sends: 0,
            resend_after: None,
            response: None,
            read_back: false,
            truncated: false,
            failure: None,
            processed_at: None,
            expires_at: None,
            history: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// A word that another release wrote and this one does not know is as good as none: the row stays readable.
fn known<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

/// What one try came to; never Fineract's texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// When it ended.
    pub at: Timestamp,
    /// The verdict in one word.
    pub verdict: String,
    /// Fineract's HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Fineract's code, or the reason of the wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The permission that Fineract missed in the gateway's user, where that is why it waits.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub authority: Option<Authority>,
    /// Which of the operation's keys was in use.
    #[serde(default, skip_serializing_if = "is_first")]
    pub key_epoch: u32,
}

const fn is_first(epoch: &u32) -> bool {
    *epoch == 0
}

impl Row {
    /// The id that its caller knows.
    pub fn tracking_id(&self) -> TrackingId {
        TrackingId {
            operation: self.operation.clone(),
            id: self.id,
        }
    }

    /// The `Idempotency-Key` for Fineract: at most 50 characters, never empty, another one for another payload.
    pub fn key(&self) -> String {
        self.key_of(self.key_epoch)
    }

    /// The key of another epoch.
    pub fn key_of(&self, epoch: u32) -> String {
        let digits = self.fingerprint.chars().filter(char::is_ascii_hexdigit);
        let print: String = digits.take(KEY_FINGERPRINT).collect();
        let key = format!("{}-{print}", self.id.hyphenated());
        if epoch == 0 {
            key
        } else {
            format!("{key}.{}", epoch.min(KEY_EPOCH_MAX))
        }
    }

    /// The sort key in the index of open operations. It begins with the subject's message group, which is all that a
    /// message says of the subject.
    pub fn open_key(&self) -> String {
        let Self {
            subject,
            accepted_at,
            id,
            ..
        } = self;
        format!(
            "{}{END}{subject}{END}{accepted_at}{END}{}",
            subject.group(),
            id.hyphenated()
        )
    }

    /// Whether it was written in a form that this release may not understand.
    pub fn is_of_a_later_release(&self) -> bool {
        self.schema_version > SCHEMA_VERSION
    }

    /// Whether it is kept only because it has not been removed yet.
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at < now.seconds())
    }

    /// Whether Fineract, at the last try, refused what it may have applied.
    pub fn was_denied(&self) -> bool {
        self.history.last().is_some_and(|entry| entry.verdict == DENIED)
    }

    /// Since when Fineract has refused it at every try. A run that ended without a word may have left a request on its way:
    /// what was said before it says nothing about that.
    pub fn denied_since(&self) -> Option<Timestamp> {
        self.stuck_since
            .filter(|_| self.was_denied() && self.state != State::Running)
    }

    /// The permission for which it waits, if that is why it waits and Fineract named it.
    pub fn missing_authority(&self) -> Option<&Authority> {
        let last = self
            .history
            .last()
            .filter(|_| self.reason == Some(Reason::CredentialsRefused))?;
        last.authority.as_ref()
    }

    /// Its tries with one more: the first three and the last ten stay.
    pub fn history_with(&self, entry: Try) -> Vec<Try> {
        let mut history = self.history.clone();
        history.push(entry);
        if history.len() > HISTORY_FIRST + HISTORY_LAST {
            history.remove(HISTORY_FIRST);
        }
        history
    }

    /// Its notes with one more.
    pub fn notes_with(&self, note: Note) -> Vec<Note> {
        let mut notes = self.notes.clone();
        notes.push(note);
        notes
    }

    /// The operation as which it was sent anew, by hand.
    pub fn retried_as(&self) -> Option<Uuid> {
        let mut retries = self.notes.iter().filter(|note| note.deed == Deed::Retried);
        retries.next_back()?.other
    }
}

/// An entry of the index of open operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The operation's UUID.
    pub id: Uuid,
    /// What it is about.
    pub subject: Subject,
    /// When it was accepted.
    pub accepted_at: Timestamp,
}

impl Open {
    /// Reads a sort key of the index, behind the message group.
    pub fn from_key(key: &str) -> Option<Self> {
        let mut parts = key.rsplit(END);
        let (id, accepted_at, subject) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            id: Uuid::try_parse(id).ok()?,
            subject: Subject::stored(subject),
            accepted_at: accepted_at.parse().ok()?,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn row() -> Row {
        Row::from(Acceptance {
            id: Uuid::from_u128(0x4063_62bf_f3da_4bc6_a506_d67e_0878_b7b6),
            operation: "CLIENT_CREATE".to_owned(),
            caller: "los".to_owned(),
            subject: Subject::stored("client:INC-1001"),
            data: serde_json::json!({"externalId": "INC-1001"}),
            ignored: Vec::new(),
            fingerprint: "0123456789abcdef".to_owned(),
            nonce: "n".to_owned(),
            accepted_at: Timestamp::from_micros(1_000_000),
        })
    }

    #[test]
    fn a_row_with_words_of_another_release_is_read() {
        let mut stored = serde_json::to_value(row()).unwrap();
        stored["reason"] = "moon_phase".into();
        stored["pace"] = "glacial".into();
        assert_eq!(serde_json::from_value::<Row>(stored.clone()).unwrap(), row());
        stored["reason"] = "answer_lost".into();
        assert_eq!(
            serde_json::from_value::<Row>(stored).unwrap().reason,
            Some(Reason::AnswerLost)
        );
    }

    #[test]
    fn keys_for_fineract_fit_and_differ_by_epoch() {
        let mut row = row();
        assert_eq!(row.key(), "406362bf-f3da-4bc6-a506-d67e0878b7b6-01234567");
        row.key_epoch = 9_999;
        assert_eq!(row.key(), "406362bf-f3da-4bc6-a506-d67e0878b7b6-01234567.9999");
        row.key_epoch = u32::MAX;
        row.fingerprint = "\u{fc}ber eine Zeile\nund mehr".to_owned();
        assert_eq!(row.key(), "406362bf-f3da-4bc6-a506-d67e0878b7b6-beeeeede.9999");
        assert!(row.key().len() <= 50);
    }

    #[test]
    fn the_index_key_is_read_back() {
        let row = row();
        let open = Open::from_key(&row.open_key()).unwrap();
        assert_eq!(
            (open.id, open.subject, open.accepted_at),
            (row.id, row.subject, row.accepted_at)
        );
        assert!(Open::from_key("x").is_none());
    }

    #[test]
    fn first_and_last_tries_stay() {
        let mut row = row();
        for n in 0..20 {
            let at = Timestamp::from_micros(n);
            row.history = row.history_with(Try {
                at,
                verdict: "unknown".to_owned(),
                status: None,
                code: None,
                authority: None,
                key_epoch: 0,
            });
        }
        let kept: Vec<i64> = row.history.iter().map(|entry| entry.at.micros()).collect();
        assert_eq!(kept, [0, 1, 2, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    }
}
