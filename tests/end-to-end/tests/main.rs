//! The real template and the real functions on an AWS emulator, over HTTP, before the simulated Fineract.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

mod bad_input;
mod bench;
mod cancelling;
mod client;
mod conformance;
mod deployment_page;
mod described;
mod documents;
mod fineract_user;
mod history;
mod idempotency;
mod lifecycle;
mod loans;
mod lossy;
mod outage;
mod permissions;
mod privacy;
mod refusals;
mod rotation;
mod survival;
mod tracking;
mod transport;
mod unchanged;
mod upgrade;
mod waiting;
