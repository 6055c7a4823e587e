//! What the forms of commands on a loan start from.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use super::{
    Loan,
    books::Books,
    portions::Portions,
    transactions::{TransactionKind, kind_view},
};
use crate::{
    codes, dates, enums,
    errors::{Failure, Fault},
    fields::Fields,
    numbers, offices,
    release::Release,
    route::Target,
};

/// `loans/…/template?templateType=approval`.
pub(crate) fn approval_template(loan: &Loan, release: Release, today: Date) -> Value {
    let mut view = json!({
        "approvalDate": dates::array(today),
        "approvalAmount": numbers::printed(loan.proposed),
        "netDisbursalAmount": numbers::printed(loan.net_disbursal),
    });
    if release.is_develop() {
        view["expectedDisbursementDate"] = dates::array(loan.expected_disbursement);
        view["currency"] = enums::loan_currency();
    }
    view
}

/// `loans/…/transactions/template?command=…`; `None` for a command that is not simulated.
pub(crate) fn transaction_template(
    loan: &Loan,
    target: &Target,
    release: Release,
    today: Date,
) -> Result<Option<Value>, Failure> {
    let command = target.parameter("command").unwrap_or_default();
    let view = match command.trim().to_ascii_lowercase().as_str() {
        "disburse" => disbursal(loan, release),
        "repayment" => repayment(loan, release)?,
        "prepayloan" => {
            let on = asked_date(target)?.unwrap_or(today);
            quote(loan, loan.to_prepay(on), release, today)
        }
        "foreclosure" => {
            loan.check_foreclosable()?;
            let on = asked_date(target)?.unwrap_or(today);
            loan.check_foreclosure_date(on, today)?;
            quote(loan, loan.foreclosure_quote(on), release, today)
        }
        "waiveinterest" => interest_waiver(loan),
        "writeoff" => write_off(loan, release, today),
        "creditbalancerefund" => refund(loan, today),
        _ => return Ok(None),
    };
    Ok(Some(with_repayments(view, release)))
}

/// 1.10.1 always says how many repayments there are, if only that there are none.
fn with_repayments(mut view: Value, release: Release) -> Value {
    if !release.is_develop() && view.get("numberOfRepayments").is_none() {
        view["numberOfRepayments"] = json!(0);
    }
    view
}

/// The date that the query names, in its own format and locale.
fn asked_date(target: &Target) -> Result<Option<Date>, Failure> {
    let given = |name: &str| target.parameter(name).filter(|text| !text.is_empty());
    if given("transactionDate").is_some() && given("locale").is_none() {
        let text = "The parameter `locale` is invalid. It cannot be blank.";
        let fault = Fault::of("locale", "validation.msg.invalid.locale.format", text);
        return Err(Failure::invalid(fault));
    }
    // Of queries Fineract reads the year strictly, and says so.
    let format = given("dateFormat").map(|format| format.replace('y', "u"));
    let sent = [
        ("transactionDate", given("transactionDate").map(str::to_owned)),
        ("dateFormat", format),
        ("locale", given("locale").map(str::to_owned)),
    ];
    let sent: Map<String, Value> = sent
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .into_iter()
        .collect();
    Fields(&sent).date("transactionDate")
}

fn disbursal(loan: &Loan, release: Release) -> Value {
    let (date, amount) = loan.next_disbursal();
    let mut view = json!({
        "type": kind_view(TransactionKind::Disbursement),
        "date": dates::array(date),
        "amount": numbers::printed(amount),
        "netDisbursalAmount": numbers::printed(loan.net_disbursal),
        "manuallyReversed": false,
        "paymentTypeOptions": offices::payment_types(release),
        "numberOfRepayments": loan.terms.repayments,
    });
    if release.is_develop() {
        view["currency"] = enums::loan_currency();
    }
    view
}

