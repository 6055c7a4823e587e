//! What a body says that ends a loan: a day, a note, an id for the transaction.

use time::Date;

use super::NOTE_LIMIT;
use crate::{errors::Failure, fields::Fields, validation::Checks};

const SUPPORTED: &str = "transactionDate note locale dateFormat externalId";

/// The end of a loan as a body asks for it.
pub(super) struct Close {
    pub(super) on: Date,
    pub(super) note: Option<String>,
    pub(super) external_id: Option<String>,
}

impl Close {
    /// Reads the body, which may also name the parameter `other`; faults are told under `resource`.
    pub(super) fn read(fields: &Fields<'_>, resource: &'static str, other: &str) -> Result<Self, Failure> {
        fields.only(&format!("{SUPPORTED} {other}"))?;
        let mut checks = Checks::of(resource);
        let on = fields.date("transactionDate")?;
        checks.mandatory("transactionDate", on.is_some());
        let note = fields.nonblank("note");
        checks.length("note", note.as_deref(), NOTE_LIMIT);
        checks.finish()?;
        Ok(Self {
            on: on.ok_or_else(|| Failure::Crash("no date".to_owned()))?,
            note,
            external_id: fields.nonblank("externalId"),
        })
    }
}
