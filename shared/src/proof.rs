//! What Fineract shows of an operation whose answers do not tell whether it was applied.

use serde_json::{Map, Value};

use crate::values::{
    Currency, Date, StoredNumber, StoredText, from_fineract, keeps_number, keeps_text, shows_number, shows_text,
};

/// What a read-back shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    /// What was asked for is there, by our user as far as Fineract tells: `success_response` with the ids that are known.
    Applied(Value),
    /// What was asked for is not there.
    NotApplied,
    /// It is there, but another user of Fineract's did it.
    ByAnother,
    /// It was there and was undone: with the ids if it was what was asked for, and without if its external id was taken by
    /// something else.
    Undone(Option<Value>),
}

/// Gathers what was asked for and what is there.
pub struct Evidence<'a> {
    thing: &'a Value,
    currency: Currency,
    agrees: bool,
}

impl<'a> Evidence<'a> {
    /// Evidence from what Fineract shows, in its own currency.
    pub fn of(thing: &'a Value) -> Self {
        Self::in_currency(thing, Currency::of(thing))
    }

    /// Evidence from what Fineract shows, in a currency that is known better elsewhere: only a loan tells all of it.
    pub const fn in_currency(thing: &'a Value, currency: Currency) -> Self {
        Self {
            thing,
            currency,
            agrees: true,
        }
    }

    /// A text must be what Fineract stores of this one, if one was asked for. An empty text is as good as none.
    #[must_use]
    pub fn text<T: StoredText>(self, pointer: &str, asked: Option<&T>) -> Self {
        let agrees = asked.is_none_or(|asked| shows_text(self.thing.pointer(pointer), asked));
        self.and(agrees)
    }

    /// A number must be what Fineract stores of this one, if one was asked for.
    #[must_use]
    pub fn number<T: StoredNumber>(self, pointer: &str, asked: Option<T>) -> Self {
        let shown = self.thing.pointer(pointer);
        let agrees = asked.is_none_or(|asked| shows_number(shown, &asked, self.currency));
        self.and(agrees)
    }

    /// A text that an update set must be there as it was sent. An empty text is as good as none.
    #[must_use]
    pub fn set_text<T: StoredText>(self, pointer: &str, asked: Option<&T>) -> Self {
        let agrees = asked.is_none_or(|asked| keeps_text(self.thing.pointer(pointer), asked));
        self.and(agrees)
    }

    /// A number that an update set must be there as it was sent.
    #[must_use]
    pub fn set_number<T: StoredNumber>(self, pointer: &str, asked: Option<T>) -> Self {
        let agrees = asked.is_none_or(|asked| keeps_number(self.thing.pointer(pointer), &asked));
        self.and(agrees)
    }

    /// One of Fineract's own numbers, such as a status, must be this one, if one was asked for.
    #[must_use]
    pub fn code(self, pointer: &str, asked: Option<u64>) -> Self {
        let shown = self.thing.pointer(pointer).and_then(Value::as_u64);
        let agrees = asked.is_none_or(|asked| shown == Some(asked));
        self.and(agrees)
    }

    /// A date must be this one, if one was asked for.
    #[must_use]
    pub fn date(self, pointer: &str, asked: Option<Date>) -> Self {
        let shown = self.thing.pointer(pointer).and_then(from_fineract);
        let agrees = asked.is_none_or(|asked| shown == Some(asked));
        self.and(agrees)
    }

    /// Something else must hold.
    #[must_use]
    pub fn and(self, holds: bool) -> Self {
        Self {
            agrees: self.agrees && holds,
            ..self
        }
    }

    /// Whether everything that was asked for is there.
    pub const fn holds(&self) -> bool {
        self.agrees
    }

    /// The proof, with the ids; `by` is where Fineract says who did it, and who we are there.
    pub fn prove(self, by: Option<(&str, &str)>, ids: Value) -> Proof {
        let another = by.is_some_and(|(pointer, us)| {
            let shown = self.thing.pointer(pointer).and_then(Value::as_str);
            shown.is_some_and(|shown| shown != us)
        });
        match (self.agrees, another) {
            (false, _) => Proof::NotApplied,
            (true, true) => Proof::ByAnother,
            (true, false) => Proof::Applied(ids),
        }
    }
}

/// Whether a transaction is of this type.
pub fn is_a(transaction: &Value, kind: &str) -> bool {
    let flag = transaction.get("type").and_then(|of| of.get(kind));
    flag.and_then(Value::as_bool) == Some(true)
}

/// Whether a transaction was undone, by itself or with its loan.
pub fn is_reversed(transaction: &Value) -> bool {
    transaction.get("reversedOnDate").is_some_and(|date| !date.is_null())
        || transaction.get("manuallyReversed").and_then(Value::as_bool) == Some(true)
}

/// The ids of a client, as the answer to a command names them.
pub fn client_ids(client: &Value) -> Value {
    ids(
        client,
        &[
            ("officeId", "/officeId"),
            ("clientId", "/id"),
            ("resourceId", "/id"),
            ("resourceExternalId", "/externalId"),
        ],
    )
}

