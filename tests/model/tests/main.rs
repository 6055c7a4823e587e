//! Every state of the protocol, and the model against the engine.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

mod engine;
mod protocol;
mod requests;
