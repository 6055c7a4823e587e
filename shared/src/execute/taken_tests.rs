//! Where the id that follows from a UTR is taken, or what was done is no longer there.

use serde_json::{Value, json};

use super::*;
use crate::pace::KEY_REMEMBERED;
use crate::testing::{STUCK_KEY_AFTER, Script, World, refusal};
use crate::tracking::State;

const REPAYMENT: &str = "LOAN_REPAYMENT";
const POST: &str = "POST /v1/loans/external-id/L/transactions?command=repayment";
const LOAN: &str = "GET /v1/loans/external-id/L";
const TAKEN: &str = "validation.msg.loan.transaction.externalId.value.must.be.unique";
const CLOSED: &str = "error.msg.loan.is.closed";

fn data() -> Value {
    json!({"external_loan_id": "L", "transactionDate": "11 February 2026", "transactionAmount": 10,
        "utr_payment_id": "UTR-1"})
}

/// The id that its transaction has.
async fn own_id() -> String {
    let case = Case::new(Uuid::nil());
    let command = World::new().prepare(&Script::default(), REPAYMENT, data(), &case).await;
    let body = command.unwrap().body.unwrap();
    body["externalId"].as_str().unwrap().to_owned()
}

#[derive(Clone, Copy, PartialEq)]
enum There {
    Nothing,
    Booked,
    Undone,
    Silence,
}

/// What the read-back is shown.
async fn shown(script: Script, there: There) -> Script {
    let id = own_id().await;
    let line = format!("{LOAN}/transactions/external-id/{id}");
    let booked = json!({"id": 9, "externalId": id, "amount": 10, "date": [2026, 2, 11], "type": {"repayment": true},
        "manuallyReversed": there == There::Undone});
    match there {
        There::Nothing => script.on(&line, 404, refusal("error.msg.loan.transaction.external.id.invalid")),
        There::Silence => script.lost(&line),
        There::Booked | There::Undone => {
            let loan = json!({"id": 2, "externalId": "L", "clientId": 1, "officeId": 1});
            script.on(&line, 200, booked).on(LOAN, 200, loan)
        }
    }
}

/// What is looked at to explain a refusal.
async fn explained(script: Script, there: There) -> Script {
    let id = own_id().await;
    let line = format!("{LOAN}/transactions/external-id/{id}");
    match there {
        There::Nothing => script.on(&line, 404, refusal("error.msg.loan.transaction.external.id.invalid")),
        There::Booked => script.on(
            &line,
            200,
            json!({"id": 9, "externalId": id, "amount": 10, "date": [2026, 2, 10], "type": {"repayment": true}}),
        ),
        There::Undone | There::Silence => script,
    }
}

/// A repayment that is accepted, perhaps after an earlier one under the same UTR.
async fn accepted(earlier: bool) -> (World, Received) {
    let world = World::new();
    if earlier {
        let message = world.accept(REPAYMENT, data()).await;
        let ids = json!({"officeId": 1, "clientId": 1, "loanId": 2, "resourceId": 9,
            "resourceExternalId": own_id().await});
        world.run(&Script::default().on(POST, 200, ids), &message).await;
        assert_eq!(world.row().state, State::Succeeded);
        world.clock.advance(WAIT_MAX);
    }
    let message = world.accept(REPAYMENT, data()).await;
    (world, message)
}

fn last(world: &World) -> Row {
    world
        .ledger
        .rows()
        .into_iter()
        .max_by_key(|row| row.accepted_at)
        .unwrap()
}

#[tokio::test]
async fn a_refusal_of_an_id_that_follows_from_a_utr_is_read_back() {
    for (code, there, earlier, state, reason) in [
        (TAKEN, Some(There::Nothing), false, State::Failed, None),
        (TAKEN, Some(There::Booked), false, State::Failed, None),
        (
            TAKEN,
            Some(There::Silence),
            false,
            State::Waiting,
            Some(Reason::LookupUnanswered),
        ),
        (
            TAKEN,
            Some(There::Undone),
            false,
            State::Waiting,
            Some(Reason::ReferenceTaken),
        ),
        (
            TAKEN,
            Some(There::Undone),
            true,
            State::Waiting,
            Some(Reason::ReferenceTaken),
        ),
        (CLOSED, None, false, State::Failed, None),
    ] {
        let (world, message) = accepted(earlier).await;
        let mut script = Script::default().on(POST, 403, refusal(code));
        if let Some(there) = there {
            script = explained(shown(script, there).await, there).await;
        }
        world.run(&script, &message).await;
        let row = last(&world);
        assert!(script.is_done());
        assert_eq!((row.state, row.reason), (state, reason));
        let next = u32::from(reason == Some(Reason::ReferenceTaken));
        assert_eq!((row.turn, row.key_epoch, row.keys_spent), (next, next, 0), "{reason:?}");
    }
}

/// Whose operation booked it is told to nobody else.
#[tokio::test]
async fn what_is_booked_already_is_told_with_the_callers_own_operation_and_what_differs() {
    for (caller, known) in [("los", true), ("another", false)] {
        let (world, message) = accepted(true).await;
        let mut booked = world
            .ledger
            .rows()
            .into_iter()
            .find(|row| row.response.is_some())
            .unwrap();
        booked.caller = if known { last(&world).caller } else { caller.to_owned() };
        world.ledger.put(booked.clone());
        let script = Script::default().on(POST, 400, refusal(TAKEN));
        let script = explained(shown(script, There::Booked).await, There::Booked).await;
        world.run(&script, &message).await;
        let row = last(&world);
        assert!(script.is_done());
        let failure = row.failure.unwrap();
        assert_eq!(failure.message(), "Fineract returned 400");
        let error = failure.error();
        assert_eq!(error["code"], "gateway.already-booked");
        let told = known.then(|| booked.tracking_id().to_string());
        assert_eq!(error["booked"]["tracking_id"].as_str(), told.as_deref(), "{caller}");
        assert_eq!(
            (&error["booked"]["amount"], &error["booked"]["date"]),
            (&Value::Null, &json!("10 February 2026"))
        );
    }
}

