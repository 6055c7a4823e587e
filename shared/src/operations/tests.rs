use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::command::{Command, Stop};
use crate::operation::Case;
use crate::testing::{Script, World, refusal};
use crate::values::testing::rules;

const ID: Uuid = Uuid::from_u128(7);

fn case() -> Case {
    Case::new(ID)
}

async fn prepare(script: Script, operation: &str, data: Value) -> (Result<Command, Stop>, Script) {
    let command = World::new().prepare(&script, operation, data, &case()).await;
    assert!(script.is_done(), "every lookup was made");
    (command, script)
}

async fn command(script: Script, operation: &str, data: Value) -> (String, Value) {
    let (command, _) = prepare(script, operation, data).await;
    let command = command.unwrap_or_else(|stop| panic!("{stop:?}"));
    (
        format!("{:?} {}", command.method, command.path.as_str()),
        command.body.unwrap_or_default(),
    )
}

/// The faults of data as `pointer code`.
fn faults(operation: &str, data: &str) -> Vec<String> {
    let data = crate::json::read(data.as_bytes()).unwrap();
    let reading = Kind::named(operation)
        .unwrap()
        .read(data.as_object().unwrap(), &rules());
    let Err(faults) = reading else { return Vec::new() };
    faults
        .iter()
        .map(|fault| format!("{} {}", fault.pointer, fault.code.as_str()))
        .collect()
}

fn product(name: &str, more: Value) -> Value {
    let mut product = json!({"id": 2, "name": name, "amortizationType": {"id": 1}, "interestType": {"id": 0},
        "interestCalculationPeriodType": {"id": 1}, "transactionProcessingStrategyCode": "mifos-standard-strategy",
        "repaymentFrequencyType": {"id": 1}, "interestRateFrequencyType": {"id": 3}, "multiDisburseLoan": false,
        "charges": []});
    product
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    product
}

fn loan(more: Value) -> Value {
    let mut loan = json!({"id": 7580, "externalId": "LOAN-123", "clientId": 7003, "loanProductId": 1,
        "principal": 100000.10, "termFrequency": 12, "termPeriodFrequencyType": {"id": 2}, "numberOfRepayments": 12,
        "repaymentEvery": 1, "repaymentFrequencyType": {"id": 2}, "interestRatePerPeriod": 8.0,
        "amortizationType": {"id": 1}, "interestType": {"id": 0}, "interestCalculationPeriodType": {"id": 1},
        "transactionProcessingStrategyCode": "mifos-standard-strategy",
        "timeline": {"submittedOnDate": [2026, 1, 11], "expectedDisbursementDate": [2026, 1, 11]}, "charges": []});
    loan.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    loan
}

const WHOLE: &str = "GET /v1/loans/external-id/LOAN-123?associations=charges,multiDisburseDetails";

/// What an update of this loan looks up.
fn looked_up(loan: Value, product: Value) -> Script {
    Script::default()
        .on(WHOLE, 200, loan)
        .on("GET /v1/loanproducts/1", 200, with(product, json!({"id": 1})))
}

/// A product that has what this loan has of it.
fn product_of(loan: &Value) -> Value {
    let tranches = loan.get("multiDisburseLoan").cloned().unwrap_or(json!(false));
    product("UGRO", json!({"multiDisburseLoan": tranches}))
}

/// The body of an update that changes nothing of [`loan`].
fn same_loan() -> Value {
    json!({"loanType": "individual", "clientId": 7003, "productId": 1, "externalId": "LOAN-123", "principal": 100000.10,
        "loanTermFrequency": 12, "loanTermFrequencyType": 2, "numberOfRepayments": 12, "repaymentEvery": 1,
        "repaymentFrequencyType": 2, "interestRatePerPeriod": 8.0, "amortizationType": 1, "interestType": 0,
        "interestCalculationPeriodType": 1, "transactionProcessingStrategyCode": "mifos-standard-strategy",
        "submittedOnDate": "11 January 2026", "expectedDisbursementDate": "11 January 2026",
        "dateFormat": "dd MMMM yyyy", "locale": "en"})
}

fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn every_example_is_understood_and_names_are_unique() {
    for kind in ALL {
        let example = crate::json::read(kind.example.as_bytes()).unwrap();
        let reading = kind
            .read(example.as_object().unwrap(), &rules())
            .unwrap_or_else(|faults| panic!("{kind:?} {faults:?}"));
        assert!(reading.ignored.is_empty(), "{kind:?}");
        assert!(std::ptr::eq(Kind::named(kind.name).unwrap(), kind), "{kind:?}");
        let named: Vec<String> = faults(kind.name, "{}");
        assert!(
            named.iter().any(|fault| fault.ends_with(" required")),
            "{kind:?} {named:?}"
        );
    }
}

