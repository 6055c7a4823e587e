//! Commands that Fineract holds for a checker, followed to their end.

use serde_json::{Value, json};

use super::*;
use crate::testing::{STUCK_KEY_AFTER, Script, World, refusal};
use crate::tracking::State;

const POST: &str = "POST /v1/clients";
const AUDIT: &str = "GET /v1/audits/805";
const CLIENT: &str = "GET /v1/clients/external-id/INC-1";

fn list(number: u64, offset: u64) -> String {
    format!(
        "GET /v1/audits?paged=true&orderBy=id&sortOrder=DESC&processingResult={number}&actionName=CREATE&entityName=CLIENT&limit=100&offset={offset}"
    )
}

fn page(ids: impl IntoIterator<Item = u64>) -> Value {
    json!({"totalFilteredRecords": 1, "pageItems": ids.into_iter().map(|id| json!({"id": id})).collect::<Vec<_>>()})
}

fn pending() -> Value {
    json!({"commandId": 805, "rollbackTransaction": true, "resourceExternalId": {}, "subResourceExternalId": {}})
}

fn approved() -> Value {
    json!({"commandId": 805, "officeId": 1, "clientId": 42, "resourceId": 42, "resourceExternalId": "INC-1"})
}

/// A command that is held, and then what the script says in one more run.
async fn held(script: &Script) -> World {
    held_by_message(script).await.0
}

async fn held_by_message(script: &Script) -> (World, Received) {
    let world = World::new();
    let data = json!({"firstname": "J", "lastname": "B", "externalId": "INC-1", "activationDate": "01 January 2026"});
    let message = world.accept("CLIENT_CREATE", data).await;
    world.run(&Script::default().on(POST, 200, pending()), &message).await;
    assert_eq!(
        (world.row().state, world.row().command_id),
        (State::PendingApproval, Some(805))
    );
    world.clock.advance(WAIT_MAX);
    world.run(script, &message).await;
    assert!(script.is_done(), "everything was asked for");
    (world, message)
}

fn shows(result: &str) -> Script {
    Script::default().on(AUDIT, 200, json!({"id": 805, "processingResult": result}))
}

fn silent() -> Script {
    Script::default().on(AUDIT, 200, json!({"id": 805}))
}

fn unknown() -> Script {
    let none = || page([]);
    Script::default()
        .on(AUDIT, 500, json!({"status": 500}))
        .on(&list(2, 0), 200, none())
        .on(&list(4, 0), 200, page([1]))
        .on(&list(3, 0), 200, page([900, 2]))
        .on(&list(5, 0), 200, none())
        .on(&list(1, 0), 200, none())
}

#[tokio::test]
async fn undecided_commands_are_never_sent_again() {
    let busy = page(900..1000);
    for script in [
        shows("Awaiting Approval"),
        shows("Under Processing"),
        silent().on(&list(2, 0), 200, page([900, 805])),
        silent()
            .on(&list(2, 0), 200, busy)
            .on(&list(2, 100), 200, page([806, 805, 1])),
        silent()
            .on(&list(2, 0), 200, page([1]))
            .on(&list(4, 0), 200, page([805])),
        // What cannot be asked now is asked later.
        Script::default().lost(AUDIT),
        silent().lost(&list(2, 0)),
    ] {
        let row = held(&script).await.row();
        assert_eq!(
            (row.state, row.reason, row.command_id),
            (State::PendingApproval, Some(Reason::PendingApproval), Some(805))
        );
    }
}

#[tokio::test]
async fn what_a_person_must_mend_before_a_decision_is_known_is_told() {
    let far = (0..20).fold(silent(), |script, number| {
        script.on(&list(2, number * 100), 200, page(900..1000))
    });
    for (script, reason) in [
        (far, Reason::NeedsOperator),
        (Script::default().on(AUDIT, 401, json!({})), Reason::CredentialsRefused),
    ] {
        let row = held(&script).await.row();
        assert_eq!(
            (row.state, row.reason, row.command_id),
            (State::Waiting, Some(reason), Some(805)),
            "its key is not used again before a decision is seen"
        );
        assert_eq!(
            row.history.last().unwrap().verdict,
            "not_yet",
            "what is held is in no doubt"
        );
    }
}

