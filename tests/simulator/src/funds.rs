//! Funds: where the money of loans comes from.

use serde_json::json;

use crate::{
    bank::{Applied, Bank, Numbered},
    errors::{Failure, Fault},
    fields::Fields,
    validation::Checks,
};

const SUPPORTED: &str = "name externalId";
const TEXT_LIMIT: usize = 100;

/// A fund.
#[derive(Clone, Debug)]
pub(crate) struct Fund {
    pub(crate) id: u64,
    pub(crate) name: String,
    external_id: Option<String>,
}

impl Bank {
    /// `POST funds`.
    pub(crate) fn create_fund(&mut self, fields: Fields<'_>) -> Result<Applied, Failure> {
        fields.only(SUPPORTED)?;
        let mut checks = Checks::of("fund");
        let (name, external_id) = (fields.nonblank("name"), fields.nonblank("externalId"));
        checks.mandatory("name", name.is_some());
        checks.length("name", name.as_deref(), TEXT_LIMIT);
        checks.length("externalId", external_id.as_deref(), TEXT_LIMIT);
        checks.finish()?;
        let name = name.unwrap_or_default();
        if self.funds.iter().any(|fund| fund.name == name) {
            return Err(taken("name", "name", &name));
        }
        if let Some(id) = external_id.as_ref()
            && self.funds.iter().any(|fund| fund.external_id.as_ref() == Some(id))
        {
            return Err(taken("externalId", "external id", id));
        }
        let id = self.next(Numbered::Fund);
        self.funds.push(Fund { id, name, external_id });
        Ok(Applied {
            without_office: true,
            resource: id,
            ..Applied::default()
        })
    }

    /// The fund of this number.
    pub(crate) fn fund(&self, id: i64) -> Result<&Fund, Failure> {
        let found = self.funds.iter().find(|fund| i64::try_from(fund.id) == Ok(id));
        found.ok_or_else(|| {
            let text = format!("Fund with identifier {id} does not exist");
            Failure::NotFound(Fault::general("error.msg.fund.id.invalid", text).with([json!(id)]))
        })
    }
}

fn taken(what: &str, words: &str, value: &str) -> Failure {
    let code = format!("error.msg.fund.duplicate.{what}");
    let text = format!("A fund with {words} '{value}' already exists");
    Failure::Integrity(Fault::of_database(code, text))
}
