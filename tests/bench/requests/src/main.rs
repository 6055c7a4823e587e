//! Sends so many requests through operate, status or the worker: the use cases on the real adapters of AWS, whose HTTP
//! requests are signed, serialised and answered in this process. Nothing is sent. Of two runs of different length, the
//! difference in instructions is what the requests cost.

mod aws;
mod desk;

use std::hint::black_box;
use std::process::ExitCode;
use std::{fs, thread};

use gateway::adapters::random::SystemEntropy;
use gateway::digest::Entropy;

use crate::desk::Desk;

const USAGE: &str = "usage: requests operate|status|worker <times>, requests random";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let function = arguments.next();
    if function.as_deref() == Some("random") {
        return match first_random() {
            Some((loaded, random)) => {
                println!("{loaded} {random}");
                ExitCode::SUCCESS
            }
            None => ExitCode::FAILURE,
        };
    }
    let times = arguments.next().and_then(|times| times.parse::<u32>().ok());
    match (function, times) {
        (Some(function), Some(times)) => requests(&function, times),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn requests(function: &str, times: u32) -> ExitCode {
    let desk = Desk::new().await;
    for _ in 0..times {
        let answered = match function {
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

/// The processor time in nanoseconds that this process has used once it is loaded, and once it has its first random byte.
fn first_random() -> Option<(u64, u64)> {
    let loaded = used()?;
    let mut byte = [0];
    SystemEntropy::new().fill(&mut byte);
    black_box(byte);
    Some((loaded, used()?))
}

fn used() -> Option<u64> {
    // The kernel adds up what a running thread has used when it gives way.
    thread::yield_now();
    let used = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    used.split(' ').next()?.parse().ok()
}
