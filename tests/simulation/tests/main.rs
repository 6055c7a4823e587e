//! The gateway against recordings of real servers and against the simulator, in one process.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

mod again;
mod changed_values;
mod client_update;
mod deeds;
mod doubts;
mod external_ids;
mod kept_terms;
mod kinds;
mod loan_create;
mod loan_update;
mod long_loans;
mod read_back;
mod reads;
mod recorded_refusals;
mod recorded_requests;
mod recorded_shapes;
mod recorded_verdicts;
mod references;
mod releases;
mod terms;
mod tranches;
mod worlds;
