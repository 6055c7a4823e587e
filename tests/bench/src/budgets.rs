//! The budgets of what is measured.

use std::fmt;
use std::time::Duration;

use crate::figures::{Figures, micros, millis, ratio};
use crate::measure::{Answered, FirstRandom, Started};
use crate::programs::{FUNCTIONS, HELLO, OVER_TLS};

/// Longest start, in nanoseconds.
const START_MAX: u64 = 10_000_000;
/// Longest start, as so many times that of a function that does nothing.
const START_TIMES_MAX: u64 = 4;
/// Most processor time to the first random byte, in nanoseconds.
const RANDOM_MAX: u64 = 1_000_000;
/// Most user time of a request, in nanoseconds, of the functions that callers wait for.
const REQUEST_USER_MAX: u64 = 500_000;
/// Fewest requests that tell the user time of one: the kernel counts it in hundredths of a second.
const REQUESTS_MIN: u64 = 1_000;
const WAITED_FOR: [&str; 2] = ["operate", "status"];
/// The functions that get requests; sweep has a timer.
const ASKED: [&str; 3] = ["operate", "status", "worker"];
/// Most resident memory after the requests that are timed, in KiB.
const MEMORY_MAX: u64 = 20_000_000 / 1_024;
/// By how much memory may be more after all requests, in KiB: a page table or an arena, and nothing that is left behind.
const GROWTH_MAX: u64 = 512;
/// Longest measurement of everything, once it is built.
const WHOLE_MAX: Duration = Duration::from_secs(5 * 60);

/// Whether a busy machine makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It takes longer there.
    Idle,
    /// It is much the same there.
    Steady,
}

/// A budget and what was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Of which program.
    pub(crate) program: String,
    /// What is limited, and how.
    pub(crate) budget: String,
    /// Where it can be checked.
    pub(crate) kind: Kind,
    /// What was measured.
    pub(crate) measured: String,
    /// Whether that is within the budget; what was not measured is not.
    pub(crate) held: bool,
}

