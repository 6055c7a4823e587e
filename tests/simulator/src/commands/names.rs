//! What commands are called, and what they are about.

use super::Command;
use crate::loans::TransactionKind;

/// What a command is about.
enum Subject {
    NewClient,
    Client(u64),
    NewLoan,
    NewProduct,
    Product(u64),
    NewFund,
    Loan(u64),
    TransactionsOf(u64),
    Transaction { loan: u64, transaction: u64 },
    ChargesOf(u64),
    Charge { loan: u64, charge: u64 },
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
            Self::CreateProduct => ("CREATE", "LOANPRODUCT"),
            Self::UpdateProduct(_) => ("UPDATE", "LOANPRODUCT"),
            Self::CreateFund => ("CREATE", "FUND"),
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
            Self::Pay(kind, _) => (kind.action(), "LOAN"),
            Self::RefundCredit(_) => (TransactionKind::CreditBalanceRefund.action(), "LOAN"),
            Self::WaiveInterest(_) => ("WAIVEINTERESTPORTION", "LOAN"),
            Self::WriteOff(_) => ("WRITEOFF", "LOAN"),
            Self::UndoWriteOff(_) => ("UNDOWRITEOFF", "LOAN"),
            Self::Foreclose(_) => ("FORECLOSURE", "LOAN"),
            Self::AdjustTransaction { .. } => ("ADJUST", "LOAN"),
            Self::AddLoanCharge(_) => ("CREATE", "LOANCHARGE"),
            Self::ChangeLoanCharge { change, .. } => (change.action(), "LOANCHARGE"),
        }
    }

    /// `ACTION_ENTITY`, as permissions and maker-checker name it.
    pub(crate) fn code(self) -> String {
        let (action, entity) = self.scope();
        format!("{action}_{entity}")
    }

    /// What it is about.
    fn subject(self) -> Subject {
        match self {
            Self::CreateClient => Subject::NewClient,
            Self::UpdateClient(id) | Self::ActivateClient(id) | Self::CloseClient(id) | Self::DeleteClient(id) => {
                Subject::Client(id)
            }
            Self::CreateProduct => Subject::NewProduct,
            Self::UpdateProduct(id) => Subject::Product(id),
            Self::CreateFund => Subject::NewFund,
            Self::CreateLoan => Subject::NewLoan,
            Self::UpdateLoan(id)
            | Self::ApproveLoan(id)
            | Self::DisburseLoan(id)
            | Self::RejectLoan(id)
            | Self::WithdrawLoan(id)
            | Self::UndoApproval(id)
            | Self::UndoDisbursal(id)
            | Self::MarkAsFraud(id)
            | Self::DeleteLoan(id) => Subject::Loan(id),
            Self::Pay(_, loan)
            | Self::RefundCredit(loan)
            | Self::WaiveInterest(loan)
            | Self::WriteOff(loan)
            | Self::UndoWriteOff(loan)
            | Self::Foreclose(loan) => Subject::TransactionsOf(loan),
            Self::AdjustTransaction { loan, transaction, .. } => Subject::Transaction { loan, transaction },
            Self::AddLoanCharge(loan) => Subject::ChargesOf(loan),
            Self::ChangeLoanCharge { loan, charge, .. } => Subject::Charge { loan, charge },
        }
    }

    /// The resource that it is to change; what it makes has no number yet.
    pub(crate) fn resource(self) -> Option<u64> {
        match self.subject() {
            Subject::Client(id) | Subject::Loan(id) | Subject::Product(id) => Some(id),
            Subject::Transaction { transaction, .. } => Some(transaction),
            Subject::Charge { charge, .. } => Some(charge),
            Subject::NewClient
            | Subject::NewLoan
            | Subject::NewProduct
            | Subject::NewFund
            | Subject::TransactionsOf(_)
            | Subject::ChargesOf(_) => None,
        }
    }

    /// The loan that it is about.
    pub(crate) fn loan(self) -> Option<u64> {
        // A slip of Fineract: what goes back is not said to be about a loan.
        if matches!(self, Self::RefundCredit(_)) {
            return None;
        }
        match self.subject() {
            Subject::Loan(loan)
            | Subject::TransactionsOf(loan)
            | Subject::Transaction { loan, .. }
            | Subject::ChargesOf(loan)
            | Subject::Charge { loan, .. } => Some(loan),
            Subject::NewClient
            | Subject::Client(_)
            | Subject::NewLoan
            | Subject::NewProduct
            | Subject::Product(_)
            | Subject::NewFund => None,
        }
    }

    /// The client that it is about.
    pub(crate) fn client(self) -> Option<u64> {
        match self.subject() {
            Subject::Client(id) => Some(id),
            Subject::NewClient
            | Subject::NewLoan
            | Subject::NewProduct
            | Subject::Product(_)
            | Subject::NewFund
            | Subject::Loan(_)
            | Subject::TransactionsOf(_)
            | Subject::Transaction { .. }
            | Subject::ChargesOf(_)
            | Subject::Charge { .. } => None,
        }
    }

    /// Whether it is about a loan.
    pub(crate) fn is_on_loan(self) -> bool {
        matches!(self.scope().1, "LOAN" | "LOANCHARGE")
    }

    /// The address that the command table keeps.
    pub(crate) fn url(self) -> String {
        match self.subject() {
            Subject::NewClient => "/clients/template".to_owned(),
            Subject::Client(id) => format!("/clients/{id}"),
            Subject::NewLoan => "/loans".to_owned(),
            Subject::NewProduct => "/loanproducts/template".to_owned(),
            Subject::Product(id) => format!("/loanproducts/{id}"),
            Subject::NewFund => "/funds/template".to_owned(),
            Subject::Loan(id) => format!("/loans/{id}"),
            // A slip of Fineract: its address has no template.
            Subject::TransactionsOf(loan) if matches!(self, Self::RefundCredit(_)) => {
                format!("/loans/{loan}/transactions?command=creditBalanceRefund")
            }
            Subject::TransactionsOf(loan) => {
                let action = self.scope().0.to_ascii_lowercase();
                // Only the waiver's word is shorter than its action.
                let command = action.strip_suffix("portion").unwrap_or(&action);
                format!("/loans/{loan}/transactions/template?command={command}")
            }
            Subject::Transaction { loan, transaction } => format!("/loans/{loan}/transactions/{transaction}"),
            Subject::ChargesOf(loan) => format!("/loans/{loan}/charges"),
            Subject::Charge { loan, charge } => format!("/loans/{loan}/charges/{charge}"),
        }
    }

    /// Whether it takes no body.
    pub(crate) fn deletes(self) -> bool {
        self.scope().0 == "DELETE"
    }
}
