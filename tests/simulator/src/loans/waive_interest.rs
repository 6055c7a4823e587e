//! `POST loans/…/transactions?command=waiveinterest`.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    LoanStatus,
    books::Books,
    repay::Asked,
    transactions::{Transaction, TransactionKind},
};
use crate::{
    bank::{Applied, Bank, Now, Numbered},
    errors::{Failure, Fault},
    fields::Fields,
    numbers,
    release::Release,
};

impl Bank {
    pub(crate) fn waive_interest(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        let asked = Asked::read(self, &fields, false)?;
        let loan = self.loan(id)?.clone();
        self.require_active(self.client(loan.client)?)?;
        if loan.status != LoanStatus::Active {
            let text = "Loan Waive interest is not allowed. Loan Account is not active.";
            let code = "error.msg.loan.waiveinterest.account.is.not.active";
            return Err(Failure::invalid(Fault::general(code, text)));
        }
        loan.check_transaction_date(asked.on, now)?;
        let outstanding = Books::of(&loan).outstanding().interest;
        if asked.amount > outstanding {
            let text = "The amount of interest to waive cannot be greater than total interest outstanding on loan.";
            let code = "error.msg.loan.waive.interest.amount.exceeds.total.outstanding.interest";
            let args = [money(asked.amount, self.release), numbers::printed(outstanding)];
            return Err(Failure::Domain(Fault::general(code, text).with(args)));
        }
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

/// A slip of Fineract: the whole object stands where the amount belongs.
fn money(amount: Decimal, release: Release) -> Value {
    let digits = 2;
    let printed = numbers::printed(amount);
    let mut money = json!({
        "currencyCode": "INR",
        "amount": printed,
        "zero": amount.is_zero(),
        "greaterThanZero": amount > Decimal::ZERO,
        "lessThanZero": amount < Decimal::ZERO,
        "amountDefaultedToNullIfZero": printed,
        "currency": {"code": "INR", "digitsAfterDecimal": digits},
    });
    if release.is_develop() {
        money["currency"]["inMultiplesOf"] = json!(0);
        money["currencyData"] = json!({"code": "INR", "decimalPlaces": digits, "inMultiplesOf": 0});
        money["inMultiplesOf"] = json!(0);
        money["mc"] = json!({"precision": 19, "roundingMode": "HALF_EVEN"});
    } else {
        money["currency"]["currencyInMultiplesOf"] = json!(0);
        money["currencyDigitsAfterDecimal"] = json!(digits);
        money["currencyInMultiplesOf"] = json!(0);
    }
    money
}
