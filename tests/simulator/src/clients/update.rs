//! `PUT clients`: what is sent and differs is changed, and `changes` repeats it.

use serde_json::{Map, Value, json};

use super::{Client, EXTERNAL_ID_LIMIT, check_dates, check_mobile, check_names, legal_form_view};
use crate::{
    bank::{Applied, Bank, Now},
    errors::{Failure, Fault},
    fields::Fields,
    validation::Checks,
};

const SUPPORTED: &str = "locale dateFormat accountNo externalId mobileNo emailAddress firstname middlename lastname fullname active \
    activationDate staffId savingsProductId dateOfBirth genderId clientTypeId clientClassificationId submittedOnDate \
    clientNonPersonDetails displayname legalFormId isStaff";
/// Parameters of which one at least must be there; e-mail and activation date do not count.
const COUNTED: &str = "accountNo externalId mobileNo firstname middlename lastname fullname active staffId savingsProductId dateOfBirth \
    genderId clientTypeId clientClassificationId legalFormId";
const ACCOUNT_NO_LIMIT: usize = 20;

impl Bank {
    pub(crate) fn update_client(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        fields.only(SUPPORTED)?;
        let mut checks = Checks::of("client");
        checks.length("accountNo", fields.text("accountNo").as_deref(), ACCOUNT_NO_LIMIT);
        checks.length("externalId", fields.text("externalId").as_deref(), EXTERNAL_ID_LIMIT);
        check_mobile(&mut checks, self.release, fields.nonblank("mobileNo").as_deref());
        if ["firstname", "middlename", "lastname", "fullname"]
            .into_iter()
            .any(|name| fields.has(name))
        {
            check_update_names(&mut checks, &fields);
        }
        let activated_on = fields.date("activationDate")?;
        if fields.flag("active") == Some(true) {
            checks.mandatory("activationDate", activated_on.is_some());
        }
        fields.date("dateOfBirth")?;
        let legal_form = fields.integer("legalFormId")?;
        checks.within("legalFormId", legal_form, 1, 2);
        if !COUNTED.split_ascii_whitespace().any(|name| fields.has(name)) {
            checks.no_parameters();
        }
        checks.finish()?;
        let mut client = self.client(id)?.clone();
        if fields.has("savingsProductId") && client.status == super::ClientStatus::Active {
            return Err(not_on_active(&client, "savingsProductId"));
        }
        let mut changes = Map::new();
        change_texts(&mut client, &fields, &mut changes);
        if let Some(date) = activated_on.filter(|date| client.activated_on != Some(*date)) {
            client.activated_on = Some(date);
            for name in ["activationDate", "dateFormat", "locale"] {
                changes.insert(name.to_owned(), json!(fields.text(name)));
            }
        }
        if let Some(form) = legal_form.filter(|form| client.legal_form != *form) {
            client.take_form(form);
            changes.insert("legalFormId".into(), legal_form_view(form));
        }
        check_dates(client.submitted_on, client.activated_on, now)?;
        let applied = self.save_client(client)?;
        Ok(Applied {
            changes: Some(changes),
            ..applied
        })
    }
}

/// A first or last name that is sent makes both mandatory, blank or not.
fn check_update_names(checks: &mut Checks, fields: &Fields<'_>) {
    let blank = |name: &str| fields.has(name) && fields.nonblank(name).is_none();
    if !check_names(checks, fields) {
        for name in ["firstname", "lastname", "fullname"] {
            checks.mandatory(name, !blank(name));
        }
    }
}

fn change_texts(client: &mut Client, fields: &Fields<'_>, changes: &mut Map<String, Value>) {
    let mut change = |name: &str, current: &mut Option<String>| {
        if !fields.has(name) {
            return;
        }
        // An update does not trim; blanks alone are nothing.
        let sent = fields.nonblank(name).unwrap_or_default();
        // Nothing stored and nothing sent are a difference to Fineract; the change then reads `""`.
        if current.as_deref() != Some(sent.as_str()) {
            *current = Some(sent.clone()).filter(|text| !text.is_empty());
            changes.insert(name.to_owned(), json!(sent));
        }
    };
    let mut account_no = Some(client.account_no.clone());
    change("accountNo", &mut account_no);
    client.account_no = account_no.unwrap_or_default();
    change("mobileNo", &mut client.mobile_no);
    change("emailAddress", &mut client.email);
    change("firstname", &mut client.first_name);
    change("middlename", &mut client.middle_name);
    change("lastname", &mut client.last_name);
    change("fullname", &mut client.full_name);
    if fields.has("externalId") {
        let sent = fields.nonblank("externalId");
        if sent != client.external_id {
            // An external id is removed silently.
            if let Some(sent) = &sent {
                changes.insert("externalId".into(), json!(sent));
            }
            client.external_id = sent;
        }
    }
}

fn not_on_active(client: &Client, parameter: &str) -> Failure {
    let code = format!("error.msg.client.active.for.update.parameter.{parameter}");
    let text = format!(
        "The Client with id `{}` is active,can't update parameter {parameter}",
        client.id
    );
    Failure::Domain(Fault::general(code, text).with([json!(client.id), json!(parameter)]))
}
