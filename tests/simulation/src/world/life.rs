//! What a borrower and a loan go through, as chance has it.

use std::fmt;

use serde_json::{Value, json};

use super::World;
use super::dice::Dice;

/// Products of lenders, and one of each other kind.
const PRODUCTS: [&str; 17] = [
    "UGRO",
    "DMI",
    "GB",
    "LENDINGKART",
    "RECALCULATION-MONTHLY",
    "RECALCULATION-DAILY",
    "RECALCULATION-FEWER",
    "DOWN-PAYMENT",
    PROGRESSIVE,
    OPEN,
    "INTEREST-FIRST",
    "EARLY-REPAYMENT",
    "DUE-PENALTY-INTEREST",
    "GRACE",
    "EQUAL-PRINCIPAL",
    "FORTNIGHTLY",
    "TOP-UP",
];
/// develop fails at each of its foreclosures.
const PROGRESSIVE: &str = "PROGRESSIVE";
/// Its tranches are not planned: each disbursement says how much it is.
const OPEN: &str = "OPEN-TRANCHES";
/// Those of lenders, of which a part may be paid out.
const LENDERS: [&str; 4] = ["UGRO", "DMI", "GB", "LENDINGKART"];
/// How often a value is sent that Fineract stores as another one.
const CHANGED_PERMILLE: u32 = 200;
/// The last day of a repayment; foreclosures and write-offs follow.
const REPAID_BY: u64 = 28;

/// The data of an operation, its name, and what it is about.
pub(super) struct Task {
    pub(super) operation: &'static str,
    pub(super) subject: String,
    pub(super) data: Value,
    /// The UTR of the payment that it undoes: its external id is known when that payment has ended.
    pub(super) undoes: Option<String>,
    /// Fineract is right to refuse it.
    pub(super) refused: bool,
}

/// The life of one loan: the tasks that bring it there, in their order.
pub(super) struct Life<'a> {
    world: &'a World,
    client: &'a str,
    loan: &'a str,
    tasks: Vec<Task>,
    /// How many ids were given so far.
    ids: u32,
    /// The product of the loan.
    product: &'static str,
}

impl<'a> Life<'a> {
    /// A life before anything happened in it.
    pub(super) fn new(world: &'a World, client: &'a str, loan: &'a str) -> Self {
        Self {
            world,
            client,
            loan,
            tasks: Vec::new(),
            ids: 0,
            product: *world.dice.pick(&PRODUCTS),
        }
    }

    /// From the client's creation to the end of the loan.
    pub(super) fn whole(mut self) -> Vec<Task> {
        self.client();
        self.application();
        match self.dice().number(0, 19) {
            0..=3 => self.on_loan("LOAN_DELETE", json!({})),
            4 | 5 => self.on_loan(
                "LOAN_REJECT",
                json!({"rejectedOnDate": "15 January 2026", "note": "no income"}),
            ),
            6 | 7 => self.on_loan("LOAN_WITHDRAW", json!({"withdrawnOnDate": "15 January 2026"})),
            _ => {
                self.approval();
                self.disbursal();
                return self.serviced();
            }
        }
        self.tasks
    }

    /// What happens to a loan that was disbursed.
    pub(super) fn serviced(mut self) -> Vec<Task> {
        for _ in 0..self.dice().number(0, 3) {
            match self.dice().number(0, 9) {
                0..=2 => self.payment_by_id(),
                3 | 4 => self.payment_by_utr(),
                5 => self.waiver(),
                6 => self.charge(),
                7 => self.disbursal_anew(),
                _ => self.question(),
            }
        }
        self.end();
        self.tasks
    }

