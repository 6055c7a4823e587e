//! Accepting an operation: validate, store the row, send the id, answer.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use crate::callers::Caller;
use crate::chain::Chain;
use crate::clock::{CLOCKS_APART, Clock, Timestamp};
use crate::digest::{self, Entropy};
use crate::failure::Failure;
use crate::fields::Fault;
use crate::idempotency::Key;
use crate::json::{Unreadable, push_pointer, read};
use crate::kind::{Kind, Reading};
use crate::ledger::{Inserted, Ledger, TakenBack};
use crate::operations;
use crate::problem::{self, Problem};
use crate::queue::{self, Queue};
use crate::row::{Acceptance, Row};
use crate::subject::Subject;
use crate::tracking::{State, TrackingId};
use crate::values::{FaultCode, Rules};

/// Largest body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long storing the row may take.
const INSERT_TIME: Duration = Duration::from_millis(1_800);
/// How long sending the message may take.
const SEND_TIME: Duration = Duration::from_secs(5);
/// How long taking a row back may take.
const TAKE_BACK_TIME: Duration = Duration::from_secs(3);
/// What is told about an operation that was taken back, to a caller who was not told that it was.
const TAKEN_BACK: &str = "It could not be stored in time and was taken back before anything was sent.";
/// The replacement character (U+FFFD): what is left of bytes that were not UTF-8 where something on the way made text
/// of them.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();
/// Most bytes of JSON pointers to what was not understood that are told and kept: the row must have room for Fineract's
/// answer.
const IGNORED_BYTES_MAX: usize = 16 * 1024;
/// Bytes of the mark by which an insert is recognised.
const NONCE_BYTES: usize = 16;

/// What accepting needs.
pub struct Acceptor<'a> {
    /// The table of operations.
    pub ledger: &'a dyn Ledger,
    /// The queue.
    pub queue: &'a dyn Queue,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Random numbers.
    pub entropy: &'a dyn Entropy,
    /// What decides about values.
    pub rules: &'a Rules,
    /// How long results are kept.
    pub retention: Duration,
}

/// An accepted operation.
#[derive(Debug)]
pub struct Accepted {
    /// Its tracking id.
    pub tracking_id: TrackingId,
    /// Whether the request had been accepted before.
    pub replayed: bool,
    /// JSON pointers of what was not understood, the first of them if they are many.
    pub ignored: Vec<String>,
}

impl Accepted {
    fn of(row: &Row, replayed: bool) -> Self {
        Self {
            tracking_id: row.tracking_id(),
            replayed,
            ignored: row.ignored.clone(),
        }
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        let mut body = json!({"tracking_id": self.tracking_id.to_string(), "status": State::Accepted.status()});
        if !self.ignored.is_empty() {
            body["ignored"] = self.ignored.iter().map(String::as_str).collect();
        }
        body
    }
}

/// A request that was understood.
struct Understood {
    kind: &'static Kind,
    data: Value,
    subject: Option<Subject>,
    ignored: Vec<String>,
}

