//! `POST loans`. The query is not looked at: `?command=anything` creates a loan.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::Date;

use super::{
    EXTERNAL_ID_LIMIT, Loan, LoanStatus, SUPPORTED,
    attributes::SentAttributes,
    charges::SentCharge,
    settle::Maturity,
    shape::{Shape, partial_periods_parameter},
    terms::{Plan, SentTerms, Terms, check_loan_type, check_strategy, check_structure},
    tranches,
};
use crate::{
    bank::{Applied, Bank, Now, Numbered, client_not_found},
    clients::Client,
    dates,
    enums::{ADVANCED_STRATEGY, Frequency},
    errors::{Failure, Fault},
    fields::Fields,
    numbers,
    products::Product,
    release::Release,
    validation::Checks,
};

const MANDATORY: &str = "loanTermFrequency loanTermFrequencyType numberOfRepayments repaymentEvery repaymentFrequencyType interestType \
    interestCalculationPeriodType interestRatePerPeriod amortizationType";

const UNFIT_ADVANCED: &str = "strategy.cannot.be.advanced.payment.allocation.if.not.configured";
const UNFIT_ADVANCED_TEXT: &str = "Loan transaction processing strategy cannot be Advanced Payment Allocation Strategy if it's not configured on loan product";

/// The parameters of loans that a release supports: both spell one of them differently.
pub(super) fn supported(release: Release) -> String {
    format!("{SUPPORTED} {}", partial_periods_parameter(release))
}

/// 403 of 1.10.1 for a missing product, in the words of the database layer.
pub(super) fn null_id() -> Failure {
    Failure::Integrity(Fault::of_database(
        "error.msg.data.integrity.issue",
        "The given id must not be null",
    ))
}

impl Bank {
    pub(crate) fn create_loan(&mut self, fields: Fields<'_>, now: Now) -> Result<Applied, Failure> {
        let mut loan = self.new_loan(fields, now)?;
        loan.top_up = self.read_top_up(&loan, &fields)?;
        let applied = loan.applied();
        self.loans.insert(loan.id, loan);
        Ok(applied)
    }

