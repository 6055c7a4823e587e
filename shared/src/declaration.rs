//! Operations that are declared: rows of data, for what needs no code of its own.
//!
//! A declaration says where the request goes, which fields become which members of its body, and what of Fineract's proves
//! that it was applied; `declared` makes the request of each, `shown` reads back what it did.

mod declared;
mod payout;
mod shown;
mod undoable;

use serde_json::Value;

use crate::bank::List;
use crate::proof::Booked;
use crate::values::Date;

pub use declared::Declared;

/// An operation on one loan, as data.
pub struct Declaration {
    /// The word that callers send as `status`.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// An example of its data, as JSON.
    pub example: &'static str,
    /// The fields of its data. Each has [`LOAN`].
    pub fields: &'static [&'static [Field]],
    /// Of these fields at least one must be given.
    pub either: &'static [&'static str],
    /// Members of the body that are always the same.
    pub fixed: &'static [(&'static str, u32)],
    /// Where the request goes.
    pub place: Place,
    /// Fineract's word for what the command does, as its audits have it; none for what only asks.
    pub action: &'static str,
    /// What shows that it was applied.
    pub shows: Shows,
    /// What the body needs beyond the fields, from the loan as it is.
    pub thinks: Option<Thought>,
    /// Whether it pays out a loan: the loan is read before each request, for a top-up loan takes no external id, and one
    /// whose tranches are not planned needs an amount.
    pub pays_out: bool,
}

/// A member of the body that follows from the loan and the day that is asked for.
pub type Thought = fn(&Value, Date) -> Option<(&'static str, Value)>;

/// What most declarations leave as it is.
pub const ROW: Declaration = Declaration {
    name: "",
    summary: "",
    example: "",
    fields: &[LOAN],
    either: &[],
    fixed: &[],
    place: Place::Loan(""),
    action: "",
    shows: Shows::Undone,
    thinks: None,
    pays_out: false,
};

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in `data`.
    pub name: &'static str,
    /// What its value is.
    pub form: Form,
    /// Whether it must be there.
    pub required: bool,
    /// The member of Fineract's body, or the parameter of its query, that it becomes.
    pub member: Option<&'static str>,
    /// What is sent where it is not given.
    pub default: Option<&'static str>,
}

/// What the value of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An external id.
    ExternalId,
    /// A day.
    Date,
    /// An amount of money above zero.
    Amount,
    /// A note.
    Note,
    /// A UTR: where no external id is given, that of the transaction follows from it.
    Utr,
    /// Another reference that is kept with a payment.
    Reference,
    /// Words with commas between them.
    Words,
    /// A name that Fineract has a number for.
    Named(List),
}

/// Where a request goes. A word is Fineract's word for the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `POST loans/external-id/{id}?command=…`.
    Loan(&'static str),
    /// `POST loans/external-id/{id}/transactions?command=…`.
    Transactions(&'static str),
    /// `POST loans/external-id/{id}/transactions/external-id/{transaction}?command=…`.
    Transaction(&'static str),
    /// `POST loans/external-id/{id}/charges`.
    Charges,
    /// `GET loans/external-id/{id}`: the fields are parameters.
    Look,
    /// `GET loans/external-id/{id}/transactions/template?command=…`: the fields are parameters.
    Template(&'static str),
}

/// What shows that an operation was applied.
///
/// What can be so before and after it is looked at before the first request, and the number of what it then will have
/// changed is stored. Without that number nothing that is there later is this operation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// A transaction of this type stands under the operation's own external id, with the day and the amount asked for.
    Booked(&'static str),
    /// A charge stands under its own external id, with the day and the amount asked for.
    Charged,
    /// The transaction that the data names was undone by itself.
    Undone,
    /// The transaction of this type that stood last is reversed.
    Reversed(&'static str),
    /// The loan has this status.
    Is {
        /// The status that it has before, if only that leads there.
        was: Option<u64>,
        /// The status that it has afterwards; none if the day alone tells.
        is: Option<u64>,
        /// Where its timeline has the day asked for, and who did it.
        on: Option<(&'static str, &'static str)>,
    },
    /// It only asks; the answer names the loan in this member.
    Names(&'static str),
}

/// Status of a loan that awaits approval.
pub const SUBMITTED: u64 = 100;
/// Status of an approved loan.
pub const APPROVED: u64 = 200;
/// Status of a loan that its client gave up.
pub const WITHDRAWN: u64 = 400;
/// Status of a rejected loan.
pub const REJECTED: u64 = 500;

/// The loan that an operation is about.
pub const LOAN: &[Field] = &[required(LOAN_ID, Form::ExternalId).unsent()];
/// Name of the field with the loan's external id.
pub const LOAN_ID: &str = "external_loan_id";
/// The member by which Fineract keeps the external id of what a command makes.
pub const EXTERNAL_ID: &str = "externalId";
/// A note.
pub const NOTE: &[Field] = &[optional("note", Form::Note)];

/// A field that must be there; it becomes a member of its own name.
pub const fn required(name: &'static str, form: Form) -> Field {
    Field {
        name,
        form,
        required: true,
        member: Some(name),
        default: None,
    }
}

/// A field that may be left out; it becomes a member of its own name.
pub const fn optional(name: &'static str, form: Form) -> Field {
    Field {
        required: false,
        ..required(name, form)
    }
}

impl Field {
    /// It becomes a member of this name.
    #[must_use]
    pub const fn sent_as(self, member: &'static str) -> Self {
        Self {
            member: Some(member),
            ..self
        }
    }

    /// It is no member of the body.
    #[must_use]
    pub const fn unsent(self) -> Self {
        Self { member: None, ..self }
    }

    /// What is sent where it is not given.
    #[must_use]
    pub const fn or(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }
}

impl Declaration {
    /// Its fields, in their order.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().copied().flatten()
    }

    /// Fineract's words for its command: the action and the entity.
    pub fn words(&self) -> (&'static str, &'static str) {
        match self.place {
            Place::Charges => (self.action, "LOANCHARGE"),
            Place::Loan(_) | Place::Transactions(_) | Place::Transaction(_) | Place::Look | Place::Template(_) => {
                (self.action, "LOAN")
            }
        }
    }

    /// Where its answer names the transaction that it books, if it books one.
    pub(crate) fn books(&self) -> Option<Booked> {
        match (self.shows, self.place) {
            (Shows::Booked(_), Place::Loan(_)) => Some(("subResourceId", "subResourceExternalId")),
            (Shows::Booked(_), _) => Some(("resourceId", "resourceExternalId")),
            _ => None,
        }
    }

    /// Whether it makes something that has an external id.
    pub(crate) fn makes(&self) -> bool {
        matches!(self.shows, Shows::Booked(_) | Shows::Charged)
    }
}
