//! What an operation is: everything that must be known about it stands in one place.

use std::future::Future;
use std::pin::Pin;

use uuid::Uuid;

use crate::bank::Bank;
use crate::clock::Timestamp;
use crate::command::{Command, Stop};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::proof::{Booked, Proof, Standing};
use crate::subject::Subject;

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
    /// What stands under its reference, where this refusal may come of that.
    fn booked_already<'a>(
        &'a self,
        bank: &'a Bank<'_>,
        case: &'a Case,
        failure: &'a Failure,
    ) -> Asked<'a, Option<Standing>>;
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

    fn booked_already<'a>(&'a self, _: &'a Bank<'_>, _: &'a Case, _: &'a Failure) -> Asked<'a, Option<Standing>> {
        Box::pin(async { Ok(None) })
    }

    fn prepare<'a>(&'a self, bank: &'a Bank<'_>, case: &'a Case) -> Asked<'a, Command> {
        Box::pin(Operation::prepare(self, bank, case))
    }

    fn read_back<'a>(&'a self, bank: &'a Bank<'_>, case: &'a Case) -> Asked<'a, Proof> {
        Box::pin(Operation::read_back(self, bank, case))
    }
}
