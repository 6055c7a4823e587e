//! `POST loans/…/charges`.

use serde_json::{Value, json};
use time::Date;

use super::{
    EXTERNAL_ID_LIMIT, Loan, LoanStatus,
    books::Books,
    charges::{LoanCharge, SentCharge},
    repay::fits,
};
use crate::{
    bank::{Applied, Bank, Now},
    errors::{Failure, Fault},
    fields::Fields,
    validation::Checks,
};

const SUPPORTED: &str = "chargeId amount dueDate externalId locale dateFormat";

impl Bank {
    pub(crate) fn add_charge(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        fields.only(SUPPORTED)?;
        let mut checks = Checks::of("loanCharge");
        let charge = fields.id("chargeId")?;
        checks.mandatory("chargeId", charge.is_some());
        let amount = fields.decimal("amount")?;
        checks.mandatory("amount", amount.is_some());
        checks.positive("amount", amount);
        let due_on = fields.date("dueDate")?;
        let external_id = fields.nonblank("externalId");
        checks.length("externalId", external_id.as_deref(), EXTERNAL_ID_LIMIT);
        checks.finish()?;
        let (Some(charge), Some(amount)) = (charge, amount) else {
            return Err(Failure::Crash("a mandatory parameter is missing".to_owned()));
        };
        let mut loan = self.loan(id)?.clone();
        self.require_active(self.client(loan.client)?)?;
        fits(None, amount)?;
        let sent = SentCharge::new(charge, amount, due_on);
        let mut charge = self.new_charge(&loan, &sent, now, false)?;
        charge.follow(loan.terms.principal);
        charge.add(external_id.clone());
        loan.check_addable(&charge, due_on)?;
        self.check_charge_external_id(external_id.as_deref())?;
        let resource = charge.id;
        loan.charges.push(charge);
        if loan.disbursed_on.is_some() {
            self.settle(&mut loan, now);
        } else {
            // A slip of Fineract: the schedule counts as late, though nothing was paid out.
            loan.stale_arrears = Books::of(&loan).arrears(now.today);
        }
        let applied = loan.applied();
        self.loans.insert(id, loan);
        Ok(Applied {
            resource,
            external_id,
            ..applied
        })
    }

    fn check_charge_external_id(&self, external_id: Option<&str>) -> Result<(), Failure> {
        let Some(external_id) = external_id else { return Ok(()) };
        let mut charges = self.loans.values().flat_map(|loan| &loan.charges);
        if charges.any(|charge| charge.external_id() == Some(external_id)) {
            let text = format!("Loan Charge: externalId `{external_id}` already exists");
            let fault = Fault::of("externalId", "error.msg.loan.charge.duplicate.externalId", text);
            return Err(Failure::Integrity(fault.with([json!(external_id)])));
        }
        Ok(())
    }
}

impl Loan {
    /// The charge with this external id.
    pub(crate) fn charge_by_external_id(&self, external_id: &str) -> Result<&LoanCharge, Failure> {
        let found = self
            .charges
            .iter()
            .find(|charge| charge.external_id() == Some(external_id));
        found.ok_or_else(|| {
            let text = format!("Loan Charge with external identifier {external_id} does not exist");
            let fault = Fault::general("error.msg.loanCharge.external.id.invalid", text);
            Failure::NotFound(fault.with([json!(external_id)]))
        })
    }

    /// The charge with this number.
    pub(crate) fn charge(&self, id: u64) -> Result<&LoanCharge, Failure> {
        let found = self.charges.iter().find(|charge| charge.id == id);
        found.ok_or_else(|| {
            let text = format!("Loan charge with identifier {id} does not exist");
            Failure::NotFound(Fault::general("error.msg.loanCharge.id.invalid", text).with([json!(id)]))
        })
    }

    /// A charge is not due before the money that moved last, and nothing is charged at a disbursement that is over.
    fn check_addable(&self, charge: &LoanCharge, due_on: Option<Date>) -> Result<(), Failure> {
        let disbursed = self.disbursed_on.is_some();
        if disbursed && self.status != LoanStatus::Active {
            let text = "Charge cannot be added. Loan account is not active.";
            let code = "error.msg.loan.charge.cannot.be.added.loan.is.not.active";
            return Err(Failure::Domain(Fault::general(code, text)));
        }
        let pending = self.tranches.iter().any(|tranche| tranche.paid_on.is_none());
        if disbursed && charge.is_at_disbursement() && !pending {
            let code = "error.msg.charge.cannot.be.updated.no.pending.disbursements.in.loan";
            let text = "This charge cannot be added, No disbursement is pending";
            return Err(Failure::Domain(Fault::general(code, text)));
        }
        let last = self.last_money_on();
        if due_on.zip(last).is_some_and(|(due_on, last)| due_on < last) {
            let code = "error.msg.loanCharge.cannot.be.added.as.date.is.before.last.transaction.date";
            let text = "charge with date before last transaction date can not be added to loan.";
            let fault = Fault::general(code, text);
            return Err(Failure::Domain(fault.with([Value::Null, json!(charge.charge.name)])));
        }
        Ok(())
    }
}

impl Bank {
    /// The charge of a loan under an external id; another loan's is missed by its number.
    pub(crate) fn charge_to_read<'a>(&self, loan: &'a Loan, external_id: &str) -> Result<&'a LoanCharge, Failure> {
        let others = self.loans.values().filter(|other| other.id != loan.id);
        let mut others = others.filter_map(|other| other.charge_by_external_id(external_id).ok());
        let Some(other) = others.next() else {
            return loan.charge_by_external_id(external_id);
        };
        let text = format!(
            "Loan charge with identifier {} does not exist for loan {}",
            other.id, loan.id
        );
        let fault = Fault::general("error.msg.loanCharge.id.invalid.for.given.loan", text);
        Err(Failure::NotFound(fault.with([other.id, loan.id].map(|id| json!(id)))))
    }
}
