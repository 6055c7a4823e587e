//! What a charge of a loan comes to, and what became of it.

use rust_decimal::Decimal;
use time::Date;

use super::{
    Loan,
    books::Books,
    charges::LoanCharge,
    schedule::Period,
    transactions::{Transaction, TransactionKind},
};
use crate::{numbers, release::Release};

/// The part of a charge that one repayment bears.
pub(super) struct InstalmentCharge {
    /// The first repayment is number one.
    pub(super) number: usize,
    pub(super) period: Period,
    pub(super) amount: Decimal,
    pub(super) waived: Decimal,
    pub(super) open: Decimal,
}

/// What a charge comes to, and what became of it.
pub(super) struct ChargeState {
    pub(super) amount: Decimal,
    pub(super) paid: Decimal,
    pub(super) waived: Decimal,
    /// None unless every repayment bears a part of it.
    pub(super) instalments: Vec<InstalmentCharge>,
}

impl ChargeState {
    pub(super) fn of(loan: &Loan, charge: &LoanCharge, release: Release) -> Self {
        if charge.is_of_instalments() {
            return Self::of_instalments(loan, charge);
        }
        let paid = if charge.paid {
            charge.amount
        } else {
            loan.paid_of(charge, release)
        };
        Self {
            amount: charge.amount,
            paid,
            waived: if charge.waived {
                charge.amount - paid
            } else {
                Decimal::ZERO
            },
            instalments: Vec::new(),
        }
    }

    fn of_instalments(loan: &Loan, charge: &LoanCharge) -> Self {
        let installments = Books::of(loan).installments;
        let count = installments.len();
        let parts = (1..).zip(installments).map(|(number, installment)| {
            let amount = numbers::money(charge.in_period(&installment.period, number == 1, number == count));
            let of_it = |booked: &&Transaction| is_waiver_of(booked, charge, number);
            let waived: Decimal = loan.counted().filter(of_it).map(|booked| booked.amount).sum();
            let left = installment.outstanding();
            let left = if charge.is_penalty() { left.penalties } else { left.fees };
            InstalmentCharge {
                number,
                period: installment.period,
                amount,
                waived,
                open: left.min(amount - waived),
            }
        });
        let instalments: Vec<_> = parts.filter(|part| !part.amount.is_zero()).collect();
        let sum = |of: fn(&InstalmentCharge) -> Decimal| -> Decimal { instalments.iter().map(of).sum() };
        let (amount, waived) = (sum(|part| part.amount), sum(|part| part.waived));
        Self {
            amount,
            paid: amount - waived - sum(|part| part.open),
            waived,
            instalments,
        }
    }

    /// The part that is to be waived: the one of this number or due date, else the first that is open. A number or a date
    /// that no part has is ignored.
    pub(super) fn part_to_waive(&self, number: Option<i64>, due: Option<Date>) -> Option<&InstalmentCharge> {
        let named = |part: &&InstalmentCharge| {
            number.is_some_and(|number| i64::try_from(part.number) == Ok(number)) || due == Some(part.period.due)
        };
        let mut open = self.instalments.iter().filter(|part| !part.open.is_zero());
        self.instalments.iter().find(named).or_else(|| open.next())
    }

    /// What is left of it.
    pub(super) fn open(&self) -> Decimal {
        self.amount - self.paid - self.waived
    }
}

fn is_waiver_of(booked: &Transaction, charge: &LoanCharge, number: usize) -> bool {
    booked.kind == TransactionKind::WaiveCharges
        && booked.charge == Some(charge.id)
        && booked.instalment == Some(number)
}
