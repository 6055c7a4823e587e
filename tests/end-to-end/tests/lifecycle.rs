//! The documented lifecycle, with the published bodies and answers.

use fineract_simulator::LENDERS;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::bench::published::{self, with};

/// Checks the published members of a success, field by field, and gives its `success_response`.
fn published_success(operation: &str, id: &str, body: &Value) -> Value {
    let uuid = id.strip_prefix(operation).unwrap().strip_prefix('|').unwrap();
    assert_eq!((uuid.len(), uuid.matches('-').count()), (36, 4));
    let processed_at = body["processed_at"].as_str().unwrap();
    let form: String = processed_at
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    assert_eq!(form, "0000-00-00T00:00:00.000000", "microseconds and no zone");
    let published = json!({"tracking_id": id, "operation_type": operation, "status": "success",
        "success_response": body["success_response"], "failure_response": null, "error_message": null,
        "processed_at": processed_at});
    for (name, value) in published.as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    body["success_response"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_bodies_give_the_published_answers() {
    let bench = Bench::start().await;
    let run = async |operation: &str, data: Value| {
        let id = bench.accept(operation, data).await;
        published_success(operation, &id, &bench.ended(&id).await)
    };

    let client = run("CLIENT_CREATE", published::client_create()).await;
    let number = client["clientId"].as_u64().unwrap();
    let expected = json!({"officeId": 1, "clientId": number, "resourceId": number, "resourceExternalId": "INC-1001"});
    assert_eq!(client, expected);

    let update = json!({"externalId": "INC-1001", "emailAddress": "j@example.com"});
    let updated = run("CLIENT_UPDATE", update).await;
    assert_eq!(
        updated,
        with(expected, json!({"changes": {"emailAddress": "j@example.com"}}))
    );

    let loan = run("LOAN_CREATE", published::loan_create()).await;
    let loan_number = loan["loanId"].as_u64().unwrap();
    let ids = json!({"officeId": 1, "clientId": number, "loanId": loan_number, "resourceId": loan_number,
        "resourceExternalId": "LOAN-123"});
    assert_eq!(loan, ids);

    let updated = run("LOAN_UPDATE", published::loan_update()).await;
    assert_eq!(with(updated.clone(), json!({"changes": null})), ids);
    assert_eq!(
        (
            &updated["changes"]["principal"],
            updated["changes"]["interestRatePerPeriod"].to_string()
        ),
        (&json!(200000), "8.3".to_owned())
    );

    let approved = run("LOAN_APPROVE", published::loan_approve()).await;
    assert_eq!(with(approved.clone(), json!({"changes": null})), ids);
    assert_eq!(approved["changes"]["status"]["code"], "loanStatusType.approved");

    let disbursed = run("LOAN_DISBURSE", published::loan_disburse()).await;
    assert!(disbursed["subResourceId"].is_u64() && disbursed["subResourceExternalId"].is_string());
    let own = json!({"changes": null, "subResourceId": null, "subResourceExternalId": null});
    assert_eq!(with(disbursed.clone(), own), ids);
    assert_eq!(disbursed["changes"]["status"]["code"], "loanStatusType.active");
    assert_eq!(disbursed["changes"]["receiptNumber"], "UTR-20260111-001");

    let second = with(published::loan_create(), json!({"externalId": "LOAN-124"}));
    let second = run("LOAN_CREATE", second).await;
    let deleted = run(
        "LOAN_DELETE",
        with(published::loan_delete(), json!({"external_loan_id": "LOAN-124"})),
    )
    .await;
    assert_eq!(deleted, second);

    let actions: Vec<_> = bench
        .simulator
        .effects()
        .iter()
        .map(|effect| format!("{} {}", effect.action, effect.entity))
        .collect();
    let expected = [
        "CREATE CLIENT",
        "UPDATE CLIENT",
        "CREATE LOAN",
        "UPDATE LOAN",
        "APPROVE LOAN",
        "DISBURSE LOAN",
        "CREATE LOAN",
        "DELETE LOAN",
    ];
    assert_eq!(actions, expected, "each operation had one effect");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lender_lends_and_digits_stay() {
    let bench = Bench::start().await;
    bench.succeed("CLIENT_CREATE", published::client_create()).await;
    let units = ["days", "weeks", "months", "years"];
    for (index, lender) in LENDERS.into_iter().enumerate() {
        let id = format!("L {lender} \u{fc}?");
        let create = with(
            published::loan_create(),
            json!({"lenderConfig": lender, "externalId": id,
            "principal": "1234567.12", "loanTermFrequencyType": units[index % units.len()],
            "submittedOnDate": "1 jan 2026", "numberOfRepayments": 6}),
        );
        let created = bench.succeed("LOAN_CREATE", create).await;
        assert_eq!(created["success_response"]["resourceExternalId"], id);
        bench
            .succeed(
                "LOAN_UPDATE",
                json!({"externalId": id, "interestRatePerPeriod": "9.125"}),
            )
            .await;
        bench
            .succeed(
                "LOAN_APPROVE",
                json!({"external_loan_id": id, "approvedOnDate": "15 January 2026"}),
            )
            .await;
        let disburse =
            json!({"external_loan_id": id, "actualDisbursementDate": "16 January 2026", "utr_payment_id": "U-1"});
        bench.succeed("LOAN_DISBURSE", disburse).await;
        let loan = bench.loan(&id);
        assert_eq!(
            (loan["principal"].to_string(), loan["interestRatePerPeriod"].to_string()),
            ("1234567.12".to_owned(), "9.125".to_owned())
        );
        assert_eq!(loan["status"]["code"], "loanStatusType.active");
    }
}
