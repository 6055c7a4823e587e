//! One state for all that differ in nothing that matters.

use crate::case::Stuck;
use crate::state::{Caller, Key, Operation, Posted, Sequence, State, Who, Worker};

/// More sequence numbers than there are places for them.
const SEQUENCES: usize = 16;

impl State {
    /// The state without what nothing hangs on any more. `owner_settles`: a run that lost its lease writes nothing.
    #[must_use]
    pub(crate) fn tidy(mut self, owner_settles: bool) -> Self {
        if owner_settles {
            self.retire();
        }
        let all_posted = self.operations.iter().all(|posted| posted.caller != Caller::Silent);
        for operation in [0, 1] {
            let leased = self
                .workers
                .iter()
                .filter_map(Worker::run)
                .any(|run| run.target == operation);
            self.posted_mut(operation).forget(leased, all_posted);
        }
        self.ordered &= self.operations[0].row.is_none_or(|row| row.state.is_open());
        self.rank_sequences();
        self
    }

    /// The state with the workers in a fixed order: they differ in nothing.
    #[must_use]
    pub(crate) fn sorted(mut self) -> Self {
        if self.workers[0].packed() > self.workers[1].packed() {
            self.workers.swap(0, 1);
            self.queue.held_by = self.queue.held_by.map(|who| 1 - who);
            for row in self.operations.iter_mut().filter_map(|posted| posted.row.as_mut()) {
                row.owner = row.owner.map(|who| 1 - who);
            }
        }
        self
    }

    /// A run that lost its lease can do nothing any more but make the request that it was about to make: as well as if it
    /// were over, and its request on its way.
    fn retire(&mut self) {
        for who in [0, 1] {
            let Some(run) = self.workers[usize::from(who)].run() else {
                continue;
            };
            let owner = self.posted(run.target).row.and_then(|row| row.owner);
            if owner != Some(who) {
                self.leave(who);
                self.finish(who, false);
            }
        }
    }

    /// Nobody waits any more for what a worker asked, or was about to ask.
    pub(crate) fn leave(&mut self, who: Who) {
        if let Worker::Claimed(run) | Worker::Asking { run, .. } = self.workers[usize::from(who)] {
            self.posted_mut(run.target).cut_off |= self.open(run.target).is_some_and(|row| row.stuck == Stuck::Denied);
        }
        match self.workers[usize::from(who)] {
            Worker::Claimed(run) | Worker::Asking { run, executing: false } => {
                if self.key(run) == Key::Unknown {
                    self.set_key(run.target, run.before.epoch, Key::Coming);
                }
            }
            Worker::Asking { executing: true, .. }
            | Worker::Idle
            | Worker::Looking { .. }
            | Worker::Noting(_)
            | Worker::Claiming { .. }
            | Worker::Reading { .. }
            | Worker::Settling { .. } => {}
        }
    }

    /// A run is over: its message is done with, or comes back.
    pub(crate) fn finish(&mut self, who: Who, done: bool) {
        self.set_worker(who, Worker::Idle);
        for row in self.operations.iter_mut().filter_map(|posted| posted.row.as_mut()) {
            row.owner = row.owner.filter(|owner| *owner != who);
        }
        if self.queue.held_by == Some(who) {
            self.queue.held_by = None;
            if done {
                self.queue.remove(0);
            }
        }
    }

    /// The sequence number of the next message.
    pub(crate) fn next_sequence(&mut self) -> Sequence {
        let mut next = 0;
        self.each_sequence(|sequence| next = next.max(sequence.map_or(0, |known| known + 1)));
        next
    }

    /// Of sequence numbers only the order matters.
    fn rank_sequences(&mut self) {
        let mut known = [false; SEQUENCES];
        self.each_sequence(|sequence| {
            if let Some(sequence) = sequence {
                known[usize::from(*sequence)] = true;
            }
        });
        let mut ranks = [0; SEQUENCES];
        let mut next = 0;
        for (rank, known) in ranks.iter_mut().zip(known) {
            *rank = next;
            next += u8::from(known);
        }
        self.each_sequence(|sequence| *sequence = sequence.map(|sequence| ranks[usize::from(sequence)]));
    }

    fn each_sequence(&mut self, mut each: impl FnMut(&mut Option<Sequence>)) {
        for posted in &mut self.operations {
            each(&mut posted.original);
            if let Some(row) = &mut posted.row {
                each(&mut row.sequence);
            }
        }
        for message in self.queue.messages.iter_mut().flatten() {
            each(&mut message.original);
        }
        for worker in &mut self.workers {
            if let Worker::Looking { sequence, .. } = worker {
                each(sequence);
            }
            if let Some(errand) = worker.errand_mut() {
                each(&mut errand.sequence);
            }
        }
    }
}

impl Posted {
    fn forget(&mut self, leased: bool, all_posted: bool) {
        if self.is_answered() && !self.may_be_repeated() {
            self.keyed = false;
            self.repeated = false;
            self.original = None;
            if all_posted {
                self.resent = false;
                if self.caller == Caller::Unsure {
                    self.caller = Caller::Accepted;
                }
            }
        }
        self.cut_off &= self.is_on_its_way() && self.row.is_some_and(|row| row.stuck == Stuck::Denied);
        let ended = self.row.is_some_and(|row| !row.state.is_open());
        if ended && !leased {
            for key in &mut self.keys {
                *key = match *key {
                    Key::Coming | Key::Running => *key,
                    Key::Unknown | Key::Dead | Key::Applied | Key::Refused | Key::Failed => Key::Refused,
                };
            }
        }
    }
}

/// The other operation.
pub(crate) const fn other(operation: Operation) -> Operation {
    1 - operation
}
