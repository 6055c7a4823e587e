//! Every operation under every kind of product: it ends, what is told is what Fineract holds, and nothing is applied twice.

use fineract_simulator::{Release, kinds};
use serde_json::{Value, json};
use simulation::Gateway;

use crate::deeds::{Deed, deeds, of_loan};
use crate::loan_create::{client, loan, shown, succeed};

const OPEN: &str = "OPEN-TRANCHES";
const TOP_UP: &str = "TOP-UP";
const PROGRESSIVE: &str = "PROGRESSIVE";

/// What befalls the mutating request of an operation, once: nothing, a lost answer, a key that is stuck.
fn mishaps() -> [Option<Value>; 4] {
    [
        None,
        Some(json!({"fault": "lost-answer"})),
        Some(json!({"fault": "stuck", "applied": true})),
        Some(json!({"fault": "stuck", "applied": false})),
    ]
}

fn names() -> Vec<String> {
    let name = |settings: serde_json::Map<String, Value>| settings["name"].as_str().unwrap().to_owned();
    kinds().into_iter().map(name).collect()
}

/// The data of an operation under a kind of product.
fn under(kind: &str, operation: &str, mut data: Value) -> Value {
    match operation {
        "LOAN_CREATE" => {
            data["lenderConfig"] = kind.into();
            if kind == "FORTNIGHTLY" {
                data["loanTermFrequencyType"] = "weeks".into();
                data["loanTermFrequency"] = 24.into();
            }
        }
        // A part of it: of open tranches, develop does not know how much all of it is.
        "LOAN_DISBURSE" if kind == OPEN => data["transactionAmount"] = 60_000.into(),
        _ => {}
    }
    data
}

/// Whether Fineract refuses the operation under a kind of product, whatever befalls it.
fn is_refused(release: Release, kind: &str, operation: &str) -> bool {
    let develop = release != Release::V1_10_1;
    match operation {
        "LOAN_FORECLOSURE" => kind.starts_with("RECALCULATION") || (kind == PROGRESSIVE && develop),
        // A progressive schedule of 1.10.1 bears no interest.
        "LOAN_WAIVE_INTEREST" => kind == PROGRESSIVE && !develop,
        _ => false,
    }
}

/// A gateway where everything was done that must be before the deed, under this kind of product.
async fn prepared(deed: &Deed, release: Release, kind: &str) -> Gateway {
    let gateway = Gateway::of_kinds(release);
    for (operation, data) in &deed.before {
        succeed(&gateway, operation, under(kind, operation, data.clone())).await;
    }
    gateway
}

/// Does it, under a mishap. What is told otherwise than it is, if anything.
async fn mistake(
    gateway: &Gateway,
    (operation, data): (&str, Value),
    (method, path): (&str, &str),
    mishap: Option<&Value>,
    refused: bool,
    what: &str,
) -> Option<String> {
    let simulator = &gateway.fineract.simulator;
    let before = simulator.effects().len();
    if let Some(mishap) = mishap {
        let mut struck = mishap.clone();
        struck["method"] = method.into();
        struck["path"] = path.into();
        struck["times"] = "once".into();
        simulator.apply(&struck.to_string()).unwrap();
    }
    let performed = gateway.perform(operation, data).await.unwrap();
    let told = (&performed.body["status"], simulator.effects().len() - before);
    let expected = if refused {
        (json!("failed"), 0)
    } else {
        (json!("success"), 1)
    };
    (told != (&expected.0, expected.1)).then(|| format!("{what}: {} effects, {}", told.1, performed.body))
}

