//! `POST loans/…/transactions/…`: a transaction is undone, or booked anew with another amount.

use serde_json::json;
use time::Date;

use super::{
    Loan, LoanStatus,
    payment::PaymentDetail,
    repay::Asked,
    transactions::{Transaction, TransactionKind},
};
use crate::{
    bank::{Applied, Bank, Now, Numbered},
    errors::{Failure, Fault},
    fields::Fields,
    offices,
};

/// What can be undone, in the words of each release.
const RULE: [(&str, &str); 2] = [
    (
        "repayment.or.waiver.or.creditbalancerefund.transactions",
        "Only (non-reversed) transactions of type repayment, waiver or credit balance refund can be adjusted.",
    ),
    (
        "repayment.or.waiver.or.creditbalancerefund.or.capitalizedIncome.or.capitalizedIncomeAdjustment.or.buyDownFee.or.buyDownFeeAdjustment.transactions",
        "Only (non-reversed) transactions of type repayment, waiver, accrual, credit balance refund, capitalized income, capitalized income adjustment, buy down fee or buy down fee adjustment can be adjusted.",
    ),
];

impl Bank {
    /// `?command=undo` takes a transaction back, whatever the amount says; without a command it is booked anew, unless the
    /// amount is zero.
    pub(crate) fn adjust_transaction(
        &mut self,
        id: u64,
        transaction: u64,
        undo: bool,
        fields: Fields<'_>,
        now: Now,
    ) -> Result<Applied, Failure> {
        let asked = Asked::read(&fields, true)?;
        let mut loan = self.loan(id)?.clone();
        let adjusted = loan.own_transaction(transaction)?.clone();
        self.require_active(self.client(loan.client)?)?;
        if let Some(payment_type) = asked.payment_type {
            offices::payment_type(payment_type)?;
        }
        let takes_back = undo || asked.amount.is_zero();
        loan.check_adjustable(&adjusted, takes_back, self.release.is_develop())?;
        loan.check_not_before_last(adjusted.on, adjusted.kind)?;
        loan.check_transaction_date(asked.on, now)?;
        self.check_bookable(asked.external_id.as_deref(), asked.amount)?;
        loan.take_back(transaction, now.today);
        if let Some(charge) = adjusted
            .charge
            .filter(|_| adjusted.kind == TransactionKind::WaiveCharges)
        {
            loan.unwaive(charge, transaction, self.release.is_develop());
        }
        let changes = asked.changes(&fields);
        if takes_back {
            self.settle(&mut loan, now);
            return Ok(Applied {
                resource: transaction,
                external_id: adjusted.external_id,
                ..self.keep(loan, changes)
            });
        }
        let anew = Transaction {
            payment: PaymentDetail::of(&fields, asked.payment_type),
            external_id: asked.external_id,
            ..Transaction::new(
                self.next(Numbered::Transaction),
                adjusted.kind.adjusted(self.release),
                asked.amount,
                asked.on,
                now,
            )
        };
        Ok(self.book(loan, anew, changes, now))
    }
}

impl Loan {
    /// The transaction of a command, which is missed in other words than that of a read.
    fn own_transaction(&self, id: u64) -> Result<&Transaction, Failure> {
        self.transaction(id).map_err(|_| {
            let loan = self.id;
            let text = format!("Transaction with identifier {id} does not exist for loan with identifier {loan}.");
            let fault = Fault::general("error.msg.loan.transaction.id.invalid", text);
            Failure::NotFound(fault.with([json!(id), json!(loan)]))
        })
    }

    fn check_adjustable(&self, adjusted: &Transaction, takes_back: bool, develop: bool) -> Result<(), Failure> {
        if self.foreclosed_on.is_some() && self.status == LoanStatus::Closed {
            let code = "error.msg.loan.cannot.be.reopened.as.it.is.foreclosured";
            let text = "The loan cannot reopened as it is foreclosed.";
            return Err(Failure::Domain(Fault::general(code, text).with([json!(self.id)])));
        }
        if self.status == LoanStatus::WrittenOff {
            let blank = if develop { " " } else { "" };
            let id = adjusted.id;
            let text = format!("Loan transaction:{blank}{id} update not allowed as loan status is written off");
            let fault = Fault::general("error.msg.loan.written.off.update.not.allowed", text);
            return Err(Failure::Unavailable(fault.with([json!(id)])));
        }
        let waiver = takes_back && adjusted.kind == TransactionKind::WaiveCharges;
        if adjusted.reversed_on.is_none() && (waiver || adjusted.kind.can_be_adjusted()) {
            return Ok(());
        }
        let (rule, text) = RULE[usize::from(develop)];
        let code = format!("error.msg.loan.transaction.adjustment.is.only.allowed.to.{rule}");
        Err(Failure::Domain(Fault::general(code, text)))
    }

    /// The charge is owed again. A slip of 1.10.1: it stays waived for good, though its waiver is undone.
    fn unwaive(&mut self, charge: u64, waiver: u64, develop: bool) {
        for own in self.charges.iter_mut().filter(|own| own.id == charge) {
            own.waived &= !develop;
        }
        for undone in self.transactions.iter_mut().filter(|undone| undone.id == waiver) {
            undone.lingers = !develop;
        }
    }

    fn take_back(&mut self, id: u64, today: Date) {
        for transaction in self.transactions.iter_mut().filter(|transaction| transaction.id == id) {
            transaction.reversed_on = Some(today);
            transaction.by_hand = true;
        }
    }
}