#[test]
fn every_fault_is_named_at_once() {
    for (operation, data, expected) in [
        (
            "CLIENT_CREATE",
            r#"{"firstname":"","lastname":5,"mobileNo":"","emailAddress":null,"activationDate":"31 February 2026"}"#,
            &[
                "/data/firstname empty",
                "/data/lastname wrong-type",
                "/data/externalId required",
                "/data/activationDate not-a-date",
            ][..],
        ),
        (
            "CLIENT_UPDATE",
            r#"{"externalId":"C","mobileNo":null}"#,
            &["/data nothing-to-update"],
        ),
        (
            "CLIENT_UPDATE",
            r#"{"firstname":""}"#,
            &["/data/externalId required", "/data/firstname empty"],
        ),
        (
            "LOAN_CREATE",
            r#"{"lenderConfig":"NOBODY","externalId":"a/b","principal":0,"submittedOnDate":"1 Jan 2026","loanTermFrequency":13,"loanTermFrequencyType":"fortnights","numberOfRepayments":12,"interestRatePerPeriod":-1,"clientId":"%"}"#,
            &[
                "/data/externalId forbidden-character",
                "/data/lenderConfig unknown-value",
                "/data/principal not-positive",
                "/data/loanTermFrequencyType unknown-value",
                "/data/interestRatePerPeriod out-of-range",
                "/data/clientId forbidden-character",
                "/data/loanTermFrequency not-divisible",
            ],
        ),
        ("LOAN_UPDATE", r#"{"externalId":"L"}"#, &["/data nothing-to-update"]),
        (
            "LOAN_UPDATE",
            r#"{"externalId":"L","loanTermFrequency":10,"numberOfRepayments":4}"#,
            &["/data/loanTermFrequency not-divisible"],
        ),
        ("LOAN_UPDATE", r#"{"externalId":"L","loanTermFrequency":10}"#, &[]),
        (
            "LOAN_APPROVE",
            r#"{"external_loan_id":1}"#,
            &["/data/external_loan_id wrong-type", "/data/approvedOnDate required"],
        ),
        (
            "LOAN_DISBURSE",
            r#"{"external_loan_id":"L","actualDisbursementDate":"1 Jan 2026","transactionAmount":"1e5","utr_payment_id":"","note":7}"#,
            &[
                "/data/transactionAmount not-a-number",
                "/data/utr_payment_id empty",
                "/data/note wrong-type",
            ],
        ),
        (
            "LOAN_DELETE",
            r#"{"external_loan_id":null}"#,
            &["/data/external_loan_id required"],
        ),
        ("LOAN_DELETE", r#"{"externalLoanId":"L"}"#, &[]),
        (
            "LOAN_DELETE",
            r#"{"externalLoanId":"a/b"}"#,
            &["/data/externalLoanId forbidden-character"],
        ),
        (
            "LOAN_DELETE",
            r#"{"externalLoanId":"L","external_loan_id":"L"}"#,
            &["/data/externalLoanId said-twice"],
        ),
        (
            "LOAN_REPAYMENT",
            r#"{"external_loan_id":"L","transactionDate":"1 Jan 2026","transactionAmount":0,"paymentType":""}"#,
            &[
                "/data/transactionAmount not-positive",
                "/data/paymentType empty",
                "/data/externalTransactionId required",
            ],
        ),
        (
            "LOAN_WAIVE_INTEREST",
            r#"{"externalLoanId":"L","utrPaymentId":"U","transactionDate":"1 Jan 2026","transactionAmount":"0.01"}"#,
            &[],
        ),
        (
            "LOAN_CHARGE_ADD",
            r#"{"external_loan_id":"L","amount":-1,"dueDate":"soon"}"#,
            &[
                "/data/externalChargeId required",
                "/data/chargeName required",
                "/data/amount not-positive",
                "/data/dueDate not-a-date",
            ],
        ),
        (
            "LOAN_GET",
            r#"{"external_loan_id":"L","associations":"all&command=x"}"#,
            &["/data/associations forbidden-character"],
        ),
    ] {
        assert_eq!(faults(operation, data), expected, "{operation} {data}");
    }
}

#[tokio::test]
async fn client_create_sends_an_active_client_of_the_configured_office() {
    let data = json!({"firstname": "Jayesh", "lastname": "Badgujar", "externalId": "INC-1001", "mobileNo": "9966999999",
        "emailAddress": "", "activationDate": "1 january 2026"});
    let (line, body) = command(Script::default(), "CLIENT_CREATE", data).await;
    assert_eq!(line, "Post /v1/clients");
    let expected = json!({"officeId": 1, "legalFormId": 1, "active": true, "firstname": "Jayesh", "lastname": "Badgujar",
        "externalId": "INC-1001", "mobileNo": "9966999999", "activationDate": "01 January 2026",
        "dateFormat": "dd MMMM yyyy", "locale": "en"});
    assert_eq!(body, expected);
}

#[tokio::test]
async fn client_update_sends_what_fineract_counts_as_a_change() {
    let read = "GET /v1/clients/external-id/INC-1001";
    let known = json!({"id": 1, "externalId": "INC-1001", "firstname": "Jayesh", "lastname": "Badgujar"});
    let none = Script::default;
    let lookup = || Script::default().on(read, 200, known.clone());
    for (script, data, expected) in [
        (
            none(),
            json!({"emailAddress": "k@example.com"}),
            json!({"emailAddress": "k@example.com", "externalId": "INC-1001"}),
        ),
        (
            none(),
            json!({"activationDate": "10 Jan 2026"}),
            json!({"activationDate": "10 January 2026", "externalId": "INC-1001"}),
        ),
        (
            none(),
            json!({"mobileNo": "1", "firstname": null}),
            json!({"mobileNo": "1"}),
        ),
        (
            none(),
            json!({"mobileNo": "", "emailAddress": ""}),
            json!({"mobileNo": "", "emailAddress": ""}),
        ),
        (
            none(),
            json!({"firstname": "J", "lastname": "B"}),
            json!({"firstname": "J", "lastname": "B"}),
        ),
        (
            lookup(),
            json!({"firstname": "J"}),
            json!({"firstname": "J", "lastname": "Badgujar"}),
        ),
        (
            lookup(),
            json!({"lastname": "B"}),
            json!({"firstname": "Jayesh", "lastname": "B"}),
        ),
    ] {
        let data = with(json!({"externalId": "INC-1001"}), data);
        let (line, body) = command(script, "CLIENT_UPDATE", data).await;
        assert_eq!(line, "Put /v1/clients/external-id/INC-1001");
        assert_eq!(
            body,
            with(expected, json!({"dateFormat": "dd MMMM yyyy", "locale": "en"}))
        );
    }
}

fn new_loan(more: Value) -> Value {
    let data = json!({"lenderConfig": "UGRO", "externalId": "LOAN-123", "principal": 0.1, "submittedOnDate": "11 January 2026",
        "loanTermFrequency": "24", "numberOfRepayments": 12, "interestRatePerPeriod": "8.3", "clientId": "INC-1001"});
    with(data, more)
}

fn lookups(product: &Value) -> Script {
    let name = product["name"].clone();
    Script::default()
        .on(
            "GET /v1/loanproducts",
            200,
            json!([{"id": 1, "name": "OTHER"}, {"id": 2, "name": name}]),
        )
        .on("GET /v1/loanproducts/2", 200, product.clone())
        .on(
            "GET /v1/clients/external-id/INC-1001",
            200,
            json!({"id": 7003, "externalId": "INC-1001"}),
        )
}

#[tokio::test]
async fn loan_create_takes_from_the_product_what_the_caller_does_not_say() {
    let expected = json!({"loanType": "individual", "clientId": 7003, "productId": 2, "externalId": "LOAN-123",
        "principal": 0.1, "loanTermFrequency": 24, "loanTermFrequencyType": 2, "numberOfRepayments": 12,
        "repaymentEvery": 2, "repaymentFrequencyType": 2, "interestRatePerPeriod": 8.3, "amortizationType": 1,
        "interestType": 0, "interestCalculationPeriodType": 1,
        "transactionProcessingStrategyCode": "mifos-standard-strategy", "submittedOnDate": "11 January 2026",
        "expectedDisbursementDate": "11 January 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
    let (line, body) = command(lookups(&product("UGRO", json!({}))), "LOAN_CREATE", new_loan(json!({}))).await;
    assert_eq!(line, "Post /v1/loans");
    assert_eq!(body, expected);
    let digits = new_loan(json!({"principal": "123456789.10", "interestRatePerPeriod": "8.30"}));
    let (_, body) = command(lookups(&product("UGRO", json!({}))), "LOAN_CREATE", digits).await;
    assert!(
        body.to_string().contains(":123456789.10,") && body.to_string().contains(":8.30,"),
        "digits stay: {body}"
    );

    let weeks = new_loan(json!({"loanTermFrequencyType": "weeks"}));
    let (_, body) = command(lookups(&product("UGRO", json!({}))), "LOAN_CREATE", weeks).await;
    assert_eq!(
        (&body["loanTermFrequencyType"], &body["repaymentFrequencyType"]),
        (&json!(1), &json!(1))
    );

    let charges = json!({"charges": [{"id": 1, "amount": 100.0, "chargeTimeType": {"id": 1}},
        {"id": 7, "amount": 25.0, "chargeTimeType": {"id": 9}}]});
    let (_, body) = command(lookups(&product("UGRO", charges)), "LOAN_CREATE", new_loan(json!({}))).await;
    assert_eq!(
        body["charges"],
        json!([{"chargeId": 1, "amount": 100.0}]),
        "overdue penalties cannot be sent"
    );

    let tranches = json!({"multiDisburseLoan": true, "outstandingLoanBalance": 10000000.0});
    let (_, body) = command(
        lookups(&product("GB", tranches)),
        "LOAN_CREATE",
        new_loan(json!({"lenderConfig": "GB"})),
    )
    .await;
    assert_eq!(
        body["disbursementData"],
        json!([{"expectedDisbursementDate": "11 January 2026", "principal": 0.1}])
    );
    assert_eq!(body["maxOutstandingLoanBalance"], json!(10000000.0));
}

#[tokio::test]
async fn loan_create_needs_its_product_and_its_client() {
    let list = Script::default().on("GET /v1/loanproducts", 200, json!([{"id": 1, "name": "ugro"}]));
    let (result, _) = prepare(list, "LOAN_CREATE", new_loan(json!({}))).await;
    assert!(matches!(result, Err(Stop::Refused(failure)) if failure.code() == Some("gateway.product-not-found")));

    let missing = Script::default()
        .on("GET /v1/loanproducts", 200, json!([{"id": 2, "name": "UGRO"}]))
        .on("GET /v1/loanproducts/2", 200, product("UGRO", json!({})))
        .on(
            "GET /v1/clients/external-id/INC-1001",
            404,
            refusal("error.msg.client.id.invalid"),
        );
    let (result, _) = prepare(missing, "LOAN_CREATE", new_loan(json!({}))).await;
    assert!(matches!(result, Err(Stop::ClientNotFound(_))));

    let other = Script::default()
        .on("GET /v1/loanproducts", 200, json!([{"id": 2, "name": "UGRO"}]))
        .on("GET /v1/loanproducts/2", 200, product("UGRO", json!({})))
        .on(
            "GET /v1/clients/external-id/INC-1001",
            200,
            json!({"id": 9, "externalId": "INC-9"}),
        );
    let (result, _) = prepare(other, "LOAN_CREATE", new_loan(json!({}))).await;
    assert!(
        matches!(result, Err(Stop::NotYet(_))),
        "an answer about another client is not built upon"
    );
}

#[tokio::test]
async fn products_are_read_once_in_five_minutes_and_clients_every_time() {
    let world = World::new();
    let client = json!({"id": 7003, "externalId": "INC-1001"});
    let script = lookups(&product("UGRO", json!({}))).on("GET /v1/clients/external-id/INC-1001", 200, client);
    for _ in 0..2 {
        world
            .prepare(&script, "LOAN_CREATE", new_loan(json!({})), &case())
            .await
            .unwrap_or_else(|stop| panic!("{stop:?}"));
    }
    assert!(script.is_done());
    world.clock.advance(std::time::Duration::from_secs(300));
    let script = lookups(&product("UGRO", json!({})));
    world
        .prepare(&script, "LOAN_CREATE", new_loan(json!({})), &case())
        .await
        .unwrap_or_else(|stop| panic!("{stop:?}"));
    assert!(script.is_done());
}

#[tokio::test]
async fn loan_update_sends_the_whole_loan_with_only_what_was_asked_for_changed() {
    let tranche = |id: u64, day: u64, amount: f64| json!({"id": id, "expectedDisbursementDate": [2026, 1, day], "principal": amount});
    let tranched = |details: Value| json!({"multiDisburseLoan": true, "disbursementDetails": details, "maxOutstandingLoanBalance": 10000000.0});
    for (loan_has, asked, changed) in [
        (json!({}), json!({"principal": 200000}), json!({"principal": 200000})),
        (
            json!({}),
            json!({"interestRatePerPeriod": 8.3}),
            json!({"interestRatePerPeriod": 8.3}),
        ),
        (
            json!({}),
            json!({"loanTermFrequency": 24}),
            json!({"loanTermFrequency": 24, "repaymentEvery": 2}),
        ),
        (
            json!({}),
            json!({"numberOfRepayments": 6}),
            json!({"numberOfRepayments": 6, "repaymentEvery": 2}),
        ),
        (
            json!({}),
            json!({"loanTermFrequencyType": "weeks"}),
            json!({"loanTermFrequencyType": 1, "repaymentFrequencyType": 1}),
        ),
        (
            json!({}),
            json!({"submittedOnDate": "12 January 2026"}),
            json!({"submittedOnDate": "12 January 2026", "expectedDisbursementDate": "12 January 2026"}),
        ),
        (
            json!({"timeline": {"submittedOnDate": [2026, 1, 11], "expectedDisbursementDate": [2026, 1, 20]}}),
            json!({"submittedOnDate": "12 January 2026"}),
            json!({"submittedOnDate": "12 January 2026", "expectedDisbursementDate": "20 January 2026"}),
        ),
        (
            json!({"charges": [
                {"id": 96, "chargeId": 1, "amount": 100.0, "amountOrPercentage": 100.0, "chargeTimeType": {"id": 1}},
                {"id": 97, "chargeId": 2, "amount": 1000.0, "amountOrPercentage": 1.0, "chargeTimeType": {"id": 2}, "dueDate": [2026, 2, 1]},
                {"id": 98, "chargeId": 7, "amount": 25.0, "chargeTimeType": {"id": 9}}]}),
            json!({"principal": 200000}),
            json!({"principal": 200000, "charges": [{"id": 96, "chargeId": 1, "amount": 100.0},
                {"id": 97, "chargeId": 2, "amount": 1.0, "dueDate": "01 February 2026"}]}),
        ),
        (
            tranched(json!([tranche(103, 11, 100000.1)])),
            json!({"principal": 200000, "submittedOnDate": "12 January 2026"}),
            json!({"principal": 200000, "submittedOnDate": "12 January 2026", "expectedDisbursementDate": "12 January 2026",
                "disbursementData": [{"id": 103, "expectedDisbursementDate": "12 January 2026", "principal": 200000}],
                "maxOutstandingLoanBalance": 10000000.0}),
        ),
        (
            tranched(json!([tranche(103, 11, 60.5), tranche(104, 20, 40.0)])),
            json!({"interestRatePerPeriod": 9}),
            json!({"interestRatePerPeriod": 9, "maxOutstandingLoanBalance": 10000000.0, "disbursementData": [
                {"id": 103, "expectedDisbursementDate": "11 January 2026", "principal": 60.5},
                {"id": 104, "expectedDisbursementDate": "20 January 2026", "principal": 40.0}]}),
        ),
    ] {
        let whole = loan(loan_has);
        let script = looked_up(whole.clone(), product_of(&whole));
        let (line, body) = command(
            script,
            "LOAN_UPDATE",
            with(json!({"externalId": "LOAN-123"}), asked.clone()),
        )
        .await;
        assert_eq!(line, "Put /v1/loans/external-id/LOAN-123");
        assert_eq!(body, with(same_loan(), changed), "{asked}");
        assert!(
            asked.get("principal").is_some() || body.to_string().contains("\"principal\":100000.1"),
            "{body}"
        );
    }
}

/// What a product or a loan may have beside what callers name, and the members of the body that carry it.
fn further_terms() -> Value {
    json!({"graceOnPrincipalPayment": 2, "graceOnInterestPayment": 1, "graceOnInterestCharged": 3,
        "inArrearsTolerance": 50.25, "graceOnArrearsAgeing": 3, "isEqualAmortization": true,
        "fixedPrincipalPercentagePerInstallment": 5.5, "fundId": 4})
}

#[tokio::test]
async fn loan_create_and_preview_send_every_term_of_the_product() {
    let plain = lookups(&product("UGRO", json!({})));
    let (_, expected) = command(plain, "LOAN_CREATE", new_loan(json!({}))).await;
    let (_, body) = command(
        lookups(&product("UGRO", further_terms())),
        "LOAN_CREATE",
        new_loan(json!({})),
    )
    .await;
    assert_eq!(body, with(expected.clone(), further_terms()));
    let preview = with(new_loan(json!({})), json!({"externalId": null}));
    let (_, body) = command(
        lookups(&product("UGRO", further_terms())),
        "LOAN_SCHEDULE_PREVIEW",
        preview,
    )
    .await;
    let mut previewed = with(expected.clone(), further_terms());
    previewed.as_object_mut().unwrap().remove("externalId");
    assert_eq!(body, previewed);
    let none = json!({"graceOnPrincipalPayment": 0, "inArrearsTolerance": 0.000, "isEqualAmortization": false, "fundId": null});
    let (_, body) = command(lookups(&product("UGRO", none)), "LOAN_CREATE", new_loan(json!({}))).await;
    assert_eq!(body, expected, "what says nothing is left out");
    let open =
        json!({"multiDisburseLoan": true, "disallowExpectedDisbursements": true, "outstandingLoanBalance": 10000000.0});
    let (_, body) = command(lookups(&product("UGRO", open)), "LOAN_CREATE", new_loan(json!({}))).await;
    assert_eq!(
        body,
        with(expected, json!({"maxOutstandingLoanBalance": 10000000.0})),
        "open tranches are not planned"
    );
}

#[tokio::test]
async fn loan_update_sends_every_term_of_the_loan() {
    let own = json!({"fixedEmiAmount": 1500.10, "loanOfficerId": 7, "loanPurposeId": 25});
    let asked = json!({"externalId": "LOAN-123", "principal": 200000});
    let changed = with(same_loan(), json!({"principal": 200000}));
    let zeros = json!({"graceOnPrincipalPayment": 0, "graceOnInterestPayment": 0, "graceOnInterestCharged": 0,
        "inArrearsTolerance": 0, "graceOnArrearsAgeing": 0});
    let open = json!({"multiDisburseLoan": true, "disallowExpectedDisbursements": true, "maxOutstandingLoanBalance": 8000000.0});
    for (loan_has, product_has, sent) in [
        (
            with(further_terms(), own.clone()),
            json!({}),
            with(further_terms(), own),
        ),
        (
            further_terms(),
            json!({"graceOnPrincipalPayment": 9, "fundId": 8}),
            further_terms(),
        ),
        (
            json!({"graceOnPrincipalPayment": 0, "isEqualAmortization": false, "closureLoanId": 0, "isTopup": false}),
            json!({}),
            json!({}),
        ),
        // Newer releases would take these from the product.
        (json!({}), further_terms(), zeros),
        (
            json!({"isTopup": true, "closureLoanId": 226, "topupAmount": 12794.23}),
            json!({}),
            json!({"isTopup": true, "loanIdToClose": 226}),
        ),
        (open.clone(), open, json!({"maxOutstandingLoanBalance": 8000000.0})),
        (
            json!({"expectedFirstRepaymentOnDate": [2026, 3, 1], "interestChargedFromDate": [2026, 1, 15]}),
            json!({}),
            json!({"repaymentsStartingFromDate": "01 March 2026", "interestChargedFromDate": "15 January 2026"}),
        ),
    ] {
        let script = looked_up(loan(loan_has.clone()), product("UGRO", product_has));
        let (_, body) = command(script, "LOAN_UPDATE", asked.clone()).await;
        assert_eq!(body, with(changed.clone(), sent), "{loan_has}");
    }
}

#[tokio::test]
async fn loan_update_moves_what_stands_on_the_expected_disbursement_and_nothing_behind_it() {
    for (loan_has, submitted, sent) in [
        (
            json!({"interestChargedFromDate": [2026, 1, 11]}),
            "20 January 2026",
            Ok(json!({"interestChargedFromDate": "20 January 2026"})),
        ),
        (
            json!({"interestChargedFromDate": [2026, 1, 15]}),
            "20 January 2026",
            Ok(json!({"interestChargedFromDate": "15 January 2026"})),
        ),
        (
            json!({"expectedFirstRepaymentOnDate": [2026, 3, 1]}),
            "01 March 2026",
            Ok(json!({"repaymentsStartingFromDate": "01 March 2026"})),
        ),
        (
            json!({"expectedFirstRepaymentOnDate": [2026, 3, 1]}),
            "02 March 2026",
            Err("gateway.first-repayment-fixed"),
        ),
    ] {
        let asked = json!({"externalId": "LOAN-123", "submittedOnDate": submitted});
        let (result, _) = prepare(
            looked_up(loan(loan_has.clone()), product("UGRO", json!({}))),
            "LOAN_UPDATE",
            asked,
        )
        .await;
        match (result, sent) {
            (Ok(command), Ok(sent)) => {
                let moved = with(
                    same_loan(),
                    json!({"submittedOnDate": submitted, "expectedDisbursementDate": submitted}),
                );
                assert_eq!(command.body.unwrap(), with(moved, sent), "{loan_has}");
            }
            (Err(Stop::Refused(failure)), Err(code)) => assert_eq!(failure.code(), Some(code)),
            (result, sent) => panic!("{:?} {sent:?}", result.err()),
        }
    }
}

#[tokio::test]
async fn loan_update_sends_nothing_of_a_loan_that_it_would_change() {
    let script = looked_up(loan(json!({"meeting": {"id": 3}})), product("UGRO", json!({})));
    let asked = json!({"externalId": "LOAN-123", "principal": 200000});
    let (result, _) = prepare(script, "LOAN_UPDATE", asked).await;
    assert!(matches!(result, Err(Stop::Refused(failure)) if failure.code() == Some("gateway.term-not-kept")));
}

#[tokio::test]
async fn loan_update_leaves_tranches_alone_that_do_not_follow() {
    let tranche = |id: u64, day: u64, amount: u64| json!({"id": id, "expectedDisbursementDate": [2026, 1, day], "principal": amount});
    let sent =
        |id: u64, day: &str, amount: u64| json!({"id": id, "expectedDisbursementDate": day, "principal": amount});
    for (has, asked, tranches) in [
        (
            json!([tranche(1, 11, 40000)]),
            json!({"interestRatePerPeriod": 9}),
            json!([sent(1, "11 January 2026", 40000)]),
        ),
        (
            json!([tranche(1, 11, 40000)]),
            json!({"principal": 90000}),
            json!([sent(1, "11 January 2026", 40000)]),
        ),
        (
            json!([tranche(1, 11, 60000), tranche(2, 20, 40000)]),
            json!({"submittedOnDate": "10 January 2026"}),
            json!([sent(1, "10 January 2026", 60000), sent(2, "20 January 2026", 40000)]),
        ),
    ] {
        let whole = loan(json!({"principal": 100000, "multiDisburseLoan": true, "disbursementDetails": has}));
        let script = looked_up(whole.clone(), product_of(&whole));
        let (_, body) = command(
            script,
            "LOAN_UPDATE",
            with(json!({"externalId": "LOAN-123"}), asked.clone()),
        )
        .await;
        assert_eq!(body["disbursementData"], tranches, "{asked}");
    }
}

#[tokio::test]
async fn loan_update_never_sends_a_loan_with_a_hole() {
    for hole in [
        "principal",
        "interestRatePerPeriod",
        "clientId",
        "amortizationType",
        "timeline",
    ] {
        let script = looked_up(loan(json!({hole: null})), product("UGRO", json!({})));
        let asked = json!({"externalId": "LOAN-123", "loanTermFrequency": 24});
        let (result, _) = prepare(script, "LOAN_UPDATE", asked).await;
        assert!(
            matches!(result, Err(Stop::Refused(failure)) if failure.code() == Some("gateway.loan-incomplete")),
            "{hole}"
        );
    }
}

#[tokio::test]
async fn loan_update_refuses_a_term_that_does_not_fit_the_loans_repayments() {
    let script = looked_up(loan(json!({})), product("UGRO", json!({})));
    let (result, _) = prepare(
        script,
        "LOAN_UPDATE",
        json!({"externalId": "LOAN-123", "loanTermFrequency": 13}),
    )
    .await;
    assert!(matches!(result, Err(Stop::Refused(failure)) if failure.code() == Some("gateway.term-not-divisible")));
}

#[tokio::test]
async fn loan_approve_moves_the_expected_disbursement_only_if_it_would_be_before_the_approval() {
    for (approved, expected) in [
        ("11 January 2026", json!({"approvedOnDate": "11 January 2026"})),
        ("10 January 2026", json!({"approvedOnDate": "10 January 2026"})),
        (
            "15 January 2026",
            json!({"approvedOnDate": "15 January 2026", "expectedDisbursementDate": "15 January 2026"}),
        ),
    ] {
        let script = Script::default().on("GET /v1/loans/external-id/LOAN-123", 200, loan(json!({})));
        let data = json!({"external_loan_id": "LOAN-123", "approvedOnDate": approved});
        let (line, body) = command(script, "LOAN_APPROVE", data).await;
        assert_eq!(line, "Post /v1/loans/external-id/LOAN-123?command=approve");
        assert_eq!(
            body,
            with(expected, json!({"dateFormat": "dd MMMM yyyy", "locale": "en"}))
        );
    }
}

#[tokio::test]
async fn loan_disburse_names_its_transaction() {
    let with_utr = |loan: &str, utr: &str| {
        json!({"external_loan_id": loan, "actualDisbursementDate": "11 January 2026",
        "transactionAmount": 123456789.12, "utr_payment_id": utr, "note": "n"})
    };
    let shown = |id: &str| {
        let line = format!("GET /v1/loans/external-id/{}", id.replace(' ', "%20"));
        Script::default().on(&line, 200, loan(json!({"externalId": id, "isTopup": false})))
    };
    let (line, body) = command(shown("L 1"), "LOAN_DISBURSE", with_utr("L 1", "UTR-1")).await;
    assert_eq!(line, "Post /v1/loans/external-id/L%201?command=disburse");
    let transaction = body["externalId"].clone();
    let expected = json!({"actualDisbursementDate": "11 January 2026", "transactionAmount": 123456789.12,
        "externalId": transaction, "paymentTypeId": 4, "receiptNumber": "UTR-1", "note": "n",
        "dateFormat": "dd MMMM yyyy", "locale": "en"});
    assert_eq!(body, expected);

    let (_, again) = command(shown("L 1"), "LOAN_DISBURSE", with_utr("L 1", "UTR-1")).await;
    assert_eq!(again["externalId"], transaction, "whoever sends it");
    for other in [("L 1", "UTR-2"), ("L 2", "UTR-1"), ("L 1U", "TR-1")] {
        let (_, body) = command(shown(other.0), "LOAN_DISBURSE", with_utr(other.0, other.1)).await;
        assert_ne!(body["externalId"], transaction);
    }

    let bare = json!({"external_loan_id": "L", "actualDisbursementDate": "11 January 2026"});
    let (_, body) = command(shown("L"), "LOAN_DISBURSE", bare).await;
    let expected = json!({"actualDisbursementDate": "11 January 2026", "externalId": ID.to_string(),
        "dateFormat": "dd MMMM yyyy", "locale": "en"});
    assert_eq!(
        body, expected,
        "without a UTR the transaction has the operation's own id"
    );
}

#[tokio::test]
async fn a_top_up_loan_is_disbursed_under_its_state_and_not_under_an_external_id() {
    let data = json!({"external_loan_id": "L", "actualDisbursementDate": "11 January 2026", "utr_payment_id": "UTR-1"});
    for (status, target) in [(200, Some(7580)), (300, None)] {
        let top_up = loan(json!({"externalId": "L", "isTopup": true, "status": {"id": status}}));
        let script = Script::default().on("GET /v1/loans/external-id/L", 200, top_up);
        let (command, _) = prepare(script, "LOAN_DISBURSE", data.clone()).await;
        let command = command.unwrap_or_else(|stop| panic!("{stop:?}"));
        let expected = json!({"actualDisbursementDate": "11 January 2026", "paymentTypeId": 4,
            "receiptNumber": "UTR-1", "dateFormat": "dd MMMM yyyy", "locale": "en"});
        assert_eq!(command.body, Some(expected));
        assert_eq!(command.target, target, "its number, if it still awaits the money");
        assert_eq!(command.expected.sub_resource_external_id, None);
        assert_eq!(command.expected.loan_id, Some(7580));
    }
}

#[tokio::test]
async fn a_disbursement_says_its_amount_where_tranches_are_not_planned() {
    for (open, amount, refused) in [(true, None, true), (true, Some(7_000), false), (false, None, false)] {
        let shown = loan(json!({"externalId": "L", "multiDisburseLoan": true, "disallowExpectedDisbursements": open}));
        let script = Script::default().on("GET /v1/loans/external-id/L", 200, shown);
        let data =
            json!({"external_loan_id": "L", "actualDisbursementDate": "11 January 2026", "transactionAmount": amount});
        let (command, _) = prepare(script, "LOAN_DISBURSE", data).await;
        let code = match &command {
            Err(Stop::Refused(failure)) => failure.code(),
            _ => None,
        };
        assert_eq!(code, refused.then_some("gateway.amount-needed"), "{open} {amount:?}");
        assert_eq!(command.is_err(), refused);
    }
}

#[tokio::test]
async fn loan_delete_addresses_the_number_it_found_first() {
    let data = || json!({"external_loan_id": "LOAN-123"});
    let script = Script::default().on("GET /v1/loans/external-id/LOAN-123", 200, loan(json!({})));
    let (first, _) = prepare(script, "LOAN_DELETE", data()).await;
    let first = first.unwrap_or_else(|stop| panic!("{stop:?}"));
    assert_eq!(
        (first.path.as_str(), first.target, first.expected.resource_id),
        ("/v1/loans/7580", Some(7580), Some(7580))
    );
    assert!(first.body.is_none());

    let again = Case {
        target: Some(7580),
        ..case()
    };
    let read = "GET /v1/loans/7580";
    for (script, goes_on) in [
        (
            Script::default().on(read, 404, refusal("error.msg.loan.id.invalid")),
            true,
        ),
        (Script::default().on(read, 200, loan(json!({}))), true),
        (
            Script::default().on(read, 200, loan(json!({"externalId": "LOAN-9"}))),
            false,
        ),
        (Script::default().lost(read), false),
    ] {
        let result = World::new().prepare(&script, "LOAN_DELETE", data(), &again).await;
        assert_eq!(result.is_ok(), goes_on);
        assert!(result.is_ok_and(|command| command.target == Some(7580)) || !goes_on);
    }
}

#[tokio::test]
async fn what_is_not_found_is_refused_with_fineracts_words() {
    let gone = refusal("error.msg.loan.external.id.invalid");
    for (operation, line, data) in [
        (
            "LOAN_UPDATE",
            "GET /v1/loans/external-id/L?associations=charges,multiDisburseDetails",
            json!({"externalId": "L", "principal": 1}),
        ),
        (
            "LOAN_APPROVE",
            "GET /v1/loans/external-id/L",
            json!({"external_loan_id": "L", "approvedOnDate": "1 Jan 2026"}),
        ),
        (
            "LOAN_DELETE",
            "GET /v1/loans/external-id/L",
            json!({"external_loan_id": "L"}),
        ),
    ] {
        let (result, _) = prepare(Script::default().on(line, 404, gone.clone()), operation, data).await;
        assert!(
            matches!(result, Err(Stop::Refused(failure)) if failure.response() == gone),
            "{operation}"
        );
    }
}

#[tokio::test]
async fn names_are_looked_up_and_believed_for_five_minutes() {
    let types = json!([{"id": 1, "name": "Money Transfer"}, {"id": 4, "name": "UTR"}]);
    let lookup = || Script::default().on("GET /v1/paymenttypes", 200, types.clone());
    let world = World::new();
    for (minutes, name, script, expected) in [
        (0, "UTR", lookup(), Ok(4)),
        (4, "Money Transfer", Script::default(), Ok(1)),
        (0, "Barter", Script::default(), Err("gateway.payment-type-not-found")),
        (2, "UTR", lookup(), Ok(4)),
    ] {
        world.clock.advance(std::time::Duration::from_secs(minutes * 60));
        let data = json!({"external_loan_id": "L", "externalTransactionId": "P", "transactionDate": "1 Jan 2026",
            "transactionAmount": 1, "paymentType": name});
        let command = world.prepare(&script, "LOAN_REPAYMENT", data, &case()).await;
        assert!(script.is_done(), "{name}");
        let sent = command.map(|command| command.body.unwrap_or_default()["paymentTypeId"].clone());
        match (sent, expected) {
            (Ok(sent), Ok(number)) => assert_eq!(sent, number),
            (Err(Stop::Refused(failure)), Err(code)) => {
                assert_eq!(failure.code(), Some(code));
                assert!(
                    !failure.message().contains("UTR"),
                    "the names are the operator's to know"
                );
            }
            (sent, _) => panic!("{name}: {sent:?}"),
        }
    }
}

#[tokio::test]
async fn a_payment_has_the_external_id_given_or_one_that_follows_from_its_utr() {
    let data = |more: Value| {
        let data = json!({"external_loan_id": "L", "transactionDate": "1 Jan 2026", "transactionAmount": 1});
        with(data, more)
    };
    let id = async |operation: &str, more: Value, turn: u32| {
        let case = Case { turn, ..case() };
        let command = World::new()
            .prepare(&Script::default(), operation, data(more), &case)
            .await;
        command
            .unwrap_or_else(|stop| panic!("{stop:?}"))
            .body
            .unwrap_or_default()["externalId"]
            .clone()
    };
    let utr = || json!({"utr_payment_id": "U"});
    let both = json!({"utr_payment_id": "U", "externalTransactionId": " P 1"});
    assert_eq!(id("LOAN_REPAYMENT", both, 3).await, " P 1");
    let derived = id("LOAN_REPAYMENT", utr(), 0).await;
    assert_eq!(derived, id("LOAN_REPAYMENT", json!({"utrPaymentId": "U"}), 0).await);
    for other in [
        id("LOAN_REPAYMENT", utr(), 1).await,
        id("LOAN_WAIVE_INTEREST", utr(), 0).await,
        id("LOAN_REPAYMENT", json!({"utr_payment_id": "V"}), 0).await,
    ] {
        assert_ne!(other, derived);
    }
    let script = Script::default();
    let data = json!({"external_loan_id": "L", "transactionDate": "1 Jan 2026"});
    let command = World::new().prepare(&script, "LOAN_FORECLOSURE", data, &case()).await;
    let body = command
        .unwrap_or_else(|stop| panic!("{stop:?}"))
        .body
        .unwrap_or_default();
    assert_eq!(body["externalId"], ID.to_string());
}

#[tokio::test]
async fn a_write_off_that_is_not_there_is_asked_to_be_undone_and_only_this_loan_can_answer() {
    let loan = json!({"id": 7, "externalId": "L", "transactions": []});
    let script = Script::default().on("GET /v1/loans/external-id/L?associations=transactions", 200, loan);
    let data = json!({"external_loan_id": "L"});
    let command = World::new()
        .prepare(&script, "LOAN_UNDO_WRITE_OFF", data, &case())
        .await
        .unwrap_or_else(|stop| panic!("{stop:?}"));
    assert_eq!((command.target, command.expected.loan_id), (None, Some(7)));
}
