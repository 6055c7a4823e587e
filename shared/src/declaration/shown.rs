//! What Fineract shows of a declared operation.

use serde_json::Value;

use super::declared::{Declared, TAKEN};
use super::{Place, Shows};
use crate::bank::{Bank, found};
use crate::checker::done_by_another;
use crate::command::Stop;
use crate::failure::Failure;
use crate::loan_terms::date_of;
use crate::operation::Case;
use crate::proof::{Evidence, Mark, Proof, Standing, is_a, is_reversed, loan_ids};
use crate::values::{Charged, Currency};

impl Declared {
    /// Reads from Fineract whether it was applied.
    pub(super) async fn shown(&self, bank: &Bank<'_>, case: &Case) -> Result<Proof, Stop> {
        match (self.row.shows, case.target) {
            (Shows::Booked(kind), _) => self.booked(bank, case, kind).await,
            (Shows::Charged, _) => self.charged(bank, case).await,
            (Shows::Is { was: Some(_), .. } | Shows::Reversed(_) | Shows::Undone, None) | (Shows::Names(_), _) => {
                Ok(Proof::NotApplied)
            }
            (Shows::Is { is, on, .. }, _) => self.is(bank, case, is, on).await,
            (Shows::Reversed(_), Some(number)) => {
                let transaction = found(bank.transaction_by_number(&self.loan, number).await)?;
                let Some(transaction) = transaction.filter(is_reversed) else {
                    return Ok(Proof::NotApplied);
                };
                let ids = self.ids(bank, &transaction).await?;
                self.by_us(bank, case, ids).await
            }
            (Shows::Undone, Some(_)) => {
                let transaction = found(bank.transaction(&self.loan, self.named()).await)?;
                let undone = |thing: &Value| thing.get("manuallyReversed").and_then(Value::as_bool) == Some(true);
                let Some(transaction) = transaction.filter(undone) else {
                    return Ok(Proof::NotApplied);
                };
                let ids = self.ids(bank, &transaction).await?;
                self.by_us(bank, case, ids).await
            }
        }
    }

    async fn booked(&self, bank: &Bank<'_>, case: &Case, kind: &str) -> Result<Proof, Stop> {
        let Some(transaction) = found(bank.transaction(&self.loan, &self.own_id(case)).await)? else {
            return match self.row.pays_out {
                true => self.topped_up(bank, case).await,
                false => Ok(Proof::NotApplied),
            };
        };
        let loan = bank.loan(&self.loan).await?;
        let ids = self.ids_on(&loan, &transaction);
        let evidence = Evidence::in_currency(&transaction, Currency::of(&loan))
            .number("/amount", self.amount())
            .date("/date", self.date())
            .and(is_a(&transaction, kind));
        let applied = evidence.holds();
        if self.derives_id() && is_reversed(&transaction) {
            return Ok(Proof::Undone(applied.then_some(ids)));
        }
        match applied {
            false => Ok(Proof::NotApplied),
            // An id that its caller chose may be in use elsewhere, too.
            true if self.named_id().is_some() => self.by_us(bank, case, ids).await,
            true => Ok(Proof::Applied(ids)),
        }
    }

    /// What stands under its reference, where this refusal may come of that: the reference is taken, or the loan was paid out
    /// under it and is in another state now.
    pub(super) async fn standing(
        &self,
        bank: &Bank<'_>,
        case: &Case,
        failure: &Failure,
    ) -> Result<Option<Standing>, Stop> {
        let refers = matches!(self.row.shows, Shows::Booked(_)) && (self.named_id().is_some() || self.utr().is_some());
        let taken = failure.code().is_some_and(|code| TAKEN.contains(&code));
        if !refers || !(taken || self.row.pays_out) {
            return Ok(None);
        }
        let external_id = self.own_id(case);
        match found(bank.transaction(&self.loan, &external_id).await)? {
            Some(transaction) if is_reversed(&transaction) => Ok(None),
            Some(transaction) => Ok(Some(self.compared(&transaction, Mark::ExternalId(external_id)))),
            None if self.row.pays_out => self.topped_up_already(bank).await,
            None => Ok(None),
        }
    }

