//! Commands: which request is which, and how one is carried out.

use serde_json::{Map, Value, json};

use crate::{
    bank::{Applied, Bank, Now},
    effects::Effect,
    errors::{Failure, Fault},
    fields::{Fields, NO_BODY},
    route::{Named, Route, Target},
};

/// A change to the bank, on a resource that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    CreateClient,
    UpdateClient(u64),
    ActivateClient(u64),
    CloseClient(u64),
    DeleteClient(u64),
    CreateLoan,
    UpdateLoan(u64),
    ApproveLoan(u64),
    DisburseLoan(u64),
    RejectLoan(u64),
    WithdrawLoan(u64),
    UndoApproval(u64),
    UndoDisbursal(u64),
    MarkAsFraud(u64),
    DeleteLoan(u64),
}

/// What clients can be commanded, as Fineract lists it to who asks for something else.
const CLIENT_COMMANDS: [&str; 12] = [
    "activate",
    "unassignStaff",
    "assignStaff",
    "close",
    "proposeTransfer",
    "withdrawTransfer",
    "acceptTransfer",
    "rejectTransfer",
    "updateSavingsAccount",
    "reject",
    "withdraw",
    "reactivate",
];

/// What a request turned out to be.
#[derive(Debug)]
pub(crate) enum Asked {
    Command(Command),
    /// The method does not go with the resource.
    WrongMethod,
}

impl Bank {
    /// Finds the command of a request. The resource is looked up by external id here, by number only when the command
    /// runs; so the one is refused before the key is looked at, the other after.
    pub(crate) fn command(&self, method: &str, route: &Route, target: &Target) -> Result<Asked, Failure> {
        let command = match (method, route) {
            ("POST", Route::Clients) => Command::CreateClient,
            ("POST", Route::Loans) => Command::CreateLoan,
            ("PUT", Route::Client(named)) => Command::UpdateClient(self.client_number(named)?),
            ("DELETE", Route::Client(named)) => Command::DeleteClient(self.client_number(named)?),
            ("PUT", Route::Loan(named)) if asks(target, "markasfraud") => {
                Command::MarkAsFraud(self.loan_number(named)?)
            }
            ("PUT", Route::Loan(named)) => Command::UpdateLoan(self.loan_number(named)?),
            ("DELETE", Route::Loan(named)) => Command::DeleteLoan(self.loan_number(named)?),
            ("POST", Route::Client(named)) => {
                let id = self.client_number(named)?;
                let name = target.parameter("command");
                match name.map(|name| name.trim().to_ascii_lowercase()).as_deref() {
                    Some("activate") => Command::ActivateClient(id),
                    Some("close") => Command::CloseClient(id),
                    _ => return Err(unknown_command(name, &CLIENT_COMMANDS)),
                }
            }
            ("POST", Route::Loan(named)) => {
                let id = self.loan_number(named)?;
                let name = target.parameter("command");
                match name.map(|name| name.trim().to_ascii_lowercase()).as_deref() {
                    Some("approve") => Command::ApproveLoan(id),
                    Some("disburse" | "disbursewithoutautodownpayment") => Command::DisburseLoan(id),
                    Some("reject") => Command::RejectLoan(id),
                    Some("withdrawnbyapplicant") => Command::WithdrawLoan(id),
                    Some("undoapproval") => Command::UndoApproval(id),
                    Some("undodisbursal") => Command::UndoDisbursal(id),
                    _ => return Err(unknown_command(name, &[])),
                }
            }
            _ => return Ok(Asked::WrongMethod),
        };
        Ok(Asked::Command(command))
    }

    pub(crate) fn client_number(&self, named: &Named) -> Result<u64, Failure> {
        match named {
            Named::Number(id) => Ok(*id),
            Named::ExternalId(id) => self.client_by_external_id(id),
        }
    }

    pub(crate) fn loan_number(&self, named: &Named) -> Result<u64, Failure> {
        match named {
            Named::Number(id) => Ok(*id),
            Named::ExternalId(id) => self.loan_by_external_id(id),
        }
    }

