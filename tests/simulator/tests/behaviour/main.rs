//! What the simulator does beyond single recorded answers: validation tables, keys, effects, and the server with its
//! faults.

#![allow(clippy::unwrap_used, reason = "a test ends where it finds something unexpected")]

mod bank;
mod charges;
mod checker;
mod console;
mod exchanges;
mod faults;
mod keys;
mod kinds;
mod money;
mod order;
mod payments;
mod permissions;
mod products;
mod readme;
mod server;
mod validation;
