//! From a request to a row in the command table, and from the row to its outcome.

use serde_json::{Map, Value};

use crate::{
    bank::{Applied, Bank, Now, Numbered},
    commands::{Asked, Command},
    door,
    errors::{Failure, Fault},
    exchange::{Request, Response},
    fields::Fields,
    journal::{KEY_LIMIT, Row, RowStatus, Scope},
    release::Release,
    route::{Route, Target},
    simulator::{Running, Started},
    users::User,
};

const FROM_CACHE: &str = "x-served-from-cache";
const TOO_EARLY: u16 = 425;

/// Why a command was not accepted.
pub(crate) enum Refused {
    /// The container answers with this status.
    Container(u16),
    /// Fineract does.
    Failure(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Bank {
    /// The loan of this address, if the close of business holds it.
    pub(crate) fn held_loan(&self, route: &Route) -> Option<u64> {
        let loan = self.loan_number(route.loan()?).ok()?;
        self.settings.locked_loans.contains(&loan).then_some(loan)
    }

    /// Everything up to the row in the command table.
    pub(crate) fn accept(
        &mut self,
        request: &Request,
        route: &Route,
        target: &Target,
        user: &User,
        now: Now,
    ) -> Result<Started, Refused> {
        let command = match self.command(&request.method, route, target)? {
            Asked::Command(command) => command,
            Asked::WrongMethod => return Err(Refused::Container(405)),
        };
        let body = body_of(command, &request.body)?;
        user.require_command(&command.code())?;
        self.require_no_job()?;
        let key = request.header("idempotency-key").map(|key| key.trim().to_owned());
        if let Some(key) = &key
            && let Some(started) = self.look_up(command, key, body.as_ref())?
        {
            return Ok(started);
        }
        let json = door::says_json(request) == Some(true);
        let row = self.next(Numbered::Command);
        let resource = command.resource();
        self.journal.insert(Row {
            id: row,
            command,
            key: key.clone(),
            status: RowStatus::UnderProcessing,
            maker: user.name.clone(),
            made_at: now.instant,
            checker: None,
            sent: String::from_utf8_lossy(&request.body).into_owned(),
            body: body.clone(),
            resource,
            sub_resource: None,
            client: command.client(),
            loan: command.loan(),
            office: false,
            outcome: None,
        });
        Ok(Started::Running(Running {
            row,
            command,
            body,
            key,
            json,
            user: Box::new(user.clone()),
            request: Box::new(request.clone()),
        }))
    }

    /// What the key tells; `None` if it is new.
    pub(crate) fn look_up(
        &mut self,
        command: Command,
        key: &str,
        body: Option<&Map<String, Value>>,
    ) -> Result<Option<Started>, Failure> {
        let (action, entity) = command.scope();
        let scope = Scope {
            action,
            entity,
            key: key.to_owned(),
        };
        let release = self.release;
        let Some(row) = self.journal.find(&scope) else {
            if key.chars().count() > KEY_LIMIT {
                self.next(Numbered::Command);
                return Err(key_too_long());
            }
            return Ok(None);
        };
        if let Some((status, body)) = &row.outcome {
            let answer = Response::json(*status, body).with_header(FROM_CACHE, "true");
            return Ok(Some(Started::Answered(answer)));
        }
        // 1.10.1 finds neither a waiting nor a rejected command, and fails to write it a second time.
        let unseen = matches!(row.status, RowStatus::Awaiting | RowStatus::Rejected) && !release.is_develop();
        if unseen {
            self.next(Numbered::Command);
            return Err(key_in_use(&scope));
        }
        Ok(Some(Started::Busy(busy(body.cloned().unwrap_or_default()))))
    }

    /// The effect, or a command that waits for a checker, or a refusal; stored, and as the answer.
    pub(crate) fn carry_out(&mut self, running: &Running, now: Now) -> Response {
        let nothing = Map::new();
        let fields = Fields(running.body.as_ref().unwrap_or(&nothing));
        let waits = self.waits_for_checker(running.command, &fields, &running.user);
        let before = waits.then(|| self.holdings());
        let applied = match self.execute(running.command, running.body.as_ref(), running.key.as_deref(), now) {
            Ok(applied) => applied,
            Err(failure) => return self.fail(running, &failure, now),
        };
        if let Some(before) = before {
            // It proved good, so everything is as it was until a checker decides.
            self.restore(before);
            return self.put_off(running);
        }
        let body = applied.body();
        let stored = if running.json {
            body.clone()
        } else {
            // Without a JSON content type the row keeps the form with every field.
            applied.body_with_nulls(self.release)
        };
        if let Some(row) = self.journal.row_mut(running.row) {
            row.status = RowStatus::Processed;
            row.note(&applied);
            row.outcome = Some((200, stored));
        }
        Response::json(200, &body)
    }

    /// Whoever wrote the row at the end did not come to it, so it keeps the form with every field.
    pub(crate) fn forget_form(&mut self, row: u64) {
        let release = self.release;
        if let Some(Row {
            outcome: Some((200, body)),
            ..
        }) = self.journal.row_mut(row)
        {
            *body = Applied::with_nulls(body, release);
        }
    }

    fn put_off(&mut self, running: &Running) -> Response {
        if let Some(row) = self.journal.row_mut(running.row) {
            row.status = RowStatus::Awaiting;
        }
        let resource = running.command.resource();
        Response::json(200, &Applied::waiting_body(running.row, resource, self.release))
    }

    pub(crate) fn fail(&mut self, running: &Running, failure: &Failure, now: Now) -> Response {
        let stored = (failure.status(), failure.body(self.release));
        if let Some(row) = self.journal.row_mut(running.row) {
            row.status = RowStatus::Error;
            row.outcome = Some(stored);
        }
        refusal(failure, self.release, &running.request, now)
    }
}

/// The body of a command: a JSON object, or nothing.
pub(crate) fn body_of(command: Command, bytes: &[u8]) -> Result<Option<Map<String, Value>>, Failure> {
    if command.deletes() {
        return Ok(None);
    }
    object_of(bytes)
}

/// The bytes as a JSON object; `None` if there are none.
pub(crate) fn object_of(bytes: &[u8]) -> Result<Option<Map<String, Value>>, Failure> {
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
pub(crate) fn refusal(failure: &Failure, release: Release, request: &Request, now: Now) -> Response {
    match failure {
        Failure::Crash(_) => door::container(500, request, now.instant),
        Failure::Validation(_)
        | Failure::Domain(_)
        | Failure::Integrity(_)
        | Failure::NotAuthorized(_)
        | Failure::Conflict(_)
        | Failure::Unavailable(_)
        | Failure::NotFound(_)
        | Failure::Malformed(_) => Response::json(failure.status(), &failure.body(release)),
    }
}

fn key_too_long() -> Failure {
    let text = format!("ERROR: value too long for type character varying({KEY_LIMIT})");
    Failure::Integrity(Fault::of_database("error.msg.data.integrity.issue", text))
}

pub(crate) fn key_in_use(scope: &Scope) -> Failure {
    let Scope { action, entity, key } = scope;
    let text = format!(
        "ERROR: duplicate key value violates unique constraint \"unique_portfolio_command_source\"\n  Detail: Key \
         (action_name, entity_name, idempotency_key)=({action}, {entity}, {key}) already exists."
    );
    Failure::Integrity(Fault::of_database("error.msg.data.integrity.issue", text))
}

/// The answer to a key whose command still runs: the request itself.
pub(crate) fn busy(body: Map<String, Value>) -> Response {
    Response::json(TOO_EARLY, &Value::Object(body)).with_header(FROM_CACHE, "true")
}
