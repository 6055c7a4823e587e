//! The whole gateway on one machine: the real template and the real functions on an AWS emulator.
//!
//! `cargo local` and the end-to-end tests stand on the same parts. In reading order: [`environment`] makes the Python
//! environment of the emulator, [`functions`] builds and packs the four functions, [`emulator`] runs the emulator for
//! as long as its owner lives, [`aws`] speaks to it, [`deployment`] puts the template on it, [`caller`] makes who may
//! call, and [`stack`] is all of that under one name. [`api`] calls the gateway as a loan origination system does;
//! [`arguments`] is what programs are told about Fineract; [`lifecycle`] is the documented life of two loans, `every_operation` what follows on it.
//! [`policy`] is what roles allow. [`console`] shows what is
//! going on.
//!
//! Invariant: nothing here talks to anything but loopback addresses and the package registries (`cargo`, `pip`).

pub mod api;
pub mod arguments;
pub mod aws;
pub mod caller;
pub mod console;
pub mod deployment;
pub mod emulator;
pub mod env_file;
pub mod environment;
mod error;
mod every_operation;
pub mod functions;
pub mod lifecycle;
pub mod policy;
pub mod probe;
pub mod process;
pub mod stack;
mod workspace;

pub use caller::Caller;
pub use error::Error;
pub use functions::Function;
pub use stack::{Options, Stack};
