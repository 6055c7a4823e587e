//! CLIENT_CREATE.

use crate::bank::{Bank, found};
use crate::command::{Body, Command, Stop};
use crate::fields::Fields;
use crate::fineract::{Method, Path};
use crate::operation::{Case, Operation};
use crate::proof::{Evidence, Proof, client_ids};
use crate::subject::Subject;
use crate::values::{Clearable, Date, Email, ExternalId, Mobile, Name};
use crate::verdict::Expected;

/// Creates an active client. Fineract: `POST clients`.
pub(super) struct ClientCreate {
    firstname: Name,
    lastname: Name,
    external_id: ExternalId,
    mobile_no: Option<Mobile>,
    email_address: Option<Email>,
    activation_date: Date,
}

impl Operation for ClientCreate {
    const NAME: &'static str = "CLIENT_CREATE";
    const SUMMARY: &'static str = "Creates a client.";
    const EXAMPLE: &'static str = r#"{"firstname":"Jayesh","lastname":"Badgujar","externalId":"INC-1001","mobileNo":"9966999999","emailAddress":"jayesh@example.com","activationDate":"01 January 2026"}"#;
    const MISTAKABLE: bool = true;
    const COMMAND: (&'static str, &'static str) = ("CREATE", "CLIENT");

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let firstname = fields.required("firstname");
        let lastname = fields.required("lastname");
        let external_id = fields.required("externalId");
        // Systems that have no number or address send an empty text.
        let mobile_no = fields
            .optional::<Clearable<Mobile>>("mobileNo")
            .and_then(Clearable::set);
        let email_address = fields
            .optional::<Clearable<Email>>("emailAddress")
            .and_then(Clearable::set);
        let activation_date = fields.required("activationDate");
        Some(Self {
            firstname: firstname?,
            lastname: lastname?,
            external_id: external_id?,
            mobile_no,
            email_address,
            activation_date: activation_date?,
        })
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject::client(&self.external_id))
    }

    fn needs(&self) -> Option<Subject> {
        None
    }

    async fn prepare(&self, bank: &Bank<'_>, _: &Case) -> Result<Command, Stop> {
        let body = Body::new()
            .with("officeId", bank.deployment.office_id)
            .with("legalFormId", bank.deployment.legal_form_id)
            .with("active", true)
            .with("firstname", &self.firstname)
            .with("lastname", &self.lastname)
            .with("externalId", &self.external_id)
            .with_some("mobileNo", self.mobile_no.as_ref())
            .with_some("emailAddress", self.email_address.as_ref())
            .with("activationDate", self.activation_date);
        Ok(Command {
            method: Method::Post,
            path: Path::new("v1/clients"),
            body: Some(body.finish()),
            expected: Expected {
                resource_external_id: Some(self.external_id.as_str().to_owned()),
                ..Expected::default()
            },
            target: None,
        })
    }

    async fn read_back(&self, bank: &Bank<'_>, _: &Case) -> Result<Proof, Stop> {
        let Some(client) = found(bank.client(&self.external_id).await)? else {
            return Ok(Proof::NotApplied);
        };
        let evidence = Evidence::of(&client)
            .text("/firstname", Some(&self.firstname))
            .text("/lastname", Some(&self.lastname))
            .text("/mobileNo", self.mobile_no.as_ref())
            .text("/emailAddress", self.email_address.as_ref())
            .date("/activationDate", Some(self.activation_date));
        let us = bank.username().await?;
        Ok(evidence.prove(Some(("/timeline/activatedByUsername", &us)), client_ids(&client)))
    }
}
