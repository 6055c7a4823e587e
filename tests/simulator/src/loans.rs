//! Loans.

mod allocation;
mod amortization;
mod approve;
mod attributes;
mod books;
mod charge_add;
mod charge_change;
mod charge_state;
mod charge_view;
mod charges;
mod close;
mod create;
mod disburse;
mod foreclosure;
mod lifecycle;
mod payment;
mod portions;
mod preview;
mod rate;
mod recalculation;
mod refund;
mod repay;
mod schedule;
mod schedule_view;
mod settle;
mod shape;
mod summary;
mod template;
mod terms;
mod top_up;
mod tranches;
mod transactions;
mod undo;
mod update;
mod view;
mod waive_interest;
mod write_off;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::Date;

pub(crate) use self::{
    allocation::Allocation,
    charge_change::ChargeChange,
    charge_view::{charge_list, charge_view},
    shape::{Shape, partial_periods_parameter},
    template::{approval_template, transaction_template},
    terms::Terms,
    transactions::{TransactionKind, transaction_view},
    view::{Associations, unknown_fields, view, with_fields},
};
use self::{
    attributes::Attributes, books::Arrears, charges::LoanCharge, settle::Maturity, terms::Plan, top_up::TopUp,
    tranches::Tranche, transactions::Transaction,
};
use crate::{
    bank::{Applied, Bank},
    errors::{Failure, Fault},
    kinds::Kind,
    numbers,
    release::Release,
};

const EXTERNAL_ID_LIMIT: usize = 100;
const NOTE_LIMIT: usize = 1000;

/// Parameters of `POST loans` and `PUT loans`, as far as both releases agree.
const SUPPORTED: &str = "dateFormat locale id clientId groupId loanType productId principal loanTermFrequency loanTermFrequencyType \
    numberOfRepayments repaymentEvery repaymentFrequencyType repaymentFrequencyNthDayType \
    repaymentFrequencyDayOfWeekType interestRatePerPeriod amortizationType interestType isFloatingInterestRate \
    interestRateDifferential interestCalculationPeriodType interestRateFrequencyType disbursementData \
    expectedDisbursementDate repaymentsStartingFromDate graceOnPrincipalPayment graceOnInterestPayment \
    graceOnInterestCharged interestChargedFromDate submittedOnDate submittedOnNote accountNo externalId fundId \
    loanOfficerId loanPurposeId inArrearsTolerance charges collateral transactionProcessingStrategyCode calendarId \
    syncDisbursementWithMeeting linkAccountId createStandingInstructionAtDisbursement fixedEmiAmount \
    maxOutstandingLoanBalance graceOnArrearsAgeing datatables isEqualAmortization rates isTopup loanIdToClose \
    daysInYearType fixedPrincipalPercentagePerInstallment applicationId";

/// Where a loan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoanStatus {
    Submitted,
    Approved,
    Active,
    Withdrawn,
    Rejected,
    /// Repaid.
    Closed,
    WrittenOff,
    Overpaid,
}

impl LoanStatus {
    /// Whether the loan keeps its client from being closed.
    pub(crate) fn is_open(self) -> bool {
        match self {
            Self::Submitted | Self::Approved | Self::Active | Self::Overpaid => true,
            Self::Withdrawn | Self::Rejected | Self::Closed | Self::WrittenOff => false,
        }
    }

    /// The status as reads and `changes` print it.
    pub(crate) fn view(self) -> Value {
        let (id, code, value) = match self {
            Self::Submitted => (100, "submitted.and.pending.approval", "Submitted and pending approval"),
            Self::Approved => (200, "approved", "Approved"),
            Self::Active => (300, "active", "Active"),
            Self::Withdrawn => (400, "withdrawn.by.client", "Withdrawn by applicant"),
            Self::Rejected => (500, "rejected", "Rejected"),
            Self::Closed => (600, "closed.obligations.met", "Closed (obligations met)"),
            Self::WrittenOff => (601, "closed.written.off", "Closed (written off)"),
            Self::Overpaid => (700, "overpaid", "Overpaid"),
        };
        json!({
            "id": id,
            "code": format!("loanStatusType.{code}"),
            "value": value,
            "pendingApproval": self == Self::Submitted,
            "waitingForDisbursal": self == Self::Approved,
            "active": self == Self::Active,
            "closedObligationsMet": self == Self::Closed,
            "closedWrittenOff": self == Self::WrittenOff,
            "closedRescheduled": false,
            "closed": matches!(self, Self::Closed | Self::WrittenOff),
            "overpaid": self == Self::Overpaid,
        })
    }
}

