//! The workers: what `execute` does, one call of a port after the other.

use gateway::tracking::{Event, State as Standing};

use crate::canonical::other;
use crate::case::{Answer, Before, InLine, Settled, Stuck};
use crate::model::Model;
use crate::rules::Rule;
use crate::state::{Errand, Operation, Row, Run, Sequence, State, Who, Worker};
use crate::step::{Steps, by};

impl State {
    fn note(&mut self, errand: Errand) {
        if let Some(row) = self
            .posted_mut(errand.operation)
            .row
            .as_mut()
            .filter(|row| row.state.is_open())
        {
            row.sequence = row.sequence.or(errand.sequence);
        }
    }
}

impl Model {
    /// What a worker does next.
    pub(crate) fn work(&self, who: Who, steps: &mut Steps<'_>) {
        let doing = steps.from.workers[usize::from(who)];
        if let Some(target) = doing.target() {
            steps.foul(by(who, target, "crashes"), |state| {
                if matches!(doing, Worker::Asking { .. }) {
                    state.leave(who);
                }
                state.finish(who, false);
            });
        }
        match doing {
            Worker::Idle => self.receive(who, steps),
            Worker::Looking { errand, sequence } => self.look(who, errand, sequence, steps),
            Worker::Noting(errand) => self.note(who, errand, steps),
            Worker::Claiming { errand, target } => self.claim(who, errand, target, steps),
            Worker::Claimed(run) => self.ask(who, run, steps),
            Worker::Asking { run, executing } => self.exchange(who, run, executing, steps),
            Worker::Reading { run, answer } => self.reads_back(who, run, answer, steps),
            Worker::Settling { run, settled } => self.settle(who, run, settled, steps),
        }
    }

    /// Receives a message, and reads the row that it names. (One that is alone on its subject is claimed unread: what
    /// comes of it is what comes of looking at once.)
    fn receive(&self, who: Who, steps: &mut Steps<'_>) {
        let queue = &steps.from.queue;
        let Some(message) = queue.messages[0].filter(|_| queue.held_by.is_none()) else {
            return;
        };
        let own = message.operation;
        let Some(row) = steps.from.open(own) else {
            let what = by(
                who,
                own,
                "receives its message, finds it ended, and is done with the message",
            );
            steps.fair(what, |state| state.queue.remove(0));
            return;
        };
        steps.fair(by(who, own, "receives its message and reads its row"), |state| {
            let errand = Errand {
                operation: own,
                sequence: message.original.filter(|_| row.sequence.is_none()),
            };
            let sequence = row.sequence.or(message.original);
            state.queue.held_by = Some(who);
            state.set_worker(who, Worker::Looking { errand, sequence });
        });
    }

    /// Asks which operations on the subject go first. One that is not due is put off; when it is due is not modelled.
    fn look(&self, who: Who, errand: Errand, sequence: Option<Sequence>, steps: &mut Steps<'_>) {
        let own = errand.operation;
        let goes_before = steps.from.open(other(own)).is_some_and(|row| {
            let accepted = steps.from.posted(own).row.map_or(0, |row| row.accepted);
            let mut places = [row.in_line(); 2];
            places[usize::from(own)] = InLine { sequence, accepted };
            self.setting.follows(Rule::FirstGoesFirst) && self.engine.first(places) != own
        });
        if goes_before {
            steps.fair(by(who, own, "sees that the other operation goes first"), |state| {
                let target = other(own);
                let next = match errand.sequence {
                    Some(_) => Worker::Noting(errand),
                    None => Worker::Claiming { errand, target },
                };
                state.set_worker(who, next);
            });
            return;
        }
        steps.fair(by(who, own, "sees that it goes first"), |state| {
            state.set_worker(who, Worker::Claiming { errand, target: own });
        });
        if errand.sequence.is_some() {
            steps.foul(by(who, own, "notes its place in line, and puts it off"), |state| {
                state.note(errand);
                state.finish(who, false);
            });
        }
    }

