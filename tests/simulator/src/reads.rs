//! `GET`: what the bank shows.

use serde_json::{Map, Value, json};

use crate::{
    bank::{Bank, OFFICE},
    clients,
    errors::{Failure, Fault},
    loans::{self, Associations},
    offices,
    route::{Named, Route, Target},
};

/// Fields of a client that `fields=` never takes away.
const ALWAYS_OF_CLIENTS: [&str; 2] = ["savingsProductName", "clientCollateralManagements"];

/// Answers a read; `None` if there is nothing to read at this resource.
pub(crate) fn read(bank: &Bank, route: &Route, target: &Target) -> Result<Option<Value>, Failure> {
    let fields = target.parameter("fields").filter(|fields| !fields.is_empty());
    let body = match route {
        Route::Clients | Route::Loans => return Ok(None),
        Route::Client(named) => Value::Object(client(bank, named, fields)?),
        Route::Loan(named) => Value::Object(loan(bank, named, target, fields)?),
        Route::Transaction { loan, transaction } => {
            let loan = bank.loan(bank.loan_number(loan)?)?;
            let transaction = match transaction {
                Named::Number(id) => loan.transaction(*id)?,
                Named::ExternalId(id) => loan.transaction_by_external_id(id)?,
            };
            Value::Object(loans::transaction_view(loan, transaction, bank.release))
        }
        Route::Products => bank
            .products
            .iter()
            .map(|product| Value::Object(product.listed(bank.release)))
            .collect(),
        Route::Product(id) => Value::Object(bank.product(*id)?.detailed(bank.release, &bank.charges)),
        Route::Offices => json!([offices::office()]),
        Route::Office(id) if u64::try_from(*id) == Ok(OFFICE) => offices::office(),
        Route::Office(id) => return Err(clients::office_not_found(*id)),
        Route::PaymentTypes => offices::payment_types(bank.release),
        Route::PaymentType(id) => offices::payment_type(*id)?.view(bank.release),
    };
    Ok(Some(body))
}

fn client(bank: &Bank, named: &Named, fields: Option<&str>) -> Result<Map<String, Value>, Failure> {
    let id = bank.client_number(named)?;
    let client = bank.clients.get(&id).ok_or_else(|| {
        let text = format!("Client not found with valuer {id}.");
        let fault = Fault::general("error.msg.client.not.found.with.client.id", text);
        Failure::NotFound(fault.with([json!(id.to_string())]))
    })?;
    let mut view = clients::view(client);
    if let Some(fields) = fields {
        view.retain(|name, _| {
            ALWAYS_OF_CLIENTS.contains(&name.as_str()) || fields.split(',').any(|asked| asked == name)
        });
    }
    Ok(view)
}

fn loan(bank: &Bank, named: &Named, target: &Target, fields: Option<&str>) -> Result<Map<String, Value>, Failure> {
    let loan = bank.loan(bank.loan_number(named)?)?;
    let associations = Associations::of(target.parameter("associations").unwrap_or_default());
    let view = loans::view(bank, loan, associations);
    let Some(fields) = fields else { return Ok(view) };
    let unknown = loans::unknown_fields(fields);
    if !unknown.is_empty() {
        return Err(Failure::Validation(
            unknown.into_iter().map(Fault::unsupported).collect(),
        ));
    }
    Ok(loans::with_fields(view, fields))
}
