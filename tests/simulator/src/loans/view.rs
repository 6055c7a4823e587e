//! A loan as `GET` shows it. Accruals and delinquency are not simulated and left out.

use serde_json::{Map, Value, json};
use time::Date;

use super::{
    Loan, LoanStatus, books::Books, charge_view::charge_list, schedule_view::schedule, settle::Maturity,
    shape::partial_periods_parameter, summary::Sums, transaction_view,
};
use crate::{
    bank::{Bank, OFFICE},
    dates, enums,
    fields::has_word,
    numbers,
    release::Release,
};

/// Parts of a loan that are shown on request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Associations {
    charges: bool,
    tranches: bool,
    schedule: bool,
    transactions: bool,
}

impl Associations {
    /// Reads `associations=charges,multiDisburseDetails,transactions`; unknown ones are ignored, as are those that are
    /// not simulated.
    pub(crate) fn of(names: &str) -> Self {
        let has = |name: &str| names.split(',').any(|asked| asked == name || asked == "all");
        Self {
            charges: has("charges"),
            tranches: has("multiDisburseDetails"),
            schedule: has("repaymentSchedule"),
            transactions: has("transactions"),
        }
    }
}

/// Fields that `fields=` takes away unless it names them. All others are always shown.
const ON_REQUEST: &str = "id canUseForTopup isTopup accountNo externalId status clientId loanProductId loanProductName isLoanProductLinkedToFloatingRate currency \
    principal termFrequency termPeriodFrequencyType numberOfRepayments repaymentEvery repaymentFrequencyType \
    interestRatePerPeriod interestRateFrequencyType annualInterestRate isFloatingInterestRate amortizationType \
    interestType interestCalculationPeriodType transactionProcessingStrategyCode transactionProcessingStrategyName \
    syncDisbursementWithMeeting timeline summary charges disbursementDetails transactions maxOutstandingLoanBalance repaymentSchedule totalOverpaid subStatus";

/// The names in `fields=` that no loan has.
pub(crate) fn unknown_fields(fields: &str) -> Vec<&str> {
    fields.split(',').filter(|name| !has_word(ON_REQUEST, name)).collect()
}

/// The loan without the fields that were not asked for.
pub(crate) fn with_fields(mut view: Map<String, Value>, fields: &str, release: Release) -> Map<String, Value> {
    let on_request =
        |name: &str| has_word(ON_REQUEST, name) || (release.is_develop() && name == partial_periods_parameter(release));
    let shown = |name: &str| !on_request(name) || fields.split(',').any(|asked| asked == name);
    keep(&mut view, &shown);
    view
}

/// Keeps the members of this name, in all parts.
fn keep(view: &mut Map<String, Value>, shown: &impl Fn(&str) -> bool) {
    view.retain(|name, _| shown(name));
    for part in view.values_mut() {
        let elements = match part {
            Value::Array(elements) => elements.iter_mut().filter_map(Value::as_object_mut).collect(),
            Value::Object(part) => vec![part],
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        for element in elements {
            keep(element, shown);
        }
    }
}

/// The loan's fields.
pub(crate) fn view(bank: &Bank, loan: &Loan, associations: Associations, today: Date) -> Map<String, Value> {
    let release = bank.release;
    let books = Books::of(loan);
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            view.insert(name.to_owned(), value);
        }
    };
    put("id", json!(loan.id));
    put("accountNo", json!(loan.account_no));
    put("externalId", json!(loan.external_id));
    put("status", loan.status.view());
    if loan.foreclosed_on.is_some() {
        put("subStatus", enums::foreclosed());
    }
    if let Some(client) = bank.clients.get(&loan.client) {
        put("clientId", json!(client.id));
        put("clientAccountNo", json!(client.account_no));
        put("clientName", json!(client.display_name()));
        put("clientExternalId", json!(client.external_id));
        put("clientOfficeId", json!(OFFICE));
    }
    let product = bank.products.iter().find(|product| product.id == loan.product);
    put("loanProductId", json!(loan.product));
    put("loanProductName", json!(product.map(|product| &product.name)));
    put("isLoanProductLinkedToFloatingRate", json!(false));
    put(
        "loanType",
        json!({"id": 1, "code": "accountType.individual", "value": "Individual"}),
    );
    put("currency", enums::loan_currency());
    put("principal", numbers::printed(loan.terms.principal));
    put("approvedPrincipal", numbers::printed(loan.approved));
    put("proposedPrincipal", numbers::printed(loan.proposed));
    put("netDisbursalAmount", numbers::printed(loan.net_disbursal));
    terms(loan, release, &mut put);
    put("timeline", timeline(bank, loan));
    put(
        "feeChargesAtDisbursementCharged",
        numbers::printed(loan.charges_at_disbursement()),
    );
    put(
        "multiDisburseLoan",
        json!(product.is_some_and(|product| product.multi_disburse)),
    );
    if let Some(limit) = loan.max_outstanding {
        put("maxOutstandingLoanBalance", numbers::printed(limit));
    }
    let defines = product.is_some_and(|product| product.defines_instalment);
    put("canDefineInstallmentAmount", json!(defines));
    loan.attributes.show(bank, &mut put);
    for flag in ["isNPA", "chargedOff"] {
        put(flag, json!(false));
    }
    put("isTopup", json!(loan.top_up.is_some()));
    if let Some(top_up) = &loan.top_up {
        top_up.show(bank, &mut put);
    }
    let ended = matches!(loan.status, LoanStatus::Rejected | LoanStatus::Withdrawn);
    let arrears = if loan.disbursed_on.is_some() {
        books.arrears(today)
    } else {
        // A slip of Fineract: what was late before the disbursement was undone goes on being late.
        loan.stale_arrears.filter(|_| ended)
    };
    if loan.disbursed_on.is_some() {
        put("summary", Sums::of(loan, &books).view(arrears));
    } else if ended {
        put("summary", Sums::default().view(arrears));
    }
    put("inArrears", json!(arrears.is_some()));
    if loan.status == LoanStatus::Overpaid {
        put("totalOverpaid", numbers::printed(books.overpaid));
    }
    if associations.schedule && loan.periods().is_some() {
        put("repaymentSchedule", schedule(loan, &books, release, today));
    }
    if associations.charges && !loan.charges.is_empty() {
        put("charges", charge_list(loan, release));
    }
    // With the schedule come the tranches, too, and a loan that has none shows an empty list.
    if associations.tranches || associations.schedule {
        put(
            "disbursementDetails",
            loan.tranches
                .iter()
                .map(|tranche| tranche.view(loan, release))
                .collect(),
        );
    }
    let mut listed: Vec<_> = loan.transactions.iter().filter(|booked| booked.is_listed()).collect();
    listed.sort_by_key(|booked| (booked.on, booked.id));
    // What was undone with its disbursement is not listed; only develop shows a list that is empty.
    let any = !listed.is_empty() || release.is_develop();
    if associations.transactions && any {
        let transactions = listed.into_iter();
        put(
            "transactions",
            transactions
                .map(|booked| Value::Object(transaction_view(loan, booked, release)))
                .collect(),
        );
    }
    view
}

