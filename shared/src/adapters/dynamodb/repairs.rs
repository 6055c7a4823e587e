//! What only an operator asks of the table.

use async_trait::async_trait;
use uuid::Uuid;

use super::{Attempted, DynamoLedger, key, text, update::Update};
use crate::adapters::item;
use crate::ledger::repairs::{Part, Repairs};
use crate::ledger::{Error, Written};
use crate::note::Note;
use crate::row::Row;

/// Most rows of one part of the table.
const PART_MAX: i32 = 200;

#[async_trait]
impl Repairs for DynamoLedger {
    async fn part(&self, after: Option<Uuid>) -> Result<Part, Error> {
        let mut request = self
            .client
            .scan()
            .table_name(&self.table)
            .limit(PART_MAX)
            .consistent_read(true);
        if let Some(after) = after {
            request = request.exclusive_start_key("id", key(after));
        }
        let answer = request.send().await.map_err(|error| Error::new("scan", error))?;
        let last = answer.last_evaluated_key().and_then(|last| last.get("id")?.as_s().ok());
        let mut part = Part {
            next: last.and_then(|id| Uuid::try_parse(id).ok()),
            ..Part::default()
        };
        for item in answer.items() {
            match item::to_row(item) {
                Ok(row) => part.rows.push(row),
                Err(_) => part.unreadable = part.unreadable.saturating_add(1),
            }
        }
        Ok(part)
    }

    async fn note(&self, seen: &Row, note: &Note) -> Result<Written, Error> {
        let update = noted(seen, note);
        let condition = format!("attribute_exists(id) AND {}", nobody_noted(seen));
        self.written("note", seen, note, update.only_if(&condition)).await
    }

    async fn make_due(&self, seen: &Row, note: &Note) -> Result<Written, Error> {
        let condition = format!(
            "attribute_exists(open_key) AND #state = :seen AND attempts = :attempts AND {}",
            nobody_noted(seen)
        );
        let update = noted(seen, note)
            .set("next_attempt_at", text(note.at.to_string()))
            .only_if(&condition)
            .name("state")
            .value("seen", text(seen.state.as_str()))
            .value("attempts", item::number(seen.attempts));
        self.written("make due", seen, note, update).await
    }
}

impl DynamoLedger {
    /// A write that is refused because it was done already, by a try of the SDK whose answer was lost, is done.
    async fn written(&self, what: &'static str, seen: &Row, note: &Note, update: Update) -> Result<Written, Error> {
        Ok(match self.update(what, seen.id, update).await? {
            Attempted::Done(_) => Written::Done,
            Attempted::Not(Some(row)) if row.notes == seen.notes_with(note.clone()) => Written::Done,
            Attempted::Not(_) => Written::NotOwner,
        })
    }
}

fn noted(seen: &Row, note: &Note) -> Update {
    let update = Update::default().set("notes", item::document(&seen.notes_with(note.clone())));
    if seen.notes.is_empty() {
        return update;
    }
    update.value("noted", item::document(&seen.notes))
}

fn nobody_noted(seen: &Row) -> &'static str {
    if seen.notes.is_empty() {
        "attribute_not_exists(#notes)"
    } else {
        "#notes = :noted"
    }
}
