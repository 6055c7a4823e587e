//! A simulated Apache Fineract, as far as the gateway can see it.
//!
//! [`Simulator`] is a state machine without I/O: a [`Request`] goes in, a [`Response`] comes out, computed from the state
//! of the bank; time comes from a [`Clock`] that the caller gives. [`Server`] puts it behind a socket, where [`Faults`]
//! hold, cut or replace exchanges. Recordings of real servers of two [`Release`]s decide what is right
//! (`tests/recordings`).
//!
//! What the bank holds at the start is what the recorded servers were set up with: the nine lenders' products, their
//! charges, the payment types, office 1, the currency INR, user `mifos` with password `password`, tenant `default`.

mod bank;
mod clients;
mod clock;
mod commands;
mod dates;
mod door;
mod effects;
mod enums;
mod errors;
mod exchange;
mod faults;
mod fields;
mod idempotency;
mod loans;
mod numbers;
mod offices;
mod products;
mod reads;
mod release;
mod route;
mod server;
mod simulator;
mod validation;

pub use crate::{
    bank::Numbered,
    clock::{Clock, fixed_clock, system_clock},
    effects::Effect,
    exchange::{Request, Response},
    faults::{Action, Fault, FaultHandle, Faults, Match, Moment, Times},
    release::Release,
    server::Server,
    simulator::{Running, Simulator, Started},
};
