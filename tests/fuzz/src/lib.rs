//! What must hold whatever comes from outside: one function for each door, fed with arbitrary bytes.
//!
//! A target panics where something does not hold. `cargo test -p fuzz` replays the corpus and what chance makes of it; the
//! package below `harness/` feeds the same functions from libFuzzer. `docs/testing.md` has the commands.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "all of this is a test")]

mod answer;
pub mod corpus;
mod journal;
mod laws;
mod mutation;
mod post;
mod record;
mod row;
mod script;
mod spelling;
mod world;

pub use answer::answer;
pub use mutation::Mutator;
pub use post::post;
pub use record::record;
pub use row::row;

/// A door by its name, which is that of its folder below `corpus/`, and what is fed with the bytes that come in by it.
pub type Target = (&'static str, fn(&[u8]));

/// Every door.
pub const TARGETS: [Target; 4] = [("post", post), ("record", record), ("answer", answer), ("row", row)];
