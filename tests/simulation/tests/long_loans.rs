//! Loans of 360 instalments: what is asked about them is large, and is told whole.

use fineract_simulator::Release;
use gateway::packing::{PACKED_BYTES_MAX, Stored, store};
use serde_json::{Value, json};
use simulation::Gateway;

use crate::deeds::of_loan;

/// Instalments of the longest loan that lenders usually give: thirty years of months.
const INSTALMENTS: usize = 360;
/// What such a loan has at least: more than an item of the table could hold beside the rest.
const JSON_BYTES_MIN: usize = 300_000;

async fn succeed(gateway: &Gateway, operation: &str, data: Value) -> Value {
    let body = gateway.perform(operation, data).await.unwrap().body;
    assert_eq!(body["status"], "success", "{operation}: {body}");
    assert!(body.get("truncated").is_none(), "{operation}");
    body["success_response"].clone()
}

#[tokio::test]
async fn a_loan_of_thirty_years_is_read_whole() {
    for release in Release::ALL {
        let gateway = Gateway::new(release);
        let client =
            json!({"firstname": "J", "lastname": "B", "externalId": "INC-1001", "activationDate": "01 January 2026"});
        let terms = json!({"lenderConfig": "UGRO", "principal": 1_000_000, "submittedOnDate": "11 January 2026",
            "loanTermFrequency": INSTALMENTS, "numberOfRepayments": INSTALMENTS, "interestRatePerPeriod": 8, "clientId": "INC-1001"});
        let mut loan = terms.clone();
        loan["externalId"] = "L".into();
        succeed(&gateway, "CLIENT_CREATE", client).await;
        succeed(&gateway, "LOAN_CREATE", loan).await;
        succeed(
            &gateway,
            "LOAN_APPROVE",
            of_loan(json!({"approvedOnDate": "11 January 2026"})),
        )
        .await;
        let disbursed = of_loan(json!({"actualDisbursementDate": "11 January 2026"}));
        succeed(&gateway, "LOAN_DISBURSE", disbursed).await;

        let preview = succeed(&gateway, "LOAN_SCHEDULE_PREVIEW", terms).await;
        let read = succeed(&gateway, "LOAN_GET", of_loan(json!({"associations": "all"}))).await;
        for (what, periods) in [
            ("preview", &preview["periods"]),
            ("loan", &read["repaymentSchedule"]["periods"]),
        ] {
            // The first one is the disbursement.
            let periods = periods.as_array().map(Vec::len);
            assert_eq!(periods, Some(INSTALMENTS + 1), "{release} {what}");
        }
        let sizes = gateway.ledger.rows().into_iter().filter_map(|row| {
            let response = row.response?;
            match store(&response) {
                Stored::Plain(_) => None,
                Stored::Packed(bytes) => Some((response.to_string().len(), bytes.len())),
            }
        });
        let (json, packed) = sizes.max().unwrap();
        assert!(json > JSON_BYTES_MIN, "{release}: {json} bytes");
        assert!(
            packed * 10 < json && packed < PACKED_BYTES_MAX / 4,
            "{release}: {json} bytes became {packed}"
        );
    }
}
