//! Who may ask: users with passwords and permissions.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use base64::{Engine, engine::general_purpose::STANDARD};

use serde_json::{Map, Value, json};

use crate::errors::Failure;
use crate::release::Release;

/// The user of a fresh server: a super user.
pub(crate) const SUPER_USER: &str = "mifos";
const SUPER_USER_PASSWORD: &str = "password";
/// How many characters a new password has on develop.
const PASSWORD_LENGTH: RangeInclusive<usize> = 12..=50;
/// What every other user is called.
const FIRST_NAME: &str = "Mak";
const LAST_NAME: &str = "Er";

/// What a user may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permissions {
    /// Everything; no checker is asked, and no COB lock holds.
    SuperUser,
    /// Everything that needs no checker's or super user's right.
    All,
    /// Only these, by their codes: `CREATE_CLIENT`, `READ_LOAN`, …
    Only(BTreeSet<String>),
}

/// A user.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
    first_name: String,
    last_name: String,
    password: String,
    permissions: Permissions,
}

/// The users, by name.
#[derive(Clone, Debug)]
pub(crate) struct Users(BTreeMap<String, User>);

impl Default for Users {
    fn default() -> Self {
        let mut users = Self(BTreeMap::new());
        users.set(SUPER_USER, SUPER_USER_PASSWORD, Permissions::SuperUser);
        if let Some(user) = users.0.get_mut(SUPER_USER) {
            user.first_name = "App".to_owned();
            user.last_name = "Administrator".to_owned();
        }
        users
    }
}

impl Users {
    /// Adds a user, or replaces one; who replaces keeps the number.
    pub(crate) fn set(&mut self, name: &str, password: &str, permissions: Permissions) {
        let next = u64::try_from(self.0.len()).unwrap_or(u64::MAX);
        let user = User {
            id: self.0.get(name).map_or(next, |user| user.id),
            name: name.to_owned(),
            first_name: FIRST_NAME.to_owned(),
            last_name: LAST_NAME.to_owned(),
            password: password.to_owned(),
            permissions,
        };
        self.0.insert(name.to_owned(), user);
    }

    /// 403 unless the user with this number may carry the command out.
    pub(crate) fn require_command(&self, id: u64, code: &str) -> Result<(), Failure> {
        match self.0.values().find(|user| user.id == id) {
            Some(user) => user.require_command(code),
            None => Ok(()),
        }
    }

    /// Writes who did a deed into a timeline.
    pub(crate) fn tell(&self, id: u64, deed: &str, timeline: &mut Map<String, Value>) {
        let Some(user) = self.0.values().find(|user| user.id == id) else {
            return;
        };
        timeline.insert(format!("{deed}ByUsername"), json!(user.name));
        timeline.insert(format!("{deed}ByFirstname"), json!(user.first_name));
        timeline.insert(format!("{deed}ByLastname"), json!(user.last_name));
    }

    /// The number and the name of every user.
    pub(crate) fn names(&self) -> impl Iterator<Item = (u64, &str)> {
        self.0.values().map(|user| (user.id, user.name.as_str()))
    }

    /// The user of a fresh server.
    pub(crate) fn super_user(&self) -> Option<&User> {
        self.0.get(SUPER_USER)
    }

    /// The user whose name and password an `Authorization` header carries.
    pub(crate) fn of_header(&self, header: &str) -> Option<&User> {
        let decoded = STANDARD.decode(header.strip_prefix("Basic ")?.trim()).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (name, password) = text.split_once(':')?;
        self.0.get(name).filter(|user| user.password == password)
    }
}

/// What is wrong with a new password, if something is: develop refuses weak ones.
pub(crate) fn weakness(password: &str, release: Release) -> Option<&'static str> {
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    let kinds = [
        has(|letter| letter.is_ascii_digit()),
        has(char::is_lowercase),
        has(char::is_uppercase),
        has(|letter| !letter.is_alphanumeric() && !letter.is_whitespace()),
    ];
    let repeated = password
        .chars()
        .zip(password.chars().skip(1))
        .any(|(one, next)| one == next);
    let strong = PASSWORD_LENGTH.contains(&password.chars().count()) && kinds.into_iter().all(|has| has) && !repeated;
    (release.is_develop() && !strong).then_some(
        "a password has 12 to 50 characters, among them a digit, a small and a capital letter and a special character, and \
         no two equal ones side by side",
    )
}

impl User {
    /// Whether no checker is asked, and no COB lock holds.
    pub(crate) fn is_super_user(&self) -> bool {
        self.permissions == Permissions::SuperUser
    }

    /// 403 unless the user may carry the command `ACTION_ENTITY` out.
    pub(crate) fn require_command(&self, code: &str) -> Result<(), Failure> {
        if self.has(code) {
            return Ok(());
        }
        Err(Failure::NotAuthorized(format!("User has no authority to: {code}")))
    }

    /// 403 unless the user may read this kind of resource; `plural` is its name in the sentence.
    pub(crate) fn require_read(&self, entity: &str, plural: &str) -> Result<(), Failure> {
        if self.has(&format!("READ_{entity}")) {
            return Ok(());
        }
        Err(Failure::NotAuthorized(format!(
            "User has no authority to READ {plural}"
        )))
    }

    /// 403 unless the user may decide on the command `ACTION_ENTITY` as a checker.
    pub(crate) fn require_checker(&self, code: &str) -> Result<(), Failure> {
        let allowed = match &self.permissions {
            Permissions::SuperUser => true,
            Permissions::All => false,
            Permissions::Only(codes) => codes.contains(&format!("{code}_CHECKER")),
        };
        if allowed {
            return Ok(());
        }
        let text = format!("User has no authority to be a checker for: {code}");
        Err(Failure::NotAuthorized(text))
    }

    fn has(&self, code: &str) -> bool {
        match &self.permissions {
            Permissions::SuperUser | Permissions::All => true,
            Permissions::Only(codes) => codes.contains(code),
        }
    }
}
