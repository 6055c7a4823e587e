//! Which transactions LOAN_TRANSACTION_UNDO undoes, and what undoes the others.
//!
//! Fineract answers 200 to more than it undoes: after the undoing of a charge's waiver (release 1.10.1) the charge stays
//! waived, and can be neither undone nor waived again.

use serde_json::Value;

use crate::bank::foreign;
use crate::command::Stop;
use crate::failure::Failure;
use crate::proof::is_a;

/// The types of transactions that it undoes.
const UNDOABLE: [&str; 2] = ["repayment", "waiveInterest"];
/// The types that have an operation of their own, or none for a reason.
const OTHERWISE: [(&str, &str); 3] = [
    (
        "disbursement",
        "The transaction is a disbursement: LOAN_UNDO_DISBURSAL takes the disbursements of a loan back.",
    ),
    (
        "writeOff",
        "The transaction is a write-off: LOAN_UNDO_WRITE_OFF takes it back.",
    ),
    (
        "waiveCharges",
        "The transaction is the waiver of a charge: undone like a repayment, the charge would stay waived for ever.",
    ),
];
const OTHER: &str =
    "The transaction is neither a repayment nor a waiver of interest, which is what this operation undoes.";

/// Refuses a transaction of any other type than those that are undone by themselves.
pub(super) fn undoable(transaction: &Value) -> Result<(), Stop> {
    if !transaction.get("type").is_some_and(Value::is_object) {
        return Err(foreign());
    }
    if UNDOABLE.iter().any(|kind| is_a(transaction, kind)) {
        return Ok(());
    }
    let told = OTHERWISE.iter().find(|(kind, _)| is_a(transaction, kind));
    let message = told.map_or(OTHER, |(_, message)| message);
    Err(Stop::Refused(Failure::gateway(409, "gateway.not-undoable", message)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn repayments_and_interest_waivers_are_undone_and_others_name_what_undoes_them() {
        for (kind, message) in [
            ("repayment", None),
            ("waiveInterest", None),
            ("disbursement", Some("LOAN_UNDO_DISBURSAL")),
            ("writeOff", Some("LOAN_UNDO_WRITE_OFF")),
            ("waiveCharges", Some("waiver of a charge")),
            ("recoveryRepayment", Some("neither")),
            ("goodwillCredit", Some("neither")),
        ] {
            let transaction = json!({"id": 9, "type": {"id": 1, "repayment": false, kind: true}});
            match (undoable(&transaction), message) {
                (Ok(()), None) => {}
                (Err(Stop::Refused(failure)), Some(message)) => {
                    assert_eq!(failure.code(), Some("gateway.not-undoable"));
                    assert!(failure.message().contains(message), "{kind}: {}", failure.message());
                }
                (result, _) => panic!("{kind}: {result:?}"),
            }
        }
        let foreign = undoable(&json!({"id": 9}));
        assert!(matches!(foreign, Err(Stop::NotYet(_))), "{foreign:?}");
    }
}
