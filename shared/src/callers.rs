//! Who may call, and what.

pub mod memory;
pub mod tokens;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::chain::Chain;
use crate::clock::{Clock, Timestamp};
use crate::digest::{hex, sha256};
use crate::problem::{Kind, Problem};

/// A copy of the callers older than this is read again.
pub const FRESH: Duration = Duration::from_secs(60);
/// An unknown token makes the callers be read again, but not more often than this.
const UNKNOWN_TOKEN: Duration = Duration::from_secs(10);
/// While the callers cannot be read, the last copy serves for this long.
const STALE_MAX: Duration = Duration::from_secs(15 * 60);
/// All operations.
const EVERY_OPERATION: &str = "*";

/// A loan origination system.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// Its id: what it owns belongs to the id, not to a token.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its secret for the ids of operations with a key.
    pub salt: Vec<u8>,
    /// Its tokens.
    pub tokens: Vec<Token>,
    /// The operations that it may use; `*` for all.
    pub operations: Vec<String>,
}

/// A token is known only by its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// SHA-256 of the token's text, as hexadecimal digits.
    pub sha256: String,
    /// The second since the epoch at which it ends.
    pub expires_at: i64,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Caller {
    /// Whether it may use the operation.
    pub fn may(&self, operation: &str) -> bool {
        self.operations
            .iter()
            .any(|allowed| allowed == operation || allowed == EVERY_OPERATION)
    }
}

/// The callers could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the callers could not be read")]
pub struct Error(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where the callers are stored.
#[async_trait]
pub trait Source: Send + Sync {
    /// All of them.
    async fn read(&self) -> Result<Vec<Caller>, Error>;
}

/// A token's caller, and the second at which the token ends.
type Holder = (Arc<Caller>, i64);

struct Copy {
    /// Absent while they were never read.
    read_at: Option<Timestamp>,
    tried_at: Timestamp,
    by_token: HashMap<String, Holder>,
}

struct Looked {
    found: Option<Holder>,
    age: Option<Duration>,
    since_try: Option<Duration>,
}

/// The callers, kept in memory between requests.
pub struct Callers {
    source: Box<dyn Source>,
    copy: Mutex<Option<Copy>>,
}

impl Callers {
    /// Callers from a source, not read yet.
    pub fn new(source: Box<dyn Source>) -> Self {
        Self {
            source,
            copy: Mutex::new(None),
        }
    }

    /// Reads them ahead of the first request. A failure is left to that request.
    pub async fn warm(&self, clock: &dyn Clock) -> Result<(), Error> {
        self.refresh(clock.now()).await
    }

    /// The caller that this token belongs to.
    pub async fn authenticate(&self, token: Option<&str>, clock: &dyn Clock) -> Result<Arc<Caller>, Problem> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(Problem::new(
                Kind::Unauthorized,
                "Send the token in the header X-Internal-Token.",
            ));
        };
        let hash = hex(&sha256(&[token.as_bytes()]));
        let now = clock.now();
        let Looked {
            mut found,
            age,
            since_try,
        } = self.look_up(&hash, now);
        let stale = age.is_none_or(|age| age >= FRESH);
        let unknown = found.is_none() && since_try.is_none_or(|since| since >= UNKNOWN_TOKEN);
        if (stale && since_try.is_none_or(|since| since >= UNKNOWN_TOKEN)) || unknown {
            match self.refresh(now).await {
                Ok(()) => found = self.look_up(&hash, now).found,
                Err(error) if age.is_none_or(|age| age >= STALE_MAX) => return Err(unreadable().because(error)),
                Err(error) => tracing::error!(
                    error = %Chain(&error),
                    "the last copy of the callers serves"
                ),
            }
        } else if age.is_none_or(|age| age >= STALE_MAX) {
            return Err(unreadable());
        }
        match found {
            Some((caller, expires_at)) if now.seconds() < expires_at => Ok(caller),
            Some(_) => Err(Problem::new(
                Kind::Unauthorized,
                "The token has expired; ask the operator for a new one.",
            )),
            // The copy may lack a token that was just made.
            None if self.last_read_failed() => Err(unreadable()),
            None => Err(Problem::new(Kind::Unauthorized, "The token is not known.")),
        }
    }

    fn last_read_failed(&self) -> bool {
        let copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        copy.as_ref().is_none_or(|copy| copy.read_at != Some(copy.tried_at))
    }

    fn look_up(&self, hash: &str, now: Timestamp) -> Looked {
        let copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(copy) = copy.as_ref() else {
            return Looked {
                found: None,
                age: None,
                since_try: None,
            };
        };
        Looked {
            found: copy.by_token.get(hash).cloned(),
            age: copy.read_at.map(|at| now.since(at)),
            since_try: Some(now.since(copy.tried_at)),
        }
    }

    async fn refresh(&self, now: Timestamp) -> Result<(), Error> {
        let read = self.source.read().await;
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(callers) => {
                *copy = Some(Copy {
                    read_at: Some(now),
                    tried_at: now,
                    by_token: by_token(callers),
                });
                Ok(())
            }
            Err(error) => {
                let never = || Copy {
                    read_at: None,
                    tried_at: now,
                    by_token: HashMap::new(),
                };
                copy.get_or_insert_with(never).tried_at = now;
                Err(error)
            }
        }
    }
}

