//! The layers of the code, and the documents that follow from it.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::fs;
use std::path::{Path, PathBuf};

use gateway::operations;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file below a folder of the repository, with its path from the top and its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![top().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(top()).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

#[test]
fn only_adapters_name_the_sdks_and_only_functions_name_lambda() {
    for (name, text) in sources("shared/src") {
        let adapter = name.starts_with("shared/src/adapters");
        for library in ["aws_sdk_", "aws_smithy_", "aws_config::", "reqwest::"] {
            assert!(adapter || !text.contains(library), "{name} names {library}");
        }
        for library in ["lambda_runtime::", "lambda_http::", "aws_lambda_events::"] {
            assert!(!text.contains(library), "{name} names {library}");
        }
    }
    for (name, text) in sources("functions") {
        for library in ["aws_sdk_", "reqwest::"] {
            assert!(!text.contains(library), "{name} names {library}");
        }
    }
}

#[test]
fn operations_know_nothing_of_rows_queues_and_http() {
    for (name, text) in sources("shared/src/operations") {
        for room in [
            "crate::ledger",
            "crate::queue",
            "crate::row",
            "crate::execute",
            "crate::problem",
        ] {
            assert!(!text.contains(room), "{name} names {room}");
        }
    }
}

#[test]
fn the_readme_lists_every_operation() {
    let readme = fs::read_to_string(top().join("README.md")).unwrap();
    for kind in operations::ALL {
        assert!(readme.contains(&format!("| {} |", kind.name)), "{kind:?}");
    }
}

#[test]
fn no_program_waits_by_sleeping_and_no_certificate_check_is_off() {
    for folder in ["shared/src", "functions"] {
        for (name, text) in sources(folder) {
            for word in ["thread::sleep", "time::sleep(", "danger_accept"] {
                assert!(!text.contains(word), "{name} has {word}");
            }
        }
    }
}
