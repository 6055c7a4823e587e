//! Measuring functions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;

use crate::figures::Figures;
use crate::function::{Function, Program};
use crate::stub::Stub;

/// Requests before those that count.
const WARM_UP: u32 = 500;
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

/// Starts each program so often, in turns, so that what else the machine does strikes all alike.
pub(crate) async fn starts(
    programs: &[(Program, Arc<Stub>)],
    times: u32,
    bar: &ProgressBar,
) -> Result<Vec<Started>, String> {
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

/// Has a program answer so many requests for its times, and more for its memory.
pub(crate) async fn answers(
    program: &Program,
    stub: &Arc<Stub>,
    requests: u32,
    growth: u32,
    bar: &ProgressBar,
) -> Result<Answered, String> {
    let mut function = Function::start(program, Arc::clone(stub)).await?;
    let mut events = program.events.iter().cycle();
    let mut next = || {
        events
            .next()
            .ok_or_else(|| format!("there is no event for {}", program.name))
    };
    for _ in 0..WARM_UP {
        function.handle(next()?).await?;
    }
    stub.take_calls();
    let before = (function.cpu()?, function.user()?);
    let mut memory = vec![(0, function.memory_kib()?)];
    let mut times = Vec::new();
    let (mut cpu, mut user) = (Duration::ZERO, Duration::ZERO);
    let mut calls = BTreeMap::new();
    let step = (growth / LOOKS).max(1);
    for number in 1..=requests.max(growth) {
        let time = function.handle(next()?).await?;
        if number <= requests {
            times.push(time);
        }
        if number == requests {
            cpu = function.cpu()?.saturating_sub(before.0);
            user = function.user()?.saturating_sub(before.1);
            calls = stub.take_calls();
        }
        if number % step == 0 || number == requests {
            memory.push((u64::from(number), function.memory_kib()?));
            bar.set_position(u64::from(number));
        }
    }
    function.end().await;
    let each = |spent: Duration| u64::try_from(spent.as_nanos() / u128::from(requests.max(1))).unwrap_or(u64::MAX);
    Ok(Answered {
        requests: u64::from(requests),
        time: Figures::of(&times),
        cpu: each(cpu),
        user: each(user),
        calls,
        memory,
    })
}