    fn note(&self, who: Who, errand: Errand, steps: &mut Steps<'_>) {
        steps.fair(by(who, errand.operation, "notes its place in line"), |state| {
            state.note(errand);
            let target = other(errand.operation);
            let errand = Errand {
                sequence: None,
                ..errand
            };
            state.set_worker(who, Worker::Claiming { errand, target });
        });
    }

    fn claim(&self, who: Who, errand: Errand, target: Operation, steps: &mut Steps<'_>) {
        let what = |text| by(who, target, text);
        let standing = steps.from.posted(target).row;
        let Some((row, state)) = standing.and_then(|row| Some((row, self.claimed(row.state)?))) else {
            steps.fair(what("finds it ended"), |state| {
                state.finish(who, target == errand.operation)
            });
            return;
        };
        let marks = self.setting.follows(Rule::MarkBeforeSending);
        let claimed = Row {
            state,
            owner: Some(who),
            maybe_sent: row.maybe_sent || marks,
            sequence: row.sequence.or(errand.sequence),
            ..row
        };
        let wins = |maybe_sent: bool| {
            move |state: &mut State| {
                let before = Before {
                    maybe_sent,
                    epoch: row.epoch,
                    spent: row.spent,
                    stuck: row.stuck,
                    cut_off: row.stuck == Stuck::Denied && row.state == Standing::Running,
                };
                let run = Run {
                    errand: errand.operation,
                    target,
                    before,
                };
                state.posted_mut(target).row = Some(claimed);
                state.set_worker(who, Worker::Claimed(run));
            }
        };
        // The lease of a run that goes on may end as well.
        steps.push(row.owner.is_none(), what("claims it"), wins(row.maybe_sent));
        if !row.maybe_sent && marks {
            steps.foul(
                what("claims it, and only a repeat of the write is confirmed"),
                wins(true),
            );
        }
    }

    /// The state after a claim, if there may be one.
    fn claimed(&self, state: Standing) -> Option<Standing> {
        let anyway = Some(Standing::Running).filter(|_| !self.setting.follows(Rule::EndedStaysEnded));
        state.after(Event::Claim).or(anyway)
    }

    /// Makes the mutating request, if nothing speaks against it.
    fn ask(&self, who: Who, run: Run, steps: &mut Steps<'_>) {
        let what = |text| by(who, run.target, text);
        steps.fair(what("asks Fineract"), |state| {
            state.set_worker(who, Worker::Asking { run, executing: false });
        });
        steps.foul(what("cannot ask Fineract"), |state| {
            self.answered(state, who, run, Answer::NotSent)
        });
        if self.may_be_denied(steps.from, run.target) {
            let texts = [
                "looks the client up, and finds nothing to do it to",
                "looks the client up, and has found nothing to do it to for too long",
            ];
            self.denied(who, run, texts, |too_long| Answer::NothingFound { too_long }, steps);
        }
    }

    /// Writes down what came of it. The lease is its own: a run that lost it is over, unless anyone may settle.
    fn settle(&self, who: Who, run: Run, settled: Settled, steps: &mut Steps<'_>) {
        let done = !settled.state.is_open() && run.target == run.errand;
        let write = |state: &mut State| {
            state.posted_mut(run.target).cut_off &= !settled.anew;
            if let Some(row) = &mut state.posted_mut(run.target).row {
                *row = if settled.state.is_open() {
                    Row {
                        state: settled.state,
                        owner: None,
                        maybe_sent: settled.maybe_sent,
                        epoch: settled.epoch,
                        spent: settled.spent,
                        stuck: settled.stuck,
                        ..*row
                    }
                } else {
                    Row::ended(settled.state)
                };
            }
        };
        let text = match settled.state {
            Standing::Succeeded => "writes that it succeeded",
            Standing::Failed => "writes that it failed",
            Standing::Accepted
            | Standing::Running
            | Standing::Waiting
            | Standing::PendingApproval
            | Standing::Cancelled => "writes that it waits",
        };
        steps.fair(by(who, run.target, text), |state| {
            write(state);
            state.finish(who, done);
        });
        if done {
            steps.foul(by(who, run.target, "writes how it ended, and crashes"), |state| {
                write(state);
                state.finish(who, false);
            });
        }
    }
}
