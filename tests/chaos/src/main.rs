//! `cargo run -p chaos`: real processes under mishaps, and a verdict.

use std::error::Error as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use chaos::judge::Kind;
use chaos::mishaps::Pace;
use chaos::run::{Fineract, Report, Settings, run};
use clap::Parser;
use fineract_simulator::Release;
use local::console::Console;
use local::probe::{base_url, probe};
use local::{Error, Options};

const PASSWORD_VARIABLE: &str = "FINERACT_PASSWORD";
/// How many faults of one run are told.
const TOLD_MAX: usize = 40;

/// Runs operations on the local stack while its processes are killed, messages come twice and Fineract fails; then compares
/// what callers were told with what Fineract shows. Exit status 0: nothing was lost, repeated, told wrongly or out of
/// order, and every mishap did happen.
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
    /// Use this Fineract in place of the simulator, as in https://localhost:8443/fineract-provider/api; the password is
    /// read from the environment variable FINERACT_PASSWORD. Somebody else stops and starts it, or its database.
    #[arg(long, value_name = "BASE URL")]
    fineract: Option<String>,
    /// The tenant there.
    #[arg(long, default_value = "default", requires = "fineract")]
    tenant: String,
    /// The user there.
    #[arg(long, default_value = "mifos", requires = "fineract")]
    user: String,
    /// A PEM file with the authority that signed its certificate, if that is not a public one.
    #[arg(long, value_name = "FILE", requires = "fineract")]
    ca: Option<PathBuf>,
    /// The release that the simulator answers as: 1.10.1 or develop-2026-06.
    #[arg(long, conflicts_with = "fineract", default_value_t = Release::default())]
    fineract_release: Release,
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
        fineract: fineract(arguments).await?,
        functions: arguments.functions.clone(),
        log: arguments.log.clone(),
        console,
    };
    run(&settings).await
}

async fn fineract(arguments: &Arguments) -> Result<Fineract, Error> {
    let Some(url) = &arguments.fineract else {
        return Ok(Fineract::Simulated(arguments.fineract_release));
    };
    let mut options = Options::new(&base_url(url));
    options.fineract_tenant.clone_from(&arguments.tenant);
    options.fineract_user.clone_from(&arguments.user);
    let password = env::var(PASSWORD_VARIABLE).ok().filter(|password| !password.is_empty());
    options.fineract_password = password.ok_or_else(|| Error::Missing {
        what: format!("The password of Fineract's user {} is not set.", arguments.user),
        remedy: format!("export {PASSWORD_VARIABLE}=…"),
    })?;
    let ca = arguments.ca.as_ref().map(|path| {
        fs::read_to_string(path).map_err(|source| Error::Io {
            doing: format!("{} cannot be read", path.display()),
            source,
        })
    });
    probe(&options).await?;
    Ok(Fineract::Real(Box::new(options), ca.transpose()?))
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