/// The ids of a loan, as the answer to a command names them.
pub fn loan_ids(loan: &Value) -> Value {
    ids(
        loan,
        &[
            ("officeId", "/clientOfficeId"),
            ("clientId", "/clientId"),
            ("loanId", "/id"),
            ("resourceId", "/id"),
            ("resourceExternalId", "/externalId"),
        ],
    )
}

fn ids(thing: &Value, names: &[(&str, &str)]) -> Value {
    let known = names.iter().filter_map(|(name, pointer)| {
        let id = thing.pointer(pointer).filter(|id| !id.is_null())?;
        Some(((*name).to_owned(), id.clone()))
    });
    Value::Object(known.collect::<Map<_, _>>())
}

/// The members of an answer that name a transaction: its number and its external id. Fineract numbers a transaction anew
/// when one of an earlier day is booked; its external id stays.
pub type Booked = (&'static str, &'static str);

/// By what an answer names a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Its external id.
    ExternalId(String),
    /// Fineract's number of it, where it has no external id.
    Number(u64),
}

/// A transaction that stands under a reference before it was to be booked.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// By what the operation that booked it named it.
    pub mark: Mark,
    /// Its amount, if it is not the one asked for.
    pub amount: Option<Value>,
    /// Its day, if it is not the one asked for.
    pub date: Option<Value>,
}

/// Whether two answers name the same thing: the same client, loan or transaction.
pub fn same_effect(one: &Value, other: &Value, booked: Option<Booked>) -> bool {
    let named = |answer: &Value, member: &str| answer.get(member).filter(|id| !id.is_null()).cloned();
    ["resourceId", "subResourceId"].iter().all(|number| {
        let numbers = named(one, number) == named(other, number);
        numbers
            || booked.is_some_and(|(renumbered, id)| {
                renumbered == *number && named(one, id).is_some() && named(one, id) == named(other, id)
            })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::values::testing::read;
    use crate::values::{Amount, Name};

    #[test]
    fn everything_that_was_asked_for_must_be_there() {
        let thing = json!({"a": "x", "n": 8.0, "c": 300, "d": [2026, 1, 11], "by": "mifos"});
        let day = Date::parse("11 January 2026");
        let all = |text: Option<&str>, number: &str, code, date| {
            let text = text.map(|text| read::<Name>(&json!(text).to_string()).unwrap());
            let evidence = Evidence::of(&thing)
                .text("/a", text.as_ref())
                .number("/n", read::<Amount>(number).ok())
                .code("/c", code)
                .date("/d", date);
            evidence.prove(Some(("/by", "mifos")), json!({}))
        };
        assert_eq!(all(Some("x"), "8", Some(300), day), Proof::Applied(json!({})));
        assert_eq!(all(None, "8", None, None), Proof::Applied(json!({})));
        assert_eq!(all(Some("y"), "8", None, day), Proof::NotApplied);
        assert_eq!(all(Some("x"), "9", None, day), Proof::NotApplied);
        assert_eq!(all(Some("x"), "8", Some(100), day), Proof::NotApplied);
        assert_eq!(
            all(Some("x"), "8", None, Date::parse("12 January 2026")),
            Proof::NotApplied
        );
        let by_another = Evidence::of(&thing).prove(Some(("/by", "gateway")), json!({}));
        assert_eq!(by_another, Proof::ByAnother);
        assert_eq!(
            Evidence::of(&thing).prove(Some(("/nobody", "gateway")), json!({})),
            Proof::Applied(json!({}))
        );
    }

    #[test]
    fn an_effect_is_known_by_its_numbers() {
        let one = json!({"resourceId": 7, "subResourceId": null, "changes": {}});
        assert!(same_effect(&one, &json!({"resourceId": 7}), None));
        assert!(!same_effect(&one, &json!({"resourceId": 8}), None));
        assert!(!same_effect(&one, &json!({"resourceId": 7, "subResourceId": 1}), None));
    }

    #[test]
    fn a_transaction_that_was_numbered_anew_is_the_same_one() {
        let booked = Some(("resourceId", "resourceExternalId"));
        let one = json!({"resourceId": 7, "resourceExternalId": "PAY-1"});
        for (other, same) in [
            (json!({"resourceId": 9, "resourceExternalId": "PAY-1"}), true),
            (json!({"resourceId": 9, "resourceExternalId": "PAY-2"}), false),
            (json!({"resourceId": 9}), false),
            (
                json!({"resourceId": 9, "resourceExternalId": "PAY-1", "subResourceId": 1}),
                false,
            ),
        ] {
            assert_eq!(same_effect(&one, &other, booked), same, "{other}");
            assert!(!same_effect(&one, &other, None), "{other}");
        }
        assert!(!same_effect(
            &json!({"resourceId": 7}),
            &json!({"resourceId": 9}),
            booked
        ));
    }
}
