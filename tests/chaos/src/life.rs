//! What callers ask for: the life of a client and its loan, ten operations on two subjects.

use fastrand::Rng;
use serde_json::{Value, json};

/// Operations of one life.
pub const OPERATIONS: usize = 10;
/// Subjects of one life.
pub const SUBJECTS: usize = 2;
/// Of so many lives, one ends with a loan that is deleted; the others end with one that is paid out.
const DELETED_ONE_OF: usize = 3;
const DATE: &str = "11 January 2026";

/// What an operation asks Fineract to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The client is created, with this last name.
    CreateClient(String),
    /// Its last name becomes this one.
    UpdateClient(String),
    /// The loan is created with this principal.
    CreateLoan(u64),
    /// Its principal becomes this.
    UpdateLoan(u64),
    /// It is approved.
    ApproveLoan,
    /// So much is paid out.
    DisburseLoan(u64),
    /// It is deleted.
    DeleteLoan,
}

impl Change {
    /// The operation's name in the contract.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        match self {
            Self::CreateClient(_) => "CLIENT_CREATE",
            Self::UpdateClient(_) => "CLIENT_UPDATE",
            Self::CreateLoan(_) => "LOAN_CREATE",
            Self::UpdateLoan(_) => "LOAN_UPDATE",
            Self::ApproveLoan => "LOAN_APPROVE",
            Self::DisburseLoan(_) => "LOAN_DISBURSE",
            Self::DeleteLoan => "LOAN_DELETE",
        }
    }

    /// Whether it is about the client; else it is about the loan.
    #[must_use]
    pub fn is_of_client(&self) -> bool {
        matches!(self, Self::CreateClient(_) | Self::UpdateClient(_))
    }

    /// Whether applying it twice by itself is no harm: it sets absolute values.
    #[must_use]
    pub fn sets_values(&self) -> bool {
        matches!(self, Self::UpdateClient(_) | Self::UpdateLoan(_))
    }
}

/// One operation of a life.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What it asks for.
    pub change: Change,
    /// Its `Idempotency-Key`, if the caller sends one.
    pub key: Option<String>,
    /// Whether the caller repeats the request although it was answered.
    pub repeated: bool,
    /// The body of the request.
    pub request: Value,
}

/// The life of a client and its loan.
#[derive(Clone, Debug)]
pub struct Life {
    /// The client's external id.
    pub client: String,
    /// The loan's external id.
    pub loan: String,
    /// Whether its caller awaits the end of each operation before it asks for the next; else it awaits the 202.
    pub patient: bool,
    /// In the order in which they are asked for.
    pub operations: Vec<Operation>,
}

impl Life {
    /// The external id of what an operation is about.
    #[must_use]
    pub fn subject(&self, operation: &Operation) -> &str {
        if operation.change.is_of_client() {
            &self.client
        } else {
            &self.loan
        }
    }
}

/// The lives of a run, the same for the same seed but for their ids.
#[must_use]
pub fn lives(count: usize, run: &str, lenders: &[String], rng: &mut Rng) -> Vec<Life> {
    (0..count).map(|index| life(index, run, lenders, rng)).collect()
}

fn life(index: usize, run: &str, lenders: &[String], rng: &mut Rng) -> Life {
    let (client, loan) = (format!("C-{run}-{index:04}"), format!("L-{run}-{index:04}"));
    let name = |version: u32| format!("Badgujar{}", ["", " II", " III", " IV"][version as usize % 4]);
    let principal = |version: u64| 100_000 + 1_000 * version + 10 * index as u64;
    let mut changes = vec![
        Change::CreateClient(name(0)),
        Change::UpdateClient(name(1)),
        Change::CreateLoan(principal(0)),
        Change::UpdateLoan(principal(1)),
        Change::UpdateClient(name(2)),
        Change::UpdateLoan(principal(2)),
    ];
    // What comes last must be refused.
    changes.extend(if index % DELETED_ONE_OF == 2 {
        [
            Change::DeleteLoan,
            Change::UpdateClient(name(3)),
            Change::DeleteLoan,
            Change::ApproveLoan,
        ]
    } else {
        [
            Change::ApproveLoan,
            Change::DisburseLoan(principal(2)),
            if rng.bool() {
                Change::ApproveLoan
            } else {
                Change::DeleteLoan
            },
            Change::DisburseLoan(principal(2)),
        ]
    });
    let lender = lenders.get(index % lenders.len().max(1)).map_or("UGRO", String::as_str);
    let operations = changes.into_iter().enumerate().map(|(number, change)| {
        let key = rng.bool().then(|| format!("{run}-{index}-{number}"));
        Operation {
            request: json!({
                "status": change.operation(),
                "data": data(&change, &client, &loan, lender, number),
            }),
            repeated: key.is_some() && rng.u32(..5) == 0,
            key,
            change,
        }
    });
    let operations = operations.collect();
    Life {
        patient: rng.bool(),
        operations,
        client,
        loan,
    }
}

fn data(change: &Change, client: &str, loan: &str, lender: &str, number: usize) -> Value {
    match change {
        Change::CreateClient(last_name) => json!({
            "firstname": "Jayesh", "lastname": last_name, "externalId": client, "activationDate": "01 January 2026",
        }),
        Change::UpdateClient(last_name) => json!({
            "firstname": "Jayesh", "lastname": last_name, "externalId": client,
        }),
        Change::CreateLoan(principal) => json!({
            "lenderConfig": lender, "externalId": loan, "principal": principal, "submittedOnDate": DATE,
            "loanTermFrequency": 12, "loanTermFrequencyType": "months", "numberOfRepayments": 12,
            "interestRatePerPeriod": 8, "clientId": client,
        }),
        Change::UpdateLoan(principal) => json!({ "externalId": loan, "principal": principal }),
        Change::ApproveLoan => json!({ "external_loan_id": loan, "approvedOnDate": DATE }),
        Change::DisburseLoan(amount) => json!({
            "external_loan_id": loan, "actualDisbursementDate": DATE, "transactionAmount": amount,
            "utr_payment_id": format!("UTR-{loan}-{number}"),
        }),
        Change::DeleteLoan => json!({ "external_loan_id": loan }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_are_as_long_as_they_say_and_no_two_operations_set_the_same_value() {
        let lives = lives(30, "run", &["UGRO".to_owned()], &mut Rng::with_seed(1));
        for life in &lives {
            assert_eq!(life.operations.len(), OPERATIONS);
            for pair in life.operations.windows(2) {
                assert_ne!(pair[0].change, pair[1].change);
            }
        }
        assert!(lives.iter().any(|life| life.patient) && lives.iter().any(|life| !life.patient));
        let operations = || lives.iter().flat_map(|life| &life.operations);
        assert!(operations().any(|operation| operation.key.is_some()));
        assert!(operations().any(|operation| operation.key.is_none()));
        assert!(operations().any(|operation| operation.repeated));
    }
}
