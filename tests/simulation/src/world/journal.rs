//! What callers were told and what became of the rows: what the judge reads.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fineract_simulator::Decision;
use gateway::row::{Open, Row};
use gateway::subject::Subject;
use gateway::tracking::State;
use serde_json::Value;
use uuid::Uuid;

/// What the sweep sends it has read within this time.
const SWEEP_LOOKS_BACK: Duration = Duration::from_secs(2 * 60);

/// What a caller was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It is accepted, under this tracking id.
    Accepted(String),
    /// 503: nothing will be done.
    Unavailable,
    /// 503 with `outcome-unknown`.
    OutcomeUnknown(String),
    /// Another problem, by its code.
    Refused(&'static str),
    /// No answer came.
    Nothing,
}

/// One `POST /fineract/operate`.
#[derive(Clone, Debug)]
pub(super) struct Post {
    /// The mark in the data, which tells the request from every other.
    pub(super) mark: String,
    /// Whether it carried an `Idempotency-Key`.
    pub(super) keyed: bool,
    /// When it was sent.
    pub(super) sent_at: Duration,
    /// When it was answered.
    pub(super) answered_at: Duration,
    /// The answer.
    pub(super) told: Told,
}

/// Where in the index.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A client or loan.
    Subject(Subject),
    /// A client or loan, by its message group.
    Group(String),
    /// A part of all subjects.
    Shard(String),
}

/// The story of a row.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// The row as it was last written.
    pub(super) row: Row,
    /// The shard of its subject.
    pub(super) shard: String,
    /// When it was first seen.
    pub(super) stored_at: Duration,
    /// When the queue's order of it was first known.
    pub(super) sequenced_at: Option<Duration>,
    /// When a run first had it.
    pub(super) begun_at: Option<Duration>,
    /// When it ended.
    pub(super) ended_at: Option<Duration>,
}

#[derive(Debug, Default)]
struct Pages {
    posts: Vec<Post>,
    stories: BTreeMap<Uuid, Story>,
    disturbed: BTreeMap<String, String>,
    spent: BTreeMap<String, u32>,
    results: BTreeMap<String, Value>,
    decisions: Vec<(Option<String>, Decision)>,
    holders: Vec<(Duration, String, u64)>,
    sent: Vec<Uuid>,
    lost_messages: Vec<Uuid>,
    broken: Vec<String>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Pages>);

impl Journal {
    /// A request was answered.
    pub(super) fn post(&self, post: Post) {
        self.pages().posts.push(post);
    }

    /// Every request.
    pub(super) fn posts(&self) -> Vec<Post> {
        self.pages().posts.clone()
    }

    /// A row stands like this now; what stood there before is given back.
    pub(super) fn row(&self, row: &Row, age: Duration) -> Option<Row> {
        let ended_at = (!row.state.is_open()).then_some(age);
        let mut pages = self.pages();
        let Some(story) = pages.stories.get_mut(&row.id) else {
            let story = Story {
                row: row.clone(),
                shard: row.subject.shard(),
                stored_at: age,
                sequenced_at: None,
                begun_at: None,
                ended_at,
            };
            pages.stories.insert(row.id, story);
            return None;
        };
        story.ended_at = story.ended_at.or(ended_at);
        let begun_at = (row.state == State::Running).then_some(age);
        story.begun_at = story.begun_at.or(begun_at);
        let sequenced_at = row.queue_seq.as_ref().map(|_| age);
        story.sequenced_at = story.sequenced_at.or(sequenced_at);
        Some(std::mem::replace(&mut story.row, row.clone()))
    }

    /// The rows.
    pub(super) fn stories(&self) -> Vec<Story> {
        self.pages().stories.values().cloned().collect()
    }

    /// Whether an operation has not ended.
    pub(super) fn is_any_open(&self) -> bool {
        self.pages().stories.values().any(|story| story.ended_at.is_none())
    }

    /// The rows as the index showed them then: those in the place that is asked for, open ones or all.
    pub(super) fn index(&self, at: Duration, place: &Place, open: bool) -> Vec<Open> {
        let pages = self.pages();
        let shown = pages.stories.values().filter(|story| {
            story.stored_at <= at
                && match place {
                    Place::Subject(subject) => story.row.subject == *subject,
                    Place::Group(group) => story.row.subject.group() == *group,
                    Place::Shard(shard) => story.shard == *shard,
                }
                && (!open || story.ended_at.is_none_or(|ended| ended > at))
        });
        shown
            .map(|story| Open {
                id: story.row.id,
                subject: story.row.subject.clone(),
                accepted_at: story.row.accepted_at,
            })
            .collect()
    }

