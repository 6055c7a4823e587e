//! Measures the functions as they are deployed: how they start, what a request costs, how much memory they take.
//!
//! It speaks Lambda's Runtime API to them and stands for everything that they call. Nothing leaves this machine.

mod budgets;
mod events;
mod figures;
mod function;
mod instructions;
mod lambda;
mod measure;
mod plot;
mod programs;
mod report;
mod stub;
mod template;

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use hyper::body::Bytes;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::figures::Figures;
use crate::function::{Function, Program};
use crate::measure::Answered;
use crate::programs::{Compiler, FUNCTIONS, HELLO, Paths, REQUESTS};
use crate::report::Report;
use crate::stub::{Recorded, Stub};

/// How often the time to the first random byte is taken.
const RANDOM_RUNS: u32 = 20;

/// Measures the functions, and writes what came of it to docs/performance.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    /// How often each function is started
    #[arg(long, default_value_t = 40)]
    starts: u32,
    /// How many requests are timed
    #[arg(long, default_value_t = 10_000)]
    requests: u32,
    /// After how many requests memory is looked at last
    #[arg(long, default_value_t = 100_000)]
    growth: u32,
    /// Where the built functions are, instead of building them: <FOLDER>/operate or <FOLDER>/operate/bootstrap
    #[arg(long, value_name = "FOLDER")]
    functions: Option<PathBuf>,
    /// Another function's bootstrap, to run beside them
    #[arg(long, value_name = "FILE")]
    bootstrap: Option<PathBuf>,
    /// An event for it, again and again
    #[arg(long, value_name = "FILE", requires = "bootstrap")]
    event: Option<PathBuf>,
    /// A variable for it; {stub} in the value stands for the address of what answers for AWS and Fineract
    #[arg(long, value_name = "NAME=VALUE", requires = "bootstrap")]
    env: Vec<String>,
    /// Where the report is written
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Fail if a budget is missed, which needs a machine that does nothing else
    #[arg(long)]
    check: bool,
    /// Only count instructions, and fail if they are 5 % more or less than those that are kept
    #[arg(long)]
    check_instructions: bool,
    /// Count instructions and keep the counts
    #[arg(long, conflicts_with = "check_instructions")]
    keep_instructions: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = if arguments.check_instructions || arguments.keep_instructions {
        instructions_only(&arguments)
    } else {
        measured(&arguments).await
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn paths(arguments: &Arguments, packages: &[&str]) -> Result<Paths, String> {
    match &arguments.functions {
        Some(folder) => programs::find(folder, packages),
        None => programs::build(&Compiler::ask()?, packages),
    }
}

fn instructions_only(arguments: &Arguments) -> Result<(), String> {
    if !instructions::can_count() {
        eprintln!("warning: valgrind is not installed: instructions are not counted, and compared with nothing");
        return Ok(());
    }
    let paths = paths(arguments, &[REQUESTS])?;
    let counts = instructions::count(paths.get(REQUESTS).map(PathBuf::as_path).unwrap_or(Path::new(REQUESTS)))?;
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

async fn measured(arguments: &Arguments) -> Result<(), String> {
    let mut packages: Vec<&str> = FUNCTIONS.iter().map(|(package, _)| *package).collect();
    packages.extend([HELLO, REQUESTS]);
    let paths = paths(arguments, &packages)?;
    let template =
        fs::read_to_string(programs::top().join("infra/template.yaml")).map_err(|error| error.to_string())?;
    let (recorded, mut all) = recorded(&paths, &template).await?;
    all.push((
        program(HELLO, &paths, BTreeMap::new(), vec![events::operate()], Some("hello"))?,
        nothing(&recorded),
    ));
    if let Some(path) = &arguments.bootstrap {
        all.push((other(arguments, path)?, nothing(&recorded)));
    }

    let starts = bar("start", u64::from(arguments.starts) * all.len() as u64);
    let started = measure::starts(&all, arguments.starts, &starts).await?;
    starts.finish_and_clear();
    let names = || all.iter().map(|(program, _)| program.name.clone());
    let mut report = Report {
        machine: machine(),
        started: names().zip(started).collect(),
        first_random: first_random(&paths)?,
        ..Report::default()
    };
    report.answered = answered(&all, arguments).await?;
    if instructions::can_count() {
        report.instructions = paths.get(REQUESTS).map(|path| instructions::count(path)).transpose()?;
    }
    print!("{}", report.markdown());
    let folder = arguments
        .out
        .clone()
        .unwrap_or_else(|| programs::top().join("docs/performance"));
    report.write(&folder)?;
    let missed: Vec<_> = report
        .verdicts()
        .into_iter()
        .filter(|verdict| arguments.check && !verdict.held)
        .map(|verdict| format!("{}: {}: {}", verdict.program, verdict.budget, verdict.measured))
        .collect();
    if missed.is_empty() {
        Ok(())
    } else {
        Err(missed.join("\n"))
    }
}

/// Has the programs answer, one after the other as long as they are timed, then side by side.
async fn answered(all: &[(Program, Arc<Stub>)], arguments: &Arguments) -> Result<Vec<(String, Answered)>, String> {
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

/// Has operate accept an operation and the worker carry it out, and gives what they wrote, with the four functions.
async fn recorded(paths: &Paths, template: &str) -> Result<(Recorded, Vec<(Program, Arc<Stub>)>), String> {
    let made = |package: &str, events: Vec<Bytes>, expected: &'static str| {
        let resource = FUNCTIONS
            .iter()
            .find(|(name, _)| *name == package)
            .map_or("", |(_, resource)| resource);
        program(
            package,
            paths,
            template::variables(template, resource),
            events,
            Some(expected),
        )
    };
    let caller = events::caller();
    let operate = made("operate", vec![events::operate()], "\"statusCode\":202")?;
    let recorded = once(&operate, Stub::new(&caller, &Value::Null, true)).await?;
    let message = recorded.message.clone();
    let worker = made("worker", vec![events::worker(&recorded)], "\"batchItemFailures\":[]")?;
    let recorded = once(&worker, Stub::new(&caller, &recorded.accepted, true)).await?;
    let recorded = Recorded { message, ..recorded };
    let status = made("status", vec![events::status(&recorded)], "\"statusCode\":200")?;
    let sweep = made("sweep", Vec::new(), "")?;
    let all = vec![
        (operate, nothing(&recorded)),
        (status, Stub::new(&caller, &recorded.ended, false)),
        (worker, Stub::new(&caller, &recorded.accepted, false)),
        (sweep, nothing(&recorded)),
    ];
    Ok((recorded, all))
}

/// A stub for a function that reads no row.
fn nothing(_: &Recorded) -> Arc<Stub> {
    Stub::new(&events::caller(), &Value::Null, false)
}

async fn once(program: &Program, stub: Arc<Stub>) -> Result<Recorded, String> {
    let mut function = Function::start(program, Arc::clone(&stub)).await?;
    for event in &program.events {
        function.handle(event).await?;
    }
    function.end().await;
    Ok(stub.recorded())
}

fn program(
    name: &str,
    paths: &Paths,
    variables: BTreeMap<String, String>,
    events: Vec<Bytes>,
    expected: Option<&'static str>,
) -> Result<Program, String> {
    let path = paths.get(name).ok_or_else(|| format!("no program {name}"))?;
    Ok(Program {
        name: name.to_owned(),
        path: path.clone(),
        variables,
        events,
        expected,
    })
}

/// A function of somebody else's.
fn other(arguments: &Arguments, path: &Path) -> Result<Program, String> {
    let variables = arguments.env.iter().filter_map(|pair| pair.split_once('='));
    let events = match &arguments.event {
        Some(file) => vec![Bytes::from(
            fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?,
        )],
        None => Vec::new(),
    };
    Ok(Program {
        name: "other".to_owned(),
        path: path
            .canonicalize()
            .map_err(|error| format!("{}: {error}", path.display()))?,
        variables: variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        events,
        expected: None,
    })
}

/// How long a fresh process takes to its first random byte.
fn first_random(paths: &Paths) -> Result<Figures, String> {
    let requests = paths.get(REQUESTS).ok_or("no program requests")?;
    let mut times = Vec::new();
    for _ in 0..RANDOM_RUNS {
        let output = Command::new(requests)
            .args(["random", "1"])
            .output()
            .map_err(|error| error.to_string())?;
        let nanos = String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .map_err(|_| "no time to a random byte")?;
        times.push(Duration::from_nanos(nanos));
    }
    Ok(Figures::of(&times))
}

/// What the figures were taken on.
fn machine() -> Vec<(&'static str, String)> {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']).to_owned();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    vec![
        ("processor", format!("{cores} x {model} ({})", ARCH)),
        (
            "load of the machine before",
            format!("{load} runnable programs on {cores} cores"),
        ),
    ]
}

fn bar(what: &str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:10} {wide_bar} {pos} of {len}, {eta} left");
    let bar = ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_owned());
    bar
}
