//! CLIENT_UPDATE.

use serde_json::Value;

use crate::bank::{Bank, found};
use crate::command::{Body, Command, Stop};
use crate::fields::Fields;
use crate::fineract::{Method, Path};
use crate::operation::{Case, Operation};
use crate::proof::{Evidence, Proof, client_ids};
use crate::subject::Subject;
use crate::values::{Clearable, Date, Email, ExternalId, FaultCode, Mobile, Name, Wrong};
use crate::verdict::Expected;

static CHANGEABLE: [&str; 5] = ["activationDate", "firstname", "lastname", "mobileNo", "emailAddress"];

/// Updates a client by its external id. Fineract: `PUT clients/external-id/{id}`.
pub(super) struct ClientUpdate {
    external_id: ExternalId,
    activation_date: Option<Date>,
    firstname: Option<Name>,
    lastname: Option<Name>,
    mobile_no: Option<Clearable<Mobile>>,
    email_address: Option<Clearable<Email>>,
}

impl Operation for ClientUpdate {
    const NAME: &'static str = "CLIENT_UPDATE";
    const SUMMARY: &'static str = "Updates a client.";
    const EXAMPLE: &'static str = r#"{"externalId":"INC-1001","mobileNo":"9966999998"}"#;
    const MISTAKABLE: bool = false;
    const COMMAND: (&'static str, &'static str) = ("UPDATE", "CLIENT");

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let external_id = fields.required("externalId");
        let activation_date = fields.optional("activationDate");
        let firstname = fields.optional("firstname");
        let lastname = fields.optional("lastname");
        let mobile_no = fields.optional("mobileNo");
        let email_address = fields.optional("emailAddress");
        if !fields.either(&CHANGEABLE) {
            let detail = format!("must have at least one of {}", CHANGEABLE.join(", "));
            fields.fault_of_all(Wrong::new(FaultCode::NothingToUpdate, detail));
        }
        Some(Self {
            external_id: external_id?,
            activation_date,
            firstname,
            lastname,
            mobile_no,
            email_address,
        })
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject::client(&self.external_id))
    }

    fn needs(&self) -> Option<Subject> {
        None
    }

    async fn prepare(&self, bank: &Bank<'_>, _: &Case) -> Result<Command, Stop> {
        let (firstname, lastname) = self.names(bank).await?;
        // Fineract counts neither an e-mail address nor an activation date as a change; the unchanged external id is
        // one.
        let counted = firstname.is_some() || lastname.is_some() || self.mobile_no.is_some();
        let body = Body::new()
            .with_some("firstname", firstname)
            .with_some("lastname", lastname)
            .with_some("mobileNo", self.mobile_no.as_ref())
            .with_some("emailAddress", self.email_address.as_ref())
            .with_some("activationDate", self.activation_date)
            .with_some("externalId", (!counted).then_some(&self.external_id));
        Ok(Command {
            method: Method::Put,
            path: Path::new("v1/clients/external-id").segment(&self.external_id),
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
            .set_text("/firstname", self.firstname.as_ref())
            .set_text("/lastname", self.lastname.as_ref())
            .set_text("/mobileNo", self.mobile_no.as_ref())
            .set_text("/emailAddress", self.email_address.as_ref())
            .date("/activationDate", self.activation_date);
        Ok(evidence.prove(None, client_ids(&client)))
    }
}

impl ClientUpdate {
    /// Fineract takes both names or none: the one that is not given is read first.
    async fn names(&self, bank: &Bank<'_>) -> Result<(Option<Value>, Option<Value>), Stop> {
        let (first, last) = (
            self.firstname.as_ref().map(Value::from),
            self.lastname.as_ref().map(Value::from),
        );
        if first.is_some() == last.is_some() {
            return Ok((first, last));
        }
        let client = bank.client(&self.external_id).await.map_err(Stop::final_if_not_found)?;
        let known = |name: &str| client.get(name).cloned();
        Ok((first.or_else(|| known("firstname")), last.or_else(|| known("lastname"))))
    }
}
