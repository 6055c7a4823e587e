//! The repayment schedule as `GET` and the preview show it.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use super::{
    Loan,
    books::{Books, Installment},
    portions::{PARTS, Portions},
};
use crate::{dates, enums, numbers, release::Release};

/// What was never due leaves nothing, not even zero with a point.
fn left_of(due: Decimal, outstanding: Decimal) -> Value {
    if due.is_zero() {
        json!(0)
    } else {
        numbers::printed(outstanding)
    }
}

/// The schedule of a loan.
pub(super) fn schedule(loan: &Loan, books: &Books, release: Release, today: Date) -> Value {
    let sum = |of: fn(&Installment) -> Portions| -> Portions { books.installments.iter().map(of).sum() };
    let at_disbursement = loan.charges_at_disbursement();
    let charged = sum(|installment| installment.due);
    let paid = sum(|installment| installment.paid);
    let total = |of: fn(&Installment) -> Decimal| -> Decimal { books.installments.iter().map(of).sum() };
    let paid_out: Decimal = loan.payouts().iter().map(|(_, amount)| *amount).sum();
    let at_disbursement_paid = if loan.disbursed_on.is_some() {
        at_disbursement
    } else {
        Decimal::ZERO
    };
    let totals = [
        ("totalPrincipalDisbursed", paid_out),
        ("totalPrincipalExpected", charged.principal),
        ("totalPrincipalPaid", paid.principal),
        ("totalInterestCharged", charged.interest),
        ("totalFeeChargesCharged", charged.fees + at_disbursement),
        ("totalPenaltyChargesCharged", charged.penalties),
        ("totalWaived", sum(|installment| installment.waived).total()),
        ("totalWrittenOff", sum(|installment| installment.written_off).total()),
        ("totalRepaymentExpected", charged.total() + at_disbursement),
        ("totalRepayment", paid.total() + at_disbursement_paid),
        ("totalPaidInAdvance", total(|installment| installment.paid_early)),
        ("totalPaidLate", total(|installment| installment.paid_late)),
        (
            "totalOutstanding",
            books.outstanding().total() + at_disbursement - at_disbursement_paid,
        ),
        ("totalCredits", Decimal::ZERO),
    ];
    let mut view = Map::new();
    view.insert("currency".into(), enums::loan_currency());
    view.insert("loanTermInDays".into(), json!(term_in_days(books)));
    view.extend(totals.map(|(name, amount)| (name.to_owned(), numbers::printed(amount))));
    let mut rows: Vec<Value> = Vec::new();
    for (position, (on, amount)) in loan.stored_payouts().into_iter().enumerate() {
        let fees = if position == 0 { at_disbursement } else { Decimal::ZERO };
        let waits = loan.tranches.is_empty() && loan.disbursed_on.is_none();
        let on = if waits { loan.expected_disbursement } else { on };
        let paid = loan.disbursed_on.is_some()
            && loan
                .tranches
                .iter()
                .all(|tranche| tranche.paid_on.is_some() || tranche.expected_on != on);
        rows.push(payout(on, amount, fees, paid, release, today));
    }
    let numbered = (1..).zip(&books.installments);
    rows.extend(numbered.map(|(number, installment)| {
        let rest = rest_until(loan, installment.period.due);
        row(number, installment, rest, release, today)
    }));
    view.insert("periods".into(), Value::Array(rows));
    Value::Object(view)
}

/// What money leaves of the digits that were paid out until a day; the balance shows it.
fn rest_until(loan: &Loan, day: Date) -> Decimal {
    let payouts = loan.stored_payouts().into_iter().filter(|(on, _)| *on <= day);
    payouts.map(|(_, amount)| amount - numbers::money(amount)).sum()
}

fn term_in_days(books: &Books) -> i64 {
    books
        .installments
        .iter()
        .map(|installment| installment.period.days())
        .sum()
}

fn payout(on: Date, amount: Decimal, fees: Decimal, paid: bool, release: Release, today: Date) -> Value {
    let mut view = json!({
        "dueDate": dates::array(on),
        "principalDisbursed": numbers::printed(amount),
        "principalLoanBalanceOutstanding": numbers::printed(amount),
        "feeChargesDue": numbers::printed(fees),
        "totalOriginalDueForPeriod": numbers::printed(fees),
        "totalDueForPeriod": numbers::printed(fees),
        "totalActualCostOfLoanForPeriod": numbers::printed(fees),
        "downPaymentPeriod": false,
    });
    if paid {
        view["feeChargesPaid"] = numbers::printed(fees);
        view["totalPaidForPeriod"] = numbers::printed(fees);
    } else {
        view["feeChargesOutstanding"] = numbers::printed(fees);
        view["totalOutstandingForPeriod"] = numbers::printed(fees);
        if on < today {
            view["totalOverdue"] = numbers::printed(fees);
        }
    }
    if !release.is_develop() {
        view["totalCredits"] = json!(0);
    }
    view
}

