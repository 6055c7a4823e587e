//! What stands before Fineract's own code: the container, the tenant, the password, the media type.

use serde_json::json;
use time::{OffsetDateTime, format_description::FormatItem, macros::format_description};

use crate::{
    exchange::{Request, Response},
    route::Blocked,
    users::{User, Users},
};

const TENANT_HEADER: &str = "Fineract-Platform-TenantId";
const TENANT: &str = "default";
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

/// Lets the user in, or refuses a request without the tenant, or without a known user's name and password.
pub(crate) fn enter<'a>(
    users: &'a Users,
    request: &Request,
    tenant_parameter: Option<&str>,
    instant: OffsetDateTime,
) -> Result<&'a User, Response> {
    let tenant = request.header(TENANT_HEADER).or(tenant_parameter);
    let user = request
        .header("authorization")
        .and_then(|header| users.of_header(header));
    match user {
        Some(user) if tenant == Some(TENANT) => Ok(user),
        Some(_) | None => {
            let status = if tenant == Some(TENANT) { 401 } else { 400 };
            Err(stranger(status, request, instant))
        }
    }
}

/// The answer to who is not let in: 400 for a wrong tenant, 401 for a wrong user or password.
pub(crate) fn stranger(status: u16, request: &Request, instant: OffsetDateTime) -> Response {
    container(status, request, instant).with_header("www-authenticate", "Basic realm=\"Fineract Platform API\"")
}

/// The answer to a command on a loan that the close of business holds. It has no content type.
pub(crate) fn locked(loan: u64) -> Response {
    let text = format!("Loan is locked by the COB job. Loan ID: {loan}");
    let body = json!({
        "developerMessage": text,
        "httpStatusCode": "409",
        "defaultUserMessage": text,
        "userMessageGlobalisationCode": "error.msg.loan.locked",
    });
    Response {
        status: 409,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    }
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