/// What is due next.
fn repayment(loan: &Loan, release: Release) -> Result<Value, Failure> {
    let books = Books::of(loan);
    let open = |installment: &&super::books::Installment| !installment.outstanding().total().is_zero();
    let next = books.installments.iter().find(open);
    if next.is_none() && !release.is_develop() {
        return Err(Failure::Crash("nothing is due next".to_owned()));
    }
    let next = next.or(books.installments.first());
    let owed = next.map(|installment| installment.outstanding()).unwrap_or_default();
    let due = next.map(|installment| installment.due).unwrap_or_default();
    // What was never due is nothing, not even zero with a point.
    let left = |due: Decimal, left: Decimal| {
        if due.is_zero() {
            json!(0)
        } else {
            numbers::printed(left)
        }
    };
    let mut view = json!({
        "type": kind_view(TransactionKind::Repayment),
        "currency": enums::loan_currency(),
        "amount": numbers::printed(owed.total()),
        "netDisbursalAmount": numbers::printed(loan.net_disbursal),
        "principalPortion": numbers::printed(owed.principal),
        "interestPortion": numbers::printed(owed.interest),
        "feeChargesPortion": left(due.fees, owed.fees),
        "penaltyChargesPortion": left(due.penalties, owed.penalties),
        "manuallyReversed": false,
        "paymentTypeOptions": offices::payment_types(release),
    });
    if let Some(next) = next {
        let repaid = loan
            .standing()
            .filter(|booked| booked.kind == TransactionKind::Repayment);
        let day = repaid.map(|booked| booked.on).chain([next.period.due]).max();
        view["date"] = json!(day.map(dates::array));
    }
    Ok(view)
}

/// What ends the loan.
fn quote(loan: &Loan, owed: Portions, release: Release, today: Date) -> Value {
    json!({
        "loanId": loan.id,
        "externalLoanId": loan.external_id,
        "type": kind_view(TransactionKind::Repayment),
        "date": dates::array(today),
        "currency": enums::loan_currency(),
        "amount": numbers::printed(owed.total()),
        "netDisbursalAmount": numbers::printed(loan.net_disbursal),
        "principalPortion": numbers::printed(owed.principal),
        "interestPortion": numbers::printed(owed.interest),
        "feeChargesPortion": numbers::printed(owed.fees),
        "penaltyChargesPortion": numbers::printed(owed.penalties),
        "outstandingLoanBalance": numbers::printed(owed.principal),
        "manuallyReversed": false,
        "paymentTypeOptions": offices::payment_types(release),
    })
}

/// The interest that is due next.
fn interest_waiver(loan: &Loan) -> Value {
    let books = Books::of(loan);
    let open = |installment: &&super::books::Installment| !installment.outstanding().interest.is_zero();
    let next = books.installments.iter().find(open);
    let interest = next.map(|installment| installment.outstanding().interest);
    let mut view = bare(loan, TransactionKind::WaiveInterest, interest.unwrap_or_default());
    if let Some(next) = next {
        view["date"] = dates::array(next.period.due);
    }
    view
}

fn write_off(loan: &Loan, release: Release, today: Date) -> Value {
    let mut view = bare(loan, TransactionKind::WriteOff, Books::of(loan).outstanding().total());
    view["date"] = dates::array(today);
    view["writeOffReasonOptions"] = codes::write_off_reasons(release);
    view
}

fn refund(loan: &Loan, today: Date) -> Value {
    let mut view = json!({
        "loanId": loan.id,
        "externalLoanId": loan.external_id,
        "type": kind_view(TransactionKind::CreditBalanceRefund),
        "date": dates::array(today),
        "currency": enums::loan_currency(),
        "manuallyReversed": false,
    });
    let overpaid = Books::of(loan).overpaid;
    if !overpaid.is_zero() {
        view["amount"] = numbers::printed(overpaid);
    }
    view
}

fn bare(loan: &Loan, kind: TransactionKind, amount: Decimal) -> Value {
    json!({
        "loanId": loan.id,
        "externalLoanId": loan.external_id,
        "type": kind_view(kind),
        "currency": enums::loan_currency(),
        "amount": numbers::printed(amount),
        "netDisbursalAmount": numbers::printed(loan.net_disbursal),
        "manuallyReversed": false,
    })
}

impl Loan {
    /// What is paid out next, and when: the tranches of the earliest day that are not paid, or else the whole loan.
    fn next_disbursal(&self) -> (Date, Decimal) {
        let open = || self.tranches.iter().filter(|tranche| tranche.paid_on.is_none());
        match open().map(|tranche| tranche.expected_on).min() {
            Some(day) => {
                let next = open().filter(|tranche| tranche.expected_on == day);
                (day, next.map(|tranche| tranche.principal).sum())
            }
            None => (self.expected_disbursement, self.terms.principal),
        }
    }
}
