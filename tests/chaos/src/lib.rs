//! Real processes under mishaps: the real template and functions on the AWS emulator, callers with many clients and
//! loans, and meanwhile workers that are killed, messages that are delivered twice or lost, and a Fineract that cuts
//! connections, is killed, loses its database and asks for a checker. In the end a [`judge`] says whether an operation
//! was lost, repeated, told wrongly or out of order.
//!
//! In reading order: [`life`] is what is asked for, [`caller`] asks for it, [`platform`] delivers messages as AWS may,
//! [`mishaps`] is what goes wrong, [`bank`] reads Fineract, [`ledger`] is what Fineract must show, [`judge`] compares,
//! [`run`] is all of that.
//!
//! Invariant: nothing here uses the gateway's own code; what must hold is written down once more.

pub mod bank;
pub mod caller;
pub mod judge;
pub mod ledger;
pub mod life;
pub mod mishaps;
pub mod platform;
pub mod run;
pub mod tally;
