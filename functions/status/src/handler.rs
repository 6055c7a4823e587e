//! Between HTTP and the use case.

use gateway::callers::Callers;
use gateway::clock::Clock;
use gateway::health::health;
use gateway::ledger::Ledger;
use gateway::problem::Problem;
use gateway::reply::Reply;
use gateway::track::track;
use lambda_http::{Body, Request, RequestExt, Response};

/// Answers one request.
pub(crate) async fn handle(
    request: Request,
    ledger: &dyn Ledger,
    callers: &Callers,
    clock: &dyn Clock,
) -> Response<Body> {
    let reply = match request.path_parameters().first("tracking_id") {
        Some(tracking_id) => report(&request, tracking_id, ledger, callers, clock).await,
        None => health(ledger).await,
    };
    let reply = reply.unwrap_or_else(|problem| Reply::problem(&problem));
    let response = Response::builder().status(reply.status);
    let response = reply
        .headers
        .into_iter()
        .fold(response, |response, (name, value)| response.header(name, value));
    response.body(Body::Text(reply.body.to_string())).unwrap_or_default()
}

async fn report(
    request: &Request,
    tracking_id: &str,
    ledger: &dyn Ledger,
    callers: &Callers,
    clock: &dyn Clock,
) -> Result<Reply, Problem> {
    let token = request
        .headers()
        .get("x-internal-token")
        .and_then(|value| value.to_str().ok());
    let caller = callers.authenticate(token, clock).await?;
    track(ledger, clock, &caller, tracking_id).await.map(Reply::report)
}
