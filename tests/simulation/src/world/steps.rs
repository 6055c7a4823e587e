//! Every step fails once, every step runs twice: each call that an operation makes, from its acceptance to its end, is
//! struck in turn.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fineract_simulator::Release;
use gateway::tracking::State;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::callers::caller;
use super::fate::{Blow, Fate};
use super::faults::Weather;
use super::journal::{Post, Told};
use super::judge::judge;
use super::report::in_virtual_time;
use super::{Setting, World};

/// How long an operation may take to end after one blow.
const ENDS_WITHIN: Duration = Duration::from_secs(2 * 60 * 60);
const LOOK: Duration = Duration::from_secs(1);
/// How a step is struck.
const BLOWS: [Blow; 5] = [
    Blow::FailBefore,
    Blow::FailAfter,
    Blow::KillBefore,
    Blow::KillAfter,
    Blow::Twice,
];

/// One step of one operation, struck.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    release: Release,
    operation: &'static str,
    keyed: bool,
    call: u32,
    blow: Blow,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = if self.keyed { "with a key" } else { "without a key" };
        let Self {
            release,
            operation,
            call,
            blow,
            ..
        } = self;
        write!(f, "{operation} {key} on {release}, call {call}: {blow:?}")
    }
}

/// Strikes every step of an operation, in every way; gives how many there were, and what was wrong.
pub fn every_step(operation: &'static str) -> (u32, Vec<String>) {
    let (mut steps, mut wrongs) = (0, Vec::new());
    for release in Release::ALL {
        for keyed in [false, true] {
            for blow in BLOWS {
                for call in 1.. {
                    let step = Step {
                        release,
                        operation,
                        keyed,
                        call,
                        blow,
                    };
                    let (struck, wrong) = in_virtual_time(strike(step));
                    wrongs.extend(wrong.into_iter().map(|wrong| format!("{step}: {wrong}")));
                    if !struck {
                        break;
                    }
                    steps += 1;
                }
            }
        }
    }
    (steps, wrongs)
}

/// What happened in a world where this step was struck.
pub fn trace_of(step: Step) -> Vec<String> {
    in_virtual_time(async {
        let world = World::new(setting(step, true), |_| Weather::calm());
        live(&world, step).await;
        world.trace.lines()
    })
}

fn setting(step: Step, traced: bool) -> Setting {
    Setting {
        seed: u64::from(step.call),
        traced,
        release: Some(step.release),
        sabotage: None,
    }
}

async fn strike(step: Step) -> (bool, Vec<String>) {
    let world = World::new(setting(step, false), |_| Weather::calm());
    let (struck, accepted) = live(&world, step).await;
    let mut wrongs = judge(&world).await;
    let stories = world.journal.stories();
    let own = stories.iter().find(|story| story.row.operation == step.operation);
    match own.map(|story| story.row.state) {
        Some(State::Succeeded) => {}
        // Its caller was told that nothing will be done, or nothing at all.
        None | Some(State::Cancelled) if !accepted => {}
        other => wrongs.push(format!("it ended as {other:?}")),
    }
    (struck, wrongs)
}

/// The way of a loan to the end of its life.
fn way() -> Vec<(&'static str, Value)> {
    let client =
        json!({"externalId": "C-1", "firstname": "Asha", "lastname": "Rao", "activationDate": "01 January 2026"});
    let loan = json!({"lenderConfig": "UGRO", "externalId": "L-1", "principal": 100_000, "clientId": "C-1",
        "submittedOnDate": "11 January 2026", "loanTermFrequency": 12, "numberOfRepayments": 12, "interestRatePerPeriod": 8});
    let disbursed = json!({"actualDisbursementDate": "16 January 2026", "utr_payment_id": "U-1"});
    let repaid =
        json!({"transactionDate": "16 February 2026", "transactionAmount": 1_000, "externalTransactionId": "P-1"});
    vec![
        ("CLIENT_CREATE", client),
        ("LOAN_CREATE", loan),
        ("LOAN_APPROVE", of_loan(json!({"approvedOnDate": "15 January 2026"}))),
        ("LOAN_DISBURSE", of_loan(disbursed)),
        ("LOAN_REPAYMENT", of_loan(repaid)),
        ("LOAN_WRITE_OFF", of_loan(json!({"transactionDate": "16 March 2026"}))),
    ]
}

