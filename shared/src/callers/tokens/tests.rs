use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::json;

use super::*;
use crate::callers::Callers;
use crate::callers::memory::MemoryCallers;
use crate::clock::{Clock, ManualClock};
use crate::testing::World;

const DAY: Duration = Duration::from_secs(86_400);
/// Longer than it takes a function to notice a token, new or revoked.
const NOTICED: Duration = Duration::from_secs(60);

/// Other bytes each time.
#[derive(Default)]
struct Counter(AtomicU8);

impl Entropy for Counter {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn wish(caller: &str, operations: Option<&[&str]>) -> Wish {
    let operations = operations.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    Wish {
        caller: caller.to_owned(),
        operations,
        time: DAY,
    }
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_773_396_062_000_000)
}

#[test]
fn a_caller_has_two_tokens_at_the_most_and_keeps_its_id_and_secret() {
    let chance = Counter::default();
    let first = give(&[], wish("los", Some(&["LOAN_CREATE"])), &chance, now()).unwrap();
    assert!(first.seen.is_none() && first.caller.id.starts_with("los-"));
    assert_eq!((first.caller.salt.len(), first.text.len()), (32, 64));
    assert_eq!(first.caller.tokens[0].sha256, hex(&sha256(&[first.text.as_bytes()])));
    assert_eq!(first.caller.tokens[0].expires_at, now().after(DAY).seconds());

    let second = give(std::slice::from_ref(&first.caller), wish("los", None), &chance, now()).unwrap();
    assert_ne!(first.text, second.text);
    assert_eq!(second.seen.as_ref(), Some(&first.caller));
    assert_eq!(
        (&second.caller.id, &second.caller.salt, &second.caller.operations),
        (&first.caller.id, &first.caller.salt, &first.caller.operations)
    );
    assert_eq!(second.caller.tokens.len(), 2);

    let third = |at| {
        give(
            std::slice::from_ref(&second.caller),
            wish(&first.caller.id, Some(&["*"])),
            &chance,
            at,
        )
    };
    assert_eq!(third(now()).err(), Some(Refusal::TooMany("los".to_owned())));
    let third = third(now().after(DAY)).unwrap();
    assert_eq!(third.caller.tokens.len(), 1, "what has ended is dropped");
    assert_eq!(third.caller.operations, ["*"], "what it may use can change");
}

#[test]
fn what_is_refused() {
    let chance = Counter::default();
    let los = give(&[], wish("los", Some(&["*"])), &chance, now()).unwrap().caller;
    let twin = Caller {
        id: "los-2".to_owned(),
        ..los.clone()
    };
    let one = [los.clone()];
    let two = [los, twin];
    let short = |seconds| Wish {
        time: Duration::from_secs(seconds),
        ..wish("new", Some(&["*"]))
    };
    let every: Option<&[&str]> = Some(&["*"]);
    for (callers, wish, expected) in [
        (&one[..], wish("new", None), Refusal::Operations("new".to_owned())),
        (&one, wish("", every), Refusal::Name),
        (&one, wish("a b", every), Refusal::Name),
        (&one, wish(&"x".repeat(65), every), Refusal::Name),
        (
            &one,
            wish("new", Some(&["LOAN_CREATE", "loan"])),
            Refusal::UnknownOperation("loan".to_owned()),
        ),
        (&one, short(59), Refusal::Time),
        (&one, short(366 * 86_400 + 1), Refusal::Time),
        (&two, wish("los", None), Refusal::Ambiguous("los".to_owned())),
    ] {
        let given = give(callers, wish.clone(), &chance, now());
        assert_eq!(given.err(), Some(expected), "{wish:?}");
    }
    for seconds in [60, 366 * 86_400] {
        assert!(give(&one, short(seconds), &chance, now()).is_ok(), "{seconds}");
    }
    let nobody = take(&one, "nobody", None);
    assert_eq!(nobody.err(), Some(Refusal::UnknownCaller("nobody".to_owned())));
    for half in ["", "0", &one[0].tokens[0].sha256[..11]] {
        let unknown = Refusal::UnknownToken("los".to_owned(), half.to_owned());
        assert_eq!(take(&one, "los", Some(half)).err(), Some(unknown));
    }
}

/// Gives a token as the operator's command does.
async fn given(table: &MemoryCallers, clock: &ManualClock, chance: &Counter) -> String {
    let callers = table.read().await.unwrap();
    let given = give(&callers, wish("los", Some(&["*"])), chance, clock.now()).unwrap();
    assert!(table.write(given.seen.as_ref(), &given.caller).await.unwrap());
    given.text
}

#[tokio::test]
async fn a_thousand_operations_are_accepted_while_a_token_is_replaced() {
    let table = Arc::new(MemoryCallers::default());
    let (chance, world) = (Counter::default(), World::new());
    let clock = &world.clock;
    let functions = [
        Callers::new(Box::new(Arc::clone(&table))),
        Callers::new(Box::new(Arc::clone(&table))),
    ];
    let old = given(&table, clock, &chance).await;
    let (mut token, mut new) = (old.clone(), old.clone());
    for request in 0..1_000 {
        match request {
            300 => new = given(&table, clock, &chance).await,
            // KNOWN_AFTER has passed: the caller's system changes over.
            500 => token = new.clone(),
            700 => {
                let callers = table.read().await.unwrap();
                let id = callers[0].tokens[0].id().to_owned();
                let (seen, left) = take(&callers, "los", Some(&id)).unwrap();
                assert!(table.write(Some(&seen), &left).await.unwrap());
            }
            _ => {}
        }
        clock.advance(KNOWN_AFTER / 200);
        let caller = functions[request % 2].authenticate(Some(&token), clock).await;
        let caller = caller.unwrap_or_else(|problem| panic!("request {request}: {problem:?}"));
        let body = json!({"status": "LOAN_DELETE", "data": {"external_loan_id": format!("L-{request}")}});
        let accepted = world
            .acceptor()
            .accept(&caller, None, body.to_string().as_bytes())
            .await;
        assert!(accepted.is_ok(), "request {request}");
    }
    let rows = world.ledger.rows();
    let owners: std::collections::BTreeSet<_> = rows.iter().map(|row| &row.caller).collect();
    assert_eq!((rows.len(), owners.len()), (1_000, 1), "what it owns stays its own");
    clock.advance(NOTICED);
    for function in &functions {
        assert!(function.authenticate(Some(&old), clock).await.is_err(), "revoked");
        assert!(function.authenticate(Some(&token), clock).await.is_ok());
    }
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_written_over() {
    let table = MemoryCallers::default();
    let (chance, clock) = (Counter::default(), ManualClock::at(now()));
    given(&table, &clock, &chance).await;
    let seen = table.read().await.unwrap();
    given(&table, &clock, &chance).await;
    let (before, after) = take(&seen, "los", None).unwrap();
    assert!(!table.write(Some(&before), &after).await.unwrap());
    assert!(!table.write(None, &after).await.unwrap());
    assert_eq!(table.read().await.unwrap()[0].tokens.len(), 2);
}
