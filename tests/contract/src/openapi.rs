//! The OpenAPI description of the whole API.

use std::collections::BTreeMap;

use gateway::problem::{self, Kind};
use gateway::values::{ExternalId, FromJson};
use serde_json::{Map, Value, json};

use crate::{answers, requests};

/// What a caller must know besides.
const ABOUT: &str = "One call instead of a banking integration. `POST /fineract/operate` takes an operation and answers at \
once with a tracking id; `GET /fineract/track/{tracking_id}` is polled every 2 to 3 seconds until `status` is not `processing`.\n\n\
Problems (`application/problem+json`) never have a member `status`: only HTTP 200 and 202 speak about an operation. \
Each `code` and `reason` has a page of its name in `docs/errors`.\n\n\
What API Gateway answers itself is not described here: 404 to an unknown route, 413 to a body above 10 MB, 429 beyond the \
deployment's rate, 500 and 503. Its body is `{\"message\": \"…\"}`.";

/// The description, as its file has it.
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

/// The description.
///
/// # Panics
/// If the sources that it is made from are not there.
#[allow(clippy::expect_used, reason = "without the repository there is nothing to describe")]
pub fn document() -> Value {
    let mut schemas = requests::schemas();
    schemas.extend(answers::schemas().expect("the gateway's sources are there"));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Fineract gateway", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "https://{api}.execute-api.{region}.amazonaws.com", "description": "The output ApiUrl of the stack",
            "variables": {"api": {"default": "api"}, "region": {"default": "ap-south-1"}}}],
        "security": [{"token": []}],
        "paths": paths(),
        "components": {
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Internal-Token"}},
            "schemas": schemas,
        },
    })
}

fn paths() -> Value {
    json!({
        "/fineract/operate": {"post": operate()},
        "/fineract/track": {"get": history()},
        "/fineract/track/{tracking_id}": {"get": track()},
        "/fineract/track/{tracking_id}/cancel": {"post": cancel()},
        "/fineract/health": {"get": health()},
    })
}

fn operate() -> Value {
    let accepted = json!({
        "description": "The operation is stored and will be carried out.",
        "headers": {
            "Location": header("Where it is tracked.",
                json!({"type": "string", "pattern": "^/fineract/track/[A-Z_]+%7C[0-9a-f-]{36}$"})),
            "Retry-After": retry_after(),
            "Idempotent-Replayed": optional("`true`: this request was accepted before, under the same key.",
                json!({"type": "string", "const": "true"})),
        },
        "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Accepted"},
            "example": answers::accepted_example(),
        }},
    });
    let mut responses = json!({"202": accepted, "200": {}});
    responses["200"] = accepted;
    responses["200"]["description"] = "The same, where the deployment is set to answer so (`AcceptedStatus`).".into();
    let kinds = [
        Kind::InvalidJson,
        Kind::InvalidIdempotencyKey,
        Kind::Unauthorized,
        Kind::OperationNotAllowed,
        Kind::TooLarge,
        Kind::UnsupportedMediaType,
        Kind::InvalidRequest,
        Kind::IdempotencyKeyReused,
        Kind::Unavailable,
        Kind::OutcomeUnknown,
    ];
    json!({
        "operationId": "operate",
        "summary": "Asks for an operation.",
        "parameters": requests::idempotency_keys(),
        "requestBody": {"required": true, "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Operate"},
            "examples": requests::examples(),
        }}},
        "responses": with_problems(responses, &kinds),
    })
}

fn history() -> Value {
    let query = |name: &str, required: bool, description: &str, schema: Value, example: &str| {
        json!({"name": name, "in": "query", "required": required, "description": description, "schema": schema,
            "example": example})
    };
    let id = requests::of_shape(ExternalId::SHAPE);
    let mut page =
        report("The caller's own operations on it, newest first. One that was accepted a moment ago may be missing.");
    page["content"]["application/json"] = json!({
        "schema": {"$ref": "#/components/schemas/History"},
        "example": answers::history_example(),
    });
    json!({
        "operationId": "history",
        "summary": "Tells the operations on one client or loan.",
        "parameters": [
            query("externalId", true, "The client's or loan's own id.", id, "LOAN-123"),
            query("kind", true, "Which of them it is.", json!({"type": "string", "enum": ["client", "loan"]}), "loan"),
            query("cursor", false, "`next` of the page before; nothing else.", json!({"type": "string"}), "00064ced4d6e6a5d"),
        ],
        "responses": with_problems(json!({"200": page}), &[Kind::Unauthorized, Kind::InvalidRequest, Kind::Unavailable]),
    })
}