/// What is done beside the way, and after how many steps of it.
fn beside() -> Vec<(&'static str, usize, Value)> {
    let applied = json!({"lenderConfig": "UGRO", "principal": 100_000, "clientId": "C-1",
        "submittedOnDate": "11 January 2026", "loanTermFrequency": 12, "numberOfRepayments": 12, "interestRatePerPeriod": 8});
    let waived = json!({"transactionDate": "16 February 2026", "transactionAmount": 5, "utr_payment_id": "U-2"});
    let charged = json!({"externalChargeId": "F-1", "chargeName": "Specified due date fee", "amount": 50, "dueDate": "15 July 2026"});
    let undone = json!({"externalTransactionId": "P-1", "transactionDate": "16 February 2026"});
    let recovered =
        json!({"transactionDate": "20 March 2026", "transactionAmount": 500, "externalTransactionId": "R-1"});
    vec![
        ("CLIENT_UPDATE", 1, json!({"externalId": "C-1", "lastname": "Sen"})),
        ("LOAN_SCHEDULE_PREVIEW", 1, applied),
        ("LOAN_UPDATE", 2, json!({"externalId": "L-1", "principal": 50_000})),
        ("LOAN_DELETE", 2, of_loan(json!({}))),
        ("LOAN_REJECT", 2, of_loan(json!({"rejectedOnDate": "15 January 2026"}))),
        (
            "LOAN_WITHDRAW",
            2,
            of_loan(json!({"withdrawnOnDate": "15 January 2026"})),
        ),
        ("LOAN_UNDO_APPROVAL", 3, of_loan(json!({}))),
        ("LOAN_UNDO_DISBURSAL", 4, of_loan(json!({}))),
        ("LOAN_WAIVE_INTEREST", 4, of_loan(waived)),
        ("LOAN_CHARGE_ADD", 4, of_loan(charged)),
        ("LOAN_GET", 4, of_loan(json!({}))),
        ("LOAN_PREPAY_QUOTE", 4, of_loan(json!({}))),
        ("LOAN_TRANSACTION_UNDO", 5, of_loan(undone)),
        (
            "LOAN_FORECLOSURE",
            5,
            of_loan(json!({"transactionDate": "16 March 2026"})),
        ),
        ("LOAN_UNDO_WRITE_OFF", 6, of_loan(json!({}))),
        ("LOAN_RECOVERY_PAYMENT", 6, of_loan(recovered)),
    ]
}

fn of_loan(mut data: Value) -> Value {
    data["external_loan_id"] = "L-1".into();
    data
}

/// What leads to an operation, and the operation itself.
fn way_to(operation: &str) -> Vec<(&'static str, Value)> {
    let mut way = way();
    if let Some((name, steps, data)) = beside().into_iter().find(|(name, ..)| *name == operation) {
        way.truncate(steps);
        way.push((name, data));
    } else if let Some(last) = way.iter().position(|(name, _)| *name == operation) {
        way.truncate(last + 1);
    }
    way
}

/// Leads to the operation and lets the blow strike it; tells whether it struck, and whether the caller got its 202.
async fn live(world: &Arc<World>, step: Step) -> (bool, bool) {
    tokio::spawn(Arc::clone(world).work("worker".to_owned()));
    tokio::spawn(Arc::clone(world).sweep());
    let way = way_to(step.operation);
    let last = way.len().saturating_sub(1);
    let (mut struck, mut accepted) = (false, false);
    for (index, (operation, data)) in way.into_iter().enumerate() {
        let fate = Arc::new(if index == last {
            Fate::with(step.call, step.blow)
        } else {
            Fate::kind()
        });
        world.plan(&fate);
        accepted = submit(world, operation, data, step.keyed, &fate).await;
        let deadline = world.clock.age() + ENDS_WITHIN;
        while world.journal.is_any_open() && world.clock.age() < deadline {
            sleep(LOOK).await;
        }
        // The last message is deleted after its operation has ended.
        sleep(LOOK).await;
        struck = fate.struck();
    }
    (struck, accepted)
}

async fn submit(world: &Arc<World>, operation: &'static str, mut data: Value, keyed: bool, fate: &Arc<Fate>) -> bool {
    data["reference"] = operation.into();
    let body = json!({"status": operation, "data": data});
    loop {
        let sent_at = world.clock.age();
        let key = keyed.then_some(operation);
        let told = world.post(&caller(), key, &body, Arc::clone(fate)).await;
        world.line("los", || format!("{operation} → {told:?}"));
        world.journal.post(Post {
            mark: operation.to_owned(),
            keyed,
            sent_at,
            answered_at: world.clock.age(),
            told: told.clone(),
        });
        match told {
            Told::Accepted(_) => return true,
            _ if !keyed => return false,
            _ => sleep(LOOK).await,
        }
    }
}
