//! The callers, and what `accept` and `cancel` do for them.

use std::collections::{BTreeSet, HashSet};

use gateway::tracking::{Event, State as Standing};

use crate::case::Clocks;
use crate::model::Model;
use crate::rules::{Assumption, Rule};
use crate::setting::Callers;
use crate::state::{Caller, MESSAGES, Message, Operation, Posted, Row, State};
use crate::step::{Steps, of};

/// What sending a message does to the queue.
type Sends = fn(&mut State, Operation);

impl State {
    fn answer(&mut self, operation: Operation, caller: Caller) {
        self.posted_mut(operation).caller = caller;
    }

    fn store(&mut self, operation: Operation, accepted: u8) {
        let posted = self.posted_mut(operation);
        posted.row = Some(Row::new(accepted));
        posted.late_insert = false;
    }

    /// The queue stores an original message.
    pub(crate) fn send_original(&mut self, operation: Operation) {
        let original = Some(self.next_sequence());
        self.posted_mut(operation).original = original;
        self.queue.push(Message { operation, original });
    }

    /// The queue stores a message that was sent again.
    pub(crate) fn send_again(&mut self, operation: Operation) {
        self.posted_mut(operation).resent = true;
        self.queue.push(Message {
            operation,
            original: None,
        });
    }

    /// Whether there is room for a message that is sent again, and for every original one that may still come.
    pub(crate) fn may_send_again(&self) -> bool {
        let may_send = |posted: &&Posted| !posted.is_answered() || posted.may_be_repeated();
        self.queue.len() + self.operations.iter().filter(may_send).count() < MESSAGES
    }

    /// Whether what goes with a 202 is there.
    pub(crate) fn is_stored(&self, operation: Operation) -> bool {
        let posted = self.posted(operation);
        let sent = posted.original.is_some() || posted.resent;
        posted.row.is_some_and(|row| sent || row.state != Standing::Accepted)
    }
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// Whether it has an `Idempotency-Key`.
    pub keyed: bool,
    /// Whether it is answered 202; nothing if it is not answered, or the answer leaves it open.
    pub accepted: Option<bool>,
    /// The state of its row, if there is one.
    pub row: Option<&'static str>,
    /// Whether its message is stored.
    pub sent: bool,
}

/// What a repeat sends whose operation is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The original message, which the queue stores unless it knows it.
    Original,
    /// A message without a place in line.
    Again,
}

impl Repeat {
    /// `resent`: the sweep sent it again. `late`: the queue may have forgotten the original message.
    pub const fn of(resent: bool, late: bool) -> Self {
        if resent || late { Self::Again } else { Self::Original }
    }
}

impl Model {
    /// The ways in which a request ends while no worker looks.
    pub fn requests(&self) -> BTreeSet<Request> {
        let (mut waiting, mut known) = (vec![self.start()], HashSet::new());
        let (mut steps, mut ends) = (Vec::new(), BTreeSet::new());
        while let Some(state) = waiting.pop() {
            let posted = state.operations[0];
            if posted.is_answered() {
                ends.insert(Request {
                    keyed: posted.keyed,
                    accepted: match posted.caller {
                        Caller::Accepted => Some(true),
                        Caller::Unavailable => Some(false),
                        Caller::Silent
                        | Caller::Inserting
                        | Caller::Sending
                        | Caller::Repeating
                        | Caller::TakingBack
                        | Caller::Unsure => None,
                    },
                    row: posted.row.map(|row| row.state.as_str()),
                    sent: posted.original.is_some(),
                });
            } else if known.insert(state) {
                steps.clear();
                let (from, steps) = (&state, &mut steps);
                self.call(0, &mut Steps { from, steps });
                waiting.extend(steps.iter().map(|step| step.state));
            }
        }
        ends
    }

    /// What the caller of an operation does, and what happens to its request.
    pub(crate) fn call(&self, operation: Operation, steps: &mut Steps<'_>) {
        let posted = *steps.from.posted(operation);
        match posted.caller {
            Caller::Silent => self.post(operation, steps),
            Caller::Inserting => match posted.row {
                None => self.insert(operation, steps),
                Some(row) => self.meet(operation, row, steps),
            },
            Caller::Sending | Caller::Repeating => self.send(operation, steps),
            Caller::TakingBack => self.take_back(operation, steps),
            Caller::Accepted | Caller::Unsure => self.cancel(operation, steps),
            Caller::Unavailable => {}
        }
        if posted.may_be_repeated() {
            steps.foul(of(operation, "its caller repeats it with its key"), |state| {
                state.posted_mut(operation).repeated = true;
                state.answer(operation, Caller::Inserting);
            });
        }
        if posted.late_insert {
            steps.foul(of(operation, "the insert that was given up arrives"), |state| {
                state.store(operation, self.accepted(operation, false));
            });
            steps.fair(of(operation, "the insert that was given up is lost"), |state| {
                state.posted_mut(operation).late_insert = false;
            });
        }
    }

