//! Sends so many requests through operate, status or the worker: the use cases on the real adapters of AWS, whose HTTP
//! requests are signed, serialised and answered in this process. Nothing is sent. Of two runs of different length, the
//! difference in instructions is what the requests cost.

mod aws;
mod desk;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use gateway::adapters::random::SystemEntropy;
use gateway::digest::Entropy;

use crate::desk::Desk;

const USAGE: &str = "usage: requests operate|status|worker|random <times>";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (function, times) = (
        arguments.next(),
        arguments.next().and_then(|times| times.parse::<u32>().ok()),
    );
    let (Some(function), Some(times)) = (function, times) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    if function == "random" {
        println!("{}", first_random().as_nanos());
        return ExitCode::SUCCESS;
    }
    let desk = Desk::new().await;
    for _ in 0..times {
        let answered = match function.as_str() {
            "operate" => desk.operate().await,
            "status" => desk.status().await,
            "worker" => desk.worker().await,
            _ => None,
        };
        if answered.is_none() {
            eprintln!("{USAGE}; {function} gave no proper answer");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// How long it takes to have the first random byte.
fn first_random() -> Duration {
    let began = Instant::now();
    let mut byte = [0];
    SystemEntropy::new().fill(&mut byte);
    black_box(byte);
    began.elapsed()
}
