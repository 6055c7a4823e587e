//! Commands that wait for a checker.

use fineract_simulator::{Decision, Permissions, Release, Request, Simulator};
use serde_json::{Value, json};

use crate::bank::{approval, bank_with_loan, client, codes, is_cached, request};

const APPROVE: &str = "loans/external-id/LOAN-1?command=approve";

/// A bank whose loan approvals and client creations wait, as for the user `maker` on a real server.
fn bank(release: Release) -> Simulator {
    let bank = bank_with_loan(release);
    bank.set_user("maker", "secret", Permissions::All);
    let permissions = json!({"permissions": {"APPROVE_LOAN": true, "CREATE_CLIENT": true}});
    assert_eq!(as_super_user(&bank, "PUT", "permissions", &permissions).0, 200);
    assert_eq!(
        as_super_user(&bank, "PUT", "configurations/1", &json!({"enabled": true})).0,
        200
    );
    bank
}

fn as_super_user(bank: &Simulator, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let answer = bank.answer(&request(method, path, Some(body).filter(|body| !body.is_null())));
    (answer.status, answer.body_json().unwrap())
}

/// A request of the maker: status, whether it was served from the cache, body.
fn as_maker(bank: &Simulator, method: &str, path: &str, body: &Value, key: &str) -> (u16, bool, Value) {
    let mut request: Request = request(method, path, Some(body).filter(|body| !body.is_null()));
    request.headers.retain(|(name, _)| name != "Authorization");
    let request = request
        .with_header("Authorization", "Basic bWFrZXI6c2VjcmV0")
        .with_header("Idempotency-Key", key);
    let answer = bank.answer(&request);
    (answer.status, is_cached(&answer), answer.body_json().unwrap())
}

fn pending(bank: &Simulator, key: &str) -> u64 {
    let effects = bank.effects().len();
    let (status, cached, body) = as_maker(bank, "POST", APPROVE, &approval(), key);
    assert_eq!((status, cached), (200, false));
    assert_eq!(body["rollbackTransaction"], true);
    assert_eq!(body["resourceId"], 1);
    // 1.10.1 writes empty objects where ids would be.
    let empty = bank.release() == Release::V1_10_1;
    assert_eq!(body.get("resourceExternalId") == Some(&json!({})), empty);
    assert_eq!(bank.effects().len(), effects, "nothing is applied");
    body["commandId"].as_u64().unwrap()
}

#[test]
fn an_approved_command_is_applied_and_replayed() {
    for release in Release::ALL {
        let bank = bank(release);
        let command = pending(&bank, "key");
        assert_eq!(bank.awaiting(), [command]);
        let (status, cached, _) = as_maker(&bank, "POST", APPROVE, &approval(), "key");
        let busy = if release == Release::V1_10_1 {
            (403, false)
        } else {
            (425, true)
        };
        assert_eq!((status, cached), busy, "{release}");
        let path = format!("makercheckers/{command}?command=approve");
        let (status, _, refused) = as_maker(&bank, "POST", &path, &json!({}), "");
        assert_eq!((status, codes(&refused)[0].as_str()), (403, "error.msg.not.authorized"));
        let (status, applied) = as_super_user(&bank, "POST", &path, &json!({}));
        assert_eq!((status, applied["commandId"].as_u64()), (200, Some(command)));
        let effects = bank.effects();
        assert_eq!(effects.last().unwrap().action, "APPROVE");
        assert_eq!(effects.last().unwrap().key.as_deref(), Some("key"));
        // The replay names the command, too: only rollbackTransaction tells a waiting one.
        let (status, cached, body) = as_maker(&bank, "POST", APPROVE, &approval(), "key");
        assert_eq!((status, cached, &body), (200, true, &applied));
        assert_eq!(body.get("rollbackTransaction"), None);
        assert_eq!(bank.effects().len(), effects.len());
        assert!(bank.awaiting().is_empty());
        assert_eq!(as_super_user(&bank, "POST", &path, &json!({})).0, 404);
    }
}

#[test]
fn a_rejected_command_is_never_applied() {
    for release in Release::ALL {
        let bank = bank(release);
        let command = pending(&bank, "key");
        assert_eq!(
            bank.decide(command, Decision::Reject),
            Ok(json!({"commandId": command}))
        );
        let (status, ..) = as_maker(&bank, "POST", APPROVE, &approval(), "key");
        assert_eq!(status, if release == Release::V1_10_1 { 403 } else { 425 });
        pending(&bank, "other");
        assert_eq!(bank.effects().len(), 2);
    }
}

