//! What the money that came in was taken for: every transaction is applied to the schedule, in the order of their days.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use time::Date;

use super::{
    Loan,
    allocation::{Allocation, Part, Timing},
    portions::Portions,
    schedule::Period,
    transactions::{Transaction, TransactionKind},
};

/// One repayment, with what was done about it.
#[derive(Clone, Debug)]
pub(crate) struct Installment {
    pub(crate) period: Period,
    pub(crate) due: Portions,
    pub(crate) paid: Portions,
    pub(crate) waived: Portions,
    pub(crate) written_off: Portions,
    /// What is due besides the schedule, since it was paid back.
    pub(crate) credited: Decimal,
    /// Paid before it was due, and after.
    pub(crate) paid_early: Decimal,
    pub(crate) paid_late: Decimal,
    /// When nothing was left of it.
    pub(crate) met_on: Option<Date>,
}

/// What became of one transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Booked {
    pub(crate) portions: Portions,
    pub(crate) overpaid: Decimal,
    /// What is left of the principal after it.
    pub(crate) balance: Decimal,
}

/// What is late, and since when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrears {
    pub(crate) since: Date,
    pub(crate) amounts: Portions,
}

/// All installments, and what every transaction that stands was taken for.
#[derive(Clone, Debug)]
pub(crate) struct Books {
    pub(crate) installments: Vec<Installment>,
    pub(crate) booked: Vec<(u64, Booked)>,
    pub(crate) overpaid: Decimal,
}

impl Installment {
    fn new(period: Period, charges: Portions) -> Self {
        let due = Portions {
            principal: period.principal,
            interest: period.interest,
            ..charges
        };
        Self {
            period,
            due,
            paid: Portions::default(),
            waived: Portions::default(),
            written_off: Portions::default(),
            credited: Decimal::ZERO,
            paid_early: Decimal::ZERO,
            paid_late: Decimal::ZERO,
            met_on: None,
        }
    }

    /// What is left to pay.
    pub(crate) fn outstanding(&self) -> Portions {
        self.due - self.paid - self.waived - self.written_off
    }

    fn settle(&mut self, on: Date) {
        if self.outstanding().total().is_zero() {
            self.met_on = self.met_on.or(Some(on));
        }
    }

    fn pay(&mut self, amount: Decimal, on: Date, allocation: &Allocation) -> Portions {
        let timing = match on.cmp(&self.period.due) {
            Ordering::Less => Timing::Early,
            Ordering::Equal => Timing::Due,
            Ordering::Greater => Timing::Late,
        };
        self.pay_parts(amount, on, allocation.order(timing))
    }

    fn pay_parts(&mut self, amount: Decimal, on: Date, order: &[Part]) -> Portions {
        let paid = self.outstanding().paid_by(amount, order);
        self.paid += paid;
        if on < self.period.due {
            self.paid_early += paid.total();
        } else if on > self.period.due {
            self.paid_late += paid.total();
        }
        self.settle(on);
        paid
    }

    fn waive_interest(&mut self, amount: Decimal, on: Date) -> Portions {
        let waived = Portions {
            interest: self.outstanding().interest.min(amount),
            ..Portions::default()
        };
        self.waived += waived;
        self.settle(on);
        waived
    }

    fn waive_charge(&mut self, amount: Decimal, penalty: bool, on: Date) -> Portions {
        let open = self.outstanding();
        let mut waived = Portions::default();
        if penalty {
            waived.penalties = open.penalties.min(amount);
        } else {
            waived.fees = open.fees.min(amount);
        }
        self.waived += waived;
        self.settle(on);
        waived
    }

    fn write_off(&mut self, on: Date) -> Portions {
        let written_off = self.outstanding();
        self.written_off += written_off;
        self.settle(on);
        written_off
    }
}

impl Books {
    /// The books of a loan as it stands.
    pub(crate) fn of(loan: &Loan) -> Self {
        Self::over(loan, loan.periods().unwrap_or_default(), loan.foreclosed_on.is_some())
    }

    /// The books of a loan over these periods, which may end before their time.
    pub(super) fn over(loan: &Loan, periods: Vec<Period>, cut: bool) -> Self {
        let periods = if cut { periods } else { loan.with_late_charges(periods) };
        let charges: Vec<Portions> = (0..periods.len())
            .map(|position| loan.charges_of(&periods, position, cut))
            .collect();
        let installments = periods.into_iter().zip(charges);
        let mut books = Self {
            installments: installments
                .map(|(period, charges)| Installment::new(period, charges))
                .collect(),
            booked: Vec::new(),
            overpaid: Decimal::ZERO,
        };
        let mut standing: Vec<&Transaction> = loan.counted().collect();
        // Of one day, in the order in which they were booked, or booked anew.
        standing.sort_by_key(|transaction| transaction.on);
        let allocation = Allocation::of(&loan.terms.strategy, loan.kind.allocation.as_ref());
        let mut balance = Decimal::ZERO;
        for transaction in standing {
            let booked = books.book(loan, transaction, &allocation, &mut balance);
            books.booked.push((transaction.id, booked));
        }
        books
    }

