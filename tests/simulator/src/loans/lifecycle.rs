//! What else may become of an application: rejected, withdrawn, its approval undone.

use serde_json::{Map, Value, json};
use time::Date;

use super::{Loan, LoanStatus, NOTE_LIMIT, books::Books};
use crate::{
    bank::{Applied, Bank, Now},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
    release::Release,
    validation::Checks,
};

impl Bank {
    /// `?command=reject` and `?command=withdrawnByApplicant`, which differ in words only.
    pub(crate) fn end_application(
        &mut self,
        id: u64,
        fields: Fields<'_>,
        rejected: bool,
        now: Now,
    ) -> Result<Applied, Failure> {
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
                    "Only the loan applications with status 'Submitted and pending approval' are allowed to be withdrawn by applicant.",
                ))
            });
        }
        check_end(&loan, on, rejected, now, self.release.is_develop())?;
        loan.status = if rejected {
            LoanStatus::Rejected
        } else {
            LoanStatus::Withdrawn
        };
        loan.closed_on = on;
        loan.closed_by = Some(now.by);
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
            let text = "Loan Account Undo Approval is not allowed. Loan Account is not in approved state.";
            let code = "error.msg.loan.undo.approval.account.is.not.approved";
            return Err(Failure::invalid(Fault::general(code, text)));
        }
        loan.status = LoanStatus::Submitted;
        loan.approved_on = None;
        loan.approved = loan.proposed;
        loan.terms.principal = loan.proposed;
        loan.net_disbursal = loan.terms.principal - loan.charges_at_disbursement();
        let mut changes = Map::new();
        changes.insert("status".into(), loan.status.view());
        changes.insert("approvedOnDate".into(), Value::String(String::new()));
        Ok(self.keep(loan, changes))
    }

    /// `?command=undodisbursal`: every transaction is reversed, and the loan waits to be paid again.
    pub(crate) fn undo_disbursal(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        fields.only("note")?;
        let mut loan = self.loan(id)?.clone();
        if loan.status != LoanStatus::Active {
            let text = "Loan Undo disbursal is not allowed. Loan Account is not active.";
            let code = "error.msg.loan.undo.disbursal.account.is.not.active";
            return Err(Failure::invalid(Fault::general(code, text)));
        }
        loan.check_no_top_up()?;
        loan.stale_arrears = Books::of(&loan).arrears(now.today);
        loan.status = LoanStatus::Approved;
        loan.counted_from = loan.disbursed_on.take().filter(|_| loan.keeps_schedule(self.release));
        loan.terms.principal = loan.approved;
        loan.net_disbursal = loan.terms.principal - loan.charges_at_disbursement();
        for transaction in &mut loan.transactions {
            transaction.reversed_on = transaction.reversed_on.or(Some(now.today));
        }
        for tranche in &mut loan.tranches {
            tranche.paid_on = None;
        }
        for charge in &mut loan.charges {
            charge.unpay();
        }
        let mut changes = Map::new();
        changes.insert("status".into(), loan.status.view());
        changes.insert("actualDisbursementDate".into(), Value::String(String::new()));
        if let Some(note) = fields.nonblank("note").filter(|_| self.release.is_develop()) {
            changes.insert("note".into(), json!(note));
        }
        Ok(self.keep(loan, changes))
    }

    /// `PUT loans/…?command=markAsFraud`, in whatever state. The mark is not simulated beyond its answer.
    pub(crate) fn mark_as_fraud(&mut self, id: u64, fields: Fields<'_>) -> Result<Applied, Failure> {
        fields.only("fraud")?;
        let loan = self.loan(id)?.clone();
        let mut changes = Map::new();
        changes.insert("fraud".into(), json!(fields.flag("fraud")));
        Ok(self.keep(loan, changes))
    }

    pub(super) fn keep(&mut self, loan: Loan, changes: Map<String, Value>) -> Applied {
        let applied = loan.applied();
        self.loans.insert(loan.id, loan);
        Applied {
            changes: Some(changes),
            ..applied
        }
    }
}

impl Loan {
    /// Whether 1.10.1 leaves the schedule as it is when the disbursement is undone: it makes another only of another
    /// principal, or if it makes one all the time.
    fn keeps_schedule(&self, release: Release) -> bool {
        !release.is_develop()
            && self.tranches.is_empty()
            && self.kind.recalculation.is_none()
            && self.terms.principal == self.approved
    }
}

/// When an application may be rejected or withdrawn. develop stumbles over a withdrawal before the submission.
fn check_end(loan: &Loan, on: Option<Date>, rejected: bool, now: Now, develop: bool) -> Result<(), Failure> {
    let Some(on) = on else { return Ok(()) };
    let (word, verb) = if rejected {
        ("reject", "rejected")
    } else {
        ("withdraw", "withdrawn")
    };
    let refuse = |rule: &str, text: String, dates: &[Date]| {
        let fault = Fault::general(format!("error.msg.loan.{word}.{rule}"), text);
        Err(Failure::Domain(
            fault.with(dates.iter().map(|date| json!(dates::iso(*date)))),
        ))
    };
    // A slip of 1.10.1: the whole command stands where the date of a withdrawal belongs.
    let command = || json!({"loanId": loan.id, "url": format!("/loans/{}", loan.id)});
    if on < loan.submitted_on {
        if develop && !rejected {
            return Err(Failure::Crash("the withdrawal is before the submission".to_owned()));
        }
        let submitted = dates::iso(loan.submitted_on);
        let text = format!("The date on which a loan is {verb} cannot be before its submittal date: {submitted}");
        if !rejected {
            let fault = Fault::general("error.msg.loan.withdraw.cannot.be.before.submittal.date", text);
            return Err(Failure::Domain(
                fault.with([command(), json!(dates::iso(loan.submitted_on))]),
            ));
        }
        return refuse("cannot.be.before.submittal.date", text, &[on, loan.submitted_on]);
    }
    if on > now.today {
        let text = format!("The date on which a loan is {verb} cannot be in the future.");
        if !rejected && !develop {
            let fault = Fault::general("error.msg.loan.withdraw.cannot.be.a.future.date", text);
            return Err(Failure::Domain(fault.with([command()])));
        }
        return refuse("cannot.be.a.future.date", text, &[on]);
    }
    Ok(())
}
