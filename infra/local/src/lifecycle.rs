//! The documented life of two loans: one is created, changed, approved and disbursed, the other created and deleted.
//! The bodies are the published examples, with ids of their own for each run, so that they also suit a Fineract that
//! has seen earlier runs.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::{PrimitiveDateTime, format_description::BorrowedFormatItem, macros::format_description};

use crate::{
    Error,
    api::{Answer, Api},
    caller::{hex, random},
    console::Console,
};

/// How long one operation may take; on a busy server it may be tried more than once.
const PATIENCE: Duration = Duration::from_secs(180);
/// `processed_at`: microseconds, no zone.
const PROCESSED_AT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]");

/// The ids of one run.
#[derive(Clone, Debug)]
pub struct Ids {
    pub(crate) run: String,
    mobile_no: String,
}

/// One call of the life, and what its success must say.
#[derive(Debug)]
pub struct Step {
    /// What it is, for people.
    pub title: &'static str,
    /// The body of the POST.
    pub request: Value,
    /// What `success_response` must say.
    pub(crate) says: Says,
}

/// What `success_response` must say.
#[derive(Debug)]
pub(crate) enum Says {
    /// The client or loan: its external id as `resourceExternalId`, and these members as numbers, the last of which
    /// `resourceId` must equal.
    Resource(String, &'static [&'static str]),
    /// What was booked, undone or charged: the number of the loan, one of its own, and this external id, if it is known.
    Part(Option<String>),
    /// What was asked: something in this member.
    Answer(&'static str),
}

impl Ids {
    /// New ids.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new() -> Result<Self, Error> {
        let digits = u32::from_be_bytes(random::<4>()?) % 100_000_000;
        Ok(Self {
            run: hex(&random::<4>()?),
            mobile_no: format!("99{digits:08}"),
        })
    }

    pub(crate) fn client(&self) -> String {
        format!("INC-1001-{}", self.run)
    }

    fn loan(&self) -> String {
        format!("LOAN-123-{}", self.run)
    }

    fn second_loan(&self) -> String {
        format!("LOAN-124-{}", self.run)
    }

    /// The published CLIENT_CREATE.
    #[must_use]
    pub fn client_create(&self) -> Value {
        json!({ "status": "CLIENT_CREATE", "data": {
            "firstname": "Jayesh", "lastname": "Badgujar", "externalId": self.client(), "mobileNo": self.mobile_no,
            "emailAddress": "jayesh@example.com", "activationDate": "01 January 2026",
        } })
    }

    pub(crate) fn loan_create(&self, loan: &str) -> Value {
        json!({ "status": "LOAN_CREATE", "data": {
            "lenderConfig": "UGRO", "externalId": loan, "principal": 100_000, "submittedOnDate": "11 January 2026",
            "loanTermFrequency": 12, "loanTermFrequencyType": "months", "numberOfRepayments": 12,
            "interestRatePerPeriod": 8, "clientId": self.client(),
        } })
    }

    fn loan_update(&self) -> Result<Value, Error> {
        // Through text, for a decimal that is exactly 8.3.
        let rate: Value = serde_json::from_str("8.3").map_err(|error| Error::Unexpected(error.to_string()))?;
        Ok(json!({ "status": "LOAN_UPDATE", "data": {
            "externalId": self.loan(), "principal": 200_000, "submittedOnDate": "11 January 2026",
            "loanTermFrequency": 24, "loanTermFrequencyType": "months", "numberOfRepayments": 24,
            "interestRatePerPeriod": rate,
        } }))
    }

    fn loan_approve(&self) -> Value {
        json!({ "status": "LOAN_APPROVE", "data": {
            "external_loan_id": self.loan(), "approvedOnDate": "11 January 2026",
        } })
    }

    fn loan_disburse(&self) -> Value {
        json!({ "status": "LOAN_DISBURSE", "data": {
            "external_loan_id": self.loan(), "actualDisbursementDate": "11 January 2026",
            "transactionAmount": 200_000, "utr_payment_id": format!("UTR-20260111-001-{}", self.run),
            "note": format!("Disbursement for {}", self.loan()),
        } })
    }

    fn loan_delete(&self) -> Value {
        json!({ "status": "LOAN_DELETE", "data": { "external_loan_id": self.second_loan() } })
    }

    /// The whole documented life, in order.
    ///
    /// # Errors
    /// Never in practice; building a body may in theory.
    pub fn steps(&self) -> Result<Vec<Step>, Error> {
        const CLIENT: &[&str] = &["officeId", "clientId"];
        const LOAN: &[&str] = &["officeId", "clientId", "loanId"];
        let step = |title, request, external_id, numbers| Step {
            title,
            request,
            says: Says::Resource(external_id, numbers),
        };
        let (loan, second) = (self.loan(), self.second_loan());
        Ok(vec![
            step("Create a client", self.client_create(), self.client(), CLIENT),
            step("Create a loan", self.loan_create(&loan), loan.clone(), LOAN),
            step("Change it", self.loan_update()?, loan.clone(), LOAN),
            step("Approve it", self.loan_approve(), loan.clone(), LOAN),
            step("Disburse it", self.loan_disburse(), loan, LOAN),
            step("Create a second loan", self.loan_create(&second), second.clone(), LOAN),
            step("Delete that one", self.loan_delete(), second, LOAN),
        ])
    }
}