impl Verdict {
    fn new(program: &str, budget: String, kind: Kind, measured: Option<(String, bool)>) -> Self {
        let (measured, held) = measured.unwrap_or_else(|| ("not measured".to_owned(), false));
        Self {
            program: program.to_owned(),
            budget,
            kind,
            measured,
            held,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = if self.held { "held" } else { "missed" };
        write!(f, "{}: {}: {}: {held}", self.program, self.budget, self.measured)
    }
}

/// The budgets of the functions' starts.
pub(crate) fn of_starts(started: &[(String, Started)]) -> Vec<Verdict> {
    let time = |name: &str| found(started, name).map(|started| started.time);
    let hello = time(HELLO);
    let of_one = |name: &str| {
        let time = time(name);
        let within = |time: Figures| (format!("{} ms", millis(time.median)), time.median <= START_MAX);
        // The fastest of each are those that nothing else came between.
        let times = |(time, hello): (Figures, Figures)| {
            let held = time.min <= hello.min.saturating_mul(START_TIMES_MAX);
            (format!("{} times", ratio(time.min, hello.min)), held)
        };
        [
            Verdict::new(
                name,
                format!("starts in {} ms", START_MAX / 1_000_000),
                Kind::Idle,
                time.map(within),
            ),
            Verdict::new(
                name,
                format!("starts in {START_TIMES_MAX} times what `hello` takes, at best"),
                // Half of a handshake is the work of this program.
                if name == OVER_TLS { Kind::Idle } else { Kind::Steady },
                time.zip(hello).map(times),
            ),
        ]
    };
    let functions = FUNCTIONS.iter().map(|(name, _)| *name);
    functions.chain([OVER_TLS]).flat_map(of_one).collect()
}

/// The budget of the first random byte.
pub(crate) fn of_random(first: Option<&FirstRandom>) -> Verdict {
    let within = |first: &FirstRandom| {
        let FirstRandom { loaded, random } = first;
        let measured = format!(
            "{} µs, {} of them to load",
            micros(random.median),
            micros(loaded.median)
        );
        (measured, random.median <= RANDOM_MAX)
    };
    Verdict::new(
        "all",
        format!("{} µs of processor time to a random byte", micros(RANDOM_MAX)),
        Kind::Idle,
        first.map(within),
    )
}

/// The budgets of requests.
pub(crate) fn of_requests(answered: &[(String, Answered)]) -> Vec<Verdict> {
    let of_one = |name: &&str| {
        let answered = found(answered, name);
        let mut verdicts = Vec::new();
        if WAITED_FOR.contains(name) {
            verdicts.push(of_user_time(name, answered));
        }
        verdicts.extend(of_memory(name, answered));
        verdicts
    };
    ASKED.iter().flat_map(of_one).collect()
}

fn of_user_time(name: &str, answered: Option<&Answered>) -> Verdict {
    let enough = answered.filter(|answered| answered.requests >= REQUESTS_MIN);
    let within = |answered: &Answered| {
        (
            format!("{} µs", micros(answered.user)),
            answered.user <= REQUEST_USER_MAX,
        )
    };
    Verdict::new(
        name,
        format!("takes {} µs of user time a request", micros(REQUEST_USER_MAX)),
        Kind::Idle,
        enough.map(within),
    )
}

fn of_memory(name: &str, answered: Option<&Answered>) -> [Verdict; 2] {
    let then = answered.and_then(|answered| {
        let at = |(number, _): &&(u64, u64)| *number == answered.requests;
        answered.memory.iter().find(at)
    });
    // Without further requests, nothing is known about growth.
    let last = answered.and_then(|answered| answered.memory.last().filter(|(all, _)| *all > answered.requests));
    let number = |look: Option<&(u64, u64)>, otherwise| look.map_or(otherwise, |(number, _)| number.to_string());
    let within = |(_, kib): &(u64, u64)| (format!("{kib} KiB"), *kib <= MEMORY_MAX);
    let more = |((_, then), (_, last)): (&(u64, u64), &(u64, u64))| {
        let more = last.saturating_sub(*then);
        (format!("{more} KiB more"), more <= GROWTH_MAX)
    };
    [
        Verdict::new(
            name,
            format!(
                "{MEMORY_MAX} KiB after {} requests",
                number(then, "the timed".to_owned())
            ),
            Kind::Steady,
            then.map(within),
        ),
        Verdict::new(
            name,
            format!(
                "no more than {GROWTH_MAX} KiB more after {} requests",
                number(last, "more".to_owned())
            ),
            Kind::Steady,
            then.zip(last).map(more),
        ),
    ]
}

/// The budget of the whole measurement.
pub(crate) fn of_whole(took: Option<Duration>) -> Verdict {
    let within = |took: Duration| (format!("{} s", took.as_secs()), took <= WHOLE_MAX);
    Verdict::new(
        "all",
        format!("measured in {} minutes", WHOLE_MAX.as_secs() / 60),
        Kind::Idle,
        took.map(within),
    )
}

fn found<'a, T>(all: &'a [(String, T)], name: &str) -> Option<&'a T> {
    all.iter().find(|(one, _)| one == name).map(|(_, measured)| measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the budgets of one program came out, in their order.
    fn held(verdicts: Vec<Verdict>, name: &str) -> Vec<bool> {
        let of_it = verdicts.into_iter().filter(|verdict| verdict.program == name);
        of_it.map(|verdict| verdict.held).collect()
    }

    #[test]
    fn a_start_is_within_its_budgets_up_to_their_limits() {
        for (name, time, hello, expected) in [
            ("operate", Some(START_MAX), Some(START_MAX / 4), vec![true, true]),
            ("worker", Some(START_MAX + 1), Some(START_MAX / 4), vec![false, false]),
            ("sweep", Some(401), Some(100), vec![true, false]),
            ("status", None, Some(100), vec![false, false]),
            (OVER_TLS, Some(START_MAX + 1), Some(START_MAX), vec![false, true]),
            ("status", Some(1), None, vec![true, false]),
            ("hello", Some(START_MAX + 1), Some(1), vec![]),
        ] {
            let started = |time| Started {
                time: Figures {
                    min: time,
                    median: time,
                    ..Figures::default()
                },
                ..Started::default()
            };
            let all = [(HELLO, hello), (name, time)];
            let all: Vec<_> = all
                .into_iter()
                .filter_map(|(name, time)| Some((name.to_owned(), started(time?))))
                .collect();
            assert_eq!(held(of_starts(&all), name), expected, "{name} {time:?} {hello:?}");
        }
        assert_eq!(of_starts(&[]).len(), 2 * (FUNCTIONS.len() + 1));
    }

    #[test]
    fn requests_are_within_their_budgets_up_to_their_limits() {
        let answered = |user, memory: &[(u64, u64)]| Answered {
            requests: REQUESTS_MIN,
            user,
            memory: memory.to_vec(),
            ..Answered::default()
        };
        let few = Answered {
            requests: REQUESTS_MIN - 1,
            ..answered(1, &[(REQUESTS_MIN - 1, 1), (REQUESTS_MIN, 1)])
        };
        let grown = |then, last| [(0, 1), (REQUESTS_MIN, then), (100 * REQUESTS_MIN, last)];
        for (name, answered, expected) in [
            (
                "status",
                answered(REQUEST_USER_MAX, &grown(MEMORY_MAX, MEMORY_MAX + GROWTH_MAX)),
                vec![true; 3],
            ),
            (
                "status",
                answered(REQUEST_USER_MAX + 1, &grown(MEMORY_MAX + 1, MEMORY_MAX)),
                vec![false, false, true],
            ),
            (
                "worker",
                answered(REQUEST_USER_MAX + 1, &grown(1, 2 + GROWTH_MAX)),
                vec![true, false],
            ),
            ("worker", answered(1, &grown(1, 1)[..2]), vec![true, false]),
            ("worker", answered(1, &[]), vec![false, false]),
            ("operate", few, vec![false, true, true]),
            ("sweep", answered(REQUEST_USER_MAX + 1, &[]), vec![]),
        ] {
            let told = format!("{name} {answered:?}");
            assert_eq!(
                held(of_requests(&[(name.to_owned(), answered)]), name),
                expected,
                "{told}"
            );
        }
        assert_eq!(held(of_requests(&[]), "operate"), [false; 3]);
        assert_eq!(held(of_requests(&[]), "worker"), [false; 2]);
    }

    #[test]
    fn what_concerns_all_is_within_its_budget_up_to_its_limit() {
        let random = |median| {
            let random = Figures {
                median,
                ..Figures::default()
            };
            of_random(Some(&FirstRandom {
                random,
                ..FirstRandom::default()
            }))
        };
        assert!(random(RANDOM_MAX).held && !random(RANDOM_MAX + 1).held && !of_random(None).held);
        let longer = WHOLE_MAX + Duration::from_nanos(1);
        assert!(of_whole(Some(WHOLE_MAX)).held && !of_whole(Some(longer)).held && !of_whole(None).held);
    }

    #[test]
    fn memory_and_starts_beside_hello_can_be_checked_on_a_busy_machine() {
        let all = [of_starts(&[]), of_requests(&[]), vec![of_random(None), of_whole(None)]].concat();
        let steady = all.iter().filter(|verdict| verdict.kind == Kind::Steady);
        assert_eq!(steady.count(), FUNCTIONS.len() + 2 * ASKED.len());
    }
}
