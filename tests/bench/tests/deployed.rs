//! What the template deploys with its defaults.

use std::sync::LazyLock;

use serde_json::Value;
use template::Template;
use template::document::Resolved;

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::of_this_repository().unwrap());
static RESOURCES: LazyLock<Resolved> = LazyLock::new(|| TEMPLATE.resolved(&[]));

/// The resources, with the parameters' defaults in place.
pub(crate) fn resources() -> &'static Resolved {
    &RESOURCES
}

/// A parameter's default.
pub(crate) fn default(parameter: &str) -> u64 {
    let (_, declared) = TEMPLATE.parameters().find(|(name, _)| *name == parameter).unwrap();
    declared["Default"].as_u64().unwrap()
}

/// A property of a resource: the names on the way to it, with dots between them.
pub(crate) fn property(resource: &str, path: &str) -> Value {
    let properties = &resources().resource(resource)["Properties"];
    path.split('.')
        .fold(properties, |value, name| match name.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[name],
        })
        .clone()
}

/// Memory of each function, in MB.
pub(crate) fn memory() -> u64 {
    TEMPLATE.clone().document()["Globals"]["Function"]["MemorySize"]
        .as_u64()
        .unwrap()
}

/// The keys of each index of the operations, the table's own among them.
pub(crate) fn indexes() -> Vec<Vec<String>> {
    let names = |schema: &Value| {
        let keys = schema.as_array().unwrap().iter();
        keys.map(|key| key["AttributeName"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let own = names(&property("OperationsTable", "KeySchema"));
    let indexes = property("OperationsTable", "GlobalSecondaryIndexes");
    let indexes = indexes.as_array().unwrap().iter();
    indexes
        .map(|index| {
            assert_eq!(index["Projection"]["ProjectionType"], "KEYS_ONLY");
            [own.clone(), names(&index["KeySchema"])].concat()
        })
        .collect()
}
