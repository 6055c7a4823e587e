//! Callers: who may call the gateway, and with which token.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::Error;

const TOKEN_BYTES: usize = 32;
const SALT_BYTES: usize = 32;

/// A caller with one token, as it is written to the table of callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What operations belong to.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The token's text, which the table has only as a hash.
    pub token: String,
    /// When the token ends.
    pub expires_at: OffsetDateTime,
    /// The operations it may ask for; `*` stands for all.
    pub operations: Vec<String>,
    salt: String,
}

impl Caller {
    /// A new caller that may ask for everything for a year.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new(name: &str) -> Result<Self, Error> {
        Ok(Self {
            id: format!("{name}-{}", hex(&random::<4>()?)),
            name: name.to_owned(),
            token: BASE64_URL_SAFE_NO_PAD.encode(random::<TOKEN_BYTES>()?),
            expires_at: OffsetDateTime::now_utc() + Duration::days(365),
            operations: vec!["*".to_owned()],
            salt: hex(&random::<SALT_BYTES>()?),
        })
    }

    /// The same caller, allowed these operations only.
    #[must_use]
    pub fn allowed(mut self, operations: &[&str]) -> Self {
        self.operations = operations.iter().map(|&operation| operation.to_owned()).collect();
        self
    }

    /// The same caller with a token that ended a minute ago.
    #[must_use]
    pub fn expired(mut self) -> Self {
        self.expires_at = OffsetDateTime::now_utc() - Duration::minutes(1);
        self
    }

    /// Its item in the table, in DynamoDB's JSON.
    #[must_use]
    pub fn item(&self) -> Value {
        let sha256 = hex(digest::digest(&digest::SHA256, self.token.as_bytes()).as_ref());
        let operations: Vec<_> = self
            .operations
            .iter()
            .map(|operation| json!({ "S": operation }))
            .collect();
        json!({
            "id": { "S": self.id },
            "name": { "S": self.name },
            "salt": { "S": self.salt },
            "tokens": { "L": [{ "M": {
                "sha256": { "S": sha256 },
                "expires_at": { "N": self.expires_at.unix_timestamp().to_string() },
            } }] },
            "operations": { "L": operations },
        })
    }
}

/// Random bytes from the operating system.
pub(crate) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Error> {
    let mut bytes = [0; LENGTH];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::Unexpected("the operating system gives no random bytes".to_owned()))?;
    Ok(bytes)
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_the_hash_and_never_the_token() {
        let caller = Caller::new("los").unwrap().allowed(&["LOAN_CREATE"]);
        let item = caller.item();
        assert_eq!(caller.token.len(), 43);
        assert!(!item.to_string().contains(&caller.token));
        assert_eq!(item["salt"]["S"].as_str().unwrap().len(), 64);
        assert_eq!(item["tokens"]["L"][0]["M"]["sha256"]["S"].as_str().unwrap().len(), 64);
        assert_eq!(item["operations"], json!({ "L": [{ "S": "LOAN_CREATE" }] }));
    }
}