    /// The sweep sends this operation again; it should not if another one on the subject has been known to go first for
    /// long: both have their place in the queue's order, or neither has.
    pub(super) fn swept(&self, id: Uuid, age: Duration) {
        let place = |row: &Row| row.queue_seq.as_ref().map(|place| (place.len(), place.clone()));
        let mut pages = self.pages();
        let Some(sent) = pages.stories.get(&id) else {
            return;
        };
        let settled = |story: &Story| {
            let since = story.sequenced_at.unwrap_or(story.stored_at);
            since + SWEEP_LOOKS_BACK <= age
        };
        let mut ahead = pages.stories.values().filter(|other| {
            other.row.id != id
                && other.row.subject == sent.row.subject
                && other.ended_at.is_none()
                && settled(other)
                && settled(sent)
                && match (place(&other.row), place(&sent.row)) {
                    (Some(other), Some(sent)) => other < sent,
                    (None, None) => other.row.accepted_at < sent.row.accepted_at,
                    _ => false,
                }
        });
        if let Some(ahead) = ahead.next() {
            let what = format!("{id} was sent again although {} goes first", ahead.row.id);
            pages.broken.push(what);
        }
    }

    /// Something happened to a client or loan after which its operations may rightly be refused.
    pub(super) fn disturb(&self, subject: &str, why: &str) {
        let mut pages = self.pages();
        pages
            .disturbed
            .entry(subject.to_owned())
            .or_insert_with(|| why.to_owned());
    }

    /// Whether something happened to a client or loan.
    pub(super) fn is_disturbed(&self, subject: &str) -> bool {
        self.pages().disturbed.contains_key(subject)
    }

    /// Fineract failed under a key, and keeps the failure.
    pub(super) fn spend(&self, key: &str) {
        *self.pages().spent.entry(key.to_owned()).or_default() += 1;
    }

    /// How many keys of an operation were spent.
    pub(super) fn spent(&self, id: Uuid) -> usize {
        let id = id.hyphenated().to_string();
        self.pages().spent.keys().filter(|key| key.starts_with(&id)).count()
    }

    /// A checker decided.
    pub(super) fn decided(&self, key: Option<String>, decision: Decision) {
        self.pages().decisions.push((key, decision));
    }

    /// Whether a checker rejected a command of this operation.
    pub(super) fn was_rejected(&self, id: Uuid) -> bool {
        let id = id.hyphenated().to_string();
        let pages = self.pages();
        let mut rejected = pages
            .decisions
            .iter()
            .filter(|(_, decision)| *decision == Decision::Reject);
        rejected.any(|(key, _)| key.as_ref().is_some_and(|key| key.starts_with(&id)))
    }

    /// A client's external id belongs to the client of this number from now on.
    pub(super) fn holds(&self, age: Duration, external_id: &str, number: u64) {
        self.pages().holders.push((age, external_id.to_owned(), number));
    }

    /// The clients to which an external id was given by hand, and when.
    pub(super) fn holders(&self, external_id: &str) -> Vec<(Duration, u64)> {
        let pages = self.pages();
        let held = pages.holders.iter().filter(|(_, id, _)| id == external_id);
        held.map(|(age, _, number)| (*age, *number)).collect()
    }

    /// Whether a checker ever decided so.
    pub(super) fn was_decided(&self, decision: Decision) -> bool {
        self.pages().decisions.iter().any(|(_, made)| *made == decision)
    }

    /// A caller was told this result.
    pub(super) fn result(&self, tracking_id: &str, body: &Value) {
        self.pages().results.insert(tracking_id.to_owned(), body.clone());
    }

    /// The results that callers were told.
    pub(super) fn results(&self) -> BTreeMap<String, Value> {
        self.pages().results.clone()
    }

    /// A message of an operation was stored.
    pub(super) fn sent(&self, id: Uuid) {
        self.pages().sent.push(id);
    }

    /// Whether a message of an operation was ever stored.
    pub(super) fn was_sent(&self, id: Uuid) -> bool {
        self.pages().sent.contains(&id)
    }

    /// A message of an operation was lost.
    pub(super) fn lose(&self, id: Uuid) {
        self.pages().lost_messages.push(id);
    }

    /// Whether a message of an operation was lost.
    pub(super) fn lost(&self, id: Uuid) -> bool {
        self.pages().lost_messages.contains(&id)
    }

    /// Something that must hold was seen broken.
    pub(super) fn broken(&self, what: String) {
        self.pages().broken.push(what);
    }

    /// What was seen broken.
    pub(super) fn all_broken(&self) -> Vec<String> {
        self.pages().broken.clone()
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
