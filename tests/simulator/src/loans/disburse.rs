//! `POST loans/…?command=disburse`.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::{Date, Weekday};

use super::{
    Loan, LoanStatus, NOTE_LIMIT,
    books::Books,
    payment::{self, PAYMENT, PaymentDetail},
    top_up::duplicate,
    transactions::{Transaction, TransactionKind},
};
use crate::{
    bank::{Applied, Bank, Now, Numbered},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
    kinds::OverApplied,
    numbers, offices,
    settings::non_working_day,
    validation::Checks,
};

const SUPPORTED: &str = "actualDisbursementDate externalId note locale dateFormat adjustRepaymentDate transactionAmount fixedEmiAmount \
    postDatedChecks netDisbursalAmount";
const EXTERNAL_ID_LIMIT: usize = 100;
const RESOURCE: &str = "loan.disbursement";

/// A disbursement as a body asks for it.
struct Asked {
    on: Option<Date>,
    amount: Option<Decimal>,
    external_id: Option<String>,
    payment_type: Option<i64>,
    note: Option<String>,
}

impl Asked {
    /// Reads the body; what is wrong with its parameters is among the checks.
    fn read(fields: &Fields<'_>) -> Result<(Self, Checks), Failure> {
        fields.only(&format!("{SUPPORTED} {PAYMENT}"))?;
        let mut checks = Checks::of(RESOURCE);
        let on = fields.date("actualDisbursementDate")?;
        checks.mandatory("actualDisbursementDate", on.is_some());
        let note = fields.nonblank("note");
        checks.length("note", note.as_deref(), NOTE_LIMIT);
        let amount = fields.decimal("transactionAmount")?;
        checks.positive("transactionAmount", amount);
        let payment_type = payment::read_type(fields, &mut checks)?;
        let asked = Self {
            on,
            amount,
            external_id: fields.nonblank("externalId"),
            payment_type,
            note,
        };
        Ok((asked, checks))
    }
}

impl Bank {
    pub(crate) fn disburse_loan(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        let (asked, mut checks) = Asked::read(&fields)?;
        let develop = self.release.is_develop();
        if !develop {
            std::mem::replace(&mut checks, Checks::of(RESOURCE)).finish()?;
        }
        let mut loan = self.loan(id)?.clone();
        self.require_active(self.client(loan.client)?)?;
        // develop adds up before it tells what is wrong with parameters and state; 1.10.1 after, and before it looks at the day.
        if develop {
            loan.check_amount(&asked, develop)?;
            loan.check_approved_before(asked.on)?;
        }
        loan.check_disbursable(&mut checks);
        checks.finish()?;
        let on = asked.on.ok_or_else(|| Failure::Crash("no date".to_owned()))?;
        if let Some(payment_type) = asked.payment_type {
            offices::payment_type(payment_type)?;
        }
        if !develop {
            loan.check_amount(&asked, develop)?;
            loan.check_balance(&asked, develop)?;
            if self.settings.sundays_off && on.weekday() == Weekday::Sunday {
                // A slip of 1.10.1: it names the expected date.
                return Err(non_working_day(loan.expected_disbursement));
            }
            loan.check_approved_before(asked.on)?;
        }
        if develop && asked.amount.is_none() && (loan.approved.is_zero() || loan.kind.open_tranches) {
            return Err(Failure::Crash("nobody knows how much to pay out".to_owned()));
        }
        loan.check_past(on, now)?;
        if develop {
            loan.check_balance(&asked, develop)?;
        }
        self.check_transaction_external_id(asked.external_id.as_deref())?;

        self.open_tranche(&mut loan);
        self.pay_topped_up(&mut loan, on, asked.external_id.as_deref(), now)?;
        let transaction = self.next(Numbered::Transaction);
        loan.pay_out(&asked, on, &fields, transaction, now);
        if loan.charges_at_disbursement() > Decimal::ZERO {
            let charges_transaction = self.next(Numbered::Transaction);
            loan.take_charges(on, charges_transaction, now);
        }
        self.take_down_payment(&mut loan, on, now);
        let changes = changes(&fields, &loan, &asked, develop);
        self.settle(&mut loan, now);
        let applied = loan.applied();
        self.loans.insert(id, loan);
        Ok(Applied {
            changes: Some(changes),
            sub_resource: Some(transaction),
            sub_external_id: asked.external_id,
            ..applied
        })
    }

