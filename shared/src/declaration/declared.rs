//! What every declared operation does: reads its data, makes its request, reads back what it did.

use serde_json::Value;

use super::payout::{amount_needed, awaiting, is_top_up};
use super::undoable::undoable;
use super::{Declaration, EXTERNAL_ID, Field, Form, LOAN_ID, Place, Shows};
use crate::bank::{Bank, List, number_of};
use crate::command::{Body, Command, DATE_FORMAT, LOCALE, Stop};
use crate::digest::derived_uuid;
use crate::failure::Failure;
use crate::fields::Fields;
use crate::fineract::{Method, Path};
use crate::operation::{AnyOperation, Asked, Case, HeldAs};
use crate::proof::{Booked, Proof, Standing, is_a, is_reversed};
use crate::subject::Subject;
use crate::values::{Amount, Date, ExternalId, FaultCode, FromJson, Label, Note, Rules, Shape, Utr, Words, Wrong};
use crate::verdict::Expected;

/// Codes of refusals that say that the external id of a transaction is taken.
pub(super) const TAKEN: [&str; 2] = [
    "error.msg.loan.disbursement.duplicate.externalId",
    "validation.msg.loan.transaction.externalId.value.must.be.unique",
];

/// The parameter of a read that says which members its answer has.
const MEMBERS: &str = "fields";

/// The field that names a transaction.
const TRANSACTION_ID: &str = "externalTransactionId";

/// A declared operation with its data.
pub struct Declared {
    pub(super) row: &'static Declaration,
    pub(super) loan: ExternalId,
    pub(super) given: Vec<(&'static Field, Given)>,
}

/// A value that was given.
pub(super) enum Given {
    Id(ExternalId),
    Date(Date),
    Amount(Amount),
    Text(String),
    Named(List, Label),
}

impl Given {
    fn id(&self) -> Option<&ExternalId> {
        if let Self::Id(id) = self { Some(id) } else { None }
    }

    fn date(&self) -> Option<Date> {
        if let Self::Date(date) = self { Some(*date) } else { None }
    }

