//! Money that moves on a loan, and what is booked like it.

use crate::bank::List;
use crate::declaration::{Declaration, EXTERNAL_ID, Field, Form, LOAN, NOTE, Place, ROW, Shows, optional, required};

/// The external id that the transaction gets, where it is the caller's to say.
const ID: Field = optional(TRANSACTION_ID, Form::ExternalId).sent_as(EXTERNAL_ID);
const TRANSACTION_ID: &str = "externalTransactionId";
/// The day and the amount.
const MOVED: &[Field] = &[
    required("transactionDate", Form::Date),
    required("transactionAmount", Form::Amount),
];
const ON: &[Field] = &[required("transactionDate", Form::Date)];
/// How it was paid.
const PAID: &[Field] = &[
    optional("utr_payment_id", Form::Utr).sent_as("receiptNumber"),
    optional("paymentType", Form::Named(List::PaymentTypes)).sent_as("paymentTypeId"),
    optional("accountNumber", Form::Reference),
    optional("checkNumber", Form::Reference),
    optional("routingCode", Form::Reference),
    optional("bankNumber", Form::Reference),
];
/// One of these keeps what moves money from being booked twice.
const GUARD: &[&str] = &[TRANSACTION_ID, "utr_payment_id"];

pub(super) const FAMILY: &[Declaration] = &[
    Declaration {
        name: "LOAN_REPAYMENT",
        summary: "Books a repayment.",
        example: r#"{"external_loan_id":"LOAN-123","transactionDate":"11 February 2026","transactionAmount":8791.59,"utr_payment_id":"UTR-20260211-001","paymentType":"Money Transfer","note":"EMI 1"}"#,
        fields: &[LOAN, &[ID], MOVED, PAID, NOTE],
        either: GUARD,
        place: Place::Transactions("repayment"),
        action: "REPAYMENT",
        shows: Shows::Booked("repayment"),
        ..ROW
    },
    Declaration {
        name: "LOAN_TRANSACTION_UNDO",
        summary: "Undoes a repayment or a waiver.",
        example: r#"{"external_loan_id":"LOAN-123","externalTransactionId":"PAY-1001","transactionDate":"11 February 2026","note":"Bounced"}"#,
        fields: &[
            LOAN,
            &[required(TRANSACTION_ID, Form::ExternalId).unsent()],
            ON,
            &[optional("reversalExternalId", Form::ExternalId)],
            NOTE,
        ],
        fixed: &[("transactionAmount", 0)],
        place: Place::Transaction("undo"),
        action: "ADJUST",
        shows: Shows::Undone,
        ..ROW
    },
    Declaration {
        name: "LOAN_WAIVE_INTEREST",
        summary: "Waives interest.",
        example: r#"{"external_loan_id":"LOAN-123","externalTransactionId":"WAIVE-1001","transactionDate":"12 February 2026","transactionAmount":50}"#,
        fields: &[
            LOAN,
            &[ID],
            MOVED,
            &[optional("utr_payment_id", Form::Utr).unsent()],
            NOTE,
        ],
        either: GUARD,
        place: Place::Transactions("waiveinterest"),
        action: "WAIVEINTERESTPORTION",
        shows: Shows::Booked("waiveInterest"),
        ..ROW
    },
    Declaration {
        name: "LOAN_FORECLOSURE",
        summary: "Closes a loan early: all that is left is paid (LOAN_FORECLOSURE_QUOTE tells how much), which cannot be undone.",
        example: r#"{"external_loan_id":"LOAN-123","transactionDate":"11 March 2026","note":"Paid by another bank"}"#,
        fields: &[LOAN, &[ID], ON, NOTE],
        place: Place::Transactions("foreclosure"),
        action: "FORECLOSURE",
        shows: Shows::Booked("repayment"),
        ..ROW
    },
    Declaration {
        name: "LOAN_WRITE_OFF",
        summary: "Writes off all that is left of a loan.",
        example: r#"{"external_loan_id":"LOAN-123","transactionDate":"11 March 2026","note":"Client died"}"#,
        fields: &[
            LOAN,
            &[ID],
            ON,
            &[optional("writeOffReason", Form::Named(List::WriteOffReasons)).sent_as("writeoffReasonId")],
            NOTE,
        ],
        place: Place::Transactions("writeoff"),
        action: "WRITEOFF",
        shows: Shows::Booked("writeOff"),
        ..ROW
    },
    Declaration {
        name: "LOAN_UNDO_WRITE_OFF",
        summary: "Takes back the write-off of a loan.",
        example: r#"{"external_loan_id":"LOAN-123"}"#,
        place: Place::Transactions("undowriteoff"),
        action: "UNDOWRITEOFF",
        shows: Shows::Reversed("writeOff"),
        ..ROW
    },
    Declaration {
        name: "LOAN_RECOVERY_PAYMENT",
        summary: "Books a payment on a loan that was written off.",
        example: r#"{"external_loan_id":"LOAN-123","transactionDate":"11 April 2026","transactionAmount":500,"utr_payment_id":"UTR-20260411-001"}"#,
        fields: &[LOAN, &[ID], MOVED, PAID, NOTE],
        either: GUARD,
        place: Place::Transactions("recoverypayment"),
        action: "RECOVERYPAYMENT",
        shows: Shows::Booked("recoveryRepayment"),
        ..ROW
    },
];
