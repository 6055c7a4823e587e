//! What stands before Fineract's own code: the container, the tenant, the password, the media type.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use time::{OffsetDateTime, format_description::FormatItem, macros::format_description};

use crate::{
    exchange::{Request, Response},
    route::Blocked,
};

const TENANT_HEADER: &str = "Fineract-Platform-TenantId";
const TENANT: &str = "default";
const CREDENTIALS: &str = "mifos:password";
const TIMESTAMP: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const TOMCAT_PAGE: &str = "<!doctype html><html lang=\"en\"><head><title>HTTP Status 400 – Bad Request</title>\
    </head><body><h1>HTTP Status 400 – Bad Request</h1></body></html>";

/// The container's own answer.
pub(crate) fn container(status: u16, request: &Request, instant: OffsetDateTime) -> Response {
    let error = match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        415 => "Unsupported Media Type",
        _ => "Internal Server Error",
    };
    let path = request.path.split('?').next().unwrap_or_default();
    let body = json!({
        "timestamp": instant.format(TIMESTAMP).unwrap_or_default(),
        "status": status,
        "error": error,
        "path": path,
    });
    Response::json(status, &body)
}

/// The answer to a target that is blocked.
pub(crate) fn blocked(blocked: Blocked, request: &Request, instant: OffsetDateTime) -> Response {
    match blocked {
        Blocked::ByFirewall => container(400, request, instant),
        Blocked::ByTomcat => Response {
            status: 400,
            headers: vec![
                ("content-type".to_owned(), "text/html;charset=utf-8".to_owned()),
                ("content-language".to_owned(), "en".to_owned()),
            ],
            body: TOMCAT_PAGE.as_bytes().to_vec(),
        },
    }
}

/// Refuses a request without the tenant, or without the right user and password.
pub(crate) fn refuse_stranger(
    request: &Request,
    tenant_parameter: Option<&str>,
    instant: OffsetDateTime,
) -> Option<Response> {
    let tenant = request.header(TENANT_HEADER).or(tenant_parameter);
    let status = if tenant != Some(TENANT) {
        400
    } else if request.header("authorization").is_none_or(|header| !is_known(header)) {
        401
    } else {
        return None;
    };
    let response = container(status, request, instant);
    Some(response.with_header("www-authenticate", "Basic realm=\"Fineract Platform API\""))
}

fn is_known(header: &str) -> bool {
    header
        .strip_prefix("Basic ")
        .and_then(|coded| STANDARD.decode(coded.trim()).ok())
        .is_some_and(|decoded| decoded == CREDENTIALS.as_bytes())
}

/// Whether the request says that it is JSON; `None` if it says nothing.
pub(crate) fn says_json(request: &Request) -> Option<bool> {
    let media_type = request
        .header("content-type")?
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    Some(media_type.eq_ignore_ascii_case("application/json"))
}
