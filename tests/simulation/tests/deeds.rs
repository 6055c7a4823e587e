//! Every operation that changes something, with data that succeed, and what must have been done before.

use fineract_simulator::Release;
use gateway::kind::Kind;
use gateway::operation::AnyOperation;
use serde_json::{Value, json};
use simulation::Gateway;

use crate::loan_create::{client, loan, succeed};

/// An operation to be done.
pub(crate) struct Deed {
    /// Its name.
    pub(crate) operation: &'static str,
    /// Its data.
    pub(crate) data: Value,
    /// What was done before.
    pub(crate) before: Vec<(&'static str, Value)>,
    /// The method of its request, and a part of the path.
    pub(crate) call: (&'static str, &'static str),
}

/// Data about the loan.
pub(crate) fn of_loan(more: Value) -> Value {
    let mut data = json!({"external_loan_id": "L"});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    data
}

/// A payment of 1000 under this id.
pub(crate) fn paid(id: &str, day: &str) -> Value {
    of_loan(json!({"externalTransactionId": id, "transactionDate": day, "transactionAmount": 1000}))
}

/// The way to a loan that was written off, each step by its name.
pub(crate) fn way() -> [(&'static str, Value); 6] {
    [
        ("CLIENT_CREATE", client("INC-1001")),
        ("LOAN_CREATE", loan("UGRO", "L")),
        ("LOAN_APPROVE", of_loan(json!({"approvedOnDate": "15 January 2026"}))),
        (
            "LOAN_DISBURSE",
            of_loan(json!({"actualDisbursementDate": "16 January 2026", "utr_payment_id": "U"})),
        ),
        ("LOAN_REPAYMENT", paid("P-1", "16 February 2026")),
        (
            "LOAN_WRITE_OFF",
            of_loan(
                json!({"transactionDate": "16 March 2026", "writeOffReason": "WriteOffReasons one", "note": "gone"}),
            ),
        ),
    ]
}

/// Every operation that changes something. Each follows on the first `steps` of the way.
pub(crate) fn deeds() -> Vec<Deed> {
    let day = |name: &str, more: Value| {
        let mut data = of_loan(more);
        data[name] = "16 March 2026".into();
        data
    };
    let on_way = way().into_iter().enumerate();
    let mut deeds: Vec<_> = on_way
        .map(|(steps, (operation, data))| (operation, data, steps))
        .collect();
    deeds.extend([
        ("CLIENT_UPDATE", json!({"externalId": "INC-1001", "lastname": "B"}), 1),
        ("LOAN_UPDATE", json!({"externalId": "L", "principal": 50000}), 2),
        ("LOAN_DELETE", of_loan(json!({})), 2),
        ("LOAN_REJECT", day("rejectedOnDate", json!({"note": "n"})), 2),
        ("LOAN_WITHDRAW", day("withdrawnOnDate", json!({})), 2),
        ("LOAN_UNDO_APPROVAL", of_loan(json!({"note": "n"})), 3),
        ("LOAN_UNDO_DISBURSAL", of_loan(json!({})), 5),
        (
            "LOAN_REPAYMENT",
            of_loan(json!({"transactionDate": "16 February 2026", "transactionAmount": "100.50", "utr_payment_id": "V", "paymentType": "UTR", "accountNumber": "1"})),
            4,
        ),
        ("LOAN_TRANSACTION_UNDO", day("transactionDate", json!({"externalTransactionId": "P-1", "note": "n"})), 5),
        ("LOAN_WAIVE_INTEREST", paid("W-1", "16 February 2026"), 4),
        ("LOAN_FORECLOSURE", day("transactionDate", json!({"note": "n"})), 5),
        ("LOAN_UNDO_WRITE_OFF", of_loan(json!({})), 6),
        ("LOAN_RECOVERY_PAYMENT", paid("R-1", "20 March 2026"), 6),
        (
            "LOAN_CHARGE_ADD",
            of_loan(json!({"externalChargeId": "C-1", "chargeName": "Specified due date fee", "amount": 50, "dueDate": "15 April 2026"})),
            4,
        ),
    ]);
    deeds
        .into_iter()
        .map(|(operation, data, steps)| Deed {
            operation,
            data,
            before: way().into_iter().take(steps).collect(),
            call: call_of(operation),
        })
        .collect()
}

/// The method and a part of the path of an operation's request.
fn call_of(operation: &str) -> (&'static str, &'static str) {
    match operation {
        "CLIENT_CREATE" => ("POST", "/v1/clients"),
        "CLIENT_UPDATE" => ("PUT", "/v1/clients"),
        "LOAN_CREATE" => ("POST", "/v1/loans"),
        "LOAN_UPDATE" => ("PUT", "/v1/loans"),
        "LOAN_DELETE" => ("DELETE", "/v1/loans"),
        "LOAN_CHARGE_ADD" => ("POST", "/charges"),
        _ => ("POST", "command="),
    }
}

/// The operation with its data.
pub(crate) fn understood(operation: &str, data: &Value) -> Box<dyn AnyOperation> {
    let reading = Kind::named(operation)
        .unwrap()
        .read(data.as_object().unwrap(), &simulation::rules());
    reading
        .unwrap_or_else(|faults| panic!("{operation} {data}: {faults:?}"))
        .operation
}

impl Deed {
    /// A gateway where everything was done that must be before it.
    pub(crate) async fn prepared(&self, release: Release) -> Gateway {
        let gateway = Gateway::new(release);
        for (operation, data) in &self.before {
            succeed(&gateway, operation, data.clone()).await;
        }
        gateway
    }

    /// What a checker's permission for it is called: `ACTION_ENTITY`.
    pub(crate) fn permission(&self) -> String {
        let (action, entity) = understood(self.operation, &self.data).command();
        format!("{action}_{entity}")
    }
}

#[test]
fn every_operation_that_changes_something_is_here() {
    let deeds = deeds();
    for kind in gateway::operations::ALL {
        let example: Value = serde_json::from_str(kind.example).unwrap();
        let changes = understood(kind.name, &example).subject().is_some();
        assert_eq!(
            deeds.iter().any(|deed| deed.operation == kind.name),
            changes,
            "{kind:?}"
        );
    }
}
