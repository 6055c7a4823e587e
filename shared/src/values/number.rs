//! Amounts, rates and counts: decimals, never binary floats.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde_json::{Number, Value};

use super::{FaultCode, FromJson, Rules, Shape, Wrong, wrong_type};

/// Most digits of an amount, and how many of them may follow the point (Fineract's `DECIMAL(19,6)`).
const AMOUNT_DIGITS_MAX: usize = 19;
/// Most digits after the point, of amounts and rates.
const SCALE_MAX: u32 = 6;
/// Highest interest rate.
const RATE_MAX: u32 = 1_000;
/// Highest term and number of repayments.
const COUNT_MAX: u32 = 10_000;
/// Longest numeral that is read at all.
const NUMERAL_LENGTH_MAX: usize = 64;

/// An amount of money above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(Decimal);

/// An interest rate, 0 to 1000 per period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(Decimal);

/// A whole number from 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(u32);

/// The unit of a loan's term and of the time between its repayments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermUnit {
    /// Days.
    Days,
    /// Weeks.
    Weeks,
    /// Months, where nothing is said.
    Months,
    /// Years.
    Years,
}

impl Amount {
    /// The amount as the caller wrote it.
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl Rate {
    /// The rate as the caller wrote it.
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl Count {
    /// The count.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TermUnit {
    /// Fineract's number for it (`periodFrequencyType`).
    pub const fn code(self) -> u32 {
        match self {
            Self::Days => 0,
            Self::Weeks => 1,
            Self::Months => 2,
            Self::Years => 3,
        }
    }
}

/// A number for Fineract, with the digits that it has.
fn number(decimal: Decimal) -> Value {
    Number::from_str(&decimal.to_string()).map_or(Value::Null, Value::Number)
}

impl From<Amount> for Value {
    fn from(amount: Amount) -> Self {
        number(amount.0)
    }
}

impl From<Rate> for Value {
    fn from(rate: Rate) -> Self {
        number(rate.0)
    }
}

impl From<Count> for Value {
    fn from(count: Count) -> Self {
        Self::from(count.0)
    }
}

impl FromJson for Amount {
    const SHAPE: Shape = Shape::Amount;

    fn from_json(value: &Value, _: &Rules) -> Result<Self, Wrong> {
        let amount = parse(value)?;
        if amount <= Decimal::ZERO {
            return Err(Wrong::new(FaultCode::NotPositive, "must be greater than 0"));
        }
        let amount = scaled(amount)?;
        if digits(amount) > AMOUNT_DIGITS_MAX {
            let detail = format!("must have at most {AMOUNT_DIGITS_MAX} digits");
            return Err(Wrong::new(FaultCode::TooManyDigits, detail));
        }
        Ok(Self(amount))
    }
}

impl FromJson for Rate {
    const SHAPE: Shape = Shape::Rate { max: RATE_MAX };

    fn from_json(value: &Value, _: &Rules) -> Result<Self, Wrong> {
        let rate = parse(value)?;
        if rate < Decimal::ZERO || rate > Decimal::from(RATE_MAX) {
            return Err(Wrong::new(
                FaultCode::OutOfRange,
                format!(
                    "must be from 0 to {RATE_MAX}: percent for the period of the loan product, which is a year or a month"
                ),
            ));
        }
        scaled(rate).map(Self)
    }
}

impl FromJson for Count {
    const SHAPE: Shape = Shape::Count { max: COUNT_MAX };

    fn from_json(value: &Value, _: &Rules) -> Result<Self, Wrong> {
        let count = parse(value)?.normalize();
        if count.scale() > 0 {
            return Err(Wrong::new(FaultCode::NotWhole, "must be a whole number"));
        }
        u32::try_from(count)
            .ok()
            .filter(|count| (1..=COUNT_MAX).contains(count))
            .map(Self)
            .ok_or_else(|| Wrong::new(FaultCode::OutOfRange, format!("must be from 1 to {COUNT_MAX}")))
    }
}

impl FromJson for TermUnit {
    const SHAPE: Shape = Shape::OneOf(&["days", "weeks", "months", "years"]);

    fn from_json(value: &Value, _: &Rules) -> Result<Self, Wrong> {
        let Value::String(text) = value else {
            return Err(wrong_type("one of days, weeks, months, years", value));
        };
        match text.to_ascii_lowercase().as_str() {
            "days" => Ok(Self::Days),
            "weeks" => Ok(Self::Weeks),
            "months" => Ok(Self::Months),
            "years" => Ok(Self::Years),
            "" => Err(Wrong::new(
                FaultCode::Empty,
                "must not be empty; leave it out for months",
            )),
            _ => Err(Wrong::new(
                FaultCode::UnknownValue,
                "must be one of days, weeks, months, years",
            )),
        }
    }
}

/// A number of Fineract's answers.
pub fn decimal_of(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => read(&number.to_string()).ok(),
        Value::String(text) => read(text).ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn parse(value: &Value) -> Result<Decimal, Wrong> {
    match value {
        Value::Number(number) => read(&number.to_string()),
        Value::String(text) if text.is_empty() => Err(Wrong::new(
            FaultCode::Empty,
            "must not be empty; leave the field out if there is no value",
        )),
        Value::String(text) if is_plain(text) => read(text),
        Value::String(_) => Err(Wrong::new(
            FaultCode::NotANumber,
            "must be a number, or a string of digits with at most one point",
        )),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(wrong_type("a number", value)),
    }
}

/// A plain decimal: no exponent, no grouping, no blanks.
fn is_plain(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    [whole, fraction]
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn read(text: &str) -> Result<Decimal, Wrong> {
    let too_many = || {
        Wrong::new(
            FaultCode::TooManyDigits,
            "has more digits than an amount or a rate can have",
        )
    };
    if text.len() > NUMERAL_LENGTH_MAX {
        return Err(too_many());
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let decimal = Decimal::from_str_exact(mantissa).ok().zip(exponent.parse().ok());
    decimal
        .and_then(|(mantissa, exponent)| shifted(mantissa, exponent))
        .ok_or_else(too_many)
}

/// The number times a power of ten, exactly or not at all.
fn shifted(number: Decimal, exponent: i32) -> Option<Decimal> {
    let scale = i64::from(number.scale()) - i64::from(exponent);
    match u32::try_from(scale) {
        Ok(scale) => Decimal::try_from_i128_with_scale(number.mantissa(), scale).ok(),
        Err(_) => {
            let factor = 10_i128.checked_pow(u32::try_from(-scale).ok()?)?;
            Decimal::try_from_i128_with_scale(number.mantissa().checked_mul(factor)?, 0).ok()
        }
    }
}

/// The number with the digits it was written with, unless only zeros too many follow its point.
fn scaled(number: Decimal) -> Result<Decimal, Wrong> {
    if number.scale() <= SCALE_MAX {
        return Ok(number);
    }
    let shortest = number.normalize();
    if shortest.scale() > SCALE_MAX {
        let detail = format!("must have at most {SCALE_MAX} digits after the point");
        return Err(Wrong::new(FaultCode::TooManyDigits, detail));
    }
    Ok(shortest)
}

fn digits(number: Decimal) -> usize {
    number.mantissa().unsigned_abs().to_string().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::testing::read as read_as;

    fn sent<T: FromJson + Into<Value>>(json: &str) -> Result<String, &'static str> {
        read_as::<T>(json).map(|value| value.into().to_string())
    }

    #[test]
    fn amounts_keep_their_digits() {
        for (json, expected) in [
            ("0.1", Ok("0.1")),
            ("123456789.12", Ok("123456789.12")),
            ("100000.10", Ok("100000.10")),
            ("100000", Ok("100000")),
            ("\"100000\"", Ok("100000")),
            ("\"0100.50\"", Ok("100.50")),
            ("1e5", Ok("100000")),
            ("1.5E+3", Ok("1500")),
            ("15e-1", Ok("1.5")),
            ("9999999999999.999999", Ok("9999999999999.999999")),
            ("1.000000000", Ok("1")),
            ("99999999999999.999999", Err("too-many-digits")),
            ("0.0000001", Err("too-many-digits")),
            ("1e400", Err("too-many-digits")),
            ("1e-400", Err("too-many-digits")),
            ("99.99999999999999999999999999999999e0", Err("too-many-digits")),
            ("0.00012e4", Ok("1.2")),
            ("1e28", Err("too-many-digits")),
            ("0", Err("not-positive")),
            ("-0.0", Err("not-positive")),
            ("-5", Err("not-positive")),
            ("\"\"", Err("empty")),
            ("\"10,000\"", Err("not-a-number")),
            ("\"1e5\"", Err("not-a-number")),
            ("\" 1\"", Err("not-a-number")),
            ("\"1.\"", Err("not-a-number")),
            ("\".5\"", Err("not-a-number")),
            ("\"ten\"", Err("not-a-number")),
            ("true", Err("wrong-type")),
            ("[1]", Err("wrong-type")),
        ] {
            assert_eq!(sent::<Amount>(json), expected.map(str::to_owned), "{json}");
        }
        let long = format!("\"{}\"", "9".repeat(65));
        assert_eq!(sent::<Amount>(&long), Err("too-many-digits"));
    }

    #[test]
    fn rates_and_counts_have_ranges() {
        for (json, expected) in [
            ("0", Ok("0")),
            ("8.3", Ok("8.3")),
            ("\"8.30\"", Ok("8.30")),
            ("1000", Ok("1000")),
            ("1000.000001", Err("out-of-range")),
            ("-0.1", Err("out-of-range")),
            ("1.0000001", Err("too-many-digits")),
        ] {
            assert_eq!(sent::<Rate>(json), expected.map(str::to_owned), "{json}");
        }
        for (json, expected) in [
            ("1", Ok("1")),
            ("\"12\"", Ok("12")),
            ("12.0", Ok("12")),
            ("10000", Ok("10000")),
            ("10001", Err("out-of-range")),
            ("0", Err("out-of-range")),
            ("-1", Err("out-of-range")),
            ("99999999999999", Err("out-of-range")),
            ("1.5", Err("not-whole")),
            ("null", Err("wrong-type")),
        ] {
            assert_eq!(sent::<Count>(json), expected.map(str::to_owned), "{json}");
        }
    }
}
