//! HTTP answers of the functions, apart from how a function gives them.

use std::error::Error as _;

use serde_json::Value;

use crate::accept::Accepted;
use crate::chain::Chain;
use crate::problem::Problem;
use crate::track::{Lasts, Report, YOUNG};

/// After how many seconds the first result may be there.
const POLL_AFTER_SECONDS: u64 = YOUNG.as_secs();
/// What has succeeded never changes; only its caller may keep it.
const ENDED_CACHE: &str = "private, max-age=3600, immutable";
/// What has failed stays so; that it was sent anew is told within a minute.
const FAILED_CACHE: &str = "private, max-age=60";
const OPEN_CACHE: &str = "no-store";

/// An HTTP answer.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Value,
}

impl Reply {
    /// The answer in HTTP. One that HTTP cannot carry is an error of the function, for which API Gateway answers 500.
    pub fn into_http(self) -> Result<http::Response<String>, http::Error> {
        let response = http::Response::builder().status(self.status);
        let response = self
            .headers
            .into_iter()
            .fold(response, |response, (name, value)| response.header(name, value));
        response.body(self.body.to_string())
    }

    /// An accepted request; `status` is the deployment's.
    pub fn accepted(accepted: &Accepted, status: u16) -> Self {
        let mut headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("Location", accepted.tracking_id.location()),
            ("Retry-After", POLL_AFTER_SECONDS.to_string()),
        ];
        if accepted.replayed {
            headers.push(("Idempotent-Replayed", "true".to_owned()));
        }
        Self {
            status,
            headers,
            body: accepted.body(),
        }
    }

    /// A report about an operation.
    pub fn report(report: Report) -> Self {
        let cache = match report.lasts {
            Lasts::Open => OPEN_CACHE,
            Lasts::UntilRetried => FAILED_CACHE,
            Lasts::ForEver => ENDED_CACHE,
        };
        let headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("Cache-Control", cache.to_owned()),
            ("Vary", "X-Internal-Token".to_owned()),
        ];
        Self {
            status: 200,
            headers,
            body: report.body,
        }
    }

    /// The word for monitors that callers can be served.
    pub fn healthy() -> Self {
        Self {
            status: 200,
            headers: vec![
                ("Content-Type", "application/json".to_owned()),
                ("Cache-Control", OPEN_CACHE.to_owned()),
            ],
            body: serde_json::json!({"healthy": true}),
        }
    }

    /// A problem. The caller gets what is its own to know; the operator gets the whole chain in the log, here and
    /// nowhere else.
    pub fn problem(problem: &Problem) -> Self {
        match problem.source() {
            Some(cause) => {
                tracing::error!(problem = problem.kind.code(), error = %Chain(cause), "a request got no answer")
            }
            None => tracing::info!(problem = problem.kind.code(), "a request was refused"),
        }
        let mut headers = vec![
            ("Content-Type", "application/problem+json".to_owned()),
            ("Cache-Control", OPEN_CACHE.to_owned()),
        ];
        if let Some(seconds) = problem.retry_after_seconds() {
            headers.push(("Retry-After", seconds.to_string()));
        }
        Self {
            status: problem.kind.http_status(),
            headers,
            body: problem.body(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_http_cannot_carry_is_no_empty_success() {
        for (value, good) in [("/fineract/track/1", true), ("/fineract/\ntrack/1", false)] {
            let reply = Reply {
                status: 202,
                headers: vec![("Location", value.to_owned())],
                body: "x".into(),
            };
            assert_eq!(reply.into_http().is_ok(), good, "{value}");
        }
    }
}
