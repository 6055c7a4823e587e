//! Clients.

mod create;
mod lifecycle;
mod update;
mod view;

use serde_json::{Value, json};
use time::{Date, Month};

use self::view::legal_form as legal_form_view;
pub(crate) use self::{create::office_not_found, view::view};
use crate::{
    bank::{Applied, Bank, Now},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
    release::Release,
    validation::Checks,
};

const EXTERNAL_ID_LIMIT: usize = 100;
const NAME_LIMIT: usize = 50;
const FULL_NAME_LIMIT: usize = 160;
const MOBILE_LIMIT: usize = 50;
/// The legal form that is no person.
const ENTITY: i64 = 2;
const EMAIL_LIMIT: usize = 150;
/// develop wants a mobile number to be 7 to 15 digits after an optional plus.
const MOBILE_PATTERN: &str = r"^\+?[0-9]{7,15}$";

/// Where a client stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientStatus {
    Pending,
    Active,
    Closed,
}

/// A client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: u64,
    pub(crate) account_no: String,
    pub(crate) external_id: Option<String>,
    pub(crate) status: ClientStatus,
    pub(crate) first_name: Option<String>,
    pub(crate) middle_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) full_name: Option<String>,
    pub(crate) mobile_no: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) legal_form: i64,
    pub(crate) submitted_on: Date,
    pub(crate) activated_on: Option<Date>,
    pub(crate) submitted_by: u64,
    /// Who activated it.
    pub(crate) activated_by: u64,
    /// When it was closed, and by whom.
    pub(crate) closed: Option<(Date, u64)>,
}

impl Client {
    /// The full name if there is one, whatever the other names are; an entity has no other.
    pub(crate) fn display_name(&self) -> Option<String> {
        match &self.full_name {
            Some(name) => Some(name.clone()),
            None if self.legal_form == ENTITY => None,
            None => {
                let names = [&self.first_name, &self.middle_name, &self.last_name];
                let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
                Some(names.join(" "))
            }
        }
    }

    /// Becomes a person or an entity, who is called otherwise: the names of the other kind are gone.
    fn take_form(&mut self, form: i64) {
        self.legal_form = form;
        if form == ENTITY {
            (self.first_name, self.middle_name, self.last_name) = (None, None, None);
        } else {
            self.full_name = None;
        }
    }

    fn applied(&self) -> Applied {
        Applied {
            client: Some(self.id),
            resource: self.id,
            external_id: self.external_id.clone(),
            ..Applied::default()
        }
    }
}

impl Bank {
    /// 403 if the client may not take part in loans.
    pub(crate) fn require_active(&self, client: &Client) -> Result<(), Failure> {
        if client.status == ClientStatus::Active {
            return Ok(());
        }
        let text = format!("The Client with id `{}` is not active", client.id);
        let fault = Fault::general("error.msg.client.not.active.exception", text);
        Err(Failure::Domain(fault.with([json!(client.id)])))
    }

    /// Writes a new or changed client, unless the database refuses.
    fn save_client(&mut self, client: Client) -> Result<Applied, Failure> {
        self.check_client(&client)?;
        let applied = client.applied();
        self.clients.insert(client.id, client);
        Ok(applied)
    }

    /// Whether the database takes the client: external ids and mobile numbers are unique.
    fn check_client(&self, client: &Client) -> Result<(), Failure> {
        let others = || self.clients.values().filter(|other| other.id != client.id);
        if let Some(id) = &client.external_id
            && others().any(|other| other.external_id.as_ref() == Some(id))
        {
            return Err(duplicate("externalId", id));
        }
        if let Some(number) = &client.mobile_no
            && others().any(|other| other.mobile_no.as_ref() == Some(number))
        {
            return Err(duplicate("mobileNo", number));
        }
        if client
            .email
            .as_ref()
            .is_some_and(|email| email.chars().count() > EMAIL_LIMIT)
        {
            let reason = format!("ERROR: value too long for type character varying({EMAIL_LIMIT})");
            let text = format!("Unknown data integrity issue with resource: {reason}");
            return Err(Failure::Integrity(Fault::of_database(
                "error.msg.client.unknown.data.integrity.issue",
                text,
            )));
        }
        Ok(())
    }
}

fn duplicate(parameter: &str, value: &str) -> Failure {
    let code = format!("error.msg.client.duplicate.{parameter}");
    let text = format!("Client with {parameter} `{value}` already exists");
    Failure::Integrity(Fault::of(parameter, code, text).with([json!(value)]))
}

/// The rules of the names: first and last together, or the full name.
fn check_names(checks: &mut Checks, fields: &Fields<'_>) -> bool {
    let full = fields.nonblank("fullname");
    let parts = ["firstname", "middlename", "lastname"];
    let any_part = parts.into_iter().any(|name| fields.nonblank(name).is_some());
    match (&full, any_part) {
        (Some(full), false) => checks.length("fullname", Some(full), FULL_NAME_LIMIT),
        (None, true) => {
            for name in parts {
                if name != "middlename" {
                    checks.mandatory(name, fields.nonblank(name).is_some());
                }
                checks.length(name, fields.nonblank(name).as_deref(), NAME_LIMIT);
            }
        }
        (Some(full), true) => {
            for name in parts {
                if let Some(part) = fields.nonblank(name) {
                    checks.not_together("fullname", json!(full), name, json!(part));
                }
            }
        }
        (None, false) => return false,
    }
    true
}

fn check_mobile(checks: &mut Checks, release: Release, number: Option<&str>) {
    if let Some(number) = number
        && release.is_develop()
        && !number.is_empty()
        && !fits_mobile_pattern(number)
    {
        let text =
            format!("The parameter `mobileNo` must match the provided regular expression [ {MOBILE_PATTERN} ] .");
        let fault = Fault::of("mobileNo", "validation.msg.client.mobileNo.does.not.match.regexp", text);
        checks.push(fault.with([json!(number), json!(MOBILE_PATTERN)]));
    }
    checks.length("mobileNo", number, MOBILE_LIMIT);
}

fn fits_mobile_pattern(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// The office opened on 1 January 2009; nobody was its client before.
fn office_opening() -> Date {
    // The first of January exists in every year.
    Date::from_calendar_date(2009, Month::January, 1).unwrap_or(Date::MIN)
}

/// The rules that dates of a client keep to, whatever set them.
fn check_dates(submitted_on: Date, activated_on: Option<Date>, now: Now) -> Result<(), Failure> {
    let fault = |parameter: &str, code: &str, text: &str, date: Date| -> Fault {
        let code = format!("error.msg.clients.{code}");
        Fault::of(parameter, code, text).with([Value::String(dates::iso(date))])
    };
    let mut faults = Vec::new();
    if submitted_on > now.today {
        let text = "submitted date cannot be in the future.";
        faults.push(fault(
            "submittedOnDate",
            "submittedOnDate.in.the.future",
            text,
            submitted_on,
        ));
    }
    if let Some(activated_on) = activated_on {
        if submitted_on > activated_on {
            let text = "submitted date cannot be after the activation date";
            faults.push(fault(
                "submittedOnDate",
                "submittedOnDate.after.activation.date",
                text,
                submitted_on,
            ));
        }
        if activated_on > now.today {
            let text = "Activation date cannot be in the future.";
            faults.push(fault(
                "activationDate",
                "activationDate.in.the.future",
                text,
                activated_on,
            ));
        }
        if activated_on < office_opening() {
            let text = "Client activation date cannot be a date before the office opening date.";
            let code = "activationDate.cannot.be.before.office.activation.date";
            faults.push(fault("activationDate", code, text, activated_on));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Failure::Validation(faults))
    }
}
