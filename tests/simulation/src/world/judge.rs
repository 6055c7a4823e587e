//! The judge: compares what callers were told and what the rows say with what Fineract holds. It shares no code with the
//! engine.

mod order;
mod payments;
mod people;
mod questions;
mod terms;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fineract_simulator::{Decision, Effect};
use gateway::pace::Reason;
use gateway::row::Row;
use gateway::tracking::State;
use serde_json::Value;
use tokio::time::sleep;
use uuid::Uuid;

use self::order::{out_of_order, unknown_to_the_queue};
use self::people::{by_hand, lent_to_the_holder, purged_by_hand, renamed_by_hand, undone_by_hand};
use super::World;
use super::callers::caller;
use super::journal::{Post, Story, Told};

/// Within this time after the last fault, and the last operation before it, an operation has ended.
const ENDS_WITHIN: Duration = Duration::from_secs(60 * 60);
/// How many keys Fineract must have spent before it may be said that it fails each time.
const KEYS: usize = 4;
/// Operations that may be applied again by themselves: they set absolute values.
const SETS_VALUES: [&str; 2] = ["CLIENT_UPDATE", "LOAN_UPDATE"];
const UUID_LENGTH: usize = 36;
/// Fineract's words for what each operation does.
const COMMANDS: [(&str, &str, &str); 19] = [
    ("CLIENT_CREATE", "CREATE", "CLIENT"),
    ("CLIENT_UPDATE", "UPDATE", "CLIENT"),
    ("LOAN_CREATE", "CREATE", "LOAN"),
    ("LOAN_UPDATE", "UPDATE", "LOAN"),
    ("LOAN_DELETE", "DELETE", "LOAN"),
    ("LOAN_APPROVE", "APPROVE", "LOAN"),
    ("LOAN_UNDO_APPROVAL", "APPROVALUNDO", "LOAN"),
    ("LOAN_REJECT", "REJECT", "LOAN"),
    ("LOAN_WITHDRAW", "WITHDRAW", "LOAN"),
    ("LOAN_DISBURSE", "DISBURSE", "LOAN"),
    ("LOAN_UNDO_DISBURSAL", "DISBURSALUNDO", "LOAN"),
    ("LOAN_REPAYMENT", "REPAYMENT", "LOAN"),
    ("LOAN_TRANSACTION_UNDO", "ADJUST", "LOAN"),
    ("LOAN_WAIVE_INTEREST", "WAIVEINTERESTPORTION", "LOAN"),
    ("LOAN_CHARGE_ADD", "CREATE", "LOANCHARGE"),
    ("LOAN_FORECLOSURE", "FORECLOSURE", "LOAN"),
    ("LOAN_WRITE_OFF", "WRITEOFF", "LOAN"),
    ("LOAN_UNDO_WRITE_OFF", "UNDOWRITEOFF", "LOAN"),
    ("LOAN_RECOVERY_PAYMENT", "RECOVERYPAYMENT", "LOAN"),
];
/// What Fineract refuses under some kinds of products, whatever happened: where interest is recalculated, a foreclosure and
/// what is earlier than what was booked last; where there is no interest, its waiver.
const REFUSED_BY_KIND: [&str; 3] = [
    "loan.with.interest.recalculation.enabled.cannot.be.foreclosured",
    "error.msg.loan.repayment.or.waiver.cannot.be.made.before.last.transaction.date",
    "error.msg.loan.waive.interest.amount.exceeds.total.outstanding.interest",
];
/// How long the judge waits before it asks again what it got no answer to.
const PAUSE: Duration = Duration::from_secs(5);

/// What Fineract did for each operation, and when.
struct Truth {
    effects: BTreeMap<Uuid, Vec<(Duration, Effect)>>,
    /// The same and what people did, in their order.
    all: Vec<(Duration, Effect)>,
}

impl Truth {
    fn of(world: &World) -> Self {
        let beginning = super::instant(world.clock) - world.clock.age();
        let mut effects: BTreeMap<Uuid, Vec<_>> = BTreeMap::new();
        let all = world.simulator.effects().into_iter();
        let all: Vec<_> = all
            .map(|effect| (Duration::try_from(effect.at - beginning).unwrap_or_default(), effect))
            .collect();
        for (age, effect) in &all {
            let id = effect.key.as_deref().and_then(|key| key.get(..UUID_LENGTH));
            if let Some(id) = id.and_then(|id| Uuid::try_parse(id).ok()) {
                effects.entry(id).or_default().push((*age, effect.clone()));
            }
        }
        Self { effects, all }
    }

