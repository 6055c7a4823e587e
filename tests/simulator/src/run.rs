//! One exchange with the faults that stand, without real time.

use std::time::Duration;

use crate::{
    ending::Ending,
    exchange::{Request, Response},
    faults::{Action, Moment, Strike},
    simulator::{Running, Simulator, Started},
};

/// When Fineract looks again for the outcome of a key that is under processing.
pub(crate) const BUSY_WAITS_SECONDS: [u64; 2] = [1, 2];

/// What became of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This is the answer.
    Answered(Response),
    /// Nothing answers, and this exchange applied nothing.
    LostBeforeEffect,
    /// Nothing answers, and this exchange applied what it asked for (or read it).
    LostAfterEffect,
}

/// An exchange that took no real time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// What became of it.
    pub outcome: Outcome,
    /// How long it would have taken; a caller with less patience has given up, but nothing is undone.
    pub took: Duration,
}

impl Exchanged {
    /// The answer, if there is one.
    pub fn response(&self) -> Option<&Response> {
        match &self.outcome {
            Outcome::Answered(response) => Some(response),
            Outcome::LostBeforeEffect | Outcome::LostAfterEffect => None,
        }
    }
}

/// What is left of an exchange after the faults that stand before Fineract.
pub(crate) enum Entered {
    /// It is over, after so long.
    Over(Outcome, Duration),
    /// It goes on.
    Started(Started),
}

impl Simulator {
    /// One exchange with the faults that stand, at once: nothing waits, and what would have taken time is told.
    ///
    /// The effect is there when this returns. A key under processing is looked at once, and told to have taken the three
    /// seconds in which Fineract looks again.
    pub fn exchange(&self, request: &Request) -> Exchanged {
        let strike = self.faults().strike(request);
        let (started, took) = match self.enter(&strike, request) {
            Entered::Over(outcome, took) => {
                let took = took.saturating_add(strike.delay);
                return Exchanged { outcome, took };
            }
            Entered::Started(started) => (started, strike.delay),
        };
        let busy = Duration::from_secs(BUSY_WAITS_SECONDS.iter().sum());
        let (outcome, took) = match started {
            Started::Answered(response) => (Outcome::Answered(response), took),
            Started::Busy(response) => (Outcome::Answered(response), took.saturating_add(busy)),
            // Nobody can let it go, so it is left as a killed server leaves it.
            Started::Running(_) if strike.action() == Some(&Action::Hold(Moment::BeforeEffect)) => {
                (Outcome::LostBeforeEffect, took)
            }
            Started::Running(running) => (self.conclude(&strike, running), took),
        };
        let outcome = match (strike.action(), outcome) {
            (
                Some(Action::Cut(Moment::AfterEffect) | Action::Hold(Moment::AfterEffect)),
                Outcome::Answered(response),
            ) => lost(&response),
            (_, outcome) => outcome,
        };
        Exchanged { outcome, took }
    }

    /// The faults that stand before Fineract, then Fineract up to the effect.
    pub(crate) fn enter(&self, strike: &Strike, request: &Request) -> Entered {
        let now = Duration::ZERO;
        let answered = |response| Entered::Over(Outcome::Answered(response), now);
        match strike.action() {
            Some(Action::Cut(Moment::BeforeEffect)) => Entered::Over(Outcome::LostBeforeEffect, now),
            Some(Action::Answer(response)) => answered(response.clone()),
            Some(Action::DatabaseDown(took)) => Entered::Over(Outcome::Answered(self.without_database(request)), *took),
            Some(Action::PasswordExpired) => answered(self.as_stranger(request)),
            Some(Action::LoanLocked(loan)) => match self.on_locked_loan(request, loan.as_deref()) {
                Some(response) => answered(response),
                None => Entered::Started(self.begin(request)),
            },
            Some(Action::JobRunning(job)) => match self.during_job(request, job) {
                Some(response) => answered(response),
                None => Entered::Started(self.begin(request)),
            },
            Some(Action::Hold(_) | Action::Cut(Moment::AfterEffect) | Action::Delay(_) | Action::End(_)) | None => {
                Entered::Started(self.begin(request))
            }
        }
    }

    /// The effect, as the fault lets it be.
    pub(crate) fn conclude(&self, strike: &Strike, running: Running) -> Outcome {
        let ending = match strike.action() {
            Some(Action::End(ending)) => ending.clone(),
            Some(_) | None => Ending::Answered,
        };
        match (self.finish_with(running, &ending), ending) {
            (Some(response), _) => Outcome::Answered(response),
            (None, Ending::Stuck { applied: true }) => Outcome::LostAfterEffect,
            (None, _) => Outcome::LostBeforeEffect,
        }
    }
}

/// An answer that is lost: what was refused applied nothing.
fn lost(response: &Response) -> Outcome {
    if response.status == 200 {
        Outcome::LostAfterEffect
    } else {
        Outcome::LostBeforeEffect
    }
}
