//! The protocol by which an operation gets from a caller to Fineract exactly once, as a model that is small enough for
//! every one of its states to be looked at.
//!
//! # What it is made of
//!
//! Two operations, A and B, on one subject; two workers; the message group of the subject; the table; Fineract. A step is
//! one call of a port, or something that happens by itself: a worker crashes between any two calls, a call is not
//! confirmed, a message is lost or comes back while a worker has it, a lease ends under a run that goes on, a caller
//! cancels or repeats, a request arrives at Fineract after nobody waits for it any more, Fineract dies with or without the
//! effect. None of these is counted: each may happen as often as it can.
//!
//! * `caller`: `accept` and `cancel`. `worker`: `execute`. `queue`: the queue and the sweep. `fineract`: Fineract's memory of
//!   keys, and what it does with a request.
//! * `engine`: what the gateway's own pure functions say ([`gateway::order::first`], [`gateway::verdict::of_command`],
//!   [`gateway::settle::settlement`], [`gateway::tracking::State::after`]), as tables over the rows and answers of `stored`.
//!   What stands between them in `accept` and `execute` is copied; tests hold the copies against the engine.
//! * `rules`: every rule with a switch that breaks it, what is taken for granted, and what must hold.
//! * `canonical`, `packed`, `search`: one state for all that differ in nothing, as one number, and breadth first through all.
//!
//! # What is left out
//!
//! * Time. A lease, the visibility of a message, a wait and what is overdue may end at any moment; so a delivery, and what
//!   the queue gives up after the last one, may come at any moment as well. What does need time is an [`Assumption`].
//! * A worker that lost its lease is modelled as a request that is still on its way: it can do nothing else.
//! * Receiving a message and reading its row are one step, settling and being done with the message another; the index of
//!   open operations is never behind; a message that is sent arrives at once or never.
//! * A fourth message of the subject, while three are in the queue; a fifth key.
//! * Commands held for a checker, keys that Fineract forgets or that are spent on a wrong configuration, rows that are restored or expire, what other users do,
//!   the outage gate, and the number of what is deleted. That a read-back can tell an operation's effect from another's.
//! * Of [`Callers::Awaiting`] callers, the second request is stored and sent, or dies in between; everything else that can
//!   happen to a request happens to the first, and to both where there are keys or they are [`Callers::Concurrent`].
//!
//! # Why it brings its own search
//!
//! That an operation can end from every state needs the whole graph and its cycles. The checker that there is for Rust,
//! `stateright`, follows single paths, by its own documentation misses cycles where something must happen eventually,
//! tells states apart by a hash of 64 bits, and brings an HTTP server.

mod caller;
mod canonical;
mod case;
mod engine;
mod fineract;
mod model;
mod packed;
mod queue;
mod rules;
mod search;
mod setting;
mod state;
mod step;
pub mod stored;
mod worker;

pub use crate::caller::{Repeat, Request};
pub use crate::case::{Answer, Before, Clocks, InLine, Settled, Shown, Stuck};
pub use crate::engine::{ANSWERS, Decision, Engine, befores, places};
pub use crate::model::Model;
pub use crate::rules::{Assumption, Property, Rule};
pub use crate::search::{Counterexample, Report};
pub use crate::setting::{Callers, Client, Setting, Temper};
pub use crate::step::What;
