//! What a loan has beside what callers name: the bodies that real servers accepted with each term are the gateway's.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use gateway::command::Stop;
use recordings::{Exchange, RELEASES, Recording};
use serde_json::{Map, Value, json};

use crate::recorded_requests::{Reads, UNITS, prepared, same};

/// How a product shows what it was made with, where it is not the same.
const CHOICES: [&str; 7] = [
    "amortizationType",
    "daysInMonthType",
    "daysInYearType",
    "interestCalculationPeriodType",
    "interestRateFrequencyType",
    "interestType",
    "repaymentFrequencyType",
];
/// Terms that were recorded, of products or of loans.
const TERMS_MIN: usize = 15;
/// Recorded loans that an update could be about.
const LOANS_MIN: usize = 300;

/// What each release was recorded with, read once for all tests.
static ALL: LazyLock<BTreeMap<&'static str, Vec<Recording>>> = LazyLock::new(|| {
    let all = RELEASES
        .into_iter()
        .map(|release| (release, Recording::all(release).unwrap()));
    all.collect()
});

/// The exchanges that Fineract accepted, of the recordings with these names: the step, the request, the answer.
fn accepted(
    release: &str,
    named: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (&'static str, &'static Exchange, &'static Value)> {
    let recordings = ALL[release].iter().filter(move |recording| named(&recording.name));
    let steps = recordings.flat_map(|recording| &recording.steps);
    steps.filter_map(|step| {
        let exchange = step.exchange.as_ref()?;
        let answer = exchange.answer.as_ref().filter(|answer| answer.status == 200)?;
        Some((step.name.as_str(), exchange, &answer.body))
    })
}

/// The products of a release by their numbers: those that were read, and of those that were made what a read would show.
fn products(release: &str) -> BTreeMap<u64, Value> {
    let mut products = BTreeMap::new();
    for (_, exchange, answer) in accepted(release, |_| true) {
        let path = exchange.path.as_str();
        let whole = exchange.method == "GET" && path.starts_with("/v1/loanproducts/") && !path.contains('?');
        if let Some(number) = answer.get("id").and_then(Value::as_u64).filter(|_| whole) {
            products.insert(number, answer.clone());
        }
    }
    let model = products[&2].clone();
    for (_, exchange, answer) in accepted(release, |_| true) {
        if (exchange.method.as_str(), exchange.path.as_str()) == ("POST", "/v1/loanproducts") {
            let number = answer["resourceId"].as_u64().unwrap();
            products
                .entry(number)
                .or_insert_with(|| made(&model, &exchange.body, number));
        }
    }
    products
}

fn made(model: &Value, body: &Value, number: u64) -> Value {
    let mut product = model.clone();
    for (name, value) in body.as_object().unwrap() {
        match (name.as_str(), value) {
            ("allowPartialPeriodInterestCalcualtion", value) => {
                product["allowPartialPeriodInterestCalculation"] = value.clone();
            }
            ("charges", value) => {
                let charges = value.as_array().unwrap().iter();
                product["charges"] = charges
                    .map(|charge| json!({"id": charge["id"], "amount": 75}))
                    .collect();
            }
            ("loanScheduleType", Value::String(code)) if code == "PROGRESSIVE" => {
                product["loanScheduleType"] = json!({"id": 1, "code": code});
            }
            ("rescheduleStrategyMethod", method) => {
                product["interestRecalculationData"]["rescheduleStrategyType"] = json!({"id": method});
            }
            ("recalculationRestFrequencyType", kind) => {
                product["interestRecalculationData"]["recalculationRestFrequencyType"] = json!({"id": kind});
            }
            ("loanScheduleType" | "loanScheduleProcessingType" | "accountingRule" | "paymentAllocation", _) => {}
            (name, value) if CHOICES.contains(&name) => product[name] = json!({"id": value}),
            (name, value) => product[name] = value.clone(),
        }
    }
    product["id"] = number.into();
    product
}

/// What was said about an application that its caller says.
fn data(body: &Value) -> Value {
    let names = [
        "principal",
        "submittedOnDate",
        "loanTermFrequency",
        "numberOfRepayments",
        "interestRatePerPeriod",
        "externalId",
    ];
    let mut data: Map<String, Value> = names
        .iter()
        .filter_map(|&name| Some((name.to_owned(), body.get(name)?.clone())))
        .collect();
    let unit = body["loanTermFrequencyType"].as_u64().unwrap();
    data.insert(
        "loanTermFrequencyType".to_owned(),
        UNITS[usize::try_from(unit).unwrap()].into(),
    );
    data.insert("clientId".to_owned(), "C".into());
    Value::Object(data)
}

/// The body that the gateway makes of an application under this product.
async fn created(body: &Value, product: &Value) -> Value {
    let reads = Reads::default();
    let name = product["name"].clone();
    reads.insert("/v1/loanproducts", json!([{"id": product["id"], "name": name}]));
    reads.insert(format!("/v1/loanproducts/{}", product["id"]), product.clone());
    reads.insert(
        "/v1/clients/external-id/C",
        json!({"id": body["clientId"], "externalId": "C"}),
    );
    let mut data = data(body);
    data["lenderConfig"] = "UGRO".into();
    let mut product = product.clone();
    product["name"] = "UGRO".into();
    reads.insert("/v1/loanproducts", json!([product]));
    prepared(&reads, "LOAN_CREATE", &data).await.unwrap().body.unwrap()
}

/// The body that the gateway makes of an update of this loan's principal.
async fn updated(loan: &Value, product: &Value, principal: &Value) -> Result<Value, Stop> {
    let reads = Reads::default();
    let mut loan = loan.clone();
    loan["externalId"] = "L".into();
    reads.insert(
        "/v1/loans/external-id/L?associations=charges,multiDisburseDetails",
        loan,
    );
    reads.insert(format!("/v1/loanproducts/{}", product["id"]), product.clone());
    let data = json!({"externalId": "L", "principal": principal});
    prepared(&reads, "LOAN_UPDATE", &data)
        .await
        .map(|command| command.body.unwrap())
}

/// What is left out of a recorded body: the id, which is the test's, and what Fineract takes from the product either way.
fn plain(body: &Value) -> Value {
    let mut body = body.clone();
    let members = body.as_object_mut().unwrap();
    for name in [
        "externalId",
        "allowPartialPeriodInterestCalcualtion",
        "allowPartialPeriodInterestCalculation",
    ] {
        members.remove(name);
    }
    // The recorded body names a charge as a new one.
    for charge in members
        .get_mut("charges")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        charge.as_object_mut().unwrap().remove("id");
    }
    body
}

