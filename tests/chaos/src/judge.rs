//! The judge: compares what callers were told with what Fineract shows.

use std::collections::BTreeMap;
use std::fmt;

use crate::bank::Effect;
use crate::caller::{Lived, Story};
use crate::ledger::Ledger;
use crate::life::Change;

const REJECTED_CODE: &str = "gateway.rejected-by-checker";
const UUID_LENGTH: usize = 36;

/// The ways to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A request without a verdict on whether it is accepted, or with a wrong one.
    Unanswered,
    /// Accepted, and never ended.
    Lost,
    /// Applied more than once.
    Repeated,
    /// Told otherwise than it is.
    Untrue,
    /// Refused although nothing stood against it, or done although it should be refused.
    Unreasonable,
    /// Applied before an earlier one on its subject.
    OutOfOrder,
    /// A message that is left over.
    LeftOver,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Unanswered,
        Self::Lost,
        Self::Repeated,
        Self::Untrue,
        Self::Unreasonable,
        Self::OutOfOrder,
        Self::LeftOver,
    ];

    /// What it is, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Unanswered => "not accepted",
            Self::Lost => "lost",
            Self::Repeated => "repeated",
            Self::Untrue => "untrue",
            Self::Unreasonable => "without a reason",
            Self::OutOfOrder => "out of order",
            Self::LeftOver => "left over",
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// In which way.
    pub kind: Kind,
    /// What happened.
    pub text: String,
}

impl Wrong {
    /// Something that is wrong.
    #[must_use]
    pub fn new(kind: Kind, text: String) -> Self {
        Self { kind, text }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind.title(), self.text)
    }
}

/// One life: each operation ended as it should, and Fineract shows what was told.
#[must_use]
pub fn life(lived: &Lived, shown: &Ledger) -> Vec<Wrong> {
    let mut wrongs = Vec::new();
    let mut told = Ledger::default();
    if lived.stories.iter().any(|story| story.end.is_none()) {
        // What is not told cannot be compared; that it is lost is known already.
        return wrongs;
    }
    for story in &lived.stories {
        wrongs.extend(story_by_itself(lived, story, &told));
        if story.succeeded() {
            told.apply(&story.operation.change);
        }
    }
    let paid_out = |ledger: &Ledger| ledger.loan.as_ref().map_or(0, |loan| loan.paid_out.len());
    let kind = if paid_out(shown) > paid_out(&told) {
        Kind::Repeated
    } else {
        Kind::Untrue
    };
    if *shown != told {
        let (client, loan) = (&lived.life.client, &lived.life.loan);
        let text = format!("{client} and {loan}: Fineract shows {shown:?}, and was told to have {told:?}");
        wrongs.push(Wrong::new(kind, text));
    }
    wrongs
}

fn story_by_itself(lived: &Lived, story: &Story, told: &Ledger) -> Option<Wrong> {
    let wrong = |kind, text: String| Some(Wrong::new(kind, format!("{}: {text}", story.tracking_id)));
    let end = story.end.as_ref()?;
    let admitted = told.admits(&story.operation.change);
    let (answered, failed) = (&end["success_response"], &end["failure_response"]);
    match end["status"].as_str() {
        Some("success") if !admitted => wrong(Kind::Unreasonable, format!("it succeeded on {told:?}: {end}")),
        Some("success") if answered.is_null() || !failed.is_null() => wrong(Kind::Untrue, end.to_string()),
        Some("success") => {
            let subject = lived.life.subject(&story.operation);
            let named = answered["resourceExternalId"].as_str().unwrap_or(subject);
            (named != subject).then(|| Wrong::new(Kind::Untrue, format!("{} is about {named}", story.tracking_id)))
        }
        Some("failed") if failed.is_null() || !answered.is_null() => wrong(Kind::Untrue, end.to_string()),
        Some("failed") if admitted && !was_rejected(story) => {
            wrong(Kind::Unreasonable, format!("it failed on {told:?}: {end}"))
        }
        Some("failed") => None,
        _ => wrong(Kind::Untrue, end.to_string()),
    }
}

