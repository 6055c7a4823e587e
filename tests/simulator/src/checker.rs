//! What a checker decides about commands that wait: `makercheckers`.

use serde_json::{Map, Value, json};

use crate::{
    bank::{Applied, Bank, Now},
    errors::{Failure, Fault},
    journal::{Row, RowStatus},
    users::User,
};

/// A checker's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The command is carried out, if it still can be.
    Approve,
    /// It never will be.
    Reject,
    /// It is taken out of the inbox, and nothing tells that it ever was there.
    Delete,
}

impl Bank {
    /// Decides on a command that waits.
    pub(crate) fn decide(&mut self, id: u64, decision: Decision, user: &User, now: Now) -> Result<Value, Failure> {
        let row = self.journal.row(id).ok_or_else(|| unknown(id))?.clone();
        if row.status != RowStatus::Awaiting {
            return Err(not_awaiting(id));
        }
        user.require_checker(&row.command.code())?;
        match decision {
            Decision::Approve => self.approve_command(row, user, now),
            Decision::Reject => {
                self.end_row(id, |row| {
                    row.status = RowStatus::Rejected;
                    row.checker = Some((user.name.clone(), now.instant));
                });
                Ok(json!({ "commandId": id }))
            }
            Decision::Delete => {
                self.journal.remove(id);
                Ok(json!({ "commandId": id }))
            }
        }
    }

    fn approve_command(&mut self, row: Row, user: &User, now: Now) -> Result<Value, Failure> {
        let release = self.release;
        let checker = Some((user.name.clone(), now.instant));
        match self.execute(row.command, row.body.as_ref(), row.key.as_deref(), now) {
            Ok(applied) => {
                let body = with_command(row.id, &applied);
                let stored = body.clone();
                self.end_row(row.id, |row| {
                    row.status = RowStatus::Processed;
                    row.checker = checker;
                    row.note(&applied);
                    row.outcome = Some((200, stored));
                });
                Ok(body)
            }
            Err(failure) => {
                self.end_row(row.id, |row| {
                    row.status = RowStatus::Error;
                    // develop forgets who tried.
                    row.checker = checker.filter(|_| !release.is_develop());
                    row.outcome = Some((failure.status(), failure.body(release)));
                });
                Err(failure)
            }
        }
    }

    fn end_row(&mut self, id: u64, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.journal.row_mut(id) {
            change(row);
        }
    }
}

/// The answer to a command that was approved, which names the command.
fn with_command(id: u64, applied: &Applied) -> Value {
    let mut body = Map::new();
    body.insert("commandId".into(), json!(id));
    if let Value::Object(parts) = applied.body() {
        body.extend(parts);
    }
    Value::Object(body)
}

fn unknown(id: u64) -> Failure {
    let text = format!("Audit with identifier {id} does not exist");
    Failure::NotFound(Fault::general("error.msg.command.id.invalid", text).with([json!(id)]))
}

fn not_awaiting(id: u64) -> Failure {
    let text = format!("Audit with identifier {id} is Not Awaiting Approval");
    Failure::NotFound(Fault::general("error.msg.command.id.not.awaiting.approval", text).with([json!(id)]))
}
