//! Reading the members of `data`, gathering every fault at once.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::json::push_pointer;
use crate::values::{FaultCode, FromJson, Rules, Wrong};

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

/// The members of an object while an operation takes what it knows.
///
/// A reader returns `None` for a member that is absent or faulty; the fault is kept, so an operation reads all of its
/// fields before it gives up.
pub struct Fields<'a> {
    members: &'a Map<String, Value>,
    pointer: &'static str,
    rules: &'a Rules,
    known: BTreeSet<&'static str>,
    faults: Vec<Fault>,
}

impl<'a> Fields<'a> {
    /// The members of the object that stands at `pointer` of the body.
    pub fn new(members: &'a Map<String, Value>, pointer: &'static str, rules: &'a Rules) -> Self {
        Self {
            members,
            pointer,
            rules,
            known: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// A field that must be there.
    pub fn required<T: FromJson>(&mut self, name: &'static str) -> Option<T> {
        if self.present(name).is_none() {
            self.known.insert(name);
            self.fault(name, Wrong::new(FaultCode::Required, "is required"));
            return None;
        }
        self.optional(name)
    }

    /// A field that may be absent or null.
    pub fn optional<T: FromJson>(&mut self, name: &'static str) -> Option<T> {
        self.known.insert(name);
        match T::from_json(self.present(name)?, self.rules) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.fault(name, wrong);
                None
            }
        }
    }

    /// Whether one of these fields has a value, faulty or not.
    pub fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.present(name).is_some())
    }

    /// Adds a fault of one field.
    pub fn fault(&mut self, name: &str, wrong: Wrong) {
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
        let ignored = self.members.keys().filter(|name| !self.known.contains(name.as_str()));
        let pointers = ignored.map(|name| {
            let mut pointer = self.pointer.to_owned();
            push_pointer(&mut pointer, name);
            pointer
        });
        (self.faults, pointers.collect())
    }

    fn present(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }
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
