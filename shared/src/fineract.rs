//! The port to Fineract, at the level of one HTTP exchange.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Everything but the characters that RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The HTTP methods that Fineract knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or commands.
    Post,
    /// Updates.
    Put,
    /// Deletes.
    Delete,
}

/// A path below Fineract's base, assembled from encoded segments and never parsed again.
#[derive(Clone, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    /// A path of fixed segments, such as `v1/clients`.
    pub fn new(fixed: &'static str) -> Self {
        Self(format!("/{fixed}"))
    }

    /// Adds one segment, encoded.
    #[must_use]
    pub fn segment(mut self, segment: impl fmt::Display) -> Self {
        self.0.push('/');
        self.0.extend(utf8_percent_encode(&segment.to_string(), SEGMENT));
        self
    }

    /// Adds fixed segments.
    #[must_use]
    pub fn fixed(mut self, fixed: &'static str) -> Self {
        self.0.push('/');
        self.0.push_str(fixed);
        self
    }

    /// Adds a fixed query; nothing of a caller's ever gets into it.
    #[must_use]
    pub fn query(mut self, query: &'static str) -> Self {
        self.0.push('?');
        self.0.push_str(query);
        self
    }

    /// Adds a parameter to the query; numbers, dates and words of letters only.
    #[must_use]
    pub fn parameter(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.push(if self.0.contains('?') { '&' } else { '?' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(utf8_percent_encode(&value.to_string(), SEGMENT));
        self
    }

    /// The path with its query.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A path may hold a customer's id, so it is not printed.
impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Path(…)")
    }
}

/// One request.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: Path,
    /// `Idempotency-Key`, on mutating requests.
    pub key: Option<String>,
    /// The JSON body.
    pub body: Option<Value>,
    /// How long the whole exchange may take.
    pub timeout: Duration,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub enum Exchange {
    /// An HTTP answer, whole.
    Answer(Answer),
    /// Certainly nothing was sent: refused connection, unknown name, TLS.
    NotSent,
    /// Perhaps it was sent, and no whole answer came.
    Lost(Loss),
}

/// How an answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The time was up.
    TimedOut,
    /// The connection broke, or the answer was cut off.
    CutOff,
    /// The answer was larger than the limit.
    TooLarge,
}

/// An HTTP answer.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Whether Fineract gave a stored answer (`x-served-from-cache: true`).
    pub from_cache: bool,
    /// The body as it came.
    pub body: Vec<u8>,
}

/// Bodies hold personal data, so they are not printed.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("from_cache", &self.from_cache)
            .finish()
    }
}

impl Answer {
    /// The body as JSON, whatever its content type says: Fineract's own answers do not always have one.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Fineract, or what stands for it.
#[async_trait]
pub trait Fineract: Send + Sync {
    /// One exchange. It ends within the request's timeout.
    async fn exchange(&self, request: Request) -> Exchange;

    /// The user that the gateway is there, if it is known.
    async fn username(&self) -> Option<String>;
}

/// The most specific code of an error body: that of its first error, else its own.
///
/// A body without `userMessageGlobalisationCode` is not Fineract's word: a container, a proxy or a load balancer
/// wrote it.
pub fn code_of(body: &Value) -> Option<&str> {
    let own = body.get("userMessageGlobalisationCode").and_then(Value::as_str)?;
    first_error(body)
        .and_then(|error| error.get("userMessageGlobalisationCode"))
        .and_then(Value::as_str)
        .or(Some(own))
}

/// The first of an error body's errors.
pub fn first_error(body: &Value) -> Option<&Value> {
    body.get("errors")
        .and_then(Value::as_array)
        .and_then(|errors| errors.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_encoded_and_queries_are_fixed() {
        for (id, encoded) in [
            ("INC-1001", "INC-1001"),
            ("a b", "a%20b"),
            ("a?b#c+d:e@f'g|h<i>\"", "a%3Fb%23c%2Bd%3Ae%40f%27g%7Ch%3Ci%3E%22"),
            ("\u{fc}", "%C3%BC"),
            ("?command=approve", "%3Fcommand%3Dapprove"),
        ] {
            let path = Path::new("v1/loans/external-id").segment(id).query("command=approve");
            assert_eq!(
                path.as_str(),
                format!("/v1/loans/external-id/{encoded}?command=approve")
            );
        }
    }

    #[test]
    fn the_first_error_is_the_most_specific() {
        let domain = serde_json::json!({"userMessageGlobalisationCode": "validation.msg.domain.rule.violation",
            "errors": [{"userMessageGlobalisationCode": "error.msg.loan.x"}]});
        let integrity = serde_json::json!({"userMessageGlobalisationCode": "error.msg.y", "errors": []});
        let container = serde_json::json!({"status": 500, "error": "Internal Server Error"});
        assert_eq!(code_of(&domain), Some("error.msg.loan.x"));
        assert_eq!(code_of(&integrity), Some("error.msg.y"));
        assert_eq!(code_of(&container), None);
    }
}
