//! The office, its only loan officer, and the payment types.

use serde_json::{Map, Value, json};

use crate::{
    errors::{Failure, Fault},
    release::Release,
};

/// A way of paying.
pub(crate) struct PaymentType {
    pub(crate) id: i64,
    pub(crate) name: &'static str,
    position: i64,
    code: Option<&'static str>,
    pub(crate) system: bool,
}

const PAYMENT_TYPES: [PaymentType; 5] = [
    PaymentType {
        id: 1,
        name: "Money Transfer",
        position: 1,
        code: None,
        system: false,
    },
    PaymentType {
        id: 2,
        name: "Repayment Adjustment Chargeback",
        position: 1,
        code: Some("REPAYMENT_ADJUSTMENT_CHARGEBACK"),
        system: true,
    },
    PaymentType {
        id: 3,
        name: "Repayment Adjustment Refund",
        position: 1,
        code: Some("REPAYMENT_ADJUSTMENT_REFUND"),
        system: true,
    },
    PaymentType {
        id: 4,
        name: "UTR",
        position: 5,
        code: Some(""),
        system: false,
    },
    PaymentType {
        id: 5,
        name: "Bank transfer",
        position: 6,
        code: Some(""),
        system: false,
    },
];

/// The payment type by number.
pub(crate) fn payment_type(id: i64) -> Result<&'static PaymentType, Failure> {
    PAYMENT_TYPES
        .iter()
        .find(|payment_type| payment_type.id == id)
        .ok_or_else(|| {
            let text = format!("PaymentType with {id} does not exist");
            Failure::NotFound(Fault::general("error.msg.payment.type.invalid", text).with([json!(id)]))
        })
}

/// Every payment type.
pub(crate) fn payment_types(release: Release) -> Value {
    PAYMENT_TYPES
        .iter()
        .map(|payment_type| payment_type.view(release))
        .collect()
}

impl PaymentType {
    pub(crate) fn view(&self, release: Release) -> Value {
        let mut view = Map::new();
        view.insert("id".into(), json!(self.id));
        view.insert("name".into(), json!(self.name));
        view.insert("description".into(), json!(self.name));
        view.insert("isCashPayment".into(), json!(false));
        view.insert("position".into(), json!(self.position));
        // develop leaves an empty code out.
        if let Some(code) = self.code.filter(|code| !(code.is_empty() && release.is_develop())) {
            view.insert("codeName".into(), json!(code));
        }
        view.insert("isSystemDefined".into(), json!(self.system));
        Value::Object(view)
    }
}

/// The head office.
pub(crate) fn office() -> Value {
    json!({
        "id": 1,
        "name": "Head Office",
        "nameDecorated": "Head Office",
        "externalId": "1",
        "openingDate": [2009, 1, 1],
        "hierarchy": ".",
    })
}

/// The only loan officer that the servers were set up with.
const OFFICER: (i64, &str) = (1, "Officer, Lata");

/// The name of a loan officer.
pub(crate) fn officer(id: i64) -> Result<&'static str, Failure> {
    if id == OFFICER.0 {
        return Ok(OFFICER.1);
    }
    let text = format!("Staff with identifier {id} does not exist");
    Err(Failure::NotFound(
        Fault::general("error.msg.staff.id.invalid", text).with([json!(id)]),
    ))
}
