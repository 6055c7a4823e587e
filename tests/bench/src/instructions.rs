//! Instructions of one request, counted by Valgrind's callgrind: the same on every machine of one kind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

/// What is counted.
pub(crate) const COUNTED: [&str; 3] = ["operate", "status", "worker"];
/// Requests of the shorter run.
const FEW: u64 = 20;
/// How many more the longer run has.
const MORE: u64 = 100;
/// By how many percent a count may be above or below the one that is kept.
const PERCENT_MAX: u64 = 5;
/// What keeps new counts.
const KEEP: &str = "cargo run -p bench -- --keep-instructions";

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

/// The kept counts by kind of processor.
fn kept(text: &str) -> Result<BTreeMap<String, Counts>, String> {
    serde_json::from_str(text).map_err(|error| format!("the kept counts: {error}"))
}

/// The text of the file with these counts for a kind of processor; those of others stay.
pub(crate) fn keep(text: &str, processor: &str, counts: &Counts) -> String {
    let mut kept = kept(text).unwrap_or_default();
    kept.insert(processor.to_owned(), counts.clone());
    format!("{:#}\n", json!(kept))
}

/// Compares counts with the kept ones of a kind of processor. What differs is an error; a warning tells that there was
/// nothing to compare with.
pub(crate) fn compare(text: &str, processor: &str, counts: &Counts) -> Result<Option<String>, String> {
    let kept = kept(text)?;
    let Some(same) = kept.get(processor) else {
        let kinds: Vec<_> = kept.keys().map(String::as_str).collect();
        return Ok(Some(format!(
            "counts are kept for {}, none for {processor}: nothing was compared",
            kinds.join(", ")
        )));
    };
    match differing(counts, same).as_slice() {
        [] => Ok(None),
        differing => Err(differing.join("\n")),
    }
}

/// What is more than it may be, and what is so much less that an increase would stay unseen.
fn differing(counts: &Counts, kept: &Counts) -> Vec<String> {
    let told = |(name, count): (&String, &u64)| {
        let Some(limit) = kept.get(name) else {
            return Some(format!("{name}: no count is kept"));
        };
        let leeway = limit * PERCENT_MAX / 100;
        let compared = format!("{name}: {count} instructions a request, {limit} are kept");
        if *count > limit + leeway {
            Some(format!("{compared} and {PERCENT_MAX} % more allowed"))
        } else if *count < limit - leeway {
            Some(format!(
                "{compared}, which is too many by more than {PERCENT_MAX} %; keep the new counts: {KEEP}"
            ))
        } else {
            None
        }
    };
    let gone = kept.keys().filter(|name| !counts.contains_key(*name));
    let gone = gone.map(|name| format!("{name}: a count is kept, and none was taken"));
    counts.iter().filter_map(told).chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_within_five_percent_of_the_kept_one() {
        let counts = |count: u64| Counts::from([("operate".to_owned(), count)]);
        for (count, said) in [
            (1_051, "5 % more allowed"),
            (1_050, ""),
            (1_000, ""),
            (950, ""),
            (949, KEEP),
            (0, KEEP),
        ] {
            let differing = differing(&counts(count), &counts(1_000));
            assert_eq!(differing.is_empty(), said.is_empty(), "{count}: {differing:?}");
            assert!(
                differing.iter().all(|line| line.contains(said)),
                "{count}: {differing:?}"
            );
        }
        assert_eq!(differing(&counts(1), &Counts::new()).len(), 1);
        assert_eq!(differing(&Counts::new(), &counts(1)).len(), 1);
    }

    #[test]
    fn counts_are_compared_with_those_of_the_same_kind_of_processor() {
        let counts = |count: u64| Counts::from([("operate".to_owned(), count)]);
        let text = keep(r#"{"other": {"operate": 7}}"#, "this", &counts(500));
        assert_eq!(compare(&text, "this", &counts(500)), Ok(None));
        assert_eq!(compare(&text, "other", &counts(7)), Ok(None));
        assert!(compare(&text, "other", &counts(500)).is_err());
        let warned = compare(&text, "third", &counts(500));
        assert!(
            matches!(&warned, Ok(Some(warning)) if warning.contains("other, this, none for third")),
            "{warned:?}"
        );
        assert!(compare("", "this", &counts(500)).is_err());
    }
}
