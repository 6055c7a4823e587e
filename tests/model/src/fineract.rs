//! Fineract: what it remembers under a key, and what it does with a request.

use crate::case::{Answer, Shown, Stuck};
use crate::engine::Decision;
use crate::model::Model;
use crate::rules::{Assumption, Rule};
use crate::setting::{Client, Temper};
use crate::state::{Key, Operation, Run, State, Who, Worker};
use crate::step::{Steps, by, of, to_all};

/// The operation that needs the client.
const NEEDS: Operation = 0;
/// The operation that creates it.
const CREATES: Operation = 1;

/// A way in which a command ends.
#[derive(Clone, Copy)]
struct End {
    text: &'static str,
    applies: bool,
    key: Key,
    answer: Answer,
}

const APPLIES: End = End {
    text: "Fineract applies it",
    applies: true,
    key: Key::Applied,
    answer: Answer::Applied { cached: false },
};
const APPLIES_AND_NAMES_NOTHING: End = End {
    text: "Fineract applies it, and its answer names nothing",
    applies: true,
    key: Key::Applied,
    answer: Answer::Unnamed { cached: false },
};
const REFUSES: End = End {
    text: "Fineract refuses it",
    applies: false,
    key: Key::Refused,
    answer: Answer::Refused { cached: false },
};
const FAILS: End = End {
    text: "Fineract fails, and stores that",
    applies: false,
    key: Key::Failed,
    answer: Answer::Failed { cached: false },
};
const APPLIES_AND_FAILS: End = End {
    text: "Fineract applies it, and answers 500",
    applies: true,
    key: Key::Applied,
    answer: Answer::Failed { cached: false },
};
const APPLIES_AND_STORES_A_FAILURE: End = End {
    text: "Fineract applies it, and stores a failure",
    applies: true,
    key: Key::Failed,
    answer: Answer::Failed { cached: false },
};
const DIES: End = End {
    text: "Fineract dies before it has applied it",
    applies: false,
    key: Key::Dead,
    answer: Answer::Lost,
};
const APPLIES_AND_DIES: End = End {
    text: "Fineract dies after it has applied it",
    applies: true,
    key: Key::Dead,
    answer: Answer::Lost,
};

impl State {
    fn end(&mut self, operation: Operation, epoch: u8, end: End) {
        self.set_key(operation, epoch, end.key);
        if end.applies {
            self.posted_mut(operation).effects += 1;
            self.subject_exists |= operation == CREATES;
        }
    }
}

impl Model {
    /// The ways in which a command may end, and whether that is fair weather.
    fn ends(&self, state: &State, operation: Operation, epoch: u8) -> impl Iterator<Item = (bool, End)> + use<> {
        let failing = self.setting.temper != Temper::Refusing;
        let guarded = self.setting.temper == Temper::Guarded;
        let known = guarded && state.posted(operation).effects > 0;
        let next = self.setting.has_key_after(epoch);
        let spent = state.posted(operation).row.map_or(0, |row| row.spent);
        [
            (!known, true, APPLIES),
            (known || !guarded, known, REFUSES),
            (failing && self.setting.may_spend(epoch, spent), false, FAILS),
            (failing && !known, false, APPLIES_AND_FAILS),
            (failing && !known, false, APPLIES_AND_NAMES_NOTHING),
            (failing && !known, false, APPLIES_AND_STORES_A_FAILURE),
            (failing && next, false, DIES),
            (failing && !known, false, APPLIES_AND_DIES),
        ]
        .into_iter()
        .filter_map(|(may, fair, end)| may.then_some((fair, end)))
    }

    /// What becomes of a worker's request.
    pub(crate) fn exchange(&self, who: Who, run: Run, executing: bool, steps: &mut Steps<'_>) {
        let what = |text| by(who, run.target, text);
        steps.foul(what("no answer comes in time"), |state| {
            state.leave(who);
            self.answered(state, who, run, Answer::Lost);
        });
        if executing {
            for (fair, end) in self.ends(steps.from, run.target, run.before.epoch) {
                self.ends_for(who, run, fair, end, steps);
            }
            return;
        }
        steps.foul(what("another program answers that all is well"), |state| {
            self.answered(state, who, run, Answer::Unnamed { cached: false });
        });
        if self.may_be_denied(steps.from, run.target) {
            let texts = [
                "Fineract does not find the client",
                "Fineract has not found the client for too long",
            ];
            self.denied(who, run, texts, |too_long| Answer::NotFound { too_long }, steps);
        }
        if !Self::finds(steps.from, run.target) {
            return;
        }
        let stored = match steps.from.key(run) {
            Key::Unknown | Key::Coming => return self.arrives(who, run, steps),
            Key::Running | Key::Dead => return self.is_busy(who, run, steps),
            Key::Applied => Answer::Applied { cached: true },
            Key::Refused => Answer::Refused { cached: true },
            Key::Failed => Answer::Failed { cached: true },
        };
        steps.fair(what("Fineract answers what it remembers"), |state| {
            self.answered(state, who, run, stored)
        });
    }

    /// A request under a key that Fineract does not know.
    fn arrives(&self, who: Who, run: Run, steps: &mut Steps<'_>) {
        let what = |text| by(who, run.target, text);
        for (fair, end) in self.ends(steps.from, run.target, run.before.epoch) {
            // A server that dies has begun before.
            if end.key != Key::Dead {
                self.ends_for(who, run, fair, end, steps);
            }
        }
        steps.foul(what("Fineract does not look at it: a job runs"), |state| {
            self.answered(state, who, run, Answer::Untouched);
        });
        steps.foul(what("Fineract begins to execute it"), |state| {
            state.set_key(run.target, run.before.epoch, Key::Running);
            state.set_worker(who, Worker::Asking { run, executing: true });
        });
    }

