//! What Fineract answers while it is not itself: its database is down, a job runs, a loan is held, a password expired.

use serde_json::Value;

use crate::{
    checker::Decision,
    door,
    exchange::{Request, Response},
    journal::RowStatus,
    route::{self, Named},
    settings::job_running,
    simulator::Simulator,
};

impl Simulator {
    /// The answer without a database.
    pub(crate) fn without_database(&self, request: &Request) -> Response {
        door::container(500, request, self.now().instant)
    }

    /// The answer to a wrong password.
    pub(crate) fn as_stranger(&self, request: &Request) -> Response {
        door::stranger(401, request, self.now().instant)
    }

    /// Whether user, password and tenant are right.
    fn lets_in(&self, request: &Request) -> bool {
        let Ok(target) = route::target(&request.path) else {
            return false;
        };
        let tenant = target.parameter("tenantIdentifier");
        door::enter(&self.bank().users, request, tenant, self.now().instant).is_ok()
    }

    /// 409 if this is a command on the loan of this external id or number, or on any loan there is.
    pub(crate) fn on_locked_loan(&self, request: &Request, held: Option<&str>) -> Option<Response> {
        if request.method == "GET" {
            return None;
        }
        let target = route::target(&request.path).ok()?;
        if !self.lets_in(request) {
            return None;
        }
        let route = target.route?;
        let named = route.loan()?;
        let bank = self.bank();
        let loan = bank.loan(bank.loan_number(named).ok()?).ok()?;
        let asked = match held {
            None => true,
            Some(held) => loan.external_id.as_deref() == Some(held) || held.parse() == Ok(loan.id),
        };
        asked.then(|| door::locked(loan.id))
    }

    /// 503 if this is a command that is let in.
    pub(crate) fn during_job(&self, request: &Request, job: &str) -> Option<Response> {
        let writes = matches!(request.method.as_str(), "POST" | "PUT" | "DELETE");
        let target = route::target(&request.path).ok()?;
        let let_in = self.lets_in(request);
        let bank = self.bank();
        let route = target.route.as_ref()?;
        // Whoever names an external id that does not exist is told so first.
        bank.command(&request.method, route, &target).ok()?;
        let failure = job_running(job);
        let response = Response::json(failure.status(), &failure.body(bank.release));
        (writes && let_in).then_some(response)
    }

    /// Lets a job run that keeps everybody from updating anything, or none.
    pub fn run_job(&self, job: Option<&str>) {
        self.bank().settings.running_job = job.map(str::to_owned);
    }

    /// Makes Sundays days on which nobody works, or not.
    pub fn rest_on_sundays(&self, rest: bool) {
        self.bank().settings.sundays_off = rest;
    }

    /// Purges every command that was applied, as the job does that is off by default: their keys are new again.
    pub fn purge_commands(&self) {
        self.bank().journal.purge();
    }

    /// Puts commands under maker-checker, by `ACTION_ENTITY`; none switches it off. On a real server, and through
    /// `PUT permissions` and `PUT configurations/1`, super users never wait for a checker; here they do, too.
    pub fn ask_checker_for<'a>(&self, actions: impl IntoIterator<Item = &'a str>) {
        let mut bank = self.bank();
        let setting = &mut bank.settings.maker_checker;
        setting.actions = actions.into_iter().map(str::to_owned).collect();
        setting.enabled = !setting.actions.is_empty();
        setting.for_super_users = setting.enabled;
    }

    /// The numbers of the commands that wait for a checker.
    pub fn awaiting(&self) -> Vec<u64> {
        let bank = self.bank();
        let rows = bank.journal.rows();
        rows.filter(|row| row.status == RowStatus::Awaiting)
            .map(|row| row.id)
            .collect()
    }

    /// The key under which a command was sent.
    pub fn key_of(&self, command: u64) -> Option<String> {
        self.bank().journal.row(command)?.key.clone()
    }

    /// Decides as the super user; the answer is what `makercheckers` would answer.
    ///
    /// # Errors
    /// Fineract's refusal: the command does not wait, or can no longer be carried out.
    pub fn decide(&self, command: u64, decision: Decision) -> Result<Value, Value> {
        let now = self.now();
        let mut bank = self.bank();
        let release = bank.release;
        let Some(user) = bank.users.super_user().cloned() else {
            return Err(Value::Null);
        };
        bank.decide(command, decision, &user, now)
            .map_err(|failure| failure.body(release))
    }

    /// Lets the close of business hold a loan, or not. Super users do not notice.
    pub fn hold_loan(&self, loan: u64, held: bool) {
        let mut bank = self.bank();
        if held {
            bank.settings.locked_loans.insert(loan);
        } else {
            bank.settings.locked_loans.remove(&loan);
        }
    }

    /// Lets the close of business hold every loan there is, or none.
    pub fn hold_every_loan(&self, held: bool) {
        let mut bank = self.bank();
        let loans = bank.loans.keys().copied().filter(|_| held).collect();
        bank.settings.locked_loans = loans;
    }

    /// The number of the loan with this external id.
    pub fn loan_number(&self, external_id: &str) -> Option<u64> {
        let named = Named::ExternalId(external_id.to_owned());
        self.bank().loan_number(&named).ok()
    }
}
