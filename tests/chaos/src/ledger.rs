//! What Fineract must show if what callers were told is true: the operations of a life, applied in their order.

use crate::life::Change;

/// A loan's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Submitted and awaiting approval.
    Submitted,
    /// Approved, and nothing is paid out.
    Approved,
    /// Paid out.
    Active,
}

/// A loan as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    /// Its status.
    pub status: Status,
    /// Its principal.
    pub principal: u64,
    /// The amounts that were paid out.
    pub paid_out: Vec<u64>,
}

/// What a life has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The client's last name, if there is a client.
    pub client: Option<String>,
    /// The loan, if there is one.
    pub loan: Option<Loan>,
}

impl Ledger {
    /// Whether Fineract accepts this change as things are.
    #[must_use]
    pub fn admits(&self, change: &Change) -> bool {
        let status = self.loan.as_ref().map(|loan| loan.status);
        match change {
            Change::CreateClient(_) => self.client.is_none(),
            Change::UpdateClient(_) => self.client.is_some(),
            Change::CreateLoan(_) => self.client.is_some() && self.loan.is_none(),
            Change::UpdateLoan(_) | Change::ApproveLoan | Change::DeleteLoan => status == Some(Status::Submitted),
            Change::DisburseLoan(_) => status == Some(Status::Approved),
        }
    }

    /// Applies a change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::CreateClient(name) | Change::UpdateClient(name) => self.client = Some(name.clone()),
            Change::CreateLoan(principal) => {
                self.loan = Some(Loan {
                    status: Status::Submitted,
                    principal: *principal,
                    paid_out: Vec::new(),
                });
            }
            Change::DeleteLoan => self.loan = None,
            Change::UpdateLoan(_) | Change::ApproveLoan | Change::DisburseLoan(_) => {
                if let Some(loan) = &mut self.loan {
                    loan.apply(change);
                }
            }
        }
    }
}

impl Loan {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::UpdateLoan(principal) => self.principal = *principal,
            Change::ApproveLoan => self.status = Status::Approved,
            Change::DisburseLoan(amount) => {
                self.status = Status::Active;
                self.paid_out.push(*amount);
            }
            Change::CreateClient(_) | Change::UpdateClient(_) | Change::CreateLoan(_) | Change::DeleteLoan => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;
    use crate::life;

    #[test]
    fn a_life_is_admitted_up_to_what_must_be_refused() {
        for life in life::lives(6, "run", &["UGRO".to_owned()], &mut Rng::with_seed(7)) {
            let mut ledger = Ledger::default();
            let admitted: Vec<bool> = life
                .operations
                .iter()
                .map(|operation| {
                    let admitted = ledger.admits(&operation.change);
                    if admitted {
                        ledger.apply(&operation.change);
                    }
                    admitted
                })
                .collect();
            assert_eq!(admitted, [[true; 8].as_slice(), &[false; 2]].concat(), "{life:?}");
        }
    }
}
