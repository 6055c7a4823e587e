//! `POST loans/…/transactions?command=repayment`, and what else is paid like it: recoveries, refunds, credits.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use super::{
    EXTERNAL_ID_LIMIT, Loan, LoanStatus, NOTE_LIMIT,
    books::Books,
    payment::{self, PAYMENT, PaymentDetail},
    portions::Portions,
    transactions::{Transaction, TransactionKind},
};
use crate::{
    bank::{Applied, Bank, Now, Numbered},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
    numbers, offices,
    release::Release,
    validation::Checks,
};

const SUPPORTED: &str = "transactionDate transactionAmount externalId note locale dateFormat";

/// The code of a recovery on the wrong day, for which nobody wrote words.
const WORDLESS: (&str, &str) = ("error.msg.loan.null.null", "");

/// Money as a body tells of it.
pub(super) struct Asked {
    pub(super) on: Date,
    pub(super) amount: Decimal,
    pub(super) external_id: Option<String>,
    pub(super) payment_type: Option<i64>,
    pub(super) note: Option<String>,
}

impl Asked {
    /// Reads the body. Whoever takes back may name an amount of zero, whoever pays may not.
    pub(super) fn read(fields: &Fields<'_>, takes_back: bool) -> Result<Self, Failure> {
        let reversal = if takes_back { "reversalExternalId" } else { "" };
        fields.only(&format!("{SUPPORTED} {PAYMENT} {reversal}"))?;
        let mut checks = Checks::of("loan.transaction");
        let on = fields.date("transactionDate")?;
        checks.mandatory("transactionDate", on.is_some());
        let amount = fields.decimal("transactionAmount")?;
        checks.mandatory("transactionAmount", amount.is_some());
        if takes_back {
            checks.zero_or_above("transactionAmount", amount);
        } else {
            checks.positive("transactionAmount", amount);
        }
        let note = fields.nonblank("note");
        checks.length("note", note.as_deref(), NOTE_LIMIT);
        let payment_type = payment::read_type(fields, &mut checks)?;
        checks.finish()?;
        let missing = || Failure::Crash("a mandatory parameter is missing".to_owned());
        Ok(Self {
            on: on.ok_or_else(missing)?,
            amount: numbers::money(amount.ok_or_else(missing)?),
            external_id: fields.nonblank("externalId"),
            payment_type,
            note,
        })
    }

    /// What `changes` repeat.
    pub(super) fn changes(&self, fields: &Fields<'_>) -> Map<String, Value> {
        let mut changes = Map::new();
        for name in ["transactionDate", "transactionAmount", "locale", "dateFormat"] {
            changes.insert(name.to_owned(), json!(fields.text(name)));
        }
        PaymentDetail::change(fields, self.payment_type, &mut changes);
        if let Some(note) = &self.note {
            changes.insert("note".into(), json!(note));
        }
        changes
    }
}

impl Bank {
    /// A payment of this kind.
    pub(crate) fn pay(
        &mut self,
        kind: TransactionKind,
        id: u64,
        fields: Fields<'_>,
        now: Now,
    ) -> Result<Applied, Failure> {
        let asked = Asked::read(&fields, false)?;
        let loan = self.loan(id)?.clone();
        let client = self.client(loan.client)?;
        self.require_active(client)?;
        if let Some(payment_type) = asked.payment_type {
            offices::payment_type(payment_type)?;
        }
        loan.check_payable(kind)?;
        check_not_before_client(client.activated_on, asked.on, kind)?;
        loan.check_not_before_last(asked.on, kind)?;
        if kind == TransactionKind::RecoveryRepayment {
            loan.check_recoverable(asked.amount)?;
        }
        // develop takes refunds from before the disbursement.
        let refund = matches!(
            kind,
            TransactionKind::MerchantIssuedRefund | TransactionKind::PayoutRefund
        );
        if asked.on > now.today || !(refund && self.release.is_develop()) {
            loan.check_transaction_date(asked.on, now)?;
        }
        self.check_bookable(asked.external_id.as_deref(), asked.amount)?;
        self.check_threshold(&loan, kind, &asked, now)?;
        Ok(self.book_payment(loan, kind, asked, &fields, now))
    }

