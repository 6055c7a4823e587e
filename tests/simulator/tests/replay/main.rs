//! Plays the recordings of real servers against the simulator, step by step, and compares every answer.
//!
//! A step is played if [`rule::skipped`] finds nothing against its request. What differs must be listed, with its reason,
//! in `known-differences.txt`, and what is listed there must differ.

#![allow(clippy::unwrap_used, reason = "a test ends where it finds something unexpected")]

mod deeds;
mod foundation;
mod outside;
mod play;
mod race;
mod recording;
mod request;
mod rule;
mod tally;

use std::collections::BTreeSet;

use fineract_simulator::Release;

use crate::{recording::Recording, tally::Tally};

const KNOWN_DIFFERENCES: &str = include_str!("known-differences.txt");
/// The requests as the gateway sends them: here every step is played, and nothing may differ, known or not.
const GATEWAY_SHAPED: &str = "gateway-shaped";

fn known_differences() -> BTreeSet<String> {
    let lines = KNOWN_DIFFERENCES
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(" | ").next().unwrap().to_owned()).collect()
}

fn replay(release: Release) {
    let mut total = Tally::default();
    let recordings = Recording::all(release);
    let users = foundation::users(&recordings);
    for recording in &recordings {
        let tally = play::play(recording, foundation::before(recording, &recordings), &users);
        println!("{release} {:32} {tally}", recording.name);
        let whole = !recording.name.contains(GATEWAY_SHAPED) || tally.skipped.is_empty();
        assert!(whole, "{} is played as a whole", recording.name);
        total.add(tally);
    }
    println!("{release} {:32} {total}", "all");
    for (reason, count) in &total.skipped {
        println!("{release} skipped {count:4}: {reason}");
    }
    let known: BTreeSet<_> = known_differences()
        .into_iter()
        .filter(|step| step.starts_with(&format!("{release}/")))
        .collect();
    let found: BTreeSet<_> = total.different.keys().cloned().collect();
    let new: Vec<_> = total
        .different
        .iter()
        .filter(|(step, _)| !known.contains(*step))
        .collect();
    for (step, differences) in &new {
        println!("DIFFERENT {step}\n    {}", differences.join("\n    "));
    }
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(
        new.is_empty(),
        "{} steps are answered otherwise than recorded",
        new.len()
    );
    assert!(
        gone.is_empty(),
        "no longer different, take them out of known-differences.txt: {gone:?}"
    );
    assert!(
        !known.iter().any(|step| step.contains(GATEWAY_SHAPED)),
        "what the gateway sends may not differ"
    );
}

#[test]
fn release_1_10_1() {
    replay(Release::V1_10_1);
}

#[test]
fn release_develop_2026_06() {
    replay(Release::Develop2026_06);
}
