//! When a loan is to be repaid, and how much of it is interest.

use rust_decimal::Decimal;
use time::Date;

use super::{Loan, terms::Terms};
use crate::numbers;

const FLAT: i64 = 1;
const EQUAL_PRINCIPAL: i64 = 0;
const DAILY: i64 = 0;
/// The year of rates per day, leap year or not.
const DAYS_IN_YEAR: i64 = 365;

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
    pub(crate) fn days(&self) -> i64 {
        (self.due - self.from).whole_days()
    }
}

/// What is paid out, and when: the tranches, or all at once.
pub(crate) type Payouts = Vec<(Date, Decimal)>;

impl Loan {
    /// The day from which the periods are counted.
    pub(crate) fn start(&self) -> Date {
        self.disbursed_on.unwrap_or(self.expected_disbursement)
    }

    /// What is paid out, as far as it is known.
    pub(crate) fn payouts(&self) -> Payouts {
        if self.tranches.is_empty() {
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

    /// The periods, none if nothing is to be repaid; `None` if an approval moved the loan past its tranches, whose
    /// schedule is not simulated.
    pub(crate) fn periods(&self) -> Option<Vec<Period>> {
        if self.moved_past_tranches && self.disbursed_on.is_none() {
            return None;
        }
        if !self.plan.has_principal {
            return Some(Vec::new());
        }
        let planned = Terms {
            rate: self.plan.rate,
            rate_frequency: self.plan.rate_frequency,
            ..self.terms.clone()
        };
        let periods = planned.periods(self.start(), &self.payouts()).unwrap_or_default();
        Some(match self.foreclosed_on {
            Some(on) => cut(&periods, on),
            None => periods,
        })
    }
}

impl Terms {
    /// The periods of what is paid out; `None` beyond the calendar or what a number holds.
    pub(crate) fn periods(&self, start: Date, payouts: &[(Date, Decimal)]) -> Option<Vec<Period>> {
        if self.principal.is_zero() {
            return Some(Vec::new());
        }
        let dues: Vec<Date> = (0..=self.repayments)
            .map(|number| self.due(start, number))
            .collect::<Option<_>>()?;
        let bounds = || dues.iter().copied().zip(dues.iter().copied().skip(1));
        let total: Decimal = payouts.iter().map(|(_, amount)| *amount).sum();
        let count = Decimal::from(self.repayments);
        let (first_from, first_due) = bounds().next()?;
        let instalment = self.instalment(self.rate_of(1, first_from, first_due))?;
        let flat_interest = self.rate_of(self.repayments, start, *dues.last()?) * self.principal;
        let (mut periods, mut repaid, mut charged) = (Vec::new(), Decimal::ZERO, Decimal::ZERO);
        for (position, (from, due)) in (1..).zip(bounds()) {
            let last = position == self.repayments;
            let paid_out = |until: Date| -> Decimal {
                let out = payouts.iter().filter(|(on, _)| *on <= until);
                out.map(|(_, amount)| *amount).sum()
            };
            // A payout on a due date belongs to the period that begins with it.
            let balance = paid_out(from.max(start)) - repaid;
            let interest = if self.interest == FLAT {
                let interest = numbers::money(flat_interest / count);
                if last {
                    numbers::money(flat_interest) - charged
                } else {
                    interest
                }
            } else {
                let later = payouts.iter().filter(|(on, _)| *on > from.max(start) && *on < due);
                let on_later: Decimal = later.map(|(on, amount)| *amount * self.rate_of(1, *on, due)).sum();
                numbers::money(balance * self.rate_of(1, from, due) + on_later)
            };
            let open = if last { total - repaid } else { paid_out(due) - repaid };
            let principal = if last {
                open
            } else if self.interest == FLAT || self.amortization == EQUAL_PRINCIPAL {
                numbers::money(self.principal / count)
            } else {
                instalment - interest
            };
            let principal = principal.clamp(Decimal::ZERO, open.max(Decimal::ZERO));
            repaid += principal;
            charged += interest;
            periods.push(Period {
                from,
                due,
                principal,
                interest,
                balance: if last { total - repaid } else { paid_out(due) - repaid },
            });
        }
        Some(periods)
    }

    /// The rate of so many periods, as a fraction: by their days, or whatever their days.
    fn rate_of(&self, periods: i64, from: Date, to: Date) -> Decimal {
        let annual = self.annual_rate() / Decimal::ONE_HUNDRED;
        if self.interest_calculation == DAILY {
            let days = Decimal::from((to - from).whole_days());
            return annual * days / Decimal::from(DAYS_IN_YEAR);
        }
        annual * Decimal::from(periods * self.every) / Decimal::from(self.frequency.per_year())
    }

    /// What is paid each time, principal and interest together.
    fn instalment(&self, rate: Decimal) -> Option<Decimal> {
        let count = Decimal::from(self.repayments);
        if rate.is_zero() {
            return Some(numbers::money(self.principal / count));
        }
        // What one unit at the end is worth now; after very long it is worth nothing.
        let each = Decimal::ONE / (Decimal::ONE + rate);
        let discount = (0..self.repayments).fold(Decimal::ONE, |worth, _| worth * each);
        Some(numbers::money(
            (self.principal * rate).checked_div(Decimal::ONE - discount)?,
        ))
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
    use crate::enums::{Frequency, PER_YEAR};

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
