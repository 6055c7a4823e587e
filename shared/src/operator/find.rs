//! Finding operations: the open ones by their index, the ended ones by going through the table.

use std::time::Duration;

use uuid::Uuid;

use super::Operator;
use crate::clock::Timestamp;
use crate::digest::{from_hex, hex};
use crate::ledger;
use crate::row::{Open, Row};
use crate::subject::{SHARDS, Subject, shard_name};
use crate::tracking::State;

/// Which operations are wanted; what is not said does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Their states; none for all.
    pub states: Vec<State>,
    /// Their name.
    pub operation: Option<String>,
    /// Their caller's id, or its beginning up to the digits that were added to its name.
    pub caller: Option<String>,
    /// The lender that their data names.
    pub lender: Option<String>,
    /// Accepted at least so long ago.
    pub older: Option<Duration>,
}

impl Filter {
    /// Whether the operation is wanted.
    pub fn takes(&self, row: &Row, now: Timestamp) -> bool {
        let lender = || row.data.get("lenderConfig").and_then(|lender| lender.as_str());
        let called =
            |caller: &str| row.caller == caller || row.caller.rsplit_once('-').is_some_and(|(name, _)| name == caller);
        (self.states.is_empty() || self.states.contains(&row.state))
            && self
                .operation
                .as_ref()
                .is_none_or(|operation| *operation == row.operation)
            && self.caller.as_deref().is_none_or(called)
            && self.lender.as_deref().is_none_or(|wanted| lender() == Some(wanted))
            && self.older.is_none_or(|older| now.since(row.accepted_at) >= older)
    }
}

/// A place between two pages. People hand it back as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// In the index of open operations: a part, and the last entry that was looked at.
    Open(u8, String),
    /// In the table: the last row.
    Ended(Uuid),
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(shard, key) => write!(f, "o{shard:02}{}", hex(key.as_bytes())),
            Self::Ended(id) => write!(f, "e{}", id.simple()),
        }
    }
}

/// Not a place between two pages.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place between two pages")]
pub struct NotACursor;

impl std::str::FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let open = |rest: &str| {
            let (shard, key) = rest.split_at_checked(2)?;
            let key = String::from_utf8(from_hex(key)?).ok()?;
            let shard = shard.parse().ok().filter(|shard| *shard < SHARDS)?;
            (key.is_empty() || Open::from_key(&key).is_some()).then_some(Self::Open(shard, key))
        };
        let ended = |rest: &str| Uuid::try_parse(rest).ok().map(Self::Ended);
        let read = match text.split_at_checked(1) {
            Some(("o", rest)) => open(rest),
            Some(("e", rest)) => ended(rest),
            Some(_) | None => None,
        };
        read.ok_or(NotACursor)
    }
}

/// A page of what was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The operations.
    pub rows: Vec<Row>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Cursor>,
    /// How many rows were looked at.
    pub looked_at: u32,
    /// How many could not be read.
    pub unreadable: u32,
}

impl Operator<'_> {
    /// Open operations: reads the index and the rows behind it, never the table. `progress` is told how many were looked
    /// at.
    pub async fn open(
        &self,
        filter: &Filter,
        from: Option<(u8, String)>,
        page: usize,
        progress: &(dyn Fn(u32) + Sync),
    ) -> Result<Found, ledger::Error> {
        let mut found = Found::default();
        let now = self.clock.now();
        let (first, mut after) = from.unwrap_or_default();
        let mut after = Some(std::mem::take(&mut after)).filter(|key| !key.is_empty());
        for shard in first..SHARDS {
            loop {
                let part = self.ledger.open_in(&shard_name(shard), after.take()).await?;
                let ids: Vec<Uuid> = part.entries.iter().map(|entry| entry.id).collect();
                let mut rows = self.readable(&ids, &mut found).await?;
                rows.sort_by_key(Row::open_key);
                for row in rows {
                    if found.rows.len() >= page {
                        return Ok(found);
                    }
                    found.looked_at = found.looked_at.saturating_add(1);
                    found.next = Some(Cursor::Open(shard, row.open_key()));
                    if row.state.is_open() && filter.takes(&row, now) {
                        found.rows.push(row);
                    }
                }
                progress(found.looked_at);
                after = part.next;
                if after.is_none() {
                    break;
                }
            }
        }
        found.next = None;
        Ok(found)
    }

    /// The rows that can be read: one that cannot hides no other.
    async fn readable(&self, ids: &[Uuid], found: &mut Found) -> Result<Vec<Row>, ledger::Error> {
        if let Ok(rows) = self.ledger.get_all(ids).await {
            return Ok(rows);
        }
        let (mut rows, mut last) = (Vec::new(), None);
        for id in ids {
            match self.ledger.get(*id).await {
                Ok(row) => rows.extend(row),
                Err(error) => {
                    found.unreadable = found.unreadable.saturating_add(1);
                    last = Some(error);
                }
            }
        }
        // Nothing at all: the table is away.
        match last {
            Some(error) if rows.is_empty() => Err(error),
            Some(_) | None => Ok(rows),
        }
    }

    /// Operations of every state: goes through the table, which costs as much as reading it.
    pub async fn every(
        &self,
        filter: &Filter,
        mut after: Option<Uuid>,
        page: usize,
        progress: &(dyn Fn(u32) + Sync),
    ) -> Result<Found, ledger::Error> {
        let mut found = Found::default();
        let now = self.clock.now();
        loop {
            let part = self.ledger.part(after).await?;
            found.unreadable = found.unreadable.saturating_add(part.unreadable);
            for row in part.rows {
                if found.rows.len() >= page {
                    return Ok(found);
                }
                found.looked_at = found.looked_at.saturating_add(1);
                found.next = Some(Cursor::Ended(row.id));
                if filter.takes(&row, now) {
                    found.rows.push(row);
                }
            }
            progress(found.looked_at);
            after = part.next;
            if after.is_none() {
                found.next = None;
                return Ok(found);
            }
        }
    }

    /// What was done on a client or loan, in the order of acceptance.
    pub async fn history(&self, subject: &Subject) -> Result<Vec<Row>, ledger::Error> {
        let ids = self.ledger.history(subject).await?;
        let mut rows = self.ledger.get_all(&ids).await?;
        rows.sort_by_key(|row| (row.accepted_at, row.id));
        Ok(rows)
    }
}
