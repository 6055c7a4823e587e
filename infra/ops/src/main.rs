//! `cargo ops`: the operator's command, against AWS or `cargo local`.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod deed;
mod output;
mod place;
mod stack;
mod token;
mod tools;
mod view;

use std::error::Error as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gateway::operator;

use crate::output::Output;
use crate::place::{Place, PlaceArguments};
use crate::tools::Tools;

/// Looks after a deployed gateway: who may call it, and what is stuck.
#[derive(Parser)]
#[command(name = "cargo ops", bin_name = "cargo ops")]
struct Arguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
    /// Who does it, for the operations' histories (or OPERATOR, or USER).
    #[arg(long, global = true, value_name = "NAME")]
    by: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Callers and their tokens.
    #[command(subcommand)]
    Token(token::Command),
    /// List operations: open ones, or such in the states that are named.
    List(view::List),
    /// Show one operation: its state, its tries, and what people did to it.
    Show(view::Show),
    /// List what was done on a client or loan.
    History(view::History),
    /// Try a waiting operation now.
    Resume(deed::One),
    /// Send a failed operation anew, as one that names it.
    Retry(deed::One),
    /// End an open operation by hand, as what Fineract shows.
    Resolve(deed::Resolve),
    /// Bring dead letters back to the queue.
    Drain(deed::Drain),
    /// Read back what has ended: what does Fineract no longer hold?
    Verify(deed::Verify),
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

    fn refused_or_failed(error: operator::Error) -> Self {
        match error {
            operator::Error::Refused(refusal) => Self::refused(refusal),
            operator::Error::Ledger(error) => Self::failed("speaking to the table")(error),
            operator::Error::Queue(error) => {
                Self::failed("speaking to the queue (the sweep will send the message)")(error)
            }
        }
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
    let who = || place.who(arguments.by.as_deref());
    let tools = || Tools::of(&place);
    match &arguments.command {
        Command::Token(command) => token::run(command, &place).await,
        Command::List(list) => view::list(list, &tools()?).await,
        Command::Show(show) => view::show(show, &place, arguments.by.as_deref(), &tools()?).await,
        Command::History(history) => view::history(history, &tools()?).await,
        Command::Resume(one) => deed::resume(one, &who().await?, &tools()?).await,
        Command::Retry(one) => deed::retry(one, &who().await?, &tools()?).await,
        Command::Resolve(resolve) => deed::resolve(resolve, &who().await?, &tools()?).await,
        Command::Drain(drain) => deed::drain(drain, &who().await?, &tools()?).await,
        Command::Verify(verify) => deed::verify(verify, &tools()?).await,
    }
}
