//! The table of operations. Adding one: its row in the file of its family; one that thinks gets a file, and a line here.

mod application;
mod client_create;
mod client_update;
mod loan_charges;
mod loan_create;
mod loan_delete;
mod loan_life_cycle;
mod loan_reads;
mod loan_schedule_preview;
mod loan_transactions;
mod loan_update;
mod shown_loan;

use crate::declaration::Declaration;
use crate::kind::Kind;

/// What has a file of its own.
const CODED: &[Kind] = &[
    Kind::of::<client_create::ClientCreate>(),
    Kind::of::<client_update::ClientUpdate>(),
    Kind::of::<loan_create::LoanCreate>(),
    Kind::of::<loan_update::LoanUpdate>(),
    Kind::of::<loan_delete::LoanDelete>(),
    Kind::of::<loan_schedule_preview::LoanSchedulePreview>(),
];

/// What is declared.
const FAMILIES: [&[Declaration]; 4] = [
    loan_life_cycle::FAMILY,
    loan_transactions::FAMILY,
    loan_charges::FAMILY,
    loan_reads::FAMILY,
];

const COUNT: usize = {
    let (mut count, mut family) = (CODED.len(), 0);
    while family < FAMILIES.len() {
        count += FAMILIES[family].len();
        family += 1;
    }
    count
};

/// Every operation that callers may send.
pub static ALL: &[Kind] = &{
    let mut all = [CODED[0]; COUNT];
    let mut filled = 0;
    while filled < CODED.len() {
        all[filled] = CODED[filled];
        filled += 1;
    }
    let mut family = 0;
    while family < FAMILIES.len() {
        let mut row = 0;
        while row < FAMILIES[family].len() {
            all[filled] = Kind::declared(&FAMILIES[family][row]);
            filled += 1;
            row += 1;
        }
        family += 1;
    }
    all
};

impl Kind {
    /// The kind with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|kind| kind.name == name)
    }
}

#[cfg(test)]
mod tests;
