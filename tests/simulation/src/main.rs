//! Runs worlds by their seeds: many with a summary, or one with everything that happens in it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use simulation::world::{Counts, Report, Sabotage, first_wrong, for_each_seed, run, run_sabotaged};

/// From this many seeds on, everything that can happen has to happen.
const SEEDS_FOR_ALL: u64 = 10_000;
/// How many failing seeds are told before the run is given up.
const FAILURES_MAX: usize = 20;

/// Simulates the gateway under faults, and judges what came of it.
#[derive(Parser)]
#[command(name = "simulation")]
struct Arguments {
    /// How many seeds to run
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Run this one alone and print what happens
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Break each rule in turn, or this one, and show that the judge notices
    #[arg(long, value_name = "RULE", num_args = 0..=1, default_missing_value = "all")]
    sabotage: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let rules = match arguments.sabotage.as_deref() {
        None => Vec::new(),
        Some("all") => Sabotage::ALL.to_vec(),
        Some(name) => Sabotage::ALL
            .into_iter()
            .filter(|rule| format!("{rule:?}") == name)
            .collect(),
    };
    match (arguments.seed, arguments.sabotage) {
        (Some(seed), _) => one(seed, rules.first().copied()),
        (None, Some(name)) if rules.is_empty() => {
            eprintln!("no rule is called {name}; there are {:?}", Sabotage::ALL);
            ExitCode::FAILURE
        }
        (None, Some(_)) => sabotaged(&rules, arguments.from, arguments.seeds),
        (None, None) => many(arguments.from, arguments.seeds),
    }
}

/// Breaks rule after rule; each has to be noticed within so many worlds.
fn sabotaged(rules: &[Sabotage], from: u64, seeds: u64) -> ExitCode {
    let bar = ProgressBar::new(rules.len() as u64).with_style(style());
    let mut unnoticed = 0;
    for rule in rules {
        let noticed = first_wrong(*rule, from, seeds);
        bar.suspend(|| match &noticed {
            Some((seed, wrong)) => println!("{rule:?}: seed {seed}: {wrong}"),
            None => println!("{rule:?}: NOT NOTICED in {seeds} worlds"),
        });
        unnoticed += u32::from(noticed.is_none());
        bar.inc(1);
    }
    bar.finish();
    println!("{unnoticed} of {} broken rules were not noticed", rules.len());
    code(unnoticed == 0)
}

fn one(seed: u64, sabotage: Option<Sabotage>) -> ExitCode {
    let report = match sabotage {
        Some(sabotage) => run_sabotaged(seed, true, sabotage),
        None => run(seed, true),
    };
    print!("{report}");
    println!(
        "seed {seed}: {} after {:.0?} of virtual time",
        if report.wrongs.is_empty() { "right" } else { "WRONG" },
        report.lasted
    );
    code(report.wrongs.is_empty())
}

fn many(from: u64, seeds: u64) -> ExitCode {
    let bar = ProgressBar::new(seeds).with_style(style());
    let (failed, counts) = (Mutex::new(Vec::new()), Counts::default());
    for_each_seed(from, seeds, |seed| {
        let report = run(seed, false);
        counts.merge(&report.tally);
        bar.inc(1);
        if report.wrongs.is_empty() {
            return ControlFlow::Continue(());
        }
        bar.suspend(|| eprint!("{report}"));
        let mut failed = failures(&failed);
        failed.push(report);
        if failed.len() < FAILURES_MAX {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    bar.finish();
    let failed = failures(&failed);
    let absent = print(&counts);
    println!("{} worlds of {seeds} were judged wrong", failed.len());
    if let Some(first) = failed.first() {
        println!(
            "see what happened: cargo run -p simulation --release -- --seed {}",
            first.seed
        );
    }
    let complete = seeds < SEEDS_FOR_ALL || absent.is_empty();
    if !complete {
        println!("never happened: {}", absent.join(", "));
    }
    code(failed.is_empty() && complete)
}

fn failures(failed: &Mutex<Vec<Report>>) -> MutexGuard<'_, Vec<Report>> {
    failed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints how often each thing happened; gives what never did.
fn print(counts: &Counts) -> Vec<String> {
    let mut groups: BTreeMap<&str, Vec<(String, u64)>> = BTreeMap::new();
    for (group, name, times) in counts.all() {
        groups.entry(group).or_default().push((name, times));
    }
    for (group, counts) in &groups {
        println!("{group}");
        for (name, times) in counts {
            println!("{times:>12}  {name}");
        }
    }
    let all = groups.into_values().flatten();
    all.filter(|(_, times)| *times == 0).map(|(name, _)| name).collect()
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{wide_bar} {pos} of {len} worlds, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn code(right: bool) -> ExitCode {
    if right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