    /// External ids of transactions are unique in the whole tenant, and must fit their column.
    fn check_transaction_external_id(&self, external_id: Option<&str>) -> Result<(), Failure> {
        let Some(external_id) = external_id else { return Ok(()) };
        if external_id.chars().count() > EXTERNAL_ID_LIMIT {
            let text = "Unknown data integrity issue with resource: Disbursement";
            let code = "error.msg.loan.disbursement.unknown.data.integrity.issue";
            return Err(Failure::Integrity(Fault::of_database(code, text)));
        }
        let mut transactions = self.loans.values().flat_map(|loan| &loan.transactions);
        if transactions.any(|transaction| transaction.external_id.as_deref() == Some(external_id)) {
            return Err(duplicate(external_id));
        }
        Ok(())
    }

    /// Books what is paid back at once.
    fn take_down_payment(&mut self, loan: &mut Loan, on: Date, now: Now) {
        let Some(down_payment) = loan.kind.down_payment.filter(|down_payment| down_payment.automatic) else {
            return;
        };
        let paid_out = loan.standing().filter(|booked| booked.is_disbursement()).last();
        let amount = down_payment.of(paid_out.map(|booked| booked.amount).unwrap_or_default());
        let id = self.next(Numbered::Transaction);
        loan.transactions
            .push(Transaction::new(id, TransactionKind::DownPayment, amount, on, now));
    }
}

fn refuse_day(code: &str, text: String, dates: &[Date]) -> Failure {
    let fault = Fault::general(format!("error.msg.loan.disbursal.{code}"), text);
    Failure::Domain(fault.with(dates.iter().map(|date| json!(dates::iso(*date)))))
}

impl Loan {
    /// An approved loan may be paid, a multi-disbursement loan as long as it has unpaid tranches.
    fn check_disbursable(&self, checks: &mut Checks) {
        let unpaid = self.tranches.iter().any(|tranche| tranche.paid_on.is_none());
        let can = match self.status {
            LoanStatus::Approved => true,
            LoanStatus::Active => unpaid || self.kind.open_tranches,
            LoanStatus::Closed | LoanStatus::Overpaid => self.kind.open_tranches,
            LoanStatus::Submitted | LoanStatus::Withdrawn | LoanStatus::Rejected | LoanStatus::WrittenOff => false,
        };
        if !can {
            let code = "error.msg.loan.disbursal.account.is.not.approve.not.disbursed.state";
            let text = "Loan Disbursal is not allowed. Loan Account is not in approved and not disbursed state.";
            checks.push(Fault::general(code, text));
        }
    }

    fn check_approved_before(&self, on: Option<Date>) -> Result<(), Failure> {
        let (Some(on), Some(approved_on)) = (on, self.approved_on) else {
            return Ok(());
        };
        if on >= approved_on {
            return Ok(());
        }
        let text = format!(
            "The date on which a loan is disbursed cannot be before its approval date: {}",
            dates::iso(approved_on)
        );
        Err(refuse_day("cannot.be.before.approval.date", text, &[on, approved_on]))
    }

    fn check_past(&self, on: Date, now: Now) -> Result<(), Failure> {
        if on <= now.today {
            return Ok(());
        }
        let text = format!(
            "The date on which a loan with identifier : {} is disbursed cannot be in the future.",
            self.account_no
        );
        Err(refuse_day("cannot.be.a.future.date", text, &[on]))
    }

    /// Never more than was approved; the releases have their own words for it.
    fn check_amount(&self, asked: &Asked, develop: bool) -> Result<(), Failure> {
        let Some(amount) = asked.amount else { return Ok(()) };
        let paid = self.disbursed();
        let sum = paid + amount;
        if let Some(over_applied) = self.kind.over_applied.filter(|_| self.kind.open_tranches) {
            return self.check_over_applied(amount, sum, over_applied);
        }
        let multi = !self.tranches.is_empty();
        // 1.10.1 rounds before it compares what a loan without tranches is paid.
        let compared = if develop || multi { sum } else { numbers::money(sum) };
        if compared <= self.approved {
            return Ok(());
        }
        let shown_sum = if paid.is_zero() {
            numbers::as_sent(amount)
        } else {
            numbers::printed(sum)
        };
        let (what, text, args) = if develop {
            let text = "Loan can't be disbursed, disburse amount is exceeding approved principal.";
            ("principal", text, [shown_sum, numbers::printed(self.approved)])
        } else if multi {
            let text = "Loan can't be disbursed,disburse amount is exceeding approved principal ";
            (
                "principal",
                text,
                [numbers::printed(sum), numbers::printed(self.approved)],
            )
        } else {
            let text = "Loan can't be disbursed,disburse amount is exceeding approved amount ";
            ("amount", text, [numbers::as_sent(amount), numbers::printed(compared)])
        };
        let code = format!("error.msg.loan.disburse.amount.must.be.less.than.approved.{what}");
        Err(Failure::Domain(Fault::general(code, text).with(args)))
    }

