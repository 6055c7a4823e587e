//! Top-ups: loans that pay back what is left of another loan of the client when they are paid out.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::Date;

use super::{
    Loan, LoanStatus,
    transactions::{Transaction, TransactionKind},
};
use crate::{
    bank::{Bank, Now, Numbered},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
    numbers,
};

/// What a loan closes.
#[derive(Clone, Debug)]
pub(crate) struct TopUp {
    /// The number of the loan that it closes.
    closes: u64,
    /// What it paid back of it, once it did.
    paid: Option<Decimal>,
}

impl TopUp {
    /// What a loan shows of it.
    pub(super) fn show(&self, bank: &Bank, put: &mut impl FnMut(&str, Value)) {
        put("closureLoanId", json!(self.closes));
        let closes = bank.loans.get(&self.closes);
        put("closureLoanAccountNo", json!(closes.map(|closes| &closes.account_no)));
        put("topupAmount", self.paid.map_or(Value::Null, numbers::printed));
    }
}

fn refuse(code: &str, text: String) -> Failure {
    Failure::Domain(Fault::general(format!("error.msg.loan.{code}"), text))
}

impl Loan {
    /// What of it paid another loan back.
    pub(super) fn topped_up(&self) -> Decimal {
        let paid = self.top_up.as_ref().and_then(|top_up| top_up.paid);
        paid.unwrap_or_default()
    }

    /// A disbursement that closes another loan cannot be taken back.
    pub(super) fn check_no_top_up(&self) -> Result<(), Failure> {
        if self.top_up.is_none() {
            return Ok(());
        }
        let text = "Loan Undo disbursal is not allowed on Topup Loans";
        let code = "error.msg.loan.undo.disbursal.not.allowed.on.topup.loan";
        Err(Failure::invalid(Fault::general(code, text)))
    }
}

impl Bank {
    /// The loan that a body asks to be closed, if its product lets loans do so.
    pub(super) fn read_top_up(&self, loan: &Loan, fields: &Fields<'_>) -> Result<Option<TopUp>, Failure> {
        if !loan.kind.top_up || fields.flag("isTopup") != Some(true) {
            return Ok(None);
        }
        let closes = fields.id("loanIdToClose")?.and_then(|id| u64::try_from(id).ok());
        let closed = closes.and_then(|id| self.to_close(id, loan.client)).ok_or_else(|| {
            let text = "loanIdToClose is invalid, No Active Loan associated with the given Client ID found.";
            refuse(
                "loanIdToClose.no.active.loan.associated.to.client.found",
                text.to_owned(),
            )
        })?;
        if let Some(paid_on) = closed.disbursed_on.filter(|paid_on| loan.submitted_on <= *paid_on) {
            let text = format!(
                "Submitted date of this loan application {} should be after the disbursed date of loan to be closed {}",
                dates::iso(loan.submitted_on),
                dates::iso(paid_on)
            );
            return Err(refuse("submitted.date.should.be.after.topup.loan.disbursal.date", text));
        }
        check_closing(loan, closed, loan.expected_disbursement)?;
        Ok(Some(TopUp {
            closes: closed.id,
            paid: None,
        }))
    }

    fn to_close(&self, id: u64, client: u64) -> Option<&Loan> {
        let found = self.loans.get(&id);
        found.filter(|loan| loan.client == client && loan.status == LoanStatus::Active)
    }

    /// What the client does not get in hand since another loan is paid back with it.
    pub(super) fn owed_to_top_up(&self, loan: &Loan) -> Decimal {
        let closes = loan.top_up.as_ref().and_then(|top_up| self.loans.get(&top_up.closes));
        let owed = closes.map(|closes| closes.to_prepay(loan.expected_disbursement).total());
        owed.unwrap_or_default()
    }

    /// Pays the other loan back: with a disbursement of this one, and a repayment of that one. Nothing of it bears the id
    /// that the body names, so it would be taken twice.
    pub(super) fn pay_topped_up(
        &mut self,
        loan: &mut Loan,
        on: Date,
        external_id: Option<&str>,
        now: Now,
    ) -> Result<(), Failure> {
        let Some(top_up) = &loan.top_up else { return Ok(()) };
        let closes = self.to_close(top_up.closes, loan.client).cloned().ok_or_else(|| {
            let text = "Loan to be closed with this topup is not active.".to_owned();
            refuse("to.be.closed.with.topup.is.not.active", text)
        })?;
        check_closing(loan, &closes, on)?;
        if let Some(external_id) = external_id {
            return Err(duplicate(external_id));
        }
        let owed = closes.to_prepay(on).total();
        let mut closes = closes;
        let disbursement = self.next(Numbered::Transaction);
        loan.transactions.push(Transaction::new(
            disbursement,
            TransactionKind::Disbursement,
            owed,
            on,
            now,
        ));
        let repayment = self.next(Numbered::Transaction);
        closes
            .transactions
            .push(Transaction::new(repayment, TransactionKind::Repayment, owed, on, now));
        self.settle(&mut closes, now);
        self.loans.insert(closes.id, closes);
        if let Some(top_up) = &mut loan.top_up {
            top_up.paid = Some(owed);
        }
        if self.release.is_develop() {
            loan.net_disbursal -= owed;
        }
        Ok(())
    }
}

/// 403 for the external id of a disbursement that is taken.
pub(super) fn duplicate(external_id: &str) -> Failure {
    let text = format!("Disbursement: externalId `{external_id}` already exists");
    let fault = Fault::of("externalId", "error.msg.loan.disbursement.duplicate.externalId", text);
    Failure::Integrity(fault.with([json!(external_id)]))
}

/// Nothing happens on a loan after the day on which it is closed, and what closes it is enough.
fn check_closing(loan: &Loan, closes: &Loan, on: Date) -> Result<(), Failure> {
    if let Some(last) = closes.last_money_on().filter(|last| on < *last) {
        let text = format!(
            "Disbursal date of this loan application {} should be after last transaction date of loan to be closed {}",
            dates::iso(on),
            dates::iso(last)
        );
        return Err(refuse(
            "disbursal.date.should.be.after.last.transaction.date.of.loan.to.be.closed",
            text,
        ));
    }
    if closes.to_prepay(on).total() > loan.terms.principal {
        let text = "Topup loan amount should be greater than outstanding amount of loan to be closed.".to_owned();
        return Err(refuse("amount.less.than.outstanding.of.loan.to.be.closed", text));
    }
    Ok(())
}
