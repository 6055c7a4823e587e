//! Giving and taking tokens: what becomes of a caller, decided without I/O, and the port to where it is written.

use std::time::Duration;

use async_trait::async_trait;

use super::{Caller, EVERY_OPERATION, Error, Source, Token, UNKNOWN_TOKEN};
use crate::clock::Timestamp;
use crate::digest::{Entropy, hex, sha256};
use crate::kind::Kind;

/// Tokens of a caller that hold at the same time: the old one and the new one while its system changes over.
pub const TOKENS_MAX: usize = 2;
/// The longest time for which a token may be given.
pub const TOKEN_TIME_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Longest name of a caller: it is the beginning of its id.
pub const NAME_LENGTH_MAX: usize = 64;
/// A new token may be used when so much time has passed: a function that was asked for it before may look again then.
pub const KNOWN_AFTER: Duration = UNKNOWN_TOKEN;
/// How many digits of a token's hash name it to people.
const TOKEN_ID_LENGTH: usize = 12;
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// Random bytes of a caller's secret.
const SALT_BYTES: usize = 32;
/// Random bytes at the end of a caller's id.
const ID_BYTES: usize = 4;

/// Where an operator keeps the callers.
#[async_trait]
pub trait Register: Source {
    /// Writes a caller, if it still is as it was `seen`, or is not there if it was not. Tells whether that was so.
    async fn write(&self, seen: Option<&Caller>, caller: &Caller) -> Result<bool, Error>;
}

/// A token that is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The caller's name or, if it is there, its id.
    pub caller: String,
    /// What it may use from now on; what it may already, if nothing is said.
    pub operations: Option<Vec<String>>,
    /// How long the token holds.
    pub time: Duration,
}

/// A token that was given: its text is told once.
#[derive(Clone)]
pub struct Given {
    /// What the caller was, if it was there.
    pub seen: Option<Caller>,
    /// What it becomes.
    pub caller: Caller,
    /// The token's text, of which only the hash is kept.
    pub text: String,
}

/// Why nothing was given or taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The name cannot be one.
    #[error("a caller's name has 1 to {NAME_LENGTH_MAX} letters, digits, dots, dashes or underscores")]
    Name,
    /// A new caller's operations were not said.
    #[error("{0} is a new caller: say what it may use")]
    Operations(String),
    /// There is no such operation.
    #[error("there is no operation {0}")]
    UnknownOperation(String),
    /// The time is not one.
    #[error("a token holds for at least a minute and at most {} days", TOKEN_TIME_MAX.as_secs() / 86_400)]
    Time,
    /// It has as many as it may.
    #[error("{0} has {TOKENS_MAX} tokens that hold; revoke one first")]
    TooMany(String),
    /// There is no such caller.
    #[error("there is no caller {0}")]
    UnknownCaller(String),
    /// The name stands for more than one.
    #[error("there is more than one caller {0}; say its id")]
    Ambiguous(String),
    /// It has no such token.
    #[error("{0} has no token {1}")]
    UnknownToken(String, String),
}

impl Token {
    /// What people call it: the beginning of its hash.
    pub fn id(&self) -> &str {
        self.sha256.get(..TOKEN_ID_LENGTH).unwrap_or(&self.sha256)
    }

    /// Whether it holds.
    pub const fn holds(&self, now: Timestamp) -> bool {
        now.seconds() < self.expires_at
    }
}

/// Gives a token: to a caller that is there, or to a new one. Tokens that have ended are dropped.
pub fn give(callers: &[Caller], wish: Wish, entropy: &dyn Entropy, now: Timestamp) -> Result<Given, Refusal> {
    if wish.time < Duration::from_secs(60) || wish.time > TOKEN_TIME_MAX {
        return Err(Refusal::Time);
    }
    for name in wish.operations.iter().flatten() {
        if name != EVERY_OPERATION && Kind::named(name).is_none() {
            return Err(Refusal::UnknownOperation(name.clone()));
        }
    }
    let seen = match named(callers, &wish.caller) {
        Ok(caller) => Some(caller.clone()),
        Err(Refusal::UnknownCaller(_)) => None,
        Err(refusal) => return Err(refusal),
    };
    let mut caller = match (&seen, wish.operations) {
        (Some(caller), operations) => Caller {
            operations: operations.unwrap_or_else(|| caller.operations.clone()),
            ..caller.clone()
        },
        (None, Some(operations)) => new_caller(wish.caller, operations, entropy)?,
        (None, None) => return Err(Refusal::Operations(wish.caller)),
    };
    caller.tokens.retain(|token| token.holds(now));
    if caller.tokens.len() >= TOKENS_MAX {
        return Err(Refusal::TooMany(caller.name));
    }
    let text = hex(&random::<TOKEN_BYTES>(entropy));
    caller.tokens.push(Token {
        sha256: hex(&sha256(&[text.as_bytes()])),
        expires_at: now.after(wish.time).seconds(),
    });
    Ok(Given { seen, caller, text })
}

/// Takes a token from a caller: the one of this id, or all. What it was, and what it becomes.
pub fn take(callers: &[Caller], name: &str, token: Option<&str>) -> Result<(Caller, Caller), Refusal> {
    let seen = named(callers, name)?;
    let mut caller = seen.clone();
    match token {
        Some(id) => {
            // Half an id would take what nobody meant.
            caller.tokens.retain(|token| token.id() != id && token.sha256 != id);
            if caller.tokens.len() == seen.tokens.len() {
                return Err(Refusal::UnknownToken(seen.name.clone(), id.to_owned()));
            }
        }
        None => caller.tokens.clear(),
    }
    Ok((seen.clone(), caller))
}

/// The caller of this id, or the only one of this name.
fn named<'a>(callers: &'a [Caller], name: &str) -> Result<&'a Caller, Refusal> {
    if let Some(caller) = callers.iter().find(|caller| caller.id == name) {
        return Ok(caller);
    }
    let mut found = callers.iter().filter(|caller| caller.name == name);
    match (found.next(), found.next()) {
        (Some(caller), None) => Ok(caller),
        (Some(_), Some(_)) => Err(Refusal::Ambiguous(name.to_owned())),
        (None, _) => Err(Refusal::UnknownCaller(name.to_owned())),
    }
}

fn new_caller(name: String, operations: Vec<String>, entropy: &dyn Entropy) -> Result<Caller, Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if !(1..=NAME_LENGTH_MAX).contains(&name.len()) || !name.bytes().all(plain) {
        return Err(Refusal::Name);
    }
    Ok(Caller {
        id: format!("{name}-{}", hex(&random::<ID_BYTES>(entropy))),
        name,
        salt: random::<SALT_BYTES>(entropy).to_vec(),
        tokens: Vec::new(),
        operations,
    })
}

fn random<const LENGTH: usize>(entropy: &dyn Entropy) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    entropy.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