fn track() -> Value {
    json!({
        "operationId": "track",
        "summary": "Tells what became of an operation of the caller's own.",
        "parameters": [tracking_id()],
        "responses": with_problems(json!({"200": report("What is known about it.")}),
            &[Kind::Unauthorized, Kind::NotFound, Kind::Unavailable]),
    })
}

fn cancel() -> Value {
    json!({
        "operationId": "cancel",
        "summary": "Takes an operation back of which nothing was sent to Fineract.",
        "parameters": [tracking_id()],
        "responses": with_problems(json!({"200": report("It is cancelled; this is its final report.")}),
            &[Kind::Unauthorized, Kind::NotFound, Kind::TooLateToCancel, Kind::Unavailable]),
    })
}

fn health() -> Value {
    let healthy = json!({
        "description": "The table answers, so that callers can be served.",
        "headers": {"Cache-Control": header("Never kept.", json!({"type": "string", "const": "no-store"}))},
        "content": {"application/json": {
            "schema": {"type": "object", "required": ["healthy"], "additionalProperties": false,
                "properties": {"healthy": {"type": "boolean", "const": true}}},
            "example": {"healthy": true},
        }},
    });
    json!({
        "operationId": "health",
        "summary": "Tells monitors whether callers can be served. It needs no token.",
        "security": [],
        "responses": with_problems(json!({"200": healthy}), &[Kind::Unavailable]),
    })
}

fn tracking_id() -> Value {
    json!({"name": "tracking_id", "in": "path", "required": true, "schema": {"type": "string"},
        "description": "As operate gave it; the `|` as `%7C` or as it is.",
        "example": answers::accepted_example()["tracking_id"]})
}

fn report(description: &str) -> Value {
    json!({
        "description": description,
        "headers": {
            "Cache-Control": header("An end may be kept by its caller, what is open may not.", json!({"type": "string"})),
            "Vary": header("Reports are their caller's own.", json!({"type": "string", "const": "X-Internal-Token"})),
        },
        "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Track"},
            "examples": answers::track_examples(),
        }},
    })
}

fn header(description: &str, schema: Value) -> Value {
    json!({"description": description, "required": true, "schema": schema})
}

fn optional(description: &str, schema: Value) -> Value {
    json!({"description": description, "required": false, "schema": schema})
}

fn retry_after() -> Value {
    header(
        "Seconds to wait before the next request.",
        json!({"type": "string", "pattern": "^[0-9]+$"}),
    )
}

/// The responses, with those of the problems: several kinds may share a status.
fn with_problems(mut responses: Value, kinds: &[Kind]) -> Value {
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        by_status.entry(kind.http_status()).or_default().push(*kind);
    }
    for (status, kinds) in by_status {
        responses[status.to_string()] = problems(&kinds);
    }
    responses
}

fn problems(kinds: &[Kind]) -> Value {
    let reference = |kind: &Kind| json!({"$ref": format!("#/components/schemas/{}", answers::name_of(*kind))});
    let schema = match kinds {
        [kind] => reference(kind),
        several => json!({"oneOf": several.iter().map(reference).collect::<Vec<_>>()}),
    };
    let examples: Map<String, Value> = kinds
        .iter()
        .map(|kind| (kind.code().to_owned(), json!({"value": answers::example_of(*kind)})))
        .collect();
    let titles: Vec<String> = kinds
        .iter()
        .map(|kind| {
            let example = answers::example_of(*kind);
            format!("`{}`: {}", kind.code(), example["title"].as_str().unwrap_or_default())
        })
        .collect();
    let mut headers = json!({"Cache-Control": header("Never kept.", json!({"type": "string", "const": "no-store"}))});
    let again = |kind: &Kind| problem::Problem::new(*kind, "").retry_after_seconds().is_some();
    if kinds.iter().all(again) {
        headers["Retry-After"] = retry_after();
    }
    json!({
        "description": titles.join(" "),
        "headers": headers,
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
    })
}
