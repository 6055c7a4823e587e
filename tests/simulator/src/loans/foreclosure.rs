//! `POST loans/…/transactions?command=foreclosure`: all that is left is paid at once, with the interest up to that day.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use super::{
    Loan, LoanStatus,
    books::Books,
    close::Close,
    portions::Portions,
    transactions::{Transaction, TransactionKind},
};
use crate::{
    bank::{Applied, Bank, Now, Numbered},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
    numbers,
};

impl Loan {
    /// What would have to be paid if the loan were foreclosed on this day.
    pub(super) fn to_foreclose(&self, on: Date) -> Portions {
        let foreclosed = Self {
            foreclosed_on: self.foreclosed_on.or(Some(on)),
            ..self.clone()
        };
        Books::of(&foreclosed).outstanding()
    }

    /// What is told before: the principal is what was paid out, less what came in and was not for interest and charges up to
    /// that day.
    pub(super) fn foreclosure_quote(&self, on: Date) -> Portions {
        let mut owed = self.to_foreclose(on);
        let planned = Books::of(self);
        if self.status == LoanStatus::WrittenOff {
            // A slip of Fineract: the interest of the period that runs is asked for all the same.
            let unwritten = Self {
                transactions: Vec::new(),
                foreclosed_on: Some(on),
                ..self.clone()
            };
            let cut = Books::of(&unwritten).installments;
            owed.interest = cut.last().map(|last| last.period.interest).unwrap_or_default();
            return owed;
        }
        let (due, settled) = self.accounts_until(on, &planned);
        owed.principal = self.disbursed() + due - settled - owed.cost();
        owed
    }

    /// The cost that is due until a day, and what was settled in all.
    fn accounts_until(&self, on: Date, planned: &Books) -> (Decimal, Decimal) {
        let unpaid = Self {
            transactions: Vec::new(),
            foreclosed_on: self.foreclosed_on.or(Some(on)),
            ..self.clone()
        };
        let due = Books::of(&unpaid).installments;
        let due = due.iter().map(|installment| installment.due.cost()).sum();
        let settled = planned.installments.iter();
        let settled =
            settled.map(|installment| (installment.paid + installment.waived + installment.written_off).total());
        (due, settled.sum())
    }

    /// What a repayment would have to bring to end the loan on this day. The day matters only where interest is recalculated:
    /// else the interest of the whole term is asked for.
    pub(super) fn to_prepay(&self, on: Date) -> Portions {
        if self.kind.recalculation.is_some() {
            self.to_foreclose(on)
        } else {
            Books::of(self).outstanding()
        }
    }

    /// What is recalculated is closed by a repayment.
    pub(super) fn check_foreclosable(&self) -> Result<(), Failure> {
        if self.kind.recalculation.is_none() {
            return Ok(());
        }
        let text = "The loan with interest recalculation enabled cannot be foreclosed.";
        let code = "loan.with.interest.recalculation.enabled.cannot.be.foreclosured";
        Err(Failure::Domain(Fault::general(code, text).with([json!(self.id)])))
    }

    /// A tranche that should be out by then must be.
    fn check_paid_out(&self, on: Date) -> Result<(), Failure> {
        let late = |tranche: &super::Tranche| tranche.paid_on.is_none() && tranche.expected_on <= on;
        if !self.tranches.iter().any(late) {
            return Ok(());
        }
        let text = "The loan with undisbursed tranche before foreclosure cannot be foreclosed.";
        let code = "loan.with.undisbursed.tranche.before.foreclosure.cannot.be.foreclosured";
        Err(Failure::Domain(
            Fault::general(code, text).with([json!(dates::iso(on))]),
        ))
    }

    pub(super) fn check_foreclosure_date(&self, on: Date, today: Date) -> Result<(), Failure> {
        let (rule, text) = if on > today {
            ("is.in.future", "The transactionDate cannot be in the future.")
        } else if self.last_money_on().is_some_and(|last| on < last) {
            (
                "cannot.before.the.last.transaction.date",
                "The transactionDate cannot be earlier than the last transaction date.",
            )
        } else {
            return Ok(());
        };
        let code = format!("loan.foreclosure.transaction.date.{rule}");
        Err(Failure::Domain(
            Fault::general(code, text).with([json!(dates::iso(on))]),
        ))
    }
}

impl Bank {
    pub(crate) fn foreclose(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        let asked = Close::read(&fields, "loan", "")?;
        let mut loan = self.loan(id)?.clone();
        if loan.status != LoanStatus::Active {
            let text = "Loan foreclosure is not allowed. Loan Account is not active.";
            let code = "error.msg.loan.foreclosure.account.is.not.active";
            return Err(Failure::invalid(Fault::general(code, text)));
        }
        loan.check_foreclosable()?;
        loan.check_foreclosure_date(asked.on, now.today)?;
        loan.check_paid_out(asked.on)?;
        self.check_bookable(asked.external_id.as_deref(), Decimal::ZERO)?;
        if loan.kind.progressive && self.release.is_develop() {
            return Err(Failure::Crash("a progressive schedule cannot be cut".to_owned()));
        }

        let owed = loan.to_foreclose(asked.on);
        loan.foreclosed_on = Some(asked.on);
        let transaction = Transaction {
            external_id: asked.external_id,
            ..Transaction::new(
                self.next(Numbered::Transaction),
                TransactionKind::Repayment,
                owed.total(),
                asked.on,
                now,
            )
        };
        let mut changes = Map::new();
        for name in ["dateFormat", "transactionDate"] {
            changes.insert(name.to_owned(), json!(fields.text(name)));
        }
        for (name, value) in [("externalId", &transaction.external_id), ("note", &asked.note)] {
            if let Some(value) = value {
                changes.insert(name.to_owned(), Value::String(value.clone()));
            }
        }
        changes.insert("transactions".into(), json!([transaction.id]));
        changes.insert("eventAmount".into(), numbers::printed(-owed.principal));
        // A slip of Fineract: the answer names neither office nor client.
        Ok(Applied {
            without_office: true,
            client: None,
            ..self.book(loan, transaction, changes, now)
        })
    }
}
