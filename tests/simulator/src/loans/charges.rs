//! Charges of a loan.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use super::{Loan, portions::Portions, schedule::Period};
use crate::{
    bank::{Bank, Now, Numbered},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
    numbers,
    products::{Charge, OVERDUE, charge_not_found},
    release::Release,
    validation::Checks,
};

/// What 1.10.1 takes of a charge that comes with a loan; develop takes more, and keeps an external id.
const OF_A_LOAN: &str = "id chargeId amount dueDate chargeTimeType chargeCalculationType locale dateFormat";
const AT_DISBURSEMENT: i64 = 1;
pub(super) const SPECIFIED_DUE_DATE: i64 = 2;
const INSTALMENT: i64 = 8;
pub(super) const PERCENT_OF_AMOUNT: i64 = 2;
const PERCENT_OF_INTEREST: i64 = 4;
const PER_CENT: Decimal = Decimal::ONE_HUNDRED;

/// A charge that a loan bears.
#[derive(Clone, Debug)]
pub(crate) struct LoanCharge {
    pub(crate) id: u64,
    pub(super) charge: Charge,
    /// What was asked for: an amount, or a percentage.
    pub(super) asked: Decimal,
    /// What it comes to.
    pub(crate) amount: Decimal,
    pub(super) due_on: Option<Date>,
    pub(super) submitted_on: Date,
    /// Whether it was paid when the loan was paid out.
    pub(super) paid: bool,
    /// Whether it was made as if it had never been paid: its sums are then zeros that are stored.
    pub(super) reset: bool,
    /// Its own id, and whether it was added to a loan that was there.
    pub(super) external_id: Option<String>,
    pub(super) added: bool,
    pub(super) waived: bool,
}

/// A charge as a body names it.
#[derive(Clone, Debug)]
pub(crate) struct SentCharge {
    id: Option<i64>,
    charge: i64,
    amount: Decimal,
    due_on: Option<Date>,
    external_id: Option<String>,
}

impl SentCharge {
    /// A charge that is not known yet.
    pub(super) fn new(charge: i64, amount: Decimal, due_on: Option<Date>) -> Self {
        Self {
            id: None,
            charge,
            amount,
            due_on,
            external_id: None,
        }
    }

    /// Reads `charges`; anything but an array is ignored.
    pub(crate) fn read(fields: &Fields<'_>, checks: &mut Checks, release: Release) -> Result<Vec<Self>, Failure> {
        let mut sent = Vec::new();
        let Some(Value::Array(elements)) = fields.get("charges") else {
            return Ok(sent);
        };
        for (position, element) in (1..).zip(elements) {
            let Value::Object(element) = element else { continue };
            let element = with_locale(element, fields);
            let element = Fields(&element);
            if !release.is_develop() {
                element.only(OF_A_LOAN)?;
            }
            let (charge, amount) = (element.id("chargeId")?, element.decimal("amount")?);
            for (name, missing) in [("chargeId", charge.is_none()), ("amount", amount.is_none())] {
                if missing {
                    let parameter = format!("charges[{position}][{name}]");
                    let text = format!("The parameter `{parameter}` is mandatory.");
                    let code = format!("validation.msg.loan.charges.{name}.cannot.be.blank");
                    checks.push(Fault::of(parameter, code, text).with([json!(position)]));
                }
            }
            let due_on = element.date("dueDate")?;
            let id = element.id("id")?;
            if let (Some(charge), Some(amount)) = (charge, amount) {
                sent.push(Self {
                    id,
                    charge,
                    amount,
                    due_on,
                    external_id: element.nonblank("externalId"),
                });
            }
        }
        Ok(sent)
    }
}

/// The element of an array is read with the locale and date format of the whole body.
pub(super) fn with_locale(element: &Map<String, Value>, fields: &Fields<'_>) -> Map<String, Value> {
    let mut element = element.clone();
    for name in ["locale", "dateFormat"] {
        if let Some(value) = fields.get(name) {
            element.insert(name.to_owned(), value.clone());
        }
    }
    element
}

impl LoanCharge {
    pub(crate) fn is_at_disbursement(&self) -> bool {
        self.charge.time == AT_DISBURSEMENT
    }

    pub(super) fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    /// Makes it one that was added to a loan that was there.
    pub(super) fn add(&mut self, external_id: Option<String>) {
        self.external_id = external_id;
        self.added = true;
    }

