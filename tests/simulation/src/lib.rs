//! The gateway and a simulated Fineract in one process: no sockets, no waiting, a clock that tests set.

mod bank;
mod gateway;
pub mod world;

pub use crate::bank::SimulatedFineract;
pub use crate::gateway::{Gateway, Performed, bank, rules};
