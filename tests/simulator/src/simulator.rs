//! The simulator as a handle: a request goes in, the answer comes out, no I/O in between.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::{
    bank::{Bank, Now, Numbered},
    clock::{self, Clock},
    commands::{Asked, Command},
    door,
    effects::Effect,
    errors::{Failure, Fault},
    exchange::{Request, Response},
    faults::Faults,
    idempotency::{KEY_LIMIT, Outcome, Scope},
    reads,
    release::Release,
    route,
};

const FROM_CACHE: &str = "x-served-from-cache";
const TOO_EARLY: u16 = 425;

/// A simulated Fineract. Clones are handles to the same bank.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

struct Inner {
    bank: Mutex<Bank>,
    clock: Clock,
    faults: Faults,
}

/// How far a request has come after [`Simulator::begin`].
pub enum Started {
    /// It is answered: a read, a refusal, or a replay from the cache.
    Answered(Response),
    /// The command with this key still runs. Fineract looks again after 1 and 3 seconds before it says so.
    Busy(Response),
    /// A command that is accepted and has done nothing yet.
    Running(Running),
}

/// A command between its row in the command table and its effect. Dropped, it is what a killed server leaves behind:
/// nothing applied, and its key answers 425 for ever.
pub struct Running {
    command: Command,
    body: Option<Map<String, Value>>,
    scope: Option<Scope>,
    json: bool,
    request: Request,
}

impl Simulator {
    /// A bank of this release, by the machine's clock.
    pub fn new(release: Release) -> Self {
        Self::with_clock(release, clock::system_clock())
    }

    /// A bank of this release, by the given clock.
    pub fn with_clock(release: Release, clock: Clock) -> Self {
        Self {
            inner: Arc::new(Inner {
                bank: Mutex::new(Bank::new(release)),
                clock,
                faults: Faults::default(),
            }),
        }
    }

    /// Answers one request at once. A request whose key is still under processing gets 425 without the wait of the
    /// real one.
    pub fn answer(&self, request: &Request) -> Response {
        match self.begin(request) {
            Started::Answered(response) | Started::Busy(response) => response,
            Started::Running(running) => self.finish(running),
        }
    }

    /// The first half of an exchange: everything up to the effect.
    pub fn begin(&self, request: &Request) -> Started {
        let mut bank = self.bank();
        let now = self.now();
        let target = match route::target(&request.path) {
            Ok(target) => target,
            Err(blocked) => return Started::Answered(door::blocked(blocked, request, now.instant)),
        };
        if let Some(refusal) = door::refuse_stranger(request, target.parameter("tenantIdentifier"), now.instant) {
            return Started::Answered(refusal);
        }
        let container = |status| Started::Answered(door::container(status, request, now.instant));
        let Some(route) = &target.route else {
            return container(404);
        };
        if request.method == "GET" {
            return Started::Answered(match reads::read(&bank, route, &target) {
                Ok(Some(body)) => Response::json(200, &body),
                Ok(None) => door::container(405, request, now.instant),
                Err(failure) => refusal(&failure, bank.release, request, now),
            });
        }
        let says_json = door::says_json(request);
        if matches!(request.method.as_str(), "POST" | "PUT") && says_json == Some(false) {
            return container(415);
        }
        let command = match bank.command(&request.method, route, &target) {
            Ok(Asked::Command(command)) => command,
            Ok(Asked::WrongMethod) => return container(405),
            Err(failure) => return Started::Answered(refusal(&failure, bank.release, request, now)),
        };
        let body = match body_of(command, &request.body) {
            Ok(body) => body,
            Err(failure) => return Started::Answered(refusal(&failure, bank.release, request, now)),
        };
        let scope = request.header("idempotency-key").map(|key| {
            let (action, entity) = command.scope();
            Scope {
                action,
                entity,
                key: key.trim().to_owned(),
            }
        });
        if let Some(scope) = &scope {
            match bank.outcomes.find(scope) {
                Some(Outcome::Done { status, body }) => {
                    return Started::Answered(Response::json(*status, body).with_header(FROM_CACHE, "true"));
                }
                Some(Outcome::UnderProcessing) => {
                    let body = Value::Object(body.unwrap_or_default());
                    return Started::Busy(Response::json(TOO_EARLY, &body).with_header(FROM_CACHE, "true"));
                }
                None if scope.key.chars().count() > KEY_LIMIT => {
                    return Started::Answered(refusal(&key_too_long(), bank.release, request, now));
                }
                None => bank.outcomes.begin(scope.clone()),
            }
        }
        let json = says_json == Some(true);
        Started::Running(Running {
            command,
            body,
            scope,
            json,
            request: request.clone(),
        })
    }

