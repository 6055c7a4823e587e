//! What became of a command that Fineract holds for a checker.
//!
//! Newer releases show it in the command's audit. Release 1.10.1 does not: there, the list that holds the command tells.

use serde_json::Value;

use crate::bank::{Bank, number_of};
use crate::fineract::Path;
use crate::operation::Stop;
use crate::pace::{Pace, Reason, Wait};

/// How many entries a page of the list of commands has.
const PAGE: u64 = 100;
/// How many pages of one list are read; a command further back is looked for again later.
const PAGES_MAX: u64 = 20;
/// Fineract's numbers of the lists, those that say "undecided" first.
const LISTS: [(u64, Decision); 5] = [
    (2, Decision::Undecided),
    (4, Decision::Undecided),
    (3, Decision::Rejected),
    (1, Decision::Executed),
    (5, Decision::Executed),
];

/// What became of a held command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nobody has decided, or it is being executed.
    Undecided,
    /// The checker rejected it.
    Rejected,
    /// The checker approved it and it was executed, with success or not: its key tells.
    Executed,
    /// It was taken out of the inbox.
    TakenOut,
}

/// Asks Fineract what became of the command with this number. `action` and `entity` are Fineract's words for it.
pub async fn decision(bank: &Bank<'_>, number: u64, action: &str, entity: &str) -> Result<Decision, Stop> {
    let audit = bank.audit(number).await?;
    if let Some(decision) = audit.as_ref().and_then(shown) {
        return Ok(decision);
    }
    for (list, meaning) in LISTS {
        if let Some(decision) = in_list(bank, number, (action, entity), list, meaning).await? {
            return Ok(decision);
        }
    }
    // In no list, and yet there: it moved from one to another while they were read.
    Ok(if audit.is_some() {
        Decision::Undecided
    } else {
        Decision::TakenOut
    })
}

/// What the command itself says, where the release shows it.
fn shown(command: &Value) -> Option<Decision> {
    match command.get("processingResult")?.as_str()? {
        "Awaiting Approval" | "Under Processing" => Some(Decision::Undecided),
        "Rejected" => Some(Decision::Rejected),
        "Processed" | "Error" => Some(Decision::Executed),
        _ => None,
    }
}

/// Looks for the command in one list, newest first, down to its number. Some releases ignore which list is asked for, so
/// what an entry says of itself goes before what its list means.
async fn in_list(
    bank: &Bank<'_>,
    number: u64,
    words: (&str, &str),
    list: u64,
    meaning: Decision,
) -> Result<Option<Decision>, Stop> {
    for page in 0..PAGES_MAX {
        let path = Path::new("v1/audits")
            .query("paged=true&orderBy=id&sortOrder=DESC")
            .parameter("processingResult", list)
            .parameter("actionName", words.0)
            .parameter("entityName", words.1)
            .parameter("limit", PAGE)
            .parameter("offset", page * PAGE);
        let answer = bank.list(path).await?;
        let entries = answer
            .get("pageItems")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        if let Some(entry) = entries.iter().find(|entry| number_of(entry) == Some(number)) {
            return Ok(Some(shown(entry).unwrap_or(meaning)));
        }
        let passed = entries
            .iter()
            .any(|entry| number_of(entry).is_some_and(|other| other < number));
        if passed || entries.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok(None);
        }
    }
    Err(Stop::NotYet(Wait::new(Pace::Checker, Reason::PendingApproval)))
}
