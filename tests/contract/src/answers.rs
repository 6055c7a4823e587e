//! What callers get, as JSON schemas and examples.

use std::io;

use gateway::fields::Fault;
use gateway::history::PAGE_MAX;
use gateway::problem::{Kind, Problem};
use gateway::tracking::State;
use gateway::values::FaultCode;
use serde_json::{Map, Value, json};

use crate::codes;

/// The operation of the examples.
const EXAMPLE: &str = "CLIENT_CREATE|406362bf-f3da-4bc6-a506-d67e0878b7b6";
const UUID: &str = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/// The schemas of all answers.
///
/// # Errors
/// If a source of the gateway cannot be read.
pub fn schemas() -> io::Result<Map<String, Value>> {
    let mut schemas = Map::new();
    let mut put = |name: &str, schema: Value| schemas.insert(name.to_owned(), schema);
    put("TrackingId", tracking_id());
    put("Accepted", accepted());
    put("Track", track());
    put("Processing", processing());
    put("Success", success());
    put("Failed", failed());
    put("History", history());
    put("HistoryLine", history_line());
    put("Error", error()?);
    put("Fault", fault());
    for kind in Kind::ALL {
        put(&name_of(kind), problem(kind));
    }
    Ok(schemas)
}

/// The name of a problem's schema: `Problem-invalid-json`.
pub fn name_of(kind: Kind) -> String {
    format!("Problem-{}", kind.code())
}

/// What a problem of this kind looks like to its caller.
pub fn example_of(kind: Kind) -> Value {
    let detail = "What is wrong with this request, in one sentence.";
    let problem = match kind {
        Kind::InvalidRequest => Problem::faults(vec![Fault {
            pointer: "/data/principal".to_owned(),
            code: FaultCode::NotPositive,
            detail: "must be greater than 0".to_owned(),
        }]),
        Kind::OutcomeUnknown => Problem {
            tracking_id: EXAMPLE.parse().ok(),
            ..Problem::new(kind, detail)
        },
        Kind::InvalidJson
        | Kind::InvalidIdempotencyKey
        | Kind::Unauthorized
        | Kind::OperationNotAllowed
        | Kind::NotFound
        | Kind::TooLateToCancel
        | Kind::TooLarge
        | Kind::UnsupportedMediaType
        | Kind::IdempotencyKeyReused
        | Kind::Unavailable => Problem::new(kind, detail),
    };
    problem.body()
}

/// An accepted operation, as an example.
pub fn accepted_example() -> Value {
    json!({"tracking_id": EXAMPLE, "status": "processing"})
}

/// One report of each kind, as examples.
pub fn track_examples() -> Value {
    let times = json!({"accepted_at": "2026-03-13T10:01:02.340713Z", "attempts": 1});
    let with = |mut body: Value, more: Value| {
        for (name, value) in [more, times.clone()].iter().filter_map(Value::as_object).flatten() {
            body[name] = value.clone();
        }
        body
    };
    let processing = with(
        json!({"tracking_id": EXAMPLE, "status": "processing"}),
        json!({"reason": "fineract_unreachable", "next_attempt_at": "2026-03-13T10:01:07.340713Z", "state": "waiting"}),
    );
    let success = with(
        json!({"tracking_id": EXAMPLE, "operation_type": "CLIENT_CREATE", "status": "success",
            "success_response": {"officeId": 1, "clientId": 42, "resourceId": 42}, "failure_response": null,
            "error_message": null, "processed_at": "2026-03-13T10:01:02.940713",
            "ended_at": "2026-03-13T10:01:02.940713Z"}),
        json!({"state": "succeeded"}),
    );
    let sentence = "Loan can't be disbursed, disburse amount is exceeding approved principal.";
    let failed = with(
        json!({"tracking_id": "LOAN_DISBURSE|c8e2f1a0-1234-4678-abcd-ef0123456789", "operation_type": "LOAN_DISBURSE",
            "status": "failed", "success_response": null,
            "failure_response": {"httpStatusCode": "403", "errors": [{"defaultUserMessage": sentence}]},
            "error_message": "Fineract returned 403", "processed_at": "2026-03-13T10:02:15.123456",
            "ended_at": "2026-03-13T10:02:15.123456Z"}),
        json!({"error": {"code": "error.msg.loan.disbursal.amount.exceeds.approved.principal", "message": sentence,
            "retryable": false}, "state": "failed"}),
    );
    json!({
        "processing": {"summary": "It has not ended: ask again in 2 to 3 seconds.", "value": processing},
        "success": {"summary": "Fineract applied it.", "value": success},
        "failed": {"summary": "It was not applied, and will not be.", "value": failed},
    })
}

