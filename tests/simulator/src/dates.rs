//! Dates as Fineract reads and prints them.
//!
//! Fineract parses with the caller's `dateFormat`, leniently in form (short month names, any case, one-digit days) and
//! strictly in substance (no 31 February). Reads print arrays, `changes` repeat what was sent.

use serde_json::{Value, json};
use time::{Date, Month};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// The shortest form of a month name that is accepted.
const SHORT_MONTH_LETTERS: usize = 3;
/// From this many letters on, `M` stands for the month's name.
const NAMED_MONTH_LETTERS: usize = 3;

/// Reads `text` by the Java pattern `pattern`; `None` if the pattern is not one of dates, or the text does not fit it.
pub(crate) fn parse(pattern: &str, text: &str, language: &str) -> Option<Date> {
    let mut rest = text;
    let (mut year, mut month, mut day) = (None, None, None);
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut count = 1;
        while letter.is_ascii_alphabetic() && letters.peek() == Some(&letter) {
            letters.next();
            count += 1;
        }
        match letter {
            'y' | 'u' if year.is_none() => year = Some(take_number(&mut rest)?),
            'M' if month.is_none() && count >= NAMED_MONTH_LETTERS => {
                month = Some(take_month_name(&mut rest, language)?)
            }
            'M' if month.is_none() => month = Some(take_number(&mut rest)?),
            'd' if day.is_none() && count <= 2 => day = Some(take_number(&mut rest)?),
            other if other.is_ascii_alphabetic() => return None,
            literal => rest = rest.strip_prefix(literal)?,
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let month = Month::try_from(u8::try_from(month?).ok()?).ok()?;
    Date::from_calendar_date(i32::try_from(year?).ok()?, month, u8::try_from(day?).ok()?).ok()
}

fn take_number(rest: &mut &str) -> Option<u32> {
    let end = rest
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, remainder) = rest.split_at(end);
    *rest = remainder;
    digits.parse().ok()
}

fn take_month_name(rest: &mut &str, language: &str) -> Option<u32> {
    // English is the only language whose month names are known here; Fineract knows all.
    if language != "en" {
        return None;
    }
    let end = rest
        .find(|character: char| !character.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (name, remainder) = rest.split_at(end);
    let name = name.to_ascii_lowercase();
    let number = (1u32..).zip(MONTHS).find_map(|(number, month)| {
        (month == name || (name.len() == SHORT_MONTH_LETTERS && month.starts_with(&name))).then_some(number)
    })?;
    *rest = remainder;
    Some(number)
}

/// `[2026,1,11]`, the form of reads.
pub(crate) fn array(date: Date) -> Value {
    json!([date.year(), u8::from(date.month()), date.day()])
}

/// `2026-01-11`, the form of texts.
pub(crate) fn iso(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// The same day of the month `months` later, or the last day of that month if it is shorter.
pub(crate) fn plus_months(date: Date, months: i64) -> Option<Date> {
    let index = i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1 + months;
    let year = i32::try_from(index.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(index.rem_euclid(12) + 1).ok()?).ok()?;
    Date::from_calendar_date(year, month, date.day().min(month.length(year))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_fineract_reads() {
        let january = Some("2026-01-01".to_owned());
        for (pattern, text, language, expected) in [
            ("dd MMMM yyyy", "01 January 2026", "en", january.clone()),
            ("dd MMMM yyyy", "1 January 2026", "en", january.clone()),
            ("dd MMMM yyyy", "01 Jan 2026", "en", january.clone()),
            ("dd MMMM yyyy", "01 JANUARY 2026", "en", january.clone()),
            ("yyyy-MM-dd", "2026-01-01", "en", january.clone()),
            ("dd MMMM yyyy", "01 January 2026", "hi", None),
            ("dd MMMM yyyy", "31 February 2026", "en", None),
            ("dd MMMM yyyy", "01 Janu 2026", "en", None),
            ("dd MMMM yyyy", "01 January 2026 ", "en", None),
            ("yyyy-MM-dd", "2026-02-31", "en", None),
            ("yyyy-MM-dd", "01-01-2026", "en", None),
            ("yyyy-MM-dd", "01/06/2026", "en", None),
            ("foo-bar", "2026-01-01", "en", None),
            ("YYYY-MM-dd", "2026-01-01", "en", None),
            ("dd mmmm yyyy", "01 January 2026", "en", None),
        ] {
            assert_eq!(
                parse(pattern, text, language).map(iso),
                expected,
                "{pattern:?} {text:?} {language}"
            );
        }
    }

    #[test]
    fn months_end_where_the_month_ends() {
        let date = Date::from_calendar_date(2026, Month::January, 31).unwrap();
        for (months, expected) in [
            (1, "2026-02-28"),
            (2, "2026-03-31"),
            (25, "2028-02-29"),
            (-1, "2025-12-31"),
        ] {
            assert_eq!(plus_months(date, months).map(iso).as_deref(), Some(expected));
        }
    }
}
