//! Logs: one JSON object a line, to standard output. Personal data, tokens, credentials and Fineract's texts never
//! reach them.

use tracing_subscriber::EnvFilter;

/// What is logged if `LOG_LEVEL` says nothing, or nothing that can be read.
const DEFAULT_LEVEL: &str = "info";
/// Libraries log what they send at these levels; the gateway never turns them up.
const LIBRARIES: &str = "aws=warn,hyper=warn,h2=warn,reqwest=warn,rustls=warn,lambda_runtime=warn,lambda_http=warn";

/// Starts logging at the level that `LOG_LEVEL` says.
pub fn start() {
    let level = std::env::var("LOG_LEVEL").unwrap_or_default();
    let level = if matches!(level.as_str(), "error" | "warn" | "info" | "debug") {
        level.as_str()
    } else {
        DEFAULT_LEVEL
    };
    let filter = EnvFilter::new(format!("{level},{LIBRARIES}"));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_current_span(false);
    // Another subscriber is there only in tests.
    let _ = subscriber.try_init();
}
