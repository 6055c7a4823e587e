//! What came of a scenario.

use std::{collections::BTreeMap, fmt};

/// What came of the steps.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) compared: usize,
    pub(crate) observations: usize,
    pub(crate) provided: usize,
    pub(crate) skipped: BTreeMap<&'static str, usize>,
    pub(crate) different: BTreeMap<String, Vec<String>>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.observations += other.observations;
        self.provided += other.provided;
        self.different.extend(other.different);
        for (reason, count) in other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped: usize = self.skipped.values().sum();
        let (compared, observations, different) = (self.compared, self.observations, self.different.len());
        let provided = self.provided;
        write!(
            formatter,
            "compared {compared:4}, skipped {skipped:4}, observations {observations:3}, \
             loans provided {provided:2}, different {different:3}"
        )
    }
}
