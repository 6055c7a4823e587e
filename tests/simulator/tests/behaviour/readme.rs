//! What the README's table of faults says of each, row by row.

use fineract_simulator::{Outcome, Release, Response};
use serde_json::json;

use crate::bank::{approval, bank_with_loan, is_cached, request};

const README: &str = include_str!("../../../../README.md");
const HEAD: &str = "| fault | effect | the same key afterwards |\n|---|---|---|\n";
/// How many faults the table has.
const FAULTS: usize = 18;

/// The words in backticks before the first parenthesis, or after it.
fn names(cell: &str) -> Vec<&str> {
    let outside = cell.split('(').flat_map(|part| part.rsplit(')').next());
    outside.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

/// The words of a cell for the fault of this number: one for each, or one for all.
fn of(cell: &str, number: usize, faults: usize) -> &str {
    let words: Vec<&str> = cell.split(';').next().unwrap_or_default().split(", ").collect();
    let own = (words.len() == faults).then(|| words[number]);
    own.unwrap_or(words[words.len() - 1]).trim()
}

fn answer(outcome: Outcome) -> Option<Response> {
    match outcome {
        Outcome::Answered(response) => Some(response),
        Outcome::LostBeforeEffect | Outcome::LostAfterEffect => None,
    }
}

#[test]
fn each_fault_does_what_its_row_says() {
    let (_, table) = README.split_once(HEAD).unwrap();
    let mut seen = 0;
    for row in table.lines().take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (faults, effect, again) = (names(cells[1]), cells[2], cells[3]);
        for (number, fault) in faults.iter().enumerate() {
            seen += 1;
            let bank = bank_with_loan(Release::V1_10_1);
            let before = bank.effects().len();
            let document = json!({"fault": fault, "times": "once", "seconds": 1, "status": 502, "applied": false});
            bank.apply(&document.to_string()).unwrap();
            let approve = request("POST", "loans/external-id/LOAN-1?command=approve", Some(&approval()));
            let approve = approve.with_header("Idempotency-Key", "key");
            let first = bank.exchange(&approve);
            let effects = bank.effects().len() - before;
            match of(effect, number, faults.len()) {
                "none" => assert_eq!(effects, 0, "{row}"),
                "yes" | "later" => assert_eq!(effects, 1, "{row}"),
                "until released" | "as `applied` says" => {
                    assert!(answer(first.outcome.clone()).is_none(), "{row}");
                }
                other => panic!("{row}: {other}"),
            }
            if let Ok(status) = effect.split(", ").next().unwrap().parse::<u16>() {
                assert_eq!(answer(first.outcome).unwrap().status, status, "{row}");
            }
            let second = answer(bank.exchange(&approve).outcome);
            let told = second.map(|response| (response.status, is_cached(&response)));
            match of(again, number, faults.len()) {
                "works" => assert_eq!(told, Some((200, false)), "{row}"),
                "stored answer" | "stored 200" => assert_eq!(told, Some((200, true)), "{row}"),
                "stored error" => assert!(told.is_some_and(|(status, stored)| stored && status != 200), "{row}"),
                "425 for ever" => assert_eq!(told.map(|(status, _)| status), Some(425), "{row}"),
                "" => assert_eq!(*fault, "hold", "{row}"),
                other => panic!("{row}: {other}"),
            }
        }
    }
    assert_eq!(seen, FAULTS);
}
