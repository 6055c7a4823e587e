//! The kinds of operations: what each is called, and how its data is read.

use std::fmt;

use serde_json::{Map, Value};

use crate::declaration::Declaration;
use crate::fields::{Fault, Fields, Outline};
use crate::operation::{AnyOperation, Operation};
use crate::values::Rules;

/// A kind of operation: a row of the table of operations.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The word that callers send as `status`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// An example of its data, as JSON.
    pub example: &'static str,
    source: Source,
}

type Parsed = Option<Box<dyn AnyOperation>>;

/// What says all else about a kind of operation.
#[derive(Clone, Copy)]
enum Source {
    Code(fn(&mut Fields<'_>) -> Parsed),
    Declared(&'static Declaration),
}

impl Kind {
    /// The row of an operation that is declared.
    pub const fn declared(declaration: &'static Declaration) -> Self {
        Self {
            name: declaration.name,
            summary: declaration.summary,
            example: declaration.example,
            source: Source::Declared(declaration),
        }
    }

    /// Its declaration, if it is no code.
    pub const fn declaration(&self) -> Option<&'static Declaration> {
        match self.source {
            Source::Declared(declaration) => Some(declaration),
            Source::Code(_) => None,
        }
    }

    /// The row of an operation that thinks.
    pub const fn of<T: Operation>() -> Self {
        fn parse<T: Operation>(fields: &mut Fields<'_>) -> Parsed {
            T::parse(fields).map(|operation| Box::new(operation) as Box<dyn AnyOperation>)
        }
        Self {
            name: T::NAME,
            summary: T::SUMMARY,
            example: T::EXAMPLE,
            source: Source::Code(parse::<T>),
        }
    }

    fn parse(&self, fields: &mut Fields<'_>) -> Parsed {
        match self.source {
            Source::Code(parse) => parse(fields),
            Source::Declared(declaration) => declaration.parse(fields),
        }
    }

    /// The fields of its data.
    pub fn outline(&self) -> Outline {
        let (nothing, rules) = (Map::new(), Rules { lenders: Vec::new() });
        let mut fields = Fields::new(&nothing, "", &rules);
        let _ = self.parse(&mut fields);
        fields.outline()
    }

    /// Reads the data of a request: the operation and the pointers of what was not understood, or every fault.
    pub fn read(&self, data: &Map<String, Value>, rules: &Rules) -> Result<Reading, Vec<Fault>> {
        let mut fields = Fields::new(data, "/data", rules);
        let operation = self.parse(&mut fields);
        let (faults, ignored) = fields.finish();
        match operation {
            Some(operation) if faults.is_empty() => Ok(Reading { operation, ignored }),
            _ => Err(faults),
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Data that was understood.
pub struct Reading {
    /// The operation.
    pub operation: Box<dyn AnyOperation>,
    /// JSON pointers of members that nobody asked for.
    pub ignored: Vec<String>,
}
