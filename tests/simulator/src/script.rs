//! Faults and settings as JSON: what the console takes over HTTP, and what the program takes from a file.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    chance::Chance,
    ending::Ending,
    exchange::Response,
    faults::{Action, Fault, Match, Moment, Standing, Times},
    simulator::Simulator,
    users::{Permissions, weakness},
};

/// How long a real server looks for its database before it gives up.
const DATABASE_DOWN_SECONDS: f64 = 20.0;
/// A job that lets nobody update anything.
const JOB: &str = "Update Loan Arrears Ageing";
const CANCELLED: &str = "ERROR: canceling statement due to lock timeout";
const NO_CONNECTION: &str = "fineract_default_pool - Connection is not available, request timed out after 30000ms (total=40, \
    active=40, idle=0, waiting=9)";
const PROXY_STATUS: u16 = 502;
const PROXY_PAGE: &str = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>";
const HTML: &str = "text/html; charset=utf-8";
const MILLION: f64 = 1_000_000.0;

/// Everything that a file or the console may set.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Document {
    faults: Vec<Line>,
    maker_checker: Vec<String>,
    users: Vec<UserLine>,
    products: Vec<Map<String, Value>>,
}

/// A user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserLine {
    name: String,
    password: String,
    #[serde(default)]
    super_user: bool,
}

/// A fault: its kind, the requests that it meets, and what the kind needs.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Line {
    fault: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Value::is_null")]
    times: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl Simulator {
    /// Sets what a JSON document says: an object with `faults`, `maker_checker`, `users` and `products` (each may be left out), a list
    /// of faults, or one fault. Returns the numbers of the faults that were added.
    ///
    /// # Errors
    /// A sentence that says what is wrong; then nothing was set.
    pub fn apply(&self, document: &str) -> Result<Vec<u64>, String> {
        let document = Document::parse(document)?;
        let faults: Vec<Fault> = document.faults.iter().map(Line::fault).collect::<Result<_, _>>()?;
        let weak = document
            .users
            .iter()
            .find_map(|user| weakness(&user.password, self.release()));
        if let Some(weakness) = weak {
            return Err(weakness.to_owned());
        }
        for settings in &document.products {
            self.offer(settings)?;
        }
        for user in &document.users {
            let permissions = if user.super_user {
                Permissions::SuperUser
            } else {
                Permissions::All
            };
            self.set_user(&user.name, &user.password, permissions);
        }
        if !document.maker_checker.is_empty() {
            self.ask_checker_for(document.maker_checker.iter().map(String::as_str));
        }
        Ok(faults.into_iter().map(|fault| self.faults().add(fault).id()).collect())
    }
}

impl Document {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = |error: serde_json::Error| error.to_string();
        let value: Value = serde_json::from_str(text).map_err(wrong)?;
        if value.is_array() {
            let faults = serde_json::from_str(text).map_err(wrong)?;
            return Ok(Self {
                faults,
                ..Self::default()
            });
        }
        if value.get("fault").is_some() {
            let fault = serde_json::from_str(text).map_err(wrong)?;
            return Ok(Self {
                faults: vec![fault],
                ..Self::default()
            });
        }
        serde_json::from_str(text).map_err(wrong)
    }
}

impl Line {
    fn fault(&self) -> Result<Fault, String> {
        Ok(Fault {
            on: Match {
                method: self.method.clone(),
                path: self.path.clone(),
                chance: self.chance()?,
            },
            action: self.action()?,
            times: self.times()?,
        })
    }

    fn action(&self) -> Result<Action, String> {
        let applied = || self.applied.ok_or_else(|| format!("{} needs applied", self.fault));
        Ok(match self.fault.as_str() {
            "latency" => Action::Delay(self.duration(None)?),
            "lost-request" => Action::Cut(Moment::BeforeEffect),
            "lost-answer" => Action::Cut(Moment::AfterEffect),
            "hold" => Action::Hold(self.moment()?),
            "loan-locked" => Action::LoanLocked(self.loan.clone()),
            "job-running" => Action::JobRunning(self.job.clone().unwrap_or_else(|| JOB.to_owned())),
            "database-down" => Action::DatabaseDown(self.duration(Some(DATABASE_DOWN_SECONDS))?),
            "password-expired" => Action::PasswordExpired,
            "proxy-page" => Action::Answer(self.answer(PROXY_STATUS, HTML, PROXY_PAGE)),
            "answer" => Action::Answer(self.answer(200, "application/json", "")),
            "stuck" => Action::End(Ending::Stuck { applied: applied()? }),
            "applied-then-500" => Action::End(Ending::AppliedThen500),
            "connection-killed" => Action::End(Ending::ConnectionKilled),
            "statement-cancelled" => {
                let reason = self.reason.clone().unwrap_or_else(|| CANCELLED.to_owned());
                Action::End(Ending::StatementCancelled(reason))
            }
            "no-connection" => Action::End(Ending::NoConnection(
                self.reason.clone().unwrap_or_else(|| NO_CONNECTION.to_owned()),
            )),
            "conflict" => Action::End(Ending::Conflict),
            "raced-duplicate" => Action::End(Ending::RacedDuplicate),
            "deadlock" => Action::End(Ending::Deadlock),
            other => return Err(format!("there is no fault {other:?}")),
        })
    }

