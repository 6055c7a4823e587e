//! What the forms of commands on a loan start from.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::Date;

use super::{
    Loan,
    transactions::{TransactionKind, kind_view},
};
use crate::{dates, enums, numbers, offices, release::Release};

/// `loans/…/template?templateType=approval`.
pub(crate) fn approval_template(loan: &Loan, release: Release, today: Date) -> Value {
    let mut view = json!({
        "approvalDate": dates::array(today),
        "approvalAmount": numbers::printed(loan.proposed),
        "netDisbursalAmount": numbers::printed(loan.net_disbursal),
    });
    if release.is_develop() {
        view["expectedDisbursementDate"] = dates::array(loan.expected_disbursement);
        view["currency"] = enums::loan_currency();
    }
    view
}

/// `loans/…/transactions/template?command=disburse`.
pub(crate) fn disbursal_template(loan: &Loan, release: Release) -> Value {
    let (date, amount) = loan.next_disbursal();
    let mut view = json!({
        "type": kind_view(TransactionKind::Disbursement),
        "date": dates::array(date),
        "amount": numbers::printed(amount),
        "netDisbursalAmount": numbers::printed(loan.net_disbursal),
        "manuallyReversed": false,
        "paymentTypeOptions": offices::payment_types(release),
        "numberOfRepayments": loan.terms.repayments,
    });
    if release.is_develop() {
        view["currency"] = enums::loan_currency();
    }
    view
}

impl Loan {
    /// What is paid out next, and when: the tranches of the earliest day that are not paid, or else the whole loan.
    fn next_disbursal(&self) -> (Date, Decimal) {
        let open = || self.tranches.iter().filter(|tranche| tranche.paid_on.is_none());
        match open().map(|tranche| tranche.expected_on).min() {
            Some(day) => {
                let next = open().filter(|tranche| tranche.expected_on == day);
                (day, next.map(|tranche| tranche.principal).sum())
            }
            None => (self.expected_disbursement, self.terms.principal),
        }
    }
}
