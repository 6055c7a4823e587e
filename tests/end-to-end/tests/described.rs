//! Every exchange of the suite is as `docs/openapi.json` describes it.

use std::sync::{LazyLock, Mutex, PoisonError};

use contract::checked::{Description, Exchange};
use local::api::Answer;
use reqwest::Request;

static DESCRIPTION: LazyLock<Mutex<Description>> = LazyLock::new(Mutex::default);

/// Fails the test whose answer is not as described.
pub(crate) fn is_as_described(base: &str, request: &Request, answer: &Answer) {
    let url = request.url().as_str().strip_prefix(base).unwrap_or_default();
    let headers = answer.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    let exchange = Exchange {
        method: request.method().as_str(),
        path: url.split('?').next().unwrap_or_default(),
        sent: request.body().and_then(|body| body.as_bytes()).unwrap_or_default(),
        status: answer.status,
        headers: &headers.collect(),
        text: &answer.text,
    };
    let mut description = DESCRIPTION.lock().unwrap_or_else(PoisonError::into_inner);
    let faults = description.faults(&exchange);
    let (method, path) = (exchange.method, exchange.path);
    assert_eq!(
        faults, "",
        "{method} {path} was answered {}: {}",
        answer.status, answer.text
    );
}
