//! What a payment is taken for: the order of each strategy.

use serde_json::Value;

use crate::fields::Fields;

/// A part of what is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Principal,
    Interest,
    Fees,
    Penalties,
}

use Part::{Fees, Interest, Penalties, Principal};

/// When a payment comes in, as a repayment that is due sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    Late,
    Due,
    Early,
}

/// The order in which the parts of a repayment are paid.
type Order = Vec<Part>;

/// What a payment is taken for, late, on the day, and early.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Allocation {
    late: Order,
    due: Order,
    early: Order,
}

/// The rules of a payment allocation begin with these words.
const TIMINGS: [(&str, Timing); 3] = [
    ("PAST_DUE_", Timing::Late),
    ("DUE_", Timing::Due),
    ("IN_ADVANCE_", Timing::Early),
];

impl Allocation {
    fn always(order: [Part; 4]) -> Self {
        Self {
            late: order.to_vec(),
            due: order.to_vec(),
            early: order.to_vec(),
        }
    }

    /// The allocation of a strategy, whose own one a product may configure.
    pub(crate) fn of(strategy: &str, configured: Option<&Self>) -> Self {
        if let Some(configured) = configured {
            return configured.clone();
        }
        match strategy {
            "interest-principal-penalties-fees-order-strategy" => Self::always([Interest, Principal, Penalties, Fees]),
            "principal-interest-penalties-fees-order-strategy" => Self::always([Principal, Interest, Penalties, Fees]),
            "early-repayment-strategy" => Self {
                early: vec![Principal],
                ..Self::always([Interest, Principal, Penalties, Fees])
            },
            "due-penalty-fee-interest-principal-in-advance-principal-penalty-fee-interest-strategy" => Self {
                early: vec![Principal, Penalties, Fees, Interest],
                ..Self::always([Penalties, Fees, Interest, Principal])
            },
            "due-penalty-interest-principal-fee-in-advance-penalty-interest-principal-fee-strategy" => {
                Self::always([Penalties, Interest, Principal, Fees])
            }
            _ => Self::always([Penalties, Fees, Interest, Principal]),
        }
    }

    /// The allocation that a product's settings configure.
    pub(crate) fn configured(settings: &Fields<'_>) -> Option<Self> {
        let Some(Value::Array(allocations)) = settings.get("paymentAllocation") else {
            return None;
        };
        let default = allocations
            .iter()
            .find(|allocation| allocation["transactionType"] == "DEFAULT")?;
        let rules = default["paymentAllocationOrder"].as_array()?;
        let mut configured = Self {
            late: Order::new(),
            due: Order::new(),
            early: Order::new(),
        };
        for rule in rules.iter().filter_map(|rule| rule["paymentAllocationRule"].as_str()) {
            let found = TIMINGS
                .into_iter()
                .find_map(|(word, timing)| rule.strip_prefix(word).map(|part| (part, timing)));
            let Some((part, timing)) = found else { continue };
            let part = match part {
                "PENALTY" => Penalties,
                "FEE" => Fees,
                "PRINCIPAL" => Principal,
                _ => Interest,
            };
            match timing {
                Timing::Late => configured.late.push(part),
                Timing::Due => configured.due.push(part),
                Timing::Early => configured.early.push(part),
            }
        }
        Some(configured)
    }

    /// The order for a payment of this timing.
    pub(crate) fn order(&self, timing: Timing) -> &[Part] {
        match timing {
            Timing::Late => &self.late,
            Timing::Due => &self.due,
            Timing::Early => &self.early,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_product_configures_its_own_order() {
        let rules = "PAST_DUE_PENALTY PAST_DUE_PRINCIPAL DUE_INTEREST DUE_FEE IN_ADVANCE_PRINCIPAL";
        let rules: Vec<Value> = rules
            .split(' ')
            .map(|rule| json!({"paymentAllocationRule": rule}))
            .collect();
        let settings = json!({"paymentAllocation": [{"transactionType": "DEFAULT", "paymentAllocationOrder": rules}]});
        let configured = Allocation::configured(&Fields(settings.as_object().unwrap())).unwrap();
        let allocation = Allocation::of("whatever", Some(&configured));
        assert_eq!(allocation.order(Timing::Late), [Penalties, Principal]);
        assert_eq!(allocation.order(Timing::Due), [Interest, Fees]);
        assert_eq!(allocation.order(Timing::Early), [Principal]);
    }
}
