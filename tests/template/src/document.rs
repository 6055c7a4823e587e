//! The template: CloudFormation's YAML, in its long form (`{"Ref": …}`, `{"Fn::GetAtt": […]}`).

use std::collections::BTreeMap;
use std::fmt;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Number, Value, json};

/// What stands for no value at all.
const NO_VALUE: &str = "AWS::NoValue";
/// Conditions may name conditions, but not for ever.
const DEPTH_MAX: usize = 32;

/// The template as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Value);

/// The text is no template.
#[derive(Debug, PartialEq, Eq)]
pub struct NotATemplate(String);

impl fmt::Display for NotATemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotATemplate {}

/// A template of which every parameter has a value: what CloudFormation would create.
#[derive(Debug, PartialEq)]
pub struct Resolved(Value);

impl Template {
    /// The template of this repository.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of_this_repository() -> Result<Self, NotATemplate> {
        Self::parse(include_str!("../../../infra/template.yaml"))
    }

    /// Reads a template.
    ///
    /// # Errors
    /// If it is no YAML, or has more than CloudFormation reads.
    pub fn parse(text: &str) -> Result<Self, NotATemplate> {
        let documents = Yaml::load_from_str(text).map_err(|error| NotATemplate(error.to_string()))?;
        let [document] = documents.as_slice() else {
            return Err(NotATemplate("it is not one document".to_owned()));
        };
        value(document).map(Self)
    }

    /// Its long form, for a test to change.
    pub fn document(&mut self) -> &mut Value {
        &mut self.0
    }

    /// Its parameters, with what is said of each.
    pub fn parameters(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0["Parameters"].as_object().into_iter().flatten()
    }

    /// What it makes of these values, the others being the defaults. A parameter without either stays a reference.
    #[must_use]
    pub fn resolved(&self, values: &[(&str, Value)]) -> Resolved {
        let defaults = self
            .parameters()
            .filter_map(|(name, parameter)| Some((name.clone(), parameter.get("Default")?.clone())));
        let mut parameters: BTreeMap<_, _> = defaults.collect();
        parameters.extend(values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        for (name, declared) in self.parameters() {
            let Some(value) = parameters.get_mut(name) else {
                continue;
            };
            if let (Some("CommaDelimitedList"), Some(text)) = (declared["Type"].as_str(), value.as_str()) {
                *value = text.split(',').map(str::trim).map(Value::from).collect();
            }
        }
        let resolver = Resolver {
            parameters: &parameters,
            conditions: &self.0["Conditions"],
        };
        let resources = self.0["Resources"].as_object().into_iter().flatten();
        let kept = resources.filter(|(_, resource)| match resource["Condition"].as_str() {
            Some(condition) => resolver.holds(&json!({ "Condition": condition }), 0),
            None => true,
        });
        let kept: Map<_, _> = kept
            .filter_map(|(name, resource)| Some((name.clone(), resolver.value(resource)?)))
            .collect();
        Resolved(Value::Object(kept))
    }
}

impl Resolved {
    /// The resource of this name.
    #[must_use]
    pub fn resource(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// The resources of this type, with their names.
    pub fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let resources = self.0.as_object().into_iter().flatten();
        let resources = resources.filter(move |(_, resource)| resource["Type"] == kind);
        resources.map(|(name, resource)| (name.as_str(), &resource["Properties"]))
    }

    /// All resources, with their names.
    pub fn resources(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.as_object().into_iter().flatten()
    }
}

/// The resource that a value refers to: by `Ref`, or by an attribute of it.
#[must_use]
pub fn referred(value: &Value) -> Option<&str> {
    value["Ref"].as_str().or(value["Fn::GetAtt"][0].as_str())
}

struct Resolver<'a> {
    parameters: &'a BTreeMap<String, Value>,
    conditions: &'a Value,
}

impl Resolver<'_> {
    /// The value with everything in its place that follows from the parameters; `None` where nothing is.
    fn value(&self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::Object(members) => match members.iter().next() {
                Some((name, argument)) if members.len() == 1 && (name == "Ref" || name.starts_with("Fn::")) => {
                    return self.function(name, argument);
                }
                _ => members
                    .iter()
                    .filter_map(|(name, value)| Some((name.clone(), self.value(value)?)))
                    .collect(),
            },
            Value::Array(items) => items.iter().filter_map(|item| self.value(item)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        })
    }

    fn function(&self, name: &str, argument: &Value) -> Option<Value> {
        if name == "Ref" && argument == NO_VALUE {
            return None;
        }
        if let ("Ref", Some(value)) = (name, argument.as_str().and_then(|name| self.parameters.get(name))) {
            return Some(value.clone());
        }
        if name == "Fn::If" {
            let chosen = if self.holds(&json!({ "Condition": argument[0] }), 0) {
                1
            } else {
                2
            };
            return self.value(&argument[chosen]);
        }
        let argument = self.value(argument)?;
        if let ("Fn::Join", Some(between), Some(parts)) = (name, argument[0].as_str(), argument[1].as_array()) {
            let parts: Option<Vec<_>> = parts.iter().map(Value::as_str).collect();
            if let Some(parts) = parts {
                return Some(parts.join(between).into());
            }
        }
        Some(json!({ name: argument }))
    }

    /// Whether a condition holds. What is none does not.
    fn holds(&self, condition: &Value, depth: usize) -> bool {
        if depth > DEPTH_MAX {
            return false;
        }
        let holds = |condition: &Value| self.holds(condition, depth + 1);
        let Some((name, argument)) = condition.as_object().and_then(|members| members.iter().next()) else {
            return false;
        };
        let each = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match name.as_str() {
            "Condition" => argument.as_str().is_some_and(|name| holds(&self.conditions[name])),
            "Fn::Equals" => self.value(&argument[0]) == self.value(&argument[1]),
            "Fn::Not" => !each.iter().any(holds),
            "Fn::And" => each.iter().all(holds),
            "Fn::Or" => each.iter().any(holds),
            _ => false,
        }
    }
}

fn value(node: &Yaml<'_>) -> Result<Value, NotATemplate> {
    let refused = |what: &str| NotATemplate(format!("it has {what}"));
    Ok(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => Number::from_f64(value.into_inner())
            .ok_or_else(|| refused("a number that is none"))?
            .into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(items) => items.iter().map(value).collect::<Result<_, _>>()?,
        Yaml::Mapping(members) => {
            let members = members.iter().map(|(name, member)| {
                let name = name.as_str().ok_or_else(|| refused("a name that is no text"))?;
                Ok((name.to_owned(), value(member)?))
            });
            members.collect::<Result<_, _>>()?
        }
        Yaml::Tagged(tag, node) => {
            let argument = value(node)?;
            match (tag.suffix.as_str(), argument) {
                (name @ ("Ref" | "Condition"), argument) => json!({ name: argument }),
                ("GetAtt", Value::String(text)) => {
                    let (resource, attribute) = text.split_once('.').ok_or_else(|| refused("a half !GetAtt"))?;
                    json!({ "Fn::GetAtt": [resource, attribute] })
                }
                (name, argument) => json!({ format!("Fn::{name}"): argument }),
            }
        }
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            return Err(refused("a value that cannot be read"));
        }
    })
}
