//! Worlds of many seeds, and every step struck by itself.

use std::ops::ControlFlow;
use std::sync::Mutex;

use simulation::world::{Sabotage, every_step, first_wrong, for_each_seed, run};

/// How many worlds every run of the tests goes through.
const SEEDS: u64 = 200;

#[test]
fn worlds_are_right() {
    let wrong = Mutex::new(String::new());
    for_each_seed(1, SEEDS, |seed| {
        *wrong.lock().unwrap() += &run(seed, false).to_string();
        ControlFlow::Continue(())
    });
    assert_eq!(wrong.into_inner().unwrap(), "");
}

/// Rules whose breach the judge notices within the first worlds; the long form goes through all of them.
#[test]
fn a_broken_rule_is_noticed() {
    for rule in [
        Sabotage::IgnoreTheLease,
        Sabotage::NewKeyAfterTimeout,
        Sabotage::TimeoutMeansFailed,
        Sabotage::NoGroup,
        Sabotage::NoReadBack,
        Sabotage::AcceptBeforeSend,
        Sabotage::NoTakeBack,
        Sabotage::BusyMeansRejected,
        Sabotage::NoSweep,
        Sabotage::ClaimOwnRow,
        Sabotage::OldestByClock,
        Sabotage::ExpireOpenRows,
    ] {
        assert!(first_wrong(rule, 1, SEEDS).is_some(), "{rule:?}");
    }
}

#[test]
fn a_seed_is_the_same_world_each_time() {
    for seed in [3, 7, 27] {
        let (once, again) = (run(seed, true).trace, run(seed, true).trace);
        assert!(once.len() > 100);
        assert_eq!(once, again, "seed {seed}");
    }
}

#[test]
fn every_step_fails_once_and_runs_twice() {
    for operation in gateway::operations::ALL.iter().map(|kind| kind.name) {
        let (steps, wrongs) = every_step(operation);
        assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
        // Insert, send, get, open_on, claim, the command, settle, delete: eight at least, in twenty ways.
        assert!(steps >= 160, "{operation}: {steps}");
    }
}
