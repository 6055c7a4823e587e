//! What Fineract stores of a value that it is sent. A read-back compares with that and with nothing else.
//!
//! Fineract trims the names, the number and the address of a new client, and rounds money to the decimals of its currency;
//! everything else it keeps as it is. Some commands keep what others change: an update of a client does not trim, an update
//! of a loan does not round. So what is shown is compared in the same form as what was sent.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use super::{Amount, Clearable, Count, Email, ExternalId, Label, Lender, Mobile, Name, Rate, TermUnit, decimal_of};

/// Digits after the point that Fineract's database keeps, whatever the currency.
const COLUMN_DECIMALS: u32 = 6;

/// How Fineract rounds money: what a loan or a transaction says of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency {
    decimals: u32,
    multiples_of: u32,
}

impl Currency {
    /// The currency of what Fineract shows. Where it shows none, nothing is known to be rounded.
    pub fn of(thing: &Value) -> Self {
        let number = |member: &str| {
            let number = thing.get("currency")?.get(member)?.as_u64()?;
            u32::try_from(number).ok()
        };
        Self {
            decimals: number("decimalPlaces").unwrap_or(COLUMN_DECIMALS),
            multiples_of: number("inMultiplesOf").unwrap_or(0),
        }
    }

    /// Half to even at the last decimal. Of a currency without decimals, the nearest multiple, and the higher of two.
    fn rounded(self, amount: Decimal) -> Decimal {
        let multiple = Decimal::from(self.multiples_of);
        let amount = if self.decimals == 0 && !multiple.is_zero() {
            let times = (amount / multiple).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
            times * multiple
        } else {
            amount
        };
        amount.round_dp_with_strategy(self.decimals, RoundingStrategy::MidpointNearestEven)
    }
}

/// A text that Fineract stores.
pub trait StoredText {
    /// The text as it is sent.
    fn sent(&self) -> &str;
    /// What Fineract stores of a text of this kind.
    fn as_stored(text: &str) -> &str;
}

/// A number that Fineract stores.
pub trait StoredNumber {
    /// The number as it is sent.
    fn sent(&self) -> Decimal;
    /// What Fineract stores of a number of this kind.
    fn as_stored(number: Decimal, currency: Currency) -> Decimal;
}

/// Without blanks and control characters at both ends, as Java's `trim` does it: other blanks of Unicode stay.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ')
}

macro_rules! stored_text {
    ($($name:ty: $as_stored:expr),* $(,)?) => {$(
        impl StoredText for $name {
            fn sent(&self) -> &str {
                self.as_str()
            }

            fn as_stored(text: &str) -> &str {
                $as_stored(text)
            }
        }
    )*};
}

stored_text! {
    Name: trimmed,
    Mobile: trimmed,
    Email: trimmed,
    ExternalId: std::convert::identity,
    Label: std::convert::identity,
    Lender: std::convert::identity,
}

impl<T: StoredText> StoredText for Clearable<T> {
    fn sent(&self) -> &str {
        self.value().map_or("", T::sent)
    }

    fn as_stored(text: &str) -> &str {
        T::as_stored(text)
    }
}

impl StoredNumber for Amount {
    fn sent(&self) -> Decimal {
        self.decimal()
    }

    fn as_stored(number: Decimal, currency: Currency) -> Decimal {
        currency.rounded(number)
    }
}

/// What a charge is asked to be, an amount or a percentage: Fineract rounds what it comes to, and keeps this.
#[derive(Clone, Copy, Debug)]
pub struct Charged(pub Amount);

impl StoredNumber for Charged {
    fn sent(&self) -> Decimal {
        self.0.decimal()
    }

    fn as_stored(number: Decimal, _: Currency) -> Decimal {
        number
    }
}

impl StoredNumber for Rate {
    fn sent(&self) -> Decimal {
        self.decimal()
    }

    fn as_stored(number: Decimal, _: Currency) -> Decimal {
        number
    }
}

impl StoredNumber for Count {
    fn sent(&self) -> Decimal {
        self.get().into()
    }

    fn as_stored(number: Decimal, _: Currency) -> Decimal {
        number
    }
}

impl StoredNumber for TermUnit {
    fn sent(&self) -> Decimal {
        self.code().into()
    }

    fn as_stored(number: Decimal, _: Currency) -> Decimal {
        number
    }
}

/// Whether Fineract shows what it stores of this text. What it does not show is empty.
pub fn shows_text<T: StoredText>(shown: Option<&Value>, sent: &T) -> bool {
    let shown = shown.and_then(Value::as_str).unwrap_or_default();
    T::as_stored(shown) == T::as_stored(sent.sent())
}

/// Whether Fineract shows what it stores of this number.
pub fn shows_number<T: StoredNumber>(shown: Option<&Value>, sent: &T, currency: Currency) -> bool {
    let stored = |number| T::as_stored(number, currency);
    shown.and_then(decimal_of).map(stored) == Some(stored(sent.sent()))
}

