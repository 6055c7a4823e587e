//! The gateway's rules, as tables: what its own pure functions say about every case that the model knows.

use std::cmp::Ordering;

use gateway::failure::Failure;
use gateway::order::first;
use gateway::pace::{Pace, Paces, Reason, Wait};
use gateway::row::Row;
use gateway::settle::{Outcome, settlement};
use gateway::terms::RETENTION;
use gateway::verdict::{self, Expected, Verdict};
use serde_json::json;

use crate::case::{Answer, Before, Clocks, InLine, STUCK, Settled, Shown, Stuck};
use crate::rules::Rule;
use crate::state::{KEYS, Operation};
use crate::stored::{CLIENT, NOW, exchange, new_row, row_before, settled};

/// Every order of two sequence numbers.
const SEQUENCES: [[Option<u8>; 2]; 5] = [
    [None, None],
    [Some(1), None],
    [None, Some(1)],
    [Some(0), Some(1)],
    [Some(1), Some(0)],
];
/// Every order of two times of acceptance.
const ACCEPTED: [[u8; 2]; 3] = [[0, 0], [0, 1], [1, 0]];

/// Every answer.
pub const ANSWERS: [Answer; 17] = [
    Answer::NotSent,
    Answer::NothingFound { too_long: false },
    Answer::NothingFound { too_long: true },
    Answer::Lost,
    Answer::Applied { cached: false },
    Answer::Applied { cached: true },
    Answer::Unnamed { cached: false },
    Answer::Unnamed { cached: true },
    Answer::Refused { cached: false },
    Answer::Refused { cached: true },
    Answer::Failed { cached: false },
    Answer::Failed { cached: true },
    Answer::Busy,
    Answer::BusyTooLong,
    Answer::Untouched,
    Answer::NotFound { too_long: false },
    Answer::NotFound { too_long: true },
];
/// That nothing was read back, and everything that reading back says.
const SHOWN: [Option<Shown>; 4] = [
    None,
    Some(Shown::Applied),
    Some(Shown::NotApplied),
    Some(Shown::Unanswered),
];

/// What follows from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Fineract is asked what is there.
    ReadBack,
    /// The row becomes this.
    Settle(Settled),
}

/// The rules.
#[derive(Clone, Debug)]
pub struct Engine {
    /// Of each order of two rows, which goes first.
    orders: Vec<Operation>,
    decisions: Vec<Decision>,
}

/// Every two places in line, as far as decisions hang on them.
pub fn places() -> impl Iterator<Item = [InLine; 2]> {
    SEQUENCES.into_iter().flat_map(|sequences| {
        ACCEPTED.map(|accepted| {
            [0, 1].map(|operation| InLine {
                sequence: sequences[operation],
                accepted: accepted[operation],
            })
        })
    })
}

/// Every row before a claim, as far as decisions hang on it.
pub fn befores() -> impl Iterator<Item = Before> {
    [false, true].into_iter().flat_map(|maybe_sent| {
        (0_u8..).take(KEYS).flat_map(move |epoch| {
            (0_u8..).take(KEYS).flat_map(move |spent| {
                STUCK.into_iter().flat_map(move |stuck| {
                    [false, true].map(|cut_off| Before {
                        maybe_sent,
                        epoch,
                        spent,
                        stuck,
                        cut_off,
                    })
                })
            })
        })
    })
}

impl Engine {
    /// The gateway's rules, one of them perhaps broken.
    pub fn new(clocks: Clocks, key_tries: u32, broken: Option<Rule>) -> Self {
        let orders = places().map(|[first_place, second_place]| {
            let rows = [new_row(clocks, 0, first_place), new_row(clocks, 1, second_place)];
            let first = match broken {
                Some(Rule::QueueOverClocks) => rows.iter().min_by_key(|row| row.accepted_at),
                _ => first(&rows),
            };
            Operation::from(first.is_some_and(|first| first.id == rows[1].id))
        });
        let decisions = befores().flat_map(|before| {
            ANSWERS
                .into_iter()
                .flat_map(move |answer| SHOWN.map(|shown| decide(before, answer, shown, key_tries, broken)))
        });
        Self {
            orders: orders.collect(),
            decisions: decisions.collect(),
        }
    }

    /// Which operation goes first; both are open.
    pub fn first(&self, places: [InLine; 2]) -> Operation {
        self.orders[order(places)]
    }

    /// What follows from an answer, and from what reading back says, if it was done.
    pub fn decision(&self, before: Before, answer: Answer, shown: Option<Shown>) -> Decision {
        let keys = usize::from(before.epoch) * KEYS + usize::from(before.spent);
        let row = (usize::from(before.maybe_sent) * KEYS * KEYS + keys) * STUCK.len() + before.stuck as usize;
        let row = row * 2 + usize::from(before.cut_off);
        let place = |found: Option<usize>| found.unwrap_or_default();
        let answer = place(ANSWERS.iter().position(|known| *known == answer));
        let shown = place(SHOWN.iter().position(|known| *known == shown));
        self.decisions[(row * ANSWERS.len() + answer) * SHOWN.len() + shown]
    }
}

/// The entry of two places in line in the table of orders.
fn order([a, b]: [InLine; 2]) -> usize {
    let sequences = match (a.sequence, b.sequence) {
        (None, None) => 0,
        (Some(_), None) => 1,
        (None, Some(_)) => 2,
        (Some(a), Some(b)) if a < b => 3,
        (Some(_), Some(_)) => 4,
    };
    let accepted = match a.accepted.cmp(&b.accepted) {
        Ordering::Equal => 0,
        Ordering::Less => 1,
        Ordering::Greater => 2,
    };
    sequences * ACCEPTED.len() + accepted
}

