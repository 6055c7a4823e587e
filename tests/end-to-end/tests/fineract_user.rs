//! The permissions of docs/fineract-user.md: with those of its row an operation is carried out, without one of them it waits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use fineract_simulator::Permissions;
use local::Options;
use local::lifecycle::Ids;
use serde_json::{Value, json};

use crate::bench::Bench;

const PAGE: &str = include_str!("../../../docs/fineract-user.md");
const USER: &str = "gateway";
const PASSWORD: &str = "of the gateway";
const COMMON: [&str; 3] = ["READ_CLIENT", "READ_LOAN", "READ_AUDIT"];
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// How the page calls a write-off that names its reason, which is looked up.
const WITH_REASON: &str = "LOAN_WRITE_OFF with `writeOffReason`";
const REASON: &str = "WriteOffReasons one";

/// The rows of the page's second table: what each operation needs besides what all need.
fn table() -> BTreeMap<&'static str, Vec<&'static str>> {
    let rows = PAGE
        .lines()
        .skip_while(|line| *line != "| operation | permissions |")
        .skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (operation, needed) = (cells.next().unwrap(), cells.next().unwrap());
        (operation, needed.split(", ").filter(|code| !code.is_empty()).collect())
    });
    rows.collect()
}

/// Every operation in an order in which it succeeds, with the row of the page that is about it.
fn requests() -> Vec<(String, Value)> {
    let mut requests = Vec::new();
    for step in Ids::new().unwrap().all_steps().unwrap() {
        let request = step.request;
        let operation = request["status"].as_str().unwrap().to_owned();
        requests.push((operation.clone(), request.clone()));
        if operation == "LOAN_UNDO_WRITE_OFF" {
            let loan = &request["data"]["external_loan_id"];
            let data = json!({"external_loan_id": loan, "externalTransactionId": format!("{}-2", loan.as_str().unwrap()),
                "transactionDate": "26 January 2026", "writeOffReason": REASON});
            requests.push((
                WITH_REASON.to_owned(),
                json!({"status": "LOAN_WRITE_OFF", "data": data}),
            ));
            requests.push((operation, request));
        }
    }
    requests
}

fn only<'a>(codes: impl IntoIterator<Item = &'a &'a str>) -> Permissions {
    let codes: BTreeSet<_> = COMMON.iter().chain(codes).map(|code| (*code).to_owned()).collect();
    Permissions::Only(codes)
}

async fn until(bench: &Bench, id: &str, wanted: impl Fn(&Value) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = bench.api.track(id).await.unwrap();
        if wanted(&answer.body) {
            return;
        }
        assert!(Instant::now() < deadline, "{}", answer.text);
        tokio::time::sleep(PAUSE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_needs_the_permissions_of_its_row_and_no_others() {
    assert!(COMMON.iter().all(|code| PAGE.contains(code)));
    let bench = Bench::with(|options| {
        let user = json!({"username": USER, "password": PASSWORD});
        Options::with_short_times(options).with_parameter("FineractCredentials", &user.to_string())
    })
    .await;
    let table = table();
    let mut seen = BTreeSet::new();
    for (row, request) in requests() {
        let operation = request["status"].as_str().unwrap();
        let needed = &table[row.as_str()];
        let first = seen.insert(row.clone());
        // Each is missing for a while, what is read before the command first: the worker remembers it.
        let missing: Vec<_> = needed.iter().rev().filter(|_| first).collect();
        bench.kill(local::Function::Worker).await;
        bench
            .simulator
            .set_user(USER, PASSWORD, only(missing.first().map_or(needed.as_slice(), |_| &[])));
        let id = bench.accept(operation, request["data"].clone()).await;
        for code in missing {
            let others = needed.iter().filter(|other| *other != code);
            bench.simulator.set_user(USER, PASSWORD, only(others));
            let tries = bench.api.track(&id).await.unwrap().body["attempts"].as_u64().unwrap();
            until(&bench, &id, |body| {
                assert_eq!(body["status"], "processing", "{operation} without {code}");
                // The next try may have begun before.
                body["reason"] == "credentials_refused" && body["attempts"].as_u64().unwrap() >= tries + 2
            })
            .await;
        }
        bench.simulator.set_user(USER, PASSWORD, only(needed));
        until(&bench, &id, |body| {
            assert_ne!(body["status"], "failed", "{body}");
            body["status"] == "success"
        })
        .await;
    }
    assert_eq!(
        seen.iter().map(String::as_str).collect::<Vec<_>>(),
        table.keys().copied().collect::<Vec<_>>()
    );
}
