//! Every door is fed with its corpus, and with what chance makes of it.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use fuzz::{Mutator, TARGETS, Target, corpus};

/// How many inputs are made of each corpus.
const MADE: usize = 2_000;
/// Largest input of the corpus that others are made of.
const CHANGED_MAX: usize = 8 * 1024;
const SEED: u64 = 20_260_615;

/// Feeds the target; a failure names the input.
fn feed((name, target): Target, what: &str, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) {
        let file = std::env::temp_dir().join(format!("fuzz-{name}"));
        std::fs::write(&file, input).unwrap();
        eprintln!(
            "{name} does not hold for {what}, now in {}:\n{}",
            file.display(),
            String::from_utf8_lossy(input)
        );
        resume_unwind(panic);
    }
}

fn replay_and_explore(target: Target) {
    let (names, inputs): (Vec<String>, Vec<Vec<u8>>) = corpus::of(target.0).unwrap().into_iter().unzip();
    assert!(!inputs.is_empty());
    for (name, input) in names.iter().zip(&inputs) {
        feed(target, name, input);
    }
    let small: Vec<_> = inputs.into_iter().filter(|input| input.len() <= CHANGED_MAX).collect();
    for (number, input) in Mutator::new(&small, SEED).take(MADE).enumerate() {
        feed(target, &format!("input {number} that chance made"), &input);
    }
}

#[test]
fn what_callers_post() {
    replay_and_explore(TARGETS[0]);
}

#[test]
fn what_the_queue_delivers() {
    replay_and_explore(TARGETS[1]);
}

#[test]
fn what_fineract_answers() {
    replay_and_explore(TARGETS[2]);
}

#[test]
fn what_is_stored() {
    replay_and_explore(TARGETS[3]);
}
