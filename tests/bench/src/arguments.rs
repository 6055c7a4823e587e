//! What the benchmark is told to do.

use std::path::PathBuf;

use clap::Parser;
use clap::value_parser;

/// Measures the functions, and writes what came of it to docs/performance.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub(crate) struct Arguments {
    /// How often each function is started
    #[arg(long, default_value_t = 40, value_parser = value_parser!(u32).range(1..))]
    pub(crate) starts: u32,
    /// How many requests are timed
    #[arg(long, default_value_t = 10_000, value_parser = value_parser!(u32).range(1..))]
    pub(crate) requests: u32,
    /// After how many requests memory is looked at last
    #[arg(long, default_value_t = 100_000)]
    pub(crate) growth: u32,
    /// Where the built functions are, instead of building them: <FOLDER>/operate or <FOLDER>/operate/bootstrap
    #[arg(long, value_name = "FOLDER")]
    pub(crate) functions: Option<PathBuf>,
    /// Another function's bootstrap, to run beside them
    #[arg(long, value_name = "FILE")]
    pub(crate) bootstrap: Option<PathBuf>,
    /// An event for it, again and again
    #[arg(long, value_name = "FILE", requires = "bootstrap")]
    pub(crate) event: Option<PathBuf>,
    /// What each of its answers must contain
    #[arg(long, value_name = "TEXT", requires = "event")]
    pub(crate) expect: Option<String>,
    /// A variable for it; {stub} in the value stands for the address of what answers for AWS and Fineract
    #[arg(long, value_name = "NAME=VALUE", requires = "bootstrap")]
    pub(crate) env: Vec<String>,
    /// Where the report is written
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Fail if a budget is missed, which needs a machine that does nothing else
    #[arg(long)]
    pub(crate) check: bool,
    /// Only measure what hardly depends on how busy the machine is (memory, its growth, starts in times that of `hello`), and
    /// fail if a budget of these is missed; no report is written
    #[arg(long, conflicts_with_all = ["check", "bootstrap", "out", "keep_instructions"])]
    pub(crate) check_steady: bool,
    /// Only count instructions, and fail if they are 5 % more or less than those that are kept
    #[arg(long, conflicts_with = "check")]
    pub(crate) check_instructions: bool,
    /// Only count instructions, and keep the counts
    #[arg(long, conflicts_with_all = ["check", "check_instructions"])]
    pub(crate) keep_instructions: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (line, makes_sense) in [
            ("bench", true),
            ("bench --check-steady --check-instructions --functions f", true),
            ("bench --bootstrap b --event e --expect text", true),
            ("bench --bootstrap b --expect text", false),
            ("bench --event e", false),
            ("bench --requests 0", false),
            ("bench --starts 0", false),
            ("bench --check-steady --check", false),
            ("bench --check-steady --out o", false),
            ("bench --check-instructions --keep-instructions", false),
        ] {
            let parsed = Arguments::try_parse_from(line.split(' '));
            assert_eq!(parsed.is_ok(), makes_sense, "{line}");
        }
    }
}
