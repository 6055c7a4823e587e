//! What follows from the transactions of a loan: what each was taken for, and where the loan stands.

use rust_decimal::Decimal;
use time::Date;

use super::{
    Loan, LoanStatus,
    books::{Booked, Books},
    transactions::{Transaction, TransactionKind},
};
use crate::bank::{Bank, Now, Numbered};

/// When the last repayment was really due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maturity {
    /// When it was expected to.
    AsExpected,
    /// When the loan was repaid.
    On(Date),
    /// Nobody knows of a loan that is overpaid.
    Unknown,
}

impl Bank {
    /// Makes the books anew. A transaction that turns out to be for something else than before is reversed and booked
    /// again under a new number, which takes over its external id.
    pub(super) fn settle(&mut self, loan: &mut Loan, now: Now) {
        if loan.status != LoanStatus::WrittenOff {
            loan.recalculated_on = Some(now.today);
        }
        let books = Books::of(loan);
        let mut replays = Vec::new();
        for transaction in loan
            .transactions
            .iter_mut()
            .filter(|booked| booked.reversed_on.is_none())
        {
            let booked = books.of_transaction(transaction.id);
            let same = |before: &Booked| (before.portions, before.overpaid) == (booked.portions, booked.overpaid);
            if transaction.booked.as_ref().is_none_or(same) {
                transaction.booked = Some(booked);
                continue;
            }
            replays.push(transaction.replay(self.next(Numbered::Replay), booked, now));
        }
        if !replays.is_empty() {
            loan.transactions.extend(replays);
            loan.balance_again();
        }
        loan.follow(&books, self.release.is_develop());
    }

    /// Reverses a transaction that stands, and books the same again under the number that is returned.
    pub(super) fn book_anew(&mut self, loan: &mut Loan, transaction: u64, now: Now) -> Option<u64> {
        let stands = |booked: &&mut Transaction| booked.id == transaction && booked.reversed_on.is_none();
        let replay = loan.transactions.iter_mut().find(stands).map(|booked| {
            let what = booked.booked.unwrap_or_default();
            booked.replay(self.next(Numbered::Replay), what, now)
        })?;
        let id = replay.id;
        loan.transactions.push(replay);
        Some(id)
    }
}

impl Transaction {
    /// Reverses it. Returns what takes its place, and its external id over.
    fn replay(&mut self, id: u64, booked: Booked, now: Now) -> Self {
        self.reversed_on = Some(now.today);
        Self {
            id,
            external_id: self.external_id.take(),
            booked: Some(booked),
            reversed_on: None,
            replays: Some(self.id),
            ..self.clone()
        }
    }
}

impl Loan {
    /// What was booked anew stands after the rest of its day: what was left of the principal is told in this order.
    fn balance_again(&mut self) {
        let mut standing: Vec<_> = self
            .transactions
            .iter_mut()
            .filter(|booked| booked.reversed_on.is_none())
            .collect();
        standing.sort_by_key(|transaction| transaction.on);
        let mut balance = Decimal::ZERO;
        for transaction in standing {
            let Some(booked) = &mut transaction.booked else {
                continue;
            };
            let principal = booked.portions.principal;
            match transaction.kind {
                TransactionKind::Disbursement => balance += transaction.amount,
                TransactionKind::CreditBalanceRefund => balance += principal,
                TransactionKind::Repayment
                | TransactionKind::WaiveInterest
                | TransactionKind::RepaymentAtDisbursement
                | TransactionKind::WriteOff
                | TransactionKind::RecoveryRepayment
                | TransactionKind::WaiveCharges
                | TransactionKind::MerchantIssuedRefund
                | TransactionKind::PayoutRefund
                | TransactionKind::GoodwillCredit
                | TransactionKind::ChargeAdjustment
                | TransactionKind::DownPayment
                | TransactionKind::InterestPaymentWaiver => balance -= principal,
            }
            booked.balance = balance.max(Decimal::ZERO);
        }
    }

    /// Where the loan stands by its books.
    fn follow(&mut self, books: &Books, develop: bool) {
        if self.disbursed_on.is_none() || self.status == LoanStatus::WrittenOff {
            return;
        }
        let before = self.status;
        let repaid = !books.installments.is_empty() && books.outstanding().total().is_zero();
        let last = self.standing().map(|transaction| transaction.on).max();
        self.status = match repaid {
            true if !books.overpaid.is_zero() => LoanStatus::Overpaid,
            true => LoanStatus::Closed,
            false => LoanStatus::Active,
        };
        match self.status {
            LoanStatus::Closed => {
                self.closed_on = last;
                // 1.10.1 does not know it again once the loan was overpaid.
                if develop || before != LoanStatus::Overpaid {
                    self.maturity = last.map_or(Maturity::Unknown, Maturity::On);
                }
            }
            // develop knows it again as soon as still more is paid.
            LoanStatus::Overpaid if develop && before == LoanStatus::Overpaid => self.maturity = Maturity::AsExpected,
            LoanStatus::Overpaid => {
                self.closed_on = None;
                self.maturity = Maturity::Unknown;
            }
            LoanStatus::Active
            | LoanStatus::Submitted
            | LoanStatus::Approved
            | LoanStatus::Withdrawn
            | LoanStatus::Rejected
            | LoanStatus::WrittenOff => {
                // 1.10.1 goes on telling when a loan was closed that was opened again.
                if develop && matches!(before, LoanStatus::Closed | LoanStatus::Overpaid) {
                    self.closed_on = None;
                }
                self.maturity = Maturity::AsExpected;
            }
        }
    }

    /// The day of the last disbursement, payment, or waiver.
    pub(super) fn last_money_on(&self) -> Option<Date> {
        let by_borrower = |booked: &&Transaction| booked.kind != TransactionKind::RepaymentAtDisbursement;
        self.standing().filter(by_borrower).map(|booked| booked.on).max()
    }
}
