//! The documents for callers say what the gateway does.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

mod description;
mod pages;
