//! The types of an operation's data: each parses once, at the edge, and cannot be wrong afterwards.

mod date;
mod external_id;
mod number;
mod shape;
mod stored;
mod text;

pub use date::{Date, from_fineract};
pub use external_id::ExternalId;
pub use number::{Amount, Count, Rate, TermUnit, decimal_of};
pub use shape::Shape;
pub use stored::{Charged, Currency, StoredNumber, StoredText, keeps_number, keeps_text, shows_number, shows_text};
pub use text::{Clearable, EMAIL_MAX, Email, LABEL_MAX, Label, Lender, MOBILE_MAX, Mobile, NAME_MAX, NOTE_MAX};
pub use text::{Name, Note, UTR_MAX, Utr, WORDS_MAX, Words};

use serde_json::Value;

/// What is wrong with one value: a stable code and a sentence that tells the caller what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Stable code.
    pub code: FaultCode,
    /// One sentence. It never repeats the value.
    pub detail: String,
}

impl Wrong {
    /// A fault with its sentence.
    pub fn new(code: FaultCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

/// The stable codes of faults in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCode {
    /// A required field is missing or null.
    Required,
    /// A text is empty or blank.
    Empty,
    /// The JSON type is another one.
    WrongType,
    /// A text is too long.
    TooLong,
    /// A text has characters that cannot be stored or found again.
    ForbiddenCharacter,
    /// Not a number.
    NotANumber,
    /// Zero or less.
    NotPositive,
    /// Not a whole number.
    NotWhole,
    /// Outside the range.
    OutOfRange,
    /// More digits than money or rates have.
    TooManyDigits,
    /// The number of repayments does not divide the term.
    NotDivisible,
    /// Not a calendar date in the form `dd MMMM yyyy`.
    NotADate,
    /// None of the known values.
    UnknownValue,
    /// The operation is none of the known ones.
    UnknownOperation,
    /// An update that names nothing to update.
    NothingToUpdate,
    /// One field under two names.
    SaidTwice,
}

impl FaultCode {
    /// Every code.
    pub const ALL: [Self; 16] = [
        Self::Required,
        Self::Empty,
        Self::WrongType,
        Self::TooLong,
        Self::ForbiddenCharacter,
        Self::NotANumber,
        Self::NotPositive,
        Self::NotWhole,
        Self::OutOfRange,
        Self::TooManyDigits,
        Self::NotDivisible,
        Self::NotADate,
        Self::UnknownValue,
        Self::UnknownOperation,
        Self::NothingToUpdate,
        Self::SaidTwice,
    ];

    /// The code as it is written into an answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Empty => "empty",
            Self::WrongType => "wrong-type",
            Self::TooLong => "too-long",
            Self::ForbiddenCharacter => "forbidden-character",
            Self::NotANumber => "not-a-number",
            Self::NotPositive => "not-positive",
            Self::NotWhole => "not-whole",
            Self::OutOfRange => "out-of-range",
            Self::TooManyDigits => "too-many-digits",
            Self::NotDivisible => "not-divisible",
            Self::NotADate => "not-a-date",
            Self::UnknownValue => "unknown-value",
            Self::UnknownOperation => "unknown-operation",
            Self::NothingToUpdate => "nothing-to-update",
            Self::SaidTwice => "said-twice",
        }
    }
}

/// What outside the request decides whether a value is right.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The loan products that callers may name.
    pub lenders: Vec<String>,
}

/// A value that is read from JSON.
pub trait FromJson: Sized {
    /// What it looks like.
    const SHAPE: Shape;

    /// Reads the value, or says what is wrong with it.
    fn from_json(value: &Value, rules: &Rules) -> Result<Self, Wrong>;
}

/// The JSON type of a value, in words.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn wrong_type(wanted: &str, value: &Value) -> Wrong {
    Wrong::new(
        FaultCode::WrongType,
        format!("must be {wanted}, not {}", type_of(value)),
    )
}

/// Lengths are counted as Fineract counts them: in UTF-16 code units.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{FromJson, Rules};
    use serde_json::Value;

    pub(crate) fn rules() -> Rules {
        Rules {
            lenders: vec!["UGRO".to_owned(), "GB".to_owned()],
        }
    }

    /// The code of the fault that a text of JSON has as a `T`, or what it is read as.
    pub(crate) fn read<T: FromJson>(json: &str) -> Result<T, &'static str> {
        let value: Value = crate::json::read(json.as_bytes()).unwrap();
        T::from_json(&value, &rules()).map_err(|wrong| wrong.code.as_str())
    }
}
