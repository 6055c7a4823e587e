//! Finding operations, and what Fineract no longer holds of them.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::ledger::memory::When;
use crate::operator::find::{Cursor, Filter};

#[tokio::test]
async fn what_fineract_no_longer_holds_is_found() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client("INC-1")).await;
    let before = world.clock.now();
    world.run(&Script::default().on(POST, 200, created()), &message).await;
    world.ledger.put(of(1, State::Failed));
    let row = world.row_of("client:INC-1");
    for (since, script, expected) in [
        (before, Script::default().on(LOOK, 200, there()), (1, 0)),
        (before, Script::default().on(LOOK, 404, absent()), (1, 1)),
        (before, Script::default().unreachable(LOOK), (1, 1)),
        (before.after(Duration::from_secs(1)), Script::default(), (0, 0)),
    ] {
        let executor = world.executor(&script);
        let verified = operator(&world).verify(&executor, since, &|_| ()).await.unwrap();
        assert_eq!((verified.looked_at, verified.findings.len()), expected);
        assert!(
            verified
                .findings
                .iter()
                .all(|finding| finding.row == row && finding.later.is_none())
        );
        assert_eq!(verified.rows, 2);
        assert!(script.is_done());
    }
}

#[tokio::test]
async fn operations_are_found_page_by_page() {
    for size in [1, 2, usize::MAX] {
        let world = World::on(MemoryLedger::default().in_pages_of(size), MemoryQueue::default());
        for id in 1..=40 {
            let state = State::ALL[usize::try_from(id).unwrap() % State::ALL.len()];
            let operation = if id % 2 == 0 { "CLIENT_CREATE" } else { "CLIENT_UPDATE" };
            let lender = if id % 10 == 0 { "UGRO" } else { "DMI" };
            world.ledger.put(Row {
                operation: operation.to_owned(),
                data: json!({"lenderConfig": lender}),
                ..of(id, state)
            });
        }
        let now = world.clock.now();
        let older = Some(now.since(of(20, State::Waiting).accepted_at));
        let number = |row: &Row| row.id.as_u128();
        type Wanted = fn(&Row, u128) -> bool;
        let filters: [(Filter, Wanted); 8] = [
            (Filter::default(), |_, _| true),
            (
                Filter {
                    states: vec![State::Waiting, State::Failed],
                    ..Filter::default()
                },
                |row, _| matches!(row.state, State::Waiting | State::Failed),
            ),
            (
                Filter {
                    operation: Some("CLIENT_UPDATE".to_owned()),
                    ..Filter::default()
                },
                |_, number| number % 2 == 1,
            ),
            (
                Filter {
                    caller: Some("los".to_owned()),
                    ..Filter::default()
                },
                |_, _| true,
            ),
            (
                Filter {
                    caller: Some("los-1".to_owned()),
                    ..Filter::default()
                },
                |_, _| true,
            ),
            (
                Filter {
                    caller: Some("lo".to_owned()),
                    ..Filter::default()
                },
                |_, _| false,
            ),
            (
                Filter {
                    lender: Some("UGRO".to_owned()),
                    ..Filter::default()
                },
                |_, number| number % 10 == 0,
            ),
            (
                Filter {
                    older,
                    ..Filter::default()
                },
                |_, number| number >= 20,
            ),
        ];
        for (filter, wanted) in filters {
            let wanted = |row: &Row| wanted(row, number(row));
            let ids = |rows: &mut Vec<Row>| {
                rows.sort_by_key(|row| row.id);
                rows.iter().map(|row| row.id).collect::<Vec<_>>()
            };
            let mut open: Vec<Row> = world
                .ledger
                .rows()
                .into_iter()
                .filter(|row| row.state.is_open() && wanted(row))
                .collect();
            let mut every: Vec<Row> = world.ledger.rows().into_iter().filter(wanted).collect();
            let (mut found, mut from) = (Vec::new(), None);
            loop {
                let page = operator(&world).open(&filter, from.take(), 3, &|_| ()).await.unwrap();
                assert!(page.rows.len() <= 3);
                found.extend(page.rows);
                match page.next.map(|next| next.to_string().parse()) {
                    Some(Ok(Cursor::Open(shard, key))) => from = Some((shard, key)),
                    None => break,
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(ids(&mut found), ids(&mut open), "{filter:?}");
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = operator(&world).every(&filter, after, 3, &|_| ()).await.unwrap();
                assert!(page.rows.len() <= 3);
                found.extend(page.rows);
                match page.next.map(|next| next.to_string().parse()) {
                    Some(Ok(Cursor::Ended(id))) => after = Some(id),
                    None => break,
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(ids(&mut found), ids(&mut every), "{filter:?}");
        }
    }
    for text in ["", "o", "o64", "oxx", "e1", "x00", "o0061"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_hides_no_other() {
    for (broken, expected) in [(0, Some((3, 0))), (1, Some((2, 1))), (2, Some((1, 2))), (3, None)] {
        let gets = AtomicU32::new(0);
        let ledger = MemoryLedger::with_hook(Box::new(move |name, when| {
            let fails = match (name, when) {
                ("get_all", When::Before) => broken > 0,
                ("get", When::Before) => gets.fetch_add(1, Ordering::SeqCst) < broken,
                _ => false,
            };
            if fails {
                Err(ledger::Error::new("get", "not a row"))
            } else {
                Ok(())
            }
        }));
        let world = World::on(ledger, MemoryQueue::default());
        for id in 1..=3 {
            world.ledger.put(Row {
                subject: Subject::stored("client:1"),
                ..of(id, State::Waiting)
            });
        }
        let found = operator(&world).open(&Filter::default(), None, 10, &|_| ()).await;
        let counts = found.ok().map(|found| (found.rows.len(), found.unreadable));
        assert_eq!(counts, expected);
    }
}
