//! What an operator sets: maker-checker, and what keeps commands from running for a while.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use time::{Date, Weekday};

use crate::{
    acceptance::object_of,
    bank::{Bank, Now},
    checker::Decision,
    commands::{Command, asks, unknown_command},
    dates,
    errors::{Failure, Fault},
    exchange::Request,
    fields::Fields,
    route::{Route, Target},
    set_up::Role,
    users::User,
};

/// The number of the configuration `maker-checker`.
const MAKER_CHECKER: u64 = 1;

/// The settings of the bank.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) maker_checker: MakerChecker,
    /// Roles that were made.
    pub(crate) roles: Vec<Role>,
    /// Loans that the close of business holds.
    pub(crate) locked_loans: BTreeSet<u64>,
    /// Whether nobody works on Sundays.
    pub(crate) sundays_off: bool,
    /// The job that runs and lets nobody update anything.
    pub(crate) running_job: Option<String>,
}

/// Which commands wait for a checker.
#[derive(Clone, Debug, Default)]
pub(crate) struct MakerChecker {
    /// The global switch.
    pub(crate) enabled: bool,
    /// `ACTION_ENTITY` of each.
    pub(crate) actions: BTreeSet<String>,
    /// Also those of super users, who never wait on a real server.
    pub(crate) for_super_users: bool,
}

/// 403 for a day on which nobody works.
pub(crate) fn non_working_day(date: Date) -> Failure {
    let text = "Expected disbursement date cannot be on a non working day";
    let code = "error.msg.loan.application.disbursement.date.on.non.working.day";
    Failure::Domain(Fault::general(code, text).with([json!(dates::iso(date))]))
}

/// 503 while this job runs.
pub(crate) fn job_running(job: &str) -> Failure {
    let text =
        format!("Execution is in-process for jobs {job}...., so update operations are not allowed at this moment");
    let fault = Fault::general("error.msg.sheduler.job.currently.running", text);
    Failure::Unavailable(fault.with([json!(job)]))
}

impl Bank {
    /// Whether this command of this user waits for a checker once it has proved good. A client that is created active is
    /// activated, too.
    pub(crate) fn waits_for_checker(&self, command: Command, body: &Fields<'_>, user: &User) -> bool {
        let setting = &self.settings.maker_checker;
        if !setting.enabled || (user.is_super_user() && !setting.for_super_users) {
            return false;
        }
        let activates = command == Command::CreateClient && body.flag("active") == Some(true);
        setting.actions.contains(&command.code()) || (activates && setting.actions.contains("ACTIVATE_CLIENT"))
    }

    /// 403 if a loan is to be paid out on a day on which nobody works.
    pub(crate) fn require_working_day(&self, expected: Date) -> Result<(), Failure> {
        if !self.settings.sundays_off || expected.weekday() != Weekday::Sunday {
            return Ok(());
        }
        Err(non_working_day(expected))
    }

    /// 503 while a job runs that lets nobody update anything.
    pub(crate) fn require_no_job(&self) -> Result<(), Failure> {
        let job = self.settings.running_job.as_deref();
        job.map_or(Ok(()), |job| Err(job_running(job)))
    }

    /// `PUT permissions`: which commands wait for a checker.
    pub(crate) fn set_permissions(&mut self, body: &Map<String, Value>) -> Value {
        let mut changes = Map::new();
        let asked = body.get("permissions").and_then(Value::as_object);
        for (code, wanted) in asked.into_iter().flatten() {
            let actions = &mut self.settings.maker_checker.actions;
            let wanted = wanted == &Value::Bool(true);
            let changed = if wanted {
                actions.insert(code.clone())
            } else {
                actions.remove(code)
            };
            if changed {
                changes.insert(code.clone(), json!(wanted));
            }
        }
        json!({"changes": {"permissions": changes}})
    }

    /// `PUT configurations/…`: the global switch of maker-checker; `None` for any other.
    pub(crate) fn set_configuration(&mut self, id: u64, body: &Map<String, Value>) -> Option<Value> {
        if id != MAKER_CHECKER {
            return None;
        }
        let mut changes = Map::new();
        if let Some(enabled) = body.get("enabled").and_then(Value::as_bool)
            && self.settings.maker_checker.enabled != enabled
        {
            self.settings.maker_checker.enabled = enabled;
            changes.insert("enabled".into(), json!(enabled));
        }
        Some(json!({"resourceId": id, "changes": changes}))
    }

    /// Answers what an operator or a checker sends; `None` if it is a command.
    pub(crate) fn administer(
        &mut self,
        request: &Request,
        route: &Route,
        target: &Target,
        user: &User,
        now: Now,
    ) -> Option<Result<Option<Value>, Failure>> {
        let body = || object_of(&request.body).map(Option::unwrap_or_default);
        let result = match (request.method.as_str(), route) {
            ("POST", Route::Waiting(id)) => match target.parameter("command") {
                Some("approve") => self.decide(*id, Decision::Approve, user, now).map(Some),
                Some("reject") => self.decide(*id, Decision::Reject, user, now).map(Some),
                Some(_) | None => Err(unknown_command(target.parameter("command"), &[])),
            },
            ("DELETE", Route::Waiting(id)) => self.decide(*id, Decision::Delete, user, now).map(Some),
            ("PUT", Route::Permissions) => user
                .require_command("UPDATE_PERMISSION")
                .and_then(|()| body())
                .map(|body| Some(self.set_permissions(&body))),
            ("PUT", Route::Configuration(id)) => user
                .require_command("UPDATE_CONFIGURATION")
                .and_then(|()| body())
                .map(|body| self.set_configuration(*id, &body)),
            ("PUT", Route::Currencies) => user
                .require_command("UPDATE_CURRENCY")
                .and_then(|()| body())
                .map(|body| Some(json!({"changes": body}))),
            ("POST", Route::Roles) => body().and_then(|body| self.create_role(user, &body)).map(Some),
            ("PUT", Route::RolePermissions(id)) => body().and_then(|body| self.permit_role(user, *id, &body)).map(Some),
            ("POST", Route::Users) => body().and_then(|body| self.create_user(user, &body)).map(Some),
            // No command: nothing is kept, no key is looked at, and every user may ask.
            ("POST", Route::Loans) if asks(target, "calculateloanschedule") => {
                body().and_then(|body| self.preview_loan(Fields(&body), now)).map(Some)
            }
            _ => return None,
        };
        Some(result)
    }
}