/// Does these steps one after the other, showing each answer, and stops where an answer is not as documented. Gives the tracking ids.
///
/// # Errors
/// If an answer is not as documented; then with everything that is wrong with it.
pub async fn drive(api: &Api, steps: Vec<Step>, console: Console) -> Result<Vec<String>, Error> {
    let mut tracking_ids = Vec::new();
    for step in steps {
        let operation = step.operation();
        console.line(&format!("\n{}\n  POST /fineract/operate  {}", step.title, step.request));
        let answer = api.operate(&step.request).await?;
        console.line(&format!("  {}  {}", answer.status, answer.text));
        let tracking_id = step.accepted(&answer)?;

        let began = Instant::now();
        console.line(&format!("  GET  /fineract/track/{}", tracking_id.replace('|', "%7C")));
        let progress = console.step(format!("{operation} is processing"));
        let ended = api.ended(&tracking_id, PATIENCE, |answer| {
            progress.note(
                answer.body["reason"]
                    .as_str()
                    .or(answer.body["state"].as_str())
                    .unwrap_or_default(),
            );
        });
        let answer = ended.await?;
        progress.silent();
        let took = began.elapsed();
        console.line(&format!(
            "  {}  {}  ({} ms)",
            answer.status,
            answer.text,
            took.as_millis()
        ));
        step.succeeded(&tracking_id, &answer)?;
        tracking_ids.push(tracking_id);
    }
    Ok(tracking_ids)
}

impl Step {
    fn operation(&self) -> &str {
        self.request["status"].as_str().unwrap_or_default()
    }

    /// Checks the answer to the POST and gives its tracking id.
    fn accepted(&self, answer: &Answer) -> Result<String, Error> {
        let tracking_id = answer.body["tracking_id"].as_str().unwrap_or_default();
        let id = tracking_id
            .strip_prefix(self.operation())
            .and_then(|rest| rest.strip_prefix('|'))
            .unwrap_or_default();
        let faults = [
            (
                matches!(answer.status, 200 | 202),
                "the status code is neither 202 nor 200",
            ),
            (id.len() == 36, "tracking_id is not <operation>|<uuid>"),
            (answer.body["status"] == "processing", "status is not processing"),
        ];
        self.judge("accepted", answer, &faults)?;
        Ok(tracking_id.to_owned())
    }

