//! Amounts: decimals from the JSON text to the JSON text, never binary floats.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Number, Value};

/// Digits after the point of the only currency, INR.
const CURRENCY_DIGITS: u32 = 2;
/// Digits after the point that the database keeps of rates and amounts.
const STORED_DIGITS: u32 = 6;

/// Digits before the point that the database keeps of amounts.
const AMOUNT_DIGITS: u32 = 13;

/// Java writes binary numbers from this on with an exponent.
const PLAIN_BELOW: u32 = 10_000_000;

/// Whether the column of amounts holds it.
pub(crate) fn fits(amount: Decimal) -> bool {
    amount.abs() < Decimal::from(10_i64.pow(AMOUNT_DIGITS))
}

/// Reads a decimal number as JSON or Java write it, an exponent included.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

/// An amount rounded to the currency as Fineract does, silently and half to even.
pub(crate) fn money(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(CURRENCY_DIGITS, RoundingStrategy::MidpointNearestEven)
}

/// A rate rounded to what the database keeps.
pub(crate) fn stored(rate: Decimal) -> Decimal {
    rate.round_dp_with_strategy(STORED_DIGITS, RoundingStrategy::MidpointNearestEven)
}

/// The text of a decimal in reads: no superfluous zeros, but one digit after the point at least (`100000.0`, `8.3`).
pub(crate) fn text(amount: Decimal) -> String {
    let text = amount.normalize().to_string();
    if text.contains('.') { text } else { format!("{text}.0") }
}

/// The text of a decimal that Java turned into a binary number on its way: from ten millions on it keeps the digits that
/// count, and no zero after the point (`10000001`, `2.5E+7`).
pub(crate) fn doubled(amount: Decimal) -> String {
    let normal = amount.normalize();
    if normal.abs() < Decimal::from(PLAIN_BELOW) {
        return text(amount);
    }
    let digits: String = normal.mantissa().unsigned_abs().to_string();
    let significant = digits.trim_end_matches('0').len().max(2);
    let exponent = normal.trunc().abs().to_string().len() - 1;
    if significant > exponent {
        return normal.to_string();
    }
    let sign = if normal.is_sign_negative() { "-" } else { "" };
    let (first, rest) = digits[..significant].split_at(1);
    format!("{sign}{first}.{rest}E+{exponent}")
}

/// The number of [`doubled`].
pub(crate) fn as_double(amount: Decimal) -> Value {
    Value::Number(Number::from_string_unchecked(doubled(amount)))
}

/// The number of [`text`].
pub(crate) fn printed(amount: Decimal) -> Value {
    Value::Number(Number::from_string_unchecked(text(amount)))
}

/// The number of [`text`]; of nothing, a bare zero, as reads print what was never stored.
pub(crate) fn or_nothing(amount: Decimal) -> Value {
    if amount.is_zero() {
        Value::from(0)
    } else {
        printed(amount)
    }
}

/// The number of [`text`]; nothing at all of nothing.
pub(crate) fn unless_zero(amount: Decimal) -> Value {
    if amount.is_zero() { Value::Null } else { printed(amount) }
}

/// The number as it was sent, which `changes` repeat (`200000`, `10.50`).
pub(crate) fn as_sent(amount: Decimal) -> Value {
    Value::Number(Number::from_string_unchecked(amount.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_fineract_prints() {
        for (sent, read) in [
            ("100000", "100000.0"),
            ("1e5", "100000.0"),
            ("1E+4", "10000.0"),
            ("0.10", "0.1"),
            ("123456789.12", "123456789.12"),
            ("8.300000", "8.3"),
        ] {
            assert_eq!(text(decimal(sent).unwrap()), read);
        }
        for (sent, told) in [
            ("10", "10.0"),
            ("-1", "-1.0"),
            ("9999999.99", "9999999.99"),
            ("10000000", "1.0E+7"),
            ("10000000.01", "10000000.01"),
            ("10000001", "10000001"),
            ("25000000", "2.5E+7"),
            ("-12345670", "-1.234567E+7"),
            ("123456789.5", "123456789.5"),
        ] {
            assert_eq!(doubled(decimal(sent).unwrap()), told);
        }
        assert_eq!(text(money(decimal("12345.678").unwrap())), "12345.68");
        assert_eq!(text(stored(decimal("12.3456789").unwrap())), "12.345679");
        assert_eq!(as_sent(decimal("10.50").unwrap()).to_string(), "10.50");
    }
}
