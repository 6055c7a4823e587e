//! Operations with data that chance draws: right ones, and wrong ones of every kind that Fineract refuses.

use fastrand::Rng;
use gateway::fineract::Path;
use serde_json::{Value, json};
use simulation::Gateway;

use crate::fresh::seed;

/// Amounts as callers send them, some of which Fineract rounds.
const AMOUNTS: [&str; 6] = ["100", "250.5", "100.005", "1000.00", "99.995", "1234.56"];
/// Principals, some of which Fineract rounds, and some that no product allows.
const PRINCIPALS: [&str; 6] = ["100000", "12345.678", "50000.005", "250000", "999", "10000001"];
/// Names, some of which Fineract trims.
const NAMES: [&str; 4] = ["Ravi", "Ravi ", " Asha", "Jayesh Kumar"];
/// How often something is wrong, of a hundred.
const WRONG: u32 = 10;

/// What is known of a loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    None,
    Pending,
    Approved,
    Active,
    WrittenOff,
    Ended,
}

/// An operation to be carried out.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) operation: &'static str,
    pub(crate) data: Value,
    /// What becomes of the loan if it succeeds.
    becomes: Option<Stage>,
}

/// A client and its loans, one after the other.
pub(crate) struct Life {
    rng: Rng,
    tag: String,
    drawn: u32,
    client: Option<String>,
    loan: Option<String>,
    stage: Stage,
    /// A payment that stands.
    paid: Option<String>,
}

impl Life {
    /// A life before anything happened in it; its ids begin with the tag.
    pub(crate) fn new(rng: Rng, tag: String) -> Self {
        Self {
            rng,
            tag,
            drawn: 0,
            client: None,
            loan: None,
            stage: Stage::None,
            paid: None,
        }
    }

    /// What happens next.
    pub(crate) fn next(&mut self) -> Task {
        let Some(client) = self.client.clone() else {
            return self.create_client();
        };
        if self.falls(8) {
            return self.update_client(&client);
        }
        match self.stage {
            Stage::None | Stage::Ended => self.apply(&client),
            Stage::Pending => self.on_pending(),
            Stage::Approved => self.on_approved(),
            Stage::Active => self.on_active(),
            Stage::WrittenOff => self.on_written_off(),
        }
    }

    /// What became of it.
    pub(crate) fn ended(&mut self, task: &Task, succeeded: bool) {
        if task.operation == "CLIENT_CREATE" {
            self.client = task.data["externalId"].as_str().map(str::to_owned);
        }
        if task.operation == "LOAN_CREATE" {
            self.loan = task.data["externalId"].as_str().map(str::to_owned);
            self.stage = Stage::Ended;
            self.paid = None;
        }
        if !succeeded {
            return;
        }
        if task.operation == "LOAN_REPAYMENT" {
            self.paid = task.data["externalTransactionId"].as_str().map(str::to_owned);
        }
        if let Some(stage) = task.becomes {
            self.stage = stage;
        }
    }

    /// What is looked at after each operation.
    pub(crate) fn looks(&self) -> Vec<Path> {
        let of = |kind: &'static str, id: &Option<String>| Some(Path::new(kind).segment(id.as_ref()?));
        let client = of("v1/clients/external-id", &self.client);
        let loan = of("v1/loans/external-id", &self.loan).map(|path| path.query("associations=all"));
        client.into_iter().chain(loan).collect()
    }

