//! A scenario: what is played, as its file says.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::values::parse;

/// The scenarios of this repository: the names of their recordings, and what stands in their files.
pub const SCENARIOS: [(&str, &str); 5] = [
    ("00-setup", include_str!("../scenarios/00-setup.yaml")),
    ("21-gateway-shaped", include_str!("../scenarios/21-gateway-shaped.yaml")),
    (
        "22-gateway-shaped-wave1",
        include_str!("../scenarios/22-gateway-shaped-wave1.yaml"),
    ),
    ("26-product-kinds", include_str!("../scenarios/26-product-kinds.yaml")),
    ("27-terms", include_str!("../scenarios/27-terms.yaml")),
];

/// What a step may say.
const MEMBERS: [&str; 15] = [
    "name", "GET", "POST", "PUT", "DELETE", "body", "key", "as", "fresh", "take", "must", "if", "unless", "observe",
    "note",
];
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The name of its recording.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// Values under names, in their order.
    pub(crate) values: Map<String, Value>,
    pub(crate) parts: Vec<Part>,
}

/// A part of a scenario.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// An exchange or an observation.
    Step(Box<Step>),
    /// Parts that are played together, once or for each element of a list.
    Group(Box<Group>),
}

/// Parts that are played together.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// For which list, and under which name an element of it is known.
    pub(crate) each: Option<(String, Value)>,
    pub(crate) when: When,
    /// Values under names, which are known from here on.
    pub(crate) values: Map<String, Value>,
    pub(crate) parts: Vec<Part>,
}

/// Names that must have a value, or must have none.
#[derive(Clone, Debug, Default)]
pub(crate) struct When {
    pub(crate) has: Option<String>,
    pub(crate) lacks: Option<String>,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) request: Option<(&'static str, String)>,
    pub(crate) body: Value,
    pub(crate) key: Option<String>,
    pub(crate) disguise: Option<Value>,
    pub(crate) fresh: Map<String, Value>,
    pub(crate) take: Map<String, Value>,
    pub(crate) must: Option<u64>,
    pub(crate) when: When,
    pub(crate) observe: Option<Value>,
    pub(crate) note: Option<String>,
}

impl Scenario {
    /// The scenario of this name: one of this repository, with or without its number, or a file.
    ///
    /// # Errors
    /// If there is none, or it is not written as it should be.
    pub fn named(name: &str) -> Result<Self, Error> {
        let known = SCENARIOS
            .into_iter()
            .find(|(known, _)| *known == name || known.split_once('-').is_some_and(|(_, short)| short == name));
        if let Some((name, text)) = known {
            return Self::parse(name, text);
        }
        let file = Path::new(name);
        let Some(stem) = file.file_stem().filter(|_| file.extension().is_some()) else {
            let names = SCENARIOS.map(|(known, _)| known).join(", ");
            return Err(Error::NoScenario(name.to_owned(), names));
        };
        let text = fs::read_to_string(file).map_err(|error| Error::File(file.to_owned(), error))?;
        Self::parse(&stem.to_string_lossy(), &text)
    }

    /// Reads a scenario.
    ///
    /// # Errors
    /// If it is not written as it should be.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let wrong = |what: String| Error::Scenario(format!("{name}: {what}"));
        let document = parse(text).map_err(wrong)?;
        let title = document["scenario"].as_str();
        Ok(Self {
            name: name.to_owned(),
            title: title
                .ok_or_else(|| wrong("it does not say what it is about".to_owned()))?
                .to_owned(),
            values: document["let"].as_object().cloned().unwrap_or_default(),
            parts: parts(&document["steps"]).map_err(wrong)?,
        })
    }
}

fn parts(steps: &Value) -> Result<Vec<Part>, String> {
    let steps = steps.as_array().ok_or("steps are no list")?;
    steps.iter().map(part).collect()
}

fn part(written: &Value) -> Result<Part, String> {
    let members = written.as_object().ok_or_else(|| format!("{written} is no step"))?;
    let values = members.get("let").and_then(Value::as_object);
    let steps = members.get("steps");
    if steps.is_some() || values.is_some() {
        let each = members.get("for").and_then(Value::as_object);
        let each = each.and_then(|each| each.iter().next());
        return Ok(Part::Group(Box::new(Group {
            each: each.map(|(name, list)| (name.clone(), list.clone())),
            when: when(members),
            values: values.cloned().unwrap_or_default(),
            parts: steps.map_or_else(|| Ok(Vec::new()), parts)?,
        })));
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let name = text("name").ok_or_else(|| format!("{written} has no name"))?;
    if let Some(unknown) = members.keys().find(|member| !MEMBERS.contains(&member.as_str())) {
        return Err(format!("[{name}] says {unknown}, which means nothing"));
    }
    let mut requests = METHODS.into_iter().filter_map(|method| Some((method, text(method)?)));
    let request = requests.next();
    if requests.next().is_some() || request.is_some() == members.contains_key("observe") {
        return Err(format!("[{name}] is not one request or one observation"));
    }
    let object = |name: &str| {
        members
            .get(name)
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default()
    };
    Ok(Part::Step(Box::new(Step {
        name,
        request,
        body: members.get("body").cloned().unwrap_or_default(),
        key: text("key"),
        disguise: members.get("as").cloned(),
        fresh: object("fresh"),
        take: object("take"),
        must: members.get("must").and_then(Value::as_u64),
        when: when(members),
        observe: members.get("observe").cloned(),
        note: text("note"),
    })))
}

fn when(members: &Map<String, Value>) -> When {
    let name = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    When {
        has: name("if"),
        lacks: name("unless"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_of_the_repository_can_be_read() {
        for (name, _) in SCENARIOS {
            assert_eq!(Scenario::named(name).unwrap().name, name);
        }
        assert_eq!(Scenario::named("setup").unwrap().name, "00-setup");
    }

    #[test]
    fn what_is_no_scenario_says_why() {
        for (written, told) in [
            ("steps: []", "it does not say what it is about"),
            ("scenario: x", "steps are no list"),
            ("{scenario: x, steps: [{GET: /v1/offices}]}", "has no name"),
            (
                "{scenario: x, steps: [{name: a}]}",
                "is not one request or one observation",
            ),
            (
                "{scenario: x, steps: [{name: a, GET: /a, POST: /b}]}",
                "is not one request",
            ),
            ("{scenario: x, steps: [{name: a, GET: /a, bdoy: {}}]}", "says bdoy"),
        ] {
            let error = Scenario::parse("s", written).unwrap_err().to_string();
            assert!(error.contains(told), "{written}: {error}");
        }
        assert!(matches!(Scenario::named("nothing"), Err(Error::NoScenario(..))));
    }
}