/// A page of the history, as an example.
pub fn history_example() -> Value {
    json!({"operations": [
        {"tracking_id": "LOAN_APPROVE|9b2d0b1c-77aa-4c5e-9a3f-0a1b2c3d4e5f", "operation_type": "LOAN_APPROVE",
            "status": "processing", "state": "running", "accepted_at": "2026-03-13T10:02:02.340713Z", "attempts": 1},
        {"tracking_id": "LOAN_CREATE|c8e2f1a0-1234-4678-abcd-ef0123456789", "operation_type": "LOAN_CREATE",
            "status": "success", "error_message": null, "processed_at": "2026-03-13T10:01:02.940713",
            "ended_at": "2026-03-13T10:01:02.940713Z", "state": "succeeded", "accepted_at": "2026-03-13T10:01:02.340713Z", "attempts": 1},
    ]})
}

fn tracking_id() -> Value {
    json!({"type": "string", "pattern": format!("^[A-Z_]+[|]{UUID}$"), "examples": [EXAMPLE],
        "description": "`OPERATION|<uuid>`. In a path the `|` is written `%7C` (or as it is)."})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn accepted() -> Value {
    json!({
        "type": "object",
        "description": "The operation is stored and will be carried out. The body is the same for a repeat with its key.",
        "required": ["tracking_id", "status"],
        "properties": {
            "tracking_id": reference("TrackingId"),
            "status": {"type": "string", "const": State::Accepted.status()},
            "ignored": {"type": "array", "items": {"type": "string"}, "minItems": 1,
                "description": "JSON pointers to members that were not understood."},
        },
    })
}

fn track() -> Value {
    let mapping = json!({"processing": "#/components/schemas/Processing", "success": "#/components/schemas/Success",
        "failed": "#/components/schemas/Failed"});
    json!({
        "description": "What is known about an operation. `status` has three values and never a fourth; anything but \
                        `processing` is final.",
        "oneOf": [reference("Processing"), reference("Success"), reference("Failed")],
        "discriminator": {"propertyName": "status", "mapping": mapping},
    })
}

fn time(description: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": description})
}

fn attempts() -> Value {
    json!({"type": "integer", "minimum": 0, "description": "How often a worker took it up."})
}

fn states(open: bool, failed: bool) -> Vec<&'static str> {
    let status = match (open, failed) {
        (true, _) => "processing",
        (false, true) => "failed",
        (false, false) => "success",
    };
    let states = State::ALL.into_iter().filter(|state| state.status() == status);
    states.map(State::as_str).collect()
}

fn processing() -> Value {
    json!({
        "type": "object",
        "description": "It has not ended.",
        "required": ["tracking_id", "status", "state", "accepted_at", "attempts"],
        "properties": {
            "tracking_id": reference("TrackingId"),
            "status": {"type": "string", "const": "processing"},
            "state": {"type": "string", "enum": states(true, false)},
            "accepted_at": time("When it was accepted."),
            "attempts": attempts(),
            "reason": {"type": "string", "enum": codes::reasons(),
                "description": "Why it waits. Each has a page in docs/errors."},
            "waiting_for": {"$ref": "#/components/schemas/TrackingId",
                "description": "The caller's own operation behind which it waits."},
            "next_attempt_at": time("When it is tried again."),
        },
    })
}

fn ended(status: &str, failed: bool, parts: Value) -> Value {
    let mut properties = json!({
        "tracking_id": reference("TrackingId"),
        "operation_type": {"type": "string"},
        "status": {"type": "string", "const": status},
        "processed_at": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}$",
            "description": "When it ended, in UTC, without a zone; `ended_at` is the same with one."},
        "ended_at": time("When it ended."),
        "state": {"type": "string", "enum": states(false, failed)},
        "accepted_at": time("When it was accepted."),
        "attempts": attempts(),
    });
    for (name, schema) in parts.as_object().into_iter().flatten() {
        properties[name] = schema.clone();
    }
    let mut required = vec![
        "tracking_id",
        "operation_type",
        "status",
        "success_response",
        "failure_response",
    ];
    required.extend([
        "error_message",
        "processed_at",
        "ended_at",
        "state",
        "accepted_at",
        "attempts",
    ]);
    required.extend(failed.then_some("error"));
    let description = if failed {
        "It was not applied, and will not be."
    } else {
        "Fineract applied it."
    };
    json!({"type": "object", "description": description, "required": required, "properties": properties})
}

fn success() -> Value {
    ended(
        "success",
        false,
        json!({
            "success_response": {"type": "object", "description": "Fineract's answer.", "additionalProperties": true},
            "failure_response": {"type": "null"},
            "error_message": {"type": "null"},
            "confirmed": {"type": "string", "const": "read_back",
                "description": "The answer was lost; the result was read from Fineract afterwards."},
            "truncated": {"type": "boolean", "const": true,
                "description": "Fineract's answer was too large: its ids are kept, `changes` is not."},
        }),
    )
}

