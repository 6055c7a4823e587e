//! What a user may do, and what a refusal leaves behind.

use base64::{Engine, engine::general_purpose::STANDARD};
use fineract_simulator::{Permissions, Release, Response, Simulator};
use serde_json::{Value, json};

use crate::bank::{approval, bank, bank_with_loan, client, codes, is_cached, loan, request, with};

const USER: &str = "gateway";
const PASSWORD: &str = "of the gateway";

fn may(bank: &Simulator, codes: &[&str]) {
    let codes = codes.iter().map(|code| (*code).to_owned()).collect();
    bank.set_user(USER, PASSWORD, Permissions::Only(codes));
}

fn ask(bank: &Simulator, method: &str, path: &str, body: &Value, key: &str) -> Response {
    let mut request = request(method, path, Some(body).filter(|body| !body.is_null()));
    request.headers.retain(|(name, _)| name != "Authorization");
    let who = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let request = request.with_header("Authorization", format!("Basic {who}"));
    bank.answer(&request.with_header("Idempotency-Key", key))
}

/// The sentence of a refusal for want of a permission.
fn refused(answer: &Response) -> String {
    let body = answer.body_json().unwrap();
    assert_eq!(
        (answer.status, codes(&body)[0].as_str()),
        (403, "error.msg.not.authorized"),
        "{body}"
    );
    body["errors"][0]["developerMessage"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_read_needs_the_permission_of_its_kind() {
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        for (path, kind) in [
            ("clients/external-id/INC-1", "client"),
            ("loans/external-id/LOAN-1?associations=all", "loan"),
            ("loans/1/template?templateType=approval", "loan"),
            ("loans/1/charges", "loan"),
            ("loanproducts", "loanproduct"),
            ("loanproducts/1", "loanproduct"),
            ("charges", "charge"),
            ("paymenttypes", "paymenttype"),
            ("codes", "code"),
            ("codes/26/codevalues", "codevalue"),
            ("offices/1", "office"),
            ("audits", "audit"),
        ] {
            may(&bank, &[]);
            let sentence = refused(&ask(&bank, "GET", path, &Value::Null, ""));
            assert_eq!(
                sentence,
                format!("User has no authority to READ {kind}s"),
                "{release} {path}"
            );
            may(&bank, &[&format!("READ_{}", kind.to_uppercase())]);
            assert_eq!(
                ask(&bank, "GET", path, &Value::Null, "").status,
                200,
                "{release} {path}"
            );
        }
    }
}

#[test]
fn a_refusal_before_a_command_is_not_stored() {
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        may(&bank, &[]);
        let path = "loans/external-id/LOAN-1?command=approve";
        let refusal = ask(&bank, "POST", path, &approval(), "key");
        assert_eq!(refused(&refusal), "User has no authority to: APPROVE_LOAN");
        may(&bank, &["APPROVE_LOAN"]);
        let answer = ask(&bank, "POST", path, &approval(), "key");
        assert_eq!((answer.status, is_cached(&answer)), (200, false), "{release}");
    }
}

/// Read from the source: the second permission is asked for when the command already has its row, and after the database
/// has looked at the new client.
#[test]
fn an_active_client_needs_a_second_permission_whose_refusal_is_stored() {
    for release in Release::ALL {
        let bank = bank(release);
        may(&bank, &["CREATE_CLIENT"]);
        let create = |body: &Value, key| ask(&bank, "POST", "clients", body, key);
        let active = client("INC-1");
        for cached in [false, true] {
            let answer = create(&active, "first");
            assert_eq!(refused(&answer), "User has no authority to: ACTIVATE_CLIENT");
            assert_eq!(is_cached(&answer), cached, "{release}");
        }
        assert!(bank.effects().is_empty(), "{release}: nothing is kept of it");
        let pending = with(&client("INC-2"), &json!({"active": null, "activationDate": null}));
        assert_eq!(
            create(&pending, "second").status,
            200,
            "{release}: nothing is activated"
        );
        let twice = create(&client("INC-2"), "third").body_json().unwrap();
        assert_eq!(codes(&twice)[0], "error.msg.client.duplicate.externalId", "{release}");
        may(&bank, &["CREATE_CLIENT", "ACTIVATE_CLIENT"]);
        let stored = create(&active, "first");
        assert_eq!(refused(&stored), "User has no authority to: ACTIVATE_CLIENT");
        assert!(is_cached(&stored), "{release}: the key is spent");
        assert_eq!(create(&active, "fourth").status, 200, "{release}");
    }
}

#[test]
fn every_user_may_ask_for_a_schedule() {
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        may(&bank, &[]);
        let asked = with(&loan("", 1), &json!({"externalId": null}));
        let answer = ask(&bank, "POST", "loans?command=calculateLoanSchedule", &asked, "");
        assert_eq!(answer.status, 200, "{release}");
    }
}

#[test]
fn develop_refuses_weak_passwords() {
    for (password, strong) in [
        ("Gateway-2026!", true),
        ("Gateway-20!", false),
        (&"Aa1-".repeat(13), false),
        ("gateway-2026!", false),
        ("GATEWAY-2026!", false),
        ("Gateway-word!", false),
        ("Gateway202616", false),
        ("Gateway-2066!", false),
    ] {
        for release in Release::ALL {
            let document = json!({"users": [{"name": "asha", "password": password}]});
            let taken = bank(release).apply(&document.to_string()).is_ok();
            let expected = strong || release == Release::V1_10_1;
            assert_eq!(taken, expected, "{release} {password}");
        }
    }
}
