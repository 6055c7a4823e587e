//! `cargo ops`: the operator's command, against AWS or `cargo local`.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod output;
mod place;
mod stack;
mod token;

use std::error::Error as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::Output;
use crate::place::{Place, PlaceArguments};

/// Looks after a deployed gateway: who may call it, and what is stuck.
#[derive(Parser)]
#[command(name = "cargo ops", bin_name = "cargo ops")]
struct Arguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Callers and their tokens.
    #[command(subcommand)]
    Token(token::Command),
}

/// Why nothing was done, or not all of it: a sentence for the person at the terminal.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// What was asked for cannot be done.
    #[error("{0}")]
    Refused(String),
    /// Something did not answer.
    #[error("{doing} failed")]
    Failed {
        /// What was tried.
        doing: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    fn refused(why: impl ToString) -> Self {
        Self::Refused(why.to_string())
    }

    fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(doing: impl Into<String>) -> impl FnOnce(E) -> Self {
        let doing = doing.into();
        move |source| Self::Failed {
            doing,
            source: source.into(),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(output) => {
            output.print(arguments.json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<Output, Error> {
    let place = Place::find(&arguments.place).await?;
    match &arguments.command {
        Command::Token(command) => token::run(command, &place).await,
    }
}