/// Whether Fineract shows this text as it was sent: an update changes nothing about it.
pub fn keeps_text<T: StoredText>(shown: Option<&Value>, sent: &T) -> bool {
    shown.and_then(Value::as_str).unwrap_or_default() == sent.sent()
}

/// Whether Fineract shows this number as it was sent: an update does not round.
pub fn keeps_number<T: StoredNumber>(shown: Option<&Value>, sent: &T) -> bool {
    shown.and_then(decimal_of) == Some(sent.sent())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::values::testing::read;

    #[test]
    fn texts_of_clients_are_trimmed_as_java_trims() {
        let shows = |shown: &str, sent: &str| {
            let sent = read::<Name>(&json!(sent).to_string()).unwrap();
            shows_text(Some(&json!(shown)), &sent)
        };
        for (shown, sent, same) in [
            ("Ravi", "Ravi ", true),
            ("Ravi", "  Ravi", true),
            ("\u{100}\u{15b}\u{101}", "  \u{100}\u{15b}\u{101} ", true),
            // An update keeps the blanks.
            ("Ravi ", "Ravi ", true),
            ("Ravi  Kumar", "Ravi Kumar", false),
            ("Ravi Kumar", "Ravi Kumar", true),
            ("Ravi", "ravi", false),
            // No blank to Java's trim.
            ("Ravi\u{a0}", "Ravi", false),
            ("Ravi\u{a0}", "Ravi\u{a0} ", true),
        ] {
            assert_eq!(shows(shown, sent), same, "{shown:?} {sent:?}");
        }
        let mobile = read::<Mobile>("\" 98 765 \"").unwrap();
        assert!(shows_text(Some(&json!("98 765")), &mobile));
        let email = read::<Clearable<Email>>("\"a@example.com \"").unwrap();
        assert!(shows_text(Some(&json!("a@example.com")), &email));
        let cleared = read::<Clearable<Mobile>>("\"\"").unwrap();
        assert!(shows_text(None, &cleared));
        assert!(!shows_text(Some(&json!("98")), &cleared));
    }

    #[test]
    fn ids_and_names_of_lists_are_kept() {
        let id = read::<ExternalId>("\" a \"").unwrap();
        assert!(shows_text(Some(&json!(" a ")), &id));
        assert!(!shows_text(Some(&json!("a")), &id));
        let label = read::<Label>("\"Fee \"").unwrap();
        assert!(!shows_text(Some(&json!("Fee")), &label));
    }

    #[test]
    fn money_is_rounded_half_to_even_at_the_currency() {
        let currency = |decimals: u32, multiples: Value| {
            Currency::of(&json!({"currency": {"decimalPlaces": decimals, "inMultiplesOf": multiples}}))
        };
        let (rupee, bare, dinar, yen, tens) = (
            currency(2, json!(0)),
            currency(2, Value::Null),
            currency(3, json!(0)),
            currency(0, json!(0)),
            currency(0, json!(10)),
        );
        for (sent, currency, stored) in [
            ("12345.678", rupee, "12345.68"),
            ("100.005", rupee, "100.00"),
            ("100.015", bare, "100.02"),
            ("100.0050001", bare, "100.01"),
            ("50000.005", rupee, "50000"),
            ("0.004", rupee, "0"),
            ("0.005", rupee, "0"),
            ("0.006", rupee, "0.01"),
            ("99.995", rupee, "100"),
            ("100.0005", dinar, "100"),
            ("100.5", yen, "100"),
            ("101.5", yen, "102"),
            ("0.5", yen, "0"),
            ("14.99", tens, "10"),
            ("15", tens, "20"),
            ("25", tens, "30"),
            ("100.005", Currency::of(&json!({})), "100.005"),
        ] {
            let decimal = |text: &str| text.parse::<Decimal>().unwrap();
            assert_eq!(Amount::as_stored(decimal(sent), currency), decimal(stored), "{sent}");
        }
    }

    #[test]
    fn what_a_charge_asks_for_and_rates_keep_their_digits() {
        let rupee = Currency::of(&json!({"currency": {"decimalPlaces": 2, "inMultiplesOf": 0}}));
        let amount = read::<Amount>("12.345").unwrap();
        assert!(shows_number(Some(&json!(12.345)), &Charged(amount), rupee));
        assert!(!shows_number(Some(&json!(12.34)), &Charged(amount), rupee));
        assert!(shows_number(Some(&json!(12.34)), &amount, rupee));
        // An update of a loan keeps the digits of its principal.
        assert!(shows_number(Some(&json!(12.345)), &amount, rupee));
        assert!(!shows_number(None, &amount, rupee));
        let rate = read::<Rate>("8.305").unwrap();
        assert!(shows_number(Some(&json!(8.305)), &rate, rupee));
        assert!(!shows_number(Some(&json!(8.3)), &rate, rupee));
    }
}
