//! Each fault at the mutating call of each operation: it ends, it ends true, and its effect is there once.

use fineract_simulator::{Decision, Release};
use serde_json::{Value, json};
use simulation::Gateway;

use crate::loan_create::{client, loan, succeed};

/// The operations, what must have been done before each, and where its call goes.
fn operations() -> [(&'static str, Value, usize, &'static str, &'static str); 7] {
    let approve = json!({"external_loan_id": "L", "approvedOnDate": "15 January 2026"});
    let disburse = json!({"external_loan_id": "L", "actualDisbursementDate": "16 January 2026", "utr_payment_id": "U"});
    [
        ("CLIENT_CREATE", client("INC-1001"), 0, "POST", "/v1/clients"),
        (
            "CLIENT_UPDATE",
            json!({"externalId": "INC-1001", "lastname": "B"}),
            1,
            "PUT",
            "/v1/clients",
        ),
        ("LOAN_CREATE", loan("UGRO", "L"), 1, "POST", "/v1/loans"),
        (
            "LOAN_UPDATE",
            json!({"externalId": "L", "principal": 50000}),
            2,
            "PUT",
            "/v1/loans",
        ),
        ("LOAN_APPROVE", approve, 2, "POST", "command=approve"),
        ("LOAN_DISBURSE", disburse, 3, "POST", "command=disburse"),
        (
            "LOAN_DELETE",
            json!({"external_loan_id": "L"}),
            2,
            "DELETE",
            "/v1/loans",
        ),
    ]
}

/// A gateway where the first `steps` of the way to a disbursed loan were gone.
async fn prepared(release: Release, steps: usize) -> Gateway {
    let gateway = Gateway::new(release);
    let way = [
        ("CLIENT_CREATE", client("INC-1001")),
        ("LOAN_CREATE", loan("UGRO", "L")),
        (
            "LOAN_APPROVE",
            json!({"external_loan_id": "L", "approvedOnDate": "15 January 2026"}),
        ),
    ];
    for (operation, data) in way.into_iter().take(steps) {
        succeed(&gateway, operation, data).await;
    }
    gateway
}

#[tokio::test]
async fn one_fault_at_the_call_of_each_operation_and_one_effect() {
    for release in Release::ALL {
        for (operation, data, steps, method, path) in operations() {
            for fault in [
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
            ] {
                let gateway = prepared(release, steps).await;
                let before = gateway.fineract.simulator.effects().len();
                let mut struck = fault.clone();
                struck["method"] = method.into();
                struck["path"] = path.into();
                struck["times"] = "once".into();
                gateway.fineract.simulator.apply(&struck.to_string()).unwrap();
                let performed = gateway.perform(operation, data.clone()).await.unwrap();
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
        for (operation, data, steps, method, path) in operations() {
            let (entity, action) = operation.split_once('_').unwrap();
            for lost in [false, true] {
                for decision in [Decision::Approve, Decision::Reject, Decision::Delete] {
                    let gateway = prepared(release, steps).await;
                    let simulator = &gateway.fineract.simulator;
                    let before = simulator.effects().len();
                    simulator.ask_checker_for([format!("{action}_{entity}").as_str()]);
                    if lost {
                        let fault = json!({"fault": "lost-answer", "method": method, "path": path, "times": "once"});
                        simulator.apply(&fault.to_string()).unwrap();
                    }
                    let decide = |run: u32| {
                        if run == 5 {
                            simulator.decide(simulator.awaiting()[0], decision).unwrap();
                        }
                    };
                    let performed = gateway.perform_while(operation, data.clone(), decide).await.unwrap();
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
