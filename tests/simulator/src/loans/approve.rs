//! `POST loans/…?command=approve`.

use rust_decimal::Decimal;
use serde_json::{Map, json};
use time::Date;

use super::{Loan, LoanStatus, NOTE_LIMIT};
use crate::{
    bank::{Applied, Bank, Now},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
    numbers,
    validation::Checks,
};

const SUPPORTED: &str = "loanId approvedLoanAmount approvedOnDate netDisbursalAmount note locale dateFormat disbursementData \
    expectedDisbursementDate";
const RESOURCE: &str = "loanapplication";
const WRONG_STATE: &str = "error.msg.loan.approve.account.is.not.submitted.and.pending.state";

impl Bank {
    pub(crate) fn approve_loan(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        fields.only(SUPPORTED)?;
        let mut checks = Checks::of(RESOURCE);
        let amount = fields.decimal("approvedLoanAmount")?;
        checks.positive("approvedLoanAmount", amount);
        let approved_on = fields.date("approvedOnDate")?;
        checks.mandatory("approvedOnDate", approved_on.is_some());
        let expected = fields.date("expectedDisbursementDate")?;
        let note = fields.nonblank("note");
        checks.length("note", note.as_deref(), NOTE_LIMIT);
        let develop = self.release.is_develop();
        if !develop {
            std::mem::replace(&mut checks, Checks::of(RESOURCE)).finish()?;
        }
        let mut loan = self.loan(id)?.clone();
        self.require_active(self.client(loan.client)?)?;
        // 1.10.1 looks at the state first; develop tells it with what is wrong with parameters, if no rule of the domain is
        // broken.
        if develop {
            loan.check_submitted_before(approved_on, develop)?;
            loan.check_approved_amount(amount)?;
            loan.check_expected(
                approved_on,
                Some(expected.unwrap_or(loan.expected_disbursement)),
                develop,
            )?;
            check_past(approved_on, now)?;
            check_state(&loan, develop, &mut checks);
        } else {
            check_state(&loan, develop, &mut checks);
            std::mem::replace(&mut checks, Checks::of(RESOURCE)).finish()?;
            loan.check_approved_amount(amount)?;
            loan.check_submitted_before(approved_on, develop)?;
            loan.check_expected(approved_on, expected, develop)?;
            check_past(approved_on, now)?;
        }
        checks.finish()?;
        loan.check_charges_in_schedule(expected.unwrap_or(loan.expected_disbursement))?;

        let mut changes = Map::new();
        loan.status = LoanStatus::Approved;
        loan.counted_from = None;
        loan.approved_on = approved_on;
        loan.approved_by = now.by;
        changes.insert("status".into(), loan.status.view());
        if let Some(amount) = amount {
            changes.insert("approvedLoanAmount".into(), numbers::as_sent(amount));
            changes.insert("principal".into(), numbers::as_sent(amount));
            // What was net when the loan was made: no update of its principal has changed that.
            changes.insert("netDisbursalAmount".into(), numbers::printed(loan.net_disbursal));
            loan.approve_amount(numbers::stored(amount));
        }
        loan.net_disbursal = loan.terms.principal - loan.charges_at_disbursement();
        // develop tells it when the loan is paid out.
        if !develop {
            loan.net_disbursal -= self.owed_to_top_up(&loan);
        }
        for name in ["locale", "dateFormat", "approvedOnDate"] {
            changes.insert(name.to_owned(), json!(fields.text(name)));
        }
        if let Some(expected) = expected {
            loan.moved_past_tranches = !loan.tranches.is_empty() && expected != loan.expected_disbursement;
            loan.expected_disbursement = expected;
            changes.insert("expectedDisbursementDate".into(), dates::array(expected));
        }
        if let Some(note) = note {
            changes.insert("note".into(), json!(note));
        }
        let applied = loan.applied();
        self.loans.insert(id, loan);
        Ok(Applied {
            changes: Some(changes),
            ..applied
        })
    }
}

impl Loan {
    fn approve_amount(&mut self, amount: Decimal) {
        self.approved = amount;
        self.terms.principal = amount;
        for charge in &mut self.charges {
            charge.follow(self.terms.principal);
        }
    }
}

/// develop says it twice, the second time whatever became of the loan as if it were approved.
fn check_state(loan: &Loan, develop: bool, checks: &mut Checks) {
    if loan.status == LoanStatus::Submitted {
        return;
    }
    let text = "Loan Account Approval is not allowed. Loan Account is not in submitted and pending approval state.";
    checks.push(Fault::general(WRONG_STATE, text));
    if develop {
        checks.push(Fault::general(WRONG_STATE, "Loan is already approved."));
    }
}

fn refuse_day(code: &str, text: String, dates: &[Date]) -> Failure {
    let fault = Fault::general(format!("error.msg.loan.{code}"), text);
    Failure::Domain(fault.with(dates.iter().map(|date| json!(dates::iso(*date)))))
}

fn check_past(approved_on: Option<Date>, now: Now) -> Result<(), Failure> {
    let Some(approved_on) = approved_on.filter(|approved_on| *approved_on > now.today) else {
        return Ok(());
    };
    let text = "The date on which a loan is approved cannot be in the future.";
    Err(refuse_day(
        "approval.cannot.be.a.future.date",
        text.to_owned(),
        &[approved_on],
    ))
}

impl Loan {
    fn check_approved_amount(&self, amount: Option<Decimal>) -> Result<(), Failure> {
        let most = self
            .kind
            .over_applied
            .map_or(self.proposed, |over_applied| over_applied.most(self.proposed));
        let Some(amount) = amount.filter(|amount| *amount > most) else {
            return Ok(());
        };
        let code = "error.msg.loan.approval.amount.can't.be.greater.than.loan.amount.demanded";
        let fault = Fault::general(code, "Loan approved amount can't be greater than loan amount demanded.");
        Err(Failure::Domain(
            fault.with([numbers::printed(self.proposed), numbers::as_sent(amount)]),
        ))
    }

    fn check_submitted_before(&self, approved_on: Option<Date>, develop: bool) -> Result<(), Failure> {
        let Some(approved_on) = approved_on.filter(|approved_on| *approved_on < self.submitted_on) else {
            return Ok(());
        };
        let submitted = dates::iso(self.submitted_on);
        let text = if develop {
            format!(
                "Loan approval date {} can not be before its submittal date: {submitted}",
                dates::iso(approved_on)
            )
        } else {
            format!("The date on which a loan is approved cannot be before its submittal date: {submitted}")
        };
        Err(refuse_day(
            "approval.cannot.be.before.submittal.date",
            text,
            &[approved_on, self.submitted_on],
        ))
    }

    /// develop compares with the expected date of the loan, too; 1.10.1 only with one that is sent.
    fn check_expected(&self, approved_on: Option<Date>, compared: Option<Date>, develop: bool) -> Result<(), Failure> {
        let (Some(approved_on), Some(compared)) = (approved_on, compared) else {
            return Ok(());
        };
        if compared >= approved_on {
            return Ok(());
        }
        let (approved, shown) = (dates::iso(approved_on), dates::iso(compared));
        let text = if develop {
            format!("The expected disbursement date {shown} should be either on or after the approval date: {approved}")
        } else {
            format!("The expected disbursement date should be either on or after the approval date: {approved}")
        };
        let code = "expecteddisbursal.should.be.on.or.after.approval.date";
        Err(refuse_day(code, text, &[approved_on, compared]))
    }
}
