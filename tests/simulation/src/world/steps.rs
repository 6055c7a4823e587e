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

/// Operations with their data, one after the other.
pub type Way = [(&'static str, Value)];

/// One step of the last operation of a way, struck.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    way: &'a Way,
    release: Release,
    keyed: bool,
    call: u32,
    blow: Blow,
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = if self.keyed { "with a key" } else { "without a key" };
        let Self {
            release, call, blow, ..
        } = self;
        let operation = self.operation();
        write!(f, "{operation} {key} on {release}, call {call}: {blow:?}")
    }
}

impl Step<'_> {
    fn operation(&self) -> &'static str {
        self.way.last().map_or("", |(operation, _)| operation)
    }
}

/// Strikes every step of the last operation of a way, each time anew; gives how many there were, and what was wrong.
pub fn every_step(way: &Way) -> (u32, Vec<String>) {
    let (mut steps, mut wrongs) = (0, Vec::new());
    for release in Release::ALL {
        for keyed in [false, true] {
            for blow in BLOWS {
                for call in 1.. {
                    let step = Step {
                        way,
                        release,
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
pub fn trace_of(step: Step<'_>) -> Vec<String> {
    in_virtual_time(async {
        let world = World::new(setting(step, true), |_| Weather::calm());
        live(&world, step).await;
        world.trace.lines()
    })
}

fn setting(step: Step<'_>, traced: bool) -> Setting {
    Setting {
        seed: u64::from(step.call),
        traced,
        release: Some(step.release),
        sabotage: None,
    }
}

async fn strike(step: Step<'_>) -> (bool, Vec<String>) {
    let world = World::new(setting(step, false), |_| Weather::calm());
    let (struck, accepted) = live(&world, step).await;
    let mut wrongs = judge(&world).await;
    let stories = world.journal.stories();
    let own = stories.iter().find(|story| story.row.operation == step.operation());
    match own.map(|story| story.row.state) {
        Some(State::Succeeded) => {}
        // Its caller was told that nothing will be done, or nothing at all.
        None | Some(State::Cancelled) if !accepted => {}
        other => wrongs.push(format!("it ended as {other:?}")),
    }
    (struck, wrongs)
}

/// Leads to the operation and lets the blow strike it; tells whether it struck, and whether the caller got its 202.
async fn live(world: &Arc<World>, step: Step<'_>) -> (bool, bool) {
    tokio::spawn(Arc::clone(world).work("worker".to_owned()));
    tokio::spawn(Arc::clone(world).sweep());
    let last = step.way.len().saturating_sub(1);
    let (mut struck, mut accepted) = (false, false);
    for (index, (operation, data)) in step.way.iter().enumerate() {
        let fate = Arc::new(if index == last {
            Fate::with(step.call, step.blow)
        } else {
            Fate::kind()
        });
        world.plan(&fate);
        accepted = submit(world, operation, data.clone(), step.keyed, &fate).await;
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
