//! What happens under load, by a clock that jumps from event to event: the template's defaults, one operation a client,
//! callers that poll every 2.5 s and wait twice as long after each 429.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::page;
use crate::price::{CALL_MS, COMPUTE_MS, FINERACT_MS};

const SECOND: u64 = 1_000_000;
const MILLI: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;

/// `RequestsPerSecond`, of each route.
const RATE: u64 = 500;
/// `RequestBurst`, of each route.
const BURST: u64 = 1_000;
/// `MaximumConcurrency`.
const WORKERS: usize = 10;
/// Calls of the worker: query, claim, settle.
const WORKER_CALLS: u64 = 3;
/// Writes to the table of one operation: insert, claim, settle.
const WRITES: u64 = 3;
const POLL: u64 = 2_500 * MILLI;
const FIRST_PAUSE: u64 = SECOND;
const LONGEST_PAUSE: u64 = 32 * SECOND;
/// Lambda's default for an account.
const CONCURRENCY: u64 = 1_000;
/// SQS: how far into a FIFO queue it looks for a free group.
const WINDOW: usize = 120_000;
/// SQS in high throughput: sends a second into one partition.
const QUEUE_RATE: u64 = 300;
/// DynamoDB: writes a second of 1 KB into one partition.
const PARTITION_RATE: u64 = 1_000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Ended,
    Post,
    Poll,
}

/// A route's throttle: a bucket of tokens, counted in millionths.
struct Bucket {
    tokens: u64,
    at: u64,
}

impl Bucket {
    fn full() -> Self {
        Self {
            tokens: BURST * SECOND,
            at: 0,
        }
    }

    fn lets_through(&mut self, now: u64) -> bool {
        self.tokens = (self.tokens + (now - self.at) * RATE).min(BURST * SECOND);
        self.at = now;
        let through = self.tokens >= SECOND;
        if through {
            self.tokens -= SECOND;
        }
        through
    }
}

/// An operation as its caller sees it.
#[derive(Clone, Copy, Default)]
struct Operation {
    accepted: Option<u64>,
    ended: Option<u64>,
    told: Option<u64>,
    pause: u64,
}

/// What came of a load.
#[derive(Default)]
struct Outcome {
    posts_refused: u64,
    polls: u64,
    polls_refused: u64,
    backlog: usize,
    accepted_by: u64,
    ended_by: u64,
    told_by: u64,
    waits: Vec<u64>,
    /// The most requests that ended in one second, of POST.
    posts_per_second: u64,
}

