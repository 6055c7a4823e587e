//! Between HTTP and the use case.

use gateway::accept::{Accepted, Acceptor};
use gateway::callers::Callers;
use gateway::problem::{Kind, Problem};
use gateway::reply::Reply;
use lambda_http::{Body, Request, Response};

/// Answers one request.
pub(crate) async fn handle(
    request: Request,
    acceptor: &Acceptor<'_>,
    callers: &Callers,
    accepted_status: u16,
) -> Response<Body> {
    let reply = match accept(&request, acceptor, callers).await {
        Ok(accepted) => {
            tracing::info!(tracking_id = %accepted.tracking_id, replayed = accepted.replayed, "accepted");
            Reply::accepted(&accepted, accepted_status)
        }
        Err(problem) => Reply::problem(&problem),
    };
    let response = Response::builder().status(reply.status);
    let response = reply
        .headers
        .into_iter()
        .fold(response, |response, (name, value)| response.header(name, value));
    response.body(Body::Text(reply.body.to_string())).unwrap_or_default()
}

async fn accept(request: &Request, acceptor: &Acceptor<'_>, callers: &Callers) -> Result<Accepted, Problem> {
    let header = |name: &str| request.headers().get(name);
    let token = header("x-internal-token").and_then(|value| value.to_str().ok());
    let caller = callers.authenticate(token, acceptor.clock).await?;
    if !header("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(is_json)
    {
        let detail = "Send the body with the header Content-Type: application/json.";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    let key = header("idempotency-key").map(|value| value.to_str()).transpose();
    let key = key.map_err(|_| Problem::new(Kind::InvalidIdempotencyKey, "It must have visible ASCII characters."))?;
    acceptor.accept(&caller, key, request.body().as_ref()).await
}

fn is_json(media_type: &str) -> bool {
    media_type
        .split(';')
        .next()
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
