//! What became of a command that Fineract holds for a checker.
//!
//! Newer releases show it in the command's audit. Release 1.10.1 does not: there, the list that holds the command tells.

use std::time::Duration;

use serde_json::Value;

use crate::bank::{Bank, number_of};
use crate::clock::Timestamp;
use crate::command::Stop;
use crate::fineract::Path;
use crate::pace::{Pace, Reason, Wait};
use crate::values::decimal_of;

/// How many entries a page of the list of commands has.
const PAGE: u64 = 100;
/// How many pages of one list are read; a command further back is looked for again later.
const PAGES_MAX: u64 = 20;
/// Fineract's numbers of the lists, those that leave it open first.
const LISTS: [(u64, Decision); 5] = [
    (2, Decision::Awaited),
    (4, Decision::Running),
    (3, Decision::Rejected),
    (PROCESSED, Decision::Executed),
    (5, Decision::Executed),
];

/// Fineract's number of the list of commands that were carried out.
const PROCESSED: u64 = 1;
/// The lists in which a command is sought whose number is not known: those that wait for a checker, and the rejected.
const SOUGHT: [(u64, Decision); 2] = [(2, Decision::Awaited), (3, Decision::Rejected)];
/// How far Fineract's clock may be behind ours.
const CLOCKS_APART: Duration = Duration::from_secs(5 * 60);

/// What became of a held command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nobody has decided.
    Awaited,
    /// It is being executed, or was when its server died.
    Running,
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
        Decision::Awaited
    } else {
        Decision::TakenOut
    })
}

/// What a command is known by when its number is not known.
#[derive(Clone, Debug)]
pub struct Marks {
    /// Fineract's words for it: the action and the entity.
    pub words: (&'static str, &'static str),
    /// Who sent it, if that is known.
    pub maker: Option<String>,
    /// The number of what it changes; none for a creation.
    pub resource: Option<u64>,
    /// The number of the loan of which it changes a part.
    pub loan: Option<u64>,
    /// The external id of what it makes: a client, a loan, a transaction.
    pub external_id: Option<String>,
    /// It was not sent before.
    pub since: Timestamp,
}

impl Marks {
    fn are_on(&self, command: &Value) -> bool {
        let text = |member: &str| command.get(member).and_then(Value::as_str);
        let sent = || text("commandAsJson").and_then(|json| serde_json::from_str::<Value>(json).ok());
        let made = |id: &String| sent().is_some_and(|sent| sent.get("externalId").and_then(Value::as_str) == Some(id));
        self.maker.as_deref().is_none_or(|maker| text("maker") == Some(maker))
            && self
                .resource
                .is_none_or(|number| command.get("resourceId").and_then(Value::as_u64) == Some(number))
            && self
                .loan
                .is_none_or(|number| command.get("loanId").and_then(Value::as_u64) == Some(number))
            && self.external_id.as_ref().is_none_or(made)
            && !self.is_before(command)
    }

    fn is_before(&self, command: &Value) -> bool {
        made_on(command).is_some_and(|made_on| made_on.after(CLOCKS_APART) < self.since)
    }
}

/// When a command was made, as the list of commands says.
fn made_on(command: &Value) -> Option<Timestamp> {
    let millis = command.get("madeOnDate").and_then(decimal_of)?;
    let millis = i64::try_from(millis.trunc()).ok()?;
    Some(Timestamp::from_micros(millis.saturating_mul(1_000)))
}

/// Seeks a command among those that wait for a checker or were rejected: its number and what became of it.
pub async fn seek(bank: &Bank<'_>, marks: &Marks) -> Result<Option<(u64, Decision)>, Stop> {
    for (list, meaning) in SOUGHT {
        for page in 0..PAGES_MAX {
            let path = list_of(list, marks.words, page).parameter("includeJson", true);
            let entries = entries(bank, path).await?;
            let found = entries
                .iter()
                .find(|entry| marks.are_on(entry) && shown(entry).is_none_or(|shown| shown == meaning));
            if let Some(number) = found.and_then(number_of) {
                return Ok(Some((number, meaning)));
            }
            if is_last(&entries) || entries.iter().any(|entry| marks.is_before(entry)) {
                break;
            }
        }
    }
    Ok(None)
}

/// Whether another user of Fineract's did the same to the same thing: a command of theirs on it, made not before `since`,
/// was processed.
pub async fn done_by_another(
    bank: &Bank<'_>,
    words: (&str, &str),
    resource: u64,
    since: Option<Timestamp>,
) -> Result<bool, Stop> {
    let Some(us) = bank.username().await else {
        return Ok(false);
    };
    for page in 0..PAGES_MAX {
        let entries = entries(bank, list_of(PROCESSED, words, page)).await?;
        let theirs = entries.iter().any(|entry| {
            entry.get("resourceId").and_then(Value::as_u64) == Some(resource)
                && entry.get("processingResult").is_none_or(|result| result == "Processed")
                && since.is_none_or(|since| made_on(entry).is_none_or(|made_on| made_on >= since))
                && entry
                    .get("maker")
                    .and_then(Value::as_str)
                    .is_some_and(|maker| maker != us)
        });
        if theirs || is_last(&entries) {
            return Ok(theirs);
        }
    }
    Ok(false)
}

fn list_of(list: u64, (action, entity): (&str, &str), page: u64) -> Path {
    Path::new("v1/audits")
        .query("paged=true&orderBy=id&sortOrder=DESC")
        .parameter("processingResult", list)
        .parameter("actionName", action)
        .parameter("entityName", entity)
        .parameter("limit", PAGE)
        .parameter("offset", page * PAGE)
}

async fn entries(bank: &Bank<'_>, path: Path) -> Result<Vec<Value>, Stop> {
    let answer = bank.list(path).await?;
    Ok(answer
        .get("pageItems")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default())
}

fn is_last(entries: &[Value]) -> bool {
    entries.len() < usize::try_from(PAGE).unwrap_or(usize::MAX)
}

/// What the command itself says, where the release shows it.
fn shown(command: &Value) -> Option<Decision> {
    match command.get("processingResult")?.as_str()? {
        "Awaiting Approval" => Some(Decision::Awaited),
        "Under Processing" => Some(Decision::Running),
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
        let entries = entries(bank, list_of(list, words, page)).await?;
        if let Some(entry) = entries.iter().find(|entry| number_of(entry) == Some(number)) {
            return Ok(Some(shown(entry).unwrap_or(meaning)));
        }
        let passed = entries
            .iter()
            .any(|entry| number_of(entry).is_some_and(|other| other < number));
        if passed || is_last(&entries) {
            return Ok(None);
        }
    }
    Err(Stop::NotYet(Wait::new(Pace::Checker, Reason::PendingApproval)))
}