    /// Whether a client or loan with this external id was there all the time between these two.
    fn was_there(&self, entity: &str, external_id: &str, from: Duration, until: Duration) -> bool {
        let of_it = |effect: &Effect| effect.entity == entity && effect.external_id.as_deref() == Some(external_id);
        let is = |effect: &Effect, action: &str| effect.action == action && of_it(effect);
        let made = self.all.iter().any(|(age, effect)| *age < from && is(effect, "CREATE"));
        made && !self
            .all
            .iter()
            .any(|(age, effect)| *age <= until && is(effect, "DELETE"))
    }

    /// Whether what was booked was undone between these two, by itself or with its loan.
    fn taken_back(&self, booked: &Effect, from: Duration, until: Duration) -> bool {
        let mut between = self.all.iter().filter(|(age, _)| *age >= from && *age <= until);
        // What is booked with an earlier day gives later transactions new numbers; their external ids stay.
        let alike = |effect: &Effect| booked.external_id.is_some() && effect.external_id == booked.external_id;
        between.any(|(_, effect)| match effect.action {
            "ADJUST" => effect.resource_id == booked.resource_id || alike(effect),
            "DISBURSALUNDO" => effect.loan_id == booked.loan_id,
            _ => false,
        })
    }

    fn of_operation(&self, id: Uuid) -> &[(Duration, Effect)] {
        self.effects.get(&id).map_or(&[], Vec::as_slice)
    }
}

/// Everything that is wrong with what happened.
pub(super) async fn judge(world: &Arc<World>) -> Vec<String> {
    let mut wrongs = world.journal.all_broken();
    let (truth, stories, posts) = (Truth::of(world), world.journal.stories(), world.journal.posts());
    for story in &stories {
        wrongs.extend(each(world, story, &truth, &stories));
    }
    wrongs.extend(posts.iter().filter_map(|post| unexecuted(post, &stories, &truth)));
    wrongs.extend(once_per_key(&posts, &stories));
    wrongs.extend(payments::made_twice(&stories, &truth));
    wrongs.extend(terms::lost(world, &stories));
    wrongs.extend(out_of_order(world, &posts, &stories, &truth));
    for (tracking_id, told) in accepted(&posts) {
        let answer = loop {
            match world.track(&caller(), tracking_id).await {
                Ok(answer) => break answer,
                Err(_) => sleep(PAUSE).await,
            }
        };
        match answer {
            Some(body) => {
                if let Some(before) = world
                    .journal
                    .results()
                    .get(tracking_id)
                    .filter(|before| **before != body)
                {
                    wrongs.push(format!("{tracking_id} was told as {before}, and now as {body}"));
                }
            }
            None => wrongs.push(format!("{tracking_id} got a 202 at {told:?} and is lost")),
        }
    }
    wrongs
}

fn accepted(posts: &[Post]) -> impl Iterator<Item = (&str, Duration)> {
    posts.iter().filter_map(|post| match &post.told {
        Told::Accepted(tracking_id) => Some((tracking_id.as_str(), post.answered_at)),
        Told::Unavailable | Told::OutcomeUnknown(_) | Told::Refused(_) | Told::Nothing => None,
    })
}

fn name(row: &Row) -> String {
    format!("{} {} on {}", row.operation, row.id, row.subject)
}

/// One operation: it ended, in time, and true.
fn each(world: &World, story: &Story, truth: &Truth, stories: &[Story]) -> Vec<String> {
    let row = &story.row;
    let effects = truth.of_operation(row.id);
    let mut wrongs = Vec::new();
    let last = effects.last().map_or(Duration::ZERO, |(age, _)| *age);
    let again = effects.len() > 1 && !SETS_VALUES.contains(&row.operation.as_str());
    if again && !undone_by_hand(world, row, effects, last) {
        wrongs.push(format!("{} was applied {} times", name(row), effects.len()));
    }
    let Some(ended_at) = story.ended_at else {
        let left = |other: &Story| other.ended_at.is_none() && other.row.reason == Some(Reason::NeedsOperator);
        if left(story) && renamed_by_hand(world, row) {
            // Fineract did it to whoever had the external id then, and names that client by its new one.
            world
                .tally
                .note("operations left to an operator after a client was renamed by hand", 1);
        } else if left(story) {
            // Nothing else happens in these worlds that only a person could decide.
            wrongs.push(format!("{} is left to an operator", name(row)));
        } else if stories
            .iter()
            .any(|other| left(other) && other.row.subject == row.subject)
        {
            world.tally.note("operations behind one that is left to an operator", 1);
        } else {
            let why = row.reason;
            wrongs.push(format!("{} has not ended: {} {why:?}", name(row), row.state.as_str()));
        }
        return wrongs;
    };
    if last > ended_at {
        wrongs.push(format!("{} was applied after its end", name(row)));
    }
    if questions::is_one(&row.operation) {
        wrongs.extend(questions::wrong(world, story, ended_at, truth, stories));
    } else {
        wrongs.extend(untrue(world, story, ended_at, truth, stories));
    }
    wrongs.extend(late(world, story, ended_at, stories));
    wrongs
}