/// Whether products have a term of this name, so that a new loan takes it from there.
fn of_products(term: &str, setup: Option<&Value>) -> bool {
    let named = setup.is_some_and(|body| body.get(term).is_some());
    named || term.starts_with("allowPartial") || term.starts_with("charges")
}

#[tokio::test]
async fn each_recorded_term_comes_from_the_product_and_stays_through_an_update_of_another_field() {
    for release in RELEASES {
        let products = products(release);
        let steps: Vec<_> = accepted(release, |name| name == "27-terms").collect();
        let step = |name: String| steps.iter().find(|(other, ..)| *other == name);
        let mut terms = 0;
        for (name, create, _) in &steps {
            let what = format!("{release} {name}");
            let product = || &products[&create.body["productId"].as_u64().unwrap()];
            if let Some(term) = name.strip_suffix(": created with it") {
                let (_, _, loan) = step(format!("{term}: the loan with it")).unwrap();
                let (_, update, _) = step(format!("{term}: update that sends it along")).unwrap();
                let body = updated(loan, product(), &update.body["principal"]).await.unwrap();
                assert!(
                    same(&plain(&body), &plain(&update.body)),
                    "{what}\n made     {body}\n recorded {}",
                    update.body
                );
                let setup = step(format!("set-up: product {term}"));
                if of_products(term, setup.map(|(_, exchange, _)| &exchange.body)) {
                    let body = created(&create.body, product()).await;
                    assert!(
                        same(&plain(&body), &plain(&create.body)),
                        "{what}\n made     {body}\n recorded {}",
                        create.body
                    );
                }
                terms += 1;
            } else if let Some(term) = name.strip_suffix(": created without it under a product that has it")
                && step(format!("{term}: created with it")).is_none()
            {
                // What no body says, neither a new loan's nor a changed one's.
                let body = created(&create.body, product()).await;
                assert!(same(&plain(&body), &plain(&create.body)), "{what}\n made     {body}");
                let (_, _, loan) = step(format!("{term}: that loan")).unwrap();
                let body = updated(loan, product(), &create.body["principal"]).await.unwrap();
                assert!(same(&plain(&body), &plain(&create.body)), "{what}\n made     {body}");
                terms += 1;
            }
        }
        assert!(terms >= TERMS_MIN, "{release}: {terms}");
    }
}

#[tokio::test]
async fn a_new_loan_of_each_recorded_kind_has_what_its_product_has() {
    for release in RELEASES {
        let products = products(release);
        let mut kinds = 0;
        for (name, create, _) in accepted(release, |name| name == "26-product-kinds") {
            if !name.ends_with(": create") {
                continue;
            }
            let product = &products[&create.body["productId"].as_u64().unwrap()];
            let mut body = created(&create.body, product).await;
            // The recorded bodies left graces out.
            for grace in ["graceOnPrincipalPayment", "graceOnInterestPayment"] {
                let sent = body.as_object_mut().unwrap().remove(grace);
                assert_eq!(sent.as_ref(), product.get(grace), "{release} {name}");
            }
            assert!(
                same(&plain(&body), &plain(&create.body)),
                "{release} {name}\n made     {body}\n recorded {}",
                create.body
            );
            kinds += 1;
        }
        assert!(kinds > 10, "{release}: {kinds}");
    }
}

#[tokio::test]
async fn every_recorded_loan_can_be_sent_back_unless_it_has_another_rates_period_than_its_product() {
    for release in RELEASES {
        let products = products(release);
        let mut loans = 0;
        for (name, exchange, loan) in accepted(release, |_| true) {
            let whole =
                exchange.method == "GET" && loan.get("loanProductName").is_some() && loan.get("timeline").is_some();
            let number = loan.get("loanProductId").and_then(Value::as_u64);
            let Some(product) = number.filter(|_| whole).and_then(|number| products.get(&number)) else {
                continue;
            };
            loans += 1;
            let Err(stop) = updated(loan, product, &json!(14000)).await else {
                continue;
            };
            let Stop::Refused(failure) = stop else {
                panic!("{release} {name}: {stop:?}")
            };
            if failure.code() == Some("gateway.term-not-kept") {
                assert_ne!(
                    loan["interestRateFrequencyType"]["id"], product["interestRateFrequencyType"]["id"],
                    "{release} {name}: {failure:?}"
                );
            }
        }
        assert!(loans > LOANS_MIN, "{release}: {loans}");
    }
}
