//! The real template and the real functions on an AWS emulator, over HTTP, before the simulated Fineract.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

mod bad_input;
mod bench;
mod cancelling;
mod conformance;
mod deployment_page;
mod fineract_user;
mod idempotency;
mod lifecycle;
mod loans;
mod outage;
mod permissions;
mod privacy;
mod refusals;
mod rotation;
mod survival;
mod tracking;
mod transport;
mod upgrade;
mod waiting;
