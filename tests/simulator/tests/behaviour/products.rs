//! Products that are made: the lenders' again, by the requests that made them on the recorded servers.

use fineract_simulator::{LENDERS, Release};
use recordings::Recording;
use serde_json::{Value, json};

use crate::bank::{bank, client, loan, request, send, with};

/// The bodies that made the lenders' products.
fn lenders(release: Release) -> Vec<Value> {
    let setup = Recording::named(release.name(), "00-setup").unwrap();
    let sent = setup.steps.into_iter().filter_map(|step| step.exchange);
    sent.filter(|sent| sent.method == "POST" && sent.path == "/v1/loanproducts")
        .map(|sent| sent.body)
        .collect()
}

#[test]
fn a_product_made_like_a_lender_s_reads_like_it() {
    for release in Release::ALL {
        let lenders = lenders(release);
        assert_eq!(lenders.len(), LENDERS.len(), "{release}");
        for body in lenders {
            let bank = bank(release);
            let read = |id: &Value| {
                let answer = bank.answer(&request("GET", &format!("loanproducts/{id}"), None));
                let mut product = answer.body_json().unwrap();
                for own in ["id", "name", "shortName"] {
                    product.as_object_mut().unwrap().remove(own);
                }
                product
            };
            let name = body["name"].clone();
            let built_in = LENDERS.iter().position(|lender| name == *lender).unwrap() + 1;
            let renamed = with(&body, &json!({"name": "another", "shortName": "ANTR"}));
            let made = send(&bank, "POST", "loanproducts", &renamed, 200);
            assert_eq!(made, json!({"resourceId": LENDERS.len() + 1}), "{release} {name}");
            assert_eq!(read(&made["resourceId"]), read(&json!(built_in)), "{release} {name}");
            let again = send(&bank, "POST", "loanproducts", &body, 403);
            assert_eq!(
                again["userMessageGlobalisationCode"],
                "error.msg.product.loan.duplicate.name"
            );
        }
    }
}

#[test]
fn terms_must_leave_something_to_repay() {
    for release in Release::ALL {
        let bank = bank(release);
        let client = send(&bank, "POST", "clients", &client("C"), 200)["clientId"]
            .as_u64()
            .unwrap();
        for (terms, status) in [
            (json!({"graceOnPrincipalPayment": 11}), 200),
            (json!({"graceOnPrincipalPayment": 12}), 400),
            (json!({"graceOnInterestPayment": 12}), 400),
            (json!({"graceOnInterestCharged": 12}), 200),
            (json!({"graceOnInterestCharged": 13}), 400),
            (json!({"graceOnPrincipalPayment": -1}), 400),
            (json!({"fixedEmiAmount": 666}), 403),
            (json!({"fixedEmiAmount": 667}), 200),
            (json!({"fundId": 1}), 404),
            (json!({"loanOfficerId": 2}), 404),
            (json!({"loanPurposeId": 1}), 404),
        ] {
            let body = with(&loan("L", client), &terms);
            send(&bank, "POST", "loans", &body, status);
            if status == 200 {
                let id = "loans/external-id/L";
                send(&bank, "DELETE", id, &Value::Null, 200);
            }
        }
    }
}
