//! The console: faults and settings over HTTP, outside of Fineract's own paths.

use serde_json::{Value, json};

use crate::{
    checker::Decision,
    exchange::{Request, Response},
    script,
    simulator::Simulator,
};

/// Everything below this path is the console's.
const BASE: &str = "/simulator/";

/// Whether a request is for the console.
pub(crate) fn is_for_it(request: &Request) -> bool {
    request.path.starts_with(BASE)
}

/// Answers what the console is asked.
pub(crate) fn answer(simulator: &Simulator, request: &Request) -> Response {
    let path = request.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.strip_prefix(BASE).unwrap_or_default().split('/').collect();
    let body = String::from_utf8_lossy(&request.body);
    let done = || Response::json(200, &json!({}));
    let missing = || problem(404, "there is no such thing here");
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["faults"]) => {
            let standing = simulator.faults().standing();
            Response::json(200, &standing.iter().map(script::listed).collect())
        }
        ("POST", ["faults"]) => match simulator.apply(&body) {
            Ok(ids) => Response::json(201, &json!({ "ids": ids })),
            Err(text) => problem(400, &text),
        },
        ("DELETE", ["faults"]) => {
            simulator.faults().clear();
            done()
        }
        ("DELETE", ["faults", id]) => with_fault(simulator, id, |handle| handle.remove()),
        ("POST", ["faults", id, "release"]) => with_fault(simulator, id, |handle| handle.release()),
        ("PUT", ["maker-checker"]) => match serde_json::from_str::<Vec<String>>(&body) {
            Ok(actions) => {
                simulator.ask_checker_for(actions.iter().map(String::as_str));
                done()
            }
            Err(error) => problem(400, &format!("a list of actions is asked for: {error}")),
        },
        ("GET", ["commands"]) => Response::json(200, &json!({ "awaiting": simulator.awaiting() })),
        ("POST", ["commands", id, decision]) => decide(simulator, id, decision),
        ("GET", ["effects"]) => Response::json(200, &effects(simulator)),
        _ => missing(),
    }
}

fn with_fault(simulator: &Simulator, id: &str, act: impl FnOnce(&crate::FaultHandle)) -> Response {
    let handle = id.parse().ok().and_then(|id| simulator.faults().handle(id));
    let Some(handle) = handle else {
        return problem(404, "there is no such fault");
    };
    act(&handle);
    Response::json(200, &json!({}))
}

fn decide(simulator: &Simulator, id: &str, decision: &str) -> Response {
    let decision = match decision {
        "approve" => Decision::Approve,
        "reject" => Decision::Reject,
        "delete" => Decision::Delete,
        _ => return problem(404, "a command can be approved, rejected or deleted"),
    };
    let Ok(id) = id.parse() else {
        return problem(404, "a command has a number");
    };
    match simulator.decide(id, decision) {
        Ok(body) => Response::json(200, &body),
        Err(body) => Response::json(409, &body),
    }
}

fn effects(simulator: &Simulator) -> Value {
    let effects = simulator.effects();
    let shown = effects.iter().map(|effect| {
        json!({
            "action": effect.action,
            "entity": effect.entity,
            "resource_id": effect.resource_id,
            "external_id": effect.external_id,
            "sub_resource_id": effect.sub_resource_id,
            "sub_external_id": effect.sub_external_id,
            "loan_id": effect.loan_id,
            "key": effect.key,
        })
    });
    shown.collect()
}

fn problem(status: u16, text: &str) -> Response {
    Response::json(status, &json!({ "error": text }))
}
