//! LOAN_CREATE.

use super::application::Application;
use crate::bank::{Bank, found};
use crate::command::{Command, Stop};
use crate::fields::Fields;
use crate::fineract::{Method, Path};
use crate::operation::{Case, Operation};
use crate::proof::{Proof, loan_ids};
use crate::subject::Subject;
use crate::values::ExternalId;
use crate::verdict::Expected;

/// Creates a loan for an existing client. Fineract: `POST loans`.
pub(super) struct LoanCreate {
    external_id: ExternalId,
    application: Application,
}

impl Operation for LoanCreate {
    const NAME: &'static str = "LOAN_CREATE";
    const SUMMARY: &'static str = "Creates a loan for an existing client.";
    const EXAMPLE: &'static str = r#"{"lenderConfig":"UGRO","externalId":"LOAN-123","principal":100000,"submittedOnDate":"11 January 2026","loanTermFrequency":12,"loanTermFrequencyType":"months","numberOfRepayments":12,"interestRatePerPeriod":8,"clientId":"INC-1001"}"#;
    const MISTAKABLE: bool = true;
    const COMMAND: (&'static str, &'static str) = ("CREATE", "LOAN");

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let external_id = fields.required("externalId");
        let application = Application::parse(fields);
        Some(Self {
            external_id: external_id?,
            application: application?,
        })
    }

    fn subject(&self) -> Option<Subject> {
        Some(Subject::loan(&self.external_id))
    }

    fn needs(&self) -> Option<Subject> {
        Some(Subject::client(&self.application.client_id))
    }

    async fn prepare(&self, bank: &Bank<'_>, _: &Case) -> Result<Command, Stop> {
        Ok(Command {
            method: Method::Post,
            path: Path::new("v1/loans"),
            body: Some(self.application.sent(bank, Some(&self.external_id)).await?),
            expected: Expected {
                resource_external_id: Some(self.external_id.as_str().to_owned()),
                ..Expected::default()
            },
            target: None,
        })
    }

    async fn read_back(&self, bank: &Bank<'_>, _: &Case) -> Result<Proof, Stop> {
        let Some(loan) = found(bank.loan(&self.external_id).await)? else {
            return Ok(Proof::NotApplied);
        };
        let us = bank.username().await?;
        let evidence = self.application.evidence(&loan);
        Ok(evidence.prove(Some(("/timeline/submittedByUsername", &us)), loan_ids(&loan)))
    }
}
