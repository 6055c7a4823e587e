//! `GET`: what the bank shows.

use serde_json::{Map, Value, json};
use time::Date;

use crate::{
    audits,
    bank::{Bank, OFFICE},
    clients, codes,
    errors::{Failure, Fault},
    loans::{self, Associations},
    offices, products,
    release::Release,
    route::{Named, Route, Target},
    searches, set_up, templates,
    users::User,
};

/// Fields of a client that `fields=` never takes away.
const ALWAYS_OF_CLIENTS: [&str; 2] = ["savingsProductName", "clientCollateralManagements"];

/// Whether the container answers 404 for a filter that is no number.
pub(crate) fn asks_for_nothing(route: &Route, target: &Target, release: Release) -> bool {
    let filters: &[&str] = if *route == Route::LoanTemplate {
        &["clientId", "productId"]
    } else if *route != Route::Audits {
        &[]
    } else if release.is_develop() {
        &["resourceId", "clientId", "offset", "limit"]
    } else {
        &["processingResult", "resourceId", "clientId", "offset", "limit"]
    };
    let wrong = |name: &&str| {
        let sent = target.parameter(name).filter(|text| !text.is_empty());
        sent.is_some_and(|text| text.parse::<u64>().is_err())
    };
    filters.iter().any(wrong)
}

/// Answers a read; `None` if there is nothing to read at this resource.
pub(crate) fn read(
    bank: &Bank,
    route: &Route,
    target: &Target,
    user: &User,
    today: Date,
) -> Result<Option<Value>, Failure> {
    require(route, user)?;
    let fields = target.parameter("fields").filter(|fields| !fields.is_empty());
    let body = match route {
        Route::Permissions | Route::Configuration(_) | Route::Waiting(_) | Route::Funds | Route::RolePermissions(_) => {
            return Ok(None);
        }
        Route::Currencies => set_up::currencies(),
        Route::Staff => set_up::staff(bank.release),
        Route::Roles => bank.role_list(),
        Route::Users => bank.user_list(),
        Route::Clients => return Ok(searches::clients(bank, target)),
        Route::Loans => return Ok(searches::loans(bank, target, today)),
        Route::ClientTemplate => templates::of_client(today),
        Route::LoanTemplate => return templates::of_loan(bank, target, today),
        Route::ApprovalTemplate(named) => {
            let loan = bank.loan(bank.loan_number(named)?)?;
            let approval = target.parameter("templateType") == Some("approval");
            return Ok(approval.then(|| loans::approval_template(loan, bank.release, today)));
        }
        Route::TransactionTemplate(named) => {
            let loan = bank.loan(bank.loan_number(named)?)?;
            return loans::transaction_template(loan, target, bank.release, today);
        }
        Route::Audits => audits::audits(bank, target),
        Route::Audit(id) => audits::audit(bank, *id)?,
        Route::Inbox => audits::inbox(bank, target, user),
        Route::Client(named) => Value::Object(client(bank, named, fields)?),
        Route::Loan(named) => Value::Object(loan(bank, named, target, fields, today)?),
        // Only develop lists transactions by themselves, which is not simulated.
        Route::Transactions(_) => return Ok(None),
        Route::LoanCharges(named) => loans::charge_list(bank.loan(bank.loan_number(named)?)?, bank.release),
        Route::LoanCharge { loan, charge } => {
            let loan = bank.loan(bank.loan_number(loan)?)?;
            let charge = match charge {
                Named::Number(id) => loan.charge(*id)?,
                Named::ExternalId(id) => bank.charge_to_read(loan, id)?,
            };
            loans::charge_view(loan, charge, bank.release)
        }
        Route::Transaction { loan, transaction } => {
            let loan = bank.loan(bank.loan_number(loan)?)?;
            let transaction = match transaction {
                Named::Number(id) => loan.transaction(*id)?,
                Named::ExternalId(id) => bank.transaction_to_read(loan, id)?,
            };
            Value::Object(loans::transaction_view(loan, transaction, bank.release))
        }
        Route::Products => bank
            .products
            .iter()
            .map(|product| Value::Object(product.listed(bank.release)))
            .collect(),
        Route::Product(id) => Value::Object(bank.product(*id)?.detailed(bank.release, &bank.charges)),
        Route::Charges => products::charge_list(&bank.charges, bank.release),
        Route::Charge(id) => match bank.charges.iter().find(|charge| charge.id == *id) {
            Some(charge) => charge.own_view(bank.release),
            None => return Err(products::charge_not_found(json!(id))),
        },
        Route::Codes => codes::codes(bank.release),
        Route::CodeValues(code) => return Ok(codes::values(*code, bank.release)),
        Route::Offices => json!([offices::office()]),
        Route::Office(id) if u64::try_from(*id) == Ok(OFFICE) => offices::office(),
        Route::Office(id) => return Err(clients::office_not_found(*id)),
        Route::PaymentTypes => offices::payment_types(bank.release),
        Route::PaymentType(id) => offices::payment_type(*id)?.view(bank.release),
    };
    Ok(Some(body))
}

