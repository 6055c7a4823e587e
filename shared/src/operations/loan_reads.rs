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
        name: "LOAN_FORECLOSURE_QUOTE",
        summary: "Tells what LOAN_FORECLOSURE would book on a day, for a loan whose interest is not recalculated.",
        example: r#"{"external_loan_id":"LOAN-123","transactionDate":"11 March 2026"}"#,
        fields: &[LOAN, &[optional("transactionDate", Form::Date)]],
        place: Place::Template("foreclosure"),
        shows: Shows::Names("externalLoanId"),
        ..ROW
    },
    Declaration {
        name: "LOAN_PREPAY_QUOTE",
        summary: "Tells the LOAN_REPAYMENT that would close a loan whose interest is recalculated; for every other loan ask for LOAN_FORECLOSURE_QUOTE.",
        example: r#"{"external_loan_id":"LOAN-123","transactionDate":"11 March 2026"}"#,
        fields: &[LOAN, &[optional("transactionDate", Form::Date)]],
        place: Place::Template("prepayLoan"),
        shows: Shows::Names("externalLoanId"),
        ..ROW
    },
];
