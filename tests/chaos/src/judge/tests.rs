//! Each way to be wrong is seen.

use serde_json::{Value, json};

use super::*;
use crate::ledger::{Loan, Status};
use crate::life::{Life, Operation};

const IDS: [&str; 4] = [
    "00000000-0000-4000-8000-000000000001",
    "00000000-0000-4000-8000-000000000002",
    "00000000-0000-4000-8000-000000000003",
    "00000000-0000-4000-8000-000000000004",
];

fn end(status: &str) -> Value {
    let failed = status == "failed";
    json!({
        "status": status,
        "success_response": if failed { Value::Null } else { json!({}) },
        "failure_response": if failed { json!({"httpStatusCode": "403"}) } else { Value::Null },
    })
}

/// A client that was created and updated, and a loan that was created; the last operation failed as it should.
fn lived() -> Lived {
    let changes = [
        Change::CreateClient("A".to_owned()),
        Change::UpdateClient("B".to_owned()),
        Change::CreateLoan(100),
        Change::DisburseLoan(100),
    ];
    let stories = changes
        .into_iter()
        .zip(IDS)
        .zip(["success", "success", "success", "failed"]);
    let stories = stories.map(|((change, id), status)| Story {
        tracking_id: format!("{}|{id}", change.operation()),
        operation: Operation {
            change,
            key: None,
            repeated: false,
            request: Value::Null,
        },
        end: Some(end(status)),
    });
    Lived {
        stories: stories.collect(),
        wrongs: Vec::new(),
        life: Life {
            client: "C".to_owned(),
            loan: "L".to_owned(),
            patient: false,
            operations: Vec::new(),
        },
    }
}

fn shown() -> Ledger {
    Ledger {
        client: Some("B".to_owned()),
        loan: Some(Loan {
            status: Status::Submitted,
            principal: 100,
            paid_out: Vec::new(),
        }),
    }
}

/// What was applied: which of the operations, as what.
fn applied(list: &[(usize, &str)]) -> Vec<Effect> {
    list.iter()
        .map(|(index, command)| Effect {
            command: (*command).to_owned(),
            key: format!("{}-12345678.1", IDS[*index]),
        })
        .collect()
}

/// A name, what is other than it should be, and what is wrong then.
type Told<'a> = (&'a str, fn(&mut Lived, &mut Ledger), &'a [Kind]);
/// A name, what was applied, what is wrong then, and how many values were set again.
type Shown<'a> = (&'a str, &'a [(usize, &'a str)], &'a [Kind], u64);

fn kinds(wrongs: &[Wrong]) -> Vec<Kind> {
    wrongs.iter().map(|wrong| wrong.kind).collect()
}

#[test]
fn what_was_told_is_compared_with_what_is_shown() {
    let table: [Told<'_>; 9] = [
        ("all true", |_, _| {}, &[]),
        (
            "a lost value",
            |_, shown| shown.client = Some("A".to_owned()),
            &[Kind::Untrue],
        ),
        (
            "a loan that is not there",
            |_, shown| shown.loan = None,
            &[Kind::Untrue],
        ),
        (
            "paid out more often than told",
            |_, shown| shown.loan.as_mut().unwrap().paid_out = vec![100],
            &[Kind::Repeated],
        ),
        (
            "a refusal that is told as a success",
            |lived, _| lived.stories[3].end = Some(end("success")),
            &[Kind::Unreasonable, Kind::Untrue],
        ),
        (
            "a success that is told as a refusal",
            |lived, _| lived.stories[1].end = Some(end("failed")),
            &[Kind::Unreasonable, Kind::Untrue],
        ),
        (
            "a success without a response",
            |lived, _| lived.stories[0].end.as_mut().unwrap()["success_response"] = Value::Null,
            &[Kind::Untrue],
        ),
        (
            "a success about something else",
            |lived, _| lived.stories[0].end.as_mut().unwrap()["success_response"]["resourceExternalId"] = json!("D"),
            &[Kind::Untrue],
        ),
        (
            "a status that is none",
            |lived, _| lived.stories[3].end = Some(end("done")),
            &[Kind::Untrue],
        ),
    ];
    for (why, change, expected) in table {
        let (mut lived, mut shown) = (lived(), shown());
        change(&mut lived, &mut shown);
        assert_eq!(kinds(&life(&lived, &shown)), expected, "{why}");
    }
}

#[test]
fn what_was_applied_is_compared_with_what_was_told() {
    let (create, update, loan) = ((0, "CREATE CLIENT"), (1, "UPDATE CLIENT"), (2, "CREATE LOAN"));
    let table: [Shown<'_>; 8] = [
        ("all true", &[create, update, loan], &[], 0),
        ("the loan's order is its own", &[loan, create, update], &[], 0),
        ("values set again", &[create, update, update, loan], &[], 1),
        ("created twice", &[create, update, loan, loan], &[Kind::Repeated], 1),
        ("not applied", &[create, update], &[Kind::Untrue], 0),
        (
            "applied, and told as a failure",
            &[create, update, loan, (3, "DISBURSE LOAN")],
            &[Kind::Untrue],
            0,
        ),
        ("the other way round", &[update, create, loan], &[Kind::OutOfOrder], 0),
        (
            "as something else",
            &[create, (1, "CLOSE CLIENT"), loan],
            &[Kind::Untrue],
            0,
        ),
    ];
    for (why, list, expected, again) in table {
        let (wrongs, set_again) = effects(&[lived()], &applied(list));
        assert_eq!((kinds(&wrongs).as_slice(), set_again), (expected, again), "{why}");
    }
    let mut foreign = applied(&[create, update, loan, loan]);
    foreign[3].key = "somebody".to_owned();
    assert_eq!(kinds(&effects(&[lived()], &foreign).0), [Kind::Untrue]);
}

#[test]
fn what_a_checker_rejected_is_told_so_and_nothing_else() {
    let mut lived = lived();
    assert!(rejections(std::slice::from_ref(&lived), 0).is_none());
    assert!(rejections(std::slice::from_ref(&lived), 1).is_some());
    let mut rejected = end("failed");
    rejected["error"] = json!({ "code": REJECTED_CODE });
    lived.stories[1].end = Some(rejected);
    let shown = Ledger {
        client: Some("A".to_owned()),
        ..shown()
    };
    assert_eq!(life(&lived, &shown), []);
    assert!(rejections(std::slice::from_ref(&lived), 1).is_none());
    assert!(rejections(std::slice::from_ref(&lived), 0).is_some());
}
