//! `POST loans/…/transactions?command=waiveinterest`.

use super::{
    LoanStatus,
    books::Books,
    repay::{Asked, check_not_before_client, money},
    transactions::{Transaction, TransactionKind},
};
use crate::{
    bank::{Applied, Bank, Now, Numbered},
    errors::{Failure, Fault},
    fields::Fields,
    numbers,
};

impl Bank {
    pub(crate) fn waive_interest(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        let asked = Asked::read(&fields, false)?;
        let loan = self.loan(id)?.clone();
        let client = self.client(loan.client)?;
        self.require_active(client)?;
        if loan.status != LoanStatus::Active {
            let text = "Loan Repayment (or its types) or Waiver is not allowed. Loan Account is not active.";
            let code = "error.msg.loan.repayment.or.waiver.account.is.not.active";
            return Err(Failure::invalid(Fault::general(code, text)));
        }
        check_not_before_client(client.activated_on, asked.on, TransactionKind::WaiveInterest)?;
        loan.check_not_before_last(asked.on, TransactionKind::WaiveInterest)?;
        loan.check_transaction_date(asked.on, now)?;
        let outstanding = Books::of(&loan).outstanding().interest;
        if asked.amount > outstanding {
            let text = "The amount of interest to waive cannot be greater than total interest outstanding on loan.";
            let code = "error.msg.loan.waive.interest.amount.exceeds.total.outstanding.interest";
            let args = [money(asked.amount, self.release), numbers::printed(outstanding)];
            return Err(Failure::Domain(Fault::general(code, text).with(args)));
        }
        self.check_bookable(asked.external_id.as_deref(), asked.amount)?;
        let transaction = Transaction {
            external_id: asked.external_id.clone(),
            ..Transaction::new(
                self.next(Numbered::Transaction),
                TransactionKind::WaiveInterest,
                asked.amount,
                asked.on,
                now,
            )
        };
        Ok(self.book(loan, transaction, asked.changes(&fields), now))
    }
}
