//! What the functions' roles allow.

use serde_json::Value;

use crate::document::{Resolved, referred};

/// One thing that a role allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The role's name in the template.
    pub role: String,
    /// As in `dynamodb:GetItem`.
    pub action: String,
    /// The resource's name in the template, with what follows it: `OperationsTable/index/open`.
    pub resource: String,
}

/// Everything that the roles allow, one row for each role, action and resource, in the order of the template.
#[must_use]
pub fn permissions(template: &Resolved) -> Vec<Permission> {
    let roles = template.of_type("AWS::IAM::Role");
    let allowed = roles.flat_map(|(role, properties)| {
        let pairs = pairs(statements(properties)).into_iter();
        pairs.map(move |(action, resource)| Permission {
            role: role.to_owned(),
            action,
            resource: named(&resource),
        })
    });
    allowed.collect()
}

/// Each action with each resource that these statements allow it on, in their order.
pub fn pairs<'a>(statements: impl Iterator<Item = &'a Value>) -> Vec<(String, Value)> {
    let allowing = statements.filter(|statement| statement["Effect"] == "Allow");
    let pairs = allowing.flat_map(|statement| {
        each(&statement["Action"]).flat_map(move |action| {
            let action = action.as_str().unwrap_or_default();
            each(&statement["Resource"]).map(move |resource| (action.to_owned(), resource.clone()))
        })
    });
    pairs.collect()
}

/// The statements of all policies of a role.
pub fn statements(role: &Value) -> impl Iterator<Item = &Value> {
    let policies = role["Policies"].as_array().into_iter().flatten();
    policies.flat_map(|policy| each(&policy["PolicyDocument"]["Statement"]))
}

/// One value, or each of many.
pub fn each(value: &Value) -> impl Iterator<Item = &Value> {
    let (many, one) = match value {
        Value::Array(values) => (Some(values), None),
        Value::Null => (None, None),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => (None, Some(value)),
    };
    many.into_iter().flatten().chain(one)
}

fn named(resource: &Value) -> String {
    match (referred(resource), resource["Fn::Sub"].as_str()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(text)) => text.replace("${", "").replace(".Arn}", ""),
        (None, None) => resource.as_str().unwrap_or_default().to_owned(),
    }
}
