//! The bill of materials has what CycloneDX demands, and the page about dependencies says what is so.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::collections::BTreeSet;
use std::fs;

use sbom::{FUNCTIONS, Graph};
use serde_json::Value;

fn texts<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one[member].as_str().unwrap())
        .collect()
}

/// What the schema of CycloneDX 1.6 demands of the members that are used here.
#[test]
fn the_bill_has_what_cyclonedx_demands() {
    let graph = Graph::read().unwrap();
    let bill = graph.bill();
    assert_eq!(
        (bill["bomFormat"].as_str(), bill["specVersion"].as_str()),
        (Some("CycloneDX"), Some("1.6"))
    );
    assert!(bill["version"].as_u64().unwrap() >= 1);
    let top = &bill["metadata"]["component"];
    let components = bill["components"].as_array().unwrap();
    for component in components.iter().chain([top]) {
        assert!(["library", "application"].contains(&component["type"].as_str().unwrap()));
        assert!(!component["name"].as_str().unwrap().is_empty(), "{component}");
        let licence = &component["licenses"][0];
        let expression = licence["expression"].as_str().or(licence["license"]["id"].as_str());
        assert!(expression.is_some_and(|text| !text.contains('/')), "{component}");
    }
    for component in components {
        assert!(
            component["purl"].as_str().unwrap().starts_with("pkg:cargo/"),
            "{component}"
        );
        let ours = component.get("hashes").is_none();
        let hash = component["hashes"][0]["content"].as_str().unwrap_or_default();
        assert!(
            ours || (hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())),
            "{component}"
        );
    }
    let ours: BTreeSet<_> = components
        .iter()
        .filter(|one| one.get("hashes").is_none())
        .collect_names();
    assert_eq!(
        ours,
        FUNCTIONS.into_iter().chain(["gateway"]).collect(),
        "everything else has its checksum"
    );

    let mut refs: BTreeSet<&str> = texts(&bill["components"], "bom-ref").into_iter().collect();
    assert_eq!(refs.len(), components.len(), "each once");
    refs.insert(top["bom-ref"].as_str().unwrap());
    assert_eq!(
        texts(&bill["dependencies"], "ref").into_iter().collect::<BTreeSet<_>>(),
        refs
    );
    for dependency in bill["dependencies"].as_array().unwrap() {
        let needs: Vec<_> = dependency["dependsOn"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
        assert!(needs.iter().all(|one| refs.contains(one)), "{dependency}");
    }
}

trait Names<'a> {
    fn collect_names(self) -> BTreeSet<&'a str>;
}

impl<'a, T: Iterator<Item = &'a Value>> Names<'a> for T {
    fn collect_names(self) -> BTreeSet<&'a str> {
        self.map(|one| one["name"].as_str().unwrap()).collect()
    }
}

#[test]
fn the_page_says_how_many_and_why() {
    let graph = Graph::read().unwrap();
    let page = fs::read_to_string(sbom::top().join("docs/dependencies.md")).unwrap();
    let count = format!("{} crates of others are linked into the functions", graph.foreign());
    assert!(page.contains(&count), "docs/dependencies.md must say: {count}");
    let mut told: BTreeSet<String> = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        assert!(cells.len() == 4 && !cells[2].is_empty(), "{line}");
        told.extend(cells[1].split(", ").map(|name| name.trim_matches('`').to_owned()));
    }
    assert_eq!(
        told,
        graph.direct(),
        "docs/dependencies.md has a reason for each crate that is named in a Cargo.toml"
    );
}
