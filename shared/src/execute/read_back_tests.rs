//! Where the answers do not tell, what Fineract shows decides.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::*;
use crate::fineract::{Answer, Request};
use crate::pace::KEY_REMEMBERED;
use crate::testing::{Script, World, refusal, terms};
use crate::tracking::State;

const POST: &str = "POST /v1/clients";
const GET: &str = "GET /v1/clients/external-id/INC-1";

fn client() -> Value {
    json!({"firstname": "J", "lastname": "B", "externalId": "INC-1", "activationDate": "01 January 2026"})
}

fn there(by: &str) -> Value {
    json!({"id": 42, "officeId": 1, "externalId": "INC-1", "firstname": "J", "lastname": "B",
        "activationDate": [2026, 1, 1], "timeline": {"activatedByUsername": by}})
}

fn ids() -> Value {
    json!({"officeId": 1, "clientId": 42, "resourceId": 42, "resourceExternalId": "INC-1"})
}

fn gone() -> Value {
    refusal("error.msg.client.id.invalid")
}

/// A first try whose answer is lost, and then what the script says, run after run.
async fn after_a_loss(script: &Script, runs: u32) -> World {
    after_a_loss_in(World::new(), script, runs).await
}

async fn after_a_loss_in(world: World, script: &Script, runs: u32) -> World {
    let message = world.accept("CLIENT_CREATE", client()).await;
    world.run(&Script::default().lost(POST), &message).await;
    for _ in 0..runs {
        world.clock.advance(WAIT_MAX);
        world.run(script, &message).await;
    }
    assert!(script.is_done(), "every answer was asked for");
    world
}

#[tokio::test]
async fn a_spent_key_whose_effect_is_there_is_a_success_that_was_read() {
    let script = Script::default()
        .cached(POST, 500, json!({}))
        .on(GET, 200, there("mifos"));
    let row = after_a_loss(&script, 1).await.row();
    assert_eq!(
        (row.state, row.response, row.read_back),
        (State::Succeeded, Some(ids()), true)
    );
}

#[tokio::test]
async fn a_spent_key_without_effect_is_followed_by_the_next_and_after_the_last_by_a_refusal() {
    for (key_tries, ends) in [(4, &["", ".1", ".2", ".3"][..]), (1, &[""][..])] {
        let spent = |script: Script, _| script.cached(POST, 500, json!({})).on(GET, 404, gone());
        let script = (0..key_tries).fold(Script::default(), spent);
        let world = World {
            terms: Terms { key_tries, ..terms() },
            ..World::new()
        };
        let row = after_a_loss_in(world, &script, key_tries).await.row();
        let keys = script.seen().into_iter().filter_map(|seen| seen.key);
        let first = Row {
            key_epoch: 0,
            ..row.clone()
        }
        .key();
        let expected: Vec<_> = ends.iter().map(|end| format!("{first}{end}")).collect();
        assert_eq!(keys.collect::<Vec<_>>(), expected);
        assert_eq!(
            (row.state, row.failure.unwrap().code()),
            (State::Failed, Some("gateway.not-applied"))
        );
    }
}

#[tokio::test]
async fn the_next_key_is_stored_before_it_is_used_and_its_wait_is_its_own() {
    let script = Script::default().cached(POST, 500, json!({})).on(GET, 404, gone());
    let row = after_a_loss(&script, 1).await.row();
    assert_eq!(
        (row.state, row.key_epoch, row.key_first_sent_at),
        (State::Waiting, 1, None)
    );
    assert_eq!((row.pace, row.maybe_sent), (Some(Pace::NextKey), true));
}

#[tokio::test]
async fn a_read_back_without_an_answer_counts_no_try() {
    let script = Script::default()
        .cached(POST, 500, json!({}))
        .lost(GET)
        .cached(POST, 500, json!({}))
        .unreachable(GET);
    let row = after_a_loss(&script, 2).await.row();
    assert_eq!((row.state, row.key_epoch), (State::Waiting, 0));
    let keys: std::collections::BTreeSet<_> = script.seen().into_iter().filter_map(|seen| seen.key).collect();
    assert_eq!(keys.len(), 1);
}

