//! A charge of a loan as reads show it.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    Loan, LoanStatus,
    books::Books,
    charge_state::ChargeState,
    charges::{LoanCharge, PERCENT_OF_AMOUNT, SPECIFIED_DUE_DATE},
    portions::Portions,
    transactions::TransactionKind,
};
use crate::{dates, enums, numbers, release::Release};

/// A charge by itself.
pub(crate) fn charge_view(loan: &Loan, charge: &LoanCharge, release: Release) -> Value {
    let mut view = charge.view(loan, release);
    let state = ChargeState::of(loan, charge, release);
    // What is paid or waived is not listed.
    let open = state.instalments.iter().filter(|part| !part.open.is_zero());
    let parts = open.map(|part| {
        json!({
            "installmentNumber": part.number,
            "dueDate": dates::array(part.period.due),
            "amount": numbers::printed(part.amount),
            "amountOutstanding": numbers::printed(part.open),
            "paid": false,
            "waived": false,
        })
    });
    view.insert("installmentChargeData".into(), parts.collect());
    Value::Object(view)
}

/// The charges of a loan.
pub(crate) fn charge_list(loan: &Loan, release: Release) -> Value {
    let mut charges: Vec<_> = loan.charges.iter().collect();
    charges.sort_by_key(|charge| charge.order());
    charges
        .into_iter()
        .map(|charge| Value::Object(charge.view(loan, release)))
        .collect()
}

impl LoanCharge {
    /// The charge as `associations=charges` shows it.
    fn view(&self, loan: &Loan, release: Release) -> Map<String, Value> {
        let percentage = self.charge.calculation == PERCENT_OF_AMOUNT;
        let zero_unless = |value: Decimal| if percentage { numbers::printed(value) } else { json!(0) };
        let state = ChargeState::of(loan, self, release);
        let (paid, open) = (state.paid, state.open());
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                view.insert(name.to_owned(), value);
            }
        };
        put("id", json!(self.id));
        put("chargeId", json!(self.charge.id));
        put("name", json!(self.charge.name));
        put("chargeTimeType", enums::charge_time(self.charge.time));
        put("submittedOnDate", dates::array(self.submitted_on));
        put("dueDate", self.due_on.map_or(Value::Null, dates::array));
        put(
            "chargeCalculationType",
            enums::charge_calculation(self.charge.calculation),
        );
        put("percentage", zero_unless(self.asked));
        put("amountPercentageAppliedTo", zero_unless(loan.terms.principal));
        put("currency", enums::currency());
        put("amount", numbers::printed(state.amount));
        put(
            "amountPaid",
            if self.reset || (self.added && !loan.kind.progressive && !self.is_at_disbursement()) {
                numbers::printed(paid)
            } else {
                numbers::or_nothing(paid)
            },
        );
        let sum = if self.reset {
            numbers::printed
        } else {
            numbers::or_nothing
        };
        put("amountWaived", sum(state.waived));
        put("amountWrittenOff", sum(Decimal::ZERO));
        put("amountOutstanding", numbers::printed(numbers::money(open)));
        put("amountOrPercentage", numbers::printed(self.asked));
        put("penalty", json!(self.charge.penalty));
        put("chargePaymentMode", enums::charge_payment_mode());
        put("paid", json!(open.is_zero() && !self.waived));
        put("waived", json!(self.waived));
        put("chargePayable", json!(false));
        put("loanId", json!(loan.id));
        put("externalId", json!(self.external_id));
        put("externalLoanId", json!(loan.external_id));
        view
    }
}

impl Loan {
    /// What was paid of a charge with a due date: the charges of a loan are paid one after the other.
    pub(super) fn paid_of(&self, charge: &LoanCharge, release: Release) -> Decimal {
        let like = |other: &&LoanCharge| {
            other.charge.time == SPECIFIED_DUE_DATE && other.charge.penalty == charge.charge.penalty
        };
        if !like(&charge) || self.disbursed_on.is_none() {
            return Decimal::ZERO;
        }
        let paid: Portions = Books::of(self)
            .installments
            .iter()
            .map(|installment| installment.paid)
            .sum();
        let mut paid = if charge.charge.penalty {
            paid.penalties
        } else {
            paid.fees
        };
        if release.is_develop() && self.status == LoanStatus::WrittenOff {
            // develop lets what is recovered pay the charges, though not the loan.
            let recovered = self
                .standing()
                .filter(|booked| booked.kind == TransactionKind::RecoveryRepayment);
            paid += recovered.map(|booked| booked.amount).sum::<Decimal>();
        }
        let before = self
            .charges
            .iter()
            .filter(like)
            .filter(|other| other.order() < charge.order());
        let before: Decimal = before.map(|other| other.amount).sum();
        (paid - before).clamp(Decimal::ZERO, charge.amount)
    }
}
