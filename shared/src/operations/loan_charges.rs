//! Fees and penalties of a loan.

use crate::bank::List;
use crate::declaration::{Declaration, EXTERNAL_ID, Form, LOAN, Place, ROW, Shows, optional, required};

pub(super) const FAMILY: &[Declaration] = &[Declaration {
    name: "LOAN_CHARGE_ADD",
    summary: "Adds a charge to a loan.",
    example: r#"{"external_loan_id":"LOAN-123","externalChargeId":"CHARGE-1001","chargeName":"Specified due date fee","amount":50,"dueDate":"15 April 2026"}"#,
    fields: &[
        LOAN,
        &[
            required("externalChargeId", Form::ExternalId).sent_as(EXTERNAL_ID),
            required("chargeName", Form::Named(List::Charges)).sent_as("chargeId"),
            required("amount", Form::Amount),
            optional("dueDate", Form::Date),
        ],
    ],
    place: Place::Charges,
    action: "CREATE",
    shows: Shows::Charged,
    ..ROW
}];
