//! The recordings, as they are stored.

use std::{fs, io::Read, path::PathBuf};

use fineract_simulator::Release;
use flate2::read::GzDecoder;
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
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../recordings")
            .join(release.name());
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files.into_iter().map(|file| Self::read(release, &file)).collect()
    }

    fn read(release: Release, file: &PathBuf) -> Self {
        let mut text = String::new();
        GzDecoder::new(fs::File::open(file).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().replace(".json.gz", "");
        let steps = document["steps"].as_array().unwrap().iter().map(Step::of).collect();
        Self { release, name, steps }
    }
}

impl Step {
    fn of(step: &Value) -> Self {
        let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let request = step.get("request").map(|request| Sent {
            method: request["method"].as_str().unwrap().to_owned(),
            path: request["path"].as_str().unwrap().to_owned(),
            headers: object(&request["headers"])
                .into_iter()
                .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            body: request["body"].clone(),
            disguise: object(&request["as"]),
        });
        let response = step
            .get("response")
            .filter(|response| response["status"].is_number())
            .map(|response| Got {
                status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
                headers: object(&response["headers"]),
                body: response["body"].clone(),
            });
        Self {
            name: step["name"].as_str().unwrap_or_default().to_owned(),
            request,
            response,
            observation: step.get("observation").cloned(),
        }
    }
}
