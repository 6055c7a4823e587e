//! A client as `GET` shows it.

use serde_json::{Map, Value, json};

use super::{Client, ClientStatus};
use crate::{
    bank::{Bank, OFFICE},
    dates,
};

/// The client's fields.
pub(crate) fn view(bank: &Bank, client: &Client) -> Map<String, Value> {
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            view.insert(name.to_owned(), value);
        }
    };
    put("id", json!(client.id));
    put("accountNo", json!(client.account_no));
    put("externalId", json!(client.external_id));
    put("status", status(client.status));
    put("active", json!(client.status == ClientStatus::Active));
    put("activationDate", client.activated_on.map_or(Value::Null, dates::array));
    put("firstname", json!(client.first_name));
    put("middlename", json!(client.middle_name));
    put("lastname", json!(client.last_name));
    put("fullname", json!(client.full_name));
    put("displayName", json!(client.display_name()));
    put("mobileNo", json!(client.mobile_no));
    put("emailAddress", json!(client.email));
    put("isStaff", json!(false));
    put("officeId", json!(OFFICE));
    put("officeName", json!("Head Office"));
    put("timeline", timeline(bank, client));
    // A slip of Fineract: the product's name is the client's number.
    put("savingsProductName", json!(client.id.to_string()));
    put("legalForm", legal_form(client.legal_form));
    put("clientCollateralManagements", json!([]));
    put("groups", json!([]));
    view
}

fn status(status: ClientStatus) -> Value {
    match status {
        ClientStatus::Pending => json!({"id": 100, "code": "clientStatusType.pending", "value": "Pending"}),
        ClientStatus::Active => json!({"id": 300, "code": "clientStatusType.active", "value": "Active"}),
        ClientStatus::Closed => json!({"id": 600, "code": "clientStatusType.closed", "value": "Closed"}),
    }
}

pub(super) fn legal_form(id: i64) -> Value {
    match id {
        2 => json!({"id": 2, "code": "legalFormType.entity", "value": "Entity"}),
        _ => json!({"id": 1, "code": "legalFormType.person", "value": "Person"}),
    }
}

fn timeline(bank: &Bank, client: &Client) -> Value {
    let mut timeline = Map::new();
    timeline.insert("submittedOnDate".into(), dates::array(client.submitted_on));
    // A pending client may have a date, but nobody activated it.
    if let Some(date) = client.activated_on.filter(|_| client.status != ClientStatus::Pending) {
        timeline.insert("activatedOnDate".into(), dates::array(date));
        bank.users.tell(client.activated_by, "activated", &mut timeline);
    }
    if let Some((date, by)) = client.closed {
        timeline.insert("closedOnDate".into(), dates::array(date));
        bank.users.tell(by, "closed", &mut timeline);
    }
    Value::Object(timeline)
}
