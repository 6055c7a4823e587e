//! `PUT loans`: the schedule is computed from the body alone, the rest of the loan is changed where the body differs.

use serde_json::{Map, Value, json};
use time::Date;

use super::{
    EXTERNAL_ID_LIMIT, Loan, LoanStatus,
    attributes::SentAttributes,
    charges::SentCharge,
    create::{check_application_dates, check_instalment, null_id, supported},
    terms::{SentTerms, check_loan_type, check_strategy, check_structure},
    tranches::{self, SentTranche},
};
use crate::{
    bank::{Applied, Bank, Now, client_not_found},
    clients::Client,
    enums::Frequency,
    errors::{Failure, Fault},
    fields::Fields,
    numbers,
    release::Release,
    validation::Checks,
};

/// Parameters that say how to read the others, not what to change.
const UNCOUNTED: [&str; 2] = ["dateFormat", "locale"];

impl Bank {
    pub(crate) fn update_loan(&mut self, id: u64, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        let loan = self.loan(id)?.clone();
        // develop looks at the parameters first, 1.10.1 at the state.
        if self.release.is_develop() {
            fields.only(&supported(self.release))?;
        }
        if loan.status != LoanStatus::Submitted {
            let text = format!("Loan application with identifier {id} cannot be modified in its current state.");
            let fault = Fault::general("error.msg.loan.cannot.modify.loan.in.its.present.state", text);
            return Err(Failure::Domain(fault.with([json!(id)])));
        }
        let develop = self.release.is_develop();
        let product = match fields.id("productId")? {
            Some(product) => Some(self.product(product)?.clone()),
            None => None,
        };
        fields.only(&supported(self.release))?;

        let mut checks = Checks::of("loan");
        let own_client = self.client(loan.client)?.clone();
        // develop looks the new client up first, 1.10.1 last.
        let client = if develop {
            self.updated_client(&loan, &fields)?
        } else {
            own_client.clone()
        };
        check_loan_type(&mut checks, &fields);
        checks.length("externalId", fields.text("externalId").as_deref(), EXTERNAL_ID_LIMIT);
        if let Some(strategy) = fields.nonblank("transactionProcessingStrategyCode") {
            check_strategy(Some(&strategy))?;
        }
        // It may be left out, but not be null.
        let mandatory = if fields.has("principal") { "principal" } else { "" };
        let sent = SentTerms::read(&fields, &mut checks, mandatory)?;
        let expected = fields.date("expectedDisbursementDate")?;
        let submitted_on = fields.date("submittedOnDate")?;
        let charges = SentCharge::read(&fields, &mut checks, self.release)?;
        let attributes = SentAttributes::read(&fields, &mut checks)?;
        if !fields.0.keys().any(|name| !UNCOUNTED.contains(&name.as_str())) {
            checks.no_parameters();
        }
        let new_submitted = submitted_on.unwrap_or(loan.submitted_on);
        let new_expected = expected.unwrap_or(loan.expected_disbursement);
        let tranches = match &product {
            Some(product) => tranches::read(&fields, product, Some(new_expected))?,
            None => Vec::new(),
        };
        if let Some(product) = &product {
            tranches::check_plan(&mut checks, &tranches, product, Some(new_expected), &sent);
        }
        if develop {
            // A rule of the domain that is broken is told before the parameters that were found wrong.
            if let Some(product) = &product {
                tranches::check_count(&tranches, product, self.release)?;
            }
            check_application_dates(new_submitted, new_expected, &client, now, &[new_submitted, now.today])?;
            self.require_active(&client)?;
            if expected.is_some() {
                self.require_working_day(new_expected)?;
            }
            if let Some(product) = &product {
                sent.check_bounds(&mut checks, product);
            }
        }
        checks.finish()?;
        if !develop {
            self.require_active(&own_client)?;
        }
        let product = product.ok_or_else(null_id)?;
        self.check_attributes(&attributes)?;
        self.check_charges(&charges, new_expected)?;
        let incomputable = || Failure::Crash("the schedule cannot be computed".to_owned());
        let computable = expected.is_some() && sent.makes_a_schedule();
        let client = if develop {
            computable.then_some(client).ok_or_else(incomputable)?
        } else {
            check_application_dates(new_submitted, new_expected, &own_client, now, &[new_submitted])?;
            tranches::check_count(&tranches, &product, self.release)?;
            let client = self.updated_client(&loan, &fields)?;
            self.require_active(&client)?;
            computable.then_some(client).ok_or_else(incomputable)?
        };
        let term = sent.term.or(Some(loan.terms.term));
        check_structure(term, sent.repayments, sent.every, sent.term_frequency, sent.frequency)?;
        if !develop {
            let mut checks = Checks::of("loan");
            sent.check_bounds(&mut checks, &product);
            checks.finish()?;
        }
        if sent.frequency.is_none() {
            return Err(Failure::Crash("the schedule has no unit".to_owned()));
        }

        let mut changed = loan;
        let mut changes = Map::new();
        let schedule_changed = changed.terms.change(&sent, &fields, self.release, &mut changes);
        changed.attributes.change(&attributes, &fields, &mut changes);
        if schedule_changed {
            changed.plan = sent.plan(&product, self.release);
            changed.counted_from = None;
        }
        self.change_rest(&mut changed, &fields, &mut changes)?;
        changed.change_product_and_client(product.id, client.id, &mut changes);
        changed.change_dates(&fields, new_submitted, new_expected, &mut changes);
        self.change_parts(&mut changed, charges, tranches, schedule_changed, &mut changes, now)?;
        check_instalment(&changed)?;
        if let Some(principal) = sent.principal {
            // An update rounds what the schedule is made of, and not what is proposed.
            changed.proposed = numbers::stored(principal);
            changed.approved = changed.proposed;
        }
        let applied = changed.applied();
        self.loans.insert(id, changed);
        Ok(Applied {
            changes: Some(changes),
            ..applied
        })
    }

