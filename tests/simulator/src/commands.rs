//! Commands: which request is which, and how one is carried out.

mod names;

use serde_json::{Map, Value, json};

use crate::{
    bank::{Applied, Bank, Now},
    effects::Effect,
    errors::{Failure, Fault},
    fields::{Fields, NO_BODY},
    loans::{ChargeChange, TransactionKind},
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
    CreateProduct,
    UpdateProduct(u64),
    CreateFund,
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
    /// A payment of this kind on a loan.
    Pay(TransactionKind, u64),
    RefundCredit(u64),
    WaiveInterest(u64),
    WriteOff(u64),
    UndoWriteOff(u64),
    Foreclose(u64),
    AdjustTransaction {
        loan: u64,
        transaction: u64,
        undo: bool,
    },
    AddLoanCharge(u64),
    ChangeLoanCharge {
        loan: u64,
        charge: u64,
        change: ChargeChange,
    },
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
            ("POST", Route::Products) => Command::CreateProduct,
            ("PUT", Route::Product(id)) => Command::UpdateProduct(u64::try_from(*id).unwrap_or_default()),
            ("POST", Route::Funds) => Command::CreateFund,
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
            ("POST", Route::Transactions(named)) => self.transaction_command(self.loan_number(named)?, target)?,
            ("POST", Route::Transaction { loan, transaction }) => {
                let loan = self.loan_number(loan)?;
                let transaction = match transaction {
                    Named::Number(id) => *id,
                    Named::ExternalId(id) => self.loan(loan)?.transaction_by_external_id(id)?.id,
                };
                let name = target.parameter("command");
                match name.map(|name| name.trim().to_ascii_lowercase()).as_deref() {
                    None => Command::AdjustTransaction {
                        loan,
                        transaction,
                        undo: false,
                    },
                    Some("undo") => Command::AdjustTransaction {
                        loan,
                        transaction,
                        undo: true,
                    },
                    Some(_) => return Err(unknown_command(name, &[])),
                }
            }
            ("POST", Route::LoanCharges(named)) => Command::AddLoanCharge(self.loan_number(named)?),
            (method, Route::LoanCharge { loan, charge }) => {
                let loan = self.loan_number(loan)?;
                let charge = match charge {
                    Named::Number(id) => *id,
                    Named::ExternalId(id) => self.loan(loan)?.charge_by_external_id(id)?.id,
                };
                let name = target.parameter("command");
                let change = match (method, name.map(|name| name.trim().to_ascii_lowercase()).as_deref()) {
                    ("PUT", _) => ChargeChange::Update,
                    ("DELETE", _) => ChargeChange::Delete,
                    ("POST", Some("waive")) => ChargeChange::Waive,
                    ("POST", Some("adjustment")) => ChargeChange::Adjust,
                    ("POST", Some("pay")) => ChargeChange::Pay,
                    ("POST", _) => return Err(unknown_command(name, &[])),
                    _ => return Ok(Asked::WrongMethod),
                };
                Command::ChangeLoanCharge { loan, charge, change }
            }
            _ => return Ok(Asked::WrongMethod),
        };
        Ok(Asked::Command(command))
    }

    fn transaction_command(&self, loan: u64, target: &Target) -> Result<Command, Failure> {
        let name = target.parameter("command");
        let develop = self.release.is_develop();
        Ok(match name.map(|name| name.trim().to_ascii_lowercase()).as_deref() {
            Some("repayment") => Command::Pay(TransactionKind::Repayment, loan),
            Some("recoverypayment") => Command::Pay(TransactionKind::RecoveryRepayment, loan),
            Some("merchantissuedrefund") => Command::Pay(TransactionKind::MerchantIssuedRefund, loan),
            Some("payoutrefund") => Command::Pay(TransactionKind::PayoutRefund, loan),
            Some("goodwillcredit") => Command::Pay(TransactionKind::GoodwillCredit, loan),
            Some("downpayment") => Command::Pay(TransactionKind::DownPayment, loan),
            Some("interestpaymentwaiver") if develop => Command::Pay(TransactionKind::InterestPaymentWaiver, loan),
            Some("creditbalancerefund") => Command::RefundCredit(loan),
            Some("waiveinterest") => Command::WaiveInterest(loan),
            Some("writeoff") => Command::WriteOff(loan),
            Some("undowriteoff") => Command::UndoWriteOff(loan),
            Some("foreclosure") => Command::Foreclose(loan),
            _ => return Err(unknown_command(name, &[])),
        })
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
            Command::CreateProduct => self.create_product(fields),
            Command::UpdateProduct(id) => self.update_product(id, fields),
            Command::CreateFund => self.create_fund(fields),
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
            Command::Pay(kind, id) => self.pay(kind, id, fields, now),
            Command::RefundCredit(id) => self.refund_credit(id, fields, now),
            Command::WaiveInterest(id) => self.waive_interest(id, fields, now),
            Command::WriteOff(id) => self.write_off(id, fields, now),
            Command::UndoWriteOff(id) => self.undo_write_off(id, now),
            Command::Foreclose(id) => self.foreclose(id, fields, now),
            Command::AdjustTransaction {
                loan,
                transaction,
                undo,
            } => self.adjust_transaction(loan, transaction, undo, fields, now),
            Command::AddLoanCharge(id) => self.add_charge(id, fields, now),
            Command::ChangeLoanCharge { loan, charge, change } => self.change_charge(loan, charge, change, fields, now),
        }?;
        let (action, entity) = command.scope();
        let named = (applied.resource, applied.external_id.clone());
        let (resource_id, external_id) = applied.stands.clone().unwrap_or(named);
        self.effects.push(Effect {
            action,
            entity,
            resource_id,
            loan_id: applied.loan,
            external_id,
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

/// Whether the query asks for this command.
pub(crate) fn asks(target: &Target, command: &str) -> bool {
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
