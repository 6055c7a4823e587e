use uuid::Uuid;

use super::*;
use crate::clock::ManualClock;
use crate::failure::Failure;
use crate::ledger::memory::MemoryLedger;
use crate::row::tests::row;
use crate::testing::caller;
use crate::tracking::State;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// A row on loan L, the caller's own.
fn on_loan(number: u128, accepted_at: i64) -> Row {
    Row {
        id: Uuid::from_u128(number),
        operation: "LOAN_APPROVE".to_owned(),
        caller: "los".to_owned(),
        subject: Subject::stored("loan:L"),
        accepted_at: at(accepted_at),
        ..row()
    }
}

/// The numbers on each page, to the end.
async fn pages(ledger: &MemoryLedger) -> Vec<Vec<u128>> {
    let (mut pages, mut next) = (Vec::new(), None::<String>);
    loop {
        let parameters = |name: &str| match name {
            "externalId" => Some("L"),
            "kind" => Some("loan"),
            _ => next.as_deref(),
        };
        let asked = Asked::parse(parameters).unwrap();
        let body = history(ledger, &ManualClock::at(at(1_000_000)), &caller("los"), &asked).await;
        let body = body.unwrap().body;
        let number = |line: &Value| {
            let id = line["tracking_id"]
                .as_str()
                .unwrap()
                .strip_prefix("LOAN_APPROVE|")
                .unwrap();
            Uuid::parse_str(id).unwrap().as_u128()
        };
        pages.push(body["operations"].as_array().unwrap().iter().map(number).collect());
        match body.get("next") {
            Some(cursor) => next = Some(cursor.as_str().unwrap().to_owned()),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn newest_first_page_by_page_and_only_ones_own() {
    let ledger = MemoryLedger::default();
    assert_eq!(pages(&ledger).await, [Vec::<u128>::new()]);
    for number in 1..=45 {
        ledger.put(on_loan(number, i64::try_from(number).unwrap()));
    }
    // Another loan's, another client's of the same name, another caller's, one that is forgotten.
    ledger.put(Row {
        subject: Subject::stored("loan:L2"),
        ..on_loan(101, 7)
    });
    ledger.put(Row {
        subject: Subject::stored("client:L"),
        ..on_loan(102, 7)
    });
    ledger.put(Row {
        caller: "other".to_owned(),
        ..on_loan(103, 100)
    });
    ledger.put(Row {
        expires_at: Some(-1),
        state: State::Failed,
        ..on_loan(104, 101)
    });
    let numbers = |from: u128, to: u128| (to..=from).rev().collect::<Vec<_>>();
    assert_eq!(pages(&ledger).await, [numbers(45, 28), numbers(27, 8), numbers(7, 1)]);
}

#[tokio::test]
async fn a_page_does_not_end_within_a_microsecond() {
    let ledger = MemoryLedger::default();
    for number in 1..=25 {
        ledger.put(on_loan(
            number,
            if (3..=9).contains(&number) {
                3
            } else {
                i64::try_from(number).unwrap()
            },
        ));
    }
    let pages = pages(&ledger).await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [16, 9]);
    assert_eq!(pages.concat(), (1..=25).rev().collect::<Vec<_>>());
}

#[test]
fn a_line_is_a_report_without_fineracts_answers() {
    let processed_at = Some(at(5));
    let failed = Row {
        state: State::Failed,
        failure: Some(Failure::gateway(409, "gateway.cancelled", "No.")),
        processed_at,
        ..row()
    };
    let succeeded = Row {
        state: State::Succeeded,
        response: Some(json!({"clientId": 1})),
        processed_at,
        ..row()
    };
    for (row, more) in [(failed, Some("error")), (succeeded, None), (row(), None)] {
        let line = line(&row);
        assert_eq!(
            (&line["operation_type"], &line["status"]),
            (&json!("CLIENT_CREATE"), &json!(row.state.status()))
        );
        assert!(
            line.get("success_response").is_none() && line.get("failure_response").is_none(),
            "{line}"
        );
        assert_eq!(line.get("error").is_some(), more.is_some());
    }
}

#[test]
fn every_fault_of_the_query_is_named() {
    let codes = |id: Option<&'static str>, kind: Option<&'static str>, cursor: Option<&'static str>| {
        let parameters = |name: &str| match name {
            "externalId" => id,
            "kind" => kind,
            "cursor" => cursor,
            _ => None,
        };
        let faults = Asked::parse(parameters)
            .err()
            .map(|problem| problem.faults)
            .unwrap_or_default();
        let codes: Vec<_> = faults
            .iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.code.as_str()))
            .collect();
        codes.join(", ")
    };
    for (id, kind, cursor, expected) in [
        (Some("L"), Some("loan"), None, ""),
        (Some("L"), Some("client"), Some("0000000000000001"), ""),
        (None, None, None, "/externalId required, /kind required"),
        (
            Some("a/b"),
            Some("LOAN"),
            Some("x"),
            "/externalId forbidden-character, /kind unknown-value, /cursor unknown-value",
        ),
        (
            Some(" "),
            Some("loan,loan"),
            Some(""),
            "/externalId empty, /kind unknown-value, /cursor unknown-value",
        ),
        (
            Some("L"),
            Some("loan"),
            Some("000000000000000001"),
            "/cursor unknown-value",
        ),
        (
            Some("L"),
            Some("loan"),
            Some("00000000000000AB"),
            "/cursor unknown-value",
        ),
        (
            Some("L"),
            Some("loan"),
            Some("7fffffffffffffff"),
            "/cursor unknown-value",
        ),
        (
            Some("L"),
            Some("loan"),
            Some("8000000000000000"),
            "/cursor unknown-value",
        ),
    ] {
        assert_eq!(codes(id, kind, cursor), expected, "{id:?} {kind:?} {cursor:?}");
    }
}
