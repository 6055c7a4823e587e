//! Answers to requests that are not accepted (`application/problem+json`, RFC 9457).
//!
//! They never have a member `status`: callers read `status` of any body and would take a number for a final result.

use std::error::Error;
use std::fmt;

use serde_json::{Map, Value, json};

use crate::fields::Fault;
use crate::json::Unreadable;
use crate::tracking::TrackingId;

/// How long a caller should wait after a 503, in seconds.
pub const RETRY_AFTER_SECONDS: u32 = 5;
/// How long a caller should wait after a 503 of unknown outcome before it polls: a write that got no answer may still be on
/// its way.
pub const POLL_AFTER_SECONDS: u32 = 30;

/// What is wrong, as a closed set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not JSON, too deep, a member twice.
    InvalidJson,
    /// The header `Idempotency-Key` cannot be one.
    InvalidIdempotencyKey,
    /// Token missing, wrong or expired.
    Unauthorized,
    /// The caller may not use this operation.
    OperationNotAllowed,
    /// No such operation of this caller's.
    NotFound,
    /// The operation cannot be cancelled any more.
    TooLateToCancel,
    /// The body is too large.
    TooLarge,
    /// The body is not declared as JSON.
    UnsupportedMediaType,
    /// The request has faults.
    InvalidRequest,
    /// The key was used with another request.
    IdempotencyKeyReused,
    /// Not now; nothing will be done.
    Unavailable,
    /// Not known whether the operation was stored.
    OutcomeUnknown,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::InvalidJson,
        Self::InvalidIdempotencyKey,
        Self::Unauthorized,
        Self::OperationNotAllowed,
        Self::NotFound,
        Self::TooLateToCancel,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidRequest,
        Self::IdempotencyKeyReused,
        Self::Unavailable,
        Self::OutcomeUnknown,
    ];

    /// The HTTP status.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidJson | Self::InvalidIdempotencyKey => 400,
            Self::Unauthorized => 401,
            Self::OperationNotAllowed => 403,
            Self::NotFound => 404,
            Self::TooLateToCancel => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidRequest | Self::IdempotencyKeyReused => 422,
            Self::Unavailable | Self::OutcomeUnknown => 503,
        }
    }

    /// The stable code, the end of `type`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid-json",
            Self::InvalidIdempotencyKey => "invalid-idempotency-key",
            Self::Unauthorized => "unauthorized",
            Self::OperationNotAllowed => "operation-not-allowed",
            Self::NotFound => "not-found",
            Self::TooLateToCancel => "too-late-to-cancel",
            Self::TooLarge => "too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::InvalidRequest => "invalid-request",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::Unavailable => "unavailable",
            Self::OutcomeUnknown => "outcome-unknown",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::InvalidJson => "The body cannot be read.",
            Self::InvalidIdempotencyKey => "The Idempotency-Key cannot be used.",
            Self::Unauthorized => "The token is missing, wrong or expired.",
            Self::OperationNotAllowed => "This caller may not use this operation.",
            Self::NotFound => "There is no such operation.",
            Self::TooLateToCancel => "The operation cannot be cancelled any more.",
            Self::TooLarge => "The body is too large.",
            Self::UnsupportedMediaType => "The body must be JSON.",
            Self::InvalidRequest => "The request has faults.",
            Self::IdempotencyKeyReused => "The Idempotency-Key belongs to another request.",
            Self::Unavailable => "The gateway cannot take the request now.",
            Self::OutcomeUnknown => "It is not known whether the request was stored.",
        }
    }
}

/// A request that was not accepted: what its caller is told, and apart from it what the operator is told.
#[derive(Debug)]
pub struct Problem {
    /// What is wrong.
    pub kind: Kind,
    /// One sentence for the caller.
    pub detail: String,
    /// Every fault of the request.
    pub faults: Vec<Fault>,
    /// The operation that may have been stored.
    pub tracking_id: Option<TrackingId>,
    /// The cause, for the operator.
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem with one sentence for the caller.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            faults: Vec::new(),
            tracking_id: None,
            cause: None,
        }
    }

    /// The faults of a request.
    pub fn faults(faults: Vec<Fault>) -> Self {
        let detail = match faults.len() {
            1 => "1 fault; see errors.".to_owned(),
            count => format!("{count} faults; see errors."),
        };
        Self {
            faults,
            ..Self::new(Kind::InvalidRequest, detail)
        }
    }

    /// Adds the cause for the operator.
    #[must_use]
    pub fn because(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..self
        }
    }

    /// Seconds after which to try again, if that helps.
    pub const fn retry_after_seconds(&self) -> Option<u32> {
        match self.kind {
            Kind::Unavailable => Some(RETRY_AFTER_SECONDS),
            Kind::OutcomeUnknown => Some(POLL_AFTER_SECONDS),
            Kind::InvalidJson
            | Kind::InvalidIdempotencyKey
            | Kind::Unauthorized
            | Kind::OperationNotAllowed
            | Kind::NotFound
            | Kind::TooLateToCancel
            | Kind::TooLarge
            | Kind::UnsupportedMediaType
            | Kind::InvalidRequest
            | Kind::IdempotencyKeyReused => None,
        }
    }

    /// The body of the answer.
    pub fn body(&self) -> Value {
        let mut body = Map::new();
        body.insert("type".to_owned(), format!("/errors/{}", self.kind.code()).into());
        body.insert("title".to_owned(), self.kind.title().into());
        body.insert("detail".to_owned(), self.detail.as_str().into());
        body.insert("code".to_owned(), self.kind.code().into());
        if !self.faults.is_empty() {
            let entry =
                |fault: &Fault| json!({"pointer": fault.pointer, "code": fault.code.as_str(), "detail": fault.detail});
            body.insert("errors".to_owned(), self.faults.iter().map(entry).collect());
        }
        if let Some(id) = &self.tracking_id {
            body.insert("tracking_id".to_owned(), id.to_string().into());
        }
        Value::Object(body)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code())
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl From<Unreadable> for Problem {
    fn from(unreadable: Unreadable) -> Self {
        Self::new(Kind::InvalidJson, format!("{unreadable}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::FaultCode;

    #[test]
    fn a_problem_never_has_a_member_status() {
        for kind in Kind::ALL {
            let body = Problem::new(kind, "x").body();
            assert!(body.get("status").is_none(), "{kind:?}");
            assert_eq!(body["type"], format!("/errors/{}", kind.code()));
            assert!(kind.http_status() >= 400);
        }
    }

    #[test]
    fn faults_have_pointer_code_and_detail() {
        let fault = Fault {
            pointer: "/data/principal".to_owned(),
            code: FaultCode::NotPositive,
            detail: "must be more".to_owned(),
        };
        let body = Problem::faults(vec![fault]).body();
        let expected = json!([{"pointer": "/data/principal", "code": "not-positive", "detail": "must be more"}]);
        assert_eq!(body["errors"], expected);
    }
}