fn failed() -> Value {
    ended(
        "failed",
        true,
        json!({
            "success_response": {"type": "null"},
            "failure_response": {"type": "object", "additionalProperties": true,
                "description": "Fineract's error body, or one of its shape with a code that begins with `gateway.`."},
            "error_message": {"type": "string", "pattern": "^(Fineract returned [0-9]{3}|Gateway refused: .+)$"},
            "error": reference("Error"),
            "retried_as": {"$ref": "#/components/schemas/TrackingId",
                "description": "An operator sent it anew, as this operation of the caller's own."},
        }),
    )
}

fn history() -> Value {
    json!({
        "type": "object",
        "description": "A page of the history.",
        "required": ["operations"],
        "properties": {
            "operations": {"type": "array", "maxItems": PAGE_MAX, "items": reference("HistoryLine")},
            "next": {"type": "string",
                "description": "The `cursor` of the next page; absent on the last. A page may be short, or empty, and have one."},
        },
    })
}

/// A report of any kind, without Fineract's answers: those are track's.
fn history_line() -> Value {
    let (open, success, failed) = (processing(), success(), failed());
    let mut properties = json!({});
    for part in [&open, &success, &failed] {
        for (name, schema) in part["properties"].as_object().into_iter().flatten() {
            properties[name] = schema.clone();
        }
    }
    properties["status"] = json!({"type": "string", "enum": ["processing", "success", "failed"]});
    properties["state"] = json!({"type": "string", "enum": State::ALL.map(State::as_str)});
    properties["error_message"]["type"] = json!(["string", "null"]);
    if let Some(members) = properties.as_object_mut() {
        for left_out in ["success_response", "failure_response", "waiting_for", "retried_as"] {
            members.shift_remove(left_out);
        }
    }
    json!({"type": "object", "description": "A report without Fineract's answers: track has them.",
        "required": ["tracking_id", "operation_type", "status", "state", "accepted_at", "attempts"], "properties": properties})
}

fn error() -> io::Result<Value> {
    let own: Vec<String> = codes::refusals()?.iter().map(|code| format!("`{code}`")).collect();
    Ok(json!({
        "type": "object",
        "description": "What was wrong, taken out of `failure_response`.",
        "required": ["code", "message", "retryable"],
        "properties": {
            "code": {"type": ["string", "null"], "description": format!(
                "Fineract's most specific code, or one of the gateway's own, of which each has a page in docs/errors: {}.",
                own.join(", "))},
            "message": {"type": ["string", "null"], "description": "Fineract's most specific sentence."},
            "parameter": {"type": "string", "description": "The field that Fineract names."},
            "booked": {"type": "object", "additionalProperties": false,
                "description": "With `gateway.already-booked`: what stands under the reference.",
                "properties": {
                    "tracking_id": {"type": "string", "description": "The operation that booked it, if it is the caller's own."},
                    "amount": {"type": "number", "description": "Its amount, if it is not the one asked for."},
                    "date": {"type": "string", "description": "Its day (`dd MMMM yyyy`), if it is not the one asked for."},
                }},
            "retryable": {"type": "boolean",
                "description": "Whether the same request, sent anew, can succeed later though nobody does anything."},
        },
    }))
}

fn fault() -> Value {
    json!({
        "type": "object",
        "description": "One fault of a request.",
        "required": ["pointer", "code", "detail"],
        "properties": {
            "pointer": {"type": "string",
                "description": "JSON pointer into the request's body; of the history, `/` and the name of a parameter."},
            "code": {"type": "string", "enum": FaultCode::ALL.map(FaultCode::as_str),
                "description": "Each has a page in docs/errors."},
            "detail": {"type": "string", "minLength": 1},
        },
    })
}

fn problem(kind: Kind) -> Value {
    let example = example_of(kind);
    let mut required = vec!["type", "title", "detail", "code"];
    let mut properties = json!({
        "type": {"type": "string", "const": example["type"]},
        "title": {"type": "string", "const": example["title"]},
        "detail": {"type": "string", "minLength": 1},
        "code": {"type": "string", "const": kind.code()},
    });
    if kind == Kind::InvalidRequest {
        required.push("errors");
        properties["errors"] = json!({"type": "array", "minItems": 1, "items": reference("Fault")});
    }
    if kind == Kind::OutcomeUnknown {
        required.push("tracking_id");
        properties["tracking_id"] = reference("TrackingId");
    }
    // Callers read `status` of any body.
    json!({"type": "object", "description": format!("See docs/errors/{}.md.", kind.code()), "required": required,
        "properties": properties, "not": {"required": ["status"]}})
}
