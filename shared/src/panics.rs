//! Panics: a fault of the program's own. Where it happened is logged; its message may quote what the program was at, so it
//! reaches neither a log nor an answer.

use std::future::{Future, poll_fn};
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::task::Poll;

/// A panic that was caught. The log has its place.
#[derive(Debug, thiserror::Error)]
#[error("the function panicked")]
pub struct Panicked;

/// Logs where a panic happens, in place of its message.
pub fn log_places_only() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(alarm = "panic", place, "the program panicked");
    }));
}

/// Runs to its end, or to a panic.
///
/// # Errors
/// If it panics.
pub async fn caught<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = pin!(future);
    poll_fn(
        |context| match panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(_message) => Poll::Ready(Err(Panicked)),
        },
    )
    .await
}
