//! What is paid under one UTR: once, unless it was taken back in between.

use std::time::Duration;

use fineract_simulator::Effect;
use serde_json::Value;

use super::{Story, Truth, name};

/// Payments under one UTR on one loan of which the second was made although the first one stood.
pub(super) fn made_twice(stories: &[Story], truth: &Truth) -> Vec<String> {
    let utr = |story: &Story| {
        story
            .row
            .data
            .get("utr_payment_id")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let mut payments: Vec<(Duration, &Effect, &Story)> = Vec::new();
    for story in stories.iter().filter(|story| utr(story).is_some()) {
        let effects = truth.of_operation(story.row.id);
        payments.extend(effects.iter().map(|(age, effect)| (*age, effect, story)));
    }
    payments.sort_by_key(|(age, ..)| *age);
    let mut wrongs = Vec::new();
    for (index, (second_at, second, later)) in payments.iter().enumerate() {
        let alike = |effect: &Effect, story: &Story| {
            (effect.action, effect.loan_id) == (second.action, second.loan_id) && utr(story) == utr(later)
        };
        let first = payments[..index]
            .iter()
            .rev()
            .find(|(_, effect, story)| alike(effect, story));
        if let Some((first_at, first, earlier)) = first
            && !truth.taken_back(first, *first_at, *second_at)
        {
            wrongs.push(format!(
                "{} paid again what {} had paid",
                name(&later.row),
                name(&earlier.row)
            ));
        }
    }
    wrongs
}