#[tokio::test]
async fn a_rejected_command_is_a_refusal() {
    let listed = silent()
        .on(&list(2, 0), 200, page([]))
        .on(&list(4, 0), 200, page([]))
        .on(&list(3, 0), 200, page([805]));
    for script in [shows("Rejected"), listed] {
        let row = held(&script).await.row();
        assert_eq!(
            (row.state, row.failure.unwrap().code()),
            (State::Failed, Some("gateway.rejected-by-checker"))
        );
    }
}

#[tokio::test]
async fn an_executed_command_is_asked_for_once_more_under_its_key() {
    let refused = refusal("error.msg.client.duplicate.externalId");
    for (script, state) in [
        (shows("Processed").cached(POST, 200, approved()), State::Succeeded),
        (shows("Error").cached(POST, 403, refused), State::Failed),
        (shows("Processed").on(POST, 425, json!({})), State::PendingApproval),
    ] {
        assert_eq!(held(&script).await.row().state, state);
    }
}

#[tokio::test]
async fn a_list_that_ignores_what_it_is_asked_for_is_read_by_its_entries() {
    let mixed = json!({"pageItems": [{"id": 806, "processingResult": "Processed"}, {"id": 805, "processingResult": "Rejected"}]});
    let script = silent().on(&list(2, 0), 200, mixed);
    assert_eq!(held(&script).await.row().state, State::Failed);
}

/// A held command is not in the inbox any more; the time for what may still arrive goes by, and then the script says more.
async fn taken_out(then: impl FnOnce(Script) -> Script) -> World {
    let (world, message) = held_by_message(&unknown()).await;
    let (row, at) = (world.row(), world.clock.now());
    assert_eq!((row.state, row.command_id), (State::Waiting, Some(805)));
    world.clock.advance(STUCK_KEY_AFTER - Duration::from_secs(1));
    world.run(&unknown(), &message).await;
    assert_eq!(
        (world.row().state, world.row().stuck_since),
        (State::Waiting, Some(at)),
        "a late request may still take the key"
    );
    world.clock.advance(WAIT_MAX);
    let script = then(unknown());
    world.run(&script, &message).await;
    assert!(script.is_done(), "everything was asked for");
    world
}

#[tokio::test]
async fn a_command_taken_out_of_the_inbox_is_sought_and_read_back_once_nothing_can_arrive() {
    let sought = |number| list(number, 0).replace("&limit", "&includeJson=true&limit");
    let none = |script: Script| script.on(&sought(2), 200, page([])).on(&sought(3), 200, page([]));
    let there = json!({"id": 42, "officeId": 1, "externalId": "INC-1", "firstname": "J", "lastname": "B",
        "activationDate": [2026, 1, 1], "timeline": {"activatedByUsername": "mifos"}});
    let row = taken_out(|script| none(script).on(CLIENT, 200, there)).await.row();
    assert_eq!((row.state, row.read_back), (State::Succeeded, true));
    let gone = refusal("error.msg.client.id.invalid");
    let row = taken_out(|script| none(script).on(CLIENT, 404, gone)).await.row();
    assert_eq!(
        (row.state, row.failure.unwrap().code()),
        (State::Failed, Some("gateway.removed-by-checker"))
    );
    let row = taken_out(|script| none(script).lost(CLIENT)).await.row();
    assert_eq!(row.state, State::Waiting);
    let row = taken_out(|script| script.lost(&sought(2))).await.row();
    assert_eq!(row.state, State::Waiting);
    let again = json!({"id": 806, "actionName": "CREATE", "entityName": "CLIENT", "maker": "mifos", "commandAsJson": "{\"externalId\":\"INC-1\"}"});
    let row = taken_out(|script| script.on(&sought(2), 200, json!({"pageItems": [again]})))
        .await
        .row();
    assert_eq!((row.state, row.command_id), (State::PendingApproval, Some(806)));
}
