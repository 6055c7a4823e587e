//! How the money of a transaction went.

use serde_json::{Map, Value, json};

use crate::{errors::Failure, fields::Fields, offices, release::Release, validation::Checks};

/// The parameters of bodies that tell it.
pub(super) const PAYMENT: &str = "paymentTypeId accountNumber checkNumber routingCode receiptNumber bankNumber";
const TEXTS: [&str; 5] = [
    "accountNumber",
    "checkNumber",
    "routingCode",
    "receiptNumber",
    "bankNumber",
];
const TEXT_LIMIT: usize = 50;

/// A payment of a known type.
#[derive(Clone, Debug)]
pub(crate) struct PaymentDetail {
    pub(crate) payment_type: i64,
    texts: [(&'static str, String); 5],
}

/// Reads and checks the type of the payment, and the lengths of what is told about it.
pub(super) fn read_type(fields: &Fields<'_>, checks: &mut Checks) -> Result<Option<i64>, Failure> {
    let payment_type = fields.integer("paymentTypeId")?;
    checks.above_zero("paymentTypeId", payment_type);
    for name in TEXTS {
        checks.length(name, fields.text(name).as_deref(), TEXT_LIMIT);
    }
    Ok(payment_type)
}

impl PaymentDetail {
    /// What is told about a payment of this type; without a type, nothing is kept.
    pub(super) fn of(fields: &Fields<'_>, payment_type: Option<i64>) -> Option<Self> {
        payment_type.map(|payment_type| Self {
            payment_type,
            texts: TEXTS.map(|name| (name, fields.text(name).unwrap_or_default())),
        })
    }

    /// What `changes` repeat of it.
    pub(super) fn change(fields: &Fields<'_>, payment_type: Option<i64>, changes: &mut Map<String, Value>) {
        let Some(payment_type) = payment_type else { return };
        for name in TEXTS {
            if let Some(text) = fields.nonblank(name) {
                changes.insert(name.to_owned(), json!(text));
            }
        }
        changes.insert("paymentTypeId".into(), json!(payment_type));
    }

    pub(super) fn view(&self, transaction: u64, release: Release) -> Value {
        let mut view = Map::new();
        // A slip of Fineract: the payment's number is the transaction's.
        view.insert("id".into(), json!(transaction));
        if let Ok(payment_type) = offices::payment_type(self.payment_type) {
            let mut named = json!({"id": payment_type.id, "name": payment_type.name});
            if !release.is_develop() {
                named["isSystemDefined"] = json!(payment_type.system);
            }
            view.insert("paymentType".into(), named);
        }
        for (name, text) in &self.texts {
            view.insert((*name).to_owned(), json!(text));
        }
        Value::Object(view)
    }
}
