//! Between HTTP and the use case.

use gateway::callers::Callers;
use gateway::clock::Clock;
use gateway::health::health;
use gateway::history::{Asked, history};
use gateway::ledger::Ledger;
use gateway::problem::Problem;
use gateway::reply::Reply;
use gateway::track::{Report, track};
use lambda_http::http::Method;
use lambda_http::{Body, Error, Request, RequestExt, Response};

/// Where monitors ask.
const HEALTH: &str = "/fineract/health";

/// Answers one request.
pub(crate) async fn handle(
    request: Request,
    ledger: &dyn Ledger,
    callers: &Callers,
    clock: &dyn Clock,
) -> Result<Response<Body>, Error> {
    let reply = if request.raw_http_path().ends_with(HEALTH) {
        health(ledger).await
    } else {
        report(&request, ledger, callers, clock).await.map(Reply::report)
    };
    let reply = reply.unwrap_or_else(|problem| Reply::problem(&problem));
    // HEAD is answered as GET is, without the body.
    let asks_for_head = *request.method() == Method::HEAD;
    Ok(reply
        .into_http()?
        .map(|body| if asks_for_head { Body::Empty } else { Body::Text(body) }))
}

async fn report(
    request: &Request,
    ledger: &dyn Ledger,
    callers: &Callers,
    clock: &dyn Clock,
) -> Result<Report, Problem> {
    let token = request
        .headers()
        .get("x-internal-token")
        .and_then(|value| value.to_str().ok());
    let caller = callers.authenticate(token, clock).await?;
    match request.path_parameters().first("tracking_id") {
        Some(tracking_id) => track(ledger, clock, &caller, tracking_id).await,
        None => {
            let query = request.query_string_parameters();
            let asked = Asked::parse(|name| query.first(name))?;
            history(ledger, clock, &caller, &asked).await
        }
    }
}