    /// Of a loan in tranches, no more of the principal is repaid than was paid out.
    fn check_threshold(&self, loan: &Loan, kind: TransactionKind, asked: &Asked, now: Now) -> Result<(), Failure> {
        if loan.tranches.is_empty() {
            return Ok(());
        }
        let mut paid = loan.clone();
        let last = loan
            .transactions
            .iter()
            .map(|booked| booked.id)
            .max()
            .unwrap_or_default();
        paid.transactions
            .push(Transaction::new(last + 1, kind, asked.amount, asked.on, now));
        let books = Books::of(&paid);
        let repaid: Decimal = books
            .installments
            .iter()
            .map(|installment| installment.paid.principal)
            .sum();
        let out: Decimal = loan
            .tranches
            .iter()
            .filter(|tranche| tranche.paid_on.is_some())
            .map(|tranche| tranche.principal)
            .sum();
        let credited: Decimal = books.installments.iter().map(|installment| installment.credited).sum();
        if repaid <= out + credited {
            return Ok(());
        }
        let code = "error.msg.loan.transaction.amount.exceeds.threshold";
        let text = "The transaction amount cannot exceed threshold.";
        Err(Failure::Domain(Fault::general(code, text)))
    }

    /// Books what was asked for, as a payment that was told how it went.
    pub(super) fn book_payment(
        &mut self,
        loan: Loan,
        kind: TransactionKind,
        asked: Asked,
        fields: &Fields<'_>,
        now: Now,
    ) -> Applied {
        let mut changes = asked.changes(fields);
        if let Some(external_id) = &asked.external_id {
            changes.insert("externalId".into(), json!(external_id));
        }
        let transaction = Transaction {
            payment: PaymentDetail::of(fields, asked.payment_type),
            external_id: asked.external_id,
            ..Transaction::new(self.next(Numbered::Transaction), kind, asked.amount, asked.on, now)
        };
        self.book(loan, transaction, changes, now)
    }

    /// Books a transaction, and answers with its number.
    pub(super) fn book(
        &mut self,
        mut loan: Loan,
        transaction: Transaction,
        changes: Map<String, Value>,
        now: Now,
    ) -> Applied {
        let (resource, mut external_id) = (transaction.id, transaction.external_id.clone());
        let (kind, on) = (transaction.kind, transaction.on);
        let mut stands = None;
        loan.transactions.push(transaction);
        self.settle(&mut loan, now);
        // 1.10.1 books what is paid on a loan with recalculated interest twice: the answer is about the first one, which is
        // reversed, and has lost its external id to the second one.
        if !self.release.is_develop() && loan.kind.recalculation.is_some() && kind.is_payment() {
            stands = self
                .book_anew(&mut loan, resource, now)
                .map(|stands| (stands, external_id.take()));
            // A recovery goes for the end of the loan, then.
            if kind == TransactionKind::RecoveryRepayment {
                loan.closed_on = Some(on);
            }
        }
        Applied {
            resource,
            external_id,
            stands,
            ..self.keep(loan, changes)
        }
    }

    /// What the database looks at when everything else was found good.
    pub(super) fn check_bookable(&self, external_id: Option<&str>, amount: Decimal) -> Result<(), Failure> {
        fits(external_id, amount)?;
        let mut checks = Checks::of("loan.transaction");
        self.check_unique(external_id, &mut checks);
        checks.finish()
    }

    /// Whether a transaction has this external id; one that was undone keeps it.
    pub(super) fn has_transaction(&self, external_id: &str) -> bool {
        let mut transactions = self.loans.values().flat_map(|loan| &loan.transactions);
        transactions.any(|booked| booked.external_id.as_deref() == Some(external_id))
    }

    /// External ids of transactions are unique in the whole tenant.
    pub(super) fn check_unique(&self, external_id: Option<&str>, checks: &mut Checks) {
        if external_id.is_some_and(|id| self.has_transaction(id)) {
            let code = "validation.msg.loan.transaction.externalId.value.must.be.unique";
            let text = "Failed data validation due to: value.must.be.unique.";
            checks.push(Fault::of("externalId", code, text).with([Value::Null, json!([])]));
        }
    }
}

/// External ids and amounts must fit their columns.
pub(super) fn fits(external_id: Option<&str>, amount: Decimal) -> Result<(), Failure> {
    if numbers::fits(amount) && external_id.is_none_or(|id| id.chars().count() <= EXTERNAL_ID_LIMIT) {
        return Ok(());
    }
    let code = "error.msg.loan.repayment.unknown.data.integrity.issue";
    let text = "Unknown data integrity issue with resource: Repayment";
    Err(Failure::Integrity(Fault::of_database(code, text)))
}

