//! When a loan is to be repaid, and how much of it is interest.

use rust_decimal::Decimal;
use time::Date;

use super::{Loan, terms::Terms};
use crate::numbers;

/// One repayment as it was planned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Period {
    pub(crate) from: Date,
    pub(crate) due: Date,
    pub(crate) principal: Decimal,
    pub(crate) interest: Decimal,
    /// What is left of the principal after it.
    pub(crate) balance: Decimal,
}

impl Period {
    /// Whether it is over as soon as it begins.
    pub(crate) fn is_down_payment(&self) -> bool {
        self.from == self.due && self.interest.is_zero()
    }

    pub(crate) fn days(&self) -> i64 {
        (self.due - self.from).whole_days()
    }
}

/// What is paid out, and when: the tranches, or all at once.
pub(crate) type Payouts = Vec<(Date, Decimal)>;

impl Loan {
    /// The day from which the periods are counted.
    pub(crate) fn start(&self) -> Date {
        self.disbursed_on
            .or(self.counted_from)
            .unwrap_or(self.expected_disbursement)
    }

    /// What is paid out, as far as it is known: money has no more digits than its currency.
    pub(crate) fn payouts(&self) -> Payouts {
        let payouts = self.stored_payouts().into_iter();
        payouts.map(|(on, amount)| (on, numbers::money(amount))).collect()
    }

    /// The same with all the digits that are kept.
    pub(super) fn stored_payouts(&self) -> Payouts {
        let of_nothing = self.tranches.iter().all(|tranche| tranche.principal.is_zero());
        if self.tranches.is_empty() || (self.kind.open_tranches && of_nothing) {
            return vec![(self.start(), self.terms.principal)];
        }
        let mut payouts: Payouts = self
            .tranches
            .iter()
            .map(|tranche| (tranche.paid_on.unwrap_or(tranche.expected_on), tranche.principal))
            .collect();
        payouts.sort_by_key(|(on, _)| *on);
        payouts
    }

    /// The terms that the schedule is made with.
    pub(crate) fn planned(&self) -> Terms {
        Terms {
            principal: numbers::money(self.terms.principal),
            rate: self.plan.rate,
            rate_frequency: self.plan.rate_frequency,
            shape: self.plan.shape.clone(),
            ..self.terms.clone()
        }
    }

    /// The periods, none if nothing is to be repaid; `None` if an approval moved the loan past its tranches, whose
    /// schedule is not simulated.
    pub(crate) fn periods(&self) -> Option<Vec<Period>> {
        if self.moved_past_tranches && self.disbursed_on.is_none() {
            return None;
        }
        if !self.plan.has_principal {
            return Some(Vec::new());
        }
        if let Some((recalculation, on)) = self.kind.recalculation.zip(self.recalculated_on)
            && self.disbursed_on.is_some()
        {
            return Some(self.recalculated(recalculation, on).unwrap_or_default());
        }
        let periods = self.with_down_payments();
        Some(match self.foreclosed_on {
            Some(on) => cut(&periods, on),
            None => periods,
        })
    }

    /// The periods of the terms: what is paid back at once has one of its own, on the day of its payout.
    fn with_down_payments(&self) -> Vec<Period> {
        let (mut payouts, mut terms) = (self.payouts(), self.planned());
        let mut first = Vec::new();
        if let Some(down_payment) = self.kind.down_payment {
            for (on, amount) in &mut payouts {
                let principal = down_payment.of(*amount);
                *amount -= principal;
                terms.principal -= principal;
                first.push(Period {
                    from: *on,
                    due: *on,
                    principal,
                    interest: Decimal::ZERO,
                    balance: *amount,
                });
            }
        }
        first.extend(terms.periods(self.start(), &payouts).unwrap_or_default());
        first.sort_by_key(|period| period.due);
        first
    }
}

