//! The states of an operation, and the only ways from one to the next.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The state of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Stored, waiting for its turn.
    Accepted,
    /// A worker holds the lease.
    Running,
    /// To be tried again at `next_attempt_at`.
    Waiting,
    /// Fineract holds it for a checker.
    PendingApproval,
    /// Fineract applied it.
    Succeeded,
    /// Refused; nothing was applied.
    Failed,
    /// Taken back before anything was sent.
    Cancelled,
}

/// What happens to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A worker takes the lease; of a running operation, after the lease of another ended.
    Claim,
    /// Fineract applied it.
    Applied,
    /// It was refused.
    Refused,
    /// It has to wait.
    PutOff,
    /// Fineract holds it for a checker.
    Held,
    /// It is taken back; nothing was sent.
    TakeBack,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Accepted,
        Self::Running,
        Self::Waiting,
        Self::PendingApproval,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The state after `event`, or nothing if it cannot happen in this one.
    pub const fn after(self, event: Event) -> Option<Self> {
        match (self, event) {
            (Self::Accepted | Self::Waiting | Self::PendingApproval | Self::Running, Event::Claim) => {
                Some(Self::Running)
            }
            (Self::Running, Event::Applied) => Some(Self::Succeeded),
            (Self::Running, Event::Refused) => Some(Self::Failed),
            (Self::Running, Event::PutOff) => Some(Self::Waiting),
            (Self::Running, Event::Held) => Some(Self::PendingApproval),
            (Self::Accepted | Self::Waiting, Event::TakeBack) => Some(Self::Cancelled),
            (
                Self::Accepted | Self::Waiting | Self::PendingApproval,
                Event::Applied | Event::Refused | Event::PutOff | Event::Held,
            )
            | (Self::Running | Self::PendingApproval, Event::TakeBack)
            | (Self::Succeeded | Self::Failed | Self::Cancelled, _) => None,
        }
    }

    /// Whether the operation has not ended.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Accepted | Self::Running | Self::Waiting | Self::PendingApproval => true,
            Self::Succeeded | Self::Failed | Self::Cancelled => false,
        }
    }

    /// The documented `status`: one of three, never a fourth.
    pub const fn status(self) -> &'static str {
        match self {
            Self::Accepted | Self::Running | Self::Waiting | Self::PendingApproval => "processing",
            Self::Succeeded => "success",
            Self::Failed | Self::Cancelled => "failed",
        }
    }

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::PendingApproval => "pending_approval",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The id that a caller tracks an operation by: `OPERATION|<uuid>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingId {
    /// The operation's name.
    pub operation: String,
    /// The operation's UUID.
    pub id: Uuid,
}

impl TrackingId {
    /// The path at which the operation is tracked.
    pub fn location(&self) -> String {
        format!("/fineract/track/{}%7C{}", self.operation, self.id.hyphenated())
    }
}

impl fmt::Display for TrackingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.operation, self.id.hyphenated())
    }
}

/// Not a tracking id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a tracking id")]
pub struct NotATrackingId;

impl FromStr for TrackingId {
    type Err = NotATrackingId;

    /// Reads the raw form and the one with `%7C`, which some gateways hand on undecoded.
    fn from_str(text: &str) -> Result<Self, NotATrackingId> {
        let split = text
            .split_once('|')
            .or_else(|| text.split_once("%7C"))
            .or_else(|| text.split_once("%7c"));
        let (operation, uuid) = split.ok_or(NotATrackingId)?;
        let hyphenated = uuid.len() == 36 && uuid.bytes().all(|byte| !byte.is_ascii_uppercase());
        let id = Uuid::try_parse(uuid)
            .ok()
            .filter(|_| hyphenated)
            .ok_or(NotATrackingId)?;
        Ok(Self {
            operation: operation.to_owned(),
            id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [Event; 6] = [
        Event::Claim,
        Event::Applied,
        Event::Refused,
        Event::PutOff,
        Event::Held,
        Event::TakeBack,
    ];

    #[test]
    fn every_pair_of_state_and_event() {
        let mut table = String::new();
        for state in State::ALL {
            for event in EVENTS {
                if let Some(next) = state.after(event) {
                    table.push_str(&format!("{} {event:?} {}\n", state.as_str(), next.as_str()));
                }
            }
        }
        let expected = "accepted Claim running\naccepted TakeBack cancelled\n\
             running Claim running\nrunning Applied succeeded\nrunning Refused failed\nrunning PutOff waiting\n\
             running Held pending_approval\n\
             waiting Claim running\nwaiting TakeBack cancelled\npending_approval Claim running\n";
        assert_eq!(table, expected);
    }

    #[test]
    fn an_ended_operation_never_changes_and_an_open_one_is_processing() {
        for state in State::ALL {
            assert_eq!(state.is_open(), state.status() == "processing", "{state:?}");
            assert_eq!(
                state.is_open(),
                EVENTS.iter().any(|event| state.after(*event).is_some()),
                "{state:?}"
            );
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }

    #[test]
    fn tracking_ids_are_read_raw_and_encoded() {
        let uuid = "406362bf-f3da-4bc6-a506-d67e0878b7b6";
        for bar in ["|", "%7C", "%7c"] {
            let id: TrackingId = format!("CLIENT_CREATE{bar}{uuid}").parse().unwrap();
            assert_eq!(id.to_string(), format!("CLIENT_CREATE|{uuid}"));
            assert_eq!(id.location(), format!("/fineract/track/CLIENT_CREATE%7C{uuid}"));
        }
        let upper = uuid.to_uppercase();
        let plain = uuid.replace('-', "");
        for garbage in [
            "",
            "x",
            uuid,
            "A|",
            &format!("A|{upper}"),
            &format!("A|{plain}"),
            &format!("A|{{{uuid}}}"),
        ] {
            assert_eq!(garbage.parse::<TrackingId>(), Err(NotATrackingId), "{garbage}");
        }
    }
}