    /// Whether an operation that was not posted yet may be posted.
    pub(crate) fn may_be_posted(&self, operation: Operation, state: &State) -> bool {
        let first = state.operations[0];
        let its_turn = match self.setting.callers {
            Callers::Awaiting | Callers::AwaitingWithKeys => first.caller == Caller::Accepted,
            Callers::Concurrent => first.caller != Caller::Silent,
        };
        let in_time = match self.setting.clocks {
            // A minute later, the first request is over.
            Clocks::Apart => first.is_answered(),
            Clocks::Close | Clocks::Skewed => !first.resent || !self.setting.assumes(Assumption::NothingIsOverdueSoon),
        };
        operation == 0 || (operation < self.setting.operations && its_turn && in_time)
    }

    fn post(&self, operation: Operation, steps: &mut Steps<'_>) {
        if !self.may_be_posted(operation, steps.from) {
            return;
        }
        let first = steps.from.operations[0];
        let post = |keyed: bool| {
            move |state: &mut State| {
                state.posted_mut(operation).keyed = keyed;
                state.answer(operation, Caller::Inserting);
                state.ordered |= operation > 0 && first.caller == Caller::Accepted;
            }
        };
        steps.fair(of(operation, "it is posted"), post(false));
        if self.setting.callers == Callers::AwaitingWithKeys && self.is_disturbed(operation) {
            steps.fair(of(operation, "it is posted with a key"), post(true));
        }
    }

    /// Whether everything may happen to the request. Of the second of two that are awaited and have no key, each call is
    /// confirmed or the last: what else there is happens to the first as well, and to both in the other settings.
    fn is_disturbed(&self, operation: Operation) -> bool {
        operation == 0 || self.setting.callers != Callers::Awaiting
    }

    /// The rank of the time at which a row is accepted. `anew`: by a repeat after both were posted.
    fn accepted(&self, operation: Operation, anew: bool) -> u8 {
        match self.setting.clocks {
            Clocks::Apart => operation + if anew { 2 } else { 0 },
            Clocks::Close | Clocks::Skewed => 0,
        }
    }

    /// Row and message are in doubt.
    fn unconfirmed(&self, state: &mut State, operation: Operation) {
        let keyed = state.posted(operation).keyed;
        let caller = match (keyed, self.setting.follows(Rule::TakeBack)) {
            (true, _) => Caller::Unsure,
            (false, true) => Caller::TakingBack,
            (false, false) => Caller::Unavailable,
        };
        state.answer(operation, caller);
    }

    fn insert(&self, operation: Operation, steps: &mut Steps<'_>) {
        let what = |text| of(operation, text);
        let posted = *steps.from.posted(operation);
        let anew = posted.repeated && steps.from.operations[1].caller != Caller::Silent;
        let accepted = self.accepted(operation, anew);
        let next = if self.setting.follows(Rule::AnswerAfterSending) {
            Caller::Sending
        } else {
            Caller::Accepted
        };
        steps.fair(what("its row is stored"), |state| {
            state.store(operation, accepted);
            state.answer(operation, next);
        });
        // With a key, a request that dies ends like one that is not confirmed.
        if !posted.keyed {
            steps.foul(what("its request dies after its row is stored"), |state| {
                state.store(operation, accepted);
                state.answer(operation, Caller::Unsure);
            });
        }
        if !self.is_disturbed(operation) {
            return;
        }
        steps.foul(what("its row is stored, which is not confirmed"), |state| {
            state.store(operation, accepted);
            self.unconfirmed(state, operation);
        });
        if posted.repeated {
            steps.foul(what("its row is not stored"), |state| {
                self.unconfirmed(state, operation)
            });
            return;
        }
        steps.foul(what("its insert is given up, and may still arrive"), |state| {
            state.posted_mut(operation).late_insert = true;
            self.unconfirmed(state, operation);
        });
        if !posted.keyed {
            steps.foul(what("its request dies, its insert may still arrive"), |state| {
                state.posted_mut(operation).late_insert = true;
                state.answer(operation, Caller::Unsure);
            });
        }
    }

