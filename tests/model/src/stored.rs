//! The model's rows and answers as the gateway has them.

use std::time::Duration;

use gateway::clock::Timestamp;
use gateway::fineract::{self, Exchange, Loss};
use gateway::row::{Acceptance, DENIED, Row, Try};
use gateway::subject::Subject;
use gateway::terms::STUCK_KEY_AFTER;
use gateway::tracking::State;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::case::{Answer, Before, Clocks, InLine, Settled, Stuck};

/// The time at which everything is decided.
pub const NOW: Timestamp = Timestamp::from_micros(1_781_517_600_000_000);
/// The external id of the client that everything is about.
pub const CLIENT: &str = "INC-1";

/// What lies between two times of acceptance that the gateway's rule trusts.
const APART: Duration = Duration::from_secs(120);
/// What lies between two that it does not.
const CLOSE: Duration = Duration::from_secs(1);

/// The time `span` ago.
pub fn ago(span: Duration) -> Timestamp {
    Timestamp::from_micros(NOW.micros() - i64::try_from(span.as_micros()).unwrap_or(i64::MAX))
}

/// A row that was just stored.
pub fn new_row(clocks: Clocks, operation: u8, InLine { sequence, accepted }: InLine) -> Row {
    let later = match (clocks, operation) {
        (Clocks::Apart, _) => APART * u32::from(accepted),
        (Clocks::Close, 1) | (Clocks::Skewed, 0) => CLOSE,
        (Clocks::Close | Clocks::Skewed, _) => Duration::ZERO,
    };
    Row {
        queue_seq: sequence.map(sequence_number),
        ..Row::from(Acceptance {
            id: Uuid::from_u128(u128::from(operation) + 1),
            operation: "CLIENT_CREATE".to_owned(),
            caller: "los".to_owned(),
            subject: Subject::stored(format!("client:{CLIENT}")),
            data: json!({
                "firstname": format!("J{operation}"),
                "lastname": "B",
                "externalId": CLIENT,
                "activationDate": "01 January 2026",
            }),
            ignored: Vec::new(),
            fingerprint: "0123456789abcdef".to_owned(),
            nonce: "n".to_owned(),
            accepted_at: ago(APART * 10).after(later),
        })
    }
}

/// The queue's sequence number of this rank.
pub fn sequence_number(rank: u8) -> String {
    format!("{rank:020}")
}

/// A row before the claim that led to this answer.
pub fn row_before(before: Before, answer: Answer, new: Row) -> Row {
    let since = ago(if answer.is_too_long() {
        STUCK_KEY_AFTER
    } else {
        STUCK_KEY_AFTER / 2
    });
    let denial = Try {
        at: since,
        verdict: DENIED.to_owned(),
        status: None,
        code: None,
        authority: None,
        key_epoch: 0,
    };
    Row {
        state: if before.cut_off { State::Running } else { new.state },
        maybe_sent: before.maybe_sent,
        key_epoch: u32::from(before.epoch),
        keys_spent: u32::from(before.spent),
        stuck_since: (before.stuck != Stuck::No).then_some(since),
        history: (before.stuck == Stuck::Denied).then_some(denial).into_iter().collect(),
        ..new
    }
}

/// What a run made of a row.
pub fn settled(row: &Row) -> Settled {
    let settled = Settled {
        state: row.state,
        maybe_sent: row.maybe_sent,
        epoch: u8::try_from(row.key_epoch).unwrap_or(u8::MAX),
        spent: u8::try_from(row.keys_spent).unwrap_or(u8::MAX),
        stuck: match row.stuck_since {
            None => Stuck::No,
            Some(_) if row.was_denied() => Stuck::Denied,
            Some(_) => Stuck::Busy,
        },
        anew: row.was_denied() && row.stuck_since == Some(NOW),
    };
    settled.canonical()
}

/// The answer as Fineract gives it to the creation of a client.
pub fn exchange(answer: Answer) -> Exchange {
    let says = |status: u16, from_cache: bool, body: Value| {
        Exchange::Answer(fineract::Answer {
            status,
            from_cache,
            body: body.to_string().into_bytes(),
        })
    };
    match answer {
        Answer::NotSent | Answer::NothingFound { .. } => Exchange::NotSent,
        Answer::Lost => Exchange::Lost(Loss::TimedOut),
        Answer::Applied { cached } => says(200, cached, json!({"resourceId": 42, "resourceExternalId": CLIENT})),
        Answer::Unnamed { cached } => says(200, cached, json!({"officeId": 1})),
        Answer::Refused { cached } => says(403, cached, error("error.msg.client.duplicate.mobileNo")),
        Answer::Failed { cached } => says(500, cached, json!({"Exception": "x"})),
        Answer::Busy | Answer::BusyTooLong => says(425, true, json!({})),
        Answer::Untouched => says(503, false, error("error.msg.sheduler.job.currently.running")),
        Answer::NotFound { .. } => says(404, false, not_found()),
    }
}

/// Fineract's word that there is no such client.
pub fn not_found() -> Value {
    error("error.msg.client.id.invalid")
}

fn error(code: &str) -> Value {
    json!({"userMessageGlobalisationCode": code})
}
