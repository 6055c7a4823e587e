//! Interest that follows what was really paid, and when.

use rust_decimal::Decimal;
use time::Date;

use super::{Loan, books::Books, schedule::Period, terms::Terms, transactions::TransactionKind};
use crate::{kinds::Recalculation, numbers};

/// What the interest of a loan follows.
struct Course<'a> {
    terms: &'a Terms,
    start: Date,
    principal: Decimal,
    /// What of the principal was paid, by the day from which that counts.
    paid: Vec<(Date, Decimal)>,
    /// From this day on, the schedule is believed: what it asks for counts as paid.
    believed_from: Date,
    /// The day on which the loan ends, if it ends before its time.
    until: Option<Date>,
}

impl Loan {
    /// The periods of a loan whose interest was recalculated on this day.
    pub(super) fn recalculated(&self, recalculation: Recalculation, today: Date) -> Option<Vec<Period>> {
        if self.foreclosed_on.is_some() {
            return self.recalculated_until(recalculation, today, self.foreclosed_on);
        }
        // What pays everything that is owed on its day ends the loan there.
        let payments = || self.standing().filter(|booked| booked.kind.is_payment());
        let last = payments().map(|booked| booked.on).max();
        let written_off = self.standing().any(|booked| booked.kind == TransactionKind::WriteOff);
        if last.is_some() && !written_off {
            let cut = self.recalculated_until(recalculation, today, last)?;
            let books = Books::over(self, cut.clone(), true);
            if books.outstanding().total().is_zero() {
                return Some(cut);
            }
        }
        self.recalculated_until(recalculation, today, None)
    }

    /// Interest depends on what was paid, and what a payment is taken for on interest: both are looked at in turn until
    /// nothing changes any more, which is soon, since a payment moves only the interest after it.
    fn recalculated_until(
        &self,
        recalculation: Recalculation,
        today: Date,
        until: Option<Date>,
    ) -> Option<Vec<Period>> {
        let terms = self.planned();
        let start = self.start();
        let rest = |on: Date| recalculation.next_rest(start, &terms, on);
        let mut course = Course {
            terms: &terms,
            start,
            principal: terms.principal,
            paid: Vec::new(),
            believed_from: rest(today)?,
            until,
        };
        let mut periods = course.periods()?;
        for _ in 0..=terms.repayments {
            let books = Books::over(self, periods.clone(), until.is_some());
            course.paid = self
                .standing()
                .filter(|booked| booked.kind.is_payment())
                .map(|booked| Some((rest(booked.on)?, books.of_transaction(booked.id).portions.principal)))
                .collect::<Option<_>>()?;
            let anew = course.periods()?;
            if anew == periods {
                break;
            }
            periods = anew;
        }
        Some(periods)
    }
}

impl Course<'_> {
    fn periods(&self) -> Option<Vec<Period>> {
        let instalment = self.terms.instalment(self.terms.rate_of_instalment(self.start)?)?;
        let (mut periods, mut repaid) = (Vec::new(), Decimal::ZERO);
        for number in 1..=self.terms.repayments {
            let from = self.terms.due(self.start, number - 1)?;
            let whole = self.terms.due(self.start, number)?;
            let due = self.until.map_or(whole, |until| until.min(whole));
            let last = number == self.terms.repayments || self.until.is_some_and(|until| until <= whole);
            let interest = self.interest(from, due, repaid);
            let open = self.principal - repaid;
            let principal = if last {
                open
            } else {
                let share = self.terms.share_of_principal(number, instalment, interest);
                share.clamp(Decimal::ZERO, open)
            };
            repaid += principal;
            periods.push(Period {
                from,
                due,
                principal,
                interest,
                balance: self.principal - repaid,
            });
            if last {
                break;
            }
        }
        Some(periods)
    }

    /// The interest between two days, before which the schedule has asked for this much of the principal.
    fn interest(&self, from: Date, due: Date, asked: Decimal) -> Decimal {
        let moved = self.paid.iter().map(|(on, _)| *on).chain([self.believed_from]);
        let mut days: Vec<Date> = moved.filter(|on| *on > from && *on < due).collect();
        days.extend([from, due]);
        days.sort_unstable();
        days.dedup();
        let stretches = days.iter().zip(days.iter().skip(1));
        stretches
            .map(|(from, to)| numbers::money(self.balance(*from, asked) * self.terms.rate_of(1, *from, *to)))
            .sum()
    }

    /// What bears interest on a day.
    fn balance(&self, on: Date, asked: Decimal) -> Decimal {
        let counts = self.paid.iter().filter(|(from, _)| *from <= on);
        let paid: Decimal = counts.map(|(_, amount)| *amount).sum();
        let repaid = if on < self.believed_from { paid } else { paid.max(asked) };
        (self.principal - repaid).max(Decimal::ZERO)
    }
}
