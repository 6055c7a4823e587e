//! How long to wait before the next try, and why: one table.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
/// The queue keeps a message back for this long at most; a longer wait is made of several.
pub const WAIT_MAX: Duration = Duration::from_secs(15 * MINUTE);
/// How many keys an operation gets before it is refused with what was seen.
pub const KEYS_MAX: u32 = 4;
/// Fineract may have forgotten an answer under a key that is older.
pub const KEY_REMEMBERED: Duration = Duration::from_secs(20 * 24 * 60 * MINUTE);
/// A client that is not there after this long since the loan was accepted will not come by itself.
pub const CLIENT_GRACE: Duration = Duration::from_secs(15 * SECOND);

/// How quickly an operation is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// The outcome is not known, or Fineract is busy with it: 1 s, 5 s, 15 s, 1 min, then doubling to 15 min.
    Soon,
    /// Somebody must mend something: 1, 2, 4, 8, 15 minutes.
    Minutes,
    /// Nothing could be sent: 5 s doubling to 5 min.
    Unreachable,
    /// The client of a loan may still be on its way: 2 s, 10 s, then doubling to 5 min.
    Client,
    /// A key is spent and nothing was applied; the next one is tried: after 5 s, 1 min, 10 min.
    NextKey,
    /// A checker decides: every minute in the first hour, then every 15 min.
    Checker,
    /// Only an operator can tell: 15 min.
    Operator,
    /// The time of this run was too short: the next one may go on at once.
    Next,
}

impl Pace {
    /// The wait after `tries` waits (from 1) in a row at this pace, before jitter.
    pub const fn wait(self, tries: u32) -> Duration {
        let doublings = if tries > 10 { 10 } else { tries.saturating_sub(1) };
        let seconds = match self {
            Self::Soon => match tries {
                0 | 1 => SECOND,
                2 => 5 * SECOND,
                3 => 15 * SECOND,
                _ => MINUTE << doublings.saturating_sub(3),
            },
            Self::Minutes => MINUTE << doublings,
            Self::Unreachable => {
                let seconds = (5 * SECOND) << doublings;
                if seconds > 5 * MINUTE { 5 * MINUTE } else { seconds }
            }
            Self::Client => match tries {
                0 | 1 => 2 * SECOND,
                _ => {
                    let seconds = (10 * SECOND) << doublings.saturating_sub(1);
                    if seconds > 5 * MINUTE { 5 * MINUTE } else { seconds }
                }
            },
            Self::NextKey => match tries {
                0 | 1 => 5 * SECOND,
                2 => MINUTE,
                _ => 10 * MINUTE,
            },
            Self::Checker => {
                if tries <= 60 {
                    MINUTE
                } else {
                    15 * MINUTE
                }
            }
            Self::Operator => 15 * MINUTE,
            Self::Next => SECOND,
        };
        if seconds > WAIT_MAX.as_secs() {
            WAIT_MAX
        } else {
            Duration::from_secs(seconds)
        }
    }

    /// The wait with jitter: half of it to all of it, by one random byte, so that operations which failed together
    /// do not come back together.
    pub fn jittered(self, tries: u32, chance: u8) -> Duration {
        let half = self.wait(tries) / 2;
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
    /// An operator has to look.
    NeedsOperator,
}

impl Reason {
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
            | Self::OutOfTime => false,
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
    fn the_waits_are_those_of_the_table() {
        let waits = |pace: Pace| (1..=9).map(|tries| pace.wait(tries).as_secs()).collect::<Vec<_>>();
        assert_eq!(waits(Pace::Soon), [1, 5, 15, 60, 120, 240, 480, 900, 900]);
        assert_eq!(waits(Pace::Minutes), [60, 120, 240, 480, 900, 900, 900, 900, 900]);
        assert_eq!(waits(Pace::Unreachable), [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(waits(Pace::Client), [2, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(
            [1, 60, 61].map(|tries| Pace::Checker.wait(tries).as_secs()),
            [60, 60, 900]
        );
        assert_eq!(waits(Pace::NextKey)[..3], [5, 60, 600]);
        assert_eq!(Pace::Soon.wait(u32::MAX), WAIT_MAX);
        assert_eq!(Pace::Unreachable.wait(0).as_secs(), 5);
    }

    #[test]
    fn jitter_is_half_to_all() {
        assert_eq!(Pace::Minutes.jittered(1, 0), Duration::from_secs(30));
        assert_eq!(Pace::Minutes.jittered(1, u8::MAX), Duration::from_secs(60));
    }
}
