//! `POST loans/…/transactions?command=writeoff` and `?command=undowriteoff`.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use super::{
    Loan, LoanStatus,
    books::Books,
    close::Close,
    transactions::{Transaction, TransactionKind},
};
use crate::{
    bank::{Applied, Bank, Now, Numbered},
    codes, dates,
    errors::{Failure, Fault},
    fields::Fields,
};

impl Bank {
    pub(crate) fn write_off(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        let asked = Close::read(&fields, "loan.transaction", "writeoffReasonId")?;
        let reason = fields.id("writeoffReasonId")?;
        let mut loan = self.loan(id)?.clone();
        self.require_active(self.client(loan.client)?)?;
        if let Some(reason) = reason {
            codes::write_off_reason(reason, self.release)?;
        }
        if loan.status != LoanStatus::Active {
            let text = "Loan Written off is not allowed. Loan Account is not active.";
            let code = "error.msg.loan.writtenoff.account.is.not.active";
            return Err(Failure::invalid(Fault::general(code, text)));
        }
        loan.check_write_off_date(asked.on, now)?;
        self.check_bookable(asked.external_id.as_deref(), Decimal::ZERO)?;

        let amount = Books::of(&loan).outstanding().total();
        loan.status = LoanStatus::WrittenOff;
        loan.closed_on = Some(asked.on);
        loan.written_off_on = Some(asked.on);
        loan.closed_by = Some(now.by);
        let mut changes = Map::new();
        for name in ["transactionDate", "locale", "dateFormat"] {
            changes.insert(name.to_owned(), json!(fields.text(name)));
        }
        for name in ["closedOnDate", "writtenOffOnDate"] {
            changes.insert(name.to_owned(), json!(fields.text("transactionDate")));
        }
        changes.insert("status".into(), loan.status.view());
        let told = [
            ("writeoffReasonId", json!(reason)),
            ("externalId", json!(asked.external_id)),
            ("note", json!(asked.note)),
        ];
        changes.extend(
            told.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name.to_owned(), value)),
        );
        let transaction = Transaction {
            external_id: asked.external_id,
            ..Transaction::new(
                self.next(Numbered::Transaction),
                TransactionKind::WriteOff,
                amount,
                asked.on,
                now,
            )
        };
        Ok(self.book(loan, transaction, changes, now))
    }

    /// The loan is active again, and what was recovered pays it; nobody looks at the body.
    pub(crate) fn undo_write_off(&mut self, id: u64, now: Now) -> Result<Applied, Failure> {
        let mut loan = self.loan(id)?.clone();
        self.require_active(self.client(loan.client)?)?;
        let unavailable = |code: &str, text: String| {
            let fault = Fault::general(format!("error.msg.loan.{code}"), text);
            Failure::Unavailable(fault.with([json!(id)]))
        };
        if loan.status != LoanStatus::WrittenOff {
            let text = format!("Loan :{id} update not allowed as loan status is not written off");
            return Err(unavailable("status.not.written.off.update.not.allowed", text));
        }
        let is_write_off =
            |booked: &&mut Transaction| booked.kind == TransactionKind::WriteOff && booked.reversed_on.is_none();
        let Some(written_off) = loan.transactions.iter_mut().find(is_write_off) else {
            let text = format!("Loan :{id} update not allowed as write off transaction is not found");
            return Err(unavailable("write.off.transaction.not.found", text));
        };
        written_off.reversed_on = Some(now.today);
        let (resource, external_id) = (written_off.id, written_off.external_id.clone());
        loan.status = LoanStatus::Active;
        if self.release.is_develop() {
            // 1.10.1 goes on to say when it was closed, and by whom.
            loan.closed_on = None;
            loan.closed_by = None;
        }
        self.settle(&mut loan, now);
        let applied = self.keep(loan, Map::<String, Value>::new());
        Ok(Applied {
            resource,
            external_id,
            changes: None,
            ..applied
        })
    }
}

impl Loan {
    /// A write-off is the last that happens to a loan.
    fn check_write_off_date(&self, on: Date, now: Now) -> Result<(), Failure> {
        let refuse = |rule: &str, text: String, dates: &[Date]| {
            let fault = Fault::general(format!("error.msg.loan.writeoff.{rule}"), text);
            Err(Failure::Domain(
                fault.with(dates.iter().map(|date| json!(dates::iso(*date)))),
            ))
        };
        if on < self.start() {
            let text = format!(
                "The date on which a loan is written off cannot be before the loan disbursement date: {}",
                dates::iso(self.start())
            );
            return refuse("cannot.be.before.submittal.date", text, &[on, self.start()]);
        }
        if on > now.today {
            let text = "The date on which a loan is written off cannot be in the future.";
            return refuse("cannot.be.a.future.date", text.to_owned(), &[on]);
        }
        if self.last_money_on().is_some_and(|last| on < last) {
            let text = "The date of the writeoff transaction must occur on or before previous transactions.";
            return refuse("must.occur.on.or.after.other.transaction.dates", text.to_owned(), &[on]);
        }
        Ok(())
    }
}
