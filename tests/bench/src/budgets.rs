//! The budgets of what is measured.

use crate::figures::{Figures, micros, millis, ratio};
use crate::measure::{Answered, Started};
use crate::programs::FUNCTIONS;

/// Longest start, in nanoseconds.
const START_MAX: u64 = 10_000_000;
/// Longest start, as so many times that of a function that does nothing.
const START_TIMES_MAX: u64 = 4;
/// Longest time to the first random byte, in nanoseconds.
const RANDOM_MAX: u64 = 1_000_000;
/// Most user time of a request, in nanoseconds, of the functions that callers wait for.
const REQUEST_USER_MAX: u64 = 500_000;
const WAITED_FOR: [&str; 2] = ["operate", "status"];
/// Most resident memory after the requests that are timed, in KiB.
const MEMORY_MAX: u64 = 20_000_000 / 1_024;
/// By how much memory may be more after all requests, in KiB: a page table or an arena, and nothing that is left behind.
const GROWTH_MAX: u64 = 512;

/// A budget and what was measured.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Of which program.
    pub(crate) program: String,
    /// What is limited, and how.
    pub(crate) budget: String,
    /// What was measured.
    pub(crate) measured: String,
    /// Whether it is within the budget.
    pub(crate) held: bool,
}

fn ours(name: &str) -> bool {
    FUNCTIONS.iter().any(|(package, _)| *package == name)
}

/// The budgets of starts; the last argument is the start of a function that does nothing.
pub(crate) fn of_start(name: &str, started: &Started, hello: u64) -> Vec<Verdict> {
    if !ours(name) {
        return Vec::new();
    }
    let median = started.time.median;
    vec![
        Verdict {
            program: name.to_owned(),
            budget: format!("starts in {} ms", START_MAX / 1_000_000),
            measured: format!("{} ms", millis(median)),
            held: median <= START_MAX,
        },
        Verdict {
            program: name.to_owned(),
            budget: format!("starts in {START_TIMES_MAX} times what `hello` takes"),
            measured: format!("{} times", ratio(median, hello)),
            held: median <= hello.saturating_mul(START_TIMES_MAX),
        },
    ]
}

/// The budget of the first random byte.
pub(crate) fn of_random(first: &Figures) -> Verdict {
    Verdict {
        program: "all".to_owned(),
        budget: format!("a random byte within {} µs", micros(RANDOM_MAX)),
        measured: format!("{} µs", micros(first.median)),
        held: first.median <= RANDOM_MAX,
    }
}

/// The budgets of requests.
pub(crate) fn of_requests(name: &str, answered: &Answered) -> Vec<Verdict> {
    if !ours(name) {
        return Vec::new();
    }
    let mut verdicts = Vec::new();
    if WAITED_FOR.contains(&name) {
        verdicts.push(Verdict {
            program: name.to_owned(),
            budget: format!("takes {} µs of user time a request", micros(REQUEST_USER_MAX)),
            measured: format!("{} µs", micros(answered.user)),
            held: answered.user <= REQUEST_USER_MAX,
        });
    }
    let then = answered.memory.iter().find(|(number, _)| *number == answered.requests);
    if let (Some((requests, then)), Some((all, last))) = (then, answered.memory.last()) {
        verdicts.push(Verdict {
            program: name.to_owned(),
            budget: format!("{MEMORY_MAX} KiB after {requests} requests"),
            measured: format!("{then} KiB"),
            held: *then <= MEMORY_MAX,
        });
        verdicts.push(Verdict {
            program: name.to_owned(),
            budget: format!("no more than {GROWTH_MAX} KiB more after {all} requests"),
            measured: format!("{} KiB more", last.saturating_sub(*then)),
            held: last.saturating_sub(*then) <= GROWTH_MAX,
        });
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_held_up_to_its_limit() {
        let held = |verdicts: Vec<Verdict>| verdicts.into_iter().map(|verdict| verdict.held).collect::<Vec<_>>();
        let started = |median| Started {
            time: Figures {
                median,
                ..Figures::default()
            },
            ..Started::default()
        };
        for (name, median, hello, expected) in [
            ("operate", START_MAX, START_MAX / 4, vec![true, true]),
            ("worker", START_MAX + 1, START_MAX / 4, vec![false, false]),
            ("sweep", 401, 100, vec![true, false]),
            ("hello", START_MAX + 1, 1, vec![]),
        ] {
            assert_eq!(held(of_start(name, &started(median), hello)), expected, "{name}");
        }
        let answered = |user, then, last| Answered {
            requests: 10,
            user,
            memory: vec![(0, 1), (10, then), (100, last)],
            ..Answered::default()
        };
        for (name, answered, expected) in [
            (
                "status",
                answered(REQUEST_USER_MAX, MEMORY_MAX, MEMORY_MAX + GROWTH_MAX),
                vec![true; 3],
            ),
            (
                "status",
                answered(REQUEST_USER_MAX + 1, MEMORY_MAX + 1, MEMORY_MAX),
                vec![false, false, true],
            ),
            (
                "worker",
                answered(REQUEST_USER_MAX + 1, 1, 2 + GROWTH_MAX),
                vec![true, false],
            ),
        ] {
            assert_eq!(held(of_requests(name, &answered)), expected, "{name}");
        }
        let random = |median| Figures {
            median,
            ..Figures::default()
        };
        assert!(of_random(&random(RANDOM_MAX)).held && !of_random(&random(RANDOM_MAX + 1)).held);
    }
}
