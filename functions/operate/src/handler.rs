//! Between HTTP and the use cases.

use gateway::accept::Acceptor;
use gateway::callers::Callers;
use gateway::cancel::Canceller;
use gateway::idempotency::of_headers;
use gateway::metrics::{Meter, Metric};
use gateway::problem::{Kind, Problem};
use gateway::reply::Reply;
use lambda_http::{Body, Error, Request, RequestExt, Response};

/// What this function is made of.
pub(crate) struct Desk<'a> {
    pub(crate) acceptor: Acceptor<'a>,
    pub(crate) canceller: Canceller<'a>,
    pub(crate) callers: Callers,
    pub(crate) meter: Meter,
    pub(crate) accepted_status: u16,
}

/// Answers one request.
pub(crate) async fn handle(request: Request, desk: &Desk<'_>) -> Result<Response<Body>, Error> {
    let reply = match request.path_parameters().first("tracking_id") {
        Some(tracking_id) => cancel(&request, tracking_id, desk).await,
        None => accept(&request, desk).await,
    };
    let reply = reply.unwrap_or_else(|problem| Reply::problem(&problem));
    Ok(reply.into_http()?.map(Body::Text))
}

async fn accept(request: &Request, desk: &Desk<'_>) -> Result<Reply, Problem> {
    let caller = desk
        .callers
        .authenticate(header(request, "x-internal-token"), desk.acceptor.clock)
        .await?;
    if !header(request, "content-type").is_some_and(is_json) {
        let detail = "Send the body with the header Content-Type: application/json.";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    let key = of_headers(|name| request.headers().get(name).map(|value| value.as_bytes()))?;
    let accepted = desk.acceptor.accept(&caller, key, request.body().as_ref()).await?;
    if !accepted.replayed {
        desk.meter.record(Metric::Accepted, desk.acceptor.clock.now());
    }
    tracing::info!(tracking_id = %accepted.tracking_id, replayed = accepted.replayed, "accepted");
    Ok(Reply::accepted(&accepted, desk.accepted_status))
}

async fn cancel(request: &Request, tracking_id: &str, desk: &Desk<'_>) -> Result<Reply, Problem> {
    let caller = desk
        .callers
        .authenticate(header(request, "x-internal-token"), desk.acceptor.clock)
        .await?;
    desk.canceller.cancel(&caller, tracking_id).await.map(Reply::report)
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn is_json(media_type: &str) -> bool {
    media_type
        .split(';')
        .next()
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