#[tokio::test]
async fn what_was_undone_after_a_doubt_was_this_ones_unless_an_earlier_one_did_it() {
    for (code, earlier, state, turn) in [
        (TAKEN, false, State::Succeeded, 0),
        (TAKEN, true, State::Waiting, 1),
        (CLOSED, true, State::Failed, 0),
    ] {
        let (world, message) = accepted(earlier).await;
        world.run(&Script::default().lost(POST), &message).await;
        world.clock.advance(WAIT_MAX);
        let spent = shown(Script::default().cached(POST, 500, json!({})), There::Nothing).await;
        world.run(&spent, &message).await;
        assert_eq!((last(&world).key_epoch, last(&world).turn), (1, 0));
        world.clock.advance(WAIT_MAX);
        let refused = shown(Script::default().on(POST, 403, refusal(code)), There::Undone).await;
        world.run(&refused, &message).await;
        assert!(spent.is_done() && refused.is_done());
        let row = last(&world);
        assert_eq!((row.state, row.turn, row.key_epoch), (state, turn, 1 + turn), "{code}");
    }
}

#[tokio::test]
async fn what_an_earlier_one_booked_is_not_this_ones_after_fineract_numbered_it_anew() {
    for (earlier, state) in [(true, State::Failed), (false, State::Succeeded)] {
        let (world, message) = accepted(earlier).await;
        for mut row in world.ledger.rows().into_iter().filter(|row| row.response.is_some()) {
            row.response.as_mut().unwrap()["resourceId"] = 3.into();
            world.ledger.put(row);
        }
        world.run(&Script::default().lost(POST), &message).await;
        world.clock.advance(WAIT_MAX);
        let spent = shown(Script::default().cached(POST, 500, json!({})), There::Nothing).await;
        world.run(&spent, &message).await;
        world.clock.advance(WAIT_MAX);
        let mut refused = shown(Script::default().on(POST, 403, refusal(TAKEN)), There::Booked).await;
        if earlier {
            refused = explained(refused, There::Booked).await;
        }
        world.run(&refused, &message).await;
        assert!(refused.is_done());
        assert_eq!(last(&world).state, state, "{earlier}");
    }
}

#[tokio::test]
async fn a_busy_key_whose_effect_was_undone_by_another_is_followed_by_the_next_id() {
    for (there, turn) in [(There::Undone, 1), (There::Nothing, 0)] {
        let (world, message) = accepted(true).await;
        world.run(&Script::default().on(POST, 425, json!({})), &message).await;
        world.clock.advance(STUCK_KEY_AFTER);
        let none = json!({"pageItems": []});
        let list = |number| {
            format!(
                "GET /v1/audits?paged=true&orderBy=id&sortOrder=DESC&processingResult={number}\
                 &actionName=REPAYMENT&entityName=LOAN&includeJson=true&limit=100&offset=0"
            )
        };
        let script = Script::default()
            .on(POST, 425, json!({}))
            .on(&list(2), 200, none.clone())
            .on(&list(3), 200, none);
        let script = shown(script, there).await;
        world.run(&script, &message).await;
        let row = last(&world);
        assert_eq!((row.state, row.turn, row.key_epoch), (State::Waiting, turn, 1));
    }
}

#[tokio::test]
async fn a_key_is_remembered_for_its_whole_time() {
    let (world, message) = accepted(false).await;
    world.run(&Script::default().lost(POST), &message).await;
    world.clock.advance(KEY_REMEMBERED);
    world
        .run(&Script::default().on(POST, 403, refusal(CLOSED)), &message)
        .await;
    assert_eq!((last(&world).state, last(&world).read_back), (State::Failed, false));
}

#[tokio::test]
async fn what_can_be_so_again_is_mistaken_for_nothing() {
    let loan = |status: u64| {
        json!({"id": 2, "externalId": "L", "clientId": 1, "officeId": 1, "status": {"id": status},
            "timeline": {"approvedOnDate": [2026, 2, 1], "approvedByUsername": "mifos"}, "principal": 100})
    };
    let approve = "POST /v1/loans/external-id/L?command=approve";
    let data = || json!({"external_loan_id": "L", "approvedOnDate": "01 February 2026"});
    let ids = json!({"officeId": 1, "clientId": 1, "loanId": 2, "resourceId": 2, "resourceExternalId": "L"});
    let world = World::new();
    let first = world.accept("LOAN_APPROVE", data()).await;
    let script = Script::default().on(LOAN, 200, loan(100)).on(approve, 200, ids);
    world.run(&script, &first).await;
    world.clock.advance(WAIT_MAX);
    let second = world.accept("LOAN_APPROVE", data()).await;
    let script = Script::default().on(LOAN, 200, loan(100)).lost(approve);
    world.run(&script, &second).await;
    world.clock.advance(WAIT_MAX);
    let script = Script::default()
        .on(LOAN, 200, loan(200))
        .cached(approve, 500, json!({}))
        .on(LOAN, 200, loan(200));
    world.run(&script, &second).await;
    assert!(script.is_done());
    assert_eq!((last(&world).state, last(&world).read_back), (State::Succeeded, true));
}
