//! Each fault at the mutating call of each operation: it ends, it ends true, and its effect is there once.

use fineract_simulator::{Decision, Release};
use serde_json::{Value, json};
use simulation::Gateway;

use crate::{
    deeds::{deeds, of_loan, way},
    loan_create::{shown, succeed},
};

/// Whatever may happen to one request.
pub(crate) fn faults() -> [Value; 14] {
    [
        json!({"fault": "lost-request"}),
        json!({"fault": "lost-answer"}),
        json!({"fault": "stuck", "applied": false}),
        json!({"fault": "stuck", "applied": true}),
        json!({"fault": "applied-then-500"}),
        json!({"fault": "connection-killed"}),
        json!({"fault": "conflict"}),
        json!({"fault": "deadlock"}),
        json!({"fault": "statement-cancelled"}),
        json!({"fault": "no-connection"}),
        json!({"fault": "job-running"}),
        json!({"fault": "database-down"}),
        json!({"fault": "password-expired"}),
        json!({"fault": "proxy-page"}),
    ]
}

#[tokio::test]
async fn one_fault_at_the_call_of_each_operation_and_one_effect() {
    for release in Release::ALL {
        for deed in deeds() {
            let (operation, (method, path)) = (deed.operation, deed.call);
            for fault in faults() {
                let gateway = deed.prepared(release).await;
                let before = gateway.fineract.simulator.effects().len();
                let mut struck = fault.clone();
                struck["method"] = method.into();
                struck["path"] = path.into();
                struck["times"] = "once".into();
                gateway.fineract.simulator.apply(&struck.to_string()).unwrap();
                let performed = gateway.perform(operation, deed.data.clone()).await.unwrap();
                let what = format!("{release} {operation} {fault}");
                assert_eq!(performed.body["status"], "success", "{what}: {}", performed.body);
                assert_eq!(gateway.fineract.simulator.effects().len(), before + 1, "{what}");
                assert!(performed.commands.len() >= 2, "{what}: it struck");
            }
        }
    }
}

#[tokio::test]
async fn a_checker_decides_about_each_operation() {
    for release in Release::ALL {
        for deed in deeds() {
            let (operation, (method, path)) = (deed.operation, deed.call);
            for lost in [false, true] {
                for decision in [Decision::Approve, Decision::Reject, Decision::Delete] {
                    let gateway = deed.prepared(release).await;
                    let simulator = &gateway.fineract.simulator;
                    let before = simulator.effects().len();
                    simulator.ask_checker_for([deed.permission().as_str()]);
                    if lost {
                        let fault = json!({"fault": "lost-answer", "method": method, "path": path, "times": "once"});
                        simulator.apply(&fault.to_string()).unwrap();
                    }
                    let decide = |run: u32| {
                        if run == 5 {
                            simulator.decide(simulator.awaiting()[0], decision).unwrap();
                        }
                    };
                    let performed = gateway
                        .perform_while(operation, deed.data.clone(), decide)
                        .await
                        .unwrap();
                    let what = format!("{release} {operation} lost: {lost} {decision:?}");
                    let applied = simulator.effects().len() - before;
                    let status = performed.body["status"].as_str().unwrap();
                    match decision {
                        Decision::Approve => {
                            assert_eq!((status, applied), ("success", 1), "{what}: {}", performed.body)
                        }
                        Decision::Reject | Decision::Delete => {
                            assert_eq!((status, applied), ("failed", 0), "{what}: {}", performed.body);
                        }
                    }
                }
            }
        }
    }
}

/// 1.10.1 keeps a row of what was late when a disbursement is undone; that row holds the loan fast, and each deletion is
/// answered with 500. The answer is stored under the key of the deletion.
#[tokio::test]
async fn a_deletion_that_the_server_cannot_carry_out_fails_and_the_loan_stands() {
    for (release, deletable) in [(Release::V1_10_1, false), (Release::Develop2026_06, true)] {
        let gateway = Gateway::new(release);
        for (operation, data) in way().into_iter().take(4) {
            succeed(&gateway, operation, data).await;
        }
        for operation in ["LOAN_UNDO_DISBURSAL", "LOAN_UNDO_APPROVAL"] {
            succeed(&gateway, operation, of_loan(json!({}))).await;
        }
        let before = gateway.fineract.simulator.effects().len();
        let performed = gateway.perform("LOAN_DELETE", of_loan(json!({}))).await.unwrap();
        let applied = gateway.fineract.simulator.effects().len() - before;
        let expected = if deletable { ("success", 1) } else { ("failed", 0) };
        let status = performed.body["status"].as_str().unwrap();
        assert_eq!((status, applied), expected, "{release}: {}", performed.body);
        if !deletable {
            assert_eq!(performed.body["error"]["code"], "gateway.not-applied", "{release}");
            let stands = shown(&gateway, "L");
            assert_eq!(
                stands["status"]["id"], 100,
                "{release}: the loan waits for approval again"
            );
            assert_eq!(performed.body["success_response"], Value::Null, "{release}");
        }
    }
}
