//! Operate and Track for Apache Fineract: what the functions share.
//!
//! In reading order: `command`, `operation`, `declaration`, `kind` and `operations`, `values`; `tracking`, `row` and `order`; the use cases
//! `accept`, `execute`, `track`, `history`, `cancel`, `sweep`, `operator`; the ports `ledger`, `queue`, `fineract`, `clock`; `callers` and
//! `problem`; `metrics`; the `adapters`.

pub mod accept;
pub mod adapters;
pub mod authority;
pub mod bank;
pub mod callers;
pub mod cancel;
pub mod chain;
pub mod checker;
pub mod clock;
pub mod command;
pub mod declaration;
pub mod digest;
pub mod execute;
pub mod failure;
pub mod fields;
pub mod fineract;
pub mod gate;
pub mod health;
pub mod history;
pub mod idempotency;
pub mod json;
pub mod kind;
pub mod ledger;
mod loan_terms;
pub mod logging;
pub mod metrics;
pub mod note;
pub mod operation;
pub mod operations;
pub mod operator;
pub mod order;
pub mod pace;
pub mod packing;
pub mod panics;
pub mod problem;
pub mod proof;
pub mod queue;
pub mod release;
pub mod reply;
pub mod row;
pub mod settings;
pub mod settle;
pub mod subject;
pub mod sweep;
pub mod terms;
#[cfg(test)]
mod testing;
pub mod track;
pub mod tracking;
pub mod values;
pub mod verdict;
