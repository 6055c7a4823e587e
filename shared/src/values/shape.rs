//! What values look like, for those who describe the API. What is right is decided where values are read.

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text of so many characters that is not blank.
    Text {
        /// Fewest characters: 0 where an empty text clears a field.
        min: usize,
        /// Most characters.
        max: usize,
    },
    /// An external id of 1 to so many characters, without those that Fineract cannot find again.
    ExternalId {
        /// Most characters.
        max: usize,
    },
    /// Words of letters and digits with commas between them.
    Words {
        /// Most characters.
        max: usize,
    },
    /// A calendar date, `01 January 2026`.
    Date,
    /// Money above zero.
    Amount,
    /// A rate from 0.
    Rate {
        /// Highest rate.
        max: u32,
    },
    /// A whole number from 1.
    Count {
        /// Highest number.
        max: u32,
    },
    /// One of these words, in any case.
    OneOf(&'static [&'static str]),
    /// One of the deployment's loan products.
    Lender,
}

impl Shape {
    /// The same, or an empty text.
    #[must_use]
    pub const fn or_empty(self) -> Self {
        match self {
            Self::Text { max, .. } => Self::Text { min: 0, max },
            other @ (Self::ExternalId { .. }
            | Self::Words { .. }
            | Self::Date
            | Self::Amount
            | Self::Rate { .. }
            | Self::Count { .. }
            | Self::OneOf(_)
            | Self::Lender) => other,
        }
    }
}