#[tokio::test]
async fn what_another_user_did_is_not_ours() {
    let script = Script::default()
        .cached(POST, 500, json!({}))
        .on(GET, 200, there("somebody"));
    let row = after_a_loss(&script, 1).await.row();
    assert_eq!(
        (row.state, row.failure.unwrap().code()),
        (State::Failed, Some("gateway.done-by-another"))
    );
}

#[tokio::test]
async fn what_an_earlier_operation_did_is_not_this_ones() {
    let world = World::new();
    let first = world.accept("CLIENT_CREATE", client()).await;
    world.run(&Script::default().on(POST, 200, ids()), &first).await;
    let second = world.accept("CLIENT_CREATE", client()).await;
    let script = Script::default()
        .cached(POST, 500, json!({}))
        .on(GET, 200, there("mifos"))
        .on(POST, 403, refusal("error.msg.client.duplicate.externalId"))
        .on(GET, 200, there("mifos"));
    world.run(&Script::default().lost(POST), &second).await;
    for _ in 0..2 {
        world.clock.advance(WAIT_MAX);
        world.run(&script, &second).await;
    }
    let states: Vec<_> = world.ledger.rows().into_iter().map(|row| row.state).collect();
    assert!(
        states.contains(&State::Succeeded) && states.contains(&State::Failed),
        "{states:?}"
    );
}

#[tokio::test]
async fn what_another_kind_of_operation_answered_is_this_ones_effect_still() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client()).await;
    let update = Row {
        id: Uuid::from_u128(7),
        operation: "CLIENT_UPDATE".to_owned(),
        state: State::Succeeded,
        response: Some(ids()),
        ..world.row()
    };
    world.run(&Script::default().lost(POST), &message).await;
    world.ledger.put(update.clone());
    world.clock.advance(WAIT_MAX);
    let script = Script::default()
        .cached(POST, 500, json!({}))
        .on(GET, 200, there("mifos"));
    world.run(&script, &message).await;
    let rows = world.ledger.rows();
    let own = rows.iter().find(|row| row.id != update.id).unwrap();
    assert_eq!((own.state, own.read_back), (State::Succeeded, true));
}

#[tokio::test]
async fn a_refusal_under_a_later_key_is_believed_only_if_nothing_is_there() {
    let duplicate = || refusal("error.msg.client.duplicate.externalId");
    for (shown, state) in [
        ((200, there("mifos")), State::Succeeded),
        ((404, gone()), State::Failed),
    ] {
        let script = Script::default()
            .cached(POST, 500, json!({}))
            .on(GET, 404, gone())
            .on(POST, 403, duplicate())
            .on(GET, shown.0, shown.1);
        assert_eq!(after_a_loss(&script, 2).await.row().state, state);
    }
}

#[tokio::test]
async fn a_refusal_under_a_key_that_may_be_forgotten_is_read_back_too() {
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client()).await;
    world.run(&Script::default().lost(POST), &message).await;
    world.clock.advance(KEY_REMEMBERED + Duration::from_secs(1));
    let script = Script::default()
        .on(POST, 403, refusal("error.msg.client.duplicate.externalId"))
        .on(GET, 200, there("mifos"));
    world.run(&script, &message).await;
    assert_eq!((world.row().state, world.row().read_back), (State::Succeeded, true));
}

#[tokio::test]
async fn a_stored_success_of_what_was_never_sent_is_read_back() {
    for (shown, state, reason) in [
        ((200, there("mifos")), State::Succeeded, None),
        ((404, gone()), State::Waiting, Some(Reason::NeedsOperator)),
    ] {
        let world = World::new();
        let message = world.accept("CLIENT_CREATE", client()).await;
        let script = Script::default().cached(POST, 200, ids()).on(GET, shown.0, shown.1);
        world.run(&script, &message).await;
        assert_eq!((world.row().state, world.row().reason), (state, reason));
    }
}