    /// The client that the body names takes the loan over, whoever had it.
    fn updated_client(&self, loan: &Loan, fields: &Fields<'_>) -> Result<Client, Failure> {
        let Some(id) = fields.id("clientId")? else {
            return self.client(loan.client).cloned();
        };
        let client = u64::try_from(id).ok().and_then(|id| self.clients.get(&id));
        client.cloned().ok_or_else(|| client_not_found(json!(id)))
    }

    fn change_rest(
        &self,
        loan: &mut Loan,
        fields: &Fields<'_>,
        changes: &mut Map<String, Value>,
    ) -> Result<(), Failure> {
        if let Some(external_id) = fields
            .nonblank("externalId")
            .filter(|id| loan.external_id.as_ref() != Some(id))
        {
            if self.has_loan_external_id(&external_id, Some(loan.id)) {
                let text = "Unknown data integrity issue with resource.";
                let fault = Fault::of_database("error.msg.unknown.data.integrity.issue", text);
                return Err(Failure::Integrity(fault));
            }
            changes.insert("externalId".into(), json!(external_id));
            loan.external_id = Some(external_id);
        }
        if let Some(limit) = fields.decimal("maxOutstandingLoanBalance")?
            && loan.max_outstanding.is_some()
        {
            loan.max_outstanding = Some(limit);
        }
        Ok(())
    }

    fn change_parts(
        &mut self,
        loan: &mut Loan,
        charges: Vec<SentCharge>,
        tranches: Vec<SentTranche>,
        schedule_changed: bool,
        changes: &mut Map<String, Value>,
        now: Now,
    ) -> Result<(), Failure> {
        // The amounts in `changes` are those on the principal before this update.
        let principal = std::mem::replace(&mut loan.terms.principal, numbers::money(loan.proposed));
        let listed = self.set_charges(loan, charges, now)?;
        loan.terms.principal = principal;
        loan.proposed = principal;
        loan.approved = principal;
        for charge in &mut loan.charges {
            charge.follow(principal);
        }
        if schedule_changed {
            changes.insert("charges".into(), json!(listed));
        }
        let told = self.set_tranches(loan, tranches);
        changes.extend(told);
        Ok(())
    }
}

impl SentTerms {
    /// What the schedule cannot be computed without; a missing principal or rate is taken for zero.
    fn makes_a_schedule(&self) -> bool {
        self.repayments.is_some()
            && self.every.is_some()
            && self.amortization.is_some()
            && self.interest.is_some()
            && self.interest_calculation.is_some()
    }
}

