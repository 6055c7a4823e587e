//! What may become of a charge of a loan: waived, adjusted, changed, taken away. It is never paid by itself, since every
//! charge is paid with the loan.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    Loan, LoanStatus,
    charge_state::ChargeState,
    charges::LoanCharge,
    repay::fits,
    transactions::{Transaction, TransactionKind},
};
use crate::{
    bank::{Applied, Bank, Now, Numbered},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
    numbers,
    validation::Checks,
};

/// What is to become of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChargeChange {
    Waive,
    /// Pays a part of it back.
    Adjust,
    Pay,
    Update,
    Delete,
}

impl ChargeChange {
    /// The action of its command.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Waive => "WAIVE",
            Self::Adjust => "ADJUSTMENT",
            Self::Pay => "PAY",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

impl Bank {
    pub(crate) fn change_charge(
        &mut self,
        loan: u64,
        charge: u64,
        change: ChargeChange,
        fields: Fields<'_>,
        now: Now,
    ) -> Result<Applied, Failure> {
        let loan = self.loan(loan)?.clone();
        let charge = loan.charge(charge)?.clone();
        self.require_active(self.client(loan.client)?)?;
        match change {
            ChargeChange::Waive => self.waive_charge(loan, &charge, fields, now),
            ChargeChange::Adjust => self.adjust_charge(loan, &charge, fields, now),
            ChargeChange::Pay => {
                let how = if self.release.is_develop() {
                    "cannot be paid"
                } else {
                    "can be payed"
                };
                let text = format!("This loan charge {how} as the charge payment mode is not account transfer");
                let fault = Fault::general("error.msg.loan.charge.payment.mode.not.account.transfer", text);
                Err(Failure::Domain(fault.with([json!(charge.id)])))
            }
            ChargeChange::Update => {
                loan.check_changeable(&charge, "updated")?;
                self.update_charge(loan, &charge, fields)
            }
            ChargeChange::Delete => {
                loan.check_changeable(&charge, "deleted")?;
                Ok(self.delete_charge(loan, &charge))
            }
        }
    }

    fn waive_charge(
        &mut self,
        mut loan: Loan,
        charge: &LoanCharge,
        fields: Fields<'_>,
        now: Now,
    ) -> Result<Applied, Failure> {
        let external_id = fields.nonblank("externalId");
        let mut checks = Checks::of("loan.transaction");
        self.check_unique(external_id.as_deref(), &mut checks);
        checks.finish()?;
        let refuse = |why: &str, text: &str| {
            let fault = Fault::general(format!("error.msg.loan.charge.{why}"), text);
            Err(Failure::Domain(fault.with([json!(charge.id)])))
        };
        if loan.status != LoanStatus::Active {
            let text = "This loan charge can be waived as the loan associated with it is currently inactive";
            return refuse("associated.loan.inactive", text);
        }
        let state = ChargeState::of(&loan, charge, self.release);
        let part = if charge.is_of_instalments() {
            state.part_to_waive(fields.integer("installmentNumber")?, fields.date("dueDate")?)
        } else {
            None
        };
        let left = part.map_or(state.open(), |part| part.open);
        let waived = part.map_or(charge.waived, |part| !part.waived.is_zero());
        if waived {
            return refuse("already.waived", "This loan charge has already been waived");
        }
        if left.is_zero() {
            return refuse("already.paid", "This loan charge has been completely paid");
        }
        let due_on = part.map_or(charge.due_on, |part| Some(part.period.due));
        let on = due_on.map_or(loan.start(), |due_on| due_on.min(now.today));
        let (amount, instalment) = (left, part.map(|part| part.number));
        for own in loan.charges.iter_mut().filter(|own| own.id == charge.id) {
            own.waived = instalment.is_none();
        }
        let mut changes = Map::new();
        changes.insert("amount".into(), numbers::printed(amount));
        if let Some(external_id) = &external_id {
            changes.insert("externalId".into(), json!(external_id));
        }
        let transaction = Transaction {
            external_id,
            charge: Some(charge.id),
            instalment,
            ..Transaction::new(
                self.next(Numbered::Transaction),
                TransactionKind::WaiveCharges,
                numbers::money(amount),
                on,
                now,
            )
        };
        let applied = self.book(loan, transaction, changes, now);
        Ok(Applied {
            sub_resource: Some(applied.resource),
            sub_external_id: applied.external_id.clone(),
            ..of_charge(applied, charge)
        })
    }

