//! The simulator as a program: prints its base URL and serves until it is told to stop.

use std::{io::Write, net::SocketAddr, process::ExitCode};

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
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let server = match Server::start(options.listen, Simulator::new(options.fineract_release)).await {
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
