//! `cargo run -p chaos`: real processes under mishaps, and a verdict.

use std::error::Error as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use chaos::judge::Kind;
use chaos::mishaps::Pace;
use chaos::run::{Fineract, Report, Settings, run};
use clap::Parser;
use local::Error;
use local::arguments::FineractArguments;
use local::console::Console;
use local::probe::probe;

/// How many faults of one run are told.
const TOLD_MAX: usize = 40;

/// Runs operations on the local stack while its processes are killed, messages come twice and Fineract fails; then compares
/// what callers were told with what Fineract shows. Exit status 0: nothing was lost, repeated, told wrongly or out of
/// order, and every mishap did happen. A Fineract that is not the simulator, or its database, somebody else stops and starts.
#[derive(Parser)]
#[command(name = "chaos")]
struct Arguments {
    /// How many clients, each with a loan: ten operations.
    #[arg(long, default_value_t = 30)]
    lives: usize,
    /// How long things go wrong, in seconds.
    #[arg(long, default_value_t = 120)]
    span: u64,
    /// How long after that everything must have ended, in seconds.
    #[arg(long, default_value_t = 600)]
    patience: u64,
    /// What the run is drawn by; by chance if it is left out.
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    fineract: FineractArguments,
    /// The loan products to lend by, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "UGRO")]
    lenders: Vec<String>,
    /// Take the functions from <FOLDER>/<function>/bootstrap.zip, where `cargo lambda build` puts them (target/lambda),
    /// instead of building them.
    #[arg(long, value_name = "FOLDER")]
    functions: Option<PathBuf>,
    /// Write the workers' log to this file before the verdict.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let console = Console::detect();
    let report = tokio::select! {
        report = judged(&arguments, console) => report,
        _ = tokio::signal::ctrl_c() => {
            eprintln!("\nStopped before a verdict, and everything that was started with it.");
            return ExitCode::FAILURE;
        }
    };
    match report {
        Ok(report) => {
            print(&report, console);
            if report.is_right() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("\nThere is no verdict: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn judged(arguments: &Arguments, console: Console) -> Result<Report, Error> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    console.line(&format!("seed {seed}"));
    let span = Duration::from_secs(arguments.span);
    let settings = Settings {
        lives: arguments.lives,
        seed,
        pace: Pace::over(span),
        patience: Duration::from_secs(arguments.patience),
        lenders: arguments.lenders.clone(),
        fineract: fineract(&arguments.fineract).await?,
        functions: arguments.functions.clone(),
        log: arguments.log.clone(),
        console,
    };
    run(&settings).await
}

async fn fineract(arguments: &FineractArguments) -> Result<Fineract, Error> {
    let Some(options) = arguments.real()? else {
        return Ok(Fineract::Simulated(arguments.release()));
    };
    let authority = arguments.authority()?;
    probe(&options).await?;
    Ok(Fineract::Real(Box::new(options), authority))
}

fn print(report: &Report, console: Console) {
    for (mishap, times) in &report.mishaps {
        console.line(&format!("{times:>6}  {}", mishap.title()));
    }
    if report.set_again > 0 {
        console.line(&format!(
            "{:>6}  values set again by the operation that had set them",
            report.set_again
        ));
    }
    for wrong in report.wrongs.iter().take(TOLD_MAX) {
        console.line(&format!("✗ {wrong}"));
    }
    let told = Kind::ALL.map(|kind| format!("{} {}", report.count(kind), kind.title()));
    console.line(&format!(
        "{} operations, {} of them successes, in {} s: {}",
        report.accepted,
        report.succeeded,
        report.took.as_secs(),
        told.join(", ")
    ));
    for mishap in report.absent() {
        console.line(&format!("✗ never happened: {}", mishap.title()));
    }
    console.line(if report.is_right() { "All true." } else { "WRONG." });
}