/// A loan.
#[derive(Clone, Debug)]
pub(crate) struct Loan {
    pub(crate) id: u64,
    pub(crate) account_no: String,
    pub(crate) external_id: Option<String>,
    pub(crate) client: u64,
    pub(crate) product: u64,
    kind: Kind,
    top_up: Option<TopUp>,
    pub(crate) status: LoanStatus,
    terms: Terms,
    plan: Plan,
    attributes: Attributes,
    proposed: Decimal,
    approved: Decimal,
    /// What the client gets in hand; an update of the loan forgets to update it.
    net_disbursal: Decimal,
    submitted_on: Date,
    expected_disbursement: Date,
    approved_on: Option<Date>,
    disbursed_on: Option<Date>,
    /// The day from which the periods go on to be counted when the disbursement was undone.
    counted_from: Option<Date>,
    /// Rejected, withdrawn, repaid, or written off on.
    closed_on: Option<Date>,
    /// Kept when the write-off is undone.
    written_off_on: Option<Date>,
    foreclosed_on: Option<Date>,
    /// The day of the last recalculation of its interest.
    recalculated_on: Option<Date>,
    maturity: Maturity,
    /// What was late when the disbursement was undone.
    stale_arrears: Option<Arrears>,
    submitted_by: u64,
    approved_by: u64,
    disbursed_by: u64,
    /// Who rejected it, withdrew it, or wrote it off; nobody is said to have closed what was repaid.
    closed_by: Option<u64>,
    max_outstanding: Option<Decimal>,
    /// Whether an approval moved the expected date but not the tranches: the schedule then forgets those before it.
    moved_past_tranches: bool,
    charges: Vec<LoanCharge>,
    tranches: Vec<Tranche>,
    pub(crate) transactions: Vec<Transaction>,
}

impl Loan {
    /// The answer to a command on this loan.
    fn applied(&self) -> Applied {
        Applied {
            client: Some(self.client),
            loan: Some(self.id),
            resource: self.id,
            external_id: self.external_id.clone(),
            ..Applied::default()
        }
    }

    /// Charges that are taken when the loan is paid out.
    fn charges_at_disbursement(&self) -> Decimal {
        self.charges
            .iter()
            .filter(|charge| charge.is_at_disbursement())
            .map(|charge| numbers::money(charge.amount))
            .sum()
    }

    /// What was really paid out.
    fn disbursed(&self) -> Decimal {
        self.standing()
            .filter(|transaction| transaction.is_disbursement())
            .map(|paid| paid.amount)
            .sum()
    }

    /// What tranches from the expected date on bring.
    fn still_to_come(&self) -> Decimal {
        let later = |tranche: &&Tranche| tranche.expected_on >= self.expected_disbursement;
        self.tranches
            .iter()
            .filter(later)
            .map(|tranche| tranche.principal)
            .sum()
    }

    /// When the last repayment is due: counted from the disbursement, or from the expected one. Nothing is ever due of a
    /// loan of nothing.
    fn maturity(&self) -> Option<Date> {
        if self.terms.principal.is_zero() {
            return None;
        }
        if self.moved_past_tranches && self.disbursed_on.is_none() {
            return self.terms.maturity_of(self.still_to_come(), self.expected_disbursement);
        }
        // What the tranches do not bring is not repaid.
        let planned = self.still_to_come();
        let partly = self.disbursed_on.is_none() && !planned.is_zero() && planned < self.terms.principal;
        if partly && self.status == LoanStatus::Approved {
            return self.terms.maturity_of(planned, self.expected_disbursement);
        }
        if self.plan.shape.instalment.is_some() {
            return self.periods()?.last().map(|period| period.due);
        }
        self.planned().maturity(self.start())
    }

    /// The maturity that is expected; develop takes the last due date before a foreclosure for it.
    fn expected_maturity(&self, release: Release) -> Option<Date> {
        let foreclosed_on = self.foreclosed_on.filter(|_| release.is_develop());
        let Some(foreclosed_on) = foreclosed_on else {
            return self.maturity();
        };
        let planned = self.planned();
        let dues = (1..=planned.repayments).filter_map(|number| planned.due(self.start(), number));
        dues.filter(|due| *due <= foreclosed_on).max().or(Some(foreclosed_on))
    }
}

impl Bank {
    /// `DELETE loans/…`: only while it waits for approval. The external id is free again.
    pub(crate) fn delete_loan(&mut self, id: u64) -> Result<Applied, Failure> {
        let loan = self.loan(id)?;
        if loan.status != LoanStatus::Submitted {
            let text = format!("Loan with identifier {id} cannot be deleted in its current state.");
            let fault = Fault::general("error.msg.loan.cannot.delete.loan.in.its.present.state", text);
            return Err(Failure::Domain(fault.with([json!(id)])));
        }
        self.require_active(self.client(loan.client)?)?;
        if self.settings.locked_loans.contains(&id) {
            return Err(held_by_lock(id, self.release));
        }
        // The row of what was late outlives an undone disbursal, and names the loan.
        if loan.stale_arrears.is_some() && !self.release.is_develop() {
            return Err(Failure::Crash("what was late still names the loan".to_owned()));
        }
        let applied = loan.applied();
        self.loans.remove(&id);
        Ok(applied)
    }

    /// Whether another loan has this external id.
    fn has_loan_external_id(&self, external_id: &str, but: Option<u64>) -> bool {
        self.loans
            .values()
            .any(|loan| Some(loan.id) != but && loan.external_id.as_deref() == Some(external_id))
    }
}

/// Only super users come so far: the row of the lock still names the loan.
fn held_by_lock(id: u64, release: Release) -> Failure {
    if !release.is_develop() {
        return Failure::Crash("a lock still names the loan".to_owned());
    }
    let text = format!(
        "ERROR: update or delete on table \"m_loan\" violates foreign key constraint \"fk_loan_id\" on table \
         \"m_loan_account_locks\"\n  Detail: Key (id)=({id}) is still referenced from table \"m_loan_account_locks\"."
    );
    Failure::Integrity(Fault::of_database("error.msg.data.integrity.issue", text))
}