    fn check_over_applied(&self, amount: Decimal, sum: Decimal, over_applied: OverApplied) -> Result<(), Failure> {
        let most = over_applied.most(self.proposed);
        if sum <= most {
            return Ok(());
        }
        let text = format!(
            "Loan disbursal amount can't be greater than maximum applied loan amount calculation. Total disbursed \
             amount: {}  Maximum disbursal amount: {}",
            sum.normalize(),
            most.normalize()
        );
        let code = "error.msg.loan.disbursal.amount.can't.be.greater.than.maximum.applied.loan.amount.calculation";
        let args = [numbers::as_sent(amount), numbers::printed(most)];
        Err(Failure::Domain(Fault::general(code, text).with(args)))
    }

    /// The balance of open tranches has its limit. A slip of 1.10.1: a loan that names none has a limit of nothing, from
    /// the first period's second day on.
    fn check_balance(&self, asked: &Asked, develop: bool) -> Result<(), Failure> {
        let limit = self.max_outstanding.or((!develop).then_some(Decimal::ZERO));
        let (Some(limit), Some(first)) = (limit.filter(|_| self.kind.open_tranches), self.disbursed_on) else {
            return Ok(());
        };
        let amount = asked.amount.unwrap_or_else(|| self.disbursed());
        let balance = Books::of(self).outstanding().principal;
        if asked.on.is_none_or(|on| on <= first) || balance + amount <= limit {
            return Ok(());
        }
        let text = format!("Outstanding balance must not exceed the amount: INR {limit:.2}");
        let fault = Fault::general("error.msg.loanschedule.exceeding.max.outstanding.balance", text);
        Err(Failure::Domain(
            fault.with([numbers::printed(limit), numbers::printed(amount)]),
        ))
    }

    /// Books the money: the amount asked for, or the next tranche, or all that was approved.
    fn pay_out(&mut self, asked: &Asked, on: Date, fields: &Fields<'_>, id: u64, now: Now) {
        let paid_before = self.disbursed() - self.topped_up();
        let tranche = self.tranches.iter_mut().find(|tranche| tranche.paid_on.is_none());
        let default = tranche.as_ref().map_or(self.approved, |tranche| tranche.principal);
        let amount = numbers::money(asked.amount.unwrap_or(default));
        if let Some(tranche) = tranche {
            tranche.paid_on = Some(on);
            // The tranche keeps the digits that were sent.
            tranche.principal = asked.amount.unwrap_or(tranche.principal);
        }
        // The principal becomes what was paid only if an amount is named.
        if asked.amount.is_some() {
            self.terms.principal = paid_before + amount;
        }
        self.status = LoanStatus::Active;
        if self.disbursed_on.is_none() {
            self.disbursed_on = Some(on);
            self.disbursed_by = now.by;
        }
        let amount = amount - self.topped_up();
        self.net_disbursal = amount - self.charges_at_disbursement();
        self.transactions.push(Transaction {
            external_id: asked.external_id.clone(),
            payment: PaymentDetail::of(fields, asked.payment_type),
            ..Transaction::new(id, TransactionKind::Disbursement, amount, on, now)
        });
    }

    /// Books the charges that are due at disbursement, once.
    fn take_charges(&mut self, on: Date, id: u64, now: Now) {
        let amount = self.charges_at_disbursement();
        for charge in self.charges.iter_mut().filter(|charge| charge.is_at_disbursement()) {
            charge.pay();
        }
        let kind = TransactionKind::RepaymentAtDisbursement;
        self.transactions.push(Transaction::new(id, kind, amount, on, now));
    }
}

fn changes(fields: &Fields<'_>, loan: &Loan, asked: &Asked, develop: bool) -> Map<String, Value> {
    let mut changes = Map::new();
    PaymentDetail::change(fields, asked.payment_type, &mut changes);
    for name in ["locale", "dateFormat", "actualDisbursementDate"] {
        changes.insert(name.to_owned(), json!(fields.text(name)));
    }
    changes.insert("status".into(), loan.status.view());
    if let Some(note) = asked.note.as_ref().filter(|_| develop) {
        changes.insert("note".into(), json!(note));
    }
    changes
}
