//! What is asked about a loan; nothing is changed.

use crate::declaration::{Declaration, Form, LOAN, Place, ROW, Shows, optional};

pub(super) const FAMILY: &[Declaration] = &[
    Declaration {
        name: "LOAN_GET",
        summary: "Gives a loan with all that belongs to it.",
        example: r#"{"external_loan_id":"LOAN-123","associations":"repaymentSchedule,transactions"}"#,
        fields: &[
            LOAN,
            &[
                optional("associations", Form::Words).or("all"),
                optional("exclude", Form::Words),
                optional("fields", Form::Words),
            ],
        ],
        place: Place::Look,
        shows: Shows::Names("externalId"),
        ..ROW
    },
    Declaration {
        name: "LOAN_PREPAY_QUOTE",
        summary: "Tells what would have to be paid to close a loan on a day.",
        example: r#"{"external_loan_id":"LOAN-123","transactionDate":"11 March 2026"}"#,
        fields: &[LOAN, &[optional("transactionDate", Form::Date)]],
        place: Place::Template("prepayLoan"),
        shows: Shows::Names("externalLoanId"),
        ..ROW
    },
];
