//! What the forms of new things start from: `GET loans/template` and `GET clients/template`. The lists of options that
//! Fineract adds are left out, but for those that name what the bank has.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use crate::{
    bank::{Bank, OFFICE},
    clients::Client,
    dates, enums,
    errors::{Failure, Fault},
    numbers,
    products::Product,
    route::Target,
};

/// `clients/template`.
pub(crate) fn of_client(today: Date) -> Value {
    json!({
        "activationDate": dates::array(today),
        "isStaff": false,
        "officeId": OFFICE,
        "officeOptions": [{"id": OFFICE, "name": "Head Office", "nameDecorated": "Head Office"}],
    })
}

/// `loans/template`; `None` for what is not simulated: other types than `individual`, and loans of nobody.
pub(crate) fn of_loan(bank: &Bank, target: &Target, today: Date) -> Result<Option<Value>, Failure> {
    let asked = |name: &str| target.parameter(name).filter(|text| !text.is_empty());
    match asked("templateType") {
        None => {
            let text = "Loan template type must be provided";
            let fault = Fault::general("error.msg.loan.template.type.required", text);
            return Err(Failure::Domain(fault));
        }
        Some("individual") => {}
        Some(_) => return Ok(None),
    }
    let Some(client) = asked("clientId").and_then(|id| id.parse().ok()) else {
        return Ok(None);
    };
    let client = bank.client_to_read(client)?;
    let product = match asked("productId").and_then(|id| id.parse().ok()) {
        Some(id) => Some(bank.product(id)?),
        None => None,
    };
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            view.insert(name.to_owned(), value);
        }
    };
    of_borrower(client, &mut put);
    // 1.10.1 forgets the client's external id as soon as there is a product.
    if bank.release.is_develop() || product.is_none() {
        put("clientExternalId", json!(client.external_id));
    }
    put("timeline", json!({"expectedDisbursementDate": dates::array(today)}));
    if bank.release.is_develop() {
        put("expectedDisbursementDate", dates::array(today));
    }
    put("productOptions", bank.products.iter().map(option).collect());
    if let Some(product) = product {
        of_product(bank, product, &mut put);
    }
    Ok(Some(Value::Object(view)))
}

/// A product among others.
fn option(product: &Product) -> Value {
    json!({"id": product.id, "name": product.name, "multiDisburseLoan": product.multi_disburse})
}

fn of_borrower(client: &Client, put: &mut impl FnMut(&str, Value)) {
    put("clientId", json!(client.id));
    put("clientAccountNo", json!(client.account_no));
    put("clientName", json!(client.display_name()));
    put("clientOfficeId", json!(OFFICE));
    for flag in [
        "isLoanProductLinkedToFloatingRate",
        "isFloatingInterestRate",
        "isTopup",
        "fraud",
        "isInterestRecalculationEnabled",
        "isRatesEnabled",
    ] {
        put(flag, json!(false));
    }
}

/// The product's defaults.
fn of_product(bank: &Bank, product: &Product, put: &mut impl FnMut(&str, Value)) {
    let view = product.detailed(bank.release, &bank.charges);
    for name in [
        "currency",
        "principal",
        "numberOfRepayments",
        "repaymentEvery",
        "repaymentFrequencyType",
        "interestRatePerPeriod",
        "interestRateFrequencyType",
        "annualInterestRate",
        "amortizationType",
        "interestType",
        "interestCalculationPeriodType",
        "allowPartialPeriodInterestCalculation",
        "transactionProcessingStrategyCode",
        "disallowExpectedDisbursements",
        "multiDisburseLoan",
        "canDefineInstallmentAmount",
        "daysInMonthType",
        "daysInYearType",
        "minimumGap",
        "maximumGap",
        "isEqualAmortization",
        "loanScheduleType",
        "loanScheduleProcessingType",
    ] {
        put(name, view.get(name).cloned().unwrap_or_default());
    }
    for (name, of_product) in [
        ("loanProductName", "name"),
        ("approvedPrincipal", "principal"),
        ("proposedPrincipal", "principal"),
        ("termFrequency", "numberOfRepayments"),
        // A slip of Fineract: the period of the term is called one of repayments.
        ("termPeriodFrequencyType", "repaymentFrequencyType"),
        ("maxOutstandingLoanBalance", "outstandingLoanBalance"),
    ] {
        put(name, view.get(of_product).cloned().unwrap_or_default());
    }
    if bank.release.is_develop() {
        put("productId", json!(product.id));
    }
    let principal = product.principal;
    let charges: Vec<_> = product.own_charges(&bank.charges).collect();
    let taken: Decimal = charges.iter().map(|charge| charge.at_disbursement(principal)).sum();
    put("netDisbursalAmount", numbers::printed(principal - taken));
    let charges = charges.into_iter().map(|charge| {
        json!({
            "chargeId": charge.id,
            "name": charge.name,
            "chargeTimeType": enums::charge_time(charge.time),
            "chargeCalculationType": enums::charge_calculation(charge.calculation),
            "currency": enums::currency(),
            "amount": numbers::printed(charge.amount),
            "amountPaid": 0,
            "amountWaived": 0,
            "amountWrittenOff": 0,
            "amountOutstanding": numbers::printed(charge.amount),
            "amountOrPercentage": numbers::printed(charge.amount),
            "penalty": charge.penalty,
            "chargePaymentMode": enums::charge_payment_mode(),
            "paid": false,
            "waived": false,
            "chargePayable": false,
        })
    });
    put("charges", charges.collect());
    put("overdueCharges", json!([]));
    put("product", Value::Object(view));
}
