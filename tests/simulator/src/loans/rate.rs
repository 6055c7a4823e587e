//! How much interest a stretch of time bears.

use rust_decimal::Decimal;
use time::Date;

use super::terms::Terms;
use crate::enums::Frequency;

const DAILY: i64 = 0;
/// How days are counted: as the calendar has them.
const ACTUAL: i64 = 1;
/// The year of rates per day if they are counted as the calendar has them, leap year or not.
const DAYS_IN_YEAR: i64 = 365;
const DAYS_IN_MONTH: i64 = 30;

impl Terms {
    /// The rate of so many periods that begin and end on these days, as a fraction: by their days, or whatever their days.
    pub(super) fn rate_of(&self, periods: i64, from: Date, to: Date) -> Decimal {
        let annual = self.annual_rate() / Decimal::ONE_HUNDRED;
        let counted = self.interest_calculation == DAILY || self.shape.partial_periods;
        let from = self
            .shape
            .charged_from
            .filter(|_| counted)
            .map_or(from, |on| on.max(from));
        if from > to {
            return Decimal::ZERO;
        }
        if self.interest_calculation == DAILY {
            return annual * self.days(from, to) / Decimal::from(self.days_in_year());
        }
        let periods = if self.shape.partial_periods {
            self.frequency.between(from, to)
        } else {
            Decimal::from(periods * self.every)
        };
        annual * periods / Decimal::from(self.periods_per_year())
    }

    /// The rate by which an instalment is found: that of one period from the disbursement on, whenever the first repayment
    /// is due.
    pub(super) fn rate_of_instalment(&self, start: Date) -> Option<Decimal> {
        let whole = Self {
            shape: super::Shape {
                charged_from: None,
                partial_periods: false,
                // However days are counted, an instalment is found by months of this many.
                days_in_month: DAYS_IN_MONTH,
                ..self.shape.clone()
            },
            ..self.clone()
        };
        Some(whole.rate_of(1, start, self.frequency.after(start, self.every)?))
    }

    /// How many days are counted between two.
    fn days(&self, from: Date, to: Date) -> Decimal {
        let by_convention = match self.frequency {
            Frequency::Months if self.shape.days_in_month != ACTUAL => self.shape.days_in_month,
            Frequency::Years if self.shape.days_in_year != ACTUAL => self.shape.days_in_year,
            Frequency::Days | Frequency::Weeks | Frequency::Months | Frequency::Years => {
                return Decimal::from((to - from).whole_days());
            }
        };
        self.frequency.between(from, to) * Decimal::from(by_convention)
    }

    fn days_in_year(&self) -> i64 {
        match self.shape.days_in_year {
            ACTUAL => DAYS_IN_YEAR,
            counted => counted,
        }
    }

    fn periods_per_year(&self) -> i64 {
        if self.frequency == Frequency::Days {
            self.days_in_year()
        } else {
            self.frequency.per_year()
        }
    }
}

impl Frequency {
    /// How many of its periods lie between two days; a part of one is counted by its days.
    fn between(self, from: Date, to: Date) -> Decimal {
        let days = |from: Date, to: Date| Decimal::from((to - from).whole_days());
        let months = |date: Date| i64::from(date.year()) * 12 + i64::from(u8::from(date.month()));
        let whole = match self {
            Self::Days => return days(from, to),
            Self::Weeks => return days(from, to) / Decimal::from(7),
            Self::Months => months(to) - months(from),
            Self::Years => (months(to) - months(from)) / 12,
        };
        // The last of them may not be over yet.
        let over = |count: &i64| self.after(from, *count).is_some_and(|end| end <= to);
        let whole = [whole, whole - 1].into_iter().find(over).unwrap_or_default();
        let (Some(begun), Some(end)) = (self.after(from, whole), self.after(from, whole + 1)) else {
            return Decimal::from(whole);
        };
        Decimal::from(whole) + days(begun, to) / days(begun, end)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn periods_between_two_days() {
        let half = Decimal::ONE / Decimal::TWO;
        for (frequency, from, to, expected) in [
            (
                Frequency::Days,
                date!(2026 - 01 - 05),
                date!(2026 - 01 - 15),
                Decimal::TEN,
            ),
            (
                Frequency::Weeks,
                date!(2026 - 01 - 05),
                date!(2026 - 01 - 19),
                Decimal::TWO,
            ),
            (
                Frequency::Months,
                date!(2026 - 01 - 05),
                date!(2026 - 03 - 05),
                Decimal::TWO,
            ),
            (
                Frequency::Months,
                date!(2026 - 01 - 05),
                date!(2026 - 02 - 19),
                Decimal::ONE + half,
            ),
            (Frequency::Months, date!(2026 - 02 - 05), date!(2026 - 02 - 19), half),
            (
                Frequency::Months,
                date!(2026 - 01 - 31),
                date!(2026 - 02 - 28),
                Decimal::ONE,
            ),
            (
                Frequency::Years,
                date!(2026 - 01 - 05),
                date!(2028 - 01 - 05),
                Decimal::TWO,
            ),
        ] {
            assert_eq!(frequency.between(from, to), expected, "{frequency:?} {from} {to}");
        }
    }
}
