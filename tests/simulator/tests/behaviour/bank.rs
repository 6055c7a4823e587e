//! A bank to talk to in tests.

use base64::{Engine, engine::general_purpose::STANDARD};
use fineract_simulator::{Release, Request, Response, Simulator, fixed_clock};
use serde_json::{Map, Value, json};
use time::macros::datetime;

/// A simulator on 21 November 2026.
pub(crate) fn bank(release: Release) -> Simulator {
    Simulator::with_clock(release, fixed_clock(datetime!(2026-11-21 07:00 UTC)))
}

/// A request as the usual user sends it.
pub(crate) fn request(method: &str, path: &str, body: Option<&Value>) -> Request {
    let request = Request::new(method, format!("/fineract-provider/api/v1/{path}"))
        .with_header("Authorization", format!("Basic {}", STANDARD.encode("mifos:password")))
        .with_header("Fineract-Platform-TenantId", "default")
        .with_header("Content-Type", "application/json");
    match body {
        Some(body) => request.with_body(body.to_string()),
        None => request,
    }
}

/// Sends a request that must be answered with this status; the body of the answer.
pub(crate) fn send(bank: &Simulator, method: &str, path: &str, body: &Value, status: u16) -> Value {
    let response = bank.answer(&request(method, path, Some(body).filter(|body| !body.is_null())));
    let text = String::from_utf8_lossy(&response.body).into_owned();
    assert_eq!(response.status, status, "{method} {path}: {text}");
    response.body_json().unwrap()
}

/// The body of a client as the gateway sends it.
pub(crate) fn client(external_id: &str) -> Value {
    json!({
        "officeId": 1, "legalFormId": 1, "active": true, "firstname": "Jayesh", "lastname": "Badgujar",
        "externalId": external_id, "activationDate": "01 January 2026", "dateFormat": "dd MMMM yyyy", "locale": "en",
    })
}

/// The body of a loan as the gateway sends it.
pub(crate) fn loan(external_id: &str, client: u64) -> Value {
    json!({
        "loanType": "individual", "clientId": client, "productId": 1, "externalId": external_id, "principal": 100000,
        "loanTermFrequency": 12, "loanTermFrequencyType": 2, "numberOfRepayments": 12, "repaymentEvery": 1,
        "repaymentFrequencyType": 2, "interestRatePerPeriod": 8, "amortizationType": 1, "interestType": 0,
        "interestCalculationPeriodType": 1, "transactionProcessingStrategyCode": "mifos-standard-strategy",
        "submittedOnDate": "11 January 2026", "expectedDisbursementDate": "11 January 2026",
        "dateFormat": "dd MMMM yyyy", "locale": "en",
    })
}

/// The same loan of the multi-disbursement product, in tranches on the expected date.
pub(crate) fn tranched(external_id: &str, client: u64, tranches: &[u64]) -> Value {
    let tranche = |principal: &u64| json!({"expectedDisbursementDate": "11 January 2026", "principal": principal});
    let data: Vec<_> = tranches.iter().map(tranche).collect();
    with(
        &loan(external_id, client),
        &json!({"productId": 7, "interestCalculationPeriodType": 0, "disbursementData": data}),
    )
}

/// The first object with the members of the second; `null` removes one.
pub(crate) fn with(body: &Value, changes: &Value) -> Value {
    let mut body: Map<String, Value> = body.as_object().unwrap().clone();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            body.remove(name);
        } else {
            body.insert(name.clone(), value.clone());
        }
    }
    Value::Object(body)
}

/// Approves and pays out on 12 January.
pub(crate) fn approval() -> Value {
    json!({
        "approvedOnDate": "12 January 2026", "expectedDisbursementDate": "12 January 2026",
        "dateFormat": "dd MMMM yyyy", "locale": "en",
    })
}

/// A disbursement of everything on 12 January.
pub(crate) fn disbursement() -> Value {
    json!({"actualDisbursementDate": "12 January 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"})
}

/// A client and a loan that waits for approval, made through the API.
pub(crate) fn bank_with_loan(release: Release) -> Simulator {
    let bank = bank(release);
    let client_id = send(&bank, "POST", "clients", &client("INC-1"), 200)["clientId"]
        .as_u64()
        .unwrap();
    send(&bank, "POST", "loans", &loan("LOAN-1", client_id), 200);
    bank
}

/// The codes of an error body, the outer one first.
pub(crate) fn codes(body: &Value) -> Vec<String> {
    let code = |value: &Value| {
        value["userMessageGlobalisationCode"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let inner = body["errors"].as_array().into_iter().flatten().map(code);
    std::iter::once(code(body)).chain(inner).collect()
}

/// Whether the answer came from the cache.
pub(crate) fn is_cached(response: &Response) -> bool {
    response.header("x-served-from-cache") == Some("true")
}