    fn amount(&self) -> Option<Amount> {
        if let Self::Amount(amount) = self {
            Some(*amount)
        } else {
            None
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn label(&self) -> Option<&Label> {
        if let Self::Named(_, name) = self {
            Some(name)
        } else {
            None
        }
    }

    fn read(form: Form, value: &Value, rules: &Rules) -> Result<Self, Wrong> {
        Ok(match form {
            Form::ExternalId => Self::Id(FromJson::from_json(value, rules)?),
            Form::Date => Self::Date(FromJson::from_json(value, rules)?),
            Form::Amount => Self::Amount(FromJson::from_json(value, rules)?),
            Form::Note => Self::Text(Note::from_json(value, rules)?.as_str().to_owned()),
            Form::Utr | Form::Reference => Self::Text(Utr::from_json(value, rules)?.as_str().to_owned()),
            Form::Words => Self::Text(Words::from_json(value, rules)?.as_str().to_owned()),
            Form::Named(list) => Self::Named(list, Label::from_json(value, rules)?),
        })
    }
}

impl Form {
    const fn shape(self) -> Shape {
        match self {
            Self::ExternalId => ExternalId::SHAPE,
            Self::Date => Date::SHAPE,
            Self::Amount => Amount::SHAPE,
            Self::Note => Note::SHAPE,
            Self::Utr | Self::Reference => Utr::SHAPE,
            Self::Words => Words::SHAPE,
            Self::Named(_) => Label::SHAPE,
        }
    }
}

impl Declaration {
    /// Reads the data; faults are left with `fields`.
    pub fn parse(&'static self, fields: &mut Fields<'_>) -> Option<Box<dyn AnyOperation>> {
        let mut given = Vec::new();
        for field in self.fields() {
            let read = |value: &Value, rules: &Rules| Given::read(field.form, value, rules);
            if let Some(value) = fields.take(field.name, field.required, field.form.shape(), read) {
                given.push((field, value));
            }
        }
        if let [first, rest @ ..] = self.either
            && !fields.either(self.either)
        {
            let detail = format!("is required, unless {} is given", rest.join(" or "));
            fields.fault(first, Wrong::new(FaultCode::Required, detail));
        }
        let loan = given.iter().find(|(field, _)| field.name == LOAN_ID);
        let loan = loan.and_then(|(_, given)| given.id()).cloned();
        Some(Box::new(Declared {
            row: self,
            loan: loan?,
            given,
        }))
    }
}

/// What was there before the first request.
#[derive(Default)]
struct Looked {
    /// The number of what the operation will have changed.
    target: Option<u64>,
    /// The number of the loan.
    loan: Option<u64>,
    /// What the body needs to know of the loan.
    thought: Option<(&'static str, Value)>,
    /// Whether what it books gets no external id, because Fineract would refuse any.
    nameless: bool,
}

impl Declared {
    /// What the first field of its kind was given.
    pub(super) fn first<'a, T>(&'a self, of: impl Fn(&'a (&'static Field, Given)) -> Option<T>) -> Option<T> {
        self.given.iter().find_map(of)
    }

    pub(super) fn date(&self) -> Option<Date> {
        self.first(|(_, given)| given.date())
    }

    pub(super) fn amount(&self) -> Option<Amount> {
        self.first(|(_, given)| given.amount())
    }

    /// The external id, other than the loan's, that the data names.
    pub(super) fn named_id(&self) -> Option<&ExternalId> {
        let names = |field: &Field| field.name == TRANSACTION_ID || field.member == Some(EXTERNAL_ID);
        self.first(|(field, given)| given.id().filter(|_| names(field)))
    }

    /// The same, where the operation is about what has it.
    pub(super) fn named(&self) -> &str {
        self.named_id().map_or("", ExternalId::as_str)
    }

    pub(super) fn utr(&self) -> Option<&str> {
        self.first(|(field, given)| given.text().filter(|_| field.form == Form::Utr))
    }

    /// The external id of what it makes. Fineract books one once. A UTR gives the same id whoever sends it, so it moves
    /// money on a loan once; without any, each operation has its own.
    pub(super) fn own_id(&self, case: &Case) -> String {
        match (self.named_id(), self.utr(), self.row.place) {
            (Some(id), _, _) => id.as_str().to_owned(),
            (None, Some(utr), Place::Loan(word) | Place::Transactions(word)) => derived_uuid(&[
                word.as_bytes(),
                self.loan.as_str().as_bytes(),
                utr.as_bytes(),
                &u64::from(case.turn).to_be_bytes(),
            ])
            .hyphenated()
            .to_string(),
            (None, _, _) => case.id.hyphenated().to_string(),
        }
    }

    /// Whether the external id of what it makes follows from its UTR.
    pub(super) fn derives_id(&self) -> bool {
        self.row.makes() && self.named_id().is_none() && self.utr().is_some()
    }

    /// The path, and what the answer must name.
    fn path(&self, case: &Case, target: Option<u64>, nameless: bool) -> (Method, Path, Expected) {
        let makes = self.row.makes() && !nameless;
        let own = || Some(self.own_id(case));
        let loan = Some(self.loan.as_str().to_owned());
        let base = Path::new("v1/loans/external-id").segment(&self.loan);
        let mut expected = Expected::default();
        let path = match self.row.place {
            Place::Loan(word) => {
                expected.resource_external_id = loan;
                expected.sub_resource_external_id = own().filter(|_| makes);
                base.parameter("command", word)
            }
            Place::Transactions(word) => {
                expected.resource_external_id = own().filter(|_| self.row.makes());
                expected.resource_id = target;
                base.fixed("transactions").parameter("command", word)
            }
            Place::Transaction(word) => {
                expected.resource_external_id = Some(self.named().to_owned());
                expected.resource_id = target;
                let path = base.fixed("transactions/external-id").segment(self.named());
                path.parameter("command", word)
            }
            Place::Charges => {
                expected.resource_external_id = own();
                base.fixed("charges")
            }
            Place::Look => base,
            Place::Template(word) => base.fixed("transactions/template").parameter("command", word),
        };
        let Shows::Names(member) = self.row.shows else {
            return (Method::Post, path, expected);
        };
        expected.of = Some((member, self.loan.as_str().to_owned()));
        (Method::Get, self.asked_of(path), expected)
    }

    /// The path with the fields as parameters.
    fn asked_of(&self, path: Path) -> Path {
        let value = |field: &Field| {
            let given = self.given.iter().find(|(given, _)| given.name == field.name);
            let given = given.and_then(|(_, given)| {
                let date = given.date().map(|date| date.to_string());
                date.or_else(|| given.text().map(|text| self.with_name(field, text)))
            });
            given.or_else(|| field.default.map(str::to_owned))
        };
        let parameters = self
            .row
            .fields()
            .filter_map(|field| Some((field.member?, value(field)?)));
        let path = parameters.fold(path, |path, (name, value)| path.parameter(name, value));
        match self.date() {
            Some(_) => path.parameter("dateFormat", DATE_FORMAT).parameter("locale", LOCALE),
            None => path,
        }
    }

    /// What is asked for, and the member by which the answer names the loan: without it another program's answer could be
    /// taken for Fineract's.
    fn with_name(&self, field: &Field, text: &str) -> String {
        let Shows::Names(member) = self.row.shows else {
            return text.to_owned();
        };
        let named = field.member != Some(MEMBERS) || text.split(',').any(|word| word.trim() == member);
        if named {
            text.to_owned()
        } else {
            format!("{text},{member}")
        }
    }

    async fn body(&self, bank: &Bank<'_>, case: &Case, looked: Looked) -> Result<Value, Stop> {
        let mut body = Body::new();
        let mut detailed = false;
        let mut typed = false;
        for (field, given) in &self.given {
            let Some(member) = field.member.filter(|member| *member != EXTERNAL_ID) else {
                continue;
            };
            detailed |= matches!(field.form, Form::Utr | Form::Reference);
            typed |= field.form == Form::Named(List::PaymentTypes);
            body = body.with(
                member,
                match given {
                    Given::Id(id) => Value::from(id),
                    Given::Date(date) => Value::from(*date),
                    Given::Amount(amount) => Value::from(*amount),
                    Given::Text(text) => Value::from(text.as_str()),
                    Given::Named(list, name) => Value::from(bank.number_named(*list, name.as_str()).await?),
                },
            );
        }
        for (member, number) in self.row.fixed {
            body = body.with(member, *number);
        }
        if let Some((member, value)) = looked.thought {
            body = body.with(member, value);
        }
        if self.row.makes() && !looked.nameless {
            body = body.with(EXTERNAL_ID, self.own_id(case));
        }
        // Without a payment type Fineract drops what is told about a payment silently.
        if detailed && !typed {
            body = body.with("paymentTypeId", bank.deployment.payment_type_id);
        }
        // Commands on a loan that take no date take no format either.
        let bare = matches!(self.row.place, Place::Loan(_)) && self.date().is_none();
        Ok(if bare { body.bare() } else { body.finish() })
    }

    /// Looks at what is there before the first request: the number of what the operation will have changed, and what the
    /// body needs to know of the loan.
    async fn look(&self, bank: &Bank<'_>, case: &Case) -> Result<Looked, Stop> {
        let first = case.target.is_none();
        match self.row.shows {
            Shows::Is { was: Some(was), .. } if first || self.row.thinks.is_some() => {
                let loan = bank.loan(&self.loan).await.map_err(Stop::final_if_not_found)?;
                let before = loan.pointer("/status/id").and_then(Value::as_u64) == Some(was);
                let thought = self.row.thinks.zip(self.date());
                let thought = thought.and_then(|(think, date)| think(&loan, date));
                Ok(Looked {
                    target: case.target.or(number_of(&loan).filter(|_| before)),
                    loan: number_of(&loan),
                    thought,
                    ..Looked::default()
                })
            }
            Shows::Reversed(kind) if first => {
                let loan = bank.loan_with_transactions(&self.loan).await;
                let loan = loan.map_err(Stop::final_if_not_found)?;
                let all = loan.get("transactions").and_then(Value::as_array);
                let standing = all.into_iter().flatten();
                let standing = standing.filter(|transaction| is_a(transaction, kind) && !is_reversed(transaction));
                Ok(Looked {
                    target: standing.filter_map(number_of).max(),
                    loan: number_of(&loan),
                    ..Looked::default()
                })
            }
            Shows::Undone if first => {
                let transaction = bank.transaction(&self.loan, self.named()).await;
                let transaction = transaction.map_err(Stop::final_if_not_found)?;
                undoable(&transaction)?;
                Ok(Looked {
                    target: number_of(&transaction).filter(|_| !is_reversed(&transaction)),
                    ..Looked::default()
                })
            }
            Shows::Booked(_) if self.row.pays_out => {
                let loan = bank.loan(&self.loan).await.map_err(Stop::final_if_not_found)?;
                if self.amount().is_none() {
                    amount_needed(&loan)?;
                }
                let nameless = is_top_up(&loan);
                Ok(Looked {
                    target: case.target.or_else(|| awaiting(&loan).filter(|_| nameless)),
                    loan: number_of(&loan),
                    nameless,
                    ..Looked::default()
                })
            }
            Shows::Is { .. }
            | Shows::Reversed(_)
            | Shows::Undone
            | Shows::Booked(_)
            | Shows::Charged
            | Shows::Names(_) => Ok(Looked {
                target: case.target,
                ..Looked::default()
            }),
        }
    }

    async fn request(&self, bank: &Bank<'_>, case: &Case) -> Result<Command, Stop> {
        let looked = self.look(bank, case).await?;
        let target = looked.target;
        let (method, path, expected) = self.path(case, target, looked.nameless);
        let expected = Expected {
            loan_id: looked.loan,
            ..expected
        };
        let body = match method {
            Method::Get => None,
            Method::Post | Method::Put | Method::Delete => Some(self.body(bank, case, looked).await?),
        };
        Ok(Command {
            method,
            path,
            body,
            expected,
            target,
        })
    }
}

impl AnyOperation for Declared {
    fn subject(&self) -> Option<Subject> {
        let asks = matches!(self.row.shows, Shows::Names(_));
        (!asks).then(|| Subject::loan(&self.loan))
    }

