//! LOAN_SCHEDULE_PREVIEW.

use super::application::Application;
use crate::bank::Bank;
use crate::command::{Command, Stop};
use crate::fields::Fields;
use crate::fineract::{Method, Path};
use crate::operation::{Case, Operation};
use crate::proof::Proof;
use crate::subject::Subject;
use crate::verdict::Expected;

/// Computes the schedule of a loan that is not created. Fineract: `POST loans?command=calculateLoanSchedule`.
pub(super) struct LoanSchedulePreview(Application);

impl Operation for LoanSchedulePreview {
    const NAME: &'static str = "LOAN_SCHEDULE_PREVIEW";
    const SUMMARY: &'static str = "Tells the schedule that a loan would have.";
    const EXAMPLE: &'static str = r#"{"lenderConfig":"UGRO","principal":100000,"submittedOnDate":"11 January 2026","loanTermFrequency":12,"numberOfRepayments":12,"interestRatePerPeriod":8,"clientId":"INC-1001"}"#;
    const MISTAKABLE: bool = false;
    const COMMAND: (&'static str, &'static str) = ("", "LOAN");

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Application::parse(fields).map(Self)
    }

    fn subject(&self) -> Option<Subject> {
        None
    }

    fn needs(&self) -> Option<Subject> {
        None
    }

    async fn prepare(&self, bank: &Bank<'_>, _: &Case) -> Result<Command, Stop> {
        Ok(Command {
            method: Method::Post,
            path: Path::new("v1/loans").query("command=calculateLoanSchedule"),
            body: Some(self.0.sent(bank, None).await?),
            expected: Expected {
                has: Some("periods"),
                ..Expected::default()
            },
            target: None,
        })
    }

    async fn read_back(&self, _: &Bank<'_>, _: &Case) -> Result<Proof, Stop> {
        Ok(Proof::NotApplied)
    }
}
