//! The simulator as a program: prints its base URL and serves until it is told to stop.

use std::{io::Write, net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::Parser;
use fineract_simulator::{Release, Server, Simulator};

/// A simulated Apache Fineract (user mifos, password "password", tenant default).
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The release to answer as: 1.10.1 or develop-2026-06.
    #[arg(long, default_value_t = Release::default())]
    fineract_release: Release,
    /// Faults and settings to begin with: a JSON file as the console takes it.
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let simulator = Simulator::new(options.fineract_release);
    if let Some(file) = &options.faults {
        let applied = std::fs::read_to_string(file)
            .map_err(|error| error.to_string())
            .and_then(|text| simulator.apply(&text));
        if let Err(error) = applied {
            eprintln!("cannot use {}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    }
    let server = match Server::start(options.listen, simulator).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("cannot listen on {}: {error}", options.listen);
            return ExitCode::FAILURE;
        }
    };
    println!("{}", server.url());
    // Whoever started the program may read the line through a pipe; if nobody does, it serves all the same.
    let _ = std::io::stdout().flush();
    match tokio::signal::ctrl_c().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot wait for Ctrl-C: {error}");
            ExitCode::FAILURE
        }
    }
}
