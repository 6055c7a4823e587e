//! Loan products: the nine lenders', as the recorded servers were set up with them, and those that are made.

mod charge;
mod create;
mod view;

use rust_decimal::Decimal;

pub(crate) use self::charge::{Charge, OVERDUE, charge_list, charge_not_found, charges};
use crate::{
    enums::{Frequency, PER_YEAR},
    kinds::Kind,
    loans::Shape,
    validation::Bounds,
};

/// The strategy of the lenders' products.
const STRATEGY: &str = "mifos-standard-strategy";
const EQUAL_INSTALMENTS: i64 = 1;
const DECLINING_BALANCE: i64 = 0;
const SAME_AS_REPAYMENT_PERIOD: i64 = 1;
/// How many tranches the lenders' multi-disbursement product allows.
const MAX_TRANCHES: i64 = 5;
/// The largest balance of the lenders' multi-disbursement product.
const OUTSTANDING_LIMIT: i64 = 10_000_000;

/// A loan product. What a loan's body leaves out is taken from here, as far as the release does so.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) id: u64,
    pub(crate) name: String,
    short_name: String,
    /// The principal of a loan unless another one is asked for.
    pub(crate) principal: Decimal,
    least_principal: Option<Decimal>,
    most_principal: Option<Decimal>,
    repayments: i64,
    least_repayments: Option<i64>,
    most_repayments: Option<i64>,
    every: i64,
    frequency: Frequency,
    rate: Decimal,
    least_rate: Option<Decimal>,
    most_rate: Option<Decimal>,
    /// 2 per month, 3 per year.
    pub(crate) rate_frequency: i64,
    pub(crate) strategy: String,
    /// 0 equal principal, 1 equal instalments.
    amortization: i64,
    /// 0 declining balance, 1 flat.
    interest_type: i64,
    /// 0 daily, 1 same as the repayment period.
    interest_calculation: i64,
    pub(crate) shape: Shape,
    /// Whether a loan may say what each instalment is.
    pub(crate) defines_instalment: bool,
    /// What may be late before a loan is in arrears: an amount, and days.
    pub(crate) arrears_tolerance: Decimal,
    pub(crate) arrears_grace: i64,
    fund: Option<u64>,
    pub(crate) multi_disburse: bool,
    /// How many tranches it allows, and the largest balance.
    pub(crate) max_tranches: i64,
    outstanding_limit: Option<Decimal>,
    charges: Vec<u64>,
    pub(crate) kind: Kind,
}

/// The lenders, each of whom has a product of its name, in the order in which they were made.
pub const LENDERS: [&str; 9] = [
    "LIQUILOANS",
    "UGRO",
    "DMI",
    "ARTHMATE",
    "SHIVALIK",
    "VIVRITI",
    "GB",
    "IKF",
    "LENDINGKART",
];

/// The nine products, in the order in which they were made.
pub(crate) fn products() -> Vec<Product> {
    (1..)
        .zip(LENDERS)
        .map(|(id, name)| {
            let tranches = name == "GB";
            Product {
                multi_disburse: tranches,
                max_tranches: if tranches { MAX_TRANCHES } else { 0 },
                outstanding_limit: tranches.then(|| Decimal::from(OUTSTANDING_LIMIT)),
                interest_type: i64::from(name == "IKF"),
                interest_calculation: i64::from(!tranches),
                charges: if name == "LENDINGKART" { vec![1] } else { Vec::new() },
                ..Product::plain(id, name)
            }
        })
        .collect()
}

impl Product {
    /// The product that the lenders' are made from.
    fn plain(id: u64, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            short_name: format!("P{id:03}"),
            principal: Decimal::from(10_000),
            least_principal: Some(Decimal::from(1000)),
            most_principal: Some(Decimal::from(10_000_000)),
            repayments: 12,
            least_repayments: Some(1),
            most_repayments: Some(360),
            every: 1,
            frequency: Frequency::Months,
            rate: Decimal::from(12),
            least_rate: Some(Decimal::ZERO),
            most_rate: Some(Decimal::from(60)),
            rate_frequency: PER_YEAR,
            strategy: STRATEGY.to_owned(),
            amortization: EQUAL_INSTALMENTS,
            interest_type: DECLINING_BALANCE,
            interest_calculation: SAME_AS_REPAYMENT_PERIOD,
            shape: Shape::default(),
            defines_instalment: false,
            arrears_tolerance: Decimal::ZERO,
            arrears_grace: 0,
            fund: None,
            multi_disburse: false,
            max_tranches: 0,
            outstanding_limit: None,
            charges: Vec::new(),
            kind: Kind::default(),
        }
    }

    /// The charges that its loans start with, among all there are.
    pub(crate) fn own_charges<'a>(&'a self, charges: &'a [Charge]) -> impl Iterator<Item = &'a Charge> {
        let own = &self.charges;
        charges.iter().filter(move |charge| own.contains(&charge.id))
    }

    /// The least and the most principal.
    pub(crate) fn principal_bounds(&self) -> Bounds {
        Bounds {
            least: self.least_principal.unwrap_or(Decimal::ZERO),
            most: self.most_principal.unwrap_or(Decimal::MAX),
            digits: Some(2),
        }
    }

    /// The least and the highest rate.
    pub(crate) fn rate_bounds(&self) -> Bounds {
        Bounds {
            least: self.least_rate.unwrap_or(Decimal::ZERO),
            most: self.most_rate.unwrap_or(Decimal::MAX),
            digits: None,
        }
    }

    /// The fewest and the most repayments.
    pub(crate) fn repayments_bounds(&self) -> (i64, i64) {
        (
            self.least_repayments.unwrap_or(1),
            self.most_repayments.unwrap_or(i64::MAX),
        )
    }
}
