//! Measuring functions.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use indicatif::ProgressBar;

use crate::figures::Figures;
use crate::function::{Function, Program};
use crate::stub::Stub;
use crate::subjects::Subject;

/// Requests before those that count.
const WARM_UP: u32 = 500;
/// How often the time to the first random byte is taken.
const RANDOM_RUNS: u32 = 20;
/// How often memory is looked at on the way.
const LOOKS: u32 = 50;

/// How a function starts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Started {
    /// From its start until it asks for its first event.
    pub(crate) time: Figures,
    /// The processor time of that.
    pub(crate) cpu: Figures,
    /// What it called on the way.
    pub(crate) calls: BTreeMap<String, u64>,
}

/// How a function answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answered {
    /// How many requests.
    pub(crate) requests: u64,
    /// From the event to the answer.
    pub(crate) time: Figures,
    /// Processor time of one request, in nanoseconds.
    pub(crate) cpu: u64,
    /// The part of it that is not the system's, which sends and receives.
    pub(crate) user: u64,
    /// What the requests called.
    pub(crate) calls: BTreeMap<String, u64>,
    /// Resident memory in KiB after so many requests.
    pub(crate) memory: Vec<(u64, u64)>,
}

/// The processor time that a fresh process takes to its first random byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FirstRandom {
    /// To load the program.
    pub(crate) loaded: Figures,
    /// That, and to have the byte.
    pub(crate) random: Figures,
}

/// Has fresh processes take a random byte, and tell what they used.
pub(crate) fn first_random(requests: &Path) -> Result<FirstRandom, String> {
    let (mut loaded, mut random) = (Vec::new(), Vec::new());
    for _ in 0..RANDOM_RUNS {
        let output = Command::new(requests).arg("random").output();
        let output = output.map_err(|error| format!("{}: {error}", requests.display()))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let (first, second) = two_times(&said).ok_or_else(|| format!("no time to a random byte: {said}"))?;
        loaded.push(first);
        random.push(second);
    }
    Ok(FirstRandom {
        loaded: Figures::of(&loaded),
        random: Figures::of(&random),
    })
}

/// Two times in nanoseconds; no process takes none at all.
fn two_times(text: &str) -> Option<(Duration, Duration)> {
    let (first, second) = text.trim().split_once(' ')?;
    let (first, second) = (first.parse().ok()?, second.parse().ok()?);
    (first > 0 && second >= first).then(|| (Duration::from_nanos(first), Duration::from_nanos(second)))
}

/// Starts each program so often, in turns, so that what else the machine does strikes all alike.
pub(crate) async fn starts(programs: &[Subject], times: u32, bar: &ProgressBar) -> Result<Vec<Started>, String> {
    let mut taken = vec![(Vec::new(), Vec::new()); programs.len()];
    let mut calls = vec![BTreeMap::new(); programs.len()];
    for _ in 0..times {
        for (index, (program, stub)) in programs.iter().enumerate() {
            stub.take_calls();
            let function = Function::start(program, Arc::clone(stub)).await?;
            taken[index].0.push(function.start);
            taken[index].1.push(function.start_cpu);
            function.end().await;
            calls[index] = stub.take_calls();
            bar.inc(1);
        }
    }
    let started = taken.iter().zip(calls).map(|((time, cpu), calls)| Started {
        time: Figures::of(time),
        cpu: Figures::of(cpu),
        calls,
    });
    Ok(started.collect())
}

/// A program that answers, and what it has shown so far.
pub(crate) struct Answering {
    function: Function,
    events: Vec<Bytes>,
    handled: u64,
    answered: Answered,
}

/// Has a program answer so many requests for its times. It goes on running.
pub(crate) async fn times(
    program: &Program,
    stub: &Arc<Stub>,
    requests: u32,
    bar: &ProgressBar,
) -> Result<Answering, String> {
    let mut answering = Answering {
        function: Function::start(program, Arc::clone(stub)).await?,
        events: program.events.clone(),
        handled: 0,
        answered: Answered::default(),
    };
    for _ in 0..WARM_UP {
        answering.next().await?;
    }
    stub.take_calls();
    answering.handled = 0;
    answering.look()?;
    let (cpu, user) = (answering.function.cpu()?, answering.function.user()?);
    let mut times = Vec::new();
    for _ in 0..requests {
        times.push(answering.next().await?);
        bar.inc(1);
    }
    let each = |now: Duration, before: Duration| {
        let spent = now.saturating_sub(before).as_nanos();
        u64::try_from(spent / u128::from(requests.max(1))).unwrap_or(u64::MAX)
    };
    answering.answered = Answered {
        requests: u64::from(requests),
        time: Figures::of(&times),
        cpu: each(answering.function.cpu()?, cpu),
        user: each(answering.function.user()?, user),
        calls: stub.take_calls(),
        memory: answering.answered.memory,
    };
    answering.look()?;
    Ok(answering)
}

impl Answering {
    async fn next(&mut self) -> Result<Duration, String> {
        let place = usize::try_from(self.handled).unwrap_or_default() % self.events.len().max(1);
        let event = self.events.get(place).ok_or("there is no event")?.clone();
        self.handled += 1;
        self.function.handle(&event).await
    }

    fn look(&mut self) -> Result<(), String> {
        let kib = self.function.memory_kib()?;
        self.answered.memory.push((self.handled, kib));
        Ok(())
    }

    /// Has it answer more requests, until there were so many, and looks at its memory on the way.
    pub(crate) async fn grow(mut self, growth: u32, bar: &ProgressBar) -> Result<Self, String> {
        let step = u64::from(growth / LOOKS).max(1);
        while self.handled < u64::from(growth) {
            self.next().await?;
            bar.inc(1);
            if self.handled.is_multiple_of(step) || self.handled == u64::from(growth) {
                self.look()?;
            }
        }
        Ok(self)
    }

    /// Ends the program and tells what it has shown.
    pub(crate) async fn end(self) -> Answered {
        self.function.end().await;
        self.answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_tells_two_times() {
        let nanos = Duration::from_nanos;
        for (text, times) in [
            ("7 9\n", Some((nanos(7), nanos(9)))),
            ("7 7\n", Some((nanos(7), nanos(7)))),
            ("0 9\n", None),
            ("9 7\n", None),
            ("7\n", None),
            ("", None),
        ] {
            assert_eq!(two_times(text), times, "{text}");
        }
    }
}
