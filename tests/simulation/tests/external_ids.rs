//! External ids as callers really have them: they work on every path, or are refused before the 202.

use fineract_simulator::Release;
use serde_json::json;
use simulation::Gateway;

use crate::loan_create::{client, loan, succeed};

const WORKING: [&str; 22] = [
    "INC-1001",
    "a b",
    " a",
    "a ",
    "\u{fc}n\u{ef}",
    "\u{906}\u{935}\u{947}\u{926}\u{928}",
    "\u{1f4a9}",
    "a?b",
    "a#b",
    "a+b",
    "a:b",
    "a@b",
    "a'b",
    "a\"b",
    "a<b>",
    "a|b",
    "a&b=c",
    "..a",
    "a.",
    "772921689283",
    "template",
    "{id}",
];
const REFUSED: [&str; 14] = [
    "", " ", "a/b", "/", "a%b", "%2F", "a;b", "a\\b", "a\nb", "a\u{0}b", "\u{7f}", ".", "..", "\u{85}",
];

#[tokio::test]
async fn ids_that_work_do_so_on_every_path() {
    for release in Release::ALL {
        let gateway = Gateway::new(release);
        let long = "z".repeat(100);
        for id in WORKING.into_iter().chain([long.as_str()]) {
            succeed(&gateway, "CLIENT_CREATE", client(id)).await;
            succeed(&gateway, "CLIENT_UPDATE", json!({"externalId": id, "firstname": "J"})).await;
            let mut data = loan("UGRO", id);
            data["clientId"] = id.into();
            succeed(&gateway, "LOAN_CREATE", data.clone()).await;
            succeed(&gateway, "LOAN_UPDATE", json!({"externalId": id, "principal": 200000})).await;
            succeed(
                &gateway,
                "LOAN_APPROVE",
                json!({"external_loan_id": id, "approvedOnDate": "11 January 2026"}),
            )
            .await;
            succeed(
                &gateway,
                "LOAN_DISBURSE",
                json!({"external_loan_id": id, "actualDisbursementDate": "11 January 2026"}),
            )
            .await;
            let second: String = id.chars().take(98).chain("-2".chars()).collect();
            data["externalId"] = second.as_str().into();
            succeed(&gateway, "LOAN_CREATE", data).await;
            let deleted = succeed(&gateway, "LOAN_DELETE", json!({"external_loan_id": second})).await;
            assert_eq!(deleted["resourceExternalId"], second);
        }
    }
}

#[tokio::test]
async fn ids_that_cannot_work_are_refused_before_the_202() {
    let gateway = Gateway::new(Release::V1_10_1);
    let long = "z".repeat(101);
    for id in REFUSED.into_iter().chain([long.as_str()]) {
        let mut with_client = loan("UGRO", "L");
        with_client["clientId"] = id.into();
        for (operation, data, pointer) in [
            ("CLIENT_CREATE", client(id), "/data/externalId"),
            (
                "CLIENT_UPDATE",
                json!({"externalId": id, "firstname": "J"}),
                "/data/externalId",
            ),
            ("LOAN_CREATE", loan("UGRO", id), "/data/externalId"),
            ("LOAN_CREATE", with_client, "/data/clientId"),
            (
                "LOAN_UPDATE",
                json!({"externalId": id, "principal": 1}),
                "/data/externalId",
            ),
            (
                "LOAN_APPROVE",
                json!({"external_loan_id": id, "approvedOnDate": "11 January 2026"}),
                "/data/external_loan_id",
            ),
            (
                "LOAN_DISBURSE",
                json!({"external_loan_id": id, "actualDisbursementDate": "11 January 2026"}),
                "/data/external_loan_id",
            ),
            ("LOAN_DELETE", json!({"external_loan_id": id}), "/data/external_loan_id"),
        ] {
            let problem = gateway
                .perform(operation, data)
                .await
                .err()
                .unwrap_or_else(|| panic!("{operation} took {id:?}"));
            assert_eq!(
                problem
                    .faults
                    .iter()
                    .map(|fault| fault.pointer.as_str())
                    .collect::<Vec<_>>(),
                [pointer],
                "{id:?}"
            );
        }
    }
    assert!(gateway.ledger.rows().is_empty());
}