/// What `execute` does between an answer and the settlement, copied; a test holds the copy against the engine.
fn decide(before: Before, answer: Answer, shown: Option<Shown>, key_tries: u32, broken: Option<Rule>) -> Decision {
    let before = Before {
        cut_off: before.cut_off && broken != Some(Rule::CutOffBeginsAnew),
        ..before
    };
    let sent_before = before.maybe_sent && broken != Some(Rule::NotFoundIsNoRefusal);
    let expected = Expected {
        resource_external_id: Some(CLIENT.to_owned()),
        ..Expected::default()
    };
    let mut outcome = if matches!(answer, Answer::NothingFound { .. }) {
        let verdict = if sent_before { Verdict::Denied } else { Verdict::Refused };
        Outcome::without_request(verdict(not_applied()))
    } else {
        let exchange = exchange(answer);
        Outcome::of_exchange(&exchange, verdict::of_command(&exchange, &expected, sent_before))
    };
    if answer == Answer::Lost {
        outcome.next_key = broken == Some(Rule::SameKeyAfterTimeout);
        if broken == Some(Rule::TimeoutIsNoFailure) {
            outcome.verdict = Verdict::Refused(not_applied());
        }
    }
    let denied = matches!(outcome.verdict, Verdict::Denied(_));
    let shown = match broken {
        Some(Rule::ReadBackSpent) => Some(Shown::NotApplied),
        Some(Rule::ReadBackDenied) if denied => Some(Shown::NotApplied),
        _ => shown,
    };
    if answer != Answer::BusyTooLong && !asks(before, answer, &outcome.verdict, broken) {
        return settle(before, answer, outcome, broken);
    }
    let Some(shown) = shown else {
        return Decision::ReadBack;
    };
    let read = if answer == Answer::BusyTooLong {
        given_up(outcome, shown)
    } else {
        confirmed(before, outcome, shown, key_tries)
    };
    settle(before, answer, read, broken)
}

/// Whether Fineract is asked what is there before the verdict is believed.
fn asks(before: Before, answer: Answer, verdict: &Verdict, broken: Option<Rule>) -> bool {
    match verdict {
        Verdict::Spent { .. } | Verdict::Restored | Verdict::Unnamed { .. } => true,
        Verdict::Refused(_) => before.epoch > 0 && broken != Some(Rule::ReadBackRefusals),
        Verdict::Denied(_) => {
            let denied = before.stuck == Stuck::Denied && !before.cut_off;
            (denied && answer.is_too_long()) || broken == Some(Rule::DenialIsWaitedFor)
        }
        Verdict::Applied(_) | Verdict::Pending { .. } | Verdict::NotYet(_) | Verdict::Unknown(_) => false,
    }
}

/// A key that was busy for too long.
fn given_up(outcome: Outcome, shown: Shown) -> Outcome {
    match shown {
        Shown::Unanswered => outcome,
        Shown::Applied => applied(outcome),
        Shown::NotApplied => next_key(outcome, Reason::CommandInProgress),
    }
}

/// An answer that does not decide by itself.
fn confirmed(before: Before, outcome: Outcome, shown: Shown, key_tries: u32) -> Outcome {
    let last = u32::from(before.spent) + 1 >= key_tries;
    match (shown, &outcome.verdict) {
        (Shown::Applied, _) => applied(outcome),
        (Shown::Unanswered, _) => Outcome {
            verdict: Verdict::Unknown(Wait::new(Pace::Soon, Reason::LookupUnanswered)),
            ..outcome
        },
        (Shown::NotApplied, Verdict::Spent { reason, .. }) if !last => {
            let reason = *reason;
            next_key(outcome, reason)
        }
        (Shown::NotApplied, Verdict::Spent { .. } | Verdict::Denied(_)) => Outcome {
            verdict: Verdict::Refused(not_applied()),
            ..outcome
        },
        (Shown::NotApplied, Verdict::Unnamed { replayed }) => {
            let verdict = match replayed {
                true => Verdict::NotYet(Wait::new(Pace::Operator, Reason::NeedsOperator)),
                false => Verdict::Unknown(Wait::new(Pace::Soon, Reason::ForeignAnswer)),
            };
            Outcome { verdict, ..outcome }
        }
        (Shown::NotApplied, _) => outcome,
    }
}

fn applied(outcome: Outcome) -> Outcome {
    Outcome {
        verdict: Verdict::Applied(json!({})),
        ..outcome
    }
}

fn next_key(outcome: Outcome, reason: Reason) -> Outcome {
    Outcome {
        verdict: Verdict::NotYet(Wait::new(Pace::NextKey, reason)),
        next_key: true,
        ..outcome
    }
}

fn not_applied() -> Failure {
    Failure::gateway(404, "gateway.not-applied", "It was not applied.")
}

fn settle(before: Before, answer: Answer, outcome: Outcome, broken: Option<Rule>) -> Decision {
    let clears = broken == Some(Rule::DoubtStays) && !outcome.perhaps_changed;
    let before = row_before(before, answer, new_row(Clocks::Apart, 0, InLine::default()));
    let made = settlement(&before, outcome, NOW, &Paces::default(), RETENTION, 0);
    let row = Row {
        state: made.state,
        maybe_sent: made.maybe_sent && !clears,
        key_epoch: made.key_epoch,
        keys_spent: made.keys_spent,
        stuck_since: made.stuck_since,
        history: made.history,
        ..before
    };
    Decision::Settle(settled(&row))
}
