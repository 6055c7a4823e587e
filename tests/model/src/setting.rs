//! What is modelled, and how much of it.

use crate::case::Clocks;
use crate::rules::{Assumption, Rule};

/// How callers post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// One caller, which awaits the first 202 before it posts the second operation.
    Awaiting,
    /// The same, which may use an `Idempotency-Key`, and then repeats each request once.
    AwaitingWithKeys,
    /// Two callers, which do not wait for each other.
    Concurrent,
}

/// What Fineract does with a request, apart from applying it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temper {
    /// It refuses.
    Refusing,
    /// It refuses, fails with and without effect, stores errors that do not tell, and dies in the middle.
    Failing,
    /// It fails and dies, and refuses what it has applied before, under whatever key.
    Guarded,
}

/// The client in Fineract, which the first operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// It has.
    There,
    /// Not until the second operation creates it, or somebody else does.
    Missing,
    /// Others change it, so that lookups may refuse the operation at any time.
    Contested,
}

/// What is modelled.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// How many operations are posted: one or two.
    pub operations: u8,
    /// How many workers there are: one or two.
    pub workers: u8,
    /// How many keys an operation gets to. The last is not given up.
    pub keys: u8,
    /// How many keys are spent before the operation is refused.
    pub key_tries: u32,
    /// How callers post.
    pub callers: Callers,
    /// What Fineract does.
    pub temper: Temper,
    /// How the times of acceptance compare.
    pub clocks: Clocks,
    /// The client in Fineract, which the first operation is about.
    pub client: Client,
    /// A rule that is broken.
    pub broken: Option<Rule>,
    /// Something that is not taken for granted.
    pub without: Option<Assumption>,
}

impl Setting {
    /// Whether the gateway follows the rule.
    pub(crate) fn follows(&self, rule: Rule) -> bool {
        self.broken != Some(rule)
    }

    /// Whether it is taken for granted.
    pub(crate) fn assumes(&self, assumption: Assumption) -> bool {
        self.without != Some(assumption)
    }

    /// Whether there is a key after this one.
    pub(crate) const fn has_key_after(&self, epoch: u8) -> bool {
        epoch + 1 < self.keys
    }

    /// Whether the key may be spent, if so many were.
    pub(crate) const fn may_spend(&self, epoch: u8, spent: u8) -> bool {
        self.has_key_after(epoch) || spent as u32 + 1 >= self.key_tries
    }
}
