//! A life in which every other operation has its place: loans that are given up, disbursed twice, repaid, written off,
//! closed. It needs what the simulator and the recorded servers have: a charge and a payment type of these names.

use serde_json::{Value, json};

use crate::{
    Error,
    lifecycle::{Ids, Says, Step},
};

const CHARGE: &str = "Specified due date fee";
const PAYMENT_TYPE: &str = "Money Transfer";
const LOAN: &[&str] = &["officeId", "clientId", "loanId"];

impl Ids {
    /// The documented life, and then what else there is.
    ///
    /// # Errors
    /// Never in practice; building a body may in theory.
    pub fn all_steps(&self) -> Result<Vec<Step>, Error> {
        let mut steps = self.steps()?;
        steps.extend([self.client_update(), self.preview()]);
        for (number, title, operation, day) in [
            (125, "Reject a third loan", "LOAN_REJECT", "rejectedOnDate"),
            (126, "Withdraw a fourth loan", "LOAN_WITHDRAW", "withdrawnOnDate"),
        ] {
            let loan = format!("LOAN-{number}-{}", self.run);
            steps.push(on_loan("Create a loan", self.loan_create(&loan), &loan));
            let data = json!({day: "12 January 2026", "note": title});
            steps.push(on_loan(title, about(&loan, operation, data), &loan));
        }
        steps.extend(self.undone(&format!("LOAN-127-{}", self.run)));
        steps.extend(self.money(&format!("LOAN-127-{}", self.run)));
        Ok(steps)
    }

    fn client_update(&self) -> Step {
        let data = json!({"externalId": self.client(), "firstname": "Jayesh", "lastname": "Rao"});
        Step {
            title: "Change the client",
            request: json!({"status": "CLIENT_UPDATE", "data": data}),
            says: Says::Resource(self.client(), &["officeId", "clientId"]),
        }
    }

    fn preview(&self) -> Step {
        let mut request = self.loan_create("");
        request["status"] = "LOAN_SCHEDULE_PREVIEW".into();
        if let Some(data) = request["data"].as_object_mut() {
            data.remove("externalId");
        }
        Step {
            title: "Ask for the schedule of a loan",
            request,
            says: Says::Answer("periods"),
        }
    }

    /// A loan whose approval and disbursement are taken back and done again.
    fn undone(&self, loan: &str) -> Vec<Step> {
        let day = "11 January 2026";
        let step = |title, operation, data| on_loan(title, about(loan, operation, data), loan);
        let utr = format!("UTR-20260111-127-{}", self.run);
        let approve = || step("Approve it", "LOAN_APPROVE", json!({"approvedOnDate": day}));
        let disburse = || {
            let data = json!({"actualDisbursementDate": day, "utr_payment_id": utr});
            step("Disburse it", "LOAN_DISBURSE", data)
        };
        vec![
            on_loan("Create a fifth loan", self.loan_create(loan), loan),
            approve(),
            step("Take the approval back", "LOAN_UNDO_APPROVAL", json!({"note": "Terms"})),
            approve(),
            disburse(),
            step(
                "Take the disbursement back",
                "LOAN_UNDO_DISBURSAL",
                json!({"note": "Returned"}),
            ),
            disburse(),
        ]
    }

    /// Money that moves on it, to its end.
    fn money(&self, loan: &str) -> Vec<Step> {
        let id = |kind: &str| format!("{kind}-{}", self.run);
        let part = |title, operation, data, id| Step {
            title,
            request: about(loan, operation, data),
            says: Says::Part(id),
        };
        let answer = |title, operation, data, member| Step {
            title,
            request: about(loan, operation, data),
            says: Says::Answer(member),
        };
        let payment = |kind: &str, day: &str| {
            json!({"externalTransactionId": id(kind), "transactionDate": day, "transactionAmount": 1000,
                "paymentType": PAYMENT_TYPE, "utr_payment_id": id("UTR")})
        };
        let (repaid, mut noted) = (id("PAY"), payment("PAY", "20 January 2026"));
        noted["note"] = "EMI 1".into();
        let charge =
            json!({"externalChargeId": id("FEE"), "chargeName": CHARGE, "amount": 50, "dueDate": "15 February 2026"});
        let undo = json!({"externalTransactionId": repaid, "transactionDate": "20 January 2026"});
        let waiver = json!({"externalTransactionId": id("WAIVE"), "transactionDate": "21 January 2026", "transactionAmount": 10});
        let quote = json!({"transactionDate": "24 January 2026"});
        let write_off = json!({"externalTransactionId": id("OFF"), "transactionDate": "25 January 2026"});
        let foreclosure = json!({"transactionDate": "27 January 2026", "note": "Paid by another bank"});
        vec![
            part("Add a charge", "LOAN_CHARGE_ADD", charge, Some(id("FEE"))),
            part("Repay", "LOAN_REPAYMENT", noted, Some(repaid.clone())),
            part("Undo the repayment", "LOAN_TRANSACTION_UNDO", undo, Some(repaid)),
            part("Waive interest", "LOAN_WAIVE_INTEREST", waiver, Some(id("WAIVE"))),
            answer("Ask for the loan", "LOAN_GET", json!({}), "repaymentSchedule"),
            answer(
                "Ask what a foreclosure books",
                "LOAN_FORECLOSURE_QUOTE",
                quote.clone(),
                "amount",
            ),
            answer("Ask what would prepay it", "LOAN_PREPAY_QUOTE", quote, "amount"),
            part("Write it off", "LOAN_WRITE_OFF", write_off, Some(id("OFF"))),
            part(
                "Recover some",
                "LOAN_RECOVERY_PAYMENT",
                payment("RECOVER", "26 January 2026"),
                Some(id("RECOVER")),
            ),
            part(
                "Take the write-off back",
                "LOAN_UNDO_WRITE_OFF",
                json!({}),
                Some(id("OFF")),
            ),
            part("Close it early", "LOAN_FORECLOSURE", foreclosure, None),
        ]
    }
}

fn about(loan: &str, operation: &str, mut data: Value) -> Value {
    data["external_loan_id"] = loan.into();
    json!({"status": operation, "data": data})
}

fn on_loan(title: &'static str, request: Value, loan: &str) -> Step {
    Step {
        title,
        request,
        says: Says::Resource(loan.to_owned(), LOAN),
    }
}
