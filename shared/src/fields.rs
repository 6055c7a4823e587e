//! Reading the members of `data`, gathering every fault at once.

use serde_json::{Map, Value};

use crate::json::push_pointer;
use crate::values::{FaultCode, FromJson, Rules, Shape, Wrong};

/// Other names under which fields are taken, everywhere: the one that is documented, and the other.
const ALIASES: [(&str, &str); 2] = [
    ("external_loan_id", "externalLoanId"),
    ("utr_payment_id", "utrPaymentId"),
];

/// One fault of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the request's body.
    pub pointer: String,
    /// Stable code.
    pub code: FaultCode,
    /// One sentence.
    pub detail: String,
}

/// The fields of an operation, in the order in which it reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The fields.
    pub fields: Vec<FieldOutline>,
    /// Of these at least one must be there.
    pub either: &'static [&'static str],
}

/// One field of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldOutline {
    /// Its name.
    pub name: &'static str,
    /// Another name under which it is taken.
    pub other_name: Option<&'static str>,
    /// Whether it must be there.
    pub required: bool,
    /// What its value looks like.
    pub shape: Shape,
}

/// The members of an object while an operation takes what it knows.
///
/// A reader returns `None` for a member that is absent or faulty; the fault is kept, so an operation reads all of its
/// fields before it gives up.
pub struct Fields<'a> {
    members: &'a Map<String, Value>,
    pointer: &'static str,
    rules: &'a Rules,
    outline: Outline,
    faults: Vec<Fault>,
}

impl<'a> Fields<'a> {
    /// The members of the object that stands at `pointer` of the body.
    pub fn new(members: &'a Map<String, Value>, pointer: &'static str, rules: &'a Rules) -> Self {
        Self {
            members,
            pointer,
            rules,
            outline: Outline::default(),
            faults: Vec::new(),
        }
    }

    /// A field that must be there.
    pub fn required<T: FromJson>(&mut self, name: &'static str) -> Option<T> {
        self.take(name, true, T::SHAPE, T::from_json)
    }

    /// A field that may be absent or null.
    pub fn optional<T: FromJson>(&mut self, name: &'static str) -> Option<T> {
        self.take(name, false, T::SHAPE, T::from_json)
    }

    /// A field as `read` reads it.
    pub fn take<T>(
        &mut self,
        name: &'static str,
        required: bool,
        shape: Shape,
        read: impl FnOnce(&Value, &Rules) -> Result<T, Wrong>,
    ) -> Option<T> {
        self.outline.fields.push(FieldOutline {
            name,
            other_name: alias_of(name),
            required,
            shape,
        });
        if let Some(other) = alias_of(name)
            && self.member(name).and(self.member(other)).is_some()
        {
            let detail = format!("is another name of {name}; only one of them may be given");
            self.fault_at(other, Wrong::new(FaultCode::SaidTwice, detail));
            return None;
        }
        let Some(value) = self.present(name) else {
            if required {
                self.fault(name, Wrong::new(FaultCode::Required, "is required"));
            }
            return None;
        };
        match read(value, self.rules) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.fault(name, wrong);
                None
            }
        }
    }

    /// Whether one of these fields, of which one is needed, has a value, faulty or not.
    pub fn either(&mut self, names: &'static [&'static str]) -> bool {
        self.outline.either = names;
        names.iter().any(|name| self.present(name).is_some())
    }

    /// Adds a fault of one field.
    pub fn fault(&mut self, name: &'static str, wrong: Wrong) {
        let said = alias_of(name).filter(|other| self.member(other).is_some());
        self.fault_at(said.unwrap_or(name), wrong);
    }

    fn fault_at(&mut self, name: &str, wrong: Wrong) {
        let mut pointer = self.pointer.to_owned();
        push_pointer(&mut pointer, name);
        self.faults.push(Fault {
            pointer,
            code: wrong.code,
            detail: wrong.detail,
        });
    }

    /// Adds a fault of the object as a whole.
    pub fn fault_of_all(&mut self, wrong: Wrong) {
        self.faults.push(Fault {
            pointer: self.pointer.to_owned(),
            code: wrong.code,
            detail: wrong.detail,
        });
    }

    /// The faults, and the pointers of the members that nobody asked for.
    pub fn finish(self) -> (Vec<Fault>, Vec<String>) {
        let known = |name: &str| {
            let mut fields = self.outline.fields.iter();
            fields.any(|field| field.name == name || field.other_name == Some(name))
        };
        let ignored = self.members.keys().filter(|name| !known(name));
        let pointers = ignored.map(|name| {
            let mut pointer = self.pointer.to_owned();
            push_pointer(&mut pointer, name);
            pointer
        });
        (self.faults, pointers.collect())
    }

    /// The fields that were asked for.
    pub fn outline(self) -> Outline {
        self.outline
    }

    fn present(&self, name: &str) -> Option<&'a Value> {
        self.member(name)
            .or_else(|| alias_of(name).and_then(|other| self.member(other)))
    }

    fn member(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }
}

fn alias_of(name: &str) -> Option<&'static str> {
    ALIASES
        .iter()
        .find(|(documented, _)| *documented == name)
        .map(|(_, other)| *other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::testing::rules;
    use crate::values::{Count, Name};

    #[test]
    fn every_fault_and_every_unknown_member_is_named() {
        let data = serde_json::json!({"firstname": null, "lastname": 5, "shoe/Size": 43, "count": "0"});
        let rules = rules();
        let mut fields = Fields::new(data.as_object().unwrap(), "/data", &rules);
        assert!(fields.required::<Name>("firstname").is_none());
        assert!(fields.required::<Name>("lastname").is_none());
        assert!(fields.optional::<Count>("count").is_none());
        assert!(fields.optional::<Count>("absent").is_none());
        let (faults, ignored) = fields.finish();
        let named: Vec<_> = faults
            .iter()
            .map(|fault| (fault.pointer.as_str(), fault.code.as_str()))
            .collect();
        let expected = [
            ("/data/firstname", "required"),
            ("/data/lastname", "wrong-type"),
            ("/data/count", "out-of-range"),
        ];
        assert_eq!(named, expected);
        assert_eq!(ignored, ["/data/shoe~1Size"]);
    }
}
