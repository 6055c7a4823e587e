//! The recordings, as they are stored.

use fineract_simulator::{Release, Response};
pub(crate) use recordings::Answer as Got;
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

/// The simulator's answer, as a recording would keep it.
pub(crate) fn kept(answer: &Response) -> Got {
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Got::of(answer.status, headers, &answer.body)
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

    /// The answers to everything that was no read.
    pub(crate) fn answers_to_commands(&self) -> impl Iterator<Item = &Got> {
        let is_command = |step: &&Step| step.request.as_ref().is_some_and(|sent| sent.method != "GET");
        let commands = self.steps.iter().filter(is_command);
        commands.filter_map(|step| step.response.as_ref())
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
    (sent, exchange.answer)
}
