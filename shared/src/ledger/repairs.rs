//! What only an operator asks of the table of operations: the functions have no use for it, and no right to it.

use async_trait::async_trait;
use uuid::Uuid;

use super::{Error, Ledger, Written};
use crate::note::Note;
use crate::row::Row;

/// A part of the table.
#[derive(Debug, Default)]
pub struct Part {
    /// The rows, in no order that means anything.
    pub rows: Vec<Row>,
    /// How many items could not be read.
    pub unreadable: u32,
    /// Where to go on, if there is more.
    pub next: Option<Uuid>,
}

/// The table of operations, as an operator reaches it.
#[async_trait]
pub trait Repairs: Ledger {
    /// A part of the whole table, ended operations included: each part costs as much as reading all its rows.
    async fn part(&self, after: Option<Uuid>) -> Result<Part, Error>;

    /// Adds a note to a row, ended or not, if nobody noted anything since it was `seen`. Nothing else changes.
    async fn note(&self, seen: &Row, note: &Note) -> Result<Written, Error>;

    /// Makes an open operation due at the time of the note, and adds the note, if no run took it up and nobody noted
    /// anything since it was `seen`.
    async fn make_due(&self, seen: &Row, note: &Note) -> Result<Written, Error>;
}