impl Acceptor<'_> {
    /// Accepts a request. After an answer without error, row and message are stored.
    pub async fn accept(&self, caller: &Caller, key: Option<&str>, body: &[u8]) -> Result<Accepted, Problem> {
        let key = key.map(Key::read).transpose()?;
        let request = match self.understand(caller, body) {
            Ok(request) => request,
            Err(problem) => return self.understood_before(caller, key.as_ref(), body, problem).await,
        };
        let id = match &key {
            Some(key) => Some(self.keyed_id(caller, key).await?),
            None => None,
        };
        let row = self.row(caller, id, &request);
        match in_time(INSERT_TIME, self.ledger.insert(&row, row.accepted_at)).await {
            Ok(Inserted::New) => match in_time(SEND_TIME, queue::send(self.queue, &row)).await {
                Ok(()) => Ok(Accepted::of(&row, false)),
                Err(cause) => self.unconfirmed(id.is_some(), row, cause).await,
            },
            Ok(Inserted::Exists(earlier)) if id.is_none() => {
                Err(unavailable().because(format!("the new id {} is taken", earlier.id)))
            }
            Ok(Inserted::Exists(earlier)) => self.again(&row.operation, &row.fingerprint, caller, &earlier).await,
            Err(cause) => self.unconfirmed(id.is_some(), row, cause).await,
        }
    }

    /// A repeat of a request that was accepted under other rules: another release, another configuration.
    async fn understood_before(
        &self,
        caller: &Caller,
        key: Option<&Key<'_>>,
        body: &[u8],
        problem: Problem,
    ) -> Result<Accepted, Problem> {
        let Some(key) = key.filter(|_| problem.kind == problem::Kind::InvalidRequest) else {
            return Err(problem);
        };
        let envelope = read(body).unwrap_or_default();
        let (Some(operation), Some(data)) = (envelope.get("status").and_then(Value::as_str), envelope.get("data"))
        else {
            return Err(problem);
        };
        let id = self.keyed_id(caller, key).await?;
        match in_time(INSERT_TIME, self.ledger.get(id)).await {
            Ok(Some(earlier)) if !earlier.expired(self.clock.now()) => {
                self.again(operation, &digest::fingerprint(operation, data), caller, &earlier)
                    .await
            }
            Ok(_) => Err(problem),
            Err(cause) => Err(unavailable_with_key().because(cause)),
        }
    }

    /// The id of the operation that a key stands for. One that an earlier release stored under a key with its quotes keeps
    /// its own.
    async fn keyed_id(&self, caller: &Caller, key: &Key<'_>) -> Result<Uuid, Problem> {
        if let Some(quoted) = key.quoted {
            let id = digest::keyed_uuid(&caller.salt, quoted);
            let earlier = in_time(INSERT_TIME, self.ledger.get(id)).await;
            let earlier = earlier.map_err(|cause| unavailable_with_key().because(cause))?;
            if earlier.is_some_and(|earlier| !earlier.expired(self.clock.now())) {
                return Ok(id);
            }
        }
        Ok(digest::keyed_uuid(&caller.salt, &key.value))
    }

    /// The same key once more: the same answer for the same request, and its message again if it is still open.
    async fn again(
        &self,
        operation: &str,
        fingerprint: &str,
        caller: &Caller,
        earlier: &Row,
    ) -> Result<Accepted, Problem> {
        if earlier.fingerprint != fingerprint || earlier.operation != operation || earlier.caller != caller.id {
            let detail = "This Idempotency-Key was used with another request; use a new key for each request.";
            return Err(Problem::new(problem::Kind::IdempotencyKeyReused, detail));
        }
        if earlier.state.is_open() {
            let age = self.clock.now().since(earlier.accepted_at);
            let sends = if age.saturating_add(CLOCKS_APART) <= queue::REMEMBERED {
                earlier.sends
            } else {
                queue::REPEATED
            };
            let message = self.queue.send(earlier.id, &earlier.subject, sends);
            let sent = in_time(SEND_TIME, message).await;
            sent.map_err(|cause| unavailable_with_key().because(cause))?;
        }
        Ok(Accepted::of(earlier, true))
    }

    /// It is not known whether row and message are stored. With a key the caller's repeat heals it; without, the row is
    /// taken back, and stays if a worker has it already.
    async fn unconfirmed(&self, keyed: bool, row: Row, cause: Cause) -> Result<Accepted, Problem> {
        if keyed {
            return Err(unavailable_with_key().because(cause));
        }
        let tracking_id = row.tracking_id();
        let now = self.clock.now();
        let back = Row {
            state: State::Cancelled,
            next_attempt_at: None,
            processed_at: Some(now),
            expires_at: Some(now.after(self.retention).seconds()),
            failure: Some(Failure::gateway(503, "gateway.taken-back", TAKEN_BACK)),
            ..row
        };
        match in_time(TAKE_BACK_TIME, self.ledger.take_back(&back)).await {
            Ok(TakenBack::Done) => Err(unavailable().because(cause)),
            Ok(TakenBack::OnItsWay) => Ok(Accepted::of(&back, false)),
            Err(second) => {
                let after = problem::POLL_AFTER_SECONDS;
                let detail = format!(
                    "Poll tracking_id after {after} seconds: a 404 then means that nothing was stored, anything else tells the result."
                );
                tracing::error!(error = %Chain(&*second), "a row could not be taken back");
                let unknown = Problem::new(problem::Kind::OutcomeUnknown, detail);
                Err(Problem {
                    tracking_id: Some(tracking_id),
                    ..unknown
                }
                .because(cause))
            }
        }
    }

    fn understand(&self, caller: &Caller, body: &[u8]) -> Result<Understood, Problem> {
        if body.len() > BODY_BYTES_MAX {
            let detail = format!("The body may have at most {BODY_BYTES_MAX} bytes.");
            return Err(Problem::new(problem::Kind::TooLarge, detail));
        }
        if body.windows(REPLACEMENT.len()).any(|window| window == REPLACEMENT) {
            return Err(Unreadable::NotUtf8.into());
        }
        let Value::Object(envelope) = read(body)? else {
            return Err(Problem::faults(vec![fault(
                "",
                FaultCode::WrongType,
                "must be an object with status and data",
            )]));
        };
        let kind = kind_of(&envelope);
        if let Ok(kind) = kind
            && !caller.may(kind.name)
        {
            let detail = format!("{} is not among the operations of this caller.", kind.name);
            return Err(Problem::new(problem::Kind::OperationNotAllowed, detail));
        }
        let data = data_of(&envelope);
        let (kind, data) = match (kind, data) {
            (Ok(kind), Ok(data)) => (kind, data),
            (kind, data) => {
                return Err(Problem::faults(
                    [kind.err(), data.err()].into_iter().flatten().collect(),
                ));
            }
        };
        let Reading { operation, mut ignored } = kind.read(data, self.rules).map_err(Problem::faults)?;
        ignored.extend(
            envelope
                .keys()
                .filter(|name| !matches!(name.as_str(), "status" | "data"))
                .map(|name| {
                    let mut pointer = String::new();
                    push_pointer(&mut pointer, name);
                    pointer
                }),
        );
        let mut bytes = 0;
        ignored.retain(|pointer| {
            bytes += pointer.len();
            bytes <= IGNORED_BYTES_MAX
        });
        Ok(Understood {
            kind,
            data: Value::Object(data.clone()),
            subject: operation.subject(),
            ignored,
        })
    }

    fn row(&self, caller: &Caller, id: Option<Uuid>, request: &Understood) -> Row {
        let now = self.clock.now();
        let mut nonce = [0; NONCE_BYTES];
        self.entropy.fill(&mut nonce);
        let id = id.unwrap_or_else(|| new_id(self.entropy, now));
        Row::from(Acceptance {
            id,
            operation: request.kind.name.to_owned(),
            caller: caller.id.clone(),
            subject: request.subject.clone().unwrap_or_else(|| Subject::itself(id)),
            fingerprint: digest::fingerprint(request.kind.name, &request.data),
            data: request.data.clone(),
            ignored: request.ignored.clone(),
            nonce: digest::hex(&nonce),
            accepted_at: now,
        })
    }
}

