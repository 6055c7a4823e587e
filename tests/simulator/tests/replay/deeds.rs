//! What the harness did to the recorded servers besides sending requests. It is told by the names of steps and by
//! observations, and has to be done to the simulator, too.

use fineract_simulator::{Ending, Release};
use serde_json::Value;

use crate::recording::Step;

/// What happens to a step, or before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Its command ends so.
    End(Ending),
    /// Its command is blocked, until a step releases it.
    Block,
    /// What was blocked goes on before this step.
    Release,
    /// It is sent, and blocked, before the step before it.
    BlockAhead,
    /// It never arrives.
    NeverArrives,
    /// The database is down.
    WithoutDatabase,
    /// The close of business holds the loan that the step names.
    LoanHeld,
    /// The tenant's clock is so many minutes ahead of UTC.
    Zone(i64),
}

const CANCELLED: &str = "ERROR: canceling statement due to user request";
const LOCK_TIMEOUT: &str = "ERROR: canceling statement due to lock timeout";

/// Deeds that a part of a step's name tells, by scenario.
const TOLD: &[(&str, &str, Deed)] = &[
    ("14-faults", "A3 approve blocked", Deed::Block),
    (
        "14-faults",
        "A3 other key while the first is still running",
        Deed::Block,
    ),
    ("14-faults", "A3 GET status after release", Deed::Release),
    ("14-faults", "A4 delete (no content type) blocked", Deed::BlockAhead),
    (
        "14-faults",
        "its database connection is terminated",
        Deed::End(Ending::ConnectionKilled),
    ),
    (
        "14-faults",
        "right after all database connections were killed #0",
        Deed::WithoutDatabase,
    ),
    (
        "14-faults",
        "right after all database connections were killed #1",
        Deed::WithoutDatabase,
    ),
    (
        "14-faults",
        "right after all database connections were killed #2",
        Deed::WithoutDatabase,
    ),
    (
        "14b-faults-restarts",
        "B2 create client while PostgreSQL is down",
        Deed::WithoutDatabase,
    ),
    (
        "14b-faults-restarts",
        "B2 GET client while PostgreSQL is down",
        Deed::WithoutDatabase,
    ),
    (
        "14b-faults-restarts",
        "PostgreSQL restarted (immediate) in the middle",
        Deed::End(Ending::ConnectionKilled),
    ),
    (
        "14b-faults-restarts",
        "the Fineract JVM is killed",
        Deed::End(Ending::Stuck { applied: false }),
    ),
    ("14b-faults-restarts", "D2 while the JVM is down", Deed::NeverArrives),
    (
        "14b-faults-restarts",
        "D4 new request during graceful stop",
        Deed::NeverArrives,
    ),
    ("15-cob-and-jobs", "lock LOAN_COB_CHUNK_PROCESSING", Deed::LoanHeld),
    ("15-cob-and-jobs", "lock LOAN_INLINE_COB_PROCESSING", Deed::LoanHeld),
    ("15-cob-and-jobs", "PUT while locked", Deed::LoanHeld),
    ("15-cob-and-jobs", "DELETE while locked", Deed::LoanHeld),
    ("16-edges", "tenant time zone UTC-12", Deed::Zone(-720)),
    ("16-edges", "under UTC-12", Deed::Zone(-720)),
    ("16-edges", "tenant time zone UTC+14", Deed::Zone(840)),
];

/// What is done with this step.
pub(crate) fn of(release: Release, scenario: &str, step: &Step) -> Option<Deed> {
    let name = step.name.as_str();
    match (scenario, name) {
        // The recorded text names the place in the database, so it is taken from there; code and shape are the simulator's.
        ("14-faults", name) if name.contains("A6 client create: statement cancelled") => {
            Some(Deed::End(Ending::StatementCancelled(CANCELLED.to_owned())))
        }
        ("14b-faults-restarts", name) if name.contains("E2") && name.contains("lock time-out") => {
            Some(Deed::End(Ending::StatementCancelled(reason(step))))
        }
        // The pool of develop takes one request more to come round.
        ("14-faults", name) if name.contains("right after all database connections were killed #3") => {
            (release != Release::V1_10_1).then_some(Deed::WithoutDatabase)
        }
        // develop lost the deadlock, 1.10.1 won it.
        ("14-faults", name) if name.starts_with("A8 approve") => {
            (release != Release::V1_10_1).then_some(Deed::End(Ending::Deadlock))
        }
        // The database came back after the caller had gone: 1.10.1 never wrote the row again.
        ("14b-faults-restarts", name) if name.starts_with("B1 create client") => {
            Some(Deed::End(if release == Release::V1_10_1 {
                Ending::Stuck { applied: false }
            } else {
                Ending::ConnectionKilled
            }))
        }
        (scenario, name) => TOLD
            .iter()
            .find(|(known, part, _)| *known == scenario && name.contains(part))
            .map(|(.., deed)| deed.clone()),
    }
}

/// The database's own words in the answer.
fn reason(step: &Step) -> String {
    let body = step.response.as_ref().map(|got| &got.body);
    let text = body
        .and_then(|body| body["defaultUserMessage"].as_str())
        .unwrap_or_default();
    let start = text.find(LOCK_TIMEOUT).unwrap();
    text[start..].to_owned()
}

/// What an observation tells of the server.
pub(crate) enum Seen {
    /// This job runs.
    JobRuns(String),
    /// The close of business holds this loan.
    LoanHeld(u64),
    /// It holds no loan.
    NoLoanHeld,
    /// Every applied command was purged.
    Purged,
}

/// What this observation tells.
pub(crate) fn seen(step: &Step) -> Option<Seen> {
    let text = step.observation.as_ref().and_then(Value::as_str).unwrap_or_default();
    match step.name.as_str() {
        "job row used" => text.split('|').nth(1).map(|job| Seen::JobRuns(job.to_owned())),
        "lock row of the poisoned loan" => {
            let loan = text.split("(id: ").nth(1)?.split(')').next()?;
            loan.parse().ok().map(Seen::LoanHeld)
        }
        "lock row after the second job run" => Some(Seen::NoLoanHeld),
        "rows left (processed key)" => Some(Seen::Purged),
        _ => None,
    }
}

/// Whether the job has ended before this step.
pub(crate) fn after_the_job(step: &Step) -> bool {
    step.name.ends_with("after the job")
}
