//! What people did by hand, and what an operation may therefore come to.

use std::time::Duration;

use fineract_simulator::Effect;
use gateway::row::Row;
use serde_json::Value;

use super::{Story, Truth, external_id, is_of};
use crate::world::World;
use crate::world::faults::Fault;

/// How long before its effect an operation may have looked a client up: requests may hang.
const LOOKED_UP_WITHIN: Duration = Duration::from_secs(15 * 60);

/// Whether somebody took the first effect back by hand, or its client's id away, while nobody could know that it was there.
pub(super) fn undone_by_hand(world: &World, row: &Row, effects: &[(Duration, Effect)], until: Duration) -> bool {
    let Some((_, first)) = effects.first() else {
        return false;
    };
    let until = crate::world::instant(world.clock) - world.clock.age() + until;
    let mut by_hand = by_hand(world);
    by_hand.retain(|effect| effect.at <= until);
    let taken_back = by_hand.iter().any(|effect| takes_back(effect, first));
    let client = row
        .data
        .get("clientId")
        .or(row.data.get("externalId"))
        .and_then(Value::as_str);
    let taken_away = client.is_some_and(|client| {
        let old = format!("{client}-OLD");
        let on_clients = by_hand.iter().filter(|effect| effect.entity == "CLIENT");
        let mut now_away = false;
        for (action, id) in on_clients.filter_map(|effect| Some((effect.action, effect.external_id.as_deref()?))) {
            match action {
                // Given to another client, it does not come back to the first.
                "CREATE" if id == client => return true,
                "UPDATE" if id.starts_with(&old) => now_away = true,
                "UPDATE" if id == client => now_away = false,
                _ => {}
            }
        }
        now_away
    });
    if taken_back || taken_away {
        world.tally.note("operations undone by hand while in doubt", 1);
    }
    taken_back || taken_away
}

/// Whether the one makes the other as if it had not been.
fn takes_back(later: &Effect, first: &Effect) -> bool {
    let same = later.resource_id == first.resource_id;
    match (later.action, first.action) {
        ("DELETE", _) => same,
        ("APPROVALUNDO", "APPROVE") | ("APPROVE", "APPROVALUNDO") | ("ADJUST", _) => same,
        ("DISBURSALUNDO", _) => later.loan_id == first.loan_id,
        _ => false,
    }
}

/// Whether somebody gave the client that an operation is about another external id by hand.
pub(super) fn renamed_by_hand(world: &World, row: &Row) -> bool {
    let old = format!("{}-OLD", external_id(row));
    let renames = |effect: &Effect| {
        (effect.action, effect.entity) == ("UPDATE", "CLIENT")
            && effect.external_id.as_deref().is_some_and(|id| id.starts_with(&old))
    };
    by_hand(world).iter().any(renames)
}

/// Whether somebody did the same by hand, and Fineract no longer knows.
pub(super) fn purged_by_hand(world: &World, row: &Row) -> bool {
    let payment = row.data.get("externalTransactionId").and_then(Value::as_str);
    let named = |effect: &Effect| {
        effect.external_id == Some(external_id(row))
            || effect.external_id.as_deref().is_some_and(|id| Some(id) == payment)
    };
    let mut by_hand = by_hand(world).into_iter();
    world.weather.has(Fault::LongSilence) && by_hand.any(|effect| is_of(row, &effect) && named(&effect))
}

/// Whether a new loan belongs to the client that held the external id when it was looked up.
pub(super) fn lent_to_the_holder(world: &World, row: &Row, at: Duration, truth: &Truth, stories: &[Story]) -> bool {
    let Some(id) = row.data.get("clientId").and_then(Value::as_str) else {
        return true;
    };
    let lent_to = row
        .response
        .as_ref()
        .and_then(|response| response.get("clientId"))
        .and_then(Value::as_u64);
    let mut holders = world.journal.holders(id);
    for story in stories
        .iter()
        .filter(|story| story.row.operation == "CLIENT_CREATE" && external_id(&story.row) == id)
    {
        let made = truth.of_operation(story.row.id).iter();
        holders.extend(made.map(|(age, effect)| (*age, effect.resource_id)));
    }
    let by_hand = world.simulator.effects().into_iter().filter(|effect| {
        (effect.action, effect.entity) == ("CREATE", "CLIENT") && effect.external_id.as_deref() == Some(id)
    });
    let beginning = crate::world::instant(world.clock) - world.clock.age();
    holders.extend(by_hand.map(|effect| {
        (
            Duration::try_from(effect.at - beginning).unwrap_or_default(),
            effect.resource_id,
        )
    }));
    holders.sort_unstable();
    let earliest = at.saturating_sub(LOOKED_UP_WITHIN);
    let before = holders.iter().rev().find(|(since, _)| *since <= earliest);
    let meanwhile = holders.iter().filter(|(since, _)| *since > earliest && *since <= at);
    before
        .into_iter()
        .chain(meanwhile)
        .any(|(_, number)| Some(*number) == lent_to)
}

/// What people did by hand.
pub(super) fn by_hand(world: &World) -> Vec<Effect> {
    let mut effects = world.simulator.effects();
    effects.retain(|effect| effect.key.as_deref().is_some_and(|key| key.starts_with("clerk")));
    effects
}