    /// The loan that a body asks for.
    pub(super) fn new_loan(&mut self, fields: Fields<'_>, now: Now) -> Result<Loan, Failure> {
        let develop = self.release.is_develop();
        // develop looks at the parameters before it looks anything up, 1.10.1 after.
        if develop {
            fields.only(&supported(self.release))?;
        }
        let product = self.named_product(&fields)?.clone();
        let client = self.named_client(&fields)?;
        if develop {
            self.check_applicant(client.as_ref())?;
        }
        fields.only(&supported(self.release))?;

        let mut checks = Checks::of("loan");
        check_loan_type(&mut checks, &fields);
        checks.mandatory("clientId", client.is_some());
        if client.is_none() && !develop {
            checks.not_together("groupId", Value::Null, "clientId", Value::Null);
        }
        let external_id = fields.nonblank("externalId");
        checks.length("externalId", external_id.as_deref(), EXTERNAL_ID_LIMIT);
        // develop takes a loan without principal for a loan of nothing.
        let mandatory = if develop {
            MANDATORY.to_owned()
        } else {
            format!("{MANDATORY} principal")
        };
        let sent = SentTerms::read(&fields, &mut checks, &mandatory)?;
        let expected = fields.date("expectedDisbursementDate")?;
        checks.mandatory("expectedDisbursementDate", expected.is_some());
        let submitted_on = fields.date("submittedOnDate")?;
        checks.mandatory("submittedOnDate", submitted_on.is_some());
        if develop {
            checks.mandatory("transactionProcessingStrategyCode", sent.strategy.is_some());
        } else {
            if is_unfit_advanced(sent.strategy.as_deref(), &product) {
                checks.push(unfit_advanced_parameter());
            }
            check_strategy(sent.strategy.as_deref())?;
        }
        let sent_charges = SentCharge::read(&fields, &mut checks, self.release)?;
        let attributes = SentAttributes::read(&fields, &mut checks)?;
        let tranches = tranches::read(&fields, &product, expected)?;
        tranches::check_plan(&mut checks, &tranches, &product, expected, &sent);
        if develop {
            // A rule of the domain that is broken is told before the parameters that were found wrong until then.
            sent.check_bounds(&mut checks, &product);
            self.check_new_external_id(external_id.as_deref())?;
            tranches::check_count(&tranches, &product, self.release)?;
            expected.map_or(Ok(()), |expected| self.require_working_day(expected))?;
            check_grace(
                &mut checks,
                sent.repayments,
                &sent.shape.under(&product.shape, self.release),
            );
            checks.finish()?;
        } else {
            checks.finish()?;
            self.check_new_external_id(external_id.as_deref())?;
            let mut checks = Checks::of("loan");
            sent.check_bounds(&mut checks, &product);
            check_grace(
                &mut checks,
                sent.repayments,
                &sent.shape.under(&product.shape, self.release),
            );
            checks.finish()?;
            tranches::check_count(&tranches, &product, self.release)?;
        }
        let (Some(client), Some(expected), Some(submitted_on)) = (client, expected, submitted_on) else {
            return Err(Failure::Crash("a mandatory parameter is missing".to_owned()));
        };
        self.check_attributes(&attributes)?;
        let args_of_future = [submitted_on, now.today];
        if develop {
            check_application_dates(submitted_on, expected, &client, now, &args_of_future)?;
            if is_unfit_advanced(sent.strategy.as_deref(), &product) {
                return Err(Failure::Domain(Fault::general(UNFIT_ADVANCED, UNFIT_ADVANCED_TEXT)));
            }
            check_strategy(sent.strategy.as_deref())?;
            self.check_charges(&sent_charges, expected)?;
        } else {
            self.check_charges(&sent_charges, expected)?;
            self.check_applicant(Some(&client))?;
            check_application_dates(submitted_on, expected, &client, now, &args_of_future)?;
            self.require_working_day(expected)?;
        }
        check_structure(
            sent.term,
            sent.repayments,
            sent.every,
            sent.term_frequency,
            sent.frequency,
        )?;
        let principal = numbers::money(sent.principal.unwrap_or_default());
        let id = self.next(Numbered::Loan);
        let plan = sent.plan(&product, self.release);
        let terms = sent.into_terms(principal, &plan)?;
        let mut loan = Loan {
            id,
            account_no: fields.nonblank("accountNo").unwrap_or_else(|| format!("{id:09}")),
            external_id,
            client: client.id,
            product: product.id,
            kind: product.kind.clone(),
            top_up: None,
            status: LoanStatus::Submitted,
            terms,
            plan,
            attributes: attributes.under(&product, develop),
            proposed: principal,
            approved: principal,
            net_disbursal: principal,
            submitted_on,
            expected_disbursement: expected,
            approved_on: None,
            disbursed_on: None,
            counted_from: None,
            closed_on: None,
            written_off_on: None,
            foreclosed_on: None,
            recalculated_on: None,
            maturity: Maturity::AsExpected,
            stale_arrears: None,
            submitted_by: now.by,
            approved_by: now.by,
            disbursed_by: now.by,
            closed_by: None,
            max_outstanding: fields
                .decimal("maxOutstandingLoanBalance")?
                .filter(|_| product.multi_disburse),
            moved_past_tranches: false,
            charges: Vec::new(),
            tranches: Vec::new(),
            transactions: Vec::new(),
        };
        self.set_charges(&mut loan, sent_charges, now)?;
        self.set_tranches(&mut loan, tranches);
        loan.net_disbursal = principal - loan.charges_at_disbursement();
        check_instalment(&loan)?;
        Ok(loan)
    }

    /// The product of the body: 1.10.1 and develop disagree on what a missing one is.
    fn named_product(&self, fields: &Fields<'_>) -> Result<&Product, Failure> {
        match fields.id("productId")? {
            Some(id) => self.product(id),
            None if self.release.is_develop() => {
                let fault = Fault::of(
                    "productId",
                    "validation.msg.loans.productId.cannot.be.blank",
                    "The parameter `productId` is mandatory.",
                );
                Err(Failure::invalid(fault.with([json!(0)])))
            }
            None => Err(null_id()),
        }
    }

    /// The client of the body, who must exist.
    fn named_client(&self, fields: &Fields<'_>) -> Result<Option<Client>, Failure> {
        let Some(id) = fields.id("clientId")? else {
            return Ok(None);
        };
        let client = u64::try_from(id).ok().and_then(|id| self.clients.get(&id));
        let client = client.ok_or_else(|| client_not_found(json!(id)))?;
        Ok(Some(client.clone()))
    }

    /// There must be a client, and an active one.
    fn check_applicant(&self, client: Option<&Client>) -> Result<(), Failure> {
        let Some(client) = client else {
            let mut checks = Checks::of("loan");
            checks.mandatory("clientId", false);
            return checks.finish();
        };
        self.require_active(client)
    }

