//! What happens under load, by a clock that jumps from event to event: the template's defaults, one operation a client,
//! callers that poll every 2.5 s and wait twice as long after each 429.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::bill::{gateway, taken};
use crate::deployed::property;
use crate::gateway::published;
use crate::page;
use crate::price::{CALL_MS, FINERACT_MS, run_ms};
use crate::quotas::{Quota, Taken};

const SECOND: u64 = 1_000_000;
const MILLI: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;

const POLL: u64 = 2_500 * MILLI;
const FIRST_PAUSE: u64 = SECOND;
const LONGEST_PAUSE: u64 = 32 * SECOND;
/// The page's burst.
const AT_ONCE: usize = 100_000;
/// A burst whose backlog the queue can still look through.
const IN_WINDOW: usize = 140_000;

/// What is simulated: the template's defaults, and the counted CLIENT_CREATE.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Requests a second of each route, and at once.
    pub(crate) rate: u64,
    pub(crate) burst: u64,
    /// Operations that run at a time.
    pub(crate) workers: usize,
    /// How long each function runs, in microseconds.
    operate: u64,
    status: u64,
    worker: u64,
    /// Calls of AWS and of Fineract in a run of the worker.
    calls: (u64, u64),
    /// Messages that operate sends.
    sends: u64,
    /// Units that operate and the worker write to the table.
    inserted: u64,
    settled: u64,
}