    fn falls(&mut self, of_hundred: u32) -> bool {
        self.rng.u32(0..100) < of_hundred
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.rng.usize(0..from.len())]
    }

    fn id(&mut self, prefix: &str) -> String {
        self.drawn += 1;
        format!("{prefix}-{}-{}", self.tag, self.drawn)
    }

    /// A number with the digits that it is written with.
    fn number(&mut self, from: &[&str]) -> Value {
        serde_json::from_str(self.pick(from)).unwrap_or_default()
    }

    /// This day, or once in a while one that Fineract refuses.
    fn day(&mut self, right: &str) -> String {
        if !self.falls(WRONG) {
            return right.to_owned();
        }
        self.pick(&["01 December 2025", "01 January 2031"]).to_owned()
    }

    /// A day of this month.
    fn day_in(&mut self, month: &str) -> String {
        let right = format!("{:02} {month} 2026", self.rng.u32(17..29));
        self.day(&right)
    }

    fn task(operation: &'static str, data: Value) -> Task {
        Task {
            operation,
            data,
            becomes: None,
        }
    }

    /// About the loan, or once in a while about one that is not there.
    fn on_loan(&mut self, operation: &'static str, mut data: Value, becomes: Option<Stage>) -> Task {
        let known = self.loan.clone().filter(|_| !self.falls(3));
        let loan = known.clone().unwrap_or_else(|| format!("NO-{}", self.tag));
        let name = if operation == "LOAN_UPDATE" {
            "externalId"
        } else {
            "external_loan_id"
        };
        data[name] = loan.into();
        Task {
            operation,
            data,
            becomes: becomes.filter(|_| known.is_some()),
        }
    }

    fn create_client(&mut self) -> Task {
        let data = json!({"externalId": self.id("INC"), "firstname": self.pick(&NAMES), "lastname": self.pick(&NAMES),
            "activationDate": "01 January 2026"});
        Self::task("CLIENT_CREATE", data)
    }

    fn update_client(&mut self, client: &str) -> Task {
        let (name, value) = match self.rng.u32(0..4) {
            0 => ("firstname", self.pick(&NAMES).to_owned()),
            1 => ("lastname", self.pick(&NAMES).to_owned()),
            2 => (
                "emailAddress",
                self.pick(&["a@example.com", " b@example.com"]).to_owned(),
            ),
            // No two clients have the same one, so it follows from the tag.
            _ => ("mobileNo", format!("98{:08}", seed(&self.id("M")) % 100_000_000)),
        };
        Self::task("CLIENT_UPDATE", json!({"externalId": client, name: value}))
    }

    fn apply(&mut self, client: &str) -> Task {
        let lenders = Gateway::lenders();
        let used = self.loan.clone().filter(|_| self.falls(WRONG));
        let term = self.rng.u32(1..25);
        let repayments = if self.falls(WRONG) { 400 } else { term };
        let mut data = json!({"externalId": used.unwrap_or_else(|| self.id("LOAN")),
            "lenderConfig": self.pick(&lenders), "principal": self.number(&PRINCIPALS),
            "submittedOnDate": self.day("11 January 2026"), "loanTermFrequency": term, "numberOfRepayments": repayments,
            "interestRatePerPeriod": self.number(&["12", "0", "8.5", "61"]), "clientId": client});
        if self.falls(30) {
            data["loanTermFrequencyType"] = self.pick(&["days", "weeks", "months", "years"]).into();
        }
        if self.falls(WRONG) {
            data["externalId"] = Value::Null;
            return Self::task("LOAN_SCHEDULE_PREVIEW", data);
        }
        Task {
            operation: "LOAN_CREATE",
            data,
            becomes: Some(Stage::Pending),
        }
    }

    fn on_pending(&mut self) -> Task {
        match self.rng.u32(0..100) {
            0..=29 => self.update(),
            30..=69 => self.approve(),
            70..=74 => self.on_loan("LOAN_DELETE", json!({}), Some(Stage::Ended)),
            75..=79 => {
                let data = json!({"rejectedOnDate": self.day("15 January 2026"), "note": "no income"});
                self.on_loan("LOAN_REJECT", data, Some(Stage::Ended))
            }
            80..=84 => {
                let data = json!({"withdrawnOnDate": self.day("15 January 2026")});
                self.on_loan("LOAN_WITHDRAW", data, Some(Stage::Ended))
            }
            85..=89 => self.charge(),
            90..=94 => self.disburse(),
            _ => self.question(),
        }
    }

    fn on_approved(&mut self) -> Task {
        match self.rng.u32(0..100) {
            0..=69 => self.disburse(),
            70..=81 => self.on_loan("LOAN_UNDO_APPROVAL", json!({"note": "terms"}), Some(Stage::Pending)),
            82..=86 => self.approve(),
            87..=91 => self.update(),
            92..=95 => self.repay("LOAN_REPAYMENT"),
            _ => self.question(),
        }
    }

    fn on_active(&mut self) -> Task {
        match self.rng.u32(0..100) {
            0..=39 => self.repay("LOAN_REPAYMENT"),
            40..=47 => {
                let amount = self.number(&["5", "10.005", "99999"]);
                let data = json!({"transactionDate": self.day_in("February"), "transactionAmount": amount,
                    "externalTransactionId": self.id("W")});
                self.on_loan("LOAN_WAIVE_INTEREST", data, None)
            }
            48..=57 => self.charge(),
            58..=67 => {
                let paid = self.paid.clone().unwrap_or_else(|| self.id("NO"));
                let data = json!({"externalTransactionId": paid, "transactionDate": self.day_in("February")});
                self.on_loan("LOAN_TRANSACTION_UNDO", data, None)
            }
            68..=75 => self.question(),
            76..=80 => {
                let data = json!({"transactionDate": self.day_in("March"), "note": "moved",
                    "externalTransactionId": self.id("FC")});
                self.on_loan("LOAN_FORECLOSURE", data, Some(Stage::Ended))
            }
            81..=87 => self.write_off(),
            88..=92 => self.on_loan(
                "LOAN_UNDO_DISBURSAL",
                json!({"note": "returned"}),
                Some(Stage::Approved),
            ),
            93..=95 => self.repay("LOAN_RECOVERY_PAYMENT"),
            _ => self.disburse(),
        }
    }

    fn on_written_off(&mut self) -> Task {
        match self.rng.u32(0..100) {
            0..=39 => self.repay("LOAN_RECOVERY_PAYMENT"),
            40..=64 => self.on_loan("LOAN_UNDO_WRITE_OFF", json!({}), Some(Stage::Active)),
            65..=74 => self.repay("LOAN_REPAYMENT"),
            75..=84 => self.write_off(),
            _ => {
                self.stage = Stage::Ended;
                self.question()
            }
        }
    }

    fn update(&mut self) -> Task {
        let data = match self.rng.u32(0..4) {
            0 => json!({"principal": self.number(&PRINCIPALS)}),
            1 => json!({"interestRatePerPeriod": self.number(&["10", "9.75", "61"])}),
            2 => json!({"loanTermFrequency": 24, "numberOfRepayments": 24}),
            _ => json!({"submittedOnDate": self.day("10 January 2026")}),
        };
        self.on_loan("LOAN_UPDATE", data, None)
    }

    fn approve(&mut self) -> Task {
        let data = json!({"approvedOnDate": self.day("15 January 2026")});
        self.on_loan("LOAN_APPROVE", data, Some(Stage::Approved))
    }

    fn disburse(&mut self) -> Task {
        let mut data = json!({"actualDisbursementDate": self.day("16 January 2026")});
        if self.falls(60) {
            data["utr_payment_id"] = self.id("UTR").into();
        }
        if self.falls(20) {
            data["transactionAmount"] = self.number(&["50000.005", "1000", "9000000"]);
        }
        self.on_loan("LOAN_DISBURSE", data, Some(Stage::Active))
    }

    fn repay(&mut self, operation: &'static str) -> Task {
        let used = self.paid.clone().filter(|_| self.falls(WRONG));
        let amount = if self.falls(4) {
            json!(99_999_999)
        } else {
            self.number(&AMOUNTS)
        };
        let month = if operation == "LOAN_REPAYMENT" {
            "February"
        } else {
            "March"
        };
        let mut data = json!({"transactionDate": self.day_in(month), "transactionAmount": amount,
            "externalTransactionId": used.unwrap_or_else(|| self.id("PAY"))});
        if self.falls(50) {
            data["paymentType"] = "UTR".into();
        }
        self.on_loan(operation, data, None)
    }

    fn write_off(&mut self) -> Task {
        let mut data = json!({"transactionDate": self.day_in("March"), "externalTransactionId": self.id("WO")});
        if self.falls(50) {
            data["writeOffReason"] = "WriteOffReasons one".into();
        }
        self.on_loan("LOAN_WRITE_OFF", data, Some(Stage::WrittenOff))
    }

    fn charge(&mut self) -> Task {
        let data = json!({"externalChargeId": self.id("CHG"), "chargeName": "Specified due date fee",
            "amount": self.number(&AMOUNTS), "dueDate": "15 April 2026"});
        self.on_loan("LOAN_CHARGE_ADD", data, None)
    }

    fn question(&mut self) -> Task {
        let day = json!({"transactionDate": "20 March 2026"});
        match self.rng.u32(0..4) {
            0 => self.on_loan("LOAN_PREPAY_QUOTE", day, None),
            1 => self.on_loan("LOAN_FORECLOSURE_QUOTE", day, None),
            _ => self.on_loan("LOAN_GET", json!({}), None),
        }
    }
}
