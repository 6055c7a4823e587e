//! `POST loans/…/transactions?command=creditBalanceRefund`: what was paid too much goes back.

use serde_json::json;

use super::{
    LoanStatus,
    books::Books,
    repay::{Asked, money},
    transactions::TransactionKind,
};
use crate::{
    bank::{Applied, Bank, Now},
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
        if asked.on > now.today {
            let text = format!("Loan: {id}, Credit Balance Refund transaction cannot be created for the future.");
            let fault = Fault::general("error.msg.transaction.date.cannot.be.in.the.future", text);
            return Err(Failure::Domain(fault.with([json!(id)])));
        }
        loan.check_transaction_date(asked.on, now)?;
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
        self.check_bookable(asked.external_id.as_deref(), asked.amount)?;
        // A slip of Fineract: the answer does not name the loan.
        Ok(Applied {
            loan: None,
            ..self.book_payment(loan, TransactionKind::CreditBalanceRefund, asked, &fields, now)
        })
    }
}