fn row(number: i64, installment: &Installment, rest: Decimal, release: Release, today: Date) -> Value {
    let Installment { period, .. } = installment;
    let (due, paid) = (installment.due, installment.paid);
    let (waived, written_off) = (installment.waived, installment.written_off);
    let outstanding = installment.outstanding();
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
    put("period", json!(number));
    put("fromDate", dates::array(period.from));
    put("dueDate", dates::array(period.due));
    if let Some(met_on) = installment.met_on {
        put("obligationsMetOnDate", dates::array(met_on));
    }
    put("complete", json!(installment.met_on.is_some()));
    put("daysInPeriod", json!(period.days()));
    put(
        "principalOriginalDue",
        numbers::or_nothing(due.principal - installment.credited),
    );
    put(
        "principalLoanBalanceOutstanding",
        numbers::printed(period.balance + rest),
    );
    put("interestOriginalDue", numbers::or_nothing(due.interest));
    for (part, of) in PARTS {
        put(&format!("{part}Due"), numbers::or_nothing(of(due)));
        put(&format!("{part}Paid"), numbers::or_nothing(of(paid)));
        if part != "principal" {
            put(&format!("{part}Waived"), numbers::or_nothing(of(waived)));
        }
        put(&format!("{part}WrittenOff"), numbers::or_nothing(of(written_off)));
        put(&format!("{part}Outstanding"), left_of(of(due), of(outstanding)));
    }
    put("totalOriginalDueForPeriod", numbers::printed(due.total()));
    put("totalDueForPeriod", numbers::printed(due.total()));
    put("totalPaidForPeriod", numbers::or_nothing(paid.total()));
    put(
        "totalPaidInAdvanceForPeriod",
        numbers::or_nothing(installment.paid_early),
    );
    put("totalPaidLateForPeriod", numbers::or_nothing(installment.paid_late));
    put("totalWaivedForPeriod", numbers::or_nothing(waived.total()));
    put("totalWrittenOffForPeriod", numbers::or_nothing(written_off.total()));
    put("totalOutstandingForPeriod", numbers::printed(outstanding.total()));
    if period.due < today {
        put("totalOverdue", numbers::printed(outstanding.total()));
    }
    // develop counts what was waived and written off as cost, too.
    let forgiven = if release.is_develop() {
        Decimal::ZERO
    } else {
        waived.cost() + written_off.cost()
    };
    put(
        "totalActualCostOfLoanForPeriod",
        left_of(due.cost(), due.cost() - forgiven),
    );
    let instalment = due.principal + due.interest;
    put(
        "totalInstallmentAmountForPeriod",
        if release.is_develop() {
            numbers::or_nothing(instalment)
        } else {
            numbers::printed(instalment)
        },
    );
    put("totalCredits", numbers::or_nothing(installment.credited));
    put("downPaymentPeriod", json!(period.is_down_payment()));
    Value::Object(view)
}

/// The schedule of a loan that is not kept.
pub(super) fn preview(loan: &Loan, books: &Books, release: Release, today: Date) -> Value {
    let charged: Portions = books.installments.iter().map(|installment| installment.due).sum();
    let at_disbursement = loan.charges_at_disbursement();
    let paid_out: Decimal = loan.payouts().iter().map(|(_, amount)| *amount).sum();
    let mut rows: Vec<Value> = Vec::new();
    for (position, (on, amount)) in loan.payouts().into_iter().enumerate() {
        let fees = numbers::or_nothing(if position == 0 { at_disbursement } else { Decimal::ZERO });
        let mut row = json!({
            "dueDate": dates::array(on),
            "principalDisbursed": numbers::printed(amount),
            "principalLoanBalanceOutstanding": numbers::printed(amount),
            "downPaymentPeriod": false,
        });
        for name in [
            "feeChargesDue",
            "feeChargesOutstanding",
            "totalOriginalDueForPeriod",
            "totalDueForPeriod",
            "totalOutstandingForPeriod",
            "totalOverdue",
            "totalActualCostOfLoanForPeriod",
        ] {
            row[name] = fees.clone();
        }
        if !release.is_develop() {
            row["totalCredits"] = json!(0);
        }
        rows.push(row);
    }
    let numbered = (1..).zip(&books.installments);
    rows.extend(numbered.map(|(number, installment)| preview_row(number, installment, release, today)));
    json!({
        "currency": enums::loan_currency(),
        "loanTermInDays": term_in_days(books),
        "totalPrincipalDisbursed": numbers::printed(paid_out),
        "totalPrincipalExpected": numbers::printed(charged.principal),
        "totalPrincipalPaid": 0,
        "totalInterestCharged": numbers::printed(charged.interest),
        "totalFeeChargesCharged": numbers::printed(charged.fees + at_disbursement),
        "totalPenaltyChargesCharged": numbers::printed(charged.penalties),
        "totalRepaymentExpected": numbers::printed(charged.total() + at_disbursement),
        "totalOutstanding": 0,
        "totalCredits": 0,
        "periods": rows,
    })
}

fn preview_row(number: i64, installment: &Installment, release: Release, today: Date) -> Value {
    let Installment { period, due, .. } = installment;
    let printed = numbers::printed;
    let mut view = json!({
        "period": number,
        "fromDate": dates::array(period.from),
        "dueDate": dates::array(period.due),
        "daysInPeriod": period.days(),
        "principalOriginalDue": printed(due.principal),
        "principalDue": printed(due.principal),
        "principalOutstanding": printed(due.principal),
        "principalLoanBalanceOutstanding": printed(period.balance),
        "interestOriginalDue": printed(due.interest),
        "interestDue": printed(due.interest),
        "interestOutstanding": printed(due.interest),
        "feeChargesDue": printed(due.fees),
        "penaltyChargesDue": printed(due.penalties),
        "totalOriginalDueForPeriod": printed(due.total()),
        "totalDueForPeriod": printed(due.total()),
        "totalOutstandingForPeriod": printed(due.total()),
        "totalActualCostOfLoanForPeriod": printed(due.cost()),
        "totalInstallmentAmountForPeriod": printed(due.principal + due.interest),
        "downPaymentPeriod": period.is_down_payment(),
    });
    if period.due < today {
        view["totalOverdue"] = printed(due.total());
    }
    if release.is_develop() {
        view["feeChargesOutstanding"] = printed(due.fees);
        view["penaltyChargesOutstanding"] = printed(due.penalties);
    } else {
        view["totalPaidForPeriod"] = json!(0);
        view["totalCredits"] = json!(0);
    }
    view
}
