//! What a loan says of its disbursement: whether it is a top-up loan, which pays another loan of its client off, and
//! whether its tranches are planned.
//!
//! For a top-up loan Fineract books two transactions with the one external id that it is sent, and so refuses any (both
//! releases). Without an external id the loan's state keeps the money from going out twice; what Fineract shows is proved by
//! the loan's number before the first request, by day, amount and receipt number, and by who paid it out.

use rust_decimal::Decimal;
use serde_json::Value;

use super::APPROVED;
use super::declared::Declared;
use crate::bank::{Bank, found, number_of};
use crate::command::Stop;
use crate::failure::Failure;
use crate::loan_terms::in_open_tranches;
use crate::operation::Case;
use crate::proof::{Evidence, Mark, Proof, Standing, is_a, is_reversed};
use crate::values::{Currency, decimal_of};

/// Refuses a disbursement that says no amount where tranches are not planned. Release 1.10.1 answers 200, pays nothing out, and
/// the loan owes all of it; newer ones fail (HTTP 500).
pub(super) fn amount_needed(loan: &Value) -> Result<(), Stop> {
    if !in_open_tranches(loan) {
        return Ok(());
    }
    let message = "The tranches of this loan are not planned: say transactionAmount.";
    Err(Stop::Refused(Failure::gateway(400, "gateway.amount-needed", message)))
}

/// Whether a loan is a top-up loan.
pub(super) fn is_top_up(loan: &Value) -> bool {
    loan.get("isTopup").and_then(Value::as_bool) == Some(true)
}

/// The number of a loan that is approved and not paid out.
pub(super) fn awaiting(loan: &Value) -> Option<u64> {
    let approved = loan.pointer("/status/id").and_then(Value::as_u64) == Some(APPROVED);
    number_of(loan).filter(|_| approved)
}

/// The payout that a loan shows: its standing disbursements, of which one pays the other loan off.
struct Payout<'a>(Vec<&'a Value>);

impl<'a> Payout<'a> {
    fn of(loan: &'a Value) -> Self {
        let all = loan.get("transactions").and_then(Value::as_array);
        let standing = |transaction: &&Value| is_a(transaction, "disbursement") && !is_reversed(transaction);
        Self(all.into_iter().flatten().filter(standing).collect())
    }

    /// One transaction of the sum of all of them, with what the others have in common.
    fn whole(&self) -> Option<Value> {
        let mut whole = (*self.0.first()?).clone();
        let amounts = self
            .0
            .iter()
            .map(|transaction| transaction.get("amount").and_then(decimal_of));
        let sum: Decimal = amounts.sum::<Option<Decimal>>()?;
        whole["amount"] = Value::Number(sum.normalize().to_string().parse().ok()?);
        Some(whole)
    }

    /// The transaction that the answer to the command names: the one with the payment's details, else the last.
    fn paid(&self, receipt: Option<&str>) -> Option<&'a Value> {
        // Fineract keeps what is told about a payment as it was sent.
        let has = |transaction: &&&Value| {
            let shown = transaction.pointer("/paymentDetailData/receiptNumber");
            shown.and_then(Value::as_str) == receipt
        };
        match receipt {
            Some(_) => self.0.iter().find(has).copied(),
            None => self.0.iter().max_by_key(|transaction| number_of(transaction)).copied(),
        }
    }
}

impl Declared {
    /// The payout of a top-up loan under the UTR that is asked for.
    pub(super) async fn topped_up_already(&self, bank: &Bank<'_>) -> Result<Option<Standing>, Stop> {
        let Some(utr) = self.utr() else { return Ok(None) };
        let loan = found(bank.loan_with_transactions(&self.loan).await)?;
        let Some(loan) = loan.filter(is_top_up) else {
            return Ok(None);
        };
        let payout = Payout::of(&loan);
        let number = payout.paid(Some(utr)).and_then(number_of);
        let standing = |(whole, number)| self.compared(&whole, Mark::Number(number));
        Ok(payout.whole().zip(number).map(standing))
    }

    /// Reads whether a top-up loan was paid out as asked. Without the number that it had while it awaited its disbursement,
    /// nothing that is there is this operation's.
    pub(super) async fn topped_up(&self, bank: &Bank<'_>, case: &Case) -> Result<Proof, Stop> {
        if case.target.is_none() {
            return Ok(Proof::NotApplied);
        }
        let loan = found(bank.loan_with_transactions(&self.loan).await)?;
        let Some(loan) = loan.filter(|loan| is_top_up(loan) && number_of(loan) == case.target) else {
            return Ok(Proof::NotApplied);
        };
        let payout = Payout::of(&loan);
        let (Some(whole), Some(paid)) = (payout.whole(), payout.paid(self.utr())) else {
            return Ok(Proof::NotApplied);
        };
        let evidence = Evidence::in_currency(&whole, Currency::of(&loan))
            .number("/amount", self.amount())
            .date("/date", self.date());
        let us = bank.username().await?;
        let by = loan.pointer("/timeline/disbursedByUsername").and_then(Value::as_str);
        Ok(match (evidence.holds(), by) {
            (false, _) => Proof::NotApplied,
            // Whatever command paid it out: it is done once, for Fineract takes no top-up back.
            (true, Some(by)) if by != us => Proof::ByAnother,
            (true, Some(_) | None) => Proof::Applied(self.ids_on(&loan, paid)),
        })
    }
}
