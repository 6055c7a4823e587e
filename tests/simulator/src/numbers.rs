//! Amounts: decimals from the JSON text to the JSON text, never binary floats.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Number, Value};

/// Digits after the point of the only currency, INR.
const CURRENCY_DIGITS: u32 = 2;
/// Digits after the point that the database keeps of rates and amounts.
const STORED_DIGITS: u32 = 6;

/// Digits before the point that the database keeps of amounts.
const AMOUNT_DIGITS: u32 = 13;

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
        assert_eq!(text(money(decimal("12345.678").unwrap())), "12345.68");
        assert_eq!(text(stored(decimal("12.3456789").unwrap())), "12.345679");
        assert_eq!(as_sent(decimal("10.50").unwrap()).to_string(), "10.50");
    }
}
