//! Measures the functions as they are deployed: how they start, what a request costs, how much memory they take.
//!
//! It speaks Lambda's Runtime API to them and stands for everything that they call. Nothing leaves this machine.

mod arguments;
mod budgets;
mod events;
mod figures;
mod function;
mod instructions;
mod lambda;
mod machine;
mod measure;
mod plot;
mod programs;
mod report;
mod stub;
mod subjects;
mod template;
mod tls;

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::Arguments;
use crate::budgets::{Kind, Verdict};
use crate::measure::{Answered, Started};
use crate::programs::{Compiler, FUNCTIONS, HELLO, OVER_TLS, Paths, REQUESTS};
use crate::report::Report;
use crate::subjects::Subject;

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), String> {
    let instructions_only = arguments.check_instructions || arguments.keep_instructions;
    if instructions_only {
        instructions(arguments)?;
    }
    if arguments.check_steady {
        return steady(arguments).await;
    }
    if instructions_only {
        return Ok(());
    }
    measured(arguments).await
}

/// The programs of some packages, and the compiler if they are built here: then always with all others, since packages that
/// are built together share the features of what they depend on.
fn paths(arguments: &Arguments, packages: &[&str]) -> Result<(Paths, Option<Compiler>), String> {
    if let Some(folder) = &arguments.functions {
        return Ok((programs::find(folder, packages)?, None));
    }
    let compiler = Compiler::ask()?;
    Ok((
        programs::build(&compiler, &with_functions(&[HELLO, REQUESTS]))?,
        Some(compiler),
    ))
}

/// The program whose instructions are counted.
fn requests(paths: &Paths) -> Result<&Path, String> {
    let path = paths.get(REQUESTS).map(PathBuf::as_path);
    path.ok_or_else(|| format!("no program {REQUESTS}"))
}

/// Counts instructions, and compares or keeps the counts.
fn instructions(arguments: &Arguments) -> Result<(), String> {
    if !instructions::can_count() {
        let told = "valgrind is not installed: no instructions are counted";
        if arguments.keep_instructions {
            return Err(told.to_owned());
        }
        eprintln!("warning: {told}, none compared");
        return Ok(());
    }
    let (paths, _) = paths(arguments, &[REQUESTS])?;
    let counts = instructions::count(requests(&paths)?)?;
    for (name, count) in &counts {
        println!("{name}: {} instructions a request", report::thousands(*count));
    }
    let file = instructions::kept_at(&programs::top());
    let text = fs::read_to_string(&file).unwrap_or_default();
    if arguments.keep_instructions {
        let kept = instructions::keep(&text, ARCH, &counts);
        return fs::write(&file, kept).map_err(|error| format!("{}: {error}", file.display()));
    }
    if let Some(warning) = instructions::compare(&text, ARCH, &counts)? {
        eprintln!("warning: {warning}");
    }
    Ok(())
}

/// Measures what hardly depends on how busy the machine is, and compares it with the budgets.
async fn steady(arguments: &Arguments) -> Result<(), String> {
    let (paths, _) = paths(arguments, &with_functions(&[HELLO]))?;
    let all = subjects::all(&paths, &template()?, arguments).await?;
    let started = started(&all, arguments).await?;
    let all: Vec<_> = all.into_iter().filter(|(program, _)| program.name != HELLO).collect();
    let report = Report {
        started,
        answered: answered(&all, arguments).await?,
        ..Report::default()
    };
    let verdicts = report.verdicts();
    let steady = || verdicts.iter().filter(|verdict| verdict.kind == Kind::Steady);
    for verdict in steady() {
        println!("{verdict}");
    }
    missed(steady())
}

/// Measures everything, and writes the report.
async fn measured(arguments: &Arguments) -> Result<(), String> {
    let mut machine = machine::machine();
    let (paths, compiler) = paths(arguments, &with_functions(&[HELLO, REQUESTS]))?;
    machine.extend(compiler.map(|compiler| ("compiler", compiler.version)));
    let began = Instant::now();
    let all = subjects::all(&paths, &template()?, arguments).await?;
    let mut report = Report {
        machine,
        started: started(&all, arguments).await?,
        first_random: Some(measure::first_random(requests(&paths)?)?),
        answered: answered(&all, arguments).await?,
        ..Report::default()
    };
    if instructions::can_count() {
        report.instructions = Some(instructions::count(requests(&paths)?)?);
    }
    report.took = Some(began.elapsed());
    print!("{}", report.markdown());
    let folder = arguments
        .out
        .clone()
        .unwrap_or_else(|| programs::top().join("docs/performance"));
    report.write(&folder)?;
    if arguments.check {
        missed(report.verdicts().iter())
    } else {
        Ok(())
    }
}

fn with_functions(others: &[&'static str]) -> Vec<&'static str> {
    let functions = FUNCTIONS.iter().map(|(package, _)| *package);
    functions.chain(others.iter().copied()).collect()
}

fn template() -> Result<String, String> {
    fs::read_to_string(programs::top().join("infra/template.yaml")).map_err(|error| error.to_string())
}

/// An error that names the budgets that were missed.
fn missed<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> Result<(), String> {
    let missed: Vec<_> = verdicts
        .filter(|verdict| !verdict.held)
        .map(ToString::to_string)
        .collect();
    if missed.is_empty() {
        Ok(())
    } else {
        Err(missed.join("\n"))
    }
}

/// Starts the programs.
async fn started(all: &[Subject], arguments: &Arguments) -> Result<Vec<(String, Started)>, String> {
    let progress = bar("start", u64::from(arguments.starts) * all.len() as u64);
    let started = measure::starts(all, arguments.starts, &progress).await?;
    progress.finish_and_clear();
    let names = all.iter().map(|(program, _)| program.name.clone());
    let started: Vec<_> = names.zip(started).collect();
    // A worker that fails to reach Fineract while it starts goes on, and would be the faster for it.
    let called = |(name, started): &(String, Started)| name != OVER_TLS || started.calls.contains_key(stub::FINERACT);
    if started.iter().all(called) {
        Ok(started)
    } else {
        Err(format!("{OVER_TLS}: Fineract was not called"))
    }
}

/// Has the programs answer, one after the other as long as they are timed, then side by side.
async fn answered(all: &[Subject], arguments: &Arguments) -> Result<Vec<(String, Answered)>, String> {
    let with_events = all.iter().filter(|(program, _)| !program.events.is_empty());
    let mut answering = Vec::new();
    for (program, stub) in with_events {
        let progress = bar(&program.name, u64::from(arguments.requests));
        let timed = measure::times(program, stub, arguments.requests, &progress).await?;
        progress.finish_and_clear();
        answering.push((program.name.clone(), timed));
    }
    // A function that does nothing need not show that it keeps nothing.
    let growing = answering.iter().filter(|(name, _)| name != HELLO).count();
    let more = arguments.growth.saturating_sub(arguments.requests);
    let progress = bar("memory", u64::from(more) * growing as u64);
    let growing: Vec<_> = answering
        .into_iter()
        .map(|(name, timed)| {
            let (growth, progress) = (if name == HELLO { 0 } else { arguments.growth }, progress.clone());
            tokio::spawn(async move {
                let answered = timed.grow(growth, &progress).await?.end().await;
                Ok::<_, String>((name, answered))
            })
        })
        .collect();
    let mut answered = Vec::new();
    for function in growing {
        answered.push(function.await.map_err(|error| error.to_string())??);
    }
    progress.finish_and_clear();
    Ok(answered)
}

fn bar(what: &str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:10} {wide_bar} {pos} of {len}, {eta} left");
    let bar = ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_owned());
    bar
}