    fn check_new_external_id(&self, external_id: Option<&str>) -> Result<(), Failure> {
        if external_id.is_some_and(|id| self.has_loan_external_id(id, None)) {
            let fault = Fault::general(
                "error.msg.loan.with.externalId.already.used",
                "Loan with externalId is already registered.",
            );
            return Err(Failure::Domain(fault));
        }
        Ok(())
    }
}

impl SentTerms {
    fn into_terms(self, principal: Decimal, plan: &Plan) -> Result<Terms, Failure> {
        let missing = || Failure::Crash("a mandatory parameter is missing".to_owned());
        let frequency = |id: Option<i64>| id.and_then(Frequency::of).ok_or_else(missing);
        Ok(Terms {
            principal,
            term: self.term.ok_or_else(missing)?,
            term_frequency: frequency(self.term_frequency)?,
            repayments: self.repayments.ok_or_else(missing)?,
            every: self.every.ok_or_else(missing)?,
            frequency: frequency(self.frequency)?,
            rate: numbers::stored(self.rate.ok_or_else(missing)?),
            rate_frequency: plan.rate_frequency,
            amortization: self.amortization.ok_or_else(missing)?,
            interest: self.interest.ok_or_else(missing)?,
            interest_calculation: self.interest_calculation.ok_or_else(missing)?,
            strategy: self.strategy.ok_or_else(missing)?,
            shape: plan.shape.clone(),
        })
    }
}

/// A grace must leave a repayment, but for that on the charging of interest.
fn check_grace(checks: &mut Checks, repayments: Option<i64>, shape: &Shape) {
    let Some(repayments) = repayments else { return };
    for (name, too_long) in [
        ("graceOnPrincipalPayment", shape.principal_grace >= repayments),
        ("graceOnInterestPayment", shape.interest_grace >= repayments),
        ("graceOnInterestCharged", shape.charging_grace > repayments),
    ] {
        if too_long {
            checks.broken_rule(name, "mustBeLessThan.numberOfRepayments");
        }
    }
}

/// A fixed instalment must cover the interest.
pub(super) fn check_instalment(loan: &Loan) -> Result<(), Failure> {
    let planned = loan.planned();
    let Some(interest) = planned.uncovered(loan.start(), &loan.payouts()) else {
        return Ok(());
    };
    let text = format!("EMI amount must be greater than : {}", numbers::text(interest));
    let fault = Fault::general("error.msg.loanschedule.emi.amount.must.be.greter.than.interest", text);
    let instalment = planned.shape.instalment.unwrap_or_default();
    Err(Failure::Domain(
        fault.with([interest, instalment].map(numbers::printed)),
    ))
}

/// Whether the strategy is the one that a product must have itself.
fn is_unfit_advanced(strategy: Option<&str>, product: &Product) -> bool {
    strategy == Some(ADVANCED_STRATEGY) && product.strategy != ADVANCED_STRATEGY
}

fn unfit_advanced_parameter() -> Fault {
    let parameter = "transactionProcessingStrategyCode";
    let text = format!("Failed data validation due to: {UNFIT_ADVANCED}.");
    let fault = Fault::of(
        parameter,
        format!("validation.msg.loan.{parameter}.{UNFIT_ADVANCED}"),
        text,
    );
    fault.with([Value::Null, json!([UNFIT_ADVANCED_TEXT])])
}

/// When an application may be submitted; `args_of_future` is what the release tells about a date in the future.
pub(super) fn check_application_dates(
    submitted_on: Date,
    expected: Date,
    client: &Client,
    now: Now,
    args_of_future: &[Date],
) -> Result<(), Failure> {
    let refuse = |rule: &str, text: String, args: &[Date]| {
        let fault = Fault::general(format!("error.msg.loan.submittal.{rule}"), text);
        Err(Failure::Domain(
            fault.with(args.iter().map(|date| json!(dates::iso(*date)))),
        ))
    };
    if submitted_on > now.today {
        let text = "The date on which a loan is submitted cannot be in the future.";
        return refuse("cannot.be.a.future.date", text.to_owned(), args_of_future);
    }
    if let Some(activated_on) = client.activated_on.filter(|activated_on| submitted_on < *activated_on) {
        let text = "The date on which a loan is submitted cannot be earlier than client's activation date.";
        return refuse(
            "cannot.be.before.client.activation.date",
            text.to_owned(),
            &[submitted_on, activated_on],
        );
    }
    if submitted_on > expected {
        let text = format!(
            "The date on which a loan is submitted cannot be after its expected disbursement date: {}",
            dates::iso(expected)
        );
        return refuse(
            "cannot.be.after.expected.disbursement.date",
            text,
            &[submitted_on, expected],
        );
    }
    Ok(())
}
