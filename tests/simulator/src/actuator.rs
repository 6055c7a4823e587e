//! What a server tells of itself, without a user and whatever its database does: its release.

use serde_json::json;

use crate::exchange::{Request, Response};
use crate::release::Release;

const INFO: &str = "/fineract-provider/actuator/info";
const CONTENT_TYPE: &str = "application/vnd.spring-boot.actuator.v3+json";

/// The answer to a request for it, if this is one.
pub(crate) fn answer(request: &Request, release: Release) -> Option<Response> {
    if request.method != "GET" || request.path != INFO {
        return None;
    }
    let name = release.name();
    let info = json!({"git": {"build": {"version": name}, "branch": name}});
    Some(Response {
        headers: vec![("content-type".to_owned(), CONTENT_TYPE.to_owned())],
        ..Response::json(200, &info)
    })
}
