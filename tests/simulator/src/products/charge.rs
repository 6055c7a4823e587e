//! Charges, as the products offer them.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    enums,
    errors::{Failure, Fault},
    numbers,
    release::Release,
};

/// A charge, as the products offer it.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) amount: Decimal,
    pub(crate) penalty: bool,
    /// 1 disbursement, 2 specified due date, 8 instalment, 9 overdue, 12 tranche disbursement.
    pub(crate) time: i64,
    /// 1 flat, 2 per cent of the amount, 4 per cent of the interest.
    pub(crate) calculation: i64,
    /// 1 loan, 3 client.
    applies_to: i64,
}

/// The time of charges for what is overdue.
pub(crate) const OVERDUE: i64 = 9;
/// The charges, in the order in which they were made.
pub(crate) fn charges() -> Vec<Charge> {
    let charge = |id, name, amount: i64, penalty, time, calculation, applies_to| Charge {
        id,
        name,
        amount: Decimal::from(amount),
        penalty,
        time,
        calculation,
        applies_to,
    };
    vec![
        charge(1, "Disbursement fee flat", 100, false, 1, 1, 1),
        charge(2, "Disbursement fee percent", 1, false, 1, 2, 1),
        charge(3, "Specified due date fee", 100, false, 2, 1, 1),
        charge(4, "Specified due date penalty", 50, true, 2, 1, 1),
        charge(5, "Instalment fee", 10, false, 8, 1, 1),
        charge(6, "Instalment percent fee", 1, false, 8, 4, 1),
        charge(7, "Overdue penalty", 25, true, 9, 1, 1),
        charge(8, "Tranche disbursement fee", 20, false, 12, 1, 1),
        charge(9, "Client fee", 75, false, 2, 1, 3),
    ]
}

impl Charge {
    /// What it takes of this principal when that is paid out.
    pub(crate) fn at_disbursement(&self, principal: Decimal) -> Decimal {
        match (self.time, self.calculation) {
            (1, 1) => self.amount,
            (1, 2) => numbers::money(principal * self.amount / Decimal::ONE_HUNDRED),
            _ => Decimal::ZERO,
        }
    }

    pub(super) fn view(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "active": true,
            "penalty": self.penalty,
            "freeWithdrawal": false,
            "freeWithdrawalChargeFrequency": 0,
            "restartFrequency": 0,
            "restartFrequencyEnum": 0,
            "isPaymentType": false,
            "currency": enums::currency(),
            "amount": numbers::printed(self.amount),
            "chargeTimeType": enums::charge_time(self.time),
            "chargeAppliesTo": if self.applies_to == 1 {
                json!({"id": 1, "code": "chargeAppliesTo.loan", "value": "Loan"})
            } else {
                json!({"id": 3, "code": "chargeAppliesTo.client", "value": "Client"})
            },
            "chargeCalculationType": enums::charge_calculation(self.calculation),
            "chargePaymentMode": enums::charge_payment_mode(),
        })
    }

    /// The charge by itself or in the list of charges, where develop tells more than in a product.
    pub(crate) fn own_view(&self, release: Release) -> Value {
        let mut view = self.view();
        if release.is_develop() {
            view["overdueInstallmentCharge"] = json!(self.time == OVERDUE);
        }
        view
    }
}

/// Every charge, by name.
pub(crate) fn charge_list(charges: &[Charge], release: Release) -> Value {
    let mut charges: Vec<&Charge> = charges.iter().collect();
    charges.sort_by_key(|charge| charge.name);
    charges.into_iter().map(|charge| charge.own_view(release)).collect()
}

/// 404 for a charge.
pub(crate) fn charge_not_found(id: Value) -> Failure {
    let text = format!("Charge with identifier {id} does not exist");
    Failure::NotFound(Fault::general("error.msg.charge.id.invalid", text).with([id]))
}
