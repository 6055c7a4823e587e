//! Idempotency keys, and the effects that they keep from happening twice.

use fineract_simulator::{Release, Simulator, Started};
use serde_json::{Value, json};

use crate::bank::{approval, bank, bank_with_loan, client, codes, is_cached, loan, request, send, with};

fn answer(bank: &Simulator, method: &str, path: &str, body: &Value, key: &str) -> fineract_simulator::Response {
    let body = Some(body).filter(|body| !body.is_null());
    bank.answer(&request(method, path, body).with_header("Idempotency-Key", key))
}

#[test]
fn an_outcome_is_replayed_whatever_is_sent() {
    for release in Release::ALL {
        let bank = bank(release);
        let first = answer(&bank, "POST", "clients", &client("INC-1"), "key");
        let again = answer(&bank, "POST", "clients", &client("INC-2"), "key");
        assert!(!is_cached(&first) && is_cached(&again));
        assert_eq!((first.status, &first.body), (again.status, &again.body));
        assert_eq!(bank.effects().len(), 1, "{release}");
        // Another action has keys of its own.
        let update = answer(&bank, "PUT", "clients/1", &json!({"mobileNo": "9966999999"}), "key");
        assert!(update.status == 200 && !is_cached(&update));
    }
}

#[test]
fn errors_are_stored_or_not() {
    let wrong = |change: Value| with(&client("INC-9"), &change);
    for release in Release::ALL {
        for (method, path, body, status, stored) in [
            ("POST", "clients", wrong(json!({"firstname": ""})), 400, true),
            ("POST", "clients", wrong(json!({"externalId": "INC-1"})), 403, true),
            ("POST", "clients", wrong(json!({"officeId": 2})), 404, true),
            ("POST", "clients", wrong(json!({"officeId": "two"})), 500, true),
            ("POST", "loans/999?command=approve", approval(), 404, true),
            ("POST", "loans/external-id/none?command=approve", approval(), 404, false),
            ("POST", "loans/1?command=foo", approval(), 400, false),
            ("DELETE", "loans/external-id/none", Value::Null, 404, false),
        ] {
            let bank = bank_with_loan(release);
            let first = answer(&bank, method, path, &body, "key");
            let again = answer(&bank, method, path, &body, "key");
            assert_eq!(
                (first.status, again.status),
                (status, status),
                "{release} {path} {body}"
            );
            assert_eq!(is_cached(&again), stored, "{release} {path} {body}");
            assert_eq!(bank.effects().len(), 2);
        }
    }
}

#[test]
fn before_the_key_is_looked_at() {
    for release in Release::ALL {
        let bank = bank(release);
        let good = || request("POST", "clients", Some(&client("INC-1"))).with_header("Idempotency-Key", "key");
        let replaced = |name: &str, value: &str| {
            let mut request = good();
            request.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
            request.with_header(name, value)
        };
        for (request, status) in [
            (replaced("Authorization", "Basic bWlmb3M6d3Jvbmc="), 401),
            (replaced("Fineract-Platform-TenantId", "other"), 400),
            (replaced("Content-Type", "text/plain"), 415),
            (good().with_body("{"), 400),
        ] {
            assert_eq!(bank.answer(&request).status, status);
        }
        let answer = bank.answer(&good());
        assert!(answer.status == 200 && !is_cached(&answer), "{release}");
    }
}

#[test]
fn a_key_has_50_characters() {
    for release in Release::ALL {
        let bank = bank(release);
        let refusal = answer(&bank, "POST", "clients", &client("INC-1"), &"k".repeat(51));
        assert_eq!(refusal.status, 403);
        assert_eq!(
            codes(&refusal.body_json().unwrap())[0],
            "error.msg.data.integrity.issue"
        );
        assert!(bank.effects().is_empty());
        assert_eq!(
            answer(&bank, "POST", "clients", &client("INC-1"), &"k".repeat(50)).status,
            200
        );
        // Blanks around a key do not count, and nothing but blanks is a key, too.
        assert_eq!(answer(&bank, "POST", "clients", &client("INC-2"), "").status, 200);
        assert!(is_cached(&answer(&bank, "POST", "clients", &client("INC-3"), "   ")));
    }
}

#[test]
fn a_deletion_is_replayed_by_number_only() {
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        let first = answer(&bank, "DELETE", "loans/1", &Value::Null, "key");
        let again = answer(&bank, "DELETE", "loans/1", &Value::Null, "key");
        assert_eq!((first.status, again.status, is_cached(&again)), (200, 200, true));
        assert_eq!(first.body, again.body);
        assert_eq!(
            answer(&bank, "DELETE", "loans/external-id/LOAN-1", &Value::Null, "key").status,
            404
        );
        assert_eq!(answer(&bank, "DELETE", "loans/1", &Value::Null, "other").status, 404);
        // The external id is free again, and the key does not touch who has it now.
        send(&bank, "POST", "loans", &loan("LOAN-1", 1), 200);
        assert!(is_cached(&answer(&bank, "DELETE", "loans/2", &Value::Null, "key")));
        send(&bank, "GET", "loans/external-id/LOAN-1", &Value::Null, 200);
        assert_eq!(
            bank.effects().iter().filter(|effect| effect.action == "DELETE").count(),
            1,
            "{release}"
        );
    }
}

#[test]
fn a_deletion_without_content_type_is_stored_with_every_field() {
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        let mut deletion = request("DELETE", "loans/1", None).with_header("Idempotency-Key", "key");
        deletion.headers.retain(|(name, _)| name != "Content-Type");
        bank.answer(&deletion);
        let again = bank.answer(&deletion).body_json().unwrap();
        assert_eq!(again["rollbackTransaction"], false);
        assert!(again.as_object().unwrap().contains_key("commandId"));
        assert_eq!(again["resourceExternalId"], "LOAN-1");
    }
}

#[test]
fn a_key_under_processing_is_busy() {
    for release in Release::ALL {
        let bank = bank(release);
        let create = request("POST", "clients", Some(&client("INC-1"))).with_header("Idempotency-Key", "key");
        let Started::Running(running) = bank.begin(&create) else {
            panic!("it should run")
        };
        let early = bank.answer(&create);
        assert_eq!((early.status, is_cached(&early)), (425, true));
        assert_eq!(early.body_json().unwrap(), client("INC-1"));
        assert!(bank.effects().is_empty());
        let answer = bank.finish(running);
        assert_eq!(answer.status, 200);
        assert!(is_cached(&bank.answer(&create)));
        assert_eq!(bank.effects().len(), 1, "{release}");
    }
}

#[test]
fn a_server_killed_in_a_command_leaves_the_key_stuck() {
    let bank = bank(Release::V1_10_1);
    let create = |key| request("POST", "clients", Some(&client("INC-1"))).with_header("Idempotency-Key", key);
    drop(bank.begin(&create("stuck")));
    assert_eq!(bank.answer(&create("stuck")).status, 425);
    assert_eq!(bank.answer(&create("new")).status, 200);
    assert_eq!(bank.effects().len(), 1);
}

#[test]
fn effects_say_who_did_what() {
    let bank = bank_with_loan(Release::V1_10_1);
    answer(
        &bank,
        "POST",
        "loans/external-id/LOAN-1?command=approve",
        &approval(),
        "approval",
    );
    let effects = bank.effects();
    let last = effects.last().unwrap();
    assert_eq!((last.action, last.entity, last.resource_id), ("APPROVE", "LOAN", 1));
    assert_eq!(
        (last.external_id.as_deref(), last.key.as_deref()),
        (Some("LOAN-1"), Some("approval"))
    );
    assert_eq!(effects[0].key, None);
}