#[test]
fn a_deleted_command_leaves_nothing() {
    for release in Release::ALL {
        let bank = bank(release);
        let command = pending(&bank, "key");
        assert_eq!(
            bank.decide(command, Decision::Delete),
            Ok(json!({"commandId": command}))
        );
        assert_eq!(
            as_super_user(&bank, "GET", &format!("audits/{command}"), &Value::Null).0,
            500
        );
        // The key is as new.
        assert_ne!(pending(&bank, "key"), command);
    }
}

#[test]
fn what_can_no_longer_be_done_is_refused_to_the_checker_and_stored() {
    for release in Release::ALL {
        let bank = bank(release);
        let (first, second) = (pending(&bank, "first"), pending(&bank, "second"));
        bank.decide(first, Decision::Approve).unwrap();
        let refusal = bank.decide(second, Decision::Approve).unwrap_err();
        let (status, cached, body) = as_maker(&bank, "POST", APPROVE, &approval(), "second");
        assert_eq!((status, cached, body), (400, true, refusal), "{release}");
    }
}

#[test]
fn the_audits_tell_what_became_of_commands() {
    for release in Release::ALL {
        let bank = bank(release);
        let commands: Vec<u64> = (0..4).map(|number| pending(&bank, &number.to_string())).collect();
        bank.decide(commands[1], Decision::Reject).unwrap();
        bank.decide(commands[2], Decision::Approve).unwrap();
        bank.decide(commands[3], Decision::Approve).unwrap_err();
        let list = |result: u8, offset: usize| -> Vec<(u64, Value)> {
            let path = format!(
                "audits?processingResult={result}&actionName=APPROVE&entityName=LOAN&paged=true&limit=3&offset={offset}\
                 &orderBy=id&sortOrder=DESC"
            );
            let page = as_super_user(&bank, "GET", &path, &Value::Null).1;
            let items = page["pageItems"].as_array().unwrap().iter();
            items
                .map(|item| (item["id"].as_u64().unwrap(), item["processingResult"].clone()))
                .collect()
        };
        if release == Release::V1_10_1 {
            for (result, command) in [(2, commands[0]), (3, commands[1]), (1, commands[2]), (5, commands[3])] {
                assert_eq!(list(result, 0), [(command, Value::Null)]);
            }
            assert!(list(4, 0).is_empty());
        } else {
            // develop ignores the filter, but tells.
            assert_eq!(
                list(4, 0),
                [
                    (commands[3], json!("Error")),
                    (commands[2], json!("Processed")),
                    (commands[1], json!("Rejected")),
                ]
            );
            assert_eq!(list(4, 3), [(commands[0], json!("Awaiting Approval"))]);
        }
        let inbox = as_super_user(&bank, "GET", "makercheckers", &Value::Null).1;
        assert_eq!(inbox.as_array().unwrap().len(), 1);
        assert_eq!(as_maker(&bank, "GET", "makercheckers", &Value::Null, "").2, json!([]));
    }
}

#[test]
fn validation_comes_before_the_checker_and_super_users_need_none() {
    for release in Release::ALL {
        let bank = bank(release);
        let nameless = json!({"officeId": 1, "legalFormId": 1, "active": false, "locale": "en"});
        assert_eq!(as_maker(&bank, "POST", "clients", &nameless, "key").0, 400);
        assert_eq!(
            as_super_user(&bank, "POST", "clients", &client("INC-9")).1["officeId"],
            1
        );
        // The console's switch holds for everybody.
        bank.ask_checker_for(["ACTIVATE_CLIENT"]);
        let (_, waiting) = as_super_user(&bank, "POST", "clients", &client("INC-10"));
        assert_eq!(
            waiting["rollbackTransaction"], true,
            "an active client is activated, too"
        );
        bank.ask_checker_for([]);
        assert_eq!(
            as_super_user(&bank, "POST", "clients", &client("INC-11")).1["officeId"],
            1
        );
    }
}

#[test]
fn reads_tell_who_did_what() {
    for release in Release::ALL {
        let bank = bank(release);
        bank.ask_checker_for([]);
        as_maker(&bank, "POST", APPROVE, &approval(), "approval");
        let disbursement =
            json!({"actualDisbursementDate": "12 January 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
        as_maker(&bank, "POST", "loans/1?command=disburse", &disbursement, "disbursement");
        let (_, loan) = as_super_user(&bank, "GET", "loans/1", &Value::Null);
        let timeline = &loan["timeline"];
        assert_eq!(timeline["submittedByUsername"], "mifos");
        assert_eq!(timeline["approvedByUsername"], "maker");
        assert_eq!(timeline["disbursedByUsername"], "maker", "{release}");
    }
}