    /// Asks for another amount, or on another day.
    pub(super) fn change_to(&mut self, asked: Option<Decimal>, due_on: Option<Date>, principal: Decimal) {
        self.asked = asked.unwrap_or(self.asked);
        self.due_on = due_on.or(self.due_on);
        self.follow(principal);
    }

    /// Whether every repayment bears a part of it.
    pub(super) fn is_of_instalments(&self) -> bool {
        self.charge.time == INSTALMENT
    }

    /// Whether it is a penalty.
    pub(super) fn is_penalty(&self) -> bool {
        self.charge.penalty
    }

    /// What it brings in this period, of which it may be the first or the last.
    pub(super) fn in_period(&self, period: &Period, first: bool, last: bool) -> Decimal {
        match (self.charge.time, self.due_on) {
            (SPECIFIED_DUE_DATE, Some(due_on)) => {
                let begun = due_on > period.from || first;
                let over = due_on > period.due && !last;
                if begun && !over { self.amount } else { Decimal::ZERO }
            }
            (INSTALMENT, _) if self.charge.calculation == PERCENT_OF_INTEREST => {
                numbers::money(period.interest * self.asked / PER_CENT)
            }
            (INSTALMENT, _) => self.asked,
            _ => Decimal::ZERO,
        }
    }

    /// A percentage of the amount follows the principal.
    pub(crate) fn follow(&mut self, principal: Decimal) {
        self.amount = if self.charge.calculation == PERCENT_OF_AMOUNT {
            numbers::money(principal * self.asked / PER_CENT)
        } else {
            self.asked
        };
    }

    pub(crate) fn pay(&mut self) {
        self.paid = true;
    }

    /// As if it had never been paid.
    pub(crate) fn unpay(&mut self) {
        self.paid = false;
        self.reset = true;
    }

    /// The charge as `changes` list it; a new one repeats the amount that was sent.
    fn change(&self, sent: &SentCharge, develop: bool) -> Value {
        let mut change = Map::new();
        if let Some(id) = sent.id {
            change.insert("id".into(), json!(id));
        }
        change.insert("chargeId".into(), json!(self.charge.id));
        let repeats = sent.id.is_none() && !develop && self.charge.calculation != PERCENT_OF_AMOUNT;
        let amount = if repeats {
            numbers::as_sent(sent.amount)
        } else {
            numbers::printed(self.amount)
        };
        change.insert("amount".into(), amount);
        change.insert("chargeTimeType".into(), json!(self.charge.time));
        change.insert("chargeCalculationType".into(), json!(self.charge.calculation));
        if let Some(due_on) = self.due_on {
            change.insert("dueDate".into(), dates::array(due_on));
        }
        Value::Object(change)
    }

    /// The order of the database: by due date, those without one last.
    pub(crate) fn order(&self) -> (bool, Option<Date>, i64, bool, u64) {
        (
            self.due_on.is_none(),
            self.due_on,
            self.charge.time,
            self.charge.penalty,
            self.id,
        )
    }
}

impl Loan {
    /// A charge that is due after the last repayment makes one of its own.
    pub(super) fn with_late_charges(&self, mut periods: Vec<Period>) -> Vec<Period> {
        let dated = self
            .charges
            .iter()
            .filter(|charge| charge.charge.time == SPECIFIED_DUE_DATE);
        let latest = dated.filter_map(|charge| charge.due_on).max();
        let Some((last, due)) = periods.last().map(|period| period.due).zip(latest) else {
            return periods;
        };
        if due > last {
            periods.push(Period {
                from: last,
                due,
                principal: Decimal::ZERO,
                interest: Decimal::ZERO,
                balance: Decimal::ZERO,
            });
        }
        periods
    }

    /// The charges of one of these periods.
    pub(super) fn charges_of(&self, periods: &[Period], position: usize, cut: bool) -> Portions {
        let (first, last) = (position == 0, position + 1 == periods.len());
        let mut charges = Portions::default();
        for charge in &self.charges {
            // What would have been due after the end is not charged.
            let last = last && !cut;
            // The charge keeps its digits; what is owed of it is money.
            let amount = numbers::money(charge.in_period(&periods[position], first, last));
            if charge.is_penalty() {
                charges.penalties += amount;
            } else {
                charges.fees += amount;
            }
        }
        charges
    }
}

