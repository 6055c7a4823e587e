//! The gateway's ports as one run of a function sees them: the twins, with the world's faults and the run's fate.

mod fineract;
mod ledger;
mod queue;

use std::sync::Arc;

use super::World;
use super::fate::Fate;
use super::sabotage::Eyes;

/// The ports of one run.
#[derive(Clone)]
pub(super) struct Ports {
    /// The world.
    pub(super) world: Arc<World>,
    /// What befalls the run.
    pub(super) fate: Arc<Fate>,
    /// Who runs, for the trace.
    pub(super) actor: String,
    /// For sabotage: whether the run still looks at what Fineract shows.
    pub(super) eyes: Arc<Eyes>,
}

impl Ports {
    fn line(&self, what: impl FnOnce() -> String) {
        self.world.trace.line(self.world.clock.age(), &self.actor, what);
    }
}
