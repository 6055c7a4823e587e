//! How long to wait before the next try, and why.

mod schedule;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use schedule::{NotWaits, Schedule};

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
/// The queue keeps a message back for this long at most; a longer wait is made of several.
pub const WAIT_MAX: Duration = Duration::from_secs(15 * MINUTE);
/// How many keys an operation gets, unless the deployment says otherwise, before it is refused with what was seen.
pub const KEY_TRIES: u32 = 4;
/// Fineract may have forgotten an answer under a key that is older.
pub const KEY_REMEMBERED: Duration = Duration::from_secs(20 * 24 * 60 * MINUTE);
/// A client that is not there after this long since the loan was accepted will not come by itself, unless the deployment
/// says otherwise.
pub const CLIENT_GRACE: Duration = Duration::from_secs(15 * SECOND);
/// The next run may go on at once.
const NEXT_RUN: Duration = Duration::from_secs(SECOND);

/// How quickly an operation is tried again; [`Paces`] says how long that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// The outcome is not known, or Fineract is busy with it.
    Soon,
    /// Somebody must mend something.
    Minutes,
    /// Nothing could be sent.
    Unreachable,
    /// The client of a loan may still be on its way.
    Client,
    /// A key is spent and nothing was applied; the next one is tried.
    NextKey,
    /// A checker decides.
    Checker,
    /// Only an operator can tell.
    Operator,
    /// The time of this run was too short: the next one may go on at once, after 1 s.
    Next,
}

/// How long a deployment waits at each pace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paces {
    /// [`Pace::Soon`]; by default 1 s, 5 s, 15 s, 1 min, then doubling to 15 min.
    pub soon: Schedule,
    /// [`Pace::Minutes`]; by default 1, 2, 4, 8, 15 minutes.
    pub minutes: Schedule,
    /// [`Pace::Unreachable`]; by default 5 s doubling to 5 min.
    pub unreachable: Schedule,
    /// [`Pace::Client`]; by default 2 s, 10 s, then doubling to 5 min.
    pub client: Schedule,
    /// [`Pace::NextKey`]; by default 5 s, 1 min, 10 min.
    pub next_key: Schedule,
    /// [`Pace::Checker`]; by default every minute in the first hour, then every 15 min.
    pub checker: Schedule,
    /// [`Pace::Operator`]; by default 15 min.
    pub operator: Schedule,
}

impl Default for Paces {
    fn default() -> Self {
        Self {
            soon: Schedule::of(&[(1, SECOND), (1, 5 * SECOND), (1, 15 * SECOND)], MINUTE, 15 * MINUTE),
            minutes: Schedule::of(&[], MINUTE, 15 * MINUTE),
            unreachable: Schedule::of(&[], 5 * SECOND, 5 * MINUTE),
            client: Schedule::of(&[(1, 2 * SECOND)], 10 * SECOND, 5 * MINUTE),
            next_key: Schedule::of(&[(1, 5 * SECOND), (1, MINUTE)], 10 * MINUTE, 10 * MINUTE),
            checker: Schedule::of(&[(60, MINUTE)], 15 * MINUTE, 15 * MINUTE),
            operator: Schedule::of(&[], 15 * MINUTE, 15 * MINUTE),
        }
    }
}

impl Paces {
    /// The wait after `tries` waits (from 1) in a row at this pace, before jitter.
    pub fn wait(&self, pace: Pace, tries: u32) -> Duration {
        let schedule = match pace {
            Pace::Soon => &self.soon,
            Pace::Minutes => &self.minutes,
            Pace::Unreachable => &self.unreachable,
            Pace::Client => &self.client,
            Pace::NextKey => &self.next_key,
            Pace::Checker => &self.checker,
            Pace::Operator => &self.operator,
            Pace::Next => return NEXT_RUN,
        };
        schedule.wait(tries)
    }

    /// The wait with jitter: half of it to all of it, by one random byte, so that operations which failed together
    /// do not come back together.
    pub fn jittered(&self, pace: Pace, tries: u32, chance: u8) -> Duration {
        let half = self.wait(pace, tries) / 2;
        half + half * u32::from(chance) / u32::from(u8::MAX)
    }
}

