//! What became of a command that Fineract holds for a checker.
//!
//! Newer releases show it in the command's audit. Release 1.10.1 does not: there, the list that holds the command tells.

use std::ops::ControlFlow;
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
/// How many pages of one list are read in a run. What lies further back is not known, and an operator is told.
const PAGES_MAX: u64 = 20;
/// Fineract's numbers of the lists, those that leave it open first, and the longest last.
const LISTS: [(u64, Decision); 5] = [
    (2, Decision::Awaited),
    (4, Decision::Running),
    (3, Decision::Rejected),
    (5, Decision::Executed),
    (PROCESSED, Decision::Executed),
];

/// Fineract's number of the list of commands that were carried out.
const PROCESSED: u64 = 1;
/// The lists in which a command is sought whose number is not known: those that wait for a checker, and the rejected.
const SOUGHT: [(u64, Decision); 2] = [(2, Decision::Awaited), (3, Decision::Rejected)];
/// How far Fineract's clock may be behind ours.
const FINERACT_BEHIND_MAX: Duration = Duration::from_secs(5 * 60);

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
    // The list of what was carried out is as long as the bank's life; what it changed is a short part of it.
    let resource = audit.as_ref().and_then(|audit| audit.get("resourceId")?.as_u64());
    for (list, meaning) in LISTS {
        let path = list_of(list, (action, entity), resource);
        if let Some(decision) = in_list(bank, number, &path, meaning).await? {
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
    /// Who sent it.
    pub maker: String,
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
        is_a_command(command, self.words)
            && text("maker") == Some(&self.maker)
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
        made_on(command).is_some_and(|made_on| made_on.after(FINERACT_BEHIND_MAX) < self.since)
    }
}

/// Whether an entry is about such a command. Fineract's filter by entity takes every entity whose name begins
/// so: LOAN finds LOANCHARGE, too.
fn is_a_command(entry: &Value, (action, entity): (&str, &str)) -> bool {
    let text = |member: &str| entry.get(member).and_then(Value::as_str);
    text("actionName") == Some(action) && text("entityName") == Some(entity)
}

/// When a command was made, as the list of commands says.
fn made_on(command: &Value) -> Option<Timestamp> {
    let millis = command.get("madeOnDate").and_then(decimal_of)?;
    u64::try_from(millis.trunc()).ok().map(Timestamp::from_millis)
}

/// Seeks a command among those that wait for a checker or were rejected: its number and what became of it.
pub async fn seek(bank: &Bank<'_>, marks: &Marks) -> Result<Option<(u64, Decision)>, Stop> {
    for (list, meaning) in SOUGHT {
        let path = list_of(list, marks.words, None).parameter("includeJson", true);
        let found = leaf_through(bank, &path, |entries| {
            let ours = |entry: &&Value| marks.are_on(entry) && shown(entry).is_none_or(|shown| shown == meaning);
            match entries.iter().find(ours).and_then(number_of) {
                Some(number) => ControlFlow::Break(Some(number)),
                None if entries.iter().any(|entry| marks.is_before(entry)) => ControlFlow::Break(None),
                None => ControlFlow::Continue(()),
            }
        });
        if let Some(number) = found.await? {
            return Ok(Some((number, meaning)));
        }
    }
    Ok(None)
}

/// Whether another user of Fineract's did the same to the same thing: a command of theirs on it was processed, not before
/// `since`; where that is not said, for it can be done only once, the newest command tells.
///
/// No allowance is made for Fineract's clock: with one, what somebody did and undid before the operation was accepted would
/// be taken for what became of it.
pub async fn done_by_another(
    bank: &Bank<'_>,
    words: (&str, &str),
    resource: u64,
    since: Option<Timestamp>,
) -> Result<bool, Stop> {
    let us = bank.username().await?;
    let path = list_of(PROCESSED, words, Some(resource));
    let theirs = leaf_through(bank, &path, |entries| {
        for entry in entries.iter().filter(|entry| is_a_command(entry, words)) {
            let before = |since| made_on(entry).is_some_and(|made_on| made_on < since);
            if since.is_some_and(before) {
                return ControlFlow::Break(None);
            }
            let processed = entry.get("processingResult").is_none_or(|result| result == "Processed");
            let on_it = entry.get("resourceId").and_then(Value::as_u64) == Some(resource);
            let Some(maker) = entry.get("maker").and_then(Value::as_str) else {
                continue;
            };
            if processed && on_it && maker != us {
                return ControlFlow::Break(Some(()));
            }
            if processed && on_it && since.is_none() {
                return ControlFlow::Break(None);
            }
        }
        ControlFlow::Continue(())
    });
    Ok(theirs.await?.is_some())
}

fn list_of(list: u64, (action, entity): (&str, &str), resource: Option<u64>) -> Path {
    let path = Path::new("v1/audits")
        .query("paged=true&orderBy=id&sortOrder=DESC")
        .parameter("processingResult", list)
        .parameter("actionName", action)
        .parameter("entityName", entity);
    match resource {
        Some(number) => path.parameter("resourceId", number),
        None => path,
    }
}

/// Reads a list page by page, newest first, until `look` ends it or there is no more: nothing is found then. Where the pages
/// of a run end first, it is not known, and it would not be in the next run.
async fn leaf_through<T>(
    bank: &Bank<'_>,
    list: &Path,
    look: impl Fn(&[Value]) -> ControlFlow<Option<T>>,
) -> Result<Option<T>, Stop> {
    for page in 0..PAGES_MAX {
        let path = list.clone().parameter("limit", PAGE).parameter("offset", page * PAGE);
        let entries = bank.page(path).await?;
        match look(&entries) {
            ControlFlow::Break(found) => return Ok(found),
            ControlFlow::Continue(()) if is_last(&entries) => return Ok(None),
            ControlFlow::Continue(()) => {}
        }
    }
    Err(Stop::NotYet(Wait::new(Pace::Operator, Reason::NeedsOperator)))
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
async fn in_list(bank: &Bank<'_>, number: u64, list: &Path, meaning: Decision) -> Result<Option<Decision>, Stop> {
    leaf_through(bank, list, |entries| {
        if let Some(entry) = entries.iter().find(|entry| number_of(entry) == Some(number)) {
            return ControlFlow::Break(Some(shown(entry).unwrap_or(meaning)));
        }
        let is_older = |entry| number_of(entry).is_some_and(|other| other < number);
        match entries.iter().any(is_older) {
            true => ControlFlow::Break(None),
            false => ControlFlow::Continue(()),
        }
    })
    .await
}

#[cfg(test)]
mod tests;
