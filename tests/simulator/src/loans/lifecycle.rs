//! What else may become of an application: rejected, withdrawn, its approval undone.

use serde_json::{Map, Value, json};

use super::{LoanStatus, NOTE_LIMIT};
use crate::{
    bank::{Applied, Bank},
    errors::{Failure, Fault},
    fields::Fields,
    validation::Checks,
};

impl Bank {
    /// `?command=reject` and `?command=withdrawnByApplicant`, which differ in words only.
    pub(crate) fn end_application(&mut self, id: u64, fields: Fields<'_>, rejected: bool) -> Result<Applied, Failure> {
        let date = if rejected { "rejectedOnDate" } else { "withdrawnOnDate" };
        fields.only(&format!("{date} note locale dateFormat"))?;
        let on = fields.date(date)?;
        let mut checks = Checks::of("loanapplication");
        checks.mandatory(date, on.is_some());
        checks.length("note", fields.text("note").as_deref(), NOTE_LIMIT);
        checks.finish()?;
        let mut loan = self.loan(id)?.clone();
        if loan.status != LoanStatus::Submitted {
            return Err(if rejected {
                Failure::invalid(Fault::general(
                    "error.msg.loan.reject.account.is.not.submitted.pending.approval.state",
                    "Loan application cannot be rejected. Loan Account is not in Submitted and Pending approval state.",
                ))
            } else {
                Failure::Domain(Fault::general(
                    "error.msg.loan.withdraw.cannot.withdraw",
                    "Loan application cannot be withdrawn. Loan Account is not in Submitted and Pending approval state.",
                ))
            });
        }
        loan.status = if rejected {
            LoanStatus::Rejected
        } else {
            LoanStatus::Withdrawn
        };
        loan.closed_on = on;
        let mut changes = Map::new();
        changes.insert("status".into(), loan.status.view());
        for name in ["locale", "dateFormat", date] {
            changes.insert(name.to_owned(), json!(fields.text(name)));
        }
        changes.insert("closedOnDate".into(), json!(fields.text(date)));
        Ok(self.keep(loan, changes))
    }

    /// `?command=undoapproval`.
    pub(crate) fn undo_approval(&mut self, id: u64, fields: Fields<'_>) -> Result<Applied, Failure> {
        fields.only("note")?;
        let mut loan = self.loan(id)?.clone();
        if loan.status != LoanStatus::Approved {
            let text = "Undo Loan Approval is not allowed. Loan Account is not in approved state.";
            let code = "error.msg.loan.undo.approval.account.is.not.approved";
            return Err(Failure::invalid(Fault::general(code, text)));
        }
        loan.status = LoanStatus::Submitted;
        loan.approved_on = None;
        loan.approved = loan.proposed;
        loan.terms.principal = loan.proposed;
        let mut changes = Map::new();
        changes.insert("status".into(), loan.status.view());
        changes.insert("approvedOnDate".into(), Value::String(String::new()));
        Ok(self.keep(loan, changes))
    }

    fn keep(&mut self, loan: super::Loan, changes: Map<String, Value>) -> Applied {
        let applied = loan.applied();
        self.loans.insert(loan.id, loan);
        Applied {
            changes: Some(changes),
            ..applied
        }
    }
}
