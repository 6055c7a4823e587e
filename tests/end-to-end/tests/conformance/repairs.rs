//! What an operator asks of the ledger, on the twin in memory and on the emulated table.

use std::collections::BTreeSet;

use gateway::adapters::dynamodb::DynamoLedger;
use gateway::ledger::Written;
use gateway::ledger::memory::MemoryLedger;
use gateway::ledger::repairs::Repairs;
use gateway::note::{Deed, Hand, Note};
use gateway::row::Row;
use gateway::tracking::State;
use serde_json::json;
use uuid::Uuid;

use super::{at, claim, claimed, config, inserted, row, settlement};
use crate::bench::Bench;

fn note(deed: Deed, seconds: i64) -> Note {
    Hand::new("night", "ticket \"7\"")
        .unwrap()
        .note(deed, at(seconds), Some(Uuid::from_u128(9)))
}

async fn now(ledger: &dyn Repairs, id: u128) -> Row {
    ledger.get(Uuid::from_u128(id)).await.unwrap().unwrap()
}

async fn conforms(ledger: &dyn Repairs) {
    assert!(inserted(ledger, &row(1, "A"), at(0)).await);
    claimed(ledger, 1, &claim("r.1", at(1))).await;
    let waits = settlement(State::Waiting, Some(at(900)));
    ledger.settle(Uuid::from_u128(1), "r.1", &waits).await.unwrap();

    // Due at once, with a note; nothing else changes.
    let seen = now(ledger, 1).await;
    let first = note(Deed::Resumed, 10);
    assert_eq!(ledger.make_due(&seen, &first).await.unwrap(), Written::Done);
    assert_eq!(
        ledger.make_due(&seen, &first).await.unwrap(),
        Written::Done,
        "the same again is recognised"
    );
    let due = Row {
        next_attempt_at: Some(at(10)),
        notes: vec![first],
        ..seen.clone()
    };
    assert_eq!(now(ledger, 1).await, due);
    for (what, stale) in [
        ("somebody noted something", seen.clone()),
        (
            "a run took it up",
            Row {
                attempts: 2,
                ..due.clone()
            },
        ),
        (
            "its state changed",
            Row {
                state: State::PendingApproval,
                ..due.clone()
            },
        ),
        (
            "there is none",
            Row {
                id: Uuid::from_u128(99),
                ..due.clone()
            },
        ),
    ] {
        assert_eq!(
            ledger.make_due(&stale, &note(Deed::Resolved, 11)).await.unwrap(),
            Written::NotOwner,
            "{what}"
        );
    }
    assert_eq!(
        ledger.note(&seen, &note(Deed::Revealed, 11)).await.unwrap(),
        Written::NotOwner
    );
    assert_eq!(now(ledger, 1).await, due);
    let open = ledger.open_on(&due.subject).await.unwrap();
    assert_eq!(open.len(), 1, "it stands in the index");

    // A run leaves notes alone, and an ended row gets no other change than a note.
    assert_eq!(claimed(ledger, 1, &claim("r.2", at(10))).await, "won from waiting");
    let ends = settlement(State::Failed, None);
    ledger.settle(Uuid::from_u128(1), "r.2", &ends).await.unwrap();
    let ended = now(ledger, 1).await;
    assert_eq!(ended.notes, due.notes);
    assert_eq!(
        ledger.make_due(&ended, &note(Deed::Resumed, 20)).await.unwrap(),
        Written::NotOwner
    );
    assert_eq!(
        ledger.note(&ended, &note(Deed::Retried, 20)).await.unwrap(),
        Written::Done
    );
    assert_eq!(
        ledger.note(&ended, &note(Deed::Retried, 20)).await.unwrap(),
        Written::Done
    );
    let noted = now(ledger, 1).await;
    assert_eq!(noted.retried_as(), Some(Uuid::from_u128(9)));
    assert_eq!(
        Row {
            notes: ended.notes.clone(),
            ..noted
        },
        ended
    );
    let missing = Row {
        id: Uuid::from_u128(99),
        ..row(99, "A")
    };
    assert_eq!(
        ledger.note(&missing, &note(Deed::Revealed, 20)).await.unwrap(),
        Written::NotOwner
    );
    assert!(ledger.get(missing.id).await.unwrap().is_none(), "a note makes no row");

    // The whole table, part by part, from any place.
    let mut ids = BTreeSet::from([Uuid::from_u128(1)]);
    for id in 1_000..1_450 {
        assert!(inserted(ledger, &row(id, "B"), at(0)).await);
        ids.insert(Uuid::from_u128(id));
    }
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let part = ledger.part(after).await.unwrap();
        assert_eq!(part.unreadable, 0);
        for row in part.rows {
            assert!(found.insert(row.id), "twice");
        }
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, ids);
    let rest = ledger.part(Some(Uuid::from_u128(1))).await.unwrap();
    assert!(
        rest.rows.iter().all(|row| row.id != Uuid::from_u128(1)),
        "behind the place"
    );
}

#[tokio::test]
async fn the_repairs_in_memory() {
    for page in [1, 100, usize::MAX] {
        conforms(&MemoryLedger::default().in_pages_of(page)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_repairs_in_dynamodb() {
    let bench = Bench::start().await;
    let table = bench.stack.outputs().get("TableName").unwrap();
    let ledger = DynamoLedger::new(&config(&bench).await, table);
    conforms(&ledger).await;

    // What is no row is counted, and hides no other.
    let broken = json!({"id": {"S": Uuid::from_u128(77).to_string()}});
    bench.stack.put_row(&broken).await.unwrap();
    let (mut rows, mut unreadable, mut after) = (0, 0, None);
    loop {
        let part = ledger.part(after).await.unwrap();
        rows += part.rows.len();
        unreadable += part.unreadable;
        after = part.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((rows, unreadable), (451, 1));
}
