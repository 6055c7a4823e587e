//! The message group of the subject, and the sweep.

use crate::case::Clocks;
use crate::model::Model;
use crate::rules::{Assumption, Rule};
use crate::state::{Message, State};
use crate::step::{Steps, of, to_all};

impl Model {
    /// What the queue does by itself. A message that it gives up after many deliveries is as good as lost.
    pub(crate) fn queue(&self, steps: &mut Steps<'_>) {
        let queue = steps.from.queue;
        for (place, message) in queue.messages.iter().flatten().enumerate() {
            if self.may_be_lost(steps.from, message) {
                steps.foul(of(message.operation, "its message is lost"), |state| {
                    state.queue.remove(place)
                });
            }
        }
        if queue.held_by.is_some() {
            steps.foul(to_all("a message comes back, though a worker still has it"), |state| {
                state.queue.held_by = None;
            });
        }
    }

    fn may_be_lost(&self, state: &State, message: &Message) -> bool {
        let placed = state.open(message.operation).is_none_or(|row| row.sequence.is_some());
        self.setting.clocks == Clocks::Apart
            || message.operation > 0
            || message.original.is_none()
            || placed
            || !self.setting.assumes(Assumption::PlaceIsNoted)
    }

    /// What the sweep does. Any open operation may be overdue, but no request goes on until its operation is.
    pub(crate) fn sweep(&self, steps: &mut Steps<'_>) {
        if !steps.from.may_send_again() || !self.setting.follows(Rule::Sweep) {
            return;
        }
        let first = match (steps.from.open(0), steps.from.open(1)) {
            (Some(a), Some(b)) => self.engine.first([a.in_line(), b.in_line()]),
            (Some(_), None) => 0,
            (None, Some(_)) => 1,
            (None, None) => return,
        };
        if steps.from.posted(first).is_answered() {
            steps.fair(of(first, "the sweep sends it again"), |state| {
                if self.setting.follows(Rule::OriginalsOnly) {
                    state.send_again(first);
                } else {
                    state.send_original(first);
                }
            });
        }
    }
}
