//! The recordings of real Fineract servers, for tests to read and to compare answers with. What they are: `README.md`
//! beside this package. `tests/recorder` makes them.

mod compare;
mod made;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::{Map, Value};

pub use crate::compare::Comparison;
pub use crate::made::{Made, numbers_of};

/// The releases that were recorded, as the folders are named.
pub const RELEASES: [&str; 2] = ["1.10.1", "develop-2026-06"];

/// Of the headers of an answer, those that are kept.
const HEADERS: [&str; 6] = [
    "content-type",
    "x-served-from-cache",
    "x-notification-refresh",
    "location",
    "retry-after",
    "www-authenticate",
];

/// One scenario.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The release.
    pub release: String,
    /// The scenario's name, such as `21-gateway-shaped`.
    pub name: String,
    /// Its steps, in their order.
    pub steps: Vec<Step>,
}

/// One step. An observation has no exchange.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is.
    pub name: String,
    /// What was sent, and what came back.
    pub exchange: Option<Exchange>,
    /// What was seen in the server's database or by the harness.
    pub observation: Option<Value>,
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The path below Fineract's base, with its query.
    pub path: String,
    /// The headers that matter, as they were sent.
    pub headers: Map<String, Value>,
    /// The body; null if there was none.
    pub body: Value,
    /// Another user, tenant or credential than the usual one.
    pub disguise: Option<Value>,
    /// The answer; none after a transport error.
    pub answer: Option<Answer>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that matter.
    pub headers: Map<String, Value>,
    /// The body; a text if it was not JSON.
    pub body: Value,
}

impl Answer {
    /// An answer as a recording keeps it: of the headers those that matter, in lower case.
    pub fn of<'a>(status: u16, headers: impl IntoIterator<Item = (&'a str, &'a str)>, body: &[u8]) -> Self {
        let kept = headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value));
        let kept = kept.filter(|(name, _)| HEADERS.contains(&name.as_str()));
        let text = String::from_utf8_lossy(body);
        let mut body = match text.is_empty() {
            true => Value::Null,
            false => serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned())),
        };
        shorten(&mut body);
        Self {
            status,
            headers: kept.map(|(name, value)| (name, value.into())).collect(),
            body,
        }
    }

    /// Whether Fineract gave a stored answer.
    pub fn from_cache(&self) -> bool {
        self.header("x-served-from-cache") == Some("true")
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(Value::as_str)
    }

    /// The outer code of a refusal.
    pub fn code(&self) -> &str {
        self.body["userMessageGlobalisationCode"].as_str().unwrap_or_default()
    }

    /// Whether this is the answer to what was carried out, not to its repetition.
    pub fn is_carried_out(&self) -> bool {
        self.status == 200 && !self.headers.contains_key("x-served-from-cache")
    }

    /// Whether it is the answer of who lost a race for a key.
    pub fn lost_the_key(&self) -> bool {
        let text = self.body["defaultUserMessage"].as_str().unwrap_or_default();
        self.status == 425 || text.contains("unique_portfolio_command_source")
    }
}

impl Recording {
    /// Every recording of a release, in the order of their names.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn all(release: &str) -> io::Result<Vec<Self>> {
        let mut files: Vec<PathBuf> = fs::read_dir(folder(release))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        files.iter().map(|file| Self::read(release, file)).collect()
    }

    /// One recording, such as `21-gateway-shaped`.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn named(release: &str, name: &str) -> io::Result<Self> {
        Self::read(release, &folder(release).join(format!("{name}.json.gz")))
    }

    /// The recording in this file, of this release.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(release: &str, file: &Path) -> io::Result<Self> {
        let mut text = String::new();
        GzDecoder::new(fs::File::open(file)?).read_to_string(&mut text)?;
        let document: Value = serde_json::from_str(&text)?;
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .replace(".json.gz", "");
        let steps = document["steps"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .map(Step::of)
            .collect();
        Ok(Self {
            release: release.to_owned(),
            name,
            steps,
        })
    }
}

impl Step {
    fn of(step: &Value) -> Self {
        let object = |value: &Value| value.as_object().cloned().unwrap_or_default();
        let answer = step.get("response").and_then(|response| {
            let status = response["status"]
                .as_u64()
                .and_then(|status| u16::try_from(status).ok())?;
            Some(Answer {
                status,
                headers: object(&response["headers"]),
                body: response["body"].clone(),
            })
        });
        let exchange = step.get("request").map(|request| Exchange {
            method: request["method"].as_str().unwrap_or_default().to_owned(),
            path: request["path"].as_str().unwrap_or_default().to_owned(),
            headers: object(&request["headers"]),
            body: request["body"].clone(),
            disguise: request.get("as").cloned(),
            answer,
        });
        Self {
            name: step["name"].as_str().unwrap_or_default().to_owned(),
            exchange,
            observation: step.get("observation").cloned(),
        }
    }
}

/// Takes the noughts off the ends of decimals, all but the first behind the point: a server writes 100.000000 or 100.00 as it
/// happens.
fn shorten(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            let short = text.trim_end_matches('0');
            if text.contains('.') && !text.contains(['e', 'E']) && short.len() < text.len() {
                let short = if short.ends_with('.') {
                    format!("{short}0")
                } else {
                    short.to_owned()
                };
                if let Ok(short) = short.parse() {
                    *number = short;
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn folder(release: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_kept_without_the_noughts_at_their_ends() {
        for (sent, kept) in [
            ("[100.000000,100.50,100.005,0.00]", "[100.0,100.5,100.005,0.0]"),
            (r#"{"a":{"b":1000,"c":10.0}}"#, r#"{"a":{"b":1000,"c":10.0}}"#),
            ("1e10", "1e10"),
        ] {
            let kept: Value = serde_json::from_str(kept).unwrap_or_default();
            assert_eq!(Answer::of(200, [], sent.as_bytes()).body, kept, "{sent}");
        }
    }
}