impl super::Terms {
    /// Takes over what differs; true if the schedule was touched. For months it always is: Fineract then writes the
    /// n-th day of the month anew.
    fn change(
        &mut self,
        sent: &SentTerms,
        fields: &Fields<'_>,
        release: Release,
        changes: &mut Map<String, Value>,
    ) -> bool {
        let locale = || json!(fields.text("locale"));
        if let Some(principal) = sent.principal
            && principal != self.principal
        {
            self.principal = numbers::stored(principal);
            changes.insert("principal".into(), numbers::as_sent(principal));
            changes.insert("locale".into(), locale());
        }
        let mut change_integer = |name: &str, current: &mut i64, sent: Option<i64>| {
            if let Some(sent) = sent.filter(|sent| sent != current) {
                *current = sent;
                changes.insert(name.to_owned(), json!(sent));
                changes.insert("locale".into(), locale());
            }
        };
        change_integer("numberOfRepayments", &mut self.repayments, sent.repayments);
        change_integer("repaymentEvery", &mut self.every, sent.every);
        change_integer("amortizationType", &mut self.amortization, sent.amortization);
        change_integer("interestType", &mut self.interest, sent.interest);
        change_integer(
            "interestCalculationPeriodType",
            &mut self.interest_calculation,
            sent.interest_calculation,
        );
        change_integer(
            "interestRateFrequencyType",
            &mut self.rate_frequency,
            sent.rate_frequency,
        );
        let mut change_frequency = |name: &str, current: &mut Frequency, sent: Option<i64>| {
            if let Some(sent) = sent.and_then(Frequency::of).filter(|sent| sent != current) {
                *current = sent;
                changes.insert(name.to_owned(), json!(sent.id()));
                changes.insert("locale".into(), locale());
            }
        };
        change_frequency("repaymentFrequencyType", &mut self.frequency, sent.frequency);
        if let Some(rate) = sent.rate
            && numbers::stored(rate) != self.rate
        {
            self.rate = numbers::stored(rate);
            changes.insert("interestRatePerPeriod".into(), numbers::as_sent(rate));
            changes.insert("locale".into(), locale());
        }
        self.shape.change(&sent.shape, fields, release, changes);
        if self.frequency == Frequency::Months {
            changes.insert("locale".into(), locale());
        }
        let touched = !changes.is_empty();
        // The term itself does not touch the schedule.
        let mut change_term = |name: &str, value: Value| {
            changes.insert(name.to_owned(), value);
            changes.insert("locale".into(), locale());
        };
        if let Some(term) = sent.term.filter(|term| *term != self.term) {
            self.term = term;
            change_term("loanTermFrequency", json!(term));
        }
        if let Some(frequency) = sent
            .term_frequency
            .and_then(Frequency::of)
            .filter(|sent| *sent != self.term_frequency)
        {
            self.term_frequency = frequency;
            change_term("loanTermFrequencyType", json!(frequency.id()));
        }
        if let Some(strategy) = sent.strategy.clone().filter(|strategy| *strategy != self.strategy) {
            changes.insert("transactionProcessingStrategyCode".into(), json!(strategy));
            self.strategy = strategy;
        }
        touched
    }
}

impl Loan {
    fn change_product_and_client(&mut self, product: u64, client: u64, changes: &mut Map<String, Value>) {
        if self.product != product {
            self.product = product;
            changes.insert("productId".into(), json!(product));
        }
        if self.client != client {
            self.client = client;
            changes.insert("clientId".into(), json!(client));
        }
    }

    fn change_dates(
        &mut self,
        fields: &Fields<'_>,
        submitted_on: Date,
        expected: Date,
        changes: &mut Map<String, Value>,
    ) {
        let pairs = [
            ("submittedOnDate", &mut self.submitted_on, submitted_on),
            ("expectedDisbursementDate", &mut self.expected_disbursement, expected),
        ];
        for (name, current, new) in pairs {
            if *current != new {
                *current = new;
                for name in [name, "dateFormat", "locale"] {
                    changes.insert(name.to_owned(), json!(fields.text(name)));
                }
            }
        }
    }
}
