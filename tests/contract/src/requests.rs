//! What callers send, as JSON schemas.

use gateway::fields::{FieldOutline, Outline};
use gateway::idempotency::KEY_LENGTH_MAX;
use gateway::kind::Kind;
use gateway::operations;
use gateway::values::Shape;
use serde_json::{Map, Value, json};

/// A string of digits that stands for a number, as old callers send it.
const DIGITS: &str = "^-?[0-9]+([.][0-9]+)?$";

/// The schemas of the bodies of `POST /fineract/operate`: one for each operation, and `Operate` for any of them.
pub fn schemas() -> Map<String, Value> {
    let reference = |kind: &Kind| format!("#/components/schemas/{}", kind.name);
    let mapping: Map<String, Value> = operations::ALL
        .iter()
        .map(|kind| (kind.name.to_owned(), reference(kind).into()))
        .collect();
    let any: Vec<Value> = operations::ALL
        .iter()
        .map(|kind| json!({"$ref": reference(kind)}))
        .collect();
    let operate = json!({
        "description": "An operation and its fields. Members that are not understood are told in the answer's `ignored`.",
        "oneOf": any,
        "discriminator": {"propertyName": "status", "mapping": mapping},
    });
    let each = operations::ALL
        .iter()
        .map(|kind| (kind.name.to_owned(), of_operation(kind)));
    [("Operate".to_owned(), operate)].into_iter().chain(each).collect()
}

/// The published example of each operation.
pub fn examples() -> Map<String, Value> {
    let example = |kind: &Kind| json!({"summary": kind.summary, "value": example(kind)});
    operations::ALL
        .iter()
        .map(|kind| (kind.name.to_owned(), example(kind)))
        .collect()
}

/// A key, or the same as a string of RFC 8941.
fn key_pattern() -> String {
    format!(r#"^([!-~]{{1,{KEY_LENGTH_MAX}}}|"([!#-\[\]-~]|\\[\\"]){{1,{KEY_LENGTH_MAX}}}")$"#)
}

/// The example of one operation, as a body.
pub fn example(kind: &Kind) -> Value {
    let data: Value = serde_json::from_str(kind.example).unwrap_or_default();
    json!({"status": kind.name, "data": data})
}

/// The headers by which a repeat is safe: one, and its other name.
pub fn idempotency_keys() -> [Value; 2] {
    let header = |name: &str, description: &str| {
        json!({
            "name": name, "in": "header", "required": false, "description": description,
            "schema": {"type": "string", "pattern": key_pattern()},
            "example": "9f5c2c1e-0b5a-4b0f-8d0e-7d3c9a1b2c3d",
        })
    };
    [
        header(
            "Idempotency-Key",
            "One key for each request: the same key with the same request gives the same answer again, and nothing is done \
             twice. It is remembered as long as results are kept (90 days, unless the deployment says otherwise). It has 1 to \
             255 visible ASCII characters; quotes around it are no part of it: `\"abc\"` and `abc` are one key.",
        ),
        header(
            "X-Idempotency-Key",
            "Another name of `Idempotency-Key`. If both are sent, they must carry the same key.",
        ),
    ]
}

fn of_operation(kind: &Kind) -> Value {
    json!({
        "type": "object",
        "description": kind.summary,
        "required": ["status", "data"],
        "properties": {"status": {"type": "string", "const": kind.name}, "data": data(&kind.outline())},
        "examples": [example(kind)],
    })
}

fn data(outline: &Outline) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut either = Vec::new();
    for field in &outline.fields {
        let mut schema = of_shape(field.shape);
        // What may be left out may be null.
        if !field.required || field.other_name.is_some() {
            schema = or_null(schema);
        }
        properties.insert(field.name.to_owned(), schema.clone());
        if let Some(other) = field.other_name {
            schema["description"] = format!("Another name of {}.", field.name).into();
            properties.insert(other.to_owned(), schema);
        }
        match (field.required, field.other_name) {
            (true, Some(_)) => either.push(one_of(names(field))),
            (true, None) => required.push(field.name),
            (false, _) => {}
        }
    }
    if !outline.either.is_empty() {
        let fields = outline
            .fields
            .iter()
            .filter(|field| outline.either.contains(&field.name));
        either.push(one_of(fields.flat_map(names)));
    }
    let mut data = json!({"type": "object", "required": required, "properties": properties});
    if !either.is_empty() {
        data["allOf"] = either.into();
    }
    data
}

fn names(field: &FieldOutline) -> impl Iterator<Item = &'static str> {
    [Some(field.name), field.other_name].into_iter().flatten()
}

fn one_of(names: impl IntoIterator<Item = &'static str>) -> Value {
    let each: Vec<Value> = names.into_iter().map(|name| json!({"required": [name]})).collect();
    json!({"anyOf": each})
}

fn or_null(mut schema: Value) -> Value {
    if let Some(alternatives) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        alternatives.push(json!({"type": "null"}));
    } else {
        schema["type"] = json!([schema["type"], "null"]);
    }
    schema
}

/// A value's schema. Whatever the gateway takes is right by it; a little of what is right by it is refused (a day that no
/// calendar has, a lender that the deployment does not name), which no schema can say.
pub fn of_shape(shape: Shape) -> Value {
    match shape {
        Shape::Text { min: 0, max } => json!({"type": "string", "maxLength": max,
            "description": "An empty text: there is none."}),
        Shape::Text { min, max } => json!({"type": "string", "minLength": min, "maxLength": max, "pattern": "\\S"}),
        Shape::ExternalId { max } => json!({"type": "string", "minLength": 1, "maxLength": max,
            "pattern": "^[^/%;\\\\\\u0000-\\u001f]*$",
            "description": "The caller's own id. Nothing is trimmed, case matters; `.` and `..` are refused."}),
        Shape::Words { max } => {
            json!({"type": "string", "maxLength": max, "pattern": "^[A-Za-z0-9]+(,[A-Za-z0-9]+)*$"})
        }
        Shape::Date => json!({"type": "string", "pattern": "^[0-9]{1,2} [A-Za-z]{3,9} [0-9]{4}$",
            "description": "A day, `dd MMMM yyyy` with English months: `01 January 2026`."}),
        Shape::Amount => {
            json!({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": DIGITS}],
            "description": "Money above zero: at most 19 digits, 6 of them after the point. Digits are kept as they are."})
        }
        Shape::Rate { max } => json!({"anyOf": [{"type": "number", "minimum": 0, "maximum": max},
            {"type": "string", "pattern": DIGITS}],
            "description": format!("A rate from 0 to {max}, with at most 6 digits after the point: percent for the period of the \
                loan product, which is a year or a month.")}),
        Shape::Count { max } => json!({"anyOf": [{"type": "integer", "minimum": 1, "maximum": max},
            {"type": "string", "pattern": DIGITS}], "description": format!("A whole number from 1 to {max}.")}),
        Shape::OneOf(words) => json!({"type": "string", "pattern": in_any_case(words),
            "description": format!("One of {}, in any case.", words.join(", "))}),
        Shape::Lender => json!({"type": "string", "minLength": 1,
            "description": "A loan product, by the name that the deployment has for it."}),
    }
}

fn in_any_case(words: &[&str]) -> String {
    let letter = |letter: char| format!("[{}{}]", letter.to_ascii_uppercase(), letter.to_ascii_lowercase());
    let each: Vec<String> = words.iter().map(|word| word.chars().map(letter).collect()).collect();
    format!("^({})$", each.join("|"))
}