/// Why an operation waits, as its caller and the operator are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Fineract could not be reached; nothing was sent.
    FineractUnreachable,
    /// The answer was lost; Fineract may have applied the operation.
    AnswerLost,
    /// A lookup got no answer; nothing was changed by it.
    LookupUnanswered,
    /// Fineract is still busy with this command.
    CommandInProgress,
    /// Fineract failed in the middle (HTTP 500).
    FineractFailed,
    /// The loan or client was changed by others at the same time.
    Conflict,
    /// Fineract's answer does not tell whether the operation was applied.
    AmbiguousAnswer,
    /// Something between the gateway and Fineract answered.
    ForeignAnswer,
    /// The nightly job holds the loan.
    LoanLocked,
    /// A job runs that allows no updates, or a part of Fineract is away.
    FineractBusy,
    /// Fineract is in read-only mode.
    ReadOnly,
    /// Fineract refused the gateway's credentials, tenant or permissions.
    CredentialsRefused,
    /// A value of the gateway's configuration is unknown to Fineract.
    Misconfigured,
    /// A checker has to decide in Fineract.
    PendingApproval,
    /// The client of the loan is not there yet.
    ClientNotFoundYet,
    /// The run's time was up before a call could be made.
    OutOfTime,
    /// A transaction that was undone keeps the id that follows from the UTR; the next one is used.
    ReferenceTaken,
    /// An operator has to look.
    NeedsOperator,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 18] = [
        Self::FineractUnreachable,
        Self::AnswerLost,
        Self::LookupUnanswered,
        Self::CommandInProgress,
        Self::FineractFailed,
        Self::Conflict,
        Self::AmbiguousAnswer,
        Self::ForeignAnswer,
        Self::LoanLocked,
        Self::FineractBusy,
        Self::ReadOnly,
        Self::CredentialsRefused,
        Self::Misconfigured,
        Self::PendingApproval,
        Self::ClientNotFoundYet,
        Self::OutOfTime,
        Self::ReferenceTaken,
        Self::NeedsOperator,
    ];

    /// The word that callers, the log and the metrics have for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FineractUnreachable => "fineract_unreachable",
            Self::AnswerLost => "answer_lost",
            Self::LookupUnanswered => "lookup_unanswered",
            Self::CommandInProgress => "command_in_progress",
            Self::FineractFailed => "fineract_failed",
            Self::Conflict => "conflict",
            Self::AmbiguousAnswer => "ambiguous_answer",
            Self::ForeignAnswer => "foreign_answer",
            Self::LoanLocked => "loan_locked",
            Self::FineractBusy => "fineract_busy",
            Self::ReadOnly => "read_only",
            Self::CredentialsRefused => "credentials_refused",
            Self::Misconfigured => "misconfigured",
            Self::PendingApproval => "pending_approval",
            Self::ClientNotFoundYet => "client_not_found_yet",
            Self::OutOfTime => "out_of_time",
            Self::ReferenceTaken => "reference_taken",
            Self::NeedsOperator => "needs_operator",
        }
    }

    /// Whether an operator should be woken: waiting alone does not end it.
    pub const fn alarms(self) -> bool {
        match self {
            Self::ForeignAnswer | Self::CredentialsRefused | Self::Misconfigured | Self::NeedsOperator => true,
            Self::FineractUnreachable
            | Self::AnswerLost
            | Self::LookupUnanswered
            | Self::CommandInProgress
            | Self::FineractFailed
            | Self::Conflict
            | Self::AmbiguousAnswer
            | Self::LoanLocked
            | Self::FineractBusy
            | Self::ReadOnly
            | Self::PendingApproval
            | Self::ClientNotFoundYet
            | Self::OutOfTime
            | Self::ReferenceTaken => false,
        }
    }
}

/// A wait: its pace and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How quickly to try again.
    pub pace: Pace,
    /// Why.
    pub reason: Reason,
}

impl Wait {
    /// A wait at this pace for this reason.
    pub const fn new(pace: Pace, reason: Reason) -> Self {
        Self { pace, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_the_waits_are_the_documented_ones() {
        let paces = Paces::default();
        let waits = |pace: Pace| {
            (1..=9)
                .map(|tries| paces.wait(pace, tries).as_secs())
                .collect::<Vec<_>>()
        };
        assert_eq!(waits(Pace::Soon), [1, 5, 15, 60, 120, 240, 480, 900, 900]);
        assert_eq!(waits(Pace::Minutes), [60, 120, 240, 480, 900, 900, 900, 900, 900]);
        assert_eq!(waits(Pace::Unreachable), [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(waits(Pace::Client), [2, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(
            [1, 60, 61].map(|tries| paces.wait(Pace::Checker, tries).as_secs()),
            [60, 60, 900]
        );
        assert_eq!(waits(Pace::NextKey)[..4], [5, 60, 600, 600]);
        assert_eq!(waits(Pace::Operator)[..2], [900, 900]);
        assert_eq!(waits(Pace::Next)[..2], [1, 1]);
    }

    #[test]
    fn every_reason_has_one_word() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
        // Told that there is no such reason, serde names those that there are.
        let all = serde_json::from_str::<Reason>("\"\"").unwrap_err().to_string();
        let words: Vec<_> = all.split('`').skip(3).step_by(2).collect();
        assert_eq!(words, Reason::ALL.map(Reason::as_str));
    }

    #[test]
    fn jitter_is_half_to_all() {
        let jittered = |chance| Paces::default().jittered(Pace::Minutes, 1, chance);
        assert_eq!(jittered(0), Duration::from_secs(30));
        assert_eq!(jittered(u8::MAX), Duration::from_secs(60));
    }
}
