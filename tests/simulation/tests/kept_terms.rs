//! Under products of every kind a new loan has what its product has, and an update changes what it names and nothing else:
//! in the loan's fields and in its schedule.

use std::time::Duration;

use fineract_simulator::{Release, kinds};
use gateway::fineract::{Method, Path, Request};
use serde_json::{Map, Value, json};
use simulation::Gateway;

use crate::loan_create::{client, loan, succeed};

/// Members that two loans of the same terms do not share; what is paid out in the end is shown as it was at first until then.
const OWN: [&str; 8] = [
    "id",
    "accountNo",
    "externalId",
    "loanCounter",
    "loanProductCounter",
    "interestRecalculationData",
    "disbursementDetails",
    "netDisbursalAmount",
];

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// Products that have one term each, and the members by which a loan shows what it took over.
fn products(fund: u64) -> Vec<Map<String, Value>> {
    let terms = [
        json!({"graceOnPrincipalPayment": 2}),
        json!({"graceOnInterestPayment": 2}),
        json!({"graceOnInterestCharged": 2}),
        json!({"inArrearsTolerance": 50}),
        json!({"graceOnArrearsAgeing": 3}),
        json!({"isEqualAmortization": true}),
        json!({"fixedPrincipalPercentagePerInstallment": 5, "amortizationType": 0}),
        json!({"fundId": fund}),
        json!({"daysInYearType": 365, "daysInMonthType": 30}),
        json!({"interestRateFrequencyType": 2}),
        json!({"graceOnPrincipalPayment": 1, "graceOnInterestPayment": 2, "graceOnInterestCharged": 1, "inArrearsTolerance": 7}),
    ];
    let terms = terms.into_iter().enumerate().map(|(index, term)| {
        let mut settings = map(term);
        settings.insert("name".to_owned(), format!("TERM-{index}").into());
        settings
    });
    kinds().into_iter().chain(terms).collect()
}

/// What another program posts; it must succeed.
fn posted(gateway: &Gateway, path: &'static str, body: Value) -> Value {
    let request = Request {
        method: Method::Post,
        path: Path::new(path),
        key: Some(format!("{path} {}", body["externalId"])),
        body: Some(body.clone()),
        timeout: Duration::from_secs(1),
    };
    let answer = gateway.fineract.answer(&request);
    assert_eq!(answer.status, 200, "{body} {:?}", answer.json());
    answer.json().unwrap()
}

/// The loan with its schedule and everything else that Fineract shows of it.
fn whole(gateway: &Gateway, id: &str) -> Value {
    let path = Path::new("v1/loans/external-id").segment(id);
    gateway.read(path.query("associations=all"))
}

async fn before(release: Release) -> (Gateway, Vec<Map<String, Value>>) {
    let mut gateway = Gateway::new(release);
    let fund = posted(&gateway, "v1/funds", json!({"name": "A fund", "externalId": "FUND-1"}));
    let products = products(fund["resourceId"].as_u64().unwrap());
    for settings in &products {
        gateway.offer(settings);
    }
    succeed(&gateway, "CLIENT_CREATE", client("INC-1001")).await;
    (gateway, products)
}

async fn update(gateway: &Gateway, id: &str, principal: u32) {
    succeed(
        gateway,
        "LOAN_UPDATE",
        json!({"externalId": id, "principal": principal}),
    )
    .await;
}

/// Two loans agree in everything but what is their own.
fn agree(one: &Value, other: &Value, what: &str) {
    let names = one.as_object().unwrap().keys().chain(other.as_object().unwrap().keys());
    for name in names.filter(|name| !OWN.contains(&name.as_str())) {
        assert_eq!(one[name], other[name], "{what}: {name}");
    }
}

