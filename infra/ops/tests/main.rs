//! The operator's command on the local stack.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

mod deeds;
mod desk;
mod runbook;
mod tokens;
