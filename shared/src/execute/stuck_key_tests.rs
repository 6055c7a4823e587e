//! Keys with which Fineract stays busy.

use serde_json::{Value, json};

use super::*;
use crate::testing::{STUCK_KEY_AFTER, Script, World, refusal};
use crate::tracking::State;

const POST: &str = "POST /v1/clients";
const CLIENT: &str = "GET /v1/clients/external-id/INC-1";

fn list(number: u64) -> String {
    format!(
        "GET /v1/audits?paged=true&orderBy=id&sortOrder=DESC&processingResult={number}&actionName=CREATE&entityName=CLIENT&includeJson=true&limit=100&offset=0"
    )
}

fn page(entries: Value) -> Value {
    json!({"totalFilteredRecords": 1, "pageItems": entries})
}

fn command(number: u64, maker: &str, external_id: &str, made_on: i64) -> Value {
    let sent = json!({"externalId": external_id}).to_string();
    json!({"id": number, "actionName": "CREATE", "entityName": "CLIENT", "maker": maker, "madeOnDate": made_on, "commandAsJson": sent})
}

/// A lost answer, a busy one, and after the time for it what the script says; the milliseconds are those of the first try.
async fn stuck(script: impl FnOnce(i64) -> Script) -> World {
    let world = World::new();
    let data = json!({"firstname": "J", "lastname": "B", "externalId": "INC-1", "activationDate": "01 January 2026"});
    let first_try = i64::try_from(world.clock.now().millis()).unwrap();
    let message = world.accept("CLIENT_CREATE", data).await;
    world.run(&Script::default().lost(POST), &message).await;
    world.clock.advance(Duration::from_secs(60));
    world.run(&Script::default().on(POST, 425, json!({})), &message).await;
    assert_eq!(world.row().stuck_since, Some(world.clock.now()));
    world.clock.advance(STUCK_KEY_AFTER);
    let script = script(first_try);
    world.run(&script, &message).await;
    assert!(script.is_done(), "everything was asked for");
    world
}

fn busy() -> Script {
    Script::default().on(POST, 425, json!({}))
}

#[tokio::test]
async fn a_busy_key_is_asked_again_until_its_time_is_over() {
    let world = World::new();
    let data = json!({"firstname": "J", "lastname": "B", "externalId": "INC-1", "activationDate": "01 January 2026"});
    let message = world.accept("CLIENT_CREATE", data).await;
    for _ in 0..3 {
        world.run(&busy(), &message).await;
        assert_eq!((world.row().state, world.row().key_epoch), (State::Waiting, 0));
        world.clock.advance(Duration::from_secs(100));
    }
    let since = world.row().stuck_since;
    world.run(&Script::default().unreachable(POST), &message).await;
    assert_eq!(world.row().stuck_since, since, "nothing was sent");
    world.clock.advance(Duration::from_secs(100));
    let back = Script::default()
        .on("GET /v1/offices/1", 200, json!({"id": 1}))
        .lost(POST);
    world.run(&back, &message).await;
    assert_eq!(world.row().stuck_since, None, "it may run anew");
}

#[tokio::test]
async fn a_busy_key_whose_effect_is_there_is_a_success() {
    let there = json!({"id": 42, "officeId": 1, "externalId": "INC-1", "firstname": "J", "lastname": "B",
        "activationDate": [2026, 1, 1], "timeline": {"activatedByUsername": "mifos"}});
    let none = || page(json!([]));
    let world = stuck(|_| {
        busy()
            .on(&list(2), 200, none())
            .on(&list(3), 200, none())
            .on(CLIENT, 200, there)
    })
    .await;
    assert_eq!((world.row().state, world.row().read_back), (State::Succeeded, true));
}

#[tokio::test]
async fn a_busy_key_without_effect_is_followed_by_the_next() {
    let others = |at: i64| {
        page(json!([
            command(9, "somebody", "INC-1", at),
            command(8, "mifos", "INC-2", at),
            command(7, "mifos", "INC-1", at - 600_000)
        ]))
    };
    let gone = || refusal("error.msg.client.id.invalid");
    let world = stuck(|at| {
        busy()
            .on(&list(2), 200, others(at))
            .on(&list(3), 200, others(at))
            .on(CLIENT, 404, gone())
    })
    .await;
    let row = world.row();
    assert_eq!((row.state, row.key_epoch, row.stuck_since), (State::Waiting, 1, None));
}

#[tokio::test]
async fn the_command_of_a_lost_pending_answer_is_found() {
    let ours = |at: i64| page(json!([command(805, "mifos", "INC-1", at)]));
    let world = stuck(|at| busy().on(&list(2), 200, ours(at))).await;
    assert_eq!(
        (world.row().state, world.row().command_id),
        (State::PendingApproval, Some(805))
    );
    let world = stuck(|at| busy().on(&list(2), 200, page(json!([]))).on(&list(3), 200, ours(at))).await;
    assert_eq!(world.row().failure.unwrap().code(), Some("gateway.rejected-by-checker"));
    let says = |at: i64| {
        let mut command = command(805, "mifos", "INC-1", at);
        command["processingResult"] = "Rejected".into();
        page(json!([command]))
    };
    let world = stuck(|at| busy().on(&list(2), 200, says(at)).on(&list(3), 200, says(at))).await;
    assert_eq!(
        world.row().state,
        State::Failed,
        "a list that ignores what it is asked for"
    );
}

#[tokio::test]
async fn a_command_that_only_runs_does_not_wait_for_a_checker() {
    let running = |at: i64| {
        let mut command = command(805, "mifos", "INC-1", at);
        command["processingResult"] = "Under Processing".into();
        page(json!([command]))
    };
    let gone = refusal("error.msg.client.id.invalid");
    let world = stuck(|at| {
        busy()
            .on(&list(2), 200, running(at))
            .on(&list(3), 200, running(at))
            .on(CLIENT, 404, gone)
    })
    .await;
    assert_eq!((world.row().state, world.row().key_epoch), (State::Waiting, 1));
}

#[tokio::test]
async fn a_command_too_far_back_leaves_the_key_and_is_left_to_an_operator() {
    let world = stuck(|at| {
        let others = || page((0..100).map(|id| command(id, "somebody", "INC-2", at)).collect());
        (0..20).fold(busy(), |script, number| {
            let further = list(2).replace("offset=0", &format!("offset={}", number * 100));
            script.on(&further, 200, others())
        })
    })
    .await;
    let row = world.row();
    assert_eq!(
        (row.state, row.reason, row.key_epoch),
        (State::Waiting, Some(Reason::NeedsOperator), 0)
    );
    assert!(row.stuck_since.is_some(), "it is sought again");
}

#[tokio::test]
async fn what_cannot_be_asked_now_is_asked_later() {
    let world = stuck(|_| busy().lost(&list(2))).await;
    assert_eq!((world.row().state, world.row().key_epoch), (State::Waiting, 0));
    assert!(world.row().stuck_since.is_some());
}