    /// A repeat finds the row.
    fn meet(&self, operation: Operation, row: Row, steps: &mut Steps<'_>) {
        let open = row.state.is_open();
        let next = if open { Caller::Repeating } else { Caller::Accepted };
        let what = |text| of(operation, text);
        steps.fair(what("its row is there already"), |state| state.answer(operation, next));
        steps.foul(what("the table does not answer"), |state| {
            self.unconfirmed(state, operation)
        });
    }

    fn send(&self, operation: Operation, steps: &mut Steps<'_>) {
        let what = |text| of(operation, text);
        let disturbed = self.is_disturbed(operation);
        for (text, sends) in self.ways_to_send(operation, steps.from) {
            steps.fair(what(text), |state| {
                sends(state, operation);
                state.answer(operation, Caller::Accepted);
            });
            if !disturbed {
                continue;
            }
            steps.foul(what("its message is stored, which is not confirmed"), |state| {
                sends(state, operation);
                self.unconfirmed(state, operation);
            });
            if !steps.from.posted(operation).keyed {
                steps.foul(what("its request dies after its message is stored"), |state| {
                    sends(state, operation);
                    state.answer(operation, Caller::Unsure);
                });
            }
        }
        // A request that dies before it sends is one that dies after its row is stored.
        if disturbed {
            steps.foul(what("its message is not stored"), |state| {
                self.unconfirmed(state, operation)
            });
        }
    }

    /// What sending may do to the queue, which stores a message once under its deduplication id while it remembers it.
    fn ways_to_send(&self, operation: Operation, state: &State) -> Vec<(&'static str, Sends)> {
        let posted = state.posted(operation);
        if posted.caller == Caller::Sending {
            return vec![("its message is stored", State::send_original)];
        }
        let mut ways: Vec<(&'static str, Sends)> = Vec::new();
        // What is posted after a late repeat is posted more than a minute after the request.
        let late = self.setting.clocks == Clocks::Apart || state.operations[1].caller != Caller::Silent;
        for late in [false, true].into_iter().take(1 + usize::from(late)) {
            match Repeat::of(posted.resent, late) {
                Repeat::Original if posted.original.is_none() => {
                    ways.push(("its message is stored", State::send_original));
                }
                Repeat::Original => ways.push(("its message is known already", |_, _| {})),
                Repeat::Again if late && !self.setting.follows(Rule::LateRepeatsHaveNoPlace) => {
                    if state.queue.len() < MESSAGES {
                        ways.push(("its message is stored as a new one", State::send_original));
                    }
                }
                Repeat::Again => {
                    if posted.resent && !late {
                        ways.push(("a message that was sent again is known already", |_, _| {}));
                    }
                    if state.may_send_again() {
                        ways.push(("its message is stored once more", State::send_again));
                    }
                }
            }
        }
        ways
    }

    fn take_back(&self, operation: Operation, steps: &mut Steps<'_>) {
        let (writes, told) = match steps.from.posted(operation).row.map(|row| row.state) {
            None => (self.setting.follows(Rule::TakeThePlace), Caller::Unavailable),
            Some(Standing::Accepted) => (true, Caller::Unavailable),
            Some(Standing::Cancelled) => (false, Caller::Unavailable),
            Some(
                Standing::Running
                | Standing::Waiting
                | Standing::PendingApproval
                | Standing::Succeeded
                | Standing::Failed,
            ) => (false, Caller::Accepted),
        };
        let write = |state: &mut State| {
            if writes {
                let posted = state.posted_mut(operation);
                posted.row = Some(Row::ended(Standing::Cancelled));
                posted.late_insert = false;
            }
        };
        let text = if told == Caller::Accepted {
            "it is not taken back: it is on its way"
        } else {
            "it is taken back"
        };
        steps.fair(of(operation, text), |state| {
            write(state);
            state.answer(operation, told);
        });
        steps.foul(of(operation, "it is taken back, which is not confirmed"), |state| {
            write(state);
            state.answer(operation, Caller::Unsure);
        });
        steps.foul(of(operation, "it could not be taken back"), |state| {
            state.answer(operation, Caller::Unsure)
        });
    }

    fn cancel(&self, operation: Operation, steps: &mut Steps<'_>) {
        let row = steps.from.posted(operation).row;
        let unsent = row.filter(|row| !row.maybe_sent || !self.setting.follows(Rule::CancelUnsentOnly));
        if let Some(cancelled) = unsent.and_then(|row| row.state.after(Event::TakeBack)) {
            steps.foul(of(operation, "its caller cancels it"), |state| {
                state.posted_mut(operation).row = Some(Row::ended(cancelled));
            });
        }
    }
}
