//! The outage gate: while Fineract cannot be reached or refuses the gateway's credentials, one question from time to time
//! stands for all the operations that would only fail.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::authority::Authority;
use crate::clock::{Clock, Timestamp};
use crate::fineract::{Answer, Exchange, Fineract, Method, Path, Request};
use crate::metrics::{Meter, Metric};
use crate::pace::Reason;
use crate::verdict::missing_authority;

/// How often the question is asked at most, unless the deployment says otherwise.
pub const ASK_EVERY: Duration = Duration::from_secs(10);

/// Whether this process has reason to think that Fineract is away.
#[derive(Debug)]
pub struct Gate {
    ask_every: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Why Fineract is thought to be away, if it is.
    away: Option<Reason>,
    asked_at: Option<Timestamp>,
}

/// What the gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// Go on.
    Open,
    /// Come back later.
    Closed {
        /// Not before this time.
        until: Timestamp,
        /// Why.
        reason: Reason,
    },
}

impl Default for Gate {
    fn default() -> Self {
        Self::new(ASK_EVERY)
    }
}

impl Gate {
    /// An open gate, whose question is not asked more often than this.
    pub fn new(ask_every: Duration) -> Self {
        Self {
            ask_every,
            state: Mutex::default(),
        }
    }

    /// Whether an operation may be taken up now. `office` is the question: the office of the configuration.
    pub async fn passage(&self, fineract: &dyn Fineract, clock: &dyn Clock, office: u64, timeout: Duration) -> Passage {
        let now = clock.now();
        let state = *self.state();
        let Some(reason) = state.away else {
            return Passage::Open;
        };
        if let Some(asked_at) = state.asked_at.filter(|at| now.since(*at) < self.ask_every) {
            let until = asked_at.after(self.ask_every);
            return Passage::Closed { until, reason };
        }
        self.state().asked_at = Some(now);
        let path = Path::new("v1/offices").segment(office);
        let request = Request {
            method: Method::Get,
            path,
            key: None,
            body: None,
            timeout,
        };
        match self.note(&fineract.exchange(request).await) {
            Some(reason) => Passage::Closed {
                until: now.after(self.ask_every),
                reason,
            },
            // Fineract is there, and the operation itself will hear what it has to say.
            None => Passage::Open,
        }
    }

    /// Whether operations may be taken up unasked: nothing says that Fineract is away.
    pub fn is_open(&self) -> bool {
        self.state().away.is_none()
    }

    /// Learns from an exchange whether Fineract is away, and why.
    fn note(&self, exchange: &Exchange) -> Option<Reason> {
        let away = match exchange {
            Exchange::NotSent => Some(Reason::FineractUnreachable),
            Exchange::Answer(Answer { status: 401, .. }) => Some(Reason::CredentialsRefused),
            Exchange::Answer(_) | Exchange::Lost(_) => None,
        };
        self.state().away = away;
        away
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fineract in one run, with the gate looking on, and each exchange measured.
pub struct Watched<'a> {
    fineract: &'a dyn Fineract,
    gate: &'a Gate,
    meter: &'a Meter,
    clock: &'a dyn Clock,
    /// The permission that Fineract missed last in the gateway's user.
    missing: Mutex<Option<Authority>>,
}

impl<'a> Watched<'a> {
    /// Fineract, looked on by this gate.
    pub fn new(fineract: &'a dyn Fineract, gate: &'a Gate, meter: &'a Meter, clock: &'a dyn Clock) -> Self {
        Self {
            fineract,
            gate,
            meter,
            clock,
            missing: Mutex::default(),
        }
    }

    /// The permission that Fineract missed last in the gateway's user, if any of the exchanges was refused for one.
    pub fn into_missing(self) -> Option<Authority> {
        self.missing.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Fineract for Watched<'_> {
    async fn exchange(&self, request: Request) -> Exchange {
        let (command, begun) = (request.method != Method::Get, self.clock.now());
        let exchange = self.fineract.exchange(request).await;
        self.gate.note(&exchange);
        if let Some(authority) = missing_authority(&exchange) {
            *self.missing.lock().unwrap_or_else(PoisonError::into_inner) = Some(authority);
        }
        let now = self.clock.now();
        let metric = Metric::Exchange {
            command,
            took: now.since(begun),
            failed: failed(&exchange),
        };
        self.meter.record(metric, now);
        exchange
    }

    async fn username(&self) -> Option<String> {
        self.fineract.username().await
    }
}

/// Whether there was no answer, or one that says that Fineract failed.
const fn failed(exchange: &Exchange) -> bool {
    match exchange {
        Exchange::NotSent | Exchange::Lost(_) => true,
        Exchange::Answer(answer) => answer.status >= 500,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::ManualClock;
    use crate::testing::Script;

    const OFFICE: &str = "GET /v1/offices/1";

    async fn ask(gate: &Gate, script: &Script, clock: &ManualClock) -> bool {
        gate.passage(script, clock, 1, Duration::from_secs(5)).await == Passage::Open
    }

    #[tokio::test]
    async fn while_fineract_is_away_one_question_in_a_time_is_asked() {
        for every in [ASK_EVERY.as_secs(), 3] {
            one_question_in(every).await;
        }
    }

    async fn one_question_in(every: u64) {
        let gate = Gate::new(Duration::from_secs(every));
        let clock = ManualClock::at(Timestamp::from_micros(0));
        assert!(
            ask(&gate, &Script::default(), &clock).await,
            "nothing speaks against it"
        );
        gate.note(&Exchange::NotSent);
        let script = Script::default()
            .unreachable(OFFICE)
            .on(OFFICE, 401, json!({}))
            .on(OFFICE, 200, json!({"id": 1}));
        for (advance, open, asked) in [
            (0, false, 1),
            (every - 1, false, 1),
            (1, false, 2),
            (every, true, 3),
            (0, true, 3),
        ] {
            clock.advance(Duration::from_secs(advance));
            assert_eq!(ask(&gate, &script, &clock).await, open);
            assert_eq!(script.seen().len(), asked);
        }
    }

    #[tokio::test]
    async fn a_fineract_that_answers_badly_is_not_away() {
        let (gate, clock) = (Gate::default(), ManualClock::at(Timestamp::from_micros(0)));
        // A user that may not read offices is told so by a Fineract that is there.
        for status in [500, 403] {
            gate.note(&Exchange::NotSent);
            let script = Script::default().on(OFFICE, status, json!({}));
            assert!(ask(&gate, &script, &clock).await, "{status}");
            clock.advance(ASK_EVERY);
        }
    }
}