    fn ends_for(&self, who: Who, run: Run, fair: bool, end: End, steps: &mut Steps<'_>) {
        steps.push(fair, by(who, run.target, end.text), |state| {
            state.end(run.target, run.before.epoch, end);
            self.answered(state, who, run, end.answer);
        });
    }

    /// A request under a key that Fineract is busy with. After a while, a command that is still there is taken for dead.
    fn is_busy(&self, who: Who, run: Run, steps: &mut Steps<'_>) {
        let what = |text| by(who, run.target, text);
        steps.fair(what("Fineract is busy with its key"), |state| {
            self.answered(state, who, run, Answer::Busy)
        });
        let waits = self.setting.follows(Rule::BusyKeyIsWaitedFor);
        let ended = steps.from.key(run) == Key::Dead || !self.setting.assumes(Assumption::CommandsEnd);
        let given_up = (run.before.stuck == Stuck::Busy && ended) || !waits;
        let applied = steps.from.posted(run.target).effects > 0;
        if given_up && (applied || self.setting.has_key_after(run.before.epoch)) {
            steps.fair(what("Fineract has been busy with its key for too long"), |state| {
                self.answered(state, who, run, Answer::BusyTooLong);
            });
        }
    }

    /// A worker has its answer, or none.
    pub(crate) fn answered(&self, state: &mut State, who: Who, run: Run, answer: Answer) {
        let next = match self.engine.decision(run.before, answer, None) {
            Decision::ReadBack => Worker::Reading { run, answer },
            Decision::Settle(settled) => Worker::Settling { run, settled },
        };
        state.set_worker(who, next);
    }

    /// A worker reads from Fineract whether the operation was applied.
    pub(crate) fn reads_back(&self, who: Who, run: Run, answer: Answer, steps: &mut Steps<'_>) {
        let (shown, text) = match steps.from.posted(run.target).effects {
            0 => (Shown::NotApplied, "reads back that it was not applied"),
            _ => (Shown::Applied, "reads back that it was applied"),
        };
        let lost = (Shown::Unanswered, "reads back, and is not answered");
        for (fair, (shown, text)) in [(true, (shown, text)), (false, lost)] {
            if let Decision::Settle(settled) = self.engine.decision(run.before, answer, Some(shown)) {
                steps.push(fair, by(who, run.target, text), |state| {
                    state.set_worker(who, Worker::Settling { run, settled });
                });
            }
        }
    }

    /// What Fineract does with requests that nobody waits for, and what else happens there.
    pub(crate) fn fineract(&self, steps: &mut Steps<'_>) {
        for (operation, epoch) in [0, 1]
            .into_iter()
            .flat_map(|operation| (0..self.setting.keys).map(move |epoch| (operation, epoch)))
        {
            let what = |text| of(operation, text);
            let found = Self::finds(steps.from, operation);
            match steps.from.posted(operation).keys[usize::from(epoch)] {
                Key::Coming if found => {
                    steps.foul(what("a request that nobody waits for arrives"), |state| {
                        state.set_key(operation, epoch, Key::Running);
                    });
                }
                Key::Running
                    if !steps
                        .from
                        .workers
                        .iter()
                        .any(|worker| worker.waits_for(operation, epoch)) =>
                {
                    for (fair, end) in self.ends(steps.from, operation, epoch) {
                        steps.push(fair, what(end.text), |state| state.end(operation, epoch, end));
                    }
                }
                Key::Unknown | Key::Coming | Key::Running | Key::Dead | Key::Applied | Key::Refused | Key::Failed => {}
            }
        }
        if !steps.from.subject_exists {
            steps.foul(to_all("somebody creates the client in Fineract"), |state| {
                state.subject_exists = true
            });
        }
    }

    /// Fineract does not find what the operation is about. What it has refused for long is judged by what it shows: by
    /// then, what was sent before is over.
    pub(crate) fn denied(
        &self,
        who: Who,
        run: Run,
        [text, for_too_long]: [&'static str; 2],
        answer: impl Fn(bool) -> Answer,
        steps: &mut Steps<'_>,
    ) {
        let found = Self::finds(steps.from, run.target);
        steps.push(!found, by(who, run.target, text), |state| {
            self.answered(state, who, run, answer(false));
        });
        let posted = steps.from.posted(run.target);
        let over = self.setting.assumes(Assumption::CommandsEnd) && !posted.cut_off;
        let cut_off = run.before.cut_off && self.setting.follows(Rule::CutOffBeginsAnew);
        if run.before.stuck == Stuck::Denied && !cut_off && !(over && posted.keys.contains(&Key::Running)) {
            steps.push(!found, by(who, run.target, for_too_long), |state| {
                for key in &mut state.posted_mut(run.target).keys {
                    if over && *key == Key::Coming {
                        *key = Key::Unknown;
                    }
                }
                self.answered(state, who, run, answer(true));
            });
        }
    }

    /// Whether Fineract has what an operation needs.
    fn finds(state: &State, operation: Operation) -> bool {
        operation != NEEDS || state.subject_exists
    }

    /// Whether Fineract may say that it does not find what an operation needs.
    pub(crate) fn may_be_denied(&self, state: &State, operation: Operation) -> bool {
        !Self::finds(state, operation) || (operation == NEEDS && self.setting.client == Client::Contested)
    }
}
