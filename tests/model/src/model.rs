//! The model: what can happen in a state, and what must hold in it.

use gateway::tracking::State as Standing;

use crate::engine::Engine;
use crate::rules::{Property, Rule};
use crate::setting::{Client, Setting};
use crate::state::{Caller, OPERATIONS, Posted, State, Worker};
use crate::step::{Step, Steps};

/// The protocol in a setting.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) setting: Setting,
    pub(crate) engine: Engine,
}

impl Model {
    /// The protocol in a setting.
    pub fn new(setting: Setting) -> Self {
        let engine = Engine::new(setting.clocks, setting.key_tries, setting.broken);
        Self { setting, engine }
    }

    /// The world before anything happens.
    pub(crate) fn start(&self) -> State {
        State::start(self.setting.client != Client::Missing)
    }

    /// The state without what nothing hangs on any more.
    pub(crate) fn tidy(&self, state: State) -> State {
        state.tidy(self.setting.follows(Rule::OwnerSettles))
    }

    /// Everything that can happen in a state.
    pub(crate) fn steps(&self, from: &State, steps: &mut Vec<Step>) {
        steps.clear();
        let mut gathered = Steps { from, steps };
        for operation in [0, 1] {
            self.call(operation, &mut gathered);
        }
        let busy = from.workers.iter().filter(|worker| **worker != Worker::Idle).count();
        let idle = from.workers.iter().position(|worker| *worker == Worker::Idle);
        for (who, worker) in (0..).zip(&from.workers) {
            // Of two idle workers one receives: they differ in nothing.
            let receives = Some(usize::from(who)) == idle && busy < usize::from(self.setting.workers);
            if *worker != Worker::Idle || receives {
                self.work(who, &mut gathered);
            }
        }
        self.queue(&mut gathered);
        self.sweep(&mut gathered);
        self.fineract(&mut gathered);
        for step in steps {
            step.breaks = broken(from, &step.state);
        }
    }

    /// Whether every operation that is stored has ended, and no other will be stored.
    pub(crate) fn is_over(&self, state: &State) -> bool {
        (0..self.setting.operations).all(|operation| {
            let posted = state.posted(operation);
            if posted.caller == Caller::Silent {
                return !self.may_be_posted(operation, state);
            }
            posted.is_answered() && !posted.late_insert && state.open(operation).is_none()
        })
    }
}

/// What the step from one state to the other breaks.
fn broken(from: &State, to: &State) -> Option<Property> {
    let pairs = from.operations.iter().zip(&to.operations);
    let of_one = pairs.filter_map(|(was, is)| broken_by(was, is)).next();
    let applied = to.operations[1].effects > from.operations[1].effects;
    let out_of_order = to.ordered && applied && to.open(0).is_some();
    let accepts = |operation: u8| {
        let accepted = |state: &State| state.posted(operation).caller == Caller::Accepted;
        accepted(to) && !accepted(from) && !to.is_stored(operation)
    };
    let accepts_too_early = (0..).take(OPERATIONS).any(accepts);
    of_one
        .or(out_of_order.then_some(Property::InOrder))
        .or(accepts_too_early.then_some(Property::AcceptedIsStored))
}

fn broken_by(was: &Posted, is: &Posted) -> Option<Property> {
    let ended = |posted: &Posted| posted.row.map(|row| row.state).filter(|state| !state.is_open());
    if is.effects > 1 {
        return Some(Property::AtMostOnce);
    }
    if ended(was).is_some() && was.row.map(|row| row.state) != is.row.map(|row| row.state) {
        return Some(Property::EndedNeverChanges);
    }
    if is.caller == Caller::Unavailable && is.effects > 0 {
        return Some(Property::UnavailableIsNothing);
    }
    match (ended(is)?, is.effects) {
        (Standing::Succeeded, 0) => Some(Property::SuccessIsApplied),
        (Standing::Failed | Standing::Cancelled, 1..) => Some(Property::FailureIsNotApplied),
        (
            Standing::Succeeded
            | Standing::Failed
            | Standing::Cancelled
            | Standing::Accepted
            | Standing::Running
            | Standing::Waiting
            | Standing::PendingApproval,
            _,
        ) => None,
    }
}
