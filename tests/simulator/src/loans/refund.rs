//! `POST loans/…/transactions?command=creditBalanceRefund`: what was paid too much goes back.

use serde_json::json;
use time::Date;

use super::{
    Loan, LoanStatus,
    books::Books,
    repay::{Asked, fits, money},
    transactions::TransactionKind,
};
use crate::{
    bank::{Applied, Bank, Now},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
};

impl Bank {
    pub(crate) fn refund_credit(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        let asked = Asked::read(&fields, false)?;
        let loan = self.loan(id)?.clone();
        if loan.status != LoanStatus::Overpaid {
            let text = "Loan Credit Balance Refund is not allowed. Loan Account is not Overpaid.";
            let code = "error.msg.loan.credit.balance.refund.account.is.not.overpaid";
            return Err(Failure::invalid(Fault::general(code, text)));
        }
        check_date(&loan, asked.on, now)?;
        let overpaid = Books::of(&loan).overpaid;
        if asked.amount > overpaid {
            let text = format!(
                "Transaction Amount ({:.2}) must be > zero and <= Overpaid amount ({overpaid:.6}).",
                asked.amount
            );
            let code = "error.msg.transactionAmount.invalid.must.be.>zero.and<=overpaidamount";
            let fault = Fault::of("transactionAmount", code, text);
            return Err(Failure::invalid(fault.with([money(asked.amount, self.release)])));
        }
        if let Some(taken) = asked.external_id.as_ref().filter(|id| self.has_transaction(id)) {
            let text = format!("Credit Balance Refund: externalId `{taken}` already exists");
            let code = "error.msg.loan.creditBalanceRefund.duplicate.externalId";
            let fault = Fault::of("externalId", code, text);
            return Err(Failure::Integrity(fault.with([json!(taken)])));
        }
        fits(asked.external_id.as_deref(), asked.amount)?;
        // A slip of Fineract: the answer does not name the loan.
        Ok(Applied {
            loan: None,
            ..self.book_payment(loan, TransactionKind::CreditBalanceRefund, asked, &fields, now)
        })
    }
}

/// Nothing is paid too much before something was paid.
fn check_date(loan: &Loan, on: Date, now: Now) -> Result<(), Failure> {
    let refuse = |code: &str, text: String, arg| Err(Failure::Domain(Fault::general(code, text).with([arg])));
    if on > now.today {
        let id = loan.id;
        let text = format!("Loan: {id}, Credit Balance Refund transaction cannot be created for the future.");
        return refuse("error.msg.transaction.date.cannot.be.in.the.future", text, json!(id));
    }
    let repaid = loan
        .standing()
        .filter(|booked| booked.kind == TransactionKind::Repayment);
    if repaid.map(|booked| booked.on).min().is_some_and(|first| on < first) {
        let day = dates::iso(on);
        let text = format!("The refund date`{day}`` cannot be before the smallest repayment transaction date");
        return refuse("error.msg.loan.refund.failed", text, json!(day));
    }
    Ok(())
}
