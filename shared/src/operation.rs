//! What an operation is: everything that must be known about it stands in one place.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::bank::Bank;
use crate::clock::Timestamp;
use crate::declaration::Declaration;
use crate::failure::Failure;
use crate::fields::{Fault, Fields, Outline};
use crate::fineract::{Method, Path};
use crate::operations;
use crate::pace::Wait;
use crate::proof::{Booked, Proof};
use crate::subject::Subject;
use crate::values::Rules;
use crate::verdict::Expected;

/// How Fineract is told to read the dates that the gateway writes.
pub const DATE_FORMAT: &str = "dd MMMM yyyy";
/// How Fineract is told to read the numbers and month names that the gateway writes.
pub const LOCALE: &str = "en";

/// One operation: its name, its data, the client or loan it is about, the one request that it makes.
pub trait Operation: Sized + Send + Sync + 'static {
    /// The word that callers send as `status`.
    const NAME: &'static str;
    /// What it does, in one sentence.
    const SUMMARY: &'static str;
    /// An example of its data.
    const EXAMPLE: &'static str;

    /// Whether what it leaves in Fineract may be what an earlier operation of ours left: then the ledger is asked which.
    const MISTAKABLE: bool;

    /// Fineract's words for its command: the action and the entity.
    const COMMAND: (&'static str, &'static str);

    /// Reads the data; faults are left with `fields`.
    fn parse(fields: &mut Fields<'_>) -> Option<Self>;

    /// What it changes, and so what it keeps its place in line for; nothing, if it only asks.
    fn subject(&self) -> Option<Subject>;

    /// What must exist before it, and may still be on its way.
    fn needs(&self) -> Option<Subject>;

    /// Prepares its one request, looking up what it needs.
    fn prepare(&self, bank: &Bank<'_>, case: &Case) -> impl Future<Output = Result<Command, Stop>> + Send;

    /// Reads from Fineract whether it was applied.
    fn read_back(&self, bank: &Bank<'_>, case: &Case) -> impl Future<Output = Result<Proof, Stop>> + Send;
}

/// What the row knows that an operation's data does not.
#[derive(Clone, Debug)]
pub struct Case {
    /// The operation's UUID.
    pub id: Uuid,
    /// Fineract's number of what an earlier try addressed.
    pub target: Option<u64>,
    /// How many ids that follow from its UTR are taken by transactions that were undone.
    pub turn: u32,
    /// When it was accepted: what is older, it did not do.
    pub since: Timestamp,
}

impl Case {
    /// That of an operation that was not tried yet.
    pub const fn new(id: Uuid) -> Self {
        Self {
            id,
            target: None,
            turn: 0,
            since: Timestamp::from_micros(0),
        }
    }
}

/// How a checker's list shows the command of an operation whose number is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldAs {
    /// Under the number of the client or loan.
    Subject,
    /// Under this number.
    Number(u64),
    /// Without a number, for it makes something: by the external id in its body.
    New,
    /// Without a number, but with that of the loan that it is about.
    PartOfLoan,
}

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

/// What an operation asks Fineract, or why it cannot.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, Stop>> + Send + 'a>>;

/// An operation whose kind is known only at run time.
pub trait AnyOperation: Send + Sync {
    /// See [`Operation::subject`].
    fn subject(&self) -> Option<Subject>;
    /// See [`Operation::MISTAKABLE`].
    fn mistakable(&self) -> bool;
    /// See [`Operation::COMMAND`].
    fn command(&self) -> (&'static str, &'static str);
    /// See [`Operation::needs`].
    fn needs(&self) -> Option<Subject>;
    /// How a checker's list shows its command.
    fn held_as(&self, case: &Case) -> HeldAs;
    /// Whether this refusal says that the id which follows from its UTR is taken.
    fn is_taken(&self, failure: &Failure) -> bool;
    /// Where its answer names the transaction that it books, if it books one.
    fn books(&self) -> Option<Booked>;
    /// See [`Operation::prepare`].
    fn prepare<'a>(&'a self, bank: &'a Bank<'_>, case: &'a Case) -> Asked<'a, Command>;
    /// See [`Operation::read_back`].
    fn read_back<'a>(&'a self, bank: &'a Bank<'_>, case: &'a Case) -> Asked<'a, Proof>;
}

impl<T: Operation> AnyOperation for T {
    fn subject(&self) -> Option<Subject> {
        Operation::subject(self)
    }

    fn mistakable(&self) -> bool {
        T::MISTAKABLE
    }

    fn command(&self) -> (&'static str, &'static str) {
        T::COMMAND
    }

    fn needs(&self) -> Option<Subject> {
        Operation::needs(self)
    }

    fn held_as(&self, case: &Case) -> HeldAs {
        match case.target {
            Some(number) => HeldAs::Number(number),
            None if T::COMMAND.0 == "CREATE" => HeldAs::New,
            None => HeldAs::Subject,
        }
    }

    fn is_taken(&self, _: &Failure) -> bool {
        false
    }

    fn books(&self) -> Option<Booked> {
        None
    }

    fn prepare<'a>(&'a self, bank: &'a Bank<'_>, case: &'a Case) -> Asked<'a, Command> {
        Box::pin(Operation::prepare(self, bank, case))
    }

    fn read_back<'a>(&'a self, bank: &'a Bank<'_>, case: &'a Case) -> Asked<'a, Proof> {
        Box::pin(Operation::read_back(self, bank, case))
    }
}

/// A kind of operation: a row of the table in [`operations`].
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

    /// The kind with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        operations::ALL.iter().find(|kind| kind.name == name)
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
