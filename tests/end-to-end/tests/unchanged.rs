//! A caller that knows the published pages and nothing else. It has its own client, reads the published members of answers
//! only, and checks that these are there as published: what is additional it never notices.

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};

use crate::bench::Bench;

/// "Callers poll every 2-3 seconds"; the test does not wait as long.
const POLL: Duration = Duration::from_millis(200);
const POLLS_MAX: usize = 300;

/// A loan origination system of yesterday.
struct OldCaller {
    base: String,
    token: String,
    /// Whether it puts the `|` of tracking ids into paths as it is.
    raw: bool,
    http: Client,
}

impl OldCaller {
    fn of(bench: &Bench, raw: bool) -> Self {
        Self {
            base: bench.api.url().to_owned(),
            token: bench.api.token().to_owned(),
            raw,
            http: Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Posts an operation and gives its tracking id.
    async fn operate(&self, operation: &str, data: Value) -> String {
        let request = self.http.post(format!("{}/fineract/operate", self.base));
        let request = request
            .header("Content-Type", "application/json")
            .header("X-Internal-Token", &self.token);
        let body = json!({"status": operation, "data": data}).to_string();
        let answer = request.body(body).send().await.unwrap();
        assert!(answer.status().is_success());
        let answer: Value = answer.json().await.unwrap();
        let id = answer["tracking_id"].as_str().unwrap();
        let (name, uuid) = id.split_once('|').unwrap();
        assert_eq!((name, uuid.len()), (operation, 36));
        id.to_owned()
    }

    /// Asks until the status is no longer "processing", and gives that answer.
    async fn poll(&self, tracking_id: &str) -> Value {
        let id = if self.raw {
            tracking_id.to_owned()
        } else {
            tracking_id.replace('|', "%7C")
        };
        for _ in 0..POLLS_MAX {
            let request = self.http.get(format!("{}/fineract/track/{id}", self.base));
            let answer = request.header("X-Internal-Token", &self.token).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let answer: Value = answer.json().await.unwrap();
            assert_eq!(answer["tracking_id"], tracking_id);
            if answer["status"] != "processing" {
                return answer;
            }
            tokio::time::sleep(POLL).await;
        }
        panic!("{tracking_id} is processing for ever");
    }

    /// An operation that must succeed: its `success_response`.
    async fn confirm(&self, operation: &str, data: Value) -> Value {
        let id = self.operate(operation, data).await;
        let answer = self.poll(&id).await;
        let published = json!({"tracking_id": id, "operation_type": operation, "status": "success",
            "failure_response": null, "error_message": null});
        self.has(&answer, &published);
        processed_at(&answer);
        assert!(answer["success_response"]["resourceId"].is_u64(), "{answer}");
        answer["success_response"].clone()
    }

    /// An operation that Fineract must refuse.
    async fn refused(&self, operation: &str, data: Value, status: &str, sentence: &str) {
        let id = self.operate(operation, data).await;
        let answer = self.poll(&id).await;
        let published = json!({"tracking_id": id, "operation_type": operation, "status": "failed",
            "success_response": null, "error_message": format!("Fineract returned {status}")});
        self.has(&answer, &published);
        processed_at(&answer);
        let failure = &answer["failure_response"];
        assert_eq!(failure["httpStatusCode"], status);
        let said = failure["errors"][0]["defaultUserMessage"].as_str().unwrap();
        assert!(said.contains(sentence), "{said}");
    }

    fn has(&self, answer: &Value, published: &Value) {
        for (name, value) in published.as_object().unwrap() {
            assert_eq!(answer.get(name), Some(value), "{name} in {answer}");
        }
    }
}

/// `2026-03-13T10:01:02.940713`.
fn processed_at(answer: &Value) {
    let form = |c: char| if c.is_ascii_digit() { '9' } else { c };
    let form: String = answer["processed_at"].as_str().unwrap().chars().map(form).collect();
    assert_eq!(form, "9999-99-99T99:99:99.999999");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_knows_the_published_pages_alone_works() {
    let bench = Bench::start().await;
    let caller = OldCaller::of(&bench, false);
    let client = json!({"firstname": "Jayesh", "lastname": "Badgujar", "externalId": "INC-1001", "mobileNo": "9966999999",
        "emailAddress": "jayesh@example.com", "activationDate": "01 January 2026"});
    let created = caller.confirm("CLIENT_CREATE", client).await;
    assert!(created["officeId"].is_u64());
    assert_eq!(created["clientId"], created["resourceId"]);
    let update = json!({"externalId": "INC-1001", "mobileNo": "9966999998"});
    caller.confirm("CLIENT_UPDATE", update).await;

    let loan = |id: &str| {
        json!({"lenderConfig": "UGRO", "externalId": id, "principal": 100000, "submittedOnDate": "11 January 2026",
            "loanTermFrequency": 12, "loanTermFrequencyType": "months", "numberOfRepayments": 12,
            "interestRatePerPeriod": 8, "clientId": "INC-1001"})
    };
    caller.confirm("LOAN_CREATE", loan("LOAN-123")).await;
    let update = json!({"externalId": "LOAN-123", "principal": 200000, "submittedOnDate": "11 January 2026",
        "loanTermFrequency": 24, "loanTermFrequencyType": "months", "numberOfRepayments": 24, "interestRatePerPeriod": 8.3});
    caller.confirm("LOAN_UPDATE", update).await;
    let approve = json!({"external_loan_id": "LOAN-123", "approvedOnDate": "11 January 2026"});
    caller.confirm("LOAN_APPROVE", approve).await;

    let caller = OldCaller::of(&bench, true);
    let disburse = |amount: u32| {
        json!({"external_loan_id": "LOAN-123", "actualDisbursementDate": "11 January 2026", "transactionAmount": amount,
            "utr_payment_id": "UTR-20260111-001", "note": "Disbursement for LOAN-123"})
    };
    let exceeding = "disburse amount is exceeding approved";
    caller
        .refused("LOAN_DISBURSE", disburse(300_000), "403", exceeding)
        .await;
    caller.confirm("LOAN_DISBURSE", disburse(200_000)).await;

    caller.confirm("LOAN_CREATE", loan("LOAN-124")).await;
    let delete = json!({"external_loan_id": "LOAN-124"});
    caller.confirm("LOAN_DELETE", delete.clone()).await;
    caller.refused("LOAN_DELETE", delete, "404", "does not exist").await;
}

/// Numbers as strings of digits, dates with one-digit days and months in any case, all that was approved by default.
#[tokio::test(flavor = "multi_thread")]
async fn values_as_such_callers_send_them() {
    let bench = Bench::with(|options| options.with_parameter("AcceptedStatus", "200")).await;
    let caller = OldCaller::of(&bench, true);
    let client =
        json!({"firstname": "Asha", "lastname": "Rao", "externalId": "INC-7", "activationDate": "1 JANUARY 2026"});
    caller.confirm("CLIENT_CREATE", client).await;
    let loan = json!({"lenderConfig": "IKF", "externalId": "LOAN-7", "principal": "50000", "submittedOnDate": "1 january 2026",
        "loanTermFrequency": "6", "numberOfRepayments": "6", "interestRatePerPeriod": "8", "clientId": "INC-7"});
    caller.confirm("LOAN_CREATE", loan).await;
    let approve = json!({"external_loan_id": "LOAN-7", "approvedOnDate": "2 January 2026"});
    caller.confirm("LOAN_APPROVE", approve).await;
    let disburse = json!({"external_loan_id": "LOAN-7", "actualDisbursementDate": "3 January 2026"});
    caller.confirm("LOAN_DISBURSE", disburse).await;
    let principal = bench.loan("LOAN-7")["principal"].to_string();
    assert_eq!(principal.trim_end_matches(".0"), "50000");
}
