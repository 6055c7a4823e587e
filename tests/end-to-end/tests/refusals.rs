//! A failure of each of the documented operations, as Fineract words it.

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::bench::published::{self, with};

pub(crate) async fn refused(bench: &Bench, operation: &str, data: Value, status: u16, code: &str) {
    let body = bench.perform(operation, data).await;
    assert_eq!(
        (&body["status"], &body["state"]),
        (&json!("failed"), &json!("failed")),
        "{operation} {body}"
    );
    assert_eq!(body["operation_type"], operation);
    assert_eq!(body["success_response"], Value::Null);
    assert_eq!(body["error_message"], format!("Fineract returned {status}"));
    assert_eq!(body["failure_response"]["httpStatusCode"], status.to_string());
    assert_eq!(body["error"]["code"], code, "{body}");
    assert!(
        body["error"]["message"].as_str().unwrap().contains(' '),
        "a sentence: {body}"
    );
    assert!(body["processed_at"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_fails_in_fineracts_words() {
    let bench = Bench::start().await;
    bench.succeed("CLIENT_CREATE", published::client_create()).await;
    bench.succeed("LOAN_CREATE", published::loan_create()).await;
    let effects = bench.simulator.effects().len();

    let duplicate = with(published::client_create(), json!({"mobileNo": null}));
    refused(
        &bench,
        "CLIENT_CREATE",
        duplicate,
        403,
        "error.msg.client.duplicate.externalId",
    )
    .await;
    let nobody = json!({"externalId": "INC-9", "mobileNo": "1234567"});
    refused(&bench, "CLIENT_UPDATE", nobody, 404, "error.msg.client.id.invalid").await;
    let nobody = json!({"externalId": "INC-9", "firstname": "A"});
    refused(&bench, "CLIENT_UPDATE", nobody, 404, "error.msg.client.id.invalid").await;
    let small = with(
        published::loan_create(),
        json!({"externalId": "L-2", "principal": 999.99}),
    );
    refused(
        &bench,
        "LOAN_CREATE",
        small,
        400,
        "validation.msg.loan.principal.amount.is.not.within.min.max.range",
    )
    .await;
    refused(
        &bench,
        "LOAN_CREATE",
        published::loan_create(),
        403,
        "error.msg.loan.with.externalId.already.used",
    )
    .await;
    refused(
        &bench,
        "LOAN_DISBURSE",
        published::loan_disburse(),
        400,
        "error.msg.loan.disbursal.account.is.not.approve.not.disbursed.state",
    )
    .await;
    let early = with(published::loan_approve(), json!({"approvedOnDate": "10 January 2026"}));
    refused(
        &bench,
        "LOAN_APPROVE",
        early,
        403,
        "error.msg.loan.approval.cannot.be.before.submittal.date",
    )
    .await;
    assert_eq!(bench.simulator.effects().len(), effects, "nothing was applied");

    bench.succeed("LOAN_APPROVE", published::loan_approve()).await;
    refused(
        &bench,
        "LOAN_UPDATE",
        published::loan_update(),
        403,
        "error.msg.loan.cannot.modify.loan.in.its.present.state",
    )
    .await;
    refused(
        &bench,
        "LOAN_DELETE",
        published::loan_delete(),
        403,
        "error.msg.loan.cannot.delete.loan.in.its.present.state",
    )
    .await;
    let gone = json!({"external_loan_id": "L-9"});
    refused(&bench, "LOAN_DELETE", gone, 404, "error.msg.loan.external.id.invalid").await;
    assert_eq!(bench.simulator.effects().len(), effects + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_waits_for_its_client_and_fails_if_none_comes() {
    let bench = Bench::start().await;
    let waits = bench.accept("LOAN_CREATE", published::loan_create()).await;
    let never = with(
        published::loan_create(),
        json!({"externalId": "L-2", "clientId": "INC-9"}),
    );
    let never = bench.accept("LOAN_CREATE", never).await;
    bench.succeed("CLIENT_CREATE", published::client_create()).await;
    assert_eq!(bench.ended(&waits).await["status"], "success");
    let failed = bench.ended(&never).await;
    assert_eq!(
        (&failed["status"], &failed["error"]["code"]),
        (&json!("failed"), &json!("error.msg.client.id.invalid"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_own_refusal_has_fineracts_shape() {
    let bench = Bench::with(|options| options.with_parameter("Lenders", "UGRO,NOBODY")).await;
    bench.succeed("CLIENT_CREATE", published::client_create()).await;
    let body = bench
        .perform(
            "LOAN_CREATE",
            with(published::loan_create(), json!({"lenderConfig": "NOBODY"})),
        )
        .await;
    assert_eq!(body["status"], "failed");
    assert!(
        body["error_message"].as_str().unwrap().starts_with("Gateway refused: "),
        "{body}"
    );
    assert_eq!(
        body["failure_response"]["errors"][0]["userMessageGlobalisationCode"],
        "gateway.product-not-found"
    );
}