#[tokio::test]
async fn what_a_stored_success_of_what_was_never_sent_changed_is_read_back_by_its_number() {
    let transaction = "GET /v1/loans/external-id/L/transactions/external-id/PAY-1";
    let undo = "POST /v1/loans/external-id/L/transactions/external-id/PAY-1?command=undo";
    let undone = || json!({"id": 9, "externalId": "PAY-1", "type": {"repayment": true}, "manuallyReversed": true});
    let loan = json!({"id": 2, "externalId": "L", "clientId": 1, "officeId": 1});
    let audits = "GET /v1/audits?paged=true&orderBy=id&sortOrder=DESC&processingResult=1&actionName=ADJUST&entityName=LOAN&resourceId=9&limit=100&offset=0";
    let ids = json!({"officeId": 1, "clientId": 1, "loanId": 2, "resourceId": 9, "resourceExternalId": "PAY-1"});
    let data =
        json!({"external_loan_id": "L", "externalTransactionId": "PAY-1", "transactionDate": "11 February 2026"});
    let world = World::new();
    let message = world.accept("LOAN_TRANSACTION_UNDO", data.clone()).await;
    let script = Script::default()
        .on(transaction, 200, undone())
        .cached(undo, 200, ids.clone())
        .on(transaction, 200, undone())
        .on("GET /v1/loans/external-id/L", 200, loan)
        .on(audits, 200, json!({"pageItems": []}));
    world.run(&script, &message).await;
    assert!(script.is_done());
    assert_eq!((world.row().state, world.row().read_back), (State::Succeeded, true));

    // What it did not say under its own key is nobody's.
    let world = World::new();
    let message = world.accept("LOAN_TRANSACTION_UNDO", data).await;
    let script = Script::default()
        .on(transaction, 200, undone())
        .on(undo, 500, json!({"resourceId": 9}));
    world.run(&script, &message).await;
    let again = Script::default()
        .on(transaction, 200, undone())
        .cached(undo, 500, json!({"resourceId": 9}));
    world.clock.advance(WAIT_MAX);
    world.run(&again, &message).await;
    assert!(
        script.is_done() && again.is_done(),
        "without its number nothing is read back"
    );
    assert_ne!(world.row().state, State::Succeeded);
}

#[tokio::test]
async fn a_success_that_names_something_else_is_read_back_before_anybody_is_asked() {
    let nameless = || json!({"officeId": 1, "clientId": 42, "resourceId": 42});
    let another = || json!({"officeId": 1, "clientId": 43, "resourceId": 43, "resourceExternalId": "INC-2"});
    let portal = || json!({"status": "ok"});
    let pending = || json!({"commandId": 5, "rollbackTransaction": true, "resourceId": 43});
    let applied = || (200, there("mifos"));
    let absent = || (404, gone());
    let waits = |reason| (State::Waiting, Some(reason), false);
    for (answered, cached, shown, ends) in [
        (nameless(), false, applied(), (State::Succeeded, None, true)),
        (another(), false, applied(), (State::Succeeded, None, true)),
        (portal(), false, applied(), (State::Succeeded, None, true)),
        (nameless(), true, applied(), (State::Succeeded, None, true)),
        (nameless(), false, absent(), waits(Reason::ForeignAnswer)),
        (portal(), false, absent(), waits(Reason::ForeignAnswer)),
        (portal(), false, (200, there("clerk")), waits(Reason::ForeignAnswer)),
        (portal(), false, (500, json!({})), waits(Reason::FineractFailed)),
        (portal(), false, (200, portal()), waits(Reason::ForeignAnswer)),
        // The key has no other answer, and what it says is not there.
        (nameless(), true, absent(), waits(Reason::NeedsOperator)),
        (another(), true, (200, there("clerk")), waits(Reason::NeedsOperator)),
    ] {
        let context = format!("{answered} {cached} {shown:?}");
        let script = match cached {
            true => Script::default().cached(POST, 200, answered),
            false => Script::default().on(POST, 200, answered),
        };
        let script = script.on(GET, shown.0, shown.1);
        let world = World::new();
        let message = world.accept("CLIENT_CREATE", client()).await;
        world.run(&script, &message).await;
        let row = world.row();
        assert!(script.is_done(), "{context}");
        assert_eq!((row.state, row.reason, row.read_back), ends, "{context}");
        assert!(row.maybe_sent && row.key_epoch == 0, "{context}: the same key again");
    }
    let held = Script::default().on(POST, 200, pending());
    let world = World::new();
    let message = world.accept("CLIENT_CREATE", client()).await;
    world.run(&held, &message).await;
    assert_eq!(
        (world.row().state, world.row().command_id),
        (State::PendingApproval, Some(5))
    );
}

