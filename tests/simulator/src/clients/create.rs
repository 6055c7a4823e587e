//! `POST clients`.

use serde_json::json;

use super::{Client, ClientStatus, EXTERNAL_ID_LIMIT, check_dates, check_mobile, check_names};
use crate::{
    bank::{Applied, Bank, Now, Numbered, OFFICE},
    errors::{Failure, Fault},
    fields::Fields,
    validation::Checks,
};

const SUPPORTED: &str = "familyMembers address locale dateFormat groupId accountNo externalId mobileNo emailAddress firstname middlename \
    lastname fullname officeId active activationDate staffId submittedOnDate savingsProductId dateOfBirth genderId \
    clientTypeId clientClassificationId clientNonPersonDetails displayname legalFormId isStaff";

impl Bank {
    pub(crate) fn create_client(&mut self, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        fields.only(SUPPORTED)?;
        let office = fields.id("officeId")?;
        let mut checks = Checks::of("client");
        checks.mandatory("officeId", office.is_some());
        checks.above_zero("officeId", office);
        if !check_names(&mut checks, &fields) {
            checks.broken_rule("id", ".no.name.details.passed");
        }
        let external_id = fields.nonblank("externalId");
        checks.length("externalId", external_id.as_deref(), EXTERNAL_ID_LIMIT);
        let mobile_no = fields.nonblank("mobileNo");
        check_mobile(&mut checks, self.release, mobile_no.as_deref());
        let active = fields.flag("active").unwrap_or(false);
        let activated_on = if active { fields.date("activationDate")? } else { None };
        if active {
            checks.mandatory("activationDate", activated_on.is_some());
        }
        let submitted_on = fields.date("submittedOnDate")?;
        let legal_form = fields.integer("legalFormId")?;
        checks.mandatory("legalFormId", legal_form.is_some());
        checks.within("legalFormId", legal_form, 1, 2);
        checks.finish()?;
        if let Some(office) = office.filter(|office| u64::try_from(*office) != Ok(OFFICE)) {
            return Err(office_not_found(office));
        }
        let id = self.next(Numbered::Client);
        let submitted_on = submitted_on.unwrap_or(now.today);
        // A client that is active at once was never submitted later.
        let submitted_on = activated_on.map_or(submitted_on, |activated_on| submitted_on.min(activated_on));
        check_dates(submitted_on, activated_on, now)?;
        let client = Client {
            id,
            account_no: fields.nonblank("accountNo").unwrap_or_else(|| format!("{id:09}")),
            external_id,
            status: if active {
                ClientStatus::Active
            } else {
                ClientStatus::Pending
            },
            first_name: fields.trimmed("firstname"),
            middle_name: fields.trimmed("middlename"),
            last_name: fields.trimmed("lastname"),
            full_name: fields.trimmed("fullname"),
            mobile_no: fields.trimmed("mobileNo"),
            email: fields.trimmed("emailAddress"),
            legal_form: legal_form.unwrap_or(1),
            submitted_on,
            activated_on,
            submitted_by: now.by,
            activated_by: now.by,
            closed: None,
        };
        self.check_client(&client)?;
        if active {
            // Asked for in the midst of the command, so that its refusal is stored under the key.
            self.users.require_command(now.by, "ACTIVATE_CLIENT")?;
        }
        self.save_client(client)
    }
}

/// 404 for an office.
pub(crate) fn office_not_found(id: i64) -> Failure {
    let text = format!("Office with identifier {id} does not exist");
    Failure::NotFound(Fault::general("error.msg.office.id.invalid", text).with([json!(id)]))
}