impl Loan {
    /// No charge is due before the money is paid out.
    pub(super) fn check_charges_in_schedule(&self, disbursement: Date) -> Result<(), Failure> {
        let mut dated = self
            .charges
            .iter()
            .filter(|charge| charge.charge.time == SPECIFIED_DUE_DATE);
        let before = dated.find(|charge| charge.due_on.is_none_or(|due_on| due_on < disbursement));
        before.map_or(Ok(()), |charge| Err(outside_of_schedule(&charge.charge, disbursement)))
    }
}

fn outside_of_schedule(charge: &Charge, disbursement: Date) -> Failure {
    let code = "error.msg.loanCharge.cannot.be.added.as.specified.due.date.outside.range";
    let text = "This charge with specified due date cannot be added as the it is not in schedule range.";
    let fault = Fault::general(code, text);
    Failure::Domain(fault.with([json!(dates::iso(disbursement)), json!(charge.name)]))
}

impl Bank {
    /// Gives the loan exactly these charges; what is not among them is gone. Returns the list for `changes`.
    pub(crate) fn set_charges(
        &mut self,
        loan: &mut Loan,
        sent: Vec<SentCharge>,
        now: Now,
    ) -> Result<Vec<Value>, Failure> {
        let develop = self.release.is_develop();
        let (mut kept, mut listed) = (Vec::new(), Vec::new());
        for sent in sent {
            let mut charge = match sent.id {
                Some(id) => match loan.charges.iter().find(|charge| i64::try_from(charge.id) == Ok(id)) {
                    Some(charge) => charge.clone(),
                    // 1.10.1 drops the charge of another loan silently.
                    None if !develop => continue,
                    None => {
                        let text = format!("Loan charge with identifier {id} does not exist");
                        let fault = Fault::general("error.msg.loanCharge.id.invalid", text);
                        return Err(Failure::NotFound(fault.with([json!(id)])));
                    }
                },
                None => self.new_charge(loan, &sent, now, develop)?,
            };
            charge.asked = sent.amount;
            charge.due_on = sent.due_on.or(charge.due_on);
            charge.follow(loan.terms.principal);
            listed.push(charge.change(&sent, develop));
            kept.push(charge);
        }
        loan.charges = kept;
        Ok(listed)
    }

    /// Whether the charges of a new loan can be its charges.
    pub(super) fn check_charges(&self, sent: &[SentCharge], expected_disbursement: Date) -> Result<(), Failure> {
        let mut asked = sent.iter().filter(|sent| sent.id.is_none());
        asked.try_for_each(|sent| {
            let by_schedule = self.release.is_develop();
            self.asked_charge(sent, expected_disbursement, by_schedule).map(drop)
        })
    }

    /// The charge that is asked for, if it can be one of a loan; `by_schedule` says that a missing date is missed where the
    /// schedule is made.
    pub(super) fn asked_charge(
        &self,
        sent: &SentCharge,
        expected_disbursement: Date,
        by_schedule: bool,
    ) -> Result<Charge, Failure> {
        let found = self
            .charges
            .iter()
            .find(|charge| i64::try_from(charge.id) == Ok(sent.charge))
            .cloned();
        let Some(charge) = found else {
            return Err(charge_not_found(json!(sent.charge)));
        };
        let refuse = |code: &str, text: &str, first: Value| {
            let fault = Fault::general(format!("error.msg.loanCharge.{code}"), text);
            Err(Failure::Domain(fault.with([first, json!(charge.name)])))
        };
        if charge.time == OVERDUE {
            let text = "Installment charge cannot be added to the loan.";
            return refuse("cannot.be.added.as.overdue.charge", text, Value::Null);
        }
        if charge.time == SPECIFIED_DUE_DATE && sent.due_on.is_none() {
            if by_schedule {
                return Err(outside_of_schedule(&charge, expected_disbursement));
            }
            return refuse(
                "dueDate.cannot.be.blank",
                "Loan charge is missing due date.",
                json!(charge.id),
            );
        }
        Ok(charge)
    }

    /// A charge of its kind.
    pub(super) fn new_charge(
        &mut self,
        loan: &Loan,
        sent: &SentCharge,
        now: Now,
        by_schedule: bool,
    ) -> Result<LoanCharge, Failure> {
        let charge = self.asked_charge(sent, loan.expected_disbursement, by_schedule)?;
        Ok(LoanCharge {
            id: self.next(Numbered::LoanCharge),
            charge,
            asked: sent.amount,
            amount: sent.amount,
            due_on: sent.due_on,
            submitted_on: now.today,
            paid: false,
            reset: false,
            external_id: sent.external_id.clone(),
            added: false,
            waived: false,
        })
    }
}