async fn every_operation_under_every_kind(release: Release) {
    let mut mistakes = Vec::new();
    for kind in names() {
        for deed in deeds() {
            for mishap in mishaps() {
                let gateway = prepared(&deed, release, &kind).await;
                let operation = deed.operation;
                let data = under(&kind, operation, deed.data.clone());
                let what = format!("{release} {kind} {operation} {mishap:?}");
                let refused = is_refused(release, &kind, operation);
                let mishap = mishap.as_ref();
                mistakes.extend(mistake(&gateway, (operation, data), deed.call, mishap, refused, &what).await);
            }
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[tokio::test]
async fn every_operation_under_every_kind_on_1_10_1() {
    every_operation_under_every_kind(Release::V1_10_1).await;
}

#[tokio::test]
async fn every_operation_under_every_kind_on_develop() {
    every_operation_under_every_kind(Release::Develop2026_06).await;
}

#[tokio::test]
async fn a_later_tranche_is_paid_out_though_none_was_planned() {
    for release in Release::ALL {
        for mishap in mishaps() {
            let follows = deeds().into_iter().find(|deed| deed.before.len() == 4).unwrap();
            let gateway = prepared(&follows, release, OPEN).await;
            let data = of_loan(
                json!({"actualDisbursementDate": "20 January 2026", "transactionAmount": 40_000, "utr_payment_id": "U2"}),
            );
            let what = format!("{release} {mishap:?}");
            let call = ("POST", "command=disburse");
            let told = mistake(&gateway, ("LOAN_DISBURSE", data), call, mishap.as_ref(), false, &what).await;
            assert_eq!(told, None);
            let paid = shown(&gateway, "L")["transactions"].as_array().map_or(0, Vec::len);
            assert_eq!(paid, 2, "{what}");
        }
    }
}

#[tokio::test]
async fn of_open_tranches_nobody_guesses_the_amount() {
    for mishap in mishaps() {
        let follows = deeds()
            .into_iter()
            .find(|deed| deed.operation == "LOAN_DISBURSE")
            .unwrap();
        let gateway = prepared(&follows, Release::Develop2026_06, OPEN).await;
        let what = format!("{mishap:?}");
        let told = mistake(
            &gateway,
            ("LOAN_DISBURSE", follows.data),
            follows.call,
            mishap.as_ref(),
            true,
            &what,
        )
        .await;
        assert_eq!(told, None);
    }
}

#[tokio::test]
async fn a_top_up_is_paid_out_once() {
    for release in Release::ALL {
        for mishap in mishaps() {
            let gateway = Gateway::of_kinds(release);
            succeed(&gateway, "CLIENT_CREATE", client("INC-1001")).await;
            let create = gateway.perform("LOAN_CREATE", loan(TOP_UP, "OLD")).await.unwrap();
            for (operation, day) in [
                ("LOAN_APPROVE", "approvedOnDate"),
                ("LOAN_DISBURSE", "actualDisbursementDate"),
            ] {
                succeed(
                    &gateway,
                    operation,
                    json!({"external_loan_id": "OLD", day: "12 January 2026"}),
                )
                .await;
            }
            // Whoever tops up does so by hand.
            let mut body = create.commands[0].body.clone().unwrap();
            for (name, value) in [
                ("externalId", json!("L")),
                ("principal", json!(200_000)),
                ("isTopup", json!(true)),
                ("loanIdToClose", shown(&gateway, "OLD")["id"].clone()),
                ("submittedOnDate", json!("10 February 2026")),
                ("expectedDisbursementDate", json!("10 February 2026")),
            ] {
                body[name] = value;
            }
            gateway.by_hand("v1/loans", &body);
            succeed(
                &gateway,
                "LOAN_APPROVE",
                of_loan(json!({"approvedOnDate": "10 February 2026"})),
            )
            .await;
            let data = of_loan(json!({"actualDisbursementDate": "10 February 2026", "utr_payment_id": "U"}));
            let what = format!("{release} {mishap:?}");
            let call = ("POST", "command=disburse");
            let told = mistake(&gateway, ("LOAN_DISBURSE", data), call, mishap.as_ref(), false, &what).await;
            assert_eq!(told, None);
            assert_eq!(shown(&gateway, "OLD")["status"]["closedObligationsMet"], true, "{what}");
        }
    }
}
