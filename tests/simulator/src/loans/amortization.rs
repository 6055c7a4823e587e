//! How the principal is divided among repayments, and what interest each of them bears.

use rust_decimal::Decimal;
use time::Date;

use super::{schedule::Period, terms::Terms};
use crate::numbers;

const FLAT: i64 = 1;
const EQUAL_PRINCIPAL: i64 = 0;
/// More repayments than this no fixed instalment makes.
const MOST_REPAYMENTS: i64 = 1200;

/// What is paid out, in the order of its days.
type Payouts<'a> = &'a [(Date, Decimal)];

/// Where the interest of a repayment comes from.
enum Interest {
    /// From what is open during its period.
    OnBalance,
    /// From a sum that all repayments share.
    Shared(Decimal),
}

/// What became of the loan so far.
#[derive(Default)]
struct Course {
    repaid: Decimal,
    charged: Decimal,
    /// Interest that a grace put off.
    put_off: Decimal,
}

impl Terms {
    /// The periods of what is paid out; `None` beyond the calendar or what a number holds.
    pub(crate) fn periods(&self, start: Date, payouts: Payouts<'_>) -> Option<Vec<Period>> {
        if self.principal.is_zero() {
            return Some(Vec::new());
        }
        if self.interest == FLAT {
            let last_due = self.due(start, self.repayments)?;
            let flat = self.rate_of(self.repayments, start, last_due) * self.principal;
            return self.divided(start, payouts, &Interest::Shared(flat));
        }
        let on_balance = self.divided(start, payouts, &Interest::OnBalance)?;
        if !self.shape.equal_amortization {
            return Some(on_balance);
        }
        let sum = on_balance.iter().map(|period| period.interest).sum();
        self.divided(start, payouts, &Interest::Shared(sum))
    }

    fn divided(&self, start: Date, payouts: Payouts<'_>, interest: &Interest) -> Option<Vec<Period>> {
        let total: Decimal = payouts.iter().map(|(_, amount)| *amount).sum();
        let instalment = match self.shape.instalment {
            Some(fixed) => fixed,
            None => self.instalment(self.rate_of_instalment(start)?)?,
        };
        let (mut periods, mut course) = (Vec::new(), Course::default());
        for number in 1..=self.most_repayments() {
            let (from, due) = (self.due(start, number - 1)?, self.due(start, number)?);
            let paid_out = |until: Date| -> Decimal {
                let out = payouts.iter().filter(|(on, _)| *on <= until);
                out.map(|(_, amount)| *amount).sum()
            };
            // A payout on a due date belongs to the period that begins with it.
            let balance = paid_out(from.max(start)) - course.repaid;
            let own = match interest {
                Interest::OnBalance => self.interest_on(balance, from.max(start), from, due, payouts),
                Interest::Shared(sum) => self.share(number, *sum, course.charged),
            };
            let own = if number <= self.shape.charging_grace {
                Decimal::ZERO
            } else {
                own
            };
            let last = number == self.repayments && self.shape.instalment.is_none();
            let open = if last { total } else { paid_out(due) } - course.repaid;
            let principal = if last {
                open
            } else {
                self.share_of_principal(number, instalment, own)
            };
            let principal = principal.clamp(Decimal::ZERO, open.max(Decimal::ZERO));
            let waits = number <= self.shape.interest_grace && matches!(interest, Interest::OnBalance);
            let asked = if waits {
                course.put_off += own;
                Decimal::ZERO
            } else {
                own + std::mem::take(&mut course.put_off)
            };
            course.repaid += principal;
            course.charged += asked;
            let left = if last { total } else { paid_out(due) } - course.repaid;
            periods.push(Period {
                from,
                due,
                principal,
                interest: asked,
                balance: left,
            });
            if self.shape.instalment.is_some() && course.repaid == total {
                break;
            }
        }
        Some(periods)
    }

    /// A fixed instalment is paid until nothing is left, however often that is.
    fn most_repayments(&self) -> i64 {
        if self.shape.instalment.is_some() {
            MOST_REPAYMENTS
        } else {
            self.repayments
        }
    }

    /// The interest on what is open in a period, of which a part may be paid out only in the midst of it.
    fn interest_on(&self, balance: Decimal, begun: Date, from: Date, due: Date, payouts: Payouts<'_>) -> Decimal {
        let later = payouts.iter().filter(|(on, _)| *on > begun && *on < due);
        let on_later: Decimal = later.map(|(on, amount)| *amount * self.rate_of(1, *on, due)).sum();
        numbers::money(balance * self.rate_of(1, from, due) + on_later)
    }

    /// A repayment's share of the sum of interest. Where a grace frees one of it, the others bear it, but for what is not
    /// charged at all.
    fn share(&self, number: i64, sum: Decimal, charged: Decimal) -> Decimal {
        let grace = self.shape.interest_grace.max(self.shape.charging_grace);
        if number <= grace {
            return Decimal::ZERO;
        }
        let each = numbers::money(sum / Decimal::from(self.repayments));
        let sum = sum - each * Decimal::from(self.shape.charging_grace);
        if number == self.repayments {
            return numbers::money(sum) - charged;
        }
        numbers::money(sum / Decimal::from(self.repayments - grace))
    }

    /// A repayment's share of the principal, but for the last, which takes what is left.
    pub(super) fn share_of_principal(&self, number: i64, instalment: Decimal, interest: Decimal) -> Decimal {
        if number <= self.shape.principal_grace {
            return Decimal::ZERO;
        }
        let equal = self.interest == FLAT || self.amortization == EQUAL_PRINCIPAL;
        if self.shape.instalment.is_some() || !equal {
            return instalment - interest;
        }
        let share = match self.shape.principal_percentage {
            Some(percentage) => self.principal * percentage / Decimal::ONE_HUNDRED,
            None => self.principal / Decimal::from(self.repayments_of_principal()),
        };
        numbers::money(share)
    }

    /// How many repayments pay back some of the principal.
    fn repayments_of_principal(&self) -> i64 {
        (self.repayments - self.shape.principal_grace).max(1)
    }

    /// What is paid each time, principal and interest together.
    pub(super) fn instalment(&self, rate: Decimal) -> Option<Decimal> {
        let count = self.repayments_of_principal();
        if rate.is_zero() {
            return Some(numbers::money(self.principal / Decimal::from(count)));
        }
        // What one unit at the end is worth now; after very long it is worth nothing.
        let each = Decimal::ONE / (Decimal::ONE + rate);
        let discount = (0..count).fold(Decimal::ONE, |worth, _| worth * each);
        Some(numbers::money(
            (self.principal * rate).checked_div(Decimal::ONE - discount)?,
        ))
    }

    /// The interest of the first repayment, if a fixed instalment does not cover it.
    pub(super) fn uncovered(&self, start: Date, payouts: Payouts<'_>) -> Option<Decimal> {
        let fixed = self.shape.instalment?;
        let due = self.due(start, 1)?;
        let paid_out = payouts.iter().filter(|(on, _)| *on <= start).map(|(_, amount)| *amount);
        let interest = self.interest_on(paid_out.sum(), start, start, due, payouts);
        (fixed <= interest).then_some(interest)
    }
}
