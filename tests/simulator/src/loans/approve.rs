//! `POST loans/…?command=approve`.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
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
const WRONG_STATE: &str = "error.msg.loan.approve.account.is.not.submitted.and.pending.state";

impl Bank {
    pub(crate) fn approve_loan(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        fields.only(SUPPORTED)?;
        let mut checks = Checks::of("loanapplication");
        let amount = fields.decimal("approvedLoanAmount")?;
        checks.positive("approvedLoanAmount", amount);
        let approved_on = fields.date("approvedOnDate")?;
        checks.mandatory("approvedOnDate", approved_on.is_some());
        let expected = fields.date("expectedDisbursementDate")?;
        let note = fields.nonblank("note");
        checks.length("note", note.as_deref(), NOTE_LIMIT);
        checks.finish()?;
        let mut loan = self.loan(id)?.clone();
        self.require_active(self.client(loan.client)?)?;
        let Some(approved_on) = approved_on else {
            return Err(Failure::Crash("no date".to_owned()));
        };

        // 1.10.1 looks at the state first; develop reports it only if no rule of the domain is broken.
        if !self.release.is_develop() {
            check_state(&loan, false)?;
        }
        let most = loan
            .kind
            .over_applied
            .map_or(loan.proposed, |over_applied| over_applied.most(loan.proposed));
        if let Some(amount) = amount.filter(|amount| *amount > most) {
            let code = "error.msg.loan.approval.amount.can't.be.greater.than.loan.amount.demanded";
            let fault = Fault::general(code, "Loan approved amount can't be greater than loan amount demanded.");
            return Err(Failure::Domain(
                fault.with([numbers::printed(loan.proposed), numbers::as_sent(amount)]),
            ));
        }
        check_dates(&loan, approved_on, expected, now, self.release.is_develop())?;
        check_state(&loan, true)?;

        let mut changes = Map::new();
        loan.status = LoanStatus::Approved;
        loan.approved_on = Some(approved_on);
        loan.approved_by = now.by;
        changes.insert("status".into(), loan.status.view());
        loan.net_disbursal = loan.terms.principal - loan.charges_at_disbursement();
        if let Some(amount) = amount {
            changes.insert("approvedLoanAmount".into(), numbers::as_sent(amount));
            changes.insert("principal".into(), numbers::as_sent(amount));
            changes.insert("netDisbursalAmount".into(), numbers::printed(loan.net_disbursal));
            loan.approve_amount(numbers::money(amount));
        }
        // develop tells it when the loan is paid out.
        if !self.release.is_develop() {
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
        self.terms.principal = numbers::money(amount);
        for charge in &mut self.charges {
            charge.follow(self.terms.principal);
        }
        self.net_disbursal = self.terms.principal - self.charges_at_disbursement();
    }
}

/// develop says it twice, the second time whatever became of the loan as if it were approved.
fn check_state(loan: &Loan, develop: bool) -> Result<(), Failure> {
    if loan.status == LoanStatus::Submitted {
        return Ok(());
    }
    let text = "Loan Account Approval is not allowed. Loan Account is not in submitted and pending approval state.";
    let mut faults = vec![Fault::general(WRONG_STATE, text)];
    if develop {
        faults.push(Fault::general(WRONG_STATE, "Loan is already approved."));
    }
    Err(Failure::Validation(faults))
}

fn check_dates(loan: &Loan, approved_on: Date, expected: Option<Date>, now: Now, develop: bool) -> Result<(), Failure> {
    let iso = |date: Date| Value::String(dates::iso(date));
    let refuse = |code: &str, text: String, args: Vec<Value>| {
        Err(Failure::Domain(
            Fault::general(format!("error.msg.loan.{code}"), text).with(args),
        ))
    };
    if approved_on < loan.submitted_on {
        let submitted = dates::iso(loan.submitted_on);
        let text = if develop {
            format!(
                "Loan approval date {} can not be before its submittal date: {submitted}",
                dates::iso(approved_on)
            )
        } else {
            format!("The date on which a loan is approved cannot be before its submittal date: {submitted}")
        };
        let args = vec![iso(approved_on), iso(loan.submitted_on)];
        return refuse("approval.cannot.be.before.submittal.date", text, args);
    }
    // develop compares with the expected date of the loan, too; 1.10.1 only with one that is sent.
    let compared = if develop {
        Some(expected.unwrap_or(loan.expected_disbursement))
    } else {
        expected
    };
    let late = compared.filter(|compared| *compared < approved_on);
    let refuse_late = |compared: Date| {
        let approved = dates::iso(approved_on);
        let text = if develop {
            let compared = dates::iso(compared);
            format!(
                "The expected disbursement date {compared} should be either on or after the approval date: {approved}"
            )
        } else {
            format!("The expected disbursement date should be either on or after the approval date: {approved}")
        };
        let code = "expecteddisbursal.should.be.on.or.after.approval.date";
        refuse(code, text, vec![iso(approved_on), iso(compared)])
    };
    if let Some(compared) = late.filter(|_| develop) {
        return refuse_late(compared);
    }
    if approved_on > now.today {
        let text = "The date on which a loan is approved cannot be in the future.";
        return refuse(
            "approval.cannot.be.a.future.date",
            text.to_owned(),
            vec![iso(approved_on)],
        );
    }
    late.map_or(Ok(()), refuse_late)
}