    /// What is looked at before the first request is mistaken for nothing.
    fn mistakable(&self) -> bool {
        match self.row.shows {
            Shows::Booked(_) | Shows::Charged | Shows::Is { was: None, .. } => true,
            Shows::Is { was: Some(_), .. } | Shows::Reversed(_) | Shows::Undone | Shows::Names(_) => false,
        }
    }

    fn command(&self) -> (&'static str, &'static str) {
        self.row.words()
    }

    fn needs(&self) -> Option<Subject> {
        None
    }

    fn held_as(&self, case: &Case) -> HeldAs {
        match (self.row.place, case.target) {
            (Place::Loan(_), _) => HeldAs::Subject,
            (Place::Transaction(_), Some(number)) => HeldAs::Number(number),
            (Place::Transactions(_) | Place::Charges, _) if self.row.makes() => HeldAs::New,
            _ => HeldAs::PartOfLoan,
        }
    }

    fn is_taken(&self, failure: &Failure) -> bool {
        self.derives_id() && failure.code().is_some_and(|code| TAKEN.contains(&code))
    }

    fn books(&self) -> Option<Booked> {
        self.row.books()
    }

    fn booked_already<'a>(
        &'a self,
        bank: &'a Bank<'_>,
        case: &'a Case,
        failure: &'a Failure,
    ) -> Asked<'a, Option<Standing>> {
        Box::pin(self.standing(bank, case, failure))
    }

    fn prepare<'a>(&'a self, bank: &'a Bank<'_>, case: &'a Case) -> Asked<'a, Command> {
        Box::pin(self.request(bank, case))
    }

    fn read_back<'a>(&'a self, bank: &'a Bank<'_>, case: &'a Case) -> Asked<'a, Proof> {
        Box::pin(self.shown(bank, case))
    }
}