    fn book(
        &mut self,
        loan: &Loan,
        transaction: &Transaction,
        allocation: &Allocation,
        balance: &mut Decimal,
    ) -> Booked {
        let (amount, on) = (transaction.amount, transaction.on);
        let mut booked = Booked::default();
        match transaction.kind {
            TransactionKind::Disbursement => *balance += amount,
            TransactionKind::RepaymentAtDisbursement => booked.portions.fees = amount,
            TransactionKind::WaiveInterest => {
                let mut rest = amount;
                booked.portions = self.each(|installment| {
                    // A progressive schedule takes a waiver for a payment.
                    let waived = if loan.kind.progressive {
                        installment.pay_parts(rest, on, &[Part::Interest])
                    } else {
                        installment.waive_interest(rest, on)
                    };
                    rest -= waived.total();
                    waived
                });
            }
            TransactionKind::WaiveCharges => {
                let charge = loan.charges.iter().find(|charge| Some(charge.id) == transaction.charge);
                let count = self.installments.len();
                let mut position = 0;
                booked.portions = self.each(|installment| {
                    position += 1;
                    charge
                        .filter(|_| transaction.instalment.is_none_or(|number| number == position))
                        .map(|charge| {
                            let of_period = charge.in_period(&installment.period, position == 1, position == count);
                            installment.waive_charge(of_period.min(amount), charge.is_penalty(), on)
                        })
                        .unwrap_or_default()
                });
            }
            TransactionKind::WriteOff => {
                booked.portions = self.each(|installment| installment.write_off(on));
                *balance -= booked.portions.principal;
            }
            TransactionKind::CreditBalanceRefund => {
                // What had not been overpaid after all is owed again.
                booked.overpaid = amount.min(self.overpaid);
                self.overpaid -= booked.overpaid;
                booked.portions.principal = amount - booked.overpaid;
                *balance += booked.portions.principal;
                self.credit(booked.portions.principal, on);
            }
            // What comes in after the write-off finds nothing to pay; once that is undone, it does.
            TransactionKind::Repayment
            | TransactionKind::RecoveryRepayment
            | TransactionKind::MerchantIssuedRefund
            | TransactionKind::PayoutRefund
            | TransactionKind::GoodwillCredit
            | TransactionKind::ChargeAdjustment
            | TransactionKind::DownPayment
            | TransactionKind::InterestPaymentWaiver => {
                let mut rest = amount;
                booked.portions = self.each(|installment| {
                    let paid = installment.pay(rest, on, allocation);
                    rest -= paid.total();
                    paid
                });
                *balance -= booked.portions.principal;
                booked.overpaid = rest;
                self.overpaid += rest;
            }
        }
        booked.balance = (*balance).max(Decimal::ZERO);
        booked
    }

    /// Adds to what is due at the end of the period of this day.
    fn credit(&mut self, amount: Decimal, on: Date) {
        let last = self.installments.len().saturating_sub(1);
        let position = self
            .installments
            .iter()
            .position(|installment| on <= installment.period.due);
        if let Some(installment) = self.installments.get_mut(position.unwrap_or(last)) {
            installment.due.principal += amount;
            installment.credited += amount;
        }
    }

    fn each(&mut self, act: impl FnMut(&mut Installment) -> Portions) -> Portions {
        self.installments.iter_mut().map(act).sum()
    }

    /// What is left to pay.
    pub(crate) fn outstanding(&self) -> Portions {
        self.installments.iter().map(Installment::outstanding).sum()
    }

    /// What was due before this day and is not paid.
    pub(crate) fn arrears(&self, today: Date) -> Option<Arrears> {
        let late = |installment: &&Installment| installment.period.due < today;
        let unpaid = |installment: &&Installment| !installment.outstanding().total().is_zero();
        let overdue = || self.installments.iter().filter(late).filter(unpaid);
        Some(Arrears {
            since: overdue().next()?.period.due,
            amounts: overdue().map(Installment::outstanding).sum(),
        })
    }

    /// What was taken for this transaction.
    pub(crate) fn of_transaction(&self, id: u64) -> Booked {
        let found = self.booked.iter().find(|(booked, _)| *booked == id);
        found.map(|(_, booked)| *booked).unwrap_or_default()
    }
}