/// What is wrong with the end of an operation that changes something.
fn untrue(world: &World, story: &Story, ended_at: Duration, truth: &Truth, stories: &[Story]) -> Option<String> {
    let row = &story.row;
    let effects = truth.of_operation(row.id);
    Some(match (row.state, effects.last()) {
        (State::Succeeded, None) if set_by_a_twin(row, stories, truth) => {
            world.tally.note("values that were there already", 1);
            return None;
        }
        // Who did it was purged from Fineract's audits.
        (State::Succeeded, None) if purged_by_hand(world, row) => {
            world.tally.note("deeds by hand that were purged", 1);
            return None;
        }
        (State::Succeeded, None) => format!("{} is a success, and was not applied", name(row)),
        (State::Succeeded, _) if world.journal.was_rejected(row.id) => {
            format!("{} is a success, and a checker rejected it", name(row))
        }
        (State::Succeeded, Some((age, _))) if !lent_to_the_holder(world, row, *age, truth, stories) => {
            format!("{} lends to another client: {:?}", name(row), row.response)
        }
        (State::Failed, Some(_)) if undone_by_hand(world, row, effects, ended_at) => return None,
        (State::Failed | State::Cancelled, Some(_)) => {
            format!("{} is {}, and was applied", name(row), row.state.as_str())
        }
        (_, Some((_, effect))) if !is_of(row, effect) => format!("{} did another thing: {effect:?}", name(row)),
        (State::Succeeded, Some((_, effect))) if !tells(row, effect) => {
            format!("{} answers {:?} about {effect:?}", name(row), row.response)
        }
        (State::Failed, None) if !may_fail(world, story, stories) => format!(
            "{} failed without a reason: {}",
            name(row),
            row.failure.as_ref().map(|failure| failure.error()).unwrap_or_default()
        ),
        _ => return None,
    })
}

/// It ended long after there was nothing against it.
fn late(world: &World, story: &Story, ended_at: Duration, stories: &[Story]) -> Option<String> {
    let row = &story.row;
    let before = stories
        .iter()
        .filter(|other| related(&other.row, row) && other.stored_at < ended_at && other.row.id != row.id);
    let last_before = before
        .filter_map(|other| other.ended_at.filter(|at| *at <= ended_at))
        .max();
    let from = [Some(story.stored_at), Some(world.weather.last_fault()), last_before];
    let from = from
        .into_iter()
        .flatten()
        .filter(|from| *from <= ended_at)
        .max()
        .unwrap_or_default();
    (ended_at > world.weather.last_fault() && ended_at - from > ENDS_WITHIN).then(|| {
        format!(
            "{} took {:?} although nothing stood against it",
            name(row),
            ended_at - from
        )
    })
}

/// Whether another operation asked for the same values, and set them.
fn set_by_a_twin(row: &Row, stories: &[Story], truth: &Truth) -> bool {
    let asked = |row: &Row| {
        let mut data = row.data.clone();
        data["reference"] = Value::Null;
        data
    };
    SETS_VALUES.contains(&row.operation.as_str())
        && stories
            .iter()
            .map(|story| &story.row)
            .any(|other| other.id != row.id && asked(other) == asked(row) && !truth.of_operation(other.id).is_empty())
}

/// Whether an effect is what the operation asks for, by Fineract's words for it.
fn is_of(row: &Row, effect: &Effect) -> bool {
    let words = COMMANDS.into_iter().find(|(operation, ..)| *operation == row.operation);
    words.is_some_and(|(_, action, entity)| (action, entity) == (effect.action, effect.entity))
}

/// Whether an answer is about this effect.
fn tells(row: &Row, effect: &Effect) -> bool {
    let Some(response) = &row.response else { return false };
    let number = |member: &str| response.get(member).and_then(Value::as_u64);
    let resource = number("resourceId");
    let paid = effect
        .sub_resource_id
        .is_none_or(|paid| number("subResourceId") == Some(paid));
    let loan = number("loanId").is_none_or(|loan| effect.loan_id == Some(loan));
    resource == Some(effect.resource_id) && loan && paid
}

