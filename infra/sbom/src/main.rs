//! `cargo run --package sbom`: the bill of materials of the deployed functions, in CycloneDX's JSON.

use std::error::Error as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match sbom::bill() {
        Ok(bill) => {
            println!("{bill:#}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            if let Some(cause) = error.source() {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}