    /// The second half of an exchange: the effect, the stored outcome, the answer.
    pub fn finish(&self, running: Running) -> Response {
        let Running {
            command,
            body,
            scope,
            json,
            request,
        } = running;
        let mut bank = self.bank();
        let now = self.now();
        let release = bank.release;
        let key = scope.as_ref().map(|scope| scope.key.clone());
        let (response, stored) = match bank.execute(command, body.as_ref(), key.as_deref(), now) {
            Ok(applied) => {
                let body = applied.body();
                // Without a JSON content type the row keeps the form with every field.
                let stored = if json {
                    body.clone()
                } else {
                    applied.body_with_nulls(release)
                };
                (Response::json(200, &body), stored)
            }
            Err(failure) => (refusal(&failure, release, &request, now), failure.body(release)),
        };
        if let Some(scope) = scope {
            bank.outcomes.end(scope, response.status, stored);
        }
        response
    }

    /// Everything that was applied so far, in order.
    pub fn effects(&self) -> Vec<Effect> {
        self.bank().effects.clone()
    }

    /// The faults that a server over this simulator injects.
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// The release that is simulated.
    pub fn release(&self) -> Release {
        self.bank().release
    }

    /// Lets the numbers of one kind go on at `next`, as on a server with a longer history.
    pub fn number_from(&self, kind: Numbered, next: u64) {
        self.bank().number_from(kind, next);
    }

    fn now(&self) -> Now {
        let instant = (self.inner.clock)();
        Now {
            instant,
            today: clock::business_date(instant),
        }
    }

    fn bank(&self) -> MutexGuard<'_, Bank> {
        // A command changes a copy and puts it back whole, so a panic leaves nothing half done.
        self.inner.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The body of a command: a JSON object, or nothing.
fn body_of(command: Command, bytes: &[u8]) -> Result<Option<Map<String, Value>>, Failure> {
    if command.deletes() {
        return Ok(None);
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(bytes);
    match serde_json::from_str(&text) {
        Ok(Value::Object(body)) => Ok(Some(body)),
        Ok(Value::Null | Value::Array(_)) => Err(Failure::Crash("Not a JSON Object".to_owned())),
        Ok(Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            Err(Failure::Malformed("The provided JSON is invalid.".to_owned()))
        }
        Err(error) => {
            let message = format!("The JSON syntax provided in the body of the request is invalid: {error}");
            Err(Failure::Malformed(message))
        }
    }
}

/// The answer to a refusal; a crash shows the container's body, not its own.
fn refusal(failure: &Failure, release: Release, request: &Request, now: Now) -> Response {
    match failure {
        Failure::Crash(_) => door::container(500, request, now.instant),
        Failure::Validation(_)
        | Failure::Domain(_)
        | Failure::Integrity(_)
        | Failure::NotFound(_)
        | Failure::Malformed(_) => Response::json(failure.status(), &failure.body(release)),
    }
}

fn key_too_long() -> Failure {
    let text = format!("ERROR: value too long for type character varying({KEY_LIMIT})");
    Failure::Integrity(Fault::of_database("error.msg.data.integrity.issue", text))
}
