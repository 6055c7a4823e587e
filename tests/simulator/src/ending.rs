//! How a command may end other than by its answer.

use crate::{
    commands::Command,
    errors::{Clash, Failure, Fault},
};

/// What the database layer says when its connection is gone.
const CLOSED: &str = "\nInternal Exception: java.sql.SQLException: Connection is closed\nError Code: 0";

/// How a command that was accepted ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// As it should.
    #[default]
    Answered,
    /// The server died: the key answers 425 for ever, and the effect is there or not.
    Stuck {
        /// Whether the effect is there.
        applied: bool,
    },
    /// Applied and stored, but answered 500, as develop does under load.
    AppliedThen500,
    /// Its database connection was killed: nothing applied, 500, and the key is spent.
    ConnectionKilled,
    /// The database gave its statement up, for this reason: nothing applied, 403, and the key is spent.
    StatementCancelled(String),
    /// There was no database connection for it in time, in these words: nothing applied, 403, and the key is as new.
    NoConnection(String),
    /// Somebody else changed the same thing: nothing applied, 409, and the key is spent.
    Conflict,
    /// Another creation with the same external id was written in between: nothing applied, 403 that does not say so, and
    /// the key is spent.
    RacedDuplicate,
    /// The database found a deadlock: nothing applied, 409, and the key is spent.
    Deadlock,
}

impl Ending {
    /// The failure that it ends with, if it fails.
    pub(crate) fn failure(&self, command: Command) -> Option<Failure> {
        match self {
            Self::Answered | Self::Stuck { .. } | Self::AppliedThen500 => None,
            Self::ConnectionKilled => Some(Failure::Crash(CLOSED.to_owned())),
            Self::StatementCancelled(reason) => Some(cancelled(command, reason)),
            Self::RacedDuplicate => {
                let text = "Unknown data integrity issue with resource.";
                let fault = Fault::of_database("error.msg.unknown.data.integrity.issue", text);
                Some(Failure::Integrity(fault))
            }
            Self::NoConnection(reason) => {
                let code = "error.msg.data.integrity.issue";
                Some(Failure::Integrity(Fault::of_database(code, reason.as_str())))
            }
            Self::Conflict => Some(Failure::Conflict(Clash::Version)),
            Self::Deadlock => Some(Failure::Conflict(Clash::Deadlock)),
        }
    }
}

fn cancelled(command: Command, reason: &str) -> Failure {
    let fault = if command.is_on_loan() {
        Fault::of_database("error.msg.data.integrity.issue", reason)
    } else {
        let text = format!("Unknown data integrity issue with resource: {reason}");
        Fault::of_database("error.msg.client.unknown.data.integrity.issue", text)
    };
    Failure::Integrity(fault)
}