    /// Carries a command out, wholly or not at all, and notes its effect.
    pub(crate) fn execute(
        &mut self,
        command: Command,
        body: Option<&Map<String, Value>>,
        key: Option<&str>,
        now: Now,
    ) -> Result<Applied, Failure> {
        let nothing = Map::new();
        // A deletion has no body, or one that nobody reads.
        if body.is_none() && !command.deletes() {
            return Err(self.no_body(command));
        }
        let fields = Fields(body.unwrap_or(&nothing));
        let applied = match command {
            Command::CreateClient => self.create_client(fields, now),
            Command::UpdateClient(id) => self.update_client(id, fields, now),
            Command::ActivateClient(id) => self.activate_client(id, fields, now),
            Command::CloseClient(id) => self.close_client(id, fields, now),
            Command::DeleteClient(id) => self.delete_client(id),
            Command::CreateLoan => self.create_loan(fields, now),
            Command::UpdateLoan(id) => self.update_loan(id, fields, now),
            Command::ApproveLoan(id) => self.approve_loan(id, fields, now),
            Command::DisburseLoan(id) => self.disburse_loan(id, fields, now),
            Command::RejectLoan(id) => self.end_application(id, fields, true, now),
            Command::WithdrawLoan(id) => self.end_application(id, fields, false, now),
            Command::UndoApproval(id) => self.undo_approval(id, fields),
            Command::UndoDisbursal(id) => self.undo_disbursal(id, fields, now),
            Command::MarkAsFraud(id) => self.mark_as_fraud(id, fields),
            Command::DeleteLoan(id) => self.delete_loan(id),
        }?;
        let (action, entity) = command.scope();
        self.effects.push(Effect {
            action,
            entity,
            resource_id: applied.resource,
            external_id: applied.external_id.clone(),
            sub_resource_id: applied.sub_resource,
            sub_external_id: applied.sub_external_id.clone(),
            key: key.map(str::to_owned),
            at: now.instant,
        });
        Ok(applied)
    }

    fn no_body(&self, command: Command) -> Failure {
        // 1.10.1 stumbles over a loan of no bytes.
        if command == Command::CreateLoan && !self.release.is_develop() {
            return Failure::Crash("Cannot invoke \"com.google.gson.JsonElement.isJsonObject()\"".to_owned());
        }
        Failure::Malformed(NO_BODY.to_owned())
    }
}

impl Command {
    /// Action and entity: what a key is looked up by.
    pub(crate) fn scope(self) -> (&'static str, &'static str) {
        match self {
            Self::CreateClient => ("CREATE", "CLIENT"),
            Self::UpdateClient(_) => ("UPDATE", "CLIENT"),
            Self::ActivateClient(_) => ("ACTIVATE", "CLIENT"),
            Self::CloseClient(_) => ("CLOSE", "CLIENT"),
            Self::DeleteClient(_) => ("DELETE", "CLIENT"),
            Self::CreateLoan => ("CREATE", "LOAN"),
            Self::UpdateLoan(_) => ("UPDATE", "LOAN"),
            Self::ApproveLoan(_) => ("APPROVE", "LOAN"),
            Self::DisburseLoan(_) => ("DISBURSE", "LOAN"),
            Self::RejectLoan(_) => ("REJECT", "LOAN"),
            Self::WithdrawLoan(_) => ("WITHDRAW", "LOAN"),
            Self::UndoApproval(_) => ("APPROVALUNDO", "LOAN"),
            Self::UndoDisbursal(_) => ("DISBURSALUNDO", "LOAN"),
            Self::MarkAsFraud(_) => ("SETFRAUD", "LOAN"),
            Self::DeleteLoan(_) => ("DELETE", "LOAN"),
        }
    }

    /// `ACTION_ENTITY`, as permissions and maker-checker name it.
    pub(crate) fn code(self) -> String {
        let (action, entity) = self.scope();
        format!("{action}_{entity}")
    }

    /// The resource that it names, if it names one.
    pub(crate) fn resource(self) -> Option<u64> {
        match self {
            Self::CreateClient | Self::CreateLoan => None,
            Self::UpdateClient(id)
            | Self::ActivateClient(id)
            | Self::CloseClient(id)
            | Self::DeleteClient(id)
            | Self::UpdateLoan(id)
            | Self::ApproveLoan(id)
            | Self::DisburseLoan(id)
            | Self::RejectLoan(id)
            | Self::WithdrawLoan(id)
            | Self::UndoApproval(id)
            | Self::UndoDisbursal(id)
            | Self::MarkAsFraud(id)
            | Self::DeleteLoan(id) => Some(id),
        }
    }

    /// Whether it is about a loan.
    pub(crate) fn is_on_loan(self) -> bool {
        self.scope().1 == "LOAN"
    }

    /// The address that the command table keeps.
    pub(crate) fn url(self) -> String {
        match (self.resource(), self.is_on_loan()) {
            (None, false) => "/clients/template".to_owned(),
            (None, true) => "/loans".to_owned(),
            (Some(id), false) => format!("/clients/{id}"),
            (Some(id), true) => format!("/loans/{id}"),
        }
    }

    /// Whether it takes no body.
    pub(crate) fn deletes(self) -> bool {
        self.scope().0 == "DELETE"
    }
}

/// Whether the query asks for this command.
fn asks(target: &Target, command: &str) -> bool {
    let asked = target.parameter("command");
    asked.is_some_and(|asked| asked.trim().eq_ignore_ascii_case(command))
}

pub(crate) fn unknown_command(name: Option<&str>, known: &[&str]) -> Failure {
    let shown = name.unwrap_or("null");
    let text = format!("The query parameter command has an unsupported value of: {shown}");
    let fault = Fault::of("command", "error.msg.query.parameter.value.unsupported", text);
    let args = [
        json!("command"),
        name.map_or(Value::Null, |name| json!(name)),
        json!(known),
    ];
    Failure::invalid(fault.with(args).shifted())
}