impl Setting {
    async fn of_the_template() -> Self {
        let number = |resource: &str, path: &str| property(resource, path).as_u64().unwrap();
        let throttle = |limit: &str| number("ApiStage", &format!("DefaultRouteSettings.{limit}"));
        let workers = number(
            "WorkerFunction",
            "Events.Operations.Properties.ScalingConfig.MaximumConcurrency",
        );
        // Without these two the whole queue has the rate of one group.
        for (name, mode) in [
            ("FifoThroughputLimit", "perMessageGroupId"),
            ("DeduplicationScope", "messageGroup"),
        ] {
            assert_eq!(property("Queue", name), mode);
        }
        let made = taken(&gateway(), "CLIENT_CREATE", &published::client_create("INC-1001")).await;
        Self {
            rate: throttle("ThrottlingRateLimit"),
            burst: throttle("ThrottlingBurstLimit"),
            workers: usize::try_from(workers).unwrap(),
            operate: run_ms(&made.operate) * MILLI,
            status: run_ms(&made.status) * MILLI,
            worker: run_ms(&made.worker) * MILLI,
            calls: (made.worker.calls, made.worker.exchanges),
            sends: made.operate.queued,
            inserted: made.operate.rows_written,
            settled: made.worker.rows_written,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Ended,
    Post,
    Poll,
}

/// A route's throttle: a bucket of tokens, counted in millionths.
struct Bucket {
    rate: u64,
    full: u64,
    tokens: u64,
    at: u64,
}

impl Bucket {
    fn full(setting: &Setting) -> Self {
        Self {
            rate: setting.rate,
            full: setting.burst * SECOND,
            tokens: setting.burst * SECOND,
            at: 0,
        }
    }

    fn lets_through(&mut self, now: u64) -> bool {
        self.tokens = (self.tokens + (now - self.at) * self.rate).min(self.full);
        self.at = now;
        let through = self.tokens >= SECOND;
        if through {
            self.tokens -= SECOND;
        }
        through
    }
}

/// How many in this second.
#[derive(Default)]
struct PerSecond {
    second: u64,
    count: u64,
}

impl PerSecond {
    fn add(&mut self, now: u64, more: u64) -> u64 {
        if now / SECOND != self.second {
            *self = Self {
                second: now / SECOND,
                count: 0,
            };
        }
        self.count += more;
        self.count
    }
}

/// When the runs of a function end that go on.
#[derive(Default)]
struct Running(VecDeque<u64>);

impl Running {
    fn at(&mut self, now: u64) -> u64 {
        while self.0.front().is_some_and(|end| *end <= now) {
            self.0.pop_front();
        }
        u64::try_from(self.0.len()).unwrap()
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
    /// The most POSTs that were accepted in one second.
    posts_per_second: u64,
    taken: Taken,
}

/// Runs a load: one operation at each of these times.
fn run(setting: &Setting, times: &[u64]) -> Outcome {
    let mut events: BinaryHeap<Reverse<(u64, What, usize)>> = times
        .iter()
        .enumerate()
        .map(|(index, at)| Reverse((*at, What::Post, index)))
        .collect();
    let mut operations = vec![Operation::default(); times.len()];
    let (mut post, mut track) = (Bucket::full(setting), Bucket::full(setting));
    let (mut posts, mut polls, mut written) = (PerSecond::default(), PerSecond::default(), PerSecond::default());
    let (mut operating, mut tracking) = (Running::default(), Running::default());
    let (mut waiting, mut busy) = (VecDeque::new(), 0);
    let mut outcome = Outcome::default();
    while let Some(Reverse((now, what, index))) = events.pop() {
        let operation = &mut operations[index];
        match what {
            What::Post if post.lets_through(now) => {
                operation.accepted = Some(now);
                operation.pause = 0;
                waiting.push_back(index);
                operating.0.push_back(now + setting.operate);
                outcome.accepted_by = now;
                let accepted = posts.add(now, 1);
                outcome.posts_per_second = outcome.posts_per_second.max(accepted);
                outcome.taken.at_most(Quota::Requests, accepted);
                outcome.taken.at_most(Quota::Group, setting.sends);
                outcome.taken.at_most(Quota::Queue, accepted * setting.sends);
                let units = written.add(now, setting.inserted);
                outcome.taken.at_most(Quota::Partition, units);
                outcome.taken.at_most(Quota::Table, units);
                events.push(Reverse((now + POLL, What::Poll, index)));
            }
            What::Poll if track.lets_through(now) => {
                outcome.polls += 1;
                operation.pause = 0;
                tracking.0.push_back(now + setting.status);
                outcome.taken.at_most(Quota::Requests, polls.add(now, 1));
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
                outcome.taken.meet(Quota::Requests);
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
                let units = written.add(now, setting.settled);
                outcome.taken.at_most(Quota::Partition, units);
                outcome.taken.at_most(Quota::Table, units);
            }
        }
        while busy < setting.workers
            && let Some(next) = waiting.pop_front()
        {
            busy += 1;
            events.push(Reverse((now + setting.worker, What::Ended, next)));
        }
        let running = u64::try_from(busy).unwrap();
        outcome.taken.at_most(Quota::Workers, running);
        if !waiting.is_empty() {
            outcome.taken.meet(Quota::Workers);
        }
        let functions = operating.at(now) + tracking.at(now) + running;
        outcome.taken.at_most(Quota::Lambda, functions);
        let queued = u64::try_from(waiting.len() + busy).unwrap();
        outcome.taken.at_most(Quota::Window, queued);
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

fn row(name: &str, times: &[u64], outcome: &Outcome) -> String {
    let at = |percent: usize| outcome.waits[(outcome.waits.len() * percent).div_ceil(100).max(1) - 1];
    let polls = outcome.polls * 10 / u64::try_from(times.len()).unwrap();
    format!(
        "| {name} | {} | {} | {} | {} | {} | {}.{} | {} | {} | {} |\n",
        outcome.posts_per_second,
        outcome.posts_refused,
        span(outcome.accepted_by - times[0]),
        outcome.backlog,
        [span(at(50)), span(at(99))].join(" / "),
        polls / 10,
        polls % 10,
        outcome.polls_refused,
        span(outcome.told_by - times[0]),
        outcome.taken.met(),
    )
}

fn evenly(a_day: u64, of: u64) -> Vec<u64> {
    (0..a_day * of / DAY).map(|number| number * (DAY / a_day)).collect()
}

fn loads() -> Vec<(&'static str, Vec<u64>)> {
    vec![
        ("1 a day", vec![0]),
        ("100 a day", evenly(100, DAY)),
        ("10,000 a day", evenly(10_000, DAY)),
        ("1,000,000 a day (one hour of it)", evenly(1_000_000, HOUR)),
        ("100,000 at once", vec![0; AT_ONCE]),
    ]
}

fn table(setting: &Setting) -> String {
    let mut text = String::from(
        "| load | POSTs accepted in the fullest second | POSTs refused (429) | all accepted after | longest backlog | \
         accepted to ended, median / 99 of 100 | polls an operation | polls refused (429) | all told after | \
         quotas met, in this order |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let mut taken = Vec::new();
    for (name, times) in loads() {
        let outcome = run(setting, &times);
        text += &row(name, &times, &outcome);
        taken.push((name, outcome.taken));
    }
    text + "\n" + &Taken::table(setting, &taken)
}

#[tokio::test(start_paused = true)]
async fn the_scaling_page_has_the_tables() {
    let setting = Setting::of_the_template().await;
    page::check("scaling.md", &table(&setting));
    let Setting {
        workers,
        worker,
        calls: (calls, exchanges),
        ..
    } = setting;
    page::says(
        "scaling.md",
        &format!(
            "{workers} workers (`MaximumConcurrency`) that take {} ms an operation ({calls} AWS calls of {CALL_MS} ms, \
             {exchanges} exchange with Fineract of {FINERACT_MS} ms)",
            worker / MILLI
        ),
    );
}

#[tokio::test(start_paused = true)]
async fn a_burst_stays_in_the_queues_window() {
    let setting = Setting::of_the_template().await;
    let burst = run(&setting, &vec![0; IN_WINDOW]);
    let most = burst.taken.most(Quota::Window);
    assert!(burst.taken.holds(Quota::Window), "{most}");
    page::says("scaling.md", "a burst of 140,000 stays within it");
}
