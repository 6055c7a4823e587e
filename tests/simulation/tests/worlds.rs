//! Worlds of many seeds, and every step struck by itself.

use std::ops::ControlFlow;
use std::sync::Mutex;

use serde_json::Value;
use simulation::world::{Counts, Sabotage, every_step, first_wrong, for_each_seed, run};

use crate::deeds::{deeds, way};
use crate::reads::reads;

/// How many worlds every run of the tests goes through.
const SEEDS: u64 = 200;

#[test]
fn worlds_are_right() {
    let (wrong, counts) = (Mutex::new(String::new()), Counts::default());
    for_each_seed(1, SEEDS, |seed| {
        let report = run(seed, false);
        counts.merge(&report.tally);
        *wrong.lock().unwrap() += &report.to_string();
        ControlFlow::Continue(())
    });
    assert_eq!(wrong.into_inner().unwrap(), "");
    let counts = counts.all();
    for kind in gateway::operations::ALL {
        let succeeded = counts
            .iter()
            .find(|(group, name, _)| (*group, name.as_str()) == ("success", kind.name));
        assert!(succeeded.is_some_and(|(.., times)| *times > 0), "{kind:?}");
    }
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
        Sabotage::ForgetTarget,
        Sabotage::CompareRawValues,
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
    let mut ways: Vec<_> = deeds()
        .into_iter()
        .map(|deed| {
            let last = (deed.operation, deed.data);
            [deed.before, vec![last]].concat()
        })
        .collect();
    ways.extend(reads().map(|(operation, data, ..)| [&way()[..4], &[(operation, data)]].concat()));
    for kind in gateway::operations::ALL {
        let is_last = |way: &&Vec<(&str, Value)>| way.last().is_some_and(|(operation, _)| *operation == kind.name);
        assert!(ways.iter().any(|way| is_last(&way)), "{kind:?}");
    }
    let wrong = Mutex::new(Vec::new());
    for_each_seed(0, ways.len() as u64, |number| {
        let way = &ways[usize::try_from(number).unwrap()];
        let (steps, wrongs) = every_step(way);
        // Insert, send, open_in_group, claim, the command, settle, delete: seven at least, in twenty ways.
        assert!(steps >= 140, "{:?}: {steps}", way.last());
        wrong.lock().unwrap().extend(wrongs);
        ControlFlow::Continue(())
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
