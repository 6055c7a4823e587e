//! Names, numbers to call, notes: text with a limit.

use serde_json::Value;

use super::{FaultCode, FromJson, Rules, Shape, Wrong, length, wrong_type};

/// Longest first or last name.
pub const NAME_MAX: usize = 50;
/// Longest mobile number; its form is Fineract's to judge, releases differ.
pub const MOBILE_MAX: usize = 50;
/// Longest e-mail address.
pub const EMAIL_MAX: usize = 150;
/// Longest note.
pub const NOTE_MAX: usize = 1_000;
/// Longest unique transaction reference.
pub const UTR_MAX: usize = 50;
/// Longest name that Fineract gives to a charge, a payment type, a reason.
pub const LABEL_MAX: usize = 100;
/// Longest list of words.
pub const WORDS_MAX: usize = 500;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $max:expr, $lines:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The text as the caller wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// Personal data stays out of whatever prints a value.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl From<&$name> for Value {
            fn from(text: &$name) -> Self {
                Self::String(text.0.clone())
            }
        }

        impl FromJson for $name {
            const SHAPE: Shape = Shape::Text { min: 1, max: $max };

            fn from_json(value: &Value, _: &Rules) -> Result<Self, Wrong> {
                parse(value, $max, $lines).map(Self)
            }
        }
    };
}

text!(/// A first or last name.
    Name, NAME_MAX, false);
text!(/// A mobile number.
    Mobile, MOBILE_MAX, false);
text!(/// An e-mail address.
    Email, EMAIL_MAX, false);
text!(/// A note, of one or more lines.
    Note, NOTE_MAX, true);
text!(/// A unique transaction reference of a payment, or another reference that is kept with it.
    Utr, UTR_MAX, false);
text!(/// The name of something that Fineract keeps a list of.
    Label, LABEL_MAX, false);

/// Words of letters and digits with commas between them, such as names of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// The words as the caller wrote them.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromJson for Words {
    const SHAPE: Shape = Shape::Words { max: WORDS_MAX };

    fn from_json(value: &Value, _: &Rules) -> Result<Self, Wrong> {
        let text = parse(value, WORDS_MAX, false)?;
        let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !text.split(',').all(word) {
            let detail = "must be words of letters and digits with commas between them, and no blanks";
            return Err(Wrong::new(FaultCode::ForbiddenCharacter, detail));
        }
        Ok(Self(text))
    }
}

/// A text that an update may clear: an empty string means "no more".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clearable<T> {
    /// The field gets this value.
    Set(T),
    /// The field is emptied.
    Clear,
}

impl<T> Clearable<T> {
    /// The value, if it is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Clear => None,
        }
    }

    /// The value, if it is one.
    pub fn set(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Clear => None,
        }
    }
}

impl From<&Clearable<Mobile>> for Value {
    fn from(mobile: &Clearable<Mobile>) -> Self {
        cleared_or(mobile, |Mobile(text)| text)
    }
}

impl From<&Clearable<Email>> for Value {
    fn from(email: &Clearable<Email>) -> Self {
        cleared_or(email, |Email(text)| text)
    }
}

/// Fineract empties a field that is sent as an empty text.
fn cleared_or<T>(clearable: &Clearable<T>, text: impl Fn(&T) -> &String) -> Value {
    match clearable {
        Clearable::Set(value) => Value::String(text(value).clone()),
        Clearable::Clear => Value::String(String::new()),
    }
}

impl<T: FromJson> FromJson for Clearable<T> {
    const SHAPE: Shape = T::SHAPE.or_empty();

    fn from_json(value: &Value, rules: &Rules) -> Result<Self, Wrong> {
        if value.as_str() == Some("") {
            return Ok(Self::Clear);
        }
        T::from_json(value, rules).map(Self::Set)
    }
}

/// A loan product by its name, one of those that the deployment names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lender(String);

impl Lender {
    /// The product's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromJson for Lender {
    const SHAPE: Shape = Shape::Lender;

    fn from_json(value: &Value, rules: &Rules) -> Result<Self, Wrong> {
        let Value::String(text) = value else {
            return Err(wrong_type("a string", value));
        };
        if text.is_empty() {
            return Err(Wrong::new(FaultCode::Empty, "must not be empty"));
        }
        if !rules.lenders.contains(text) {
            let detail = format!("must be one of {}", rules.lenders.join(", "));
            return Err(Wrong::new(FaultCode::UnknownValue, detail));
        }
        Ok(Self(text.clone()))
    }
}

fn parse(value: &Value, max: usize, lines: bool) -> Result<String, Wrong> {
    let Value::String(text) = value else {
        return Err(wrong_type("a string", value));
    };
    if text.trim().is_empty() {
        return Err(Wrong::new(FaultCode::Empty, "must not be empty or blank"));
    }
    if length(text) > max {
        return Err(Wrong::new(
            FaultCode::TooLong,
            format!("must have at most {max} characters"),
        ));
    }
    if text
        .chars()
        .any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t')))
    {
        return Err(Wrong::new(
            FaultCode::ForbiddenCharacter,
            "must not have control characters",
        ));
    }
    Ok(text.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::testing::read;

    #[test]
    fn texts_have_limits() {
        for (json, expected) in [
            ("\"Jayesh\"", Ok("Jayesh")),
            ("\"\u{906}\"", Ok("\u{906}")),
            ("\"\"", Err("empty")),
            ("\" \"", Err("empty")),
            ("\"a\\nb\"", Err("forbidden-character")),
            ("5", Err("wrong-type")),
        ] {
            assert_eq!(
                read::<Name>(json).map(|name| name.as_str().to_owned()),
                expected.map(str::to_owned),
                "{json}"
            );
        }
        assert!(read::<Name>(&format!("\"{}\"", "n".repeat(50))).is_ok());
        assert_eq!(read::<Name>(&format!("\"{}\"", "n".repeat(51))).err(), Some("too-long"));
        assert!(read::<Note>("\"two\\nlines\"").is_ok());
        assert_eq!(read::<Note>("\"nul\\u0000\"").err(), Some("forbidden-character"));
        for (json, words) in [
            ("\"all\"", true),
            ("\"a,b2\"", true),
            ("\"a, b\"", false),
            ("\"a,,b\"", false),
            ("\"a&b\"", false),
        ] {
            assert_eq!(read::<Words>(json).is_ok(), words, "{json}");
        }
    }

    #[test]
    fn an_empty_text_clears_where_it_may() {
        assert_eq!(read::<Clearable<Mobile>>("\"\""), Ok(Clearable::Clear));
        assert_eq!(read::<Clearable<Mobile>>("\" \"").err(), Some("empty"));
        assert_eq!(read::<Clearable<Email>>("null").err(), Some("wrong-type"));
    }

    #[test]
    fn lenders_are_compared_exactly() {
        assert!(read::<Lender>("\"UGRO\"").is_ok());
        assert_eq!(read::<Lender>("\"ugro\"").err(), Some("unknown-value"));
        assert_eq!(read::<Lender>("\"NOBODY\"").err(), Some("unknown-value"));
    }

    #[test]
    fn personal_data_is_not_printed() {
        let mobile = read::<Mobile>("\"9966999999\"").unwrap();
        assert_eq!(format!("{:?}", Clearable::Set(mobile)), "Set(Mobile(…))");
    }
}
