//! How long an operation waits, and for what, as the deployment says and its operator sees.

use fineract_simulator::{Action, Fault, Match, Times};
use local::Function;
use serde_json::{Value, json};

use crate::bench::{Bench, published};

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_is_as_long_as_the_deployment_says_and_its_cause_is_measured() {
    let bench = Bench::with(|options| options.with_short_times().with_parameter("LogLevel", "error")).await;
    // By default the third wait alone takes longer than the bench is patient.
    let busy = bench.simulator.faults().add(Fault {
        on: Match::of("POST", "/v1/clients"),
        action: Action::JobRunning("Update Loan Arrears Ageing".to_owned()),
        times: Times::Next(3),
    });
    let body = bench.succeed("CLIENT_CREATE", published::client_create()).await;
    assert_eq!((busy.hits(), &body["attempts"]), (3, &json!(4)), "{body}");

    let log = bench.stack.log(Function::Worker).await.unwrap();
    let lines = log.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let waits: Vec<_> = lines
        .filter(|line| line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] == "Waits")
        .map(|line| (line["Stack"].clone(), line["Reason"].clone(), line["Waits"].clone()))
        .collect();
    assert_eq!(
        waits,
        vec![(json!("gateway"), json!("fineract_busy"), json!(1)); 3],
        "{log:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_tells_the_release_of_its_fineract_when_it_starts() {
    let bench = Bench::start().await;
    bench.succeed("CLIENT_CREATE", published::client_create()).await;
    let log = bench.stack.log(Function::Worker).await.unwrap();
    let told: Vec<_> = log
        .iter()
        .filter(|line| line.contains("compared with this release"))
        .collect();
    assert!(!told.is_empty(), "{log:?}");
    assert!(
        told.iter()
            .all(|line| line.contains("1.10.1") && !line.contains("alarm")),
        "{told:?}"
    );
}
