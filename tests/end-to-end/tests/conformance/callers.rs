//! The callers, on the twin in memory and on the emulated table.

use gateway::adapters::callers_table::CallersTable;
use gateway::callers::memory::MemoryCallers;
use gateway::callers::tokens::Register;
use gateway::callers::{Caller, Token};

use super::config;
use crate::bench::Bench;

fn caller(tokens: &[(&str, i64)], operations: &[&str]) -> Caller {
    let token = |(digit, expires_at): &(&str, i64)| Token {
        sha256: digit.repeat(64),
        expires_at: *expires_at,
    };
    Caller {
        id: "los-1".to_owned(),
        name: "los".to_owned(),
        salt: vec![7; 32],
        tokens: tokens.iter().map(token).collect(),
        operations: operations.iter().map(|&name| name.to_owned()).collect(),
    }
}

async fn conforms(register: &dyn Register) {
    let stored = async || {
        let mut callers = register.read().await.unwrap();
        callers.retain(|caller| caller.id == "los-1");
        callers
    };
    let first = caller(&[("a", 1)], &["LOAN_CREATE"]);
    let second = caller(&[("a", 1), ("b", i64::MAX)], &["*"]);
    let third = caller(&[], &["*"]);
    assert!(!register.write(Some(&first), &second).await.unwrap(), "it is not there");
    assert!(stored().await.is_empty());
    assert!(register.write(None, &first).await.unwrap());
    assert!(
        register.write(None, &first).await.unwrap(),
        "the same again is recognised"
    );
    assert!(!register.write(None, &second).await.unwrap(), "it is there");
    assert!(register.write(Some(&first), &second).await.unwrap());
    assert!(
        register.write(Some(&first), &second).await.unwrap(),
        "the same again is recognised"
    );
    assert!(
        !register.write(Some(&first), &third).await.unwrap(),
        "somebody changed it"
    );
    let other = caller(&[("a", 1), ("b", i64::MAX)], &["LOAN_CREATE"]);
    assert!(
        !register.write(Some(&other), &third).await.unwrap(),
        "what it may use was changed"
    );
    assert!(stored().await == [second.clone()]);
    assert!(register.write(Some(&second), &third).await.unwrap());
    assert!(stored().await == [third]);
}

#[tokio::test]
async fn the_callers_in_memory() {
    conforms(&MemoryCallers::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callers_in_dynamodb() {
    let bench = Bench::start().await;
    let table = bench.stack.outputs().get("CallersTableName").unwrap();
    conforms(&CallersTable::new(&config(&bench).await, table)).await;
}
