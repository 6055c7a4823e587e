//! Personal data, tokens, credentials and Fineract's texts stay out of logs and out of the queue.

use local::Function;
use serde_json::json;

use crate::bench::Bench;
use crate::bench::published::{self, with};

#[tokio::test(flavor = "multi_thread")]
async fn logs_hold_nothing_that_is_nobodys_business() {
    let bench = Bench::with(|options| options.with_parameter("LogLevel", "debug")).await;
    bench.succeed("CLIENT_CREATE", published::client_create()).await;
    bench.succeed("LOAN_CREATE", published::loan_create()).await;
    bench.succeed("LOAN_UPDATE", published::loan_update()).await;
    bench.succeed("LOAN_APPROVE", published::loan_approve()).await;
    bench.succeed("LOAN_DISBURSE", published::loan_disburse()).await;
    assert_eq!(
        bench
            .perform(
                "CLIENT_CREATE",
                with(published::client_create(), json!({"firstname": "Other"}))
            )
            .await["status"],
        "failed"
    );
    bench
        .post("{\"status\":\"CLIENT_CREATE\",\"data\":{\"firstname\":\"Jayesh\",\"mobileNo\":5}}")
        .await;
    let secrets = [
        "Jayesh",
        "Badgujar",
        "9966999999",
        "jayesh@example.com",
        "UTR-20260111-001",
        "already exists",
        "bWlmb3M6",
        bench.api.token(),
    ];
    for function in Function::ALL {
        let log = bench.stack.log(function).await.unwrap().join("\n");
        let speaks = matches!(function, Function::Operate | Function::Worker);
        assert!(
            !speaks || log.contains("\"message\""),
            "{function:?} wrote what it did: {log}"
        );
        for secret in secrets {
            assert!(!log.contains(secret), "{function:?} wrote {secret}");
        }
    }
}
