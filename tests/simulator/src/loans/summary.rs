//! The sums of a loan.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    Loan,
    books::{Arrears, Books, Installment},
    portions::{PARTS, Portions},
    transactions::{Transaction, TransactionKind},
};
use crate::{dates, enums, numbers};

/// The sums, as far as they follow from the schedule and the transactions.
#[derive(Default)]
pub(super) struct Sums {
    principal: Decimal,
    at_disbursement: Decimal,
    credited: Decimal,
    charged: Portions,
    paid: Portions,
    waived: Portions,
    written_off: Portions,
    outstanding: Portions,
    repayments: Decimal,
    repayments_taken_back: Decimal,
}

/// Down payments count as repayments.
fn is_repayment(booked: &&Transaction) -> bool {
    matches!(booked.kind, TransactionKind::Repayment | TransactionKind::DownPayment)
}

impl Sums {
    /// The sums of a loan that was paid out.
    pub(super) fn of(loan: &Loan, books: &Books) -> Self {
        let sum = |of: fn(&Installment) -> Portions| -> Portions { books.installments.iter().map(of).sum() };
        let principal = numbers::money(loan.terms.principal);
        let at_disbursement = Portions {
            fees: loan.charges_at_disbursement(),
            ..Portions::default()
        };
        let paid = sum(|installment| installment.paid) + at_disbursement;
        let written_off = sum(|installment| installment.written_off);
        let credited: Decimal = books.installments.iter().map(|installment| installment.credited).sum();
        let taken_back = loan.transactions.iter().filter(|booked| booked.by_hand);
        Self {
            principal,
            at_disbursement: at_disbursement.fees,
            credited,
            // A tranche that is not paid out yet stands in the schedule, but not here.
            charged: Portions {
                principal,
                ..sum(|installment| installment.due) + at_disbursement
            },
            outstanding: Portions {
                principal: principal + credited - paid.principal - written_off.principal,
                ..books.outstanding()
            },
            paid,
            waived: sum(|installment| installment.waived),
            written_off,
            repayments: loan.standing().filter(is_repayment).map(|booked| booked.amount).sum(),
            repayments_taken_back: taken_back.filter(is_repayment).map(|booked| booked.amount).sum(),
        }
    }

    pub(super) fn view(&self, arrears: Option<Arrears>) -> Value {
        let printed = numbers::printed;
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
        let overdue = arrears.map(|arrears| arrears.amounts).unwrap_or_default();
        // What is not late has no row of its own, and prints as nothing.
        let late = |amount: Decimal| if arrears.is_some() { printed(amount) } else { json!(0) };

        put("currency", enums::loan_currency());
        put("principalDisbursed", printed(self.principal));
        put("principalAdjustments", printed(self.credited));
        put("feeChargesDueAtDisbursementCharged", printed(self.at_disbursement));
        for (part, of) in PARTS {
            if part != "principal" {
                put(&format!("{part}Charged"), printed(of(self.charged)));
                put(&format!("{part}Waived"), printed(of(self.waived)));
            }
            put(&format!("{part}Paid"), printed(of(self.paid)));
            put(&format!("{part}WrittenOff"), printed(of(self.written_off)));
            put(&format!("{part}Outstanding"), printed(of(self.outstanding)));
            put(&format!("{part}Overdue"), late(of(overdue)));
        }
        put("totalExpectedRepayment", printed(self.charged.total()));
        put("totalRepayment", printed(self.paid.total()));
        put("totalExpectedCostOfLoan", printed(self.charged.cost()));
        put("totalCostOfLoan", printed(self.paid.cost()));
        put("totalWaived", printed(self.waived.total()));
        put("totalWrittenOff", printed(self.written_off.total()));
        put("totalOutstanding", printed(self.outstanding.total()));
        put("totalOverdue", late(overdue.total()));
        if let Some(arrears) = arrears {
            put("overdueSinceDate", dates::array(arrears.since));
        }
        put("totalRepaymentTransaction", numbers::or_nothing(self.repayments));
        put(
            "totalRepaymentTransactionReversed",
            numbers::or_nothing(self.repayments_taken_back),
        );
        Value::Object(view)
    }
}