/// Another program that answers everything with 200 and JSON of its own.
struct Portal(Value);

#[async_trait]
impl Fineract for Portal {
    async fn exchange(&self, _: Request) -> Exchange {
        Exchange::Answer(Answer {
            status: 200,
            from_cache: false,
            body: self.0.to_string().into_bytes(),
        })
    }

    async fn username(&self) -> Option<String> {
        Some("mifos".to_owned())
    }
}

#[tokio::test]
async fn no_answer_of_another_program_ends_an_operation_or_leaves_it_to_a_person() {
    for portal in [
        json!({"status": "ok"}),
        json!({"id": 1}),
        json!([{"id": 1}]),
        json!({"pageItems": {}}),
    ] {
        for kind in crate::operations::ALL {
            let world = World::new();
            let data = serde_json::from_str(kind.example).unwrap();
            let message = world.accept(kind.name, data).await;
            for _ in 0..4 {
                world.run(&Portal(portal.clone()), &message).await;
                world.clock.advance(WAIT_MAX);
            }
            let row = world.row();
            let context = format!("{} before {portal}: {:?} {:?}", kind.name, row.state, row.failure);
            assert_eq!(
                (row.state, row.reason),
                (State::Waiting, Some(Reason::ForeignAnswer)),
                "{context}"
            );
        }
    }
}

/// An update stores values as they are sent: what is there after trimming was there before.
#[tokio::test]
async fn an_update_is_there_only_as_it_was_sent() {
    const PUT: &str = "PUT /v1/clients/external-id/INC-1";
    let named =
        |first: &str| json!({"id": 42, "officeId": 1, "externalId": "INC-1", "firstname": first, "lastname": "B"});
    for (shown, sent, applied) in [
        ("Ravi", "Ravi", true),
        ("Ravi ", "Ravi ", true),
        ("Ravi ", "Ravi", false),
        ("Ravi", "Ravi ", false),
    ] {
        let world = World::new();
        let data = json!({"externalId": "INC-1", "firstname": sent, "lastname": "B"});
        let message = world.accept("CLIENT_UPDATE", data).await;
        let script = Script::default().cached(PUT, 500, json!({})).on(GET, 200, named(shown));
        world.run(&script, &message).await;
        assert!(script.is_done());
        let state = if applied { State::Succeeded } else { State::Waiting };
        assert_eq!(world.row().state, state, "{shown:?} {sent:?}");
    }
}

