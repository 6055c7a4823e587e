//! What happens around Fineract: what lasts for a while, the checker who decides, the clerk who works by hand.

use std::sync::Arc;
use std::time::Duration;

use fineract_simulator::{Decision, Request};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::World;
use super::faults::Fault;

/// The commands for which a checker may be asked.
const HELD: [&str; 19] = [
    "CREATE_CLIENT",
    "UPDATE_CLIENT",
    "CREATE_LOAN",
    "UPDATE_LOAN",
    "APPROVE_LOAN",
    "DISBURSE_LOAN",
    "DELETE_LOAN",
    "REJECT_LOAN",
    "WITHDRAW_LOAN",
    "APPROVALUNDO_LOAN",
    "DISBURSALUNDO_LOAN",
    "REPAYMENT_LOAN",
    "ADJUST_LOAN",
    "WAIVEINTERESTPORTION_LOAN",
    "FORECLOSURE_LOAN",
    "WRITEOFF_LOAN",
    "UNDOWRITEOFF_LOAN",
    "RECOVERYPAYMENT_LOAN",
    "CREATE_LOANCHARGE",
];
const DAY: u64 = 24 * 60 * 60;
const BASE: &str = "/fineract-provider/api/v1";

impl World {
    /// Lets what lasts begin and end, until it is calm.
    pub(super) async fn weather(self: Arc<Self>) {
        let mut windows: Vec<Fault> = Fault::WINDOW
            .into_iter()
            .filter(|fault| self.weather.has(*fault))
            .collect();
        while !windows.is_empty() {
            sleep(self.dice.seconds(10, 6 * 60)).await;
            if self.clock.age() >= self.weather.calm_at() {
                return;
            }
            let window = *self.dice.pick(&windows);
            self.happens(window);
            self.line("world", || format!("begins: {window:?}"));
            let lasts = self.begin(window);
            if window == Fault::LongSilence {
                windows.retain(|other| *other != window);
            }
            self.weather.noticed(self.clock.age() + lasts);
            sleep(lasts).await;
            self.end(window);
            self.line("world", || format!("ends: {window:?}"));
        }
    }

    fn begin(&self, window: Fault) -> Duration {
        self.weather.set_window(Some(window));
        match window {
            Fault::FineractAway if self.dice.falls(100) => return self.dice.seconds(3_600, 5 * 3_600),
            Fault::FineractRestarts => {
                self.restart_server();
                return self.dice.seconds(10, 120);
            }
            Fault::CheckerAsked => self.simulator.ask_checker_for(HELD),
            Fault::LongSilence => {
                let lasts = self.dice.seconds(21 * DAY, 25 * DAY);
                self.be_silent_until(self.clock.age() + lasts);
                return lasts;
            }
            _ => {}
        }
        self.dice.seconds(10, 10 * 60)
    }

    fn end(&self, window: Fault) {
        self.weather.set_window(None);
        match window {
            Fault::CheckerAsked => self.simulator.ask_checker_for([]),
            Fault::LongSilence => self.simulator.purge_commands(),
            _ => {}
        }
    }

    /// The checker, who looks at what waits from time to time.
    pub(super) async fn check(self: Arc<Self>) {
        let decisions = [
            Fault::CheckerApproves,
            Fault::CheckerRejects,
            Fault::CheckerRemoves,
            Fault::ApprovalFails,
        ];
        let ways: Vec<Fault> = decisions.into_iter().filter(|way| self.weather.has(*way)).collect();
        loop {
            sleep(self.dice.seconds(20, 4 * 60)).await;
            for number in self.simulator.awaiting() {
                if self.dice.falls(400) {
                    continue;
                }
                let way = if ways.is_empty() {
                    Fault::CheckerApproves
                } else {
                    *self.dice.pick(&ways)
                };
                self.decide(number, way);
            }
        }
    }

    fn decide(&self, number: u64, way: Fault) {
        let decision = match way {
            Fault::CheckerRejects => Decision::Reject,
            Fault::CheckerRemoves => Decision::Delete,
            _ => Decision::Approve,
        };
        if way == Fault::ApprovalFails {
            self.pre_empt(number);
        }
        let key = self.simulator.key_of(number);
        let decided = self.simulator.decide(number, decision);
        let seen = match (way, &decided) {
            (Fault::ApprovalFails, Ok(_)) => Fault::CheckerApproves,
            (way, _) => way,
        };
        self.happens(seen);
        self.journal.decided(key, decision);
        self.line("checker", || format!("command {number}: {seen:?}"));
    }

    /// Somebody does by hand what a held command wants, so that it fails when it is approved.
    fn pre_empt(&self, number: u64) {
        let audit = self.by_hand("GET", &format!("/audits/{number}"), None);
        let loan = if audit["entityName"] == "LOAN" && audit["loanId"].is_null() {
            audit["resourceId"].as_u64()
        } else {
            audit["loanId"].as_u64()
        };
        let Some(loan) = loan else {
            return;
        };
        let on_loan = |command: &str, day: &str| self.act(&format!("/loans/{loan}{command}"), dated(day));
        match audit["actionName"].as_str() {
            Some("APPROVE" | "UPDATE" | "DELETE" | "REJECT" | "WITHDRAW") => {
                on_loan("?command=approve", "approvedOnDate");
            }
            Some("APPROVALUNDO" | "DISBURSE") => on_loan("?command=disburse", "actualDisbursementDate"),
            Some("DISBURSALUNDO" | "REPAYMENT" | "ADJUST" | "WRITEOFF" | "FORECLOSURE") => {
                self.act(&format!("/loans/{loan}?command=undodisbursal"), json!({}));
            }
            _ => {}
        }
    }

