//! `token add`, `token list`, `token revoke`.

use std::time::Duration;

use clap::Subcommand;
use gateway::adapters::random::SystemEntropy;
use gateway::callers::tokens::{self, Given, KNOWN_AFTER, Register, Wish};
use gateway::callers::{Caller, FRESH};
use gateway::clock::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};

use crate::Error;
use crate::output::{NOTHING, Output, table};
use crate::place::Place;

/// How often a write is tried while somebody else changes the same caller.
const TRIES_MAX: u32 = 3;
const DAY: Duration = Duration::from_secs(86_400);

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Give a token to a caller, new or known. It is shown once.
    Add {
        /// The caller's name, or its id if it has one.
        caller: String,
        /// What it may use from now on: names of operations with commas between them, or `*` for all. A new caller needs it.
        #[arg(long, value_delimiter = ',')]
        operations: Option<Vec<String>>,
        /// How many days the token holds.
        #[arg(long, default_value_t = 90)]
        days: u32,
    },
    /// List callers, what they may use, and when their tokens end.
    List,
    /// Take a token from a caller.
    Revoke {
        /// The caller's name or id.
        caller: String,
        /// The token's id, as `list` shows it.
        #[arg(required_unless_present = "all")]
        token: Option<String>,
        /// All its tokens: nobody can call as this caller any more.
        #[arg(long, conflicts_with = "token")]
        all: bool,
    },
}

/// Does what is asked.
pub(crate) async fn run(command: &Command, place: &Place) -> Result<Output, Error> {
    let register = place.callers()?;
    let now = SystemClock.now();
    match command {
        Command::Add {
            caller,
            operations,
            days,
        } => {
            let wish = Wish {
                caller: caller.clone(),
                operations: operations.clone(),
                time: DAY.saturating_mul(*days),
            };
            add(&register, &wish, now).await
        }
        Command::List => Ok(listed(&read(&register).await?, now)),
        Command::Revoke { caller, token, .. } => revoke(&register, caller, token.as_deref(), now).await,
    }
}

async fn add(register: &dyn Register, wish: &Wish, now: Timestamp) -> Result<Output, Error> {
    for _ in 0..TRIES_MAX {
        let callers = read(register).await?;
        let given = tokens::give(&callers, wish.clone(), &SystemEntropy::new(), now);
        let Given { seen, caller, text } = given.map_err(Error::refused)?;
        if write(register, seen.as_ref(), &caller).await? {
            let wait = KNOWN_AFTER.as_secs();
            let note = format!(
                "{text}\n\nThis is the token of {} ({}). It is shown this once and kept as a hash. \
                 Use it in {wait} seconds, when every function knows it.",
                caller.name, caller.id
            );
            let json = json!({"token": text, "known_after_seconds": wait, "caller": shown(&caller, now)});
            return Ok(Output { text: note, json });
        }
    }
    Err(changing(&wish.caller))
}

async fn revoke(register: &dyn Register, name: &str, token: Option<&str>, now: Timestamp) -> Result<Output, Error> {
    for _ in 0..TRIES_MAX {
        let (seen, caller) = tokens::take(&read(register).await?, name, token).map_err(Error::refused)?;
        if write(register, Some(&seen), &caller).await? {
            let within = FRESH.as_secs();
            let text = format!(
                "Revoked. Functions refuse it within {within} seconds; {} has {} left.",
                caller.name,
                caller.tokens.len()
            );
            let json = json!({"refused_within_seconds": within, "caller": shown(&caller, now)});
            return Ok(Output { text, json });
        }
    }
    Err(changing(name))
}

fn listed(callers: &[Caller], now: Timestamp) -> Output {
    let mut rows = Vec::new();
    for caller in callers {
        let row = |token: &str, ends: &str| {
            [&caller.name, &caller.id, &caller.operations.join(","), token, ends].map(str::to_owned)
        };
        if caller.tokens.is_empty() {
            rows.push(row(NOTHING, NOTHING));
        }
        for token in &caller.tokens {
            let ends = if token.holds(now) {
                day(token.expires_at)
            } else {
                "ended".to_owned()
            };
            rows.push(row(token.id(), &ends));
        }
    }
    rows.sort();
    Output {
        text: table(["CALLER", "ID", "OPERATIONS", "TOKEN", "ENDS"], &rows),
        json: callers.iter().map(|caller| shown(caller, now)).collect(),
    }
}

fn shown(caller: &Caller, now: Timestamp) -> Value {
    let tokens = caller
        .tokens
        .iter()
        .map(|token| json!({"id": token.id(), "expires_at": day(token.expires_at), "holds": token.holds(now)}));
    json!({
        "name": caller.name,
        "id": caller.id,
        "operations": caller.operations,
        "tokens": tokens.collect::<Vec<_>>(),
    })
}

/// A second since the epoch, as people read it.
fn day(seconds: i64) -> String {
    let at = Timestamp::from_micros(seconds.saturating_mul(1_000_000)).without_zone();
    at.split_once('.').map_or(at.clone(), |(whole, _)| format!("{whole}Z"))
}

async fn read(register: &dyn Register) -> Result<Vec<Caller>, Error> {
    register.read().await.map_err(Error::failed("reading the callers"))
}

async fn write(register: &dyn Register, seen: Option<&Caller>, caller: &Caller) -> Result<bool, Error> {
    let written = register.write(seen, caller).await;
    written.map_err(Error::failed("writing the caller"))
}

fn changing(name: &str) -> Error {
    Error::refused(format!(
        "somebody else is changing {name} at this time; look, and try again"
    ))
}

#[cfg(test)]
mod tests {
    use gateway::callers::Source;
    use gateway::callers::memory::MemoryCallers;

    use super::*;

    #[tokio::test]
    async fn a_token_is_shown_once_and_its_id_takes_it_back() {
        let register = MemoryCallers::default();
        let now = SystemClock.now();
        let wish = Wish {
            caller: "los".to_owned(),
            operations: Some(vec!["LOAN_CREATE".to_owned()]),
            time: DAY,
        };
        let added = add(&register, &wish, now).await.unwrap();
        let token = added.json["token"].as_str().unwrap();
        assert!(added.text.starts_with(token));

        let callers = register.read().await.unwrap();
        let list = listed(&callers, now);
        let ends = day(now.after(DAY).seconds());
        let id = callers[0].tokens[0].id();
        for shown in ["los", "LOAN_CREATE", id, &ends] {
            assert!(
                list.text.contains(shown) && list.json.to_string().contains(shown),
                "{shown}"
            );
        }
        for hidden in [token, &callers[0].tokens[0].sha256] {
            assert!(!format!("{}{}", list.text, list.json).contains(hidden));
        }
        let later = listed(&callers, now.after(DAY));
        assert!(later.text.contains("ended"), "{}", later.text);

        assert!(revoke(&register, "los", Some("0"), now).await.is_err());
        let revoked = revoke(&register, "los", Some(id), now).await.unwrap();
        assert_eq!(revoked.json["caller"]["tokens"], json!([]));
        assert!(listed(&register.read().await.unwrap(), now).text.contains(NOTHING));
    }

    #[tokio::test]
    async fn what_is_refused_says_why() {
        let wish = Wish {
            caller: "los".to_owned(),
            operations: None,
            time: DAY,
        };
        let Err(error) = add(&MemoryCallers::default(), &wish, SystemClock.now()).await else {
            panic!("a new caller without operations");
        };
        assert_eq!(error.to_string(), "los is a new caller: say what it may use");
    }
}