fn was_rejected(story: &Story) -> bool {
    story
        .end
        .as_ref()
        .is_some_and(|end| end["error"]["code"] == REJECTED_CODE)
}

/// As many operations failed for a checker as a checker rejected.
#[must_use]
pub fn rejections(lived: &[Lived], rejected: u64) -> Option<Wrong> {
    let stories = lived.iter().flat_map(|lived| &lived.stories);
    let told = stories.filter(|story| was_rejected(story)).count() as u64;
    (told != rejected).then(|| {
        let text = format!("{rejected} operations were rejected by the checker, and {told} are told so");
        Wrong::new(Kind::Untrue, text)
    })
}

/// Everything that Fineract applied belongs to an operation that was told as a success, once, in the order of its subject.
/// Gives also how many values were set again.
#[must_use]
pub fn effects(lived: &[Lived], effects: &[Effect]) -> (Vec<Wrong>, u64) {
    let mut by_id: BTreeMap<&str, Vec<(usize, &Effect)>> = BTreeMap::new();
    for (place, effect) in effects.iter().enumerate() {
        let id = effect.key.get(..UUID_LENGTH).unwrap_or(&effect.key);
        by_id.entry(id).or_default().push((place, effect));
    }
    let (mut wrongs, mut set_again) = (Vec::new(), 0);
    for lived in lived {
        for of_client in [true, false] {
            let mut last: Option<usize> = None;
            let on_subject = |story: &&Story| story.operation.change.is_of_client() == of_client;
            for story in lived.stories.iter().filter(on_subject) {
                let applied = by_id.remove(story.id()).unwrap_or_default();
                wrongs.extend(effects_of(story, &applied));
                set_again += applied.len().saturating_sub(1) as u64;
                let (first, end) = (applied.first(), applied.last());
                if first.is_some_and(|(first, _)| last.is_some_and(|last| *first < last)) {
                    let text = format!("{} was applied before what was asked for before", story.tracking_id);
                    wrongs.push(Wrong::new(Kind::OutOfOrder, text));
                }
                last = end.map(|(place, _)| *place).or(last);
            }
        }
    }
    for (id, applied) in by_id {
        let text = format!("nobody was told of {id}, which was applied: {applied:?}");
        wrongs.push(Wrong::new(Kind::Untrue, text));
    }
    (wrongs, set_again)
}

fn effects_of(story: &Story, applied: &[(usize, &Effect)]) -> Option<Wrong> {
    let change = &story.operation.change;
    let (kind, what) = match (story.succeeded(), applied.len()) {
        (true, 0) => (Kind::Untrue, "is told as a success and was not applied"),
        (false, 1..) if story.end.is_none() => return None,
        (false, 1..) => (Kind::Untrue, "was applied and is not told as a success"),
        (true, 2..) if !change.sets_values() => (Kind::Repeated, "was applied more than once"),
        _ if applied.iter().any(|(_, effect)| effect.command != command(change)) => {
            (Kind::Untrue, "was applied as something else")
        }
        _ => return None,
    };
    Some(Wrong::new(kind, format!("{} {what}: {applied:?}", story.tracking_id)))
}

/// What Fineract calls it.
fn command(change: &Change) -> &'static str {
    match change {
        Change::CreateClient(_) => "CREATE CLIENT",
        Change::UpdateClient(_) => "UPDATE CLIENT",
        Change::CreateLoan(_) => "CREATE LOAN",
        Change::UpdateLoan(_) => "UPDATE LOAN",
        Change::ApproveLoan => "APPROVE LOAN",
        Change::DisburseLoan(_) => "DISBURSE LOAN",
        Change::DeleteLoan => "DELETE LOAN",
    }
}

#[cfg(test)]
mod tests;
