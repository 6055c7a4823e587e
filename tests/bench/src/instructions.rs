//! Instructions of one request, counted by Valgrind's callgrind: the same on every machine of one kind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// What is counted.
pub(crate) const COUNTED: [&str; 3] = ["operate", "status", "worker"];
/// Requests of the shorter run.
const FEW: u64 = 20;
/// How many more the longer run has.
const MORE: u64 = 100;
/// By how many percent a count may be above the one that is kept.
const PERCENT_MAX: u64 = 5;

/// Instructions a request, by function.
pub(crate) type Counts = BTreeMap<String, u64>;

/// The file of counts that are kept, by kind of processor.
pub(crate) fn kept_at(top: &Path) -> PathBuf {
    top.join("tests/bench/instructions.json")
}

/// Whether instructions can be counted on this machine.
pub(crate) fn can_count() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Counts.
pub(crate) fn count(requests: &Path) -> Result<Counts, String> {
    let mut counts = Counts::new();
    for function in COUNTED {
        let (few, many) = (run(requests, function, FEW)?, run(requests, function, FEW + MORE)?);
        counts.insert(function.to_owned(), many.saturating_sub(few) / MORE);
    }
    Ok(counts)
}

fn run(requests: &Path, function: &str, times: u64) -> Result<u64, String> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(requests).args([function, &times.to_string()]);
    let output = valgrind
        .output()
        .map_err(|error| format!("valgrind could not be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let collected = collected.and_then(|(_, number)| number.trim().parse().ok());
    match collected {
        Some(collected) if output.status.success() => Ok(collected),
        _ => Err(format!("{function} under valgrind: {said}")),
    }
}

/// Reads the counts that are kept for this kind of processor.
pub(crate) fn kept(text: &str) -> Option<Counts> {
    let kept: Value = serde_json::from_str(text).ok()?;
    let counts = kept.get(std::env::consts::ARCH)?.as_object()?;
    Some(
        counts
            .iter()
            .filter_map(|(name, count)| Some((name.clone(), count.as_u64()?)))
            .collect(),
    )
}

/// The text of the file with these counts for this kind of processor; those of others stay.
pub(crate) fn keep(text: &str, counts: &Counts) -> String {
    let mut kept: Value = serde_json::from_str(text).unwrap_or_else(|_| json!({}));
    kept[std::env::consts::ARCH] = json!(counts);
    format!("{kept:#}\n")
}

/// What is more than it may be.
pub(crate) fn exceeded(counts: &Counts, kept: &Counts) -> Vec<String> {
    let most = |count: u64| count + count * PERCENT_MAX / 100;
    let told = |(name, count): (&String, &u64)| match kept.get(name) {
        Some(limit) if *count <= most(*limit) => None,
        Some(limit) => Some(format!(
            "{name}: {count} instructions a request, {limit} are kept and {PERCENT_MAX} % more allowed"
        )),
        None => Some(format!("{name}: no count is kept")),
    };
    counts.iter().filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_percent_more_are_allowed() {
        let counts = |count: u64| Counts::from([("operate".to_owned(), count)]);
        assert!(exceeded(&counts(1_050), &counts(1_000)).is_empty());
        assert_eq!(exceeded(&counts(1_051), &counts(1_000)).len(), 1);
        assert_eq!(exceeded(&counts(1), &Counts::new()).len(), 1);
        let text = keep(r#"{"other": {"operate": 7}}"#, &counts(5));
        assert!(text.contains("other"));
        assert_eq!(kept(&text), Some(counts(5)));
    }
}
