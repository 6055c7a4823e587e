//! Records Fineract servers by scenarios that stand in files, and compares servers with the simulator.
//!
//! [`Scenario`] is a file read, [`Player`] plays it against a [`Server`] and keeps every exchange, [`write`] makes a recording
//! of them, [`replay`] plays a recording against the simulator, and [`compare`] lets the real engine work before server and
//! simulator at once. `docs/recording.md` shows how.

pub mod compare;
mod error;
mod fresh;
mod lives;
mod names;
mod player;
mod replay;
mod scenario;
mod server;
mod values;
mod write;

pub use crate::error::Error;
pub use crate::player::{Played, Player};
pub use crate::replay::{Replayed, replay};
pub use crate::scenario::{SCENARIOS, Scenario};
pub use crate::server::{Login, Server};
pub use crate::write::{Head, write};
