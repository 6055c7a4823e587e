//! The recordings, as they are stored.

use fineract_simulator::Release;
use serde_json::{Map, Value};

/// One scenario.
pub(crate) struct Recording {
    pub(crate) release: Release,
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
}

/// One step; an observation has no request.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) request: Option<Sent>,
    pub(crate) response: Option<Got>,
    pub(crate) observation: Option<Value>,
}

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) disguise: Map<String, Value>,
}

/// An answer as it came.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: Map<String, Value>,
    pub(crate) body: Value,
}

impl Sent {
    /// A read, as the usual user.
    pub(crate) fn read(path: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Value::Null,
            disguise: Map::new(),
        }
    }

    /// Its key, if it has one.
    pub(crate) fn key(&self) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
        found.map(|(_, key)| key.as_str())
    }

    /// Whether it has a key of nothing but blanks.
    pub(crate) fn has_blank_key(&self) -> bool {
        self.key().is_some_and(|key| key.trim().is_empty())
    }
}

impl Got {
    /// Whether it is the answer of who lost a race for a key.
    pub(crate) fn lost_the_key(&self) -> bool {
        let text = self.body["defaultUserMessage"].as_str().unwrap_or_default();
        self.status == 425 || text.contains("unique_portfolio_command_source")
    }

    /// The outer code of a refusal.
    pub(crate) fn code(&self) -> &str {
        self.body["userMessageGlobalisationCode"].as_str().unwrap_or_default()
    }

    /// Whether this is the answer to what was carried out, not to its repetition.
    pub(crate) fn is_carried_out(&self) -> bool {
        self.status == 200 && !self.headers.contains_key("x-served-from-cache")
    }
}

impl Recording {
    /// Every recording of a release, in the order of their names.
    pub(crate) fn all(release: Release) -> Vec<Self> {
        let recordings = recordings::Recording::all(release.name()).unwrap().into_iter();
        let of = |recording: recordings::Recording| Self {
            release,
            name: recording.name,
            steps: recording.steps.into_iter().map(Step::of).collect(),
        };
        recordings.map(of).collect()
    }
}

impl Step {
    fn of(step: recordings::Step) -> Self {
        let (request, response) = step.exchange.map(parts).unzip();
        Self {
            name: step.name,
            request,
            response: response.flatten(),
            observation: step.observation,
        }
    }
}

fn parts(exchange: recordings::Exchange) -> (Sent, Option<Got>) {
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let sent = Sent {
        method: exchange.method,
        path: exchange.path,
        headers: exchange
            .headers
            .into_iter()
            .map(|(name, value)| (name, text(value)))
            .collect(),
        body: exchange.body,
        disguise: exchange
            .disguise
            .and_then(|disguise| disguise.as_object().cloned())
            .unwrap_or_default(),
    };
    let got = exchange.answer.map(|answer| Got {
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
    });
    (sent, got)
}