fn require(route: &Route, user: &User) -> Result<(), Failure> {
    match route {
        Route::Clients | Route::Client(_) | Route::ClientTemplate => user.require_read("CLIENT", "clients"),
        Route::Loans
        | Route::Loan(_)
        | Route::LoanTemplate
        | Route::ApprovalTemplate(_)
        | Route::TransactionTemplate(_)
        | Route::Transactions(_)
        | Route::LoanCharges(_)
        | Route::LoanCharge { .. }
        | Route::Transaction { .. } => user.require_read("LOAN", "loans"),
        Route::Products | Route::Product(_) => user.require_read("LOANPRODUCT", "loanproducts"),
        Route::Charges | Route::Charge(_) => user.require_read("CHARGE", "charges"),
        Route::Codes => user.require_read("CODE", "codes"),
        Route::CodeValues(_) => user.require_read("CODEVALUE", "codevalues"),
        Route::Offices | Route::Office(_) => user.require_read("OFFICE", "offices"),
        Route::PaymentTypes | Route::PaymentType(_) => user.require_read("PAYMENTTYPE", "paymenttypes"),
        Route::Funds => user.require_read("FUND", "funds"),
        Route::Audits | Route::Audit(_) => user.require_read("AUDIT", "audits"),
        Route::Currencies => user.require_read("CURRENCY", "currencys"),
        Route::Staff => user.require_read("STAFF", "staffs"),
        Route::Roles | Route::RolePermissions(_) => user.require_read("ROLE", "roles"),
        Route::Users => user.require_read("USER", "users"),
        Route::Inbox | Route::Waiting(_) | Route::Permissions | Route::Configuration(_) => Ok(()),
    }
}

fn client(bank: &Bank, named: &Named, fields: Option<&str>) -> Result<Map<String, Value>, Failure> {
    let id = bank.client_number(named)?;
    let mut view = clients::view(bank, bank.client_to_read(id)?);
    if let Some(fields) = fields {
        view.retain(|name, _| {
            ALWAYS_OF_CLIENTS.contains(&name.as_str()) || fields.split(',').any(|asked| asked == name)
        });
    }
    Ok(view)
}

fn loan(
    bank: &Bank,
    named: &Named,
    target: &Target,
    fields: Option<&str>,
    today: Date,
) -> Result<Map<String, Value>, Failure> {
    let loan = bank.loan(bank.loan_number(named)?)?;
    let associations = Associations::of(target.parameter("associations").unwrap_or_default());
    let view = loans::view(bank, loan, associations, today);
    let Some(fields) = fields else { return Ok(view) };
    let unknown = loans::unknown_fields(fields);
    if !unknown.is_empty() {
        return Err(Failure::Validation(
            unknown.into_iter().map(Fault::unsupported).collect(),
        ));
    }
    Ok(loans::with_fields(view, fields, bank.release))
}