    fn adjust_charge(
        &mut self,
        loan: Loan,
        charge: &LoanCharge,
        fields: Fields<'_>,
        now: Now,
    ) -> Result<Applied, Failure> {
        fields.only("amount externalId note locale dateFormat paymentTypeId")?;
        let mut checks = Checks::of("loan.charge");
        let amount = fields.decimal("amount")?;
        checks.mandatory("amount", amount.is_some());
        checks.positive("amount", amount);
        let external_id = fields.nonblank("externalId");
        self.check_unique(external_id.as_deref(), &mut checks);
        checks.finish()?;
        let amount: Decimal = amount.ok_or_else(|| Failure::Crash("no amount".to_owned()))?;
        fits(external_id.as_deref(), amount)?;
        let mut changes = Map::new();
        changes.insert("amount".into(), numbers::as_sent(amount));
        changes.insert("transactionDate".into(), dates::array(now.today));
        changes.insert("locale".into(), json!(fields.text("locale")));
        if let Some(external_id) = &external_id {
            changes.insert("externalId".into(), json!(external_id));
        }
        let transaction = Transaction {
            external_id,
            charge: Some(charge.id),
            ..Transaction::new(
                self.next(Numbered::Transaction),
                TransactionKind::ChargeAdjustment,
                numbers::money(amount),
                now.today,
                now,
            )
        };
        let applied = self.book(loan, transaction, changes, now);
        let (sub_resource, sub_external_id) = (Some(applied.resource), applied.external_id.clone());
        // A slip of Fineract: the answer names neither office nor client.
        Ok(Applied {
            without_office: true,
            client: None,
            sub_resource,
            sub_external_id,
            ..of_charge(applied, charge)
        })
    }

    fn update_charge(&mut self, mut loan: Loan, charge: &LoanCharge, fields: Fields<'_>) -> Result<Applied, Failure> {
        fields.only("amount dueDate locale dateFormat")?;
        let (amount, due_on) = (fields.decimal("amount")?, fields.date("dueDate")?);
        // An empty date takes the date away.
        let dateless = fields.text("dueDate").is_some_and(|text| text.is_empty());
        fits(None, amount.unwrap_or_default())?;
        let principal = loan.terms.principal;
        for own in loan.charges.iter_mut().filter(|own| own.id == charge.id) {
            own.change_to(amount, due_on, principal);
            if dateless {
                own.due_on = None;
            }
        }
        // A slip of Fineract: what the client gets in hand is told as before.
        let mut changes = Map::new();
        if let Some(amount) = amount {
            changes.insert("amount".into(), numbers::as_sent(amount));
        }
        if due_on.is_some() || dateless {
            changes.insert("dueDate".into(), json!(fields.text("dueDate")));
            changes.insert("dateFormat".into(), json!(fields.text("dateFormat")));
        }
        changes.insert("locale".into(), json!(fields.text("locale")));
        Ok(of_charge(self.keep(loan, changes), charge))
    }

    fn delete_charge(&mut self, mut loan: Loan, charge: &LoanCharge) -> Applied {
        loan.charges.retain(|own| own.id != charge.id);
        loan.net_disbursal = loan.terms.principal - loan.charges_at_disbursement();
        Applied {
            changes: None,
            ..of_charge(self.keep(loan, Map::<String, Value>::new()), charge)
        }
    }
}

/// The answer names the charge.
fn of_charge(applied: Applied, charge: &LoanCharge) -> Applied {
    Applied {
        resource: charge.id,
        external_id: charge.external_id().map(str::to_owned),
        ..applied
    }
}

impl Loan {
    /// Only an application's charges can be changed.
    fn check_changeable(&self, charge: &LoanCharge, how: &str) -> Result<(), Failure> {
        if self.status == LoanStatus::Submitted {
            return Ok(());
        }
        let code = "error.msg.loan.charge.associated.loan.not.in.submitted.and.pending.approval.stage";
        let text = format!(
            "This charge cannot be {how} as the loan it is associated with is not in submitted and pending approval stage"
        );
        Err(Failure::Domain(Fault::general(code, text).with([json!(charge.id)])))
    }
}
