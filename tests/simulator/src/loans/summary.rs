//! The sums of a loan that was paid out.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use super::{
    Loan,
    books::Books,
    portions::{PARTS, Portions},
    transactions::{Transaction, TransactionKind},
};
use crate::{dates, enums, numbers};

/// Down payments count as repayments.
fn is_repayment(kind: TransactionKind) -> bool {
    matches!(kind, TransactionKind::Repayment | TransactionKind::DownPayment)
}

/// The sums, as far as they follow from the schedule and the transactions.
pub(super) fn summary(loan: &Loan, books: &Books, today: Date) -> Value {
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
    let at_disbursement = Portions {
        fees: loan.charges_at_disbursement(),
        ..Portions::default()
    };
    let sum = |of: fn(&super::books::Installment) -> Portions| -> Portions { books.installments.iter().map(of).sum() };
    let charged = sum(|installment| installment.due) + at_disbursement;
    let paid = sum(|installment| installment.paid) + at_disbursement;
    let waived = sum(|installment| installment.waived);
    let written_off = sum(|installment| installment.written_off);
    // What is not paid out yet counts as owed by the tranches, but not here.
    let credited: Decimal = books.installments.iter().map(|installment| installment.credited).sum();
    let outstanding = Portions {
        principal: loan.terms.principal + credited - paid.principal - written_off.principal,
        ..books.outstanding()
    };
    let charged = Portions {
        principal: loan.terms.principal,
        ..charged
    };
    let overdue: Portions = books.overdue(today).map(|installment| installment.outstanding()).sum();
    let since = books.overdue(today).map(|installment| installment.period.due).next();
    // What is not late has no row of its own, and prints as nothing.
    let late = |amount: Decimal| {
        if since.is_some() {
            numbers::printed(amount)
        } else {
            json!(0)
        }
    };

    put("currency", enums::loan_currency());
    put("principalDisbursed", numbers::printed(loan.terms.principal));
    put(
        "feeChargesDueAtDisbursementCharged",
        numbers::printed(at_disbursement.fees),
    );
    for (part, of) in PARTS {
        if part != "principal" {
            put(&format!("{part}Charged"), numbers::printed(of(charged)));
            put(&format!("{part}Waived"), numbers::printed(of(waived)));
        }
        put(&format!("{part}Paid"), numbers::printed(of(paid)));
        put(&format!("{part}WrittenOff"), numbers::printed(of(written_off)));
        put(&format!("{part}Outstanding"), numbers::printed(of(outstanding)));
        put(&format!("{part}Overdue"), late(of(overdue)));
    }
    put("totalExpectedRepayment", numbers::printed(charged.total()));
    put("totalRepayment", numbers::printed(paid.total()));
    put("totalExpectedCostOfLoan", numbers::printed(charged.cost()));
    put("totalCostOfLoan", numbers::printed(paid.cost()));
    put("totalWaived", numbers::printed(waived.total()));
    put("totalWrittenOff", numbers::printed(written_off.total()));
    put("totalOutstanding", numbers::printed(outstanding.total()));
    put("totalOverdue", late(overdue.total()));
    if let Some(since) = since {
        put("overdueSinceDate", dates::array(since));
    }
    let repayments = |counts: fn(&Transaction) -> bool| -> Value {
        let repayments = loan.transactions.iter();
        let repayments = repayments.filter(|booked| is_repayment(booked.kind) && counts(booked));
        numbers::or_nothing(repayments.map(|booked| booked.amount).sum())
    };
    put(
        "totalRepaymentTransaction",
        repayments(|booked| booked.reversed_on.is_none()),
    );
    put("totalRepaymentTransactionReversed", repayments(|booked| booked.by_hand));
    Value::Object(view)
}