fn by_token(callers: Vec<Caller>) -> HashMap<String, Holder> {
    let mut by_token = HashMap::new();
    for caller in callers {
        let caller = Arc::new(caller);
        for token in &caller.tokens {
            by_token.insert(token.sha256.clone(), (Arc::clone(&caller), token.expires_at));
        }
    }
    by_token
}

fn unreadable() -> Problem {
    Problem::new(
        Kind::Unavailable,
        "The gateway cannot check tokens now; nothing was done. Try again later.",
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;
    use crate::clock::ManualClock;

    struct Table {
        reads: AtomicU32,
        down: AtomicBool,
    }

    #[async_trait]
    impl Source for Arc<Table> {
        async fn read(&self) -> Result<Vec<Caller>, Error> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            if self.down.load(Ordering::SeqCst) {
                return Err(Error("down".into()));
            }
            let token = |text: &str, expires_at| Token {
                sha256: hex(&sha256(&[text.as_bytes()])),
                expires_at,
            };
            let tokens = vec![token("good", 10_000), token("old", 10)];
            let (id, name) = ("los".to_owned(), "LOS".to_owned());
            Ok(vec![Caller {
                id,
                name,
                salt: vec![1],
                tokens,
                operations: vec!["LOAN_CREATE".to_owned()],
            }])
        }
    }

    fn setup() -> (Arc<Table>, Callers, ManualClock) {
        let table = Arc::new(Table {
            reads: AtomicU32::new(0),
            down: AtomicBool::new(false),
        });
        let clock = ManualClock::at(Timestamp::from_micros(100_000_000));
        (Arc::clone(&table), Callers::new(Box::new(table)), clock)
    }

    async fn try_token(callers: &Callers, clock: &ManualClock, token: Option<&str>) -> Result<String, u16> {
        let caller = callers.authenticate(token, clock).await;
        caller
            .map(|caller| caller.id.clone())
            .map_err(|problem| problem.kind.http_status())
    }

    #[tokio::test]
    async fn tokens() {
        let (_, callers, clock) = setup();
        for (token, expected) in [
            (Some("good"), Ok("los".to_owned())),
            (Some("old"), Err(401)),
            (Some("bad"), Err(401)),
            (Some(""), Err(401)),
            (None, Err(401)),
        ] {
            assert_eq!(try_token(&callers, &clock, token).await, expected, "{token:?}");
        }
    }

    #[tokio::test]
    async fn the_copy_is_read_again_after_a_minute_and_for_unknown_tokens_every_ten_seconds() {
        let (table, callers, clock) = setup();
        let reads = || table.reads.load(Ordering::SeqCst);
        callers.warm(&clock).await.unwrap();
        for (advance, token, expected) in [
            (0, "good", 1),
            (59, "good", 1),
            (1, "good", 2),
            (1, "bad", 2),
            (9, "bad", 3),
            (1, "bad", 3),
        ] {
            clock.advance(Duration::from_secs(advance));
            let _ = try_token(&callers, &clock, Some(token)).await;
            assert_eq!(reads(), expected, "after {advance} s more, {token}");
        }
    }

    #[tokio::test]
    async fn the_last_copy_serves_for_a_quarter_of_an_hour_and_then_the_answer_is_503() {
        let (table, callers, clock) = setup();
        callers.warm(&clock).await.unwrap();
        table.down.store(true, Ordering::SeqCst);
        clock.advance(Duration::from_secs(14 * 60));
        assert_eq!(try_token(&callers, &clock, Some("good")).await, Ok("los".to_owned()));
        assert_eq!(
            try_token(&callers, &clock, Some("new")).await,
            Err(503),
            "it may be a new one"
        );
        clock.advance(Duration::from_secs(60));
        assert_eq!(try_token(&callers, &clock, Some("good")).await, Err(503));
        assert_eq!(
            try_token(&callers, &clock, Some("bad")).await,
            Err(503),
            "never 401 while tokens cannot be checked"
        );
        table.down.store(false, Ordering::SeqCst);
        clock.advance(Duration::from_secs(10));
        assert_eq!(try_token(&callers, &clock, Some("good")).await, Ok("los".to_owned()));
    }

    #[tokio::test]
    async fn callers_that_were_never_read_are_503() {
        let (table, callers, clock) = setup();
        table.down.store(true, Ordering::SeqCst);
        assert_eq!(try_token(&callers, &clock, Some("good")).await, Err(503));
        assert_eq!(try_token(&callers, &clock, Some("good")).await, Err(503));
    }

    #[test]
    fn what_a_caller_may() {
        let (id, name) = ("los".to_owned(), "LOS".to_owned());
        let with = |operations: &[&str]| Caller {
            id: id.clone(),
            name: name.clone(),
            salt: Vec::new(),
            tokens: Vec::new(),
            operations: operations.iter().map(|&operation| operation.to_owned()).collect(),
        };
        assert!(with(&["LOAN_CREATE"]).may("LOAN_CREATE"));
        assert!(!with(&["LOAN_CREATE"]).may("LOAN_DELETE"));
        assert!(with(&["*"]).may("LOAN_DELETE"));
        assert!(!with(&[]).may("LOAN_DELETE"));
    }
}
