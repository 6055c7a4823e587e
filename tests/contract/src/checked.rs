//! Judging real exchanges by the description.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::openapi;

/// A request and its answer, as they were on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The path below the API's base, without its query.
    pub path: &'a str,
    /// The request's body.
    pub sent: &'a [u8],
    /// The status.
    pub status: u16,
    /// The headers, by their name in lower case.
    pub headers: &'a BTreeMap<String, String>,
    /// The answer's body.
    pub text: &'a str,
}

/// The description, ready to judge by.
pub struct Description {
    document: Value,
    schemas: BTreeMap<String, Validator>,
}

/// The status codes with which API Gateway, and the emulator in its place, answers what it does not let in.
const OF_THE_PLATFORM: [u16; 3] = [404, 413, 429];

impl Description {
    /// The description of the gateway as it is built.
    pub fn new() -> Self {
        Self {
            document: openapi::document(),
            schemas: BTreeMap::new(),
        }
    }

    /// Everything in which an exchange differs from the description; empty if nothing does.
    pub fn faults(&mut self, exchange: &Exchange<'_>) -> String {
        let mut faults = String::new();
        if let Err(fault) = self.judge(exchange, &mut faults) {
            let _ = writeln!(faults, "{fault}");
        }
        faults
    }

    fn judge(&mut self, exchange: &Exchange<'_>, faults: &mut String) -> Result<(), String> {
        let Exchange {
            method, path, status, ..
        } = *exchange;
        let body: Value =
            serde_json::from_str(exchange.text).map_err(|error| format!("the body is no JSON: {error}"))?;
        if is_the_platforms(status, &body) {
            return Ok(());
        }
        let template = template_of(method, path).ok_or_else(|| format!("{method} {path} is not described"))?;
        let operation = &self.document["paths"][template][method.to_ascii_lowercase()];
        let response = operation["responses"].get(status.to_string());
        let response = response
            .ok_or_else(|| format!("{status} is not described for {method} {template}"))?
            .clone();
        let kind = exchange.headers.get("content-type").map_or("", String::as_str);
        let content = response["content"].get(kind);
        let schema = content.ok_or_else(|| format!("the content type {kind:?} is not described"))?["schema"].clone();
        self.check("the body", &schema, &body, faults)?;
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            match exchange.headers.get(&name.to_ascii_lowercase()) {
                Some(value) => self.check(name, &header["schema"], &json!(value), faults)?,
                None if header["required"] == true => {
                    let _ = writeln!(faults, "the header {name} is missing");
                }
                None => {}
            }
        }
        if matches!(status, 200 | 202) && template == "/fineract/operate" {
            let sent = serde_json::from_slice(exchange.sent).map_err(|error| error.to_string())?;
            let schema = operation_schema(&self.document);
            self.check("what was accepted", &schema, &sent, faults)?;
        }
        Ok(())
    }

    /// Checks a value against a schema of the description. No object of an answer may have members that are not described.
    fn check(&mut self, what: &str, schema: &Value, value: &Value, faults: &mut String) -> Result<(), String> {
        let name = schema.to_string();
        if !self.schemas.contains_key(&name) {
            let mut whole = json!({"allOf": [schema], "components": self.document["components"]});
            close(&mut whole);
            let validator = jsonschema::draft202012::new(&whole).map_err(|error| error.to_string())?;
            self.schemas.insert(name.clone(), validator);
        }
        for error in self.schemas[&name].iter_errors(value) {
            let _ = writeln!(faults, "{what}: {error} at {:?}", error.instance_path().to_string());
        }
        Ok(())
    }

    /// Checks a value against one of the named schemas, and says what is wrong.
    pub fn faults_of(&mut self, name: &str, value: &Value) -> String {
        let mut faults = String::new();
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        if let Err(fault) = self.check(name, &schema, value, &mut faults) {
            let _ = writeln!(faults, "{fault}");
        }
        faults
    }
}

impl Default for Description {
    fn default() -> Self {
        Self::new()
    }
}

fn operation_schema(document: &Value) -> Value {
    document["paths"]["/fineract/operate"]["post"]["requestBody"]["content"]["application/json"]["schema"].clone()
}

/// Whether the platform answered in the gateway's place: it says `message` and nothing of ours.
fn is_the_platforms(status: u16, body: &Value) -> bool {
    OF_THE_PLATFORM.contains(&status) && body.get("message").is_some() && body.get("code").is_none()
}

fn template_of(method: &str, path: &str) -> Option<&'static str> {
    match (method, path.strip_prefix("/fineract/")?) {
        ("POST", "operate") => Some("/fineract/operate"),
        ("GET", "track") => Some("/fineract/track"),
        ("GET", "health") => Some("/fineract/health"),
        (method, rest) => match (method, rest.strip_prefix("track/")?.split_once('/')) {
            ("GET", None) => Some("/fineract/track/{tracking_id}"),
            ("POST", Some((_, "cancel"))) => Some("/fineract/track/{tracking_id}/cancel"),
            _ => None,
        },
    }
}

/// Answers may get further members later; what the tests see has none that are not described.
fn close(schema: &mut Value) {
    let Some(schemas) = schema["components"]["schemas"].as_object_mut() else {
        return;
    };
    for (name, schema) in schemas {
        let of_a_request = name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
        if !of_a_request && schema.get("properties").is_some() {
            schema["additionalProperties"] = false.into();
        }
    }
}
