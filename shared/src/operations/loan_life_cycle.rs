//! What becomes of an application for a loan.

use serde_json::Value;

use crate::declaration::{APPROVED, Declaration, Form, LOAN, NOTE, Place, REJECTED, ROW, SUBMITTED, Shows, WITHDRAWN};
use crate::declaration::{optional, required};
use crate::loan_terms::date_of;
use crate::values::Date;

/// The field with the amount of a disbursement.
const AMOUNT: &str = "transactionAmount";

pub(super) const FAMILY: &[Declaration] = &[
    Declaration {
        name: "LOAN_APPROVE",
        summary: "Approves a loan.",
        example: r#"{"external_loan_id":"LOAN-123","approvedOnDate":"11 January 2026"}"#,
        fields: &[LOAN, &[required("approvedOnDate", Form::Date)]],
        place: Place::Loan("approve"),
        action: "APPROVE",
        // Fineract shows this day while the loan is approved, and whatever becomes of an approved loan.
        shows: Shows::Is {
            was: Some(SUBMITTED),
            is: None,
            on: Some(("approvedOnDate", "approvedByUsername")),
        },
        thinks: Some(expected_disbursement),
        ..ROW
    },
    Declaration {
        name: "LOAN_DISBURSE",
        summary: "Disburses a loan, or its next tranche.",
        example: r#"{"external_loan_id":"LOAN-123","actualDisbursementDate":"11 January 2026","transactionAmount":200000,"utr_payment_id":"UTR-20260111-001","note":"Disbursement for LOAN-123"}"#,
        fields: &[
            LOAN,
            &[
                required("actualDisbursementDate", Form::Date),
                optional(AMOUNT, Form::Amount),
                optional("utr_payment_id", Form::Utr).sent_as("receiptNumber"),
            ],
            NOTE,
        ],
        place: Place::Loan("disburse"),
        action: "DISBURSE",
        shows: Shows::Booked("disbursement"),
        pays_out: true,
        ..ROW
    },
    Declaration {
        name: "LOAN_UNDO_DISBURSAL",
        summary: "Takes back every disbursement of a loan.",
        example: r#"{"external_loan_id":"LOAN-123","note":"Returned by the bank"}"#,
        fields: &[LOAN, NOTE],
        place: Place::Loan("undodisbursal"),
        action: "DISBURSALUNDO",
        shows: Shows::Reversed("disbursement"),
        ..ROW
    },
    Declaration {
        name: "LOAN_UNDO_APPROVAL",
        summary: "Takes back the approval of a loan.",
        example: r#"{"external_loan_id":"LOAN-123","note":"Terms change"}"#,
        fields: &[LOAN, NOTE],
        place: Place::Loan("undoapproval"),
        action: "APPROVALUNDO",
        shows: Shows::Is {
            was: Some(APPROVED),
            is: Some(SUBMITTED),
            on: None,
        },
        ..ROW
    },
    Declaration {
        name: "LOAN_REJECT",
        summary: "Rejects a loan that awaits approval.",
        example: r#"{"external_loan_id":"LOAN-123","rejectedOnDate":"12 January 2026","note":"Income not proved"}"#,
        fields: &[LOAN, &[required("rejectedOnDate", Form::Date)], NOTE],
        place: Place::Loan("reject"),
        action: "REJECT",
        shows: Shows::Is {
            was: None,
            is: Some(REJECTED),
            on: Some(("rejectedOnDate", "rejectedByUsername")),
        },
        ..ROW
    },
    Declaration {
        name: "LOAN_WITHDRAW",
        summary: "Withdraws a loan that awaits approval, for its applicant.",
        example: r#"{"external_loan_id":"LOAN-123","withdrawnOnDate":"12 January 2026","note":"Not needed any more"}"#,
        fields: &[LOAN, &[required("withdrawnOnDate", Form::Date)], NOTE],
        place: Place::Loan("withdrawnByApplicant"),
        action: "WITHDRAW",
        shows: Shows::Is {
            was: None,
            is: Some(WITHDRAWN),
            on: Some(("withdrawnOnDate", "withdrawnByUsername")),
        },
        ..ROW
    },
];

/// Newer releases refuse an approval after the expected disbursement date, unless that date moves along.
fn expected_disbursement(loan: &Value, approved: Date) -> Option<(&'static str, Value)> {
    let expected = date_of(loan, "/timeline/expectedDisbursementDate")?;
    (expected < approved).then(|| ("expectedDisbursementDate", Value::from(approved)))
}
