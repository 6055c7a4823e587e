//! Values of a scenario: YAML as JSON, and `${names}` in them.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Number, Value};

/// Members of other mappings that a mapping has besides its own.
const MERGE: &str = "<<";

/// Reads a YAML document.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| error.to_string())?;
    match documents.as_slice() {
        [document] => value(document),
        _ => Err("it is not one document".to_owned()),
    }
}

fn value(node: &Yaml<'_>) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => {
            let number = Number::from_f64(value.into_inner());
            number.ok_or("it has a number that is none")?.into()
        }
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(items) => items.iter().map(value).collect::<Result<_, _>>()?,
        Yaml::Mapping(members) => {
            let members = members.iter().map(|(name, member)| {
                let name = name.as_str().ok_or("it has a name that is no text")?;
                Ok::<_, String>((name.to_owned(), value(member)?))
            });
            members.collect::<Result<_, _>>()?
        }
        Yaml::Tagged(..) | Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            return Err("it has a value that cannot be read (tags are not)".to_owned());
        }
    })
}

/// Where names have their values.
pub(crate) trait Scope {
    /// The value of a name before its first point.
    fn named(&self, name: &str) -> Option<Value>;
}

/// The value with the values of its names. `${name}` alone is the value itself; within a text it is its text. `${name?}` may
/// have no value: a member of a mapping with such a value is left out.
pub(crate) fn fill(value: &Value, scope: &dyn Scope) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => fill_text(text, scope)?,
        Value::Array(items) => items.iter().map(|item| fill(item, scope)).collect::<Result<_, _>>()?,
        Value::Object(members) => {
            let mut filled = Map::new();
            if let Some(others) = members.get(MERGE) {
                merge(&mut filled, fill(others, scope)?)?;
            }
            for (name, member) in members.iter().filter(|(name, _)| *name != MERGE) {
                let value = fill(member, scope)?;
                let optional = member.as_str().is_some_and(|text| text.ends_with("?}"));
                if value.is_null() && optional {
                    filled.remove(name);
                } else {
                    filled.insert(name.clone(), value);
                }
            }
            filled.into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

/// Adds the members of these mappings; later ones win.
fn merge(into: &mut Map<String, Value>, others: Value) -> Result<(), String> {
    match others {
        Value::Null => {}
        Value::Object(members) => into.extend(members),
        Value::Array(items) => items.into_iter().try_for_each(|item| merge(into, item))?,
        other @ (Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            return Err(format!("{MERGE}: {other} is no mapping"));
        }
    }
    Ok(())
}

fn fill_text(text: &str, scope: &dyn Scope) -> Result<Value, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("{text}: no }}"))?;
        let value = look_up(name, scope)?;
        if before.is_empty() && after.is_empty() && filled.is_empty() {
            return Ok(value);
        }
        filled.push_str(before);
        match value {
            Value::Null => {}
            Value::String(part) => filled.push_str(&part),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                filled.push_str(&other.to_string());
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled.into())
}

/// The value of `name`, `name.member.member`, each perhaps with a `?` at its end.
pub(crate) fn look_up(name: &str, scope: &dyn Scope) -> Result<Value, String> {
    let (path, optional) = name.strip_suffix('?').map_or((name, false), |path| (path, true));
    let (first, members) = path.split_once('.').unwrap_or((path, ""));
    let value = scope.named(first).and_then(|value| member(&value, members).cloned());
    match value.filter(|value| !value.is_null()) {
        Some(value) => Ok(value),
        None if optional => Ok(Value::Null),
        None => Err(format!("{path} has no value")),
    }
}

/// A member of a member, by names with points between them; numbers count the elements of lists.
pub(crate) fn member<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let names = path.split('.').filter(|name| !name.is_empty());
    names.into_iter().try_fold(value, |value, name| match value.as_array() {
        Some(items) => items.get(name.parse::<usize>().ok()?),
        None => value.get(name),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Names(Value);

    impl Scope for Names {
        fn named(&self, name: &str) -> Option<Value> {
            self.0.get(name).cloned()
        }
    }

    #[test]
    fn names_are_filled_in() {
        let scope = Names(json!({"loan": "L-1", "kind": {"terms": {"grace": 2}, "n": 7}, "dates": {"locale": "en"}}));
        for (written, filled) in [
            ("a: 1", Ok(json!({"a": 1}))),
            ("a: 100.005", Ok(json!({"a": 100.005}))),
            ("a: ${kind.n}", Ok(json!({"a": 7}))),
            ("a: n ${kind.n} of ${loan}", Ok(json!({"a": "n 7 of L-1"}))),
            ("{a: '${kind.m?}', b: 1}", Ok(json!({"b": 1}))),
            (
                "{<<: ['${dates}', '${kind.terms}'], a: 1}",
                Ok(json!({"locale": "en", "grace": 2, "a": 1})),
            ),
            ("{<<: '${dates}', locale: de}", Ok(json!({"locale": "de"}))),
            ("a: ${kind.m}", Err("kind.m has no value".to_owned())),
            ("a: ${kind", Err("${kind: no }".to_owned())),
            ("{<<: '${loan}'}", Err("<<: \"L-1\" is no mapping".to_owned())),
        ] {
            assert_eq!(fill(&parse(written).unwrap(), &scope), filled, "{written}");
        }
        assert!(parse("a: !!binary x\n---\nb: 1").is_err());
    }
}
