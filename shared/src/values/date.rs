//! Calendar dates as callers and Fineract write them.

use std::fmt;

use serde_json::Value;
use time::Month;

use super::{FaultCode, FromJson, Rules, Shape, Wrong, wrong_type};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SHORT_LENGTH: usize = 3;

/// A calendar date. Written as Fineract gets it: `01 January 2026` (`dd MMMM yyyy`, locale `en`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(time::Date);

impl Date {
    /// Reads `dd MMMM yyyy`: English month names in any case, also short, and one-digit days, as Fineract does.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if parts.next().is_some() || !(1..=2).contains(&day.len()) || year.len() != 4 || !digits(day) || !digits(year) {
            return None;
        }
        let index = MONTHS.iter().position(|name| {
            name.eq_ignore_ascii_case(month)
                || name
                    .get(..SHORT_LENGTH)
                    .is_some_and(|short| short.eq_ignore_ascii_case(month))
        })?;
        let month = Month::try_from(u8::try_from(index).ok()? + 1).ok()?;
        let year = year.parse().ok().filter(|year| *year > 0)?;
        time::Date::from_calendar_date(year, month, day.parse().ok()?)
            .ok()
            .map(Self)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02} {} {:04}", self.0.day(), self.0.month(), self.0.year())
    }
}

impl From<Date> for Value {
    fn from(date: Date) -> Self {
        Self::String(date.to_string())
    }
}

impl FromJson for Date {
    const SHAPE: Shape = Shape::Date;

    fn from_json(value: &Value, _: &Rules) -> Result<Self, Wrong> {
        let Value::String(text) = value else {
            return Err(wrong_type("a date of the form 01 January 2026", value));
        };
        if text.is_empty() {
            return Err(Wrong::new(
                FaultCode::Empty,
                "must not be empty; a date is written 01 January 2026",
            ));
        }
        Self::parse(text).ok_or_else(|| {
            Wrong::new(
                FaultCode::NotADate,
                "must be a calendar date of the form 01 January 2026",
            )
        })
    }
}

/// A date of Fineract's answers: `[2026,1,11]`.
pub fn from_fineract(value: &Value) -> Option<Date> {
    let parts: Vec<i64> = value.as_array()?.iter().map(Value::as_i64).collect::<Option<_>>()?;
    let [year, month, day] = parts[..] else { return None };
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    time::Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?)
        .ok()
        .map(Date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::testing::read;

    #[test]
    fn dates_are_read_as_callers_write_them_and_written_in_one_form() {
        for (text, expected) in [
            ("\"01 January 2026\"", Ok("01 January 2026")),
            ("\"1 january 2026\"", Ok("01 January 2026")),
            ("\"1 JAN 2026\"", Ok("01 January 2026")),
            ("\"29 February 2028\"", Ok("29 February 2028")),
            ("\"31 february 2026\"", Err("not-a-date")),
            ("\"29 February 2026\"", Err("not-a-date")),
            ("\"00 January 2026\"", Err("not-a-date")),
            ("\"001 January 2026\"", Err("not-a-date")),
            ("\"+1 January 2026\"", Err("not-a-date")),
            ("\"1 Janu 2026\"", Err("not-a-date")),
            ("\"1  January 2026\"", Err("not-a-date")),
            ("\" 1 January 2026\"", Err("not-a-date")),
            ("\"1 January 26\"", Err("not-a-date")),
            ("\"1 January 0000\"", Err("not-a-date")),
            ("\"2026-01-01\"", Err("not-a-date")),
            ("\"01 janvier 2026\"", Err("not-a-date")),
            ("\"\"", Err("empty")),
            ("20260101", Err("wrong-type")),
            ("[2026,1,1]", Err("wrong-type")),
        ] {
            assert_eq!(
                read::<Date>(text).map(|date| date.to_string()),
                expected.map(str::to_owned),
                "{text}"
            );
        }
    }

    #[test]
    fn dates_of_fineract_are_arrays() {
        let date = Date::parse("11 January 2026").unwrap();
        assert_eq!(from_fineract(&serde_json::json!([2026, 1, 11])), Some(date));
        for other in [
            serde_json::json!([2026, 1, 12]),
            serde_json::json!([2026, 13, 1]),
            serde_json::json!(null),
        ] {
            assert_ne!(from_fineract(&other), Some(date), "{other}");
        }
    }
}