    /// What stands, and how it differs from what is asked for.
    pub(super) fn compared(&self, transaction: &Value, mark: Mark) -> Standing {
        let asked = Evidence::of(transaction).number("/amount", self.amount());
        let amount = transaction.get("amount").filter(|_| !asked.holds()).cloned();
        let asked = Evidence::of(transaction).date("/date", self.date());
        let date = date_of(transaction, "/date").filter(|_| !asked.holds());
        Standing {
            mark,
            amount,
            date: date.map(Value::from),
        }
    }

    async fn charged(&self, bank: &Bank<'_>, case: &Case) -> Result<Proof, Stop> {
        let Some(charge) = found(bank.charge(&self.loan, &self.own_id(case)).await)? else {
            return Ok(Proof::NotApplied);
        };
        let evidence = Evidence::of(&charge)
            .text("/name", self.first(|(_, given)| given.label()))
            .number("/amountOrPercentage", self.amount().map(Charged))
            .date("/dueDate", self.date());
        if !evidence.holds() {
            return Ok(Proof::NotApplied);
        }
        let ids = self.ids(bank, &charge).await?;
        self.by_us(bank, case, ids).await
    }

    async fn is(
        &self,
        bank: &Bank<'_>,
        case: &Case,
        status: Option<u64>,
        on: Option<(&str, &str)>,
    ) -> Result<Proof, Stop> {
        let Some(loan) = found(bank.loan(&self.loan).await)? else {
            return Ok(Proof::NotApplied);
        };
        let evidence = Evidence::of(&loan).code("/status/id", status);
        let Some((day, by)) = on else {
            return match evidence.holds() {
                false => Ok(Proof::NotApplied),
                true => self.by_us(bank, case, loan_ids(&loan)).await,
            };
        };
        let evidence = evidence.date(&format!("/timeline/{day}"), self.date());
        let us = bank.username().await?;
        let by = format!("/timeline/{by}");
        Ok(evidence.prove(Some((&by, &us)), loan_ids(&loan)))
    }

    /// What is there is ours, unless Fineract's audits have another user's command that did it.
    async fn by_us(&self, bank: &Bank<'_>, case: &Case, ids: Value) -> Result<Proof, Stop> {
        let Some(number) = ids.get("resourceId").and_then(Value::as_u64) else {
            return Ok(Proof::NotApplied);
        };
        // A loan may have been treated so before; a transaction or a charge only once.
        let since = matches!(self.row.place, Place::Loan(_)).then_some(case.since);
        if done_by_another(bank, self.row.words(), number, since).await? {
            return Ok(Proof::ByAnother);
        }
        Ok(Proof::Applied(ids))
    }

    /// The ids that the answer to its command names; `thing` is what was changed, if not the loan itself.
    async fn ids(&self, bank: &Bank<'_>, thing: &Value) -> Result<Value, Stop> {
        Ok(self.ids_on(&bank.loan(&self.loan).await?, thing))
    }

    /// The same, on a loan that was read.
    pub(super) fn ids_on(&self, loan: &Value, thing: &Value) -> Value {
        let mut ids = loan_ids(loan);
        let own = |member: &str| thing.get(member).filter(|id| !id.is_null()).cloned();
        let names = match (self.row.place, self.row.makes()) {
            (Place::Loan(_), true) => ["subResourceId", "subResourceExternalId"],
            (Place::Loan(_), false) => return ids,
            _ => ["resourceId", "resourceExternalId"],
        };
        for (name, member) in names.into_iter().zip(["id", "externalId"]) {
            ids[name] = own(member).unwrap_or_default();
        }
        if let Some(members) = ids.as_object_mut() {
            members.retain(|_, id| !id.is_null());
        }
        ids
    }
}
