//! Worlds of many seeds, and every step struck by itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use simulation::world::{Sabotage, every_step, first_wrong, run};

/// How many worlds every run of the tests goes through.
const SEEDS: u64 = 200;

#[test]
fn worlds_are_right() {
    let next = AtomicU64::new(1);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut wrong = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > SEEDS {
                return wrong;
            }
            wrong.extend(
                run(seed, false)
                    .wrongs
                    .into_iter()
                    .map(|what| format!("seed {seed}: {what}")),
            );
        }
    };
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
    let operations = [
        "CLIENT_CREATE",
        "CLIENT_UPDATE",
        "LOAN_CREATE",
        "LOAN_UPDATE",
        "LOAN_APPROVE",
        "LOAN_DISBURSE",
        "LOAN_DELETE",
    ];
    for operation in operations {
        let (steps, wrongs) = every_step(operation);
        assert!(wrongs.is_empty(), "{}", wrongs.join("\n"));
        // Insert, send, get, open_on, claim, the command, settle, delete: eight at least, in twenty ways.
        assert!(steps >= 160, "{operation}: {steps}");
    }
}
