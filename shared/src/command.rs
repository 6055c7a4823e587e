//! The one request of an operation, its body, and why there is none.

use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::fineract::{Method, Path};
use crate::pace::Wait;
use crate::verdict::Expected;

/// How Fineract is told to read the dates that the gateway writes.
pub const DATE_FORMAT: &str = "dd MMMM yyyy";
/// How Fineract is told to read the numbers and month names that the gateway writes.
pub const LOCALE: &str = "en";

/// The one request of an operation.
#[derive(Clone)]
pub struct Command {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: Path,
    /// The body.
    pub body: Option<Value>,
    /// What the answer must name.
    pub expected: Expected,
    /// Fineract's number of what is addressed, to be stored before the request is made.
    pub target: Option<u64>,
}

/// Why there is no request.
#[derive(Clone, Debug)]
pub enum Stop {
    /// Fineract does not have what the operation is about.
    NotFound(Failure),
    /// Refused without a request.
    Refused(Failure),
    /// Not now.
    NotYet(Wait),
    /// The client of a new loan is not there (yet).
    ClientNotFound(Failure),
}

impl Stop {
    /// "Not found" as the final word: nothing that is on its way will change it.
    #[must_use]
    pub fn final_if_not_found(self) -> Self {
        match self {
            Self::NotFound(failure) => Self::Refused(failure),
            stop @ (Self::Refused(_) | Self::NotYet(_) | Self::ClientNotFound(_)) => stop,
        }
    }
}

/// A body for Fineract: what is absent is left out.
pub struct Body(Map<String, Value>);

impl Body {
    /// An empty body.
    pub fn new() -> Self {
        Self(Map::new())
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a member, if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The body, with the date format and the locale.
    pub fn finish(self) -> Value {
        self.with("dateFormat", DATE_FORMAT).with("locale", LOCALE).bare()
    }

    /// The body as it is, for the few commands that take neither.
    pub fn bare(self) -> Value {
        Value::Object(self.0)
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::new()
    }
}