    /// Checks the final answer of track against the documented one.
    fn succeeded(&self, tracking_id: &str, answer: &Answer) -> Result<(), Error> {
        let body = &answer.body;
        let success = &body["success_response"];
        let present_null = |name| body.get(name).is_some_and(Value::is_null);
        let processed_at = body["processed_at"].as_str().unwrap_or_default();
        let number = |name: &str| success[name].as_u64().is_some();
        let is_ours = |id: &str| success["resourceExternalId"] == id;
        let (numbers, resource, ours) = match &self.says {
            Says::Resource(id, names) => (
                names.iter().all(|name| number(name)),
                names.last().is_some_and(|name| success[*name] == success["resourceId"]),
                is_ours(id),
            ),
            Says::Part(id) => (
                number("loanId"),
                number("resourceId"),
                id.as_deref().is_none_or(is_ours),
            ),
            Says::Answer(member) => (true, success.get(*member).is_some(), true),
        };
        let faults = [
            (body["tracking_id"] == tracking_id, "tracking_id is another one"),
            (
                body["operation_type"] == self.operation(),
                "operation_type is another one",
            ),
            (body["status"] == "success", "status is not success"),
            (
                numbers,
                "success_response lacks one of the numbers officeId, clientId, loanId",
            ),
            (
                resource,
                "success_response.resourceId is not the number of what was changed, or nothing was answered",
            ),
            (ours, "success_response.resourceExternalId is not ours"),
            (present_null("failure_response"), "failure_response is not null"),
            (present_null("error_message"), "error_message is not null"),
            (
                PrimitiveDateTime::parse(processed_at, PROCESSED_AT).is_ok(),
                "processed_at has not the form 2026-03-13T10:01:02.940713",
            ),
        ];
        self.judge("done", answer, &faults)
    }

    fn judge(&self, what: &str, answer: &Answer, checks: &[(bool, &str)]) -> Result<(), Error> {
        let faults: Vec<_> = checks
            .iter()
            .filter(|(holds, _)| !holds)
            .map(|(_, fault)| format!("  - {fault}"))
            .collect();
        if faults.is_empty() {
            return Ok(());
        }
        let operation = self.operation();
        let text = format!(
            "{operation} was not {what} as documented:\n{}\n{}",
            faults.join("\n"),
            answer.text
        );
        Err(Error::Unexpected(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: Value) -> Answer {
        Answer {
            status,
            headers: Default::default(),
            text: body.to_string(),
            body,
        }
    }

    fn client_step() -> Step {
        Ids {
            run: "r".to_owned(),
            mobile_no: "9966999999".to_owned(),
        }
        .steps()
        .unwrap()
        .swap_remove(0)
    }

    fn documented() -> Value {
        json!({
            "tracking_id": "CLIENT_CREATE|406362bf-f3da-4bc6-a506-d67e0878b7b6", "operation_type": "CLIENT_CREATE",
            "status": "success", "failure_response": null, "error_message": null,
            "success_response": { "officeId": 1, "clientId": 42, "resourceId": 42, "resourceExternalId": "INC-1001-r" },
            "processed_at": "2026-03-13T10:01:02.940713",
        })
    }

    #[test]
    fn each_way_to_differ_from_the_documented_answer_is_a_fault() {
        let id = "CLIENT_CREATE|406362bf-f3da-4bc6-a506-d67e0878b7b6";
        assert!(client_step().succeeded(id, &answer(200, documented())).is_ok());
        let changes = [
            ("/tracking_id", json!("CLIENT_CREATE|other")),
            ("/operation_type", json!("LOAN_CREATE")),
            ("/status", json!("failed")),
            ("/success_response", json!(null)),
            ("/success_response/officeId", json!("1")),
            ("/success_response/resourceId", json!(43)),
            ("/success_response/resourceExternalId", json!("INC-1001")),
            ("/failure_response", json!({})),
            ("/error_message", json!("")),
            ("/processed_at", json!("2026-03-13T10:01:02Z")),
            ("/processed_at", json!("2026-03-13T10:01:02.940")),
        ];
        for (pointer, value) in changes {
            let mut body = documented();
            *body.pointer_mut(pointer).unwrap() = value;
            assert!(client_step().succeeded(id, &answer(200, body)).is_err(), "{pointer}");
        }
    }

    #[test]
    fn the_ids_of_two_runs_differ() {
        let (one, other) = (Ids::new().unwrap(), Ids::new().unwrap());
        assert_ne!(one.client_create(), other.client_create());
    }
}
