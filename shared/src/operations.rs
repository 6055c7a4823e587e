//! The table of operations. Adding one: its file (or its row in the file of its family), and its line here.

mod client_create;
mod client_update;
mod loan_approve;
mod loan_create;
mod loan_delete;
mod loan_disburse;
mod loan_update;

use crate::operation::Kind;

/// Every operation that callers may send.
pub static ALL: &[Kind] = &[
    Kind::of::<client_create::ClientCreate>(),
    Kind::of::<client_update::ClientUpdate>(),
    Kind::of::<loan_create::LoanCreate>(),
    Kind::of::<loan_update::LoanUpdate>(),
    Kind::of::<loan_approve::LoanApprove>(),
    Kind::of::<loan_disburse::LoanDisburse>(),
    Kind::of::<loan_delete::LoanDelete>(),
];

#[cfg(test)]
mod tests;
