//! The table of commands: what was asked, by whom, what became of it. A key is looked up by action and entity, blind to
//! payload, target and user.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::{bank::Applied, commands::Command};

/// Longer keys do not fit the column.
pub(crate) const KEY_LIMIT: usize = 50;

/// What a key belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) action: &'static str,
    pub(crate) entity: &'static str,
    pub(crate) key: String,
}

/// How far a command has come; the numbers are those of the list filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowStatus {
    /// 1: applied.
    Processed,
    /// 2: a checker must decide.
    Awaiting,
    /// 3: a checker refused.
    Rejected,
    /// 4: it runs, or the server died while it ran.
    UnderProcessing,
    /// 5: refused, or failed.
    Error,
}

impl RowStatus {
    /// The number of the list filter.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Processed => 1,
            Self::Awaiting => 2,
            Self::Rejected => 3,
            Self::UnderProcessing => 4,
            Self::Error => 5,
        }
    }

    /// The words of develop's `processingResult`.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Processed => "Processed",
            Self::Awaiting => "Awaiting Approval",
            Self::Rejected => "Rejected",
            Self::UnderProcessing => "Under Processing",
            Self::Error => "Error",
        }
    }
}

/// One command.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: u64,
    pub(crate) command: Command,
    pub(crate) key: Option<String>,
    pub(crate) status: RowStatus,
    pub(crate) maker: String,
    pub(crate) made_at: OffsetDateTime,
    pub(crate) checker: Option<(String, OffsetDateTime)>,
    /// The body as it was sent.
    pub(crate) sent: String,
    pub(crate) body: Option<Map<String, Value>>,
    /// What it was applied to or made; before that, what it names.
    pub(crate) resource: Option<u64>,
    pub(crate) sub_resource: Option<u64>,
    pub(crate) client: Option<u64>,
    pub(crate) loan: Option<u64>,
    /// Whether the office is known, which it is of what was applied.
    pub(crate) office: bool,
    /// What a repetition of the key is answered.
    pub(crate) outcome: Option<(u16, Value)>,
}

impl Row {
    /// Notes what the command was applied to.
    pub(crate) fn note(&mut self, applied: &Applied) {
        self.resource = Some(applied.resource);
        self.sub_resource = applied.sub_resource;
        self.client = applied.client.or(self.client);
        self.loan = applied.loan.or(self.loan);
        self.office = !applied.without_office;
    }
}

/// Every command. Nothing is purged unless it is asked for (the job that does it is off by default).
#[derive(Debug, Default)]
pub(crate) struct Journal {
    rows: BTreeMap<u64, Row>,
    keys: HashMap<Scope, u64>,
}

impl Journal {
    /// The command with this key.
    pub(crate) fn find(&self, scope: &Scope) -> Option<&Row> {
        self.keys.get(scope).and_then(|id| self.rows.get(id))
    }

    /// The command by number.
    pub(crate) fn row(&self, id: u64) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// The command by number, to change it.
    pub(crate) fn row_mut(&mut self, id: u64) -> Option<&mut Row> {
        self.rows.get_mut(&id)
    }

    /// Every command, by number.
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.values()
    }

    /// Writes a new command.
    pub(crate) fn insert(&mut self, row: Row) {
        if let Some(scope) = row.scope() {
            self.keys.insert(scope, row.id);
        }
        self.rows.insert(row.id, row);
    }

    /// Takes a command away, and its key with it.
    pub(crate) fn remove(&mut self, id: u64) {
        if let Some(scope) = self.rows.remove(&id).as_ref().and_then(Row::scope) {
            self.keys.remove(&scope);
        }
    }

    /// Takes every command away that was applied, as the purging job does.
    pub(crate) fn purge(&mut self) {
        let applied = self.rows.values().filter(|row| row.status == RowStatus::Processed);
        let ids: Vec<_> = applied.map(|row| row.id).collect();
        for id in ids {
            self.remove(id);
        }
    }
}

impl Row {
    fn scope(&self) -> Option<Scope> {
        let (action, entity) = self.command.scope();
        let key = self.key.clone()?;
        Some(Scope { action, entity, key })
    }
}