fn terms(loan: &Loan, release: Release, put: &mut impl FnMut(&str, Value)) {
    let terms = &loan.terms;
    put("termFrequency", json!(terms.term));
    put("termPeriodFrequencyType", terms.term_frequency.term());
    put("numberOfRepayments", json!(terms.repayments));
    put("repaymentEvery", json!(terms.every));
    put("repaymentFrequencyType", terms.frequency.repayment());
    put("interestRatePerPeriod", numbers::printed(terms.rate));
    put("interestRateFrequencyType", enums::rate_frequency(terms.rate_frequency));
    put("annualInterestRate", numbers::printed(terms.annual_rate()));
    put("isFloatingInterestRate", json!(false));
    put("amortizationType", enums::amortization(terms.amortization));
    put("interestType", enums::interest(terms.interest));
    put(
        "interestCalculationPeriodType",
        enums::interest_calculation(terms.interest_calculation),
    );
    put("transactionProcessingStrategyCode", json!(terms.strategy));
    put(
        "transactionProcessingStrategyName",
        json!(enums::strategy_name(&terms.strategy)),
    );
    put("syncDisbursementWithMeeting", json!(false));
    terms.shape.show(put);
    for (name, value) in loan.kind.view_of_loan(loan.id) {
        put(&name, value);
    }
    put("loanScheduleProcessingType", enums::schedule_processing());
    if release.is_develop() {
        put("enableIncomeCapitalization", json!(false));
    }
}

fn timeline(bank: &Bank, loan: &Loan) -> Value {
    let mut timeline = Map::new();
    let mut put = |name: &str, date: Option<Date>| {
        if let Some(date) = date {
            timeline.insert(format!("{name}Date"), dates::array(date));
        }
    };
    put("submittedOn", Some(loan.submitted_on));
    put("approvedOn", loan.approved_on);
    put("expectedDisbursement", Some(loan.expected_disbursement));
    put("actualDisbursement", loan.disbursed_on);
    put("expectedMaturity", loan.expected_maturity(bank.release));
    let actual_maturity = match loan.maturity {
        Maturity::AsExpected => loan.maturity(),
        Maturity::On(date) => Some(date),
        Maturity::Unknown => None,
    };
    put("actualMaturity", actual_maturity);
    put("closedOn", loan.closed_on);
    put(
        "rejectedOn",
        loan.closed_on.filter(|_| loan.status == LoanStatus::Rejected),
    );
    put(
        "withdrawnOn",
        loan.closed_on.filter(|_| loan.status == LoanStatus::Withdrawn),
    );
    put("writeOffOn", loan.written_off_on);
    let closed_by = loan.closed_by.unwrap_or_default();
    let done = [
        ("submitted", true, loan.submitted_by),
        ("approved", loan.approved_on.is_some(), loan.approved_by),
        ("disbursed", loan.disbursed_on.is_some(), loan.disbursed_by),
        ("rejected", loan.status == LoanStatus::Rejected, closed_by),
        ("withdrawn", loan.status == LoanStatus::Withdrawn, closed_by),
        // A slip of Fineract: whoever closed a loan wrote it off, too.
        ("closed", loan.closed_by.is_some(), closed_by),
        ("writeOff", loan.closed_by.is_some(), closed_by),
    ];
    for (deed, _, by) in done.into_iter().filter(|(_, done, _)| *done) {
        bank.users.tell(by, deed, &mut timeline);
    }
    Value::Object(timeline)
}
