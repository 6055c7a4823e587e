//! The simulator as a handle: a request goes in, the answer comes out, no I/O in between.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use crate::{
    acceptance::{Refused, body_of, busy, key_in_use, refusal},
    bank::{Bank, Now, Numbered},
    clock::{self, Clock},
    commands::{Asked, Command},
    door,
    effects::Effect,
    ending::Ending,
    errors::Failure,
    exchange::{Request, Response},
    faults::Faults,
    journal::{RowStatus, Scope},
    reads,
    release::Release,
    route,
    users::{Permissions, User},
};

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
    pub(crate) row: u64,
    pub(crate) command: Command,
    pub(crate) body: Option<Map<String, Value>>,
    pub(crate) key: Option<String>,
    pub(crate) json: bool,
    pub(crate) user: Box<User>,
    pub(crate) request: Box<Request>,
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

    /// Answers one request at once, whatever faults stand. A request whose key is still under processing gets 425 without
    /// the wait of the real one.
    pub fn answer(&self, request: &Request) -> Response {
        match self.begin(request) {
            Started::Answered(response) | Started::Busy(response) => response,
            Started::Running(running) => self.finish(running),
        }
    }

    /// The first half of an exchange: everything up to the effect.
    pub fn begin(&self, request: &Request) -> Started {
        let mut bank = self.bank();
        let mut now = self.now();
        let target = match route::target(&request.path) {
            Ok(target) => target,
            Err(blocked) => return Started::Answered(door::blocked(blocked, request, now.instant)),
        };
        let tenant = target.parameter("tenantIdentifier");
        let user = match door::enter(&bank.users, request, tenant, now.instant) {
            Ok(user) => user.clone(),
            Err(refusal) => return Started::Answered(refusal),
        };
        now.by = user.id;
        let Some(route) = &target.route else {
            return Started::Answered(door::container(404, request, now.instant));
        };
        let release = bank.release;
        let answer = |result: Result<Option<Value>, Failure>| match result {
            Ok(Some(body)) => Response::json(200, &body),
            Ok(None) => door::container(405, request, now.instant),
            Err(failure) => refusal(&failure, release, request, now),
        };
        if request.method == "GET" {
            if reads::asks_for_nothing(route, &target, bank.release) {
                return Started::Answered(door::container(404, request, now.instant));
            }
            return Started::Answered(answer(reads::read(&bank, route, &target, &user, now.today)));
        }
        if let Some(loan) = bank.held_loan(route).filter(|_| !user.is_super_user()) {
            return Started::Answered(door::locked(loan));
        }
        let says_json = door::says_json(request);
        if matches!(request.method.as_str(), "POST" | "PUT") && says_json == Some(false) {
            return Started::Answered(door::container(415, request, now.instant));
        }
        if let Some(result) = bank.administer(request, route, &target, &user, now) {
            return Started::Answered(answer(result));
        }
        match bank.accept(request, route, &target, &user, now) {
            Ok(started) => started,
            Err(Refused::Container(status)) => Started::Answered(door::container(status, request, now.instant)),
            Err(Refused::Failure(failure)) => Started::Answered(refusal(&failure, bank.release, request, now)),
        }
    }

    /// What has become of a request whose key was under processing. Its resource was found before, so it is not looked for
    /// again; only the key is.
    pub fn look_again(&self, request: &Request) -> Started {
        let Ok(mut target) = route::target(&request.path) else {
            return self.begin(request);
        };
        if let Some(route) = &mut target.route {
            route.forget_names();
        }
        let mut bank = self.bank();
        let asked = target
            .route
            .as_ref()
            .map(|route| bank.command(&request.method, route, &target));
        if let Some(Ok(Asked::Command(command))) = asked
            && let Some(key) = request.header("idempotency-key")
            && let Ok(body) = body_of(command, &request.body)
            && let Ok(Some(started)) = bank.look_up(command, key.trim(), body.as_ref())
        {
            return started;
        }
        drop(bank);
        self.begin(request)
    }

    /// What a request is answered that meets the row of another one with its key at the moment that is written: 1.10.1 says
    /// that the key is in use, develop that it is too early.
    pub fn lose_key_race(&self, request: &Request) -> Option<Response> {
        let mut target = route::target(&request.path).ok()?;
        if let Some(route) = &mut target.route {
            route.forget_names();
        }
        let bank = self.bank();
        let Asked::Command(command) = bank.command(&request.method, target.route.as_ref()?, &target).ok()? else {
            return None;
        };
        let key = request.header("idempotency-key")?.trim().to_owned();
        if bank.release.is_develop() {
            let body = body_of(command, &request.body).ok()?.unwrap_or_default();
            return Some(busy(body));
        }
        let (action, entity) = command.scope();
        let failure = key_in_use(&Scope { action, entity, key });
        Some(refusal(&failure, bank.release, request, self.now()))
    }

    /// The second half of an exchange: the effect, the stored outcome, the answer.
    pub fn finish(&self, running: Running) -> Response {
        let instant = self.now().instant;
        let request = running.request.clone();
        let answered = self.finish_with(running, &Ending::Answered);
        // A command that ends as it should has an answer.
        answered.unwrap_or_else(|| door::container(500, &request, instant))
    }

    /// The second half of an exchange that ends otherwise; `None` if nothing answers.
    pub fn finish_with(&self, running: Running, ending: &Ending) -> Option<Response> {
        let mut bank = self.bank();
        let now = Now {
            by: running.user.id,
            ..self.now()
        };
        if let Some(failure) = ending.failure(running.command) {
            let response = bank.fail(&running, &failure, now);
            if matches!(ending, Ending::NoConnection(_)) {
                bank.journal.remove(running.row);
            }
            return Some(response);
        }
        if *ending == (Ending::Stuck { applied: false }) {
            return None;
        }
        let response = bank.carry_out(&running, now);
        match ending {
            Ending::Stuck { applied: _ } => {
                // The row was never written again.
                if let Some(row) = bank.journal.row_mut(running.row) {
                    row.status = RowStatus::UnderProcessing;
                    row.outcome = None;
                }
                None
            }
            Ending::AppliedThen500 => {
                bank.forget_form(running.row);
                let answered = door::container(500, &running.request, now.instant);
                Some(if response.status == 200 { answered } else { response })
            }
            Ending::Answered
            | Ending::ConnectionKilled
            | Ending::StatementCancelled(_)
            | Ending::NoConnection(_)
            | Ending::Conflict
            | Ending::RacedDuplicate
            | Ending::Deadlock => Some(response),
        }
    }

    /// Everything that was applied so far, in order.
    pub fn effects(&self) -> Vec<Effect> {
        self.bank().effects.clone()
    }

    /// The faults that strike exchanges: those of a server over this simulator, and of [`Simulator::exchange`].
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

    /// Adds a user, or replaces one.
    pub fn set_user(&self, name: &str, password: &str, permissions: Permissions) {
        self.bank().users.set(name, password, permissions);
    }

    /// Offers a further loan product. Its settings are the parameters of `POST loanproducts`; what they leave out is as with
    /// the lenders.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the settings.
    pub fn offer(&self, settings: &Map<String, Value>) -> Result<u64, String> {
        self.bank()
            .offer(settings)
            .map_err(|_| "a setting of the product cannot be read".to_owned())
    }

    pub(crate) fn now(&self) -> Now {
        let instant = (self.inner.clock)();
        Now {
            instant,
            today: clock::business_date(instant),
            by: 0,
        }
    }

    pub(crate) fn bank(&self) -> MutexGuard<'_, Bank> {
        // A command changes a copy and puts it back whole, so a panic leaves nothing half done.
        self.inner.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
