//! A recorded request as the simulator gets it.

use base64::{Engine, engine::general_purpose::STANDARD};
use fineract_simulator::Request;
use recordings::Comparison;
use serde_json::Value;

use crate::recording::Sent;

const BASE: &str = "/fineract-provider/api";
/// Every user's.
pub(crate) const PASSWORD: &str = "password";

/// The request, as whoever sent it.
pub(crate) fn request(sent: &Sent, comparison: &Comparison) -> Request {
    let mut request = Request::new(&sent.method, format!("{BASE}{}", sent.path));
    request.headers.clone_from(&sent.headers);
    let disguise = |name: &str| sent.disguise.get(name);
    let user = disguise("user").and_then(Value::as_str);
    let password = match disguise("auth").and_then(Value::as_str) {
        Some("none") => None,
        // Another user's password is not mifos's, which is all that the harness meant.
        Some(_) if user.is_none() => Some("wrong"),
        Some(_) | None => Some(PASSWORD),
    };
    if let Some(password) = password {
        let credentials = STANDARD.encode(format!("{}:{password}", user.unwrap_or("mifos")));
        request = request.with_header("Authorization", format!("Basic {credentials}"));
    }
    let tenant = match disguise("tenant") {
        None => Some("default"),
        Some(tenant) => tenant.as_str(),
    };
    if let Some(tenant) = tenant {
        request = request.with_header("Fineract-Platform-TenantId", tenant);
    }
    match &sent.body {
        Value::Null => request,
        Value::String(text) => request.with_body(text.as_bytes()),
        body @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            request.with_body(comparison.translate(body).to_string())
        }
    }
}