    fn dice(&self) -> &'a Dice {
        &self.world.dice
    }

    fn amount(&self) -> u64 {
        self.dice().number(10_000, 900_000)
    }

    /// Money as a caller sends it: now and then with digits that Fineract rounds away.
    fn money(&self, amount: u64) -> Value {
        if !self.dice().falls(CHANGED_PERMILLE) {
            return amount.into();
        }
        let digits = self.dice().pick(&["005", "015", "678"]);
        json!(format!("{amount}.{digits}"))
    }

    /// A text as a caller sends it: now and then with blanks that Fineract may trim.
    fn text(&self, text: String) -> String {
        if !self.dice().falls(CHANGED_PERMILLE) {
            return text;
        }
        format!(" {text}  ")
    }

    fn add(&mut self, operation: &'static str, subject: &str, data: Value) -> &mut Task {
        self.tasks.push(Task {
            operation,
            subject: subject.to_owned(),
            data,
            undoes: None,
            refused: false,
        });
        let last = self.tasks.len() - 1;
        &mut self.tasks[last]
    }

    fn on_loan(&mut self, operation: &'static str, mut data: Value) {
        data["external_loan_id"] = self.loan.into();
        self.add(operation, self.loan, data);
    }

    /// An id that nothing else of this life has; another caller's life has the same.
    fn id(&mut self, of: impl fmt::Display) -> String {
        self.ids += 1;
        format!("{of}-{}-{}", self.loan, self.ids)
    }

    fn client(&mut self) {
        let (dice, client) = (self.dice(), self.client);
        let last_name = self.text(format!("R{}", self.amount()));
        let data = json!({"externalId": client, "firstname": self.text("Asha".to_owned()), "lastname": last_name,
                "activationDate": "01 January 2026"});
        self.add("CLIENT_CREATE", client, data);
        for _ in 0..dice.number(0, 2) {
            let data = match dice.number(0, 2) {
                0 => json!({"externalId": client, "lastname": self.text(format!("S{}", self.amount()))}),
                1 => json!({"externalId": client, "mobileNo": format!("98{:08}", dice.number(0, 99_999_999))}),
                _ => json!({"externalId": client, "firstname": format!("B{}", self.amount()), "lastname": "Rao"}),
            };
            self.add("CLIENT_UPDATE", client, data);
        }
    }

    fn application(&mut self) {
        let (dice, loan) = (self.dice(), self.loan);
        let application = json!({"lenderConfig": self.product, "externalId": loan, "principal": self.money(self.amount()),
                "submittedOnDate": "11 January 2026", "loanTermFrequency": 12, "numberOfRepayments": 12,
                "interestRatePerPeriod": 8, "clientId": self.client});
        if dice.falls(100) {
            let mut asked = application.clone();
            asked["externalId"] = Value::Null;
            self.add("LOAN_SCHEDULE_PREVIEW", loan, asked);
        }
        self.add("LOAN_CREATE", loan, application);
        for _ in 0..dice.number(0, 2) {
            self.change();
        }
    }

    fn change(&mut self) {
        let data = json!({"externalId": self.loan, "principal": self.money(self.amount())});
        self.add("LOAN_UPDATE", self.loan, data);
    }

    fn approval(&mut self) {
        self.on_loan("LOAN_APPROVE", json!({"approvedOnDate": "15 January 2026"}));
        if self.dice().falls(200) {
            self.on_loan("LOAN_UNDO_APPROVAL", json!({"note": "terms change"}));
            if self.dice().falls(500) {
                self.change();
            }
            self.on_loan("LOAN_APPROVE", json!({"approvedOnDate": "15 January 2026"}));
        }
    }

    fn payout(&self) -> Value {
        let mut payout = json!({"actualDisbursementDate": "16 January 2026"});
        if self.product == OPEN {
            payout["transactionAmount"] = 10_000.into();
        }
        payout
    }

    fn disbursal(&mut self) {
        let mut disburse = self.payout();
        if self.dice().falls(600) {
            disburse["utr_payment_id"] = self.id("UTR").into();
        }
        if LENDERS.contains(&self.product) && self.dice().falls(150) {
            // A part of it, which is all that is paid out of a loan without tranches.
            disburse["transactionAmount"] = self.money(8_000);
        }
        if self.dice().falls(150) {
            self.on_loan("LOAN_DISBURSE", disburse.clone());
            self.on_loan("LOAN_UNDO_DISBURSAL", json!({}));
            if self.dice().falls(300) {
                self.on_loan("LOAN_UNDO_APPROVAL", json!({}));
                self.on_loan("LOAN_APPROVE", json!({"approvedOnDate": "15 January 2026"}));
            }
        }
        if self.dice().falls(100) {
            // More than was approved: Fineract's own refusal.
            disburse["transactionAmount"] = 9_000_000.into();
            self.world.journal.disturb(self.loan, "too much is asked for");
        }
        self.on_loan("LOAN_DISBURSE", disburse);
    }

    /// The disbursal is taken back with all that was paid since, and made again.
    fn disbursal_anew(&mut self) {
        self.on_loan("LOAN_UNDO_DISBURSAL", json!({"note": "returned"}));
        let mut disburse = self.payout();
        disburse["utr_payment_id"] = self.id("UTR").into();
        self.on_loan("LOAN_DISBURSE", disburse);
    }

    fn payment_by_id(&mut self) {
        let (id, day) = (self.id("P"), self.day());
        let amount = self.money(self.dice().number(100, 1_000));
        self.on_loan(
            "LOAN_REPAYMENT",
            json!({"transactionDate": day, "transactionAmount": amount, "externalTransactionId": id, "paymentType": "UTR"}),
        );
        if self.dice().falls(400) {
            self.on_loan(
                "LOAN_TRANSACTION_UNDO",
                json!({"externalTransactionId": id, "transactionDate": day}),
            );
        }
    }

    fn payment_by_utr(&mut self) {
        let (utr, day) = (self.id("UTR"), self.day());
        let amount = self.money(self.dice().number(100, 1_000));
        let paid = json!({"transactionDate": day, "transactionAmount": amount, "utr_payment_id": utr});
        self.on_loan("LOAN_REPAYMENT", paid.clone());
        match self.dice().number(0, 3) {
            0 => {
                self.on_loan("LOAN_REPAYMENT", paid);
                if let Some(task) = self.tasks.last_mut() {
                    task.refused = true;
                }
            }
            1 | 2 => {
                self.on_loan("LOAN_TRANSACTION_UNDO", json!({"transactionDate": day}));
                if let Some(task) = self.tasks.last_mut() {
                    task.undoes = Some(utr);
                }
                self.on_loan("LOAN_REPAYMENT", paid);
            }
            _ => {}
        }
    }

    fn waiver(&mut self) {
        let (id, day) = (self.id("W"), self.day());
        self.on_loan(
            "LOAN_WAIVE_INTEREST",
            json!({"transactionDate": day, "transactionAmount": self.money(5), "externalTransactionId": id}),
        );
    }

    fn charge(&mut self) {
        let id = self.id("F");
        self.on_loan(
            "LOAN_CHARGE_ADD",
            json!({"externalChargeId": id, "chargeName": "Specified due date fee", "amount": self.money(50), "dueDate": "15 July 2026"}),
        );
    }

    fn question(&mut self) {
        match self.dice().number(0, 3) {
            // What was paid later is not known yet, and a day before the last payment is refused: without a day it is today.
            3 => self.on_loan("LOAN_FORECLOSURE_QUOTE", json!({})),
            0 => self.on_loan("LOAN_PREPAY_QUOTE", json!({"transactionDate": "15 March 2026"})),
            1 => self.on_loan("LOAN_GET", json!({})),
            _ => self.on_loan(
                "LOAN_GET",
                json!({"associations": "transactions", "exclude": "guarantors"}),
            ),
        }
    }

    /// A day in February on which something is paid.
    fn day(&self) -> String {
        format!("{} February 2026", self.dice().number(16, REPAID_BY))
    }

    fn end(&mut self) {
        let written_off = |life: &mut Self| {
            life.on_loan(
                "LOAN_WRITE_OFF",
                json!({"transactionDate": "16 March 2026", "writeOffReason": "WriteOffReasons one"}),
            );
        };
        match self.dice().number(0, 9) {
            0 | 1 => {
                self.on_loan(
                    "LOAN_FORECLOSURE",
                    json!({"transactionDate": "16 March 2026", "note": "moved"}),
                );
                if let Some(task) = self.tasks.last_mut() {
                    task.refused = self.product == PROGRESSIVE;
                }
            }
            2 => {
                written_off(self);
                let id = self.id("R");
                self.on_loan(
                    "LOAN_RECOVERY_PAYMENT",
                    json!({"transactionDate": "20 March 2026", "transactionAmount": self.money(500), "externalTransactionId": id}),
                );
            }
            3 | 4 => {
                written_off(self);
                self.on_loan("LOAN_UNDO_WRITE_OFF", json!({}));
                if self.dice().falls(500) {
                    written_off(self);
                }
            }
            _ => {}
        }
        if self.dice().falls(200) {
            self.question();
        }
    }
}
