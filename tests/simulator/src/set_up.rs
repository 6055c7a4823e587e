//! What a server is set up with besides products: currencies, staff, roles and users.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    bank::{Bank, OFFICE},
    errors::{Failure, Fault},
    release::Release,
    users::{Permissions, User},
};

/// The roles of a fresh server.
const ROLES: [(&str, &str, bool); 2] = [
    ("Super user", "This role provides all application permissions.", false),
    ("Self Service User", "self service user role", true),
];

/// A role that was made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Role {
    name: String,
    description: String,
    permissions: BTreeSet<String>,
}

/// The currencies that are used; of those that there are, the same.
pub(crate) fn currencies() -> Value {
    let currency = |code: &str, name: &str, symbol: &str| {
        json!({"code": code, "name": name, "decimalPlaces": 2, "displaySymbol": symbol,
            "nameCode": format!("currency.{code}"), "displayLabel": format!("{name} ({symbol})")})
    };
    let known = [
        currency("INR", "Indian Rupee", "\u{20b9}"),
        currency("USD", "US Dollar", "$"),
    ];
    json!({"selectedCurrencyOptions": known, "currencyOptions": known})
}

/// The loan officers.
pub(crate) fn staff(release: Release) -> Value {
    let member = |id: u64, external_id: Option<&str>, first_name: &str| {
        let mut view = Map::new();
        view.insert("id".into(), json!(id));
        if let Some(external_id) = external_id {
            view.insert("externalId".into(), json!(external_id));
        }
        view.insert("firstname".into(), json!(first_name));
        view.insert("lastname".into(), json!("Officer"));
        view.insert("displayName".into(), json!(format!("Officer, {first_name}")));
        view.insert("officeId".into(), json!(OFFICE));
        view.insert("officeName".into(), json!("Head Office"));
        view.insert("isLoanOfficer".into(), json!(true));
        view.insert("isActive".into(), json!(true));
        if release.is_develop() {
            view.insert("joiningDate".into(), json!("2020-01-01"));
            view.insert("dateFormat".into(), json!("dd MMMM yyyy"));
        } else {
            view.insert("joiningDate".into(), json!([2020, 1, 1]));
        }
        Value::Object(view)
    };
    json!([member(1, Some("staff-1"), "Lata"), member(2, None, "Mani")])
}

impl Bank {
    /// Every role.
    pub(crate) fn role_list(&self) -> Value {
        let fresh = ROLES.map(|(name, description, disabled)| (name, description, disabled));
        let made = self.settings.roles.iter();
        let made = made.map(|role| (role.name.as_str(), role.description.as_str(), false));
        let roles = (1_u64..).zip(fresh.into_iter().chain(made));
        roles
            .map(|(id, (name, description, disabled))| {
                json!({"id": id, "name": name, "description": description, "disabled": disabled})
            })
            .collect()
    }

    /// Every user.
    pub(crate) fn user_list(&self) -> Value {
        let of = |(id, name): (u64, &str)| json!({"id": id, "username": name, "officeId": OFFICE, "officeName": "Head Office"});
        self.users.names().map(of).collect()
    }

    /// `POST roles`.
    pub(crate) fn create_role(&mut self, user: &User, body: &Map<String, Value>) -> Result<Value, Failure> {
        user.require_command("CREATE_ROLE")?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.settings.roles.push(Role {
            name: text("name"),
            description: text("description"),
            permissions: BTreeSet::new(),
        });
        Ok(json!({"resourceId": ROLES.len() + self.settings.roles.len()}))
    }

    /// `PUT roles/…/permissions`.
    pub(crate) fn permit_role(&mut self, user: &User, id: u64, body: &Map<String, Value>) -> Result<Value, Failure> {
        user.require_command("PERMISSIONS_ROLE")?;
        let permissions = body
            .get("permissions")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        let role = made_role(id).and_then(|index| self.settings.roles.get_mut(index));
        let role = role.ok_or_else(|| role_not_found(id))?;
        let mut changes = Map::new();
        for (code, wanted) in permissions {
            let changed = match wanted == json!(true) {
                true => role.permissions.insert(code.clone()),
                false => role.permissions.remove(&code),
            };
            if changed {
                changes.insert(code, wanted);
            }
        }
        Ok(json!({"resourceId": id, "changes": {"permissions": changes}}))
    }

    /// `POST users`.
    pub(crate) fn create_user(&mut self, user: &User, body: &Map<String, Value>) -> Result<Value, Failure> {
        user.require_command("CREATE_USER")?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut permissions = BTreeSet::new();
        for id in body.get("roles").and_then(Value::as_array).into_iter().flatten() {
            let id = id.as_u64().unwrap_or_default();
            let role = made_role(id).and_then(|index| self.settings.roles.get(index));
            permissions.extend(role.ok_or_else(|| role_not_found(id))?.permissions.iter().cloned());
        }
        let (name, password) = (text("username"), text("password"));
        self.users.set(name, password, Permissions::Only(permissions));
        let made = self.users.names().find(|(_, known)| *known == name);
        Ok(json!({"officeId": OFFICE, "resourceId": made.map(|(id, _)| id)}))
    }
}

/// Where a role stands among those that were made.
fn made_role(id: u64) -> Option<usize> {
    usize::try_from(id).ok()?.checked_sub(ROLES.len() + 1)
}

fn role_not_found(id: u64) -> Failure {
    let text = format!("Role with identifier {id} does not exist");
    Failure::NotFound(Fault::general("error.msg.role.id.invalid", text).with([json!(id)]))
}