    /// The clerk, who does by hand what may come in the way.
    pub(super) async fn work_by_hand(self: Arc<Self>, borrowers: u32) {
        if !self.weather.has(Fault::ActByHand) {
            return;
        }
        loop {
            sleep(self.dice.seconds(20, 5 * 60)).await;
            if self.clock.age() >= self.weather.calm_at() {
                return;
            }
            let number = self.dice.number(1, u64::from(borrowers));
            let (client, loan) = (format!("C-{number}"), format!("L-{number}"));
            let on_loan = |command: &str, body: Value| {
                let before = self.simulator.effects().len();
                self.act(&format!("/loans/external-id/{loan}{command}"), body);
                if self.simulator.effects().len() > before {
                    self.journal.disturb(&loan, "done by hand");
                }
            };
            // An id that the borrower has given, too, or will give.
            let payment = format!("P-{loan}-{}", self.dice.number(1, 3));
            match self.dice.number(0, 9) {
                0 => self.act("/clients", hand_made(&client)),
                1 => on_loan("?command=approve", dated("approvedOnDate")),
                2 => on_loan("?command=disburse", dated("actualDisbursementDate")),
                3 => {
                    let before = self.simulator.effects().len();
                    self.unchecked(|| self.by_hand("DELETE", &format!("/loans/external-id/{loan}"), None));
                    self.disturb_since(before);
                }
                4 => self.take_id_away(&client).await,
                5 => on_loan("?command=undoapproval", json!({})),
                6 => on_loan("?command=undodisbursal", json!({})),
                7 => {
                    let mut body = dated("transactionDate");
                    body["transactionAmount"] = 50.into();
                    body["externalId"] = payment.into();
                    on_loan("/transactions?command=repayment", body);
                }
                8 => {
                    let mut body = dated("transactionDate");
                    body["transactionAmount"] = 0.into();
                    on_loan(&format!("/transactions/external-id/{payment}?command=undo"), body);
                }
                _ => on_loan("/transactions?command=writeoff", dated("transactionDate")),
            }
        }
    }

    /// A client's external id is taken away for some minutes; then it is given back, or to another client.
    async fn take_id_away(&self, client: &str) {
        let path = format!("/clients/external-id/{client}");
        let Some(number) = self.by_hand("GET", &path, None)["id"].as_u64() else {
            return;
        };
        let by_number = format!("/clients/{number}");
        let elsewhere = format!("{client}-OLD-{}", self.next_run());
        self.change(&by_number, json!({"externalId": elsewhere}));
        self.journal.disturb(client, "its id was taken away");
        let comes_back = self.dice.falls(500);
        sleep(self.dice.seconds(20, 4 * 60)).await;
        if comes_back {
            self.change(&by_number, json!({"externalId": client}));
        } else {
            self.act("/clients", hand_made(client));
        }
        self.weather.noticed(self.clock.age());
        if let Some(holder) = self.by_hand("GET", &path, None)["id"].as_u64() {
            self.journal.holds(self.clock.age(), client, holder);
        }
    }

    /// A change by hand.
    fn change(&self, path: &str, body: Value) {
        let before = self.simulator.effects().len();
        self.unchecked(|| self.by_hand("PUT", path, Some(body)));
        self.disturb_since(before);
    }

    /// No checker is asked about what happens here.
    fn unchecked(&self, act: impl FnOnce() -> Value) {
        let held = self.weather.window() == Some(Fault::CheckerAsked);
        if held {
            self.simulator.ask_checker_for([]);
        }
        act();
        if held {
            self.simulator.ask_checker_for(HELD);
        }
    }

    /// A command by hand, which no checker is asked about.
    fn act(&self, path: &str, body: Value) {
        let before = self.simulator.effects().len();
        self.unchecked(|| self.by_hand("POST", path, Some(body)));
        self.disturb_since(before);
    }

    fn disturb_since(&self, before: usize) {
        for effect in self.simulator.effects().iter().skip(before) {
            self.happens(Fault::ActByHand);
            if let Some(id) = &effect.external_id {
                self.journal.disturb(id, "done by hand");
                self.line("clerk", || format!("{} {} {id}", effect.action, effect.entity));
            }
        }
    }

    fn by_hand(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let mut request = Request::new(method, format!("{BASE}{path}"))
            .with_header("Authorization", Self::CLERK)
            .with_header("Fineract-Platform-TenantId", "default")
            .with_header("Content-Type", "application/json");
        if method != "GET" {
            request = request.with_header("Idempotency-Key", format!("clerk-{}", self.next_run()));
        }
        if let Some(body) = body {
            request = request.with_body(body.to_string());
        }
        self.simulator.answer(&request).body_json().unwrap_or_default()
    }
}

/// A command with a day.
fn dated(day: &str) -> Value {
    let mut body = json!({"dateFormat": "dd MMMM yyyy", "locale": "en"});
    body[day] = "20 January 2026".into();
    body
}

/// A client as somebody makes one by hand.
fn hand_made(external_id: &str) -> Value {
    json!({"officeId": 1, "legalFormId": 1, "active": true, "firstname": "Hand", "lastname": "Made",
        "externalId": external_id, "activationDate": "20 January 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"})
}
