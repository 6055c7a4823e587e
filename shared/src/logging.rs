//! Logs: one JSON object a line, to standard output. Personal data, tokens, credentials and Fineract's texts never
//! reach them.

use crate::panics;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Libraries log what they send at the finer levels; the gateway never turns them up.
const LIBRARIES: [&str; 7] = [
    "aws",
    "h2",
    "hyper",
    "lambda_http",
    "lambda_runtime",
    "reqwest",
    "rustls",
];

/// Starts logging at the level that `LOG_LEVEL` says: `error`, `warn`, `info` or `debug`; `info` for anything else. Of a
/// panic its place is logged.
pub fn start() {
    let level = match std::env::var("LOG_LEVEL").as_deref() {
        Ok("error") => LevelFilter::ERROR,
        Ok("warn") => LevelFilter::WARN,
        Ok("debug") => LevelFilter::DEBUG,
        _ => LevelFilter::INFO,
    };
    let libraries = LIBRARIES.map(|library| (library, level.min(LevelFilter::WARN)));
    let filter = Targets::new().with_default(level).with_targets(libraries);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false);
    // Another subscriber is there only in tests.
    let _ = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init();
    panics::log_places_only();
}