    fn answer(&self, status: u16, content_type: &str, body: &str) -> Response {
        let content_type = self.content_type.as_deref().unwrap_or(content_type);
        Response {
            status: self.status.unwrap_or(status),
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: self.body.as_deref().unwrap_or(body).as_bytes().to_vec(),
        }
    }

    fn duration(&self, default: Option<f64>) -> Result<Duration, String> {
        let seconds = self.seconds.or(default);
        let seconds = seconds.ok_or_else(|| format!("{} needs seconds", self.fault))?;
        Duration::try_from_secs_f64(seconds).map_err(|_| format!("{seconds} seconds are no time"))
    }

    fn moment(&self) -> Result<Moment, String> {
        match self.moment.as_deref() {
            Some("before-effect") | None => Ok(Moment::BeforeEffect),
            Some("after-effect") => Ok(Moment::AfterEffect),
            Some(other) => Err(format!("moment is before-effect or after-effect, not {other:?}")),
        }
    }

    #[allow(
        clippy::float_arithmetic,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a probability is checked to be between 0 and 1"
    )]
    fn chance(&self) -> Result<Option<Chance>, String> {
        let Some(probability) = self.probability else {
            return Ok(None);
        };
        if !(0.0..=1.0).contains(&probability) {
            return Err(format!("probability is between 0 and 1, not {probability}"));
        }
        let per_million = (probability * MILLION).round() as u32;
        Ok(Some(Chance::new(per_million, self.seed.unwrap_or(0))))
    }

    fn times(&self) -> Result<Times, String> {
        match &self.times {
            Value::Null => Ok(Times::Always),
            Value::String(text) if text == "always" => Ok(Times::Always),
            Value::String(text) if text == "once" => Ok(Times::Once),
            Value::Number(count) => {
                let count = count.as_u64().and_then(|count| usize::try_from(count).ok());
                count.filter(|count| *count > 0).map(Times::Next)
            }
            .ok_or_else(|| "times is a whole number from 1 on".to_owned()),
            other @ (Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
                Err(format!("times is \"once\", \"always\" or a number, not {other}"))
            }
        }
    }
}

/// A standing fault as the console lists it.
pub(crate) fn listed(standing: &Standing) -> Value {
    let line = Line::of(&standing.fault);
    let mut listed = serde_json::to_value(line).unwrap_or_default();
    listed["id"] = standing.id.into();
    listed["hits"] = standing.hits.into();
    listed
}

impl Line {
    #[allow(clippy::float_arithmetic, reason = "a probability is shown")]
    fn of(fault: &Fault) -> Self {
        let mut line = Self {
            method: fault.on.method.clone(),
            path: fault.on.path.clone(),
            probability: fault.on.chance.map(|chance| f64::from(chance.per_million()) / MILLION),
            seed: fault.on.chance.map(Chance::seed),
            times: match fault.times {
                Times::Once => "once".into(),
                Times::Always => "always".into(),
                Times::Next(count) => count.into(),
            },
            ..Self::default()
        };
        let kind = match &fault.action {
            Action::Delay(delay) => {
                line.seconds = Some(delay.as_secs_f64());
                "latency"
            }
            Action::Cut(Moment::BeforeEffect) => "lost-request",
            Action::Cut(Moment::AfterEffect) => "lost-answer",
            Action::Hold(moment) => {
                line.moment = Some(
                    match moment {
                        Moment::BeforeEffect => "before-effect",
                        Moment::AfterEffect => "after-effect",
                    }
                    .to_owned(),
                );
                "hold"
            }
            Action::LoanLocked(loan) => {
                line.loan.clone_from(loan);
                "loan-locked"
            }
            Action::JobRunning(job) => {
                line.job = Some(job.clone());
                "job-running"
            }
            Action::DatabaseDown(took) => {
                line.seconds = Some(took.as_secs_f64());
                "database-down"
            }
            Action::PasswordExpired => "password-expired",
            Action::Answer(response) => {
                line.status = Some(response.status);
                line.content_type = response.header("content-type").map(str::to_owned);
                line.body = Some(String::from_utf8_lossy(&response.body).into_owned());
                "answer"
            }
            Action::End(ending) => match ending {
                Ending::Answered => "none",
                Ending::Stuck { applied } => {
                    line.applied = Some(*applied);
                    "stuck"
                }
                Ending::AppliedThen500 => "applied-then-500",
                Ending::ConnectionKilled => "connection-killed",
                Ending::StatementCancelled(reason) => {
                    line.reason = Some(reason.clone());
                    "statement-cancelled"
                }
                Ending::NoConnection(reason) => {
                    line.reason = Some(reason.clone());
                    "no-connection"
                }
                Ending::Conflict => "conflict",
                Ending::RacedDuplicate => "raced-duplicate",
                Ending::Deadlock => "deadlock",
            },
        };
        kind.clone_into(&mut line.fault);
        line
    }
}