/// Runs a load: one operation at each of these times.
fn run(times: &[u64]) -> Outcome {
    let mut events: BinaryHeap<Reverse<(u64, What, usize)>> = times
        .iter()
        .enumerate()
        .map(|(index, at)| Reverse((*at, What::Post, index)))
        .collect();
    let mut operations = vec![Operation::default(); times.len()];
    let (mut post, mut track) = (Bucket::full(), Bucket::full());
    let (mut waiting, mut busy) = (VecDeque::new(), 0);
    let (mut second, mut in_second) = (0, 0);
    let mut outcome = Outcome::default();
    let service = (WORKER_CALLS * CALL_MS + FINERACT_MS + COMPUTE_MS) * MILLI;
    while let Some(Reverse((now, what, index))) = events.pop() {
        let operation = &mut operations[index];
        match what {
            What::Post if post.lets_through(now) => {
                operation.accepted = Some(now);
                operation.pause = 0;
                waiting.push_back(index);
                outcome.accepted_by = now;
                if now / SECOND != second {
                    (second, in_second) = (now / SECOND, 0);
                }
                in_second += 1;
                outcome.posts_per_second = outcome.posts_per_second.max(in_second);
                events.push(Reverse((now + POLL, What::Poll, index)));
            }
            What::Poll if track.lets_through(now) => {
                outcome.polls += 1;
                operation.pause = 0;
                if operation.ended.is_some_and(|ended| ended <= now) {
                    operation.told = Some(now);
                    outcome.told_by = now;
                } else {
                    events.push(Reverse((now + POLL, What::Poll, index)));
                }
            }
            What::Post | What::Poll => {
                let refused = if what == What::Post {
                    &mut outcome.posts_refused
                } else {
                    &mut outcome.polls_refused
                };
                *refused += 1;
                operation.pause = (operation.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
                // Callers do not come back in step.
                let spread = (u64::try_from(index).unwrap() * 7_919) % (operation.pause / 2);
                events.push(Reverse((now + operation.pause / 2 + spread, what, index)));
            }
            What::Ended => {
                operation.ended = Some(now);
                outcome.ended_by = now;
                outcome.waits.push(now - operation.accepted.unwrap());
                busy -= 1;
            }
        }
        while busy < WORKERS
            && let Some(next) = waiting.pop_front()
        {
            busy += 1;
            events.push(Reverse((now + service, What::Ended, next)));
        }
        outcome.backlog = outcome.backlog.max(waiting.len());
    }
    assert!(operations.iter().all(|operation| operation.told.is_some()));
    outcome.waits.sort_unstable();
    outcome
}

/// Seconds with one decimal; longer spans in minutes.
fn span(micros: u64) -> String {
    match micros {
        0..120_000_000 => format!("{}.{} s", micros / SECOND, micros % SECOND / 100_000),
        _ => format!("{} min", (micros + 30 * SECOND) / (60 * SECOND)),
    }
}

fn row(name: &str, times: &[u64]) -> String {
    let outcome = run(times);
    let at = |percent: usize| outcome.waits[(outcome.waits.len() * percent).div_ceil(100).max(1) - 1];
    let first = if outcome.posts_refused > 0 {
        "API throttle, then `MaximumConcurrency`"
    } else if outcome.backlog > 0 {
        "`MaximumConcurrency`"
    } else {
        "none"
    };
    let polls = outcome.polls * 10 / u64::try_from(times.len()).unwrap();
    format!(
        "| {name} | {} | {} | {} | {} | {} | {}.{} | {} | {} | {first} |\n",
        outcome.posts_per_second,
        outcome.posts_refused,
        span(outcome.accepted_by - times[0]),
        outcome.backlog,
        [span(at(50)), span(at(99))].join(" / "),
        polls / 10,
        polls % 10,
        outcome.polls_refused,
        span(outcome.told_by - times[0]),
    )
}

fn evenly(a_day: u64, of: u64) -> Vec<u64> {
    (0..a_day * of / DAY).map(|number| number * (DAY / a_day)).collect()
}

/// How much of each quota the load takes that the API lets through.
fn quotas() -> String {
    let operate_ms = 2 * CALL_MS + COMPUTE_MS;
    let worker_ms = WORKER_CALLS * CALL_MS + FINERACT_MS + COMPUTE_MS;
    let per_second = u64::try_from(WORKERS).unwrap() * 1_000 / worker_ms;
    let lambda = RATE * operate_ms / 1_000 + RATE * (CALL_MS + COMPUTE_MS) / 1_000 + u64::try_from(WORKERS).unwrap();
    let writes = RATE + per_second * (WRITES - 1);
    [
        (
            "API Gateway, requests a second of a route",
            RATE,
            RATE,
            "`RequestsPerSecond`, `RequestBurst`",
        ),
        (
            "operations a second that the workers carry out",
            per_second,
            per_second,
            "`MaximumConcurrency`, Fineract",
        ),
        (
            "Lambda, concurrent runs of the account",
            lambda,
            CONCURRENCY,
            "the account's quota",
        ),
        (
            "SQS, sends a second of one client or loan",
            1,
            QUEUE_RATE,
            "none is needed: one operation runs at a time",
        ),
        (
            "DynamoDB, writes a second (1 partition takes 1,000; a table splits)",
            writes,
            PARTITION_RATE,
            "none: it is on demand",
        ),
    ]
    .iter()
    .map(|(quota, taken, most, parameter)| format!("| {quota} | {taken} | {most} | {parameter} |\n"))
    .collect()
}

fn table() -> String {
    let mut text = String::from(
        "| load | POSTs in the fullest second | POSTs refused (429) | all accepted after | longest backlog | \
         accepted to ended, median / 99 of 100 | polls an operation | polls refused (429) | all told after | quota met first |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    text += &row("1 a day", &[0]);
    text += &row("100 a day", &evenly(100, DAY));
    text += &row("10,000 a day", &evenly(10_000, DAY));
    text += &row("1,000,000 a day (one hour of it)", &evenly(1_000_000, HOUR));
    text += &row("100,000 at once", &vec![0; 100_000]);
    text += "\n| quota | at the throttle's rate | the quota | moved by |\n|---|---|---|---|\n";
    text += &quotas();
    text
}

#[test]
fn the_scaling_page_has_the_tables() {
    page::check("scaling.md", &table());
}

#[test]
fn a_burst_stays_in_the_queues_window() {
    let burst = run(&vec![0; 20_000]);
    assert!(burst.posts_refused > 0 && burst.backlog < WINDOW);
}