/// A top-up loan is paid out once; whose deed it was, the loan tells.
#[tokio::test]
async fn a_top_up_loan_that_another_paid_out_was_not_paid_out_by_this_operation() {
    const DISBURSE: &str = "POST /v1/loans/external-id/L?command=disburse";
    const LOAN: &str = "GET /v1/loans/external-id/L";
    let loan = |status: u64, by: &str| {
        let paid = |id: u64, amount: u64| json!({"id": id, "type": {"disbursement": true}, "amount": amount, "date": [2026, 1, 11]});
        json!({"id": 2, "externalId": "L", "clientId": 1, "clientOfficeId": 1, "isTopup": true, "status": {"id": status},
            "timeline": {"disbursedByUsername": by}, "transactions": [paid(4, 900), paid(7, 1_100)]})
    };
    for (by, amount, state, code) in [
        ("mifos", 2_000, State::Succeeded, None),
        ("clerk", 2_000, State::Failed, Some("gateway.done-by-another")),
        ("mifos", 1_100, State::Waiting, None),
    ] {
        let world = World::new();
        let data =
            json!({"external_loan_id": "L", "actualDisbursementDate": "11 January 2026", "transactionAmount": amount});
        let message = world.accept("LOAN_DISBURSE", data).await;
        let script = Script::default().on(LOAN, 200, loan(200, by)).lost(DISBURSE);
        world.run(&script, &message).await;
        world.clock.advance(WAIT_MAX);
        let own = format!("{LOAN}/transactions/external-id/{}", world.row().id);
        let script = Script::default()
            .on(LOAN, 200, loan(300, by))
            .cached(DISBURSE, 500, json!({}))
            .on(&own, 404, refusal("error.msg.loan.transaction.external.id.invalid"))
            .on(&format!("{LOAN}?associations=transactions"), 200, loan(300, by));
        world.run(&script, &message).await;
        assert!(script.is_done());
        let row = world.row();
        let failure = row.failure.as_ref().and_then(|failure| failure.code());
        assert_eq!((row.state, failure), (state, code), "{by} {amount}");
        if state == State::Succeeded {
            assert_eq!(row.response.unwrap()["subResourceId"], 7);
        }
    }
}

#[tokio::test]
async fn a_top_up_loan_that_was_paid_out_under_a_utr_says_so() {
    const DISBURSE: &str = "POST /v1/loans/external-id/L?command=disburse";
    const LOAN: &str = "GET /v1/loans/external-id/L";
    let loan = |status: u64| {
        let paid = |id: u64, amount: u64, receipt: Option<&str>| {
            json!({"id": id, "type": {"disbursement": true}, "amount": amount, "date": [2026, 1, 11],
                "paymentDetailData": {"receiptNumber": receipt}})
        };
        json!({"id": 2, "externalId": "L", "clientId": 1, "clientOfficeId": 1, "isTopup": true, "status": {"id": status},
            "transactions": [paid(4, 900, None), paid(7, 1_100, Some("UTR-1"))]})
    };
    let ids = json!({"officeId": 1, "clientId": 1, "loanId": 2, "resourceId": 2, "resourceExternalId": "L", "subResourceId": 7});
    for (utr, code) in [("UTR-1", "gateway.already-booked"), ("UTR-2", "error.msg.state")] {
        let data = |utr: &str, amount: u64| {
            json!({"external_loan_id": "L", "actualDisbursementDate": "11 January 2026", "transactionAmount": amount,
                "utr_payment_id": utr})
        };
        let world = World::new();
        let first = world.accept("LOAN_DISBURSE", data("UTR-1", 2_000)).await;
        let script = Script::default()
            .on(LOAN, 200, loan(200))
            .on(DISBURSE, 200, ids.clone());
        world.run(&script, &first).await;
        let booked = world.row();
        assert_eq!(booked.state, State::Succeeded);
        world.clock.advance(WAIT_MAX);
        let second = world.accept("LOAN_DISBURSE", data(utr, 1_900)).await;
        let id = booked.id;
        let derived = crate::digest::derived_uuid(&[b"disburse", b"L", utr.as_bytes(), &0_u64.to_be_bytes()]);
        let script = Script::default()
            .on(LOAN, 200, loan(300))
            .on(DISBURSE, 400, refusal("error.msg.state"))
            .on(
                &format!("{LOAN}/transactions/external-id/{derived}"),
                404,
                refusal("error.msg.loan.transaction.external.id.invalid"),
            )
            .on(&format!("{LOAN}?associations=transactions"), 200, loan(300));
        world.run(&script, &second).await;
        assert!(script.is_done());
        let row = world.ledger.rows().into_iter().find(|row| row.id != id).unwrap();
        let error = row.failure.unwrap().error();
        assert_eq!(error["code"], code, "{utr}");
        if utr == "UTR-1" {
            let expected = json!({"tracking_id": booked.tracking_id().to_string(), "amount": 2_000});
            assert_eq!(error["booked"], expected);
        }
    }
}