/// Nothing is paid or waived before the client came to the office: when it was activated.
pub(super) fn check_not_before_client(
    activated_on: Option<Date>,
    on: Date,
    kind: TransactionKind,
) -> Result<(), Failure> {
    let Some(activated_on) = activated_on.filter(|activated_on| on < *activated_on) else {
        return Ok(());
    };
    let (code, text) = if kind == TransactionKind::RecoveryRepayment {
        WORDLESS
    } else {
        (
            "error.msg.loan.repayment.or.waiver.cannot.be.made.before.client.transfer.date",
            "The date on which a repayment or waiver is made cannot be earlier than client's transfer date to this office",
        )
    };
    Err(Failure::Domain(
        Fault::general(code, text).with([json!(dates::iso(activated_on))]),
    ))
}

impl Loan {
    /// No recovery brings more than was written off; what was recovered before does not count.
    fn check_recoverable(&self, amount: Decimal) -> Result<(), Failure> {
        let written_off: Portions = Books::of(self)
            .installments
            .iter()
            .map(|installment| installment.written_off)
            .sum();
        if amount <= written_off.total() {
            return Ok(());
        }
        let text = "The transaction amount cannot greater than the remaining written off amount.";
        let code = "error.msg.loan.transaction.cannot.be.greater.than.total.written.off";
        Err(Failure::Domain(Fault::general(code, text)))
    }

    /// Recoveries are paid on what was written off, everything else on what was paid out.
    fn check_payable(&self, kind: TransactionKind) -> Result<(), Failure> {
        let paid_out = matches!(
            self.status,
            LoanStatus::Active | LoanStatus::Closed | LoanStatus::Overpaid
        );
        let (can, code, text) = if kind == TransactionKind::RecoveryRepayment {
            (
                self.status == LoanStatus::WrittenOff,
                "account.is.not.written.off",
                "Recovery repayments may only be made on loans which are written off",
            )
        } else {
            (
                paid_out,
                "must.be.active.fully.paid.or.overpaid",
                "Loan must be Active, Fully Paid or Overpaid",
            )
        };
        if can {
            return Ok(());
        }
        Err(Failure::invalid(Fault::general(format!("error.msg.loan.{code}"), text)))
    }

    /// Where interest is recalculated, nothing happens before what happened last.
    pub(super) fn check_not_before_last(&self, on: Date, kind: TransactionKind) -> Result<(), Failure> {
        let last = self.last_money_on().filter(|last| on < *last);
        let Some(last) = last.filter(|_| self.kind.recalculation.is_some()) else {
            return Ok(());
        };
        let (code, text) = if kind == TransactionKind::RecoveryRepayment {
            WORDLESS
        } else {
            (
                "error.msg.loan.repayment.or.waiver.cannot.be.made.before.last.transaction.date",
                "The date on which a repayment or waiver is made cannot be earlier than last transaction date",
            )
        };
        Err(Failure::Domain(
            Fault::general(code, text).with([json!(dates::iso(last))]),
        ))
    }

    /// Neither before the disbursement nor in the future.
    pub(super) fn check_transaction_date(&self, on: Date, now: Now) -> Result<(), Failure> {
        let refuse = |rule: &str, text: String, dates: &[Date]| {
            let fault = Fault::general(format!("error.msg.loan.transaction.cannot.be.{rule}"), text);
            Err(Failure::Domain(
                fault.with(dates.iter().map(|date| json!(dates::iso(*date)))),
            ))
        };
        if on > now.today {
            let text = "The transaction date cannot be in the future.";
            return refuse("a.future.date", text.to_owned(), &[on]);
        }
        if let Some(disbursed_on) = self.disbursed_on.filter(|disbursed_on| on < *disbursed_on) {
            let text = format!(
                "The transaction date cannot be before the loan disbursement date: {}",
                dates::iso(disbursed_on)
            );
            return refuse("before.disbursement.date", text, &[on, disbursed_on]);
        }
        Ok(())
    }
}

/// A slip of Fineract: the whole object stands where the amount belongs.
pub(super) fn money(amount: Decimal, release: Release) -> Value {
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