/// Whether two operations are about the same client or loan, or about a loan and its client.
fn related(one: &Row, other: &Row) -> bool {
    let ids = |row: &Row| {
        let member = |name: &str| row.data.get(name).and_then(Value::as_str).map(str::to_owned);
        [member("externalId"), member("external_loan_id"), member("clientId")]
    };
    let others = ids(other);
    ids(one).into_iter().flatten().any(|id| others.contains(&Some(id)))
}

/// The external ids of a client or loan, and of those that have to do with it.
fn ids_around(row: &Row, stories: &[Story]) -> Vec<String> {
    let around = stories
        .iter()
        .map(|story| &story.row)
        .filter(|other| related(other, row));
    around
        .flat_map(|other| ["externalId", "external_loan_id", "clientId"].map(|member| other.data.get(member)))
        .filter_map(|id| id.and_then(Value::as_str).map(str::to_owned))
        .collect()
}

/// Whether something happened to a client or loan, or to what has to do with it.
fn disturbed(world: &World, row: &Row, stories: &[Story]) -> bool {
    let touched = |id: &String| {
        by_hand(world)
            .iter()
            .any(|effect| effect.external_id.as_ref() == Some(id))
    };
    let ids = ids_around(row, stories);
    ids.iter().any(|id| world.journal.is_disturbed(id) || touched(id))
}

/// Whether an operation repeats another, so that Fineract is right to refuse it.
fn is_repeated(world: &World, row: &Row) -> bool {
    let mark = row.data.get("reference").and_then(Value::as_str);
    mark.is_some_and(|mark| world.journal.is_disturbed(mark))
}

/// Whether something happened after which Fineract may rightly refuse.
fn may_fail(world: &World, story: &Story, stories: &[Story]) -> bool {
    let row = &story.row;
    let code = row
        .failure
        .as_ref()
        .and_then(|failure| failure.code())
        .unwrap_or_default();
    let ids = ids_around(row, stories);
    let earlier_failed = stories.iter().any(|other| {
        let unhappy = matches!(other.row.state, State::Failed | State::Cancelled);
        let counts = !questions::is_one(&other.row.operation) && !is_repeated(world, &other.row);
        let before = other.row.id != row.id && other.ended_at <= story.ended_at;
        unhappy && counts && before && ids.contains(&external_id(&other.row))
    });
    match code {
        "gateway.rejected-by-checker" => world.journal.was_decided(Decision::Reject),
        "gateway.removed-by-checker" => world.journal.was_decided(Decision::Delete),
        code if REFUSED_BY_KIND.contains(&code) => true,
        _ => {
            disturbed(world, row, stories)
                || is_repeated(world, row)
                || earlier_failed
                || world.journal.spent(row.id) >= KEYS
                || after_unknown_order(world, story, stories)
        }
    }
}

/// Whether it, or what ended before it, was done in an order that the queue never knew.
fn after_unknown_order(world: &World, story: &Story, stories: &[Story]) -> bool {
    let relatives: Vec<&Story> = stories.iter().filter(|other| related(&other.row, &story.row)).collect();
    let earlier = |other: &&&Story| other.row.id != story.row.id && other.ended_at <= story.ended_at;
    relatives.iter().any(|other| unknown_to_the_queue(world, other, story))
        || relatives.iter().filter(earlier).any(|one| {
            let others = relatives.iter().filter(earlier);
            let alike = |other: &&&Story| one.row.id < other.row.id && one.row.subject == other.row.subject;
            others
                .filter(alike)
                .any(|other| unknown_to_the_queue(world, one, other))
        })
}

fn external_id(row: &Row) -> String {
    let id = row.data.get("external_loan_id").or(row.data.get("externalId"));
    id.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn marked<'a>(stories: &'a [Story], mark: &str) -> impl Iterator<Item = &'a Story> {
    stories
        .iter()
        .filter(move |story| story.row.data.get("reference").and_then(Value::as_str) == Some(mark))
}

/// A request without a key that was answered 503 is not executed.
fn unexecuted(post: &Post, stories: &[Story], truth: &Truth) -> Option<String> {
    if post.keyed || post.told != Told::Unavailable {
        return None;
    }
    let applied = marked(stories, &post.mark).find(|story| !truth.of_operation(story.row.id).is_empty())?;
    Some(format!("{} was answered 503 and applied", name(&applied.row)))
}

/// One key is one operation.
fn once_per_key(posts: &[Post], stories: &[Story]) -> Vec<String> {
    let keyed = posts.iter().filter(|post| post.keyed);
    let mut wrongs = Vec::new();
    for post in keyed {
        let rows = marked(stories, &post.mark).count();
        if rows > 1 {
            wrongs.push(format!("the key {} made {rows} operations", post.mark));
        }
    }
    wrongs
}
