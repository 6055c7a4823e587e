//! A simulated Apache Fineract, as far as the gateway can see it.
//!
//! [`Simulator`] is a state machine without I/O: a [`Request`] goes in, a [`Response`] comes out, computed from the state
//! of the bank; time comes from a [`Clock`] that the caller gives. [`Simulator::exchange`] lets [`Faults`] strike, at once
//! and without real time; [`Server`] puts it behind a socket, where they take their time, with a console below
//! `/simulator/`. [`Simulator::apply`] takes faults as JSON. Recordings of real servers of two [`Release`]s decide what is right
//! (`tests/recordings`).
//!
//! What the bank holds at the start is what the recorded servers were set up with: the nine lenders' products, their
//! charges, the payment types, the codes with a reason for write-offs, office 1, the currency INR, user `mifos` with password `password`, tenant `default`.

mod acceptance;
mod actuator;
mod audits;
mod bank;
mod chance;
mod checker;
mod clients;
mod clock;
mod codes;
mod commands;
mod conditions;
mod console;
mod dates;
mod door;
mod effects;
mod ending;
mod enums;
mod errors;
mod exchange;
mod faults;
mod fields;
mod funds;
mod journal;
mod kinds;
mod loans;
mod numbers;
mod offers;
mod offices;
mod products;
mod reads;
mod release;
mod route;
mod run;
mod script;
mod searches;
mod server;
mod set_up;
mod settings;
mod simulator;
mod templates;
mod users;
mod validation;

pub use crate::{
    bank::Numbered,
    chance::Chance,
    checker::Decision,
    clock::{Clock, fixed_clock, system_clock},
    effects::Effect,
    ending::Ending,
    exchange::{Request, Response},
    faults::{Action, Fault, FaultHandle, Faults, Match, Moment, Standing, Times},
    offers::kinds,
    products::LENDERS,
    release::Release,
    run::{Exchanged, Outcome},
    server::Server,
    simulator::{Running, Simulator, Started},
    users::Permissions,
};
