//! What an amount is made of.

use std::ops::{Add, AddAssign, Sub};

use rust_decimal::Decimal;

use super::allocation::Part;

/// An amount by what it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Portions {
    pub(crate) principal: Decimal,
    pub(crate) interest: Decimal,
    pub(crate) fees: Decimal,
    pub(crate) penalties: Decimal,
}

/// A part of an amount: the name that reads give it, and how much it is.
type NamedPart = (&'static str, fn(Portions) -> Decimal);

/// The four parts.
pub(crate) const PARTS: [NamedPart; 4] = [
    ("principal", |portions| portions.principal),
    ("interest", |portions| portions.interest),
    ("feeCharges", |portions| portions.fees),
    ("penaltyCharges", |portions| portions.penalties),
];

impl Portions {
    /// All of it.
    pub(crate) fn total(self) -> Decimal {
        self.principal + self.interest + self.fees + self.penalties
    }

    /// All but the principal.
    pub(crate) fn cost(self) -> Decimal {
        self.total() - self.principal
    }

    /// As much of this as `amount` pays, in this order.
    pub(crate) fn paid_by(self, amount: Decimal, order: &[Part]) -> Self {
        let (mut rest, mut paid) = (amount, Self::default());
        for part in order {
            let (owed, paid) = match part {
                Part::Principal => (self.principal, &mut paid.principal),
                Part::Interest => (self.interest, &mut paid.interest),
                Part::Fees => (self.fees, &mut paid.fees),
                Part::Penalties => (self.penalties, &mut paid.penalties),
            };
            *paid = owed.min(rest);
            rest -= *paid;
        }
        paid
    }
}

impl Add for Portions {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            principal: self.principal + other.principal,
            interest: self.interest + other.interest,
            fees: self.fees + other.fees,
            penalties: self.penalties + other.penalties,
        }
    }
}

impl Sub for Portions {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            principal: self.principal - other.principal,
            interest: self.interest - other.interest,
            fees: self.fees - other.fees,
            penalties: self.penalties - other.penalties,
        }
    }
}

impl AddAssign for Portions {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Portions {
    fn sum<I: Iterator<Item = Self>>(portions: I) -> Self {
        portions.fold(Self::default(), Add::add)
    }
}
