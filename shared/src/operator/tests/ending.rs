//! Ending operations by hand.

use super::*;

#[tokio::test]
async fn an_operation_is_ended_only_as_what_fineract_confirms() {
    let no = |why| Err(Refusal::NotConfirmed(why));
    let loose = "a request of it may still be on its way; wait until StuckKeySeconds have passed without a try";
    for (end, quiet, script, expected) in [
        (
            End::Success,
            false,
            Script::default().on(LOOK, 200, there()),
            Ok(State::Succeeded),
        ),
        (
            End::Success,
            true,
            Script::default().on(LOOK, 404, absent()),
            no("it is not there"),
        ),
        (
            End::Failed,
            true,
            Script::default().on(LOOK, 200, there()),
            no("it is there"),
        ),
        (End::Failed, false, Script::default().on(LOOK, 404, absent()), no(loose)),
        (
            End::Failed,
            true,
            Script::default().on(LOOK, 404, absent()),
            Ok(State::Failed),
        ),
        (
            End::Failed,
            true,
            Script::default().unreachable(LOOK),
            Err(Refusal::Unanswered(Reason::FineractUnreachable)),
        ),
    ] {
        let world = World::new();
        let id = in_doubt(&world).await;
        if quiet {
            world.clock.advance(STUCK_KEY_AFTER);
        }
        let before = world.row();
        let executor = world.executor(&script);
        let resolved = operator(&world).resolve(&executor, id, end, &hand(), false).await;
        assert!(script.is_done());
        match expected {
            Ok(state) => {
                let row = resolved.unwrap();
                assert_eq!((row.state, row.read_back), (state, state == State::Succeeded));
                assert_eq!(deeds(&row), [(Deed::Resolved, None)]);
                assert!(row.processed_at.is_some() && row.expires_at.is_some() && row.next_attempt_at.is_none());
                assert!(world.ledger.open_on(&row.subject).await.unwrap().is_empty());
            }
            Err(refusal) => {
                assert_eq!(refused(resolved), refusal);
                assert_eq!(world.row(), before);
            }
        }
    }
}

#[tokio::test]
async fn what_an_earlier_operation_left_confirms_only_what_sets_values() {
    let update = json!({"externalId": "INC-1", "firstname": "J", "lastname": "B"});
    for (operation, data, expected) in [
        ("CLIENT_CREATE", client("INC-1"), Err("it is not there")),
        ("CLIENT_UPDATE", update, Ok(State::Succeeded)),
    ] {
        let world = World::new();
        let own = |id, state| Row {
            operation: operation.to_owned(),
            subject: Subject::stored("client:INC-1"),
            data: data.clone(),
            ..of(id, state)
        };
        world.ledger.put(Row {
            response: Some(created()),
            ..own(1, State::Succeeded)
        });
        world.ledger.put(own(2, State::Waiting));
        let script = Script::default().on(LOOK, 200, there());
        let executor = world.executor(&script);
        let id = Uuid::from_u128(2);
        let resolved = operator(&world)
            .resolve(&executor, id, End::Success, &hand(), false)
            .await;
        match expected {
            Ok(state) => assert_eq!(resolved.unwrap().state, state),
            Err(why) => assert_eq!(refused(resolved), Refusal::NotConfirmed(why)),
        }
    }
}

#[tokio::test]
async fn the_last_notes_are_kept_for_ending() {
    for (notes, resumed, forced) in [
        (NOTES_MAX - NOTES_KEPT_FOR_ENDING - 1, None, None),
        (NOTES_MAX - NOTES_KEPT_FOR_ENDING, Some(Refusal::Kept), None),
        (NOTES_MAX - 1, Some(Refusal::Kept), None),
        (NOTES_MAX, Some(Refusal::Full), Some(Refusal::Full)),
    ] {
        let row = Row {
            notes: vec![hand().note(Deed::Resumed, Timestamp::from_micros(0), None); notes],
            ..of(1, State::Waiting)
        };
        let world = World::new();
        world.ledger.put(row.clone());
        match resumed {
            None => assert!(operator(&world).resume(row.id, &hand()).await.is_ok()),
            Some(refusal) => {
                assert_eq!(refused(operator(&world).resume(row.id, &hand()).await), refusal);
                assert_eq!(refused(operator(&world).reveal(&row, &hand()).await), refusal);
            }
        }
        let world = World::new();
        world.ledger.put(row.clone());
        let script = Script::default();
        let executor = world.executor(&script);
        let ended = operator(&world)
            .resolve(&executor, row.id, End::Failed, &hand(), true)
            .await;
        match forced {
            None => assert_eq!(ended.unwrap().state, State::Failed),
            Some(refusal) => assert_eq!(refused(ended), refusal),
        }
    }
}

#[tokio::test]
async fn who_insists_is_noted() {
    for (end, state) in [(End::Success, State::Succeeded), (End::Failed, State::Failed)] {
        let world = World::new();
        let id = in_doubt(&world).await;
        let script = Script::default();
        let executor = world.executor(&script);
        let row = operator(&world)
            .resolve(&executor, id, end, &hand(), true)
            .await
            .unwrap();
        assert_eq!(
            (row.state, row.read_back, deeds(&row)),
            (state, false, vec![(Deed::Forced, None)])
        );
        let message = world.queue.receive().unwrap();
        assert_eq!(
            world.run(&script, &message).await,
            Reply::Done,
            "nothing is asked any more"
        );
        let again = operator(&world).retry(id, &hand()).await;
        let expected = match end {
            End::Success => Refusal::NotFailed(State::Succeeded),
            End::Failed => Refusal::Forced,
        };
        assert_eq!(refused(again), expected);
    }
}

#[tokio::test]
async fn a_checker_still_decides_what_he_holds() {
    let world = World::new();
    let held = Row {
        command_id: Some(805),
        ..of(1, State::PendingApproval)
    };
    world.ledger.put(held.clone());
    let script = Script::default().on("GET /v1/clients/external-id/1", 404, absent());
    let executor = world.executor(&script);
    let resolved = operator(&world)
        .resolve(&executor, held.id, End::Failed, &hand(), false)
        .await;
    assert_eq!(refused(resolved), Refusal::NotConfirmed("a checker may still decide"));
}
