//! What an operation is about: the client or loan whose operations run one at a time.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest;
use crate::values::ExternalId;

/// How many parts the index of open operations has.
pub const SHARDS: u8 = 64;
/// Ends the subject in a key that goes on; external ids have no control characters.
pub const END: char = '\u{1f}';

/// What a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// A client.
    Client,
    /// A loan.
    Loan,
    /// An operation that only asks.
    Itself,
}

/// A client or a loan, by the external id that its loan origination system gave it; or, for an operation that changes
/// nothing, that operation alone, so that it waits for no other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subject(String);

impl Subject {
    /// A client.
    pub fn client(id: &ExternalId) -> Self {
        Self(format!("client:{id}"))
    }

    /// A loan.
    pub fn loan(id: &ExternalId) -> Self {
        Self(format!("loan:{id}"))
    }

    /// The operation itself.
    pub fn itself(operation: Uuid) -> Self {
        Self(format!("read:{}", operation.hyphenated()))
    }

    /// The stored form, `loan:LOAN-123`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is, and its id.
    pub fn kind(&self) -> (SubjectKind, &str) {
        match self.0.split_once(':') {
            Some(("client", id)) => (SubjectKind::Client, id),
            Some(("loan", id)) => (SubjectKind::Loan, id),
            Some((_, id)) => (SubjectKind::Itself, id),
            None => (SubjectKind::Itself, &self.0),
        }
    }

    /// A subject in its stored form.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The message group in which the queue keeps the order: a hash, for the queue learns no customer's id.
    pub fn group(&self) -> String {
        digest::hex(&digest::sha256(&[self.0.as_bytes()])[..16])
    }

    /// The part of the index of open operations in which this subject stands.
    pub fn shard(&self) -> String {
        shard_name(digest::sha256(&[self.0.as_bytes()])[0] % SHARDS)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The part of the index of open operations in which the subject of a message group stands; none if no group is called
/// that.
pub fn shard_of_group(group: &str) -> Option<String> {
    let first = digest::from_hex(group)?.first().copied()?;
    Some(shard_name(first % SHARDS))
}

/// The name of a part of the index of open operations.
pub fn shard_name(shard: u8) -> String {
    format!("{shard:02}")
}