/// A new operation's UUID (v7): by time and chance.
pub(crate) fn new_id(entropy: &dyn Entropy, now: Timestamp) -> Uuid {
    let mut chance = [0; 10];
    entropy.fill(&mut chance);
    uuid::Builder::from_unix_timestamp_millis(now.millis(), &chance).into_uuid()
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

async fn in_time<T, E: std::error::Error + Send + Sync + 'static>(
    limit: Duration,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, Cause> {
    match timeout(limit, call).await {
        Ok(result) => result.map_err(Into::into),
        Err(elapsed) => Err(elapsed.into()),
    }
}

fn kind_of(envelope: &Map<String, Value>) -> Result<&'static Kind, Fault> {
    match envelope.get("status") {
        None | Some(Value::Null) => Err(fault("/status", FaultCode::Required, "is required: the operation")),
        Some(Value::String(name)) => Kind::named(name).ok_or_else(|| {
            let known: Vec<_> = operations::ALL.iter().map(|kind| kind.name).collect();
            fault(
                "/status",
                FaultCode::UnknownOperation,
                &format!("must be one of {}", known.join(", ")),
            )
        }),
        Some(_) => Err(fault(
            "/status",
            FaultCode::WrongType,
            "must be a string: the operation",
        )),
    }
}

fn data_of(envelope: &Map<String, Value>) -> Result<&Map<String, Value>, Fault> {
    match envelope.get("data") {
        None | Some(Value::Null) => Err(fault(
            "/data",
            FaultCode::Required,
            "is required: the operation's fields",
        )),
        Some(Value::Object(data)) => Ok(data),
        Some(_) => Err(fault(
            "/data",
            FaultCode::WrongType,
            "must be an object: the operation's fields",
        )),
    }
}

fn fault(pointer: &str, code: FaultCode, detail: &str) -> Fault {
    Fault {
        pointer: pointer.to_owned(),
        code,
        detail: detail.to_owned(),
    }
}

fn unavailable() -> Problem {
    Problem::new(
        problem::Kind::Unavailable,
        "Nothing was done and nothing will be. Send the request again later.",
    )
}

fn unavailable_with_key() -> Problem {
    let detail = "It is not known whether the request was stored. Send it again with the same Idempotency-Key.";
    Problem::new(problem::Kind::Unavailable, detail)
}

#[cfg(test)]
mod tests;
