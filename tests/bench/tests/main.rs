//! The budgets that do not hang on a machine: calls, sizes, throughput under virtual time, and what follows from them.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

mod bill;
mod calls;
mod counted;
mod deployed;
mod extras;
mod gateway;
mod idle;
mod line;
mod page;
mod price;
mod queries;
mod quotas;
mod scaling;
mod scans;
mod sizes;
mod table;
mod throughput;