#[tokio::test]
async fn a_loan_has_its_products_terms_and_an_update_leaves_them_in_its_schedule() {
    for release in Release::ALL {
        let (gateway, products) = before(release).await;
        for settings in products {
            let name = settings["name"].as_str().unwrap();
            let what = format!("{release} {name}");
            succeed(&gateway, "LOAN_CREATE", loan(name, name)).await;
            let created = whole(&gateway, name);
            for term in settings.keys() {
                let has = match (created.get(term), &settings[term]) {
                    (Some(shown), Value::Number(number)) if shown.is_object() => {
                        shown["id"].as_f64() == number.as_f64()
                    }
                    (Some(shown), Value::Number(number)) => shown.as_f64() == number.as_f64(),
                    (Some(shown), told) => shown == told || shown.is_object() || told == name,
                    // What loans do not show, and what callers say.
                    (None, _) => true,
                };
                let said = ["repaymentEvery", "repaymentFrequencyType"].contains(&term.as_str());
                assert!(has || said, "{what}: {term} {}", created[term]);
            }

            update(&gateway, name, 200_000).await;
            let twin = format!("{name}-TWIN");
            let mut data = loan(name, &twin);
            data["principal"] = 200_000.into();
            succeed(&gateway, "LOAN_CREATE", data).await;
            agree(&whole(&gateway, name), &whole(&gateway, &twin), &what);

            update(&gateway, name, 100_000).await;
            agree(&created, &whole(&gateway, name), &what);
        }
    }
}

#[tokio::test]
async fn what_another_program_gave_a_loan_stays_through_updates() {
    for release in Release::ALL {
        let (mut gateway, _) = before(release).await;
        gateway.offer(&map(json!({"name": "INSTALMENT", "canDefineInstallmentAmount": true})));
        for (index, (lender, term)) in [
            ("INSTALMENT", json!({"fixedEmiAmount": 12000})),
            ("UGRO", json!({"repaymentsStartingFromDate": "01 March 2026"})),
            ("UGRO", json!({"interestChargedFromDate": "20 January 2026"})),
            ("IKF", json!({"graceOnPrincipalPayment": 3, "inArrearsTolerance": 12.5})),
            // Less than the product has: newer releases would take the product's.
            (
                "GRACE",
                json!({"graceOnPrincipalPayment": 0, "graceOnInterestPayment": 0}),
            ),
            ("EQUAL-PRINCIPAL", json!({"fixedPrincipalPercentagePerInstallment": 5})),
        ]
        .into_iter()
        .enumerate()
        {
            let (model, id) = (format!("MODEL-{index}"), format!("LOAN-{index}"));
            let performed = gateway.perform("LOAN_CREATE", loan(lender, &model)).await.unwrap();
            let mut body = performed.commands[0].body.clone().unwrap();
            body["externalId"] = id.as_str().into();
            body.as_object_mut().unwrap().extend(map(term.clone()));
            posted(&gateway, "v1/loans", body);
            let created = whole(&gateway, &id);
            assert_ne!(created["repaymentSchedule"], Value::Null);
            update(&gateway, &id, 200_000).await;
            update(&gateway, &id, 100_000).await;
            agree(&created, &whole(&gateway, &id), &format!("{release} {lender} {term}"));
        }
    }
}

#[tokio::test]
async fn open_tranches_are_paid_one_by_one_and_say_their_amount() {
    for release in Release::ALL {
        let (gateway, _) = before(release).await;
        for id in ["L", "M"] {
            succeed(&gateway, "LOAN_CREATE", loan("OPEN-TRANCHES", id)).await;
            update(&gateway, id, 90_000).await;
            assert_eq!(
                whole(&gateway, id)["maxOutstandingLoanBalance"].as_f64(),
                Some(10_000_000.0)
            );
            let approval = json!({"external_loan_id": id, "approvedOnDate": "11 January 2026"});
            succeed(&gateway, "LOAN_APPROVE", approval).await;
        }
        for (day, amount) in [("11 January 2026", 50_000), ("20 January 2026", 30_000)] {
            let tranche = json!({"external_loan_id": "L", "actualDisbursementDate": day, "transactionAmount": amount,
                "utr_payment_id": format!("UTR-{amount}")});
            succeed(&gateway, "LOAN_DISBURSE", tranche).await;
        }
        let all = json!({"external_loan_id": "M", "actualDisbursementDate": "11 January 2026"});
        let refused = gateway.perform("LOAN_DISBURSE", all).await.unwrap();
        assert_eq!(
            refused.body["error"]["code"], "gateway.amount-needed",
            "{}",
            refused.body
        );
        assert!(refused.commands.is_empty(), "{release}: nothing was sent");
    }
}
