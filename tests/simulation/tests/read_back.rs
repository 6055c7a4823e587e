//! Each operation reads from Fineract whether it was applied: not before, and afterwards with the ids of the answer.

use fineract_simulator::Release;
use gateway::bank::Products;
use gateway::command::Stop;
use gateway::kind::Kind;
use gateway::operation::Case;
use gateway::proof::Proof;
use gateway::tracking::TrackingId;
use serde_json::{Value, json};
use simulation::Gateway;

use crate::deeds::deeds;
use crate::loan_create::{client, loan};

async fn read_back(gateway: &Gateway, operation: &str, data: &Value, case: &Case) -> Result<Proof, Stop> {
    let products = Products::default();
    let bank = simulation::bank(&gateway.fineract, &products, &gateway.clock);
    let rules = simulation::rules();
    let reading = Kind::named(operation)
        .unwrap()
        .read(data.as_object().unwrap(), &rules)
        .unwrap();
    reading.operation.read_back(&bank, case).await
}

/// Proves an operation: not before it was done, and afterwards with the ids of its answer.
async fn prove(gateway: &Gateway, operation: &str, data: Value) {
    let case = Case::new(uuid::Uuid::from_u128(1));
    let before = read_back(gateway, operation, &data, &case).await.unwrap();
    assert_eq!(before, Proof::NotApplied, "{operation}");
    let performed = gateway.perform(operation, data.clone()).await.unwrap();
    assert_eq!(performed.body["status"], "success", "{}", performed.body);
    let id: TrackingId = performed.body["tracking_id"].as_str().unwrap().parse().unwrap();
    let row = gateway.ledger.rows().into_iter().find(|row| row.id == id.id).unwrap();
    let case = Case {
        target: row.target,
        ..Case::new(row.id)
    };
    let Proof::Applied(ids) = read_back(gateway, operation, &data, &case).await.unwrap() else {
        panic!("{operation} is not proved");
    };
    let answer = performed.body["success_response"].as_object().unwrap();
    let ids = ids.as_object().unwrap();
    for (name, id) in ids {
        // Fineract's answer to a foreclosure names neither office nor client.
        let left_out = operation == "LOAN_FORECLOSURE" && ["officeId", "clientId"].contains(&name.as_str());
        assert_eq!(answer.get(name), Some(id).filter(|_| !left_out), "{operation} {name}");
    }
    let missing = answer
        .keys()
        .find(|name| *name != "changes" && !ids.contains_key(*name));
    assert!(
        missing.is_none() || operation == "LOAN_DELETE",
        "{operation}: {missing:?}"
    );
}

#[tokio::test]
async fn each_operation_is_proved_after_it_and_not_before() {
    for release in Release::ALL {
        for deed in deeds() {
            let gateway = deed.prepared(release).await;
            prove(&gateway, deed.operation, deed.data).await;
        }
        let gateway = Gateway::new(release);
        let mut create = client("INC-1001");
        create["mobileNo"] = "9966999999".into();
        for (operation, data) in [
            ("CLIENT_CREATE", create),
            (
                "CLIENT_UPDATE",
                json!({"externalId": "INC-1001", "lastname": "B", "mobileNo": "", "activationDate": "2 January 2026"}),
            ),
            ("LOAN_CREATE", loan("GB", "L")),
            (
                "LOAN_UPDATE",
                json!({"externalId": "L", "principal": "200000.50", "loanTermFrequency": 24, "interestRatePerPeriod": 8.5,
                "loanTermFrequencyType": "weeks", "numberOfRepayments": 24, "submittedOnDate": "12 January 2026"}),
            ),
            (
                "LOAN_APPROVE",
                json!({"external_loan_id": "L", "approvedOnDate": "15 January 2026"}),
            ),
            (
                "LOAN_DISBURSE",
                json!({"external_loan_id": "L", "actualDisbursementDate": "16 January 2026", "transactionAmount": 150000, "utr_payment_id": "U"}),
            ),
        ] {
            prove(&gateway, operation, data).await;
        }
    }
}

#[tokio::test]
async fn what_differs_in_one_field_is_no_proof() {
    let gateway = Gateway::new(Release::V1_10_1);
    let case = Case::new(uuid::Uuid::from_u128(1));
    gateway.perform("CLIENT_CREATE", client("INC-1001")).await.unwrap();
    gateway.perform("LOAN_CREATE", loan("UGRO", "L")).await.unwrap();
    for (operation, data, name, other) in [
        ("CLIENT_CREATE", client("INC-1001"), "firstname", json!("X")),
        (
            "CLIENT_CREATE",
            client("INC-1001"),
            "activationDate",
            json!("2 January 2026"),
        ),
        ("LOAN_CREATE", loan("UGRO", "L"), "principal", json!(100000.01)),
        ("LOAN_CREATE", loan("UGRO", "L"), "lenderConfig", json!("DMI")),
        (
            "LOAN_CREATE",
            loan("UGRO", "L"),
            "loanTermFrequencyType",
            json!("weeks"),
        ),
        ("LOAN_CREATE", loan("UGRO", "L"), "interestRatePerPeriod", json!(9)),
        (
            "LOAN_CREATE",
            loan("UGRO", "L"),
            "submittedOnDate",
            json!("12 January 2026"),
        ),
    ] {
        assert!(
            matches!(
                read_back(&gateway, operation, &data, &case).await.unwrap(),
                Proof::Applied(_)
            ),
            "{operation}"
        );
        let mut data = data;
        data[name] = other;
        assert_eq!(
            read_back(&gateway, operation, &data, &case).await.unwrap(),
            Proof::NotApplied,
            "{operation} {name}"
        );
    }
}
