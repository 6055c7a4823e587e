//! The layers of the code, and the documents that follow from it.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use gateway::fields::{FieldOutline, Outline};
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

/// A file without its tests, and the paths of those that stand in files of their own.
fn without_tests(name: &str, text: &str) -> (String, Vec<String>) {
    let folder = name.strip_suffix("/lib.rs").or(name.strip_suffix(".rs")).unwrap();
    let (mut kept, mut apart) = (String::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        let item = lines.next().unwrap();
        let (_, module) = item.split_once("mod ").unwrap();
        match module.strip_suffix(';') {
            Some(module) => apart.push(format!("{folder}/{module}")),
            None => assert!(lines.any(|line| line == "}")),
        }
    }
    (kept, apart)
}

/// Which of the crate's modules each of them names, and where; tests left out.
fn arrows() -> BTreeMap<(String, String), String> {
    let mut files = sources("shared/src");
    let mut tests = Vec::new();
    for (name, text) in &mut files {
        let (kept, apart) = without_tests(name, text);
        *text = kept;
        tests.extend(apart);
    }
    let is_test = |name: &str| {
        tests
            .iter()
            .any(|test| name.strip_prefix(test).is_some_and(|rest| rest.starts_with(['.', '/'])))
    };
    files.retain(|(name, _)| !is_test(name));
    let module_of = |name: &str| name.split(['/', '.']).nth(2).unwrap().to_owned();
    let modules: BTreeSet<_> = files.iter().map(|(name, _)| module_of(name)).collect();
    let mut arrows = BTreeMap::new();
    for (name, text) in &files {
        let module = module_of(name);
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for path in line.split("crate::").skip(1) {
                let end = path.find(|c: char| !c.is_alphanumeric() && c != '_');
                let named = &path[..end.unwrap_or(path.len())];
                assert!(
                    modules.contains(named),
                    "{name}: a path begins with one module, here {line}"
                );
                if named != module {
                    arrows
                        .entry((module.clone(), named.to_owned()))
                        .or_insert_with(|| name.clone());
                }
            }
        }
    }
    arrows
}

/// What can be reached from a module.
fn reached(from: &str, arrows: &BTreeMap<(String, String), String>) -> BTreeSet<String> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(module) = open.pop() {
        for (_, to) in arrows.keys().filter(|(from, _)| *from == module) {
            if reached.insert(to.clone()) {
                open.push(to.clone());
            }
        }
    }
    reached
}

#[test]
fn modules_do_not_need_one_another_in_a_circle() {
    let arrows = arrows();
    for [from, to] in [["operations", "kind"], ["kind", "declaration"], ["bank", "command"]] {
        assert!(
            arrows.contains_key(&(from.to_owned(), to.to_owned())),
            "{from} names {to}"
        );
    }
    let circle: Vec<_> = arrows
        .iter()
        .filter(|((from, to), _)| reached(to, &arrows).contains(from))
        .map(|((from, to), file)| format!("{from} needs {to} ({file})"))
        .collect();
    assert!(circle.is_empty(), "in a circle: {circle:#?}");
}

/// The README's table of operations.
fn table() -> String {
    let mut table = "| operation | what it does | fields of `data` (bold: required) |\n|---|---|---|\n".to_owned();
    for kind in operations::ALL {
        let Outline { fields, either } = kind.outline();
        let (required, optional): (Vec<&FieldOutline>, Vec<&FieldOutline>) =
            fields.iter().partition(|field| field.required);
        let required = required.iter().map(|field| format!("**{}**", field.name));
        let one_of = (!either.is_empty()).then(|| format!("and at least one of {}", either.join(", ")));
        let rest = optional.iter().map(|field| field.name);
        let rest = rest.filter(|name| !either.contains(name)).map(str::to_owned);
        let fields: Vec<_> = required.chain(rest).chain(one_of).collect();
        let (first, sentence) = kind.summary.split_at(1);
        let summary = format!("{}{}", first.to_lowercase(), sentence.trim_end_matches('.'));
        table.push_str(&format!("| {} | {summary} | {} |\n", kind.name, fields.join(", ")));
    }
    table
}

/// The README with the table of operations as it must be, where its own stands.
fn with_table(readme: &str) -> String {
    let from = readme.find("| operation | ").unwrap();
    let length = readme[from..].find("\n\n").unwrap() + 1;
    format!("{}{}{}", &readme[..from], table(), &readme[from + length..])
}

/// The table follows from the operations: where it differs, it is written anew, for the next commit.
#[test]
fn the_readme_lists_every_operation() {
    let file = top().join("README.md");
    let readme = fs::read_to_string(&file).unwrap();
    let expected = with_table(&readme);
    if readme != expected {
        fs::write(&file, expected).unwrap();
        panic!("the README's table of operations differed; it is written anew");
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