/// The periods of a loan that is foreclosed on this day: those that were due stand, and the one that runs ends with all
/// that is left of the principal and the interest of its days so far.
pub(crate) fn cut(periods: &[Period], on: Date) -> Vec<Period> {
    let mut kept: Vec<Period> = periods.iter().filter(|period| period.due <= on).cloned().collect();
    let rest = periods.iter().filter(|period| period.due > on);
    let principal: Decimal = rest.map(|period| period.principal).sum();
    let running = periods.iter().find(|period| period.due > on);
    match (running.filter(|running| running.from < on), kept.last_mut()) {
        (Some(running), _) => {
            let days = Decimal::from((on - running.from).whole_days());
            let interest = numbers::money(running.interest * days / Decimal::from(running.days()));
            kept.push(Period {
                from: running.from,
                due: on,
                principal,
                interest,
                balance: Decimal::ZERO,
            });
        }
        (None, Some(last)) => {
            last.principal += principal;
            last.balance = Decimal::ZERO;
        }
        // It ends on the day on which it began.
        (None, None) => kept.extend(periods.first().map(|_| Period {
            from: on,
            due: on,
            principal,
            interest: Decimal::ZERO,
            balance: Decimal::ZERO,
        })),
    }
    kept
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::{
        enums::{Frequency, PER_YEAR},
        loans::Shape,
    };

    const FLAT: i64 = 1;
    const EQUAL_PRINCIPAL: i64 = 0;
    const DAILY: i64 = 0;

    fn terms(principal: i64, repayments: i64, frequency: Frequency, rate: i64) -> Terms {
        Terms {
            principal: Decimal::from(principal),
            term: repayments,
            term_frequency: frequency,
            repayments,
            every: 1,
            frequency,
            rate: Decimal::from(rate),
            rate_frequency: PER_YEAR,
            amortization: 1,
            interest: 0,
            interest_calculation: 1,
            strategy: String::new(),
            shape: Shape::default(),
        }
    }

    #[test]
    fn all_is_repaid_whatever_the_terms() {
        let start = date!(2026 - 01 - 31);
        let months = Frequency::Months;
        for terms in [
            terms(10_000, 12, months, 12),
            terms(1, 360, months, 60),
            terms(10_000_000, 360, Frequency::Years, 60),
            terms(10_000, 7, Frequency::Days, 0),
            terms(10_000, 360, Frequency::Weeks, 36),
            Terms {
                interest: FLAT,
                ..terms(22_222, 12, Frequency::Weeks, 12)
            },
            Terms {
                amortization: EQUAL_PRINCIPAL,
                ..terms(10_000, 7, months, 12)
            },
            Terms {
                interest_calculation: DAILY,
                ..terms(10_000, 12, months, 12)
            },
        ] {
            let half = terms.principal / Decimal::TWO;
            let at_once = vec![(start, terms.principal)];
            let in_two = vec![(start, half), (date!(2026 - 02 - 10), half)];
            for payouts in [at_once, in_two] {
                let periods = terms.periods(start, &payouts).unwrap();
                let repaid: Decimal = periods.iter().map(|period| period.principal).sum();
                assert_eq!(repaid, terms.principal, "{terms:?}");
                assert_eq!(i64::try_from(periods.len()), Ok(terms.repayments));
                assert_eq!(periods.last().unwrap().balance, Decimal::ZERO, "{terms:?}");
                assert!(
                    periods.iter().all(|period| period.interest >= Decimal::ZERO),
                    "{terms:?}"
                );
                assert!(periods.windows(2).all(|pair| pair[0].due == pair[1].from));
            }
        }
    }

    #[test]
    fn a_foreclosure_ends_the_period_that_runs() {
        let terms = terms(12_000, 12, Frequency::Months, 12);
        let start = date!(2026 - 02 - 01);
        let periods = terms.periods(start, &[(start, terms.principal)]).unwrap();
        for (on, count, interest) in [
            (start, 1, "0"),
            (date!(2026 - 02 - 15), 1, "60.00"),
            (date!(2026 - 03 - 01), 1, "120.00"),
            (date!(2026 - 04 - 01), 2, "230.54"),
            (date!(2026 - 04 - 16), 3, "281.03"),
            (date!(2027 - 02 - 01), 12, "794.23"),
        ] {
            let cut = cut(&periods, on);
            assert_eq!(cut.len(), count, "{on}");
            let sum = |of: fn(&Period) -> Decimal| -> Decimal { cut.iter().map(of).sum() };
            assert_eq!(sum(|period| period.principal), terms.principal, "{on}");
            assert_eq!(sum(|period| period.interest).to_string(), interest, "{on}");
        }
    }
}
