//! Fineract's credentials in Secrets Manager.

use std::fmt;

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use serde::Deserialize;

/// A user of Fineract.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Credentials {
    /// The user's name.
    pub username: String,
    /// The user's password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The credentials could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Secrets Manager did not answer.
    #[error("the secret could not be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The secret is not what it should be. Its text is never part of an error.
    #[error("the secret is not JSON of the form {{\"username\": …, \"password\": …}}")]
    Malformed,
}

/// Where the credentials are kept.
#[async_trait]
pub trait Source: Send + Sync {
    /// The credentials, as they are now.
    async fn read(&self) -> Result<Credentials, Error>;
}

/// A secret in Secrets Manager.
#[derive(Clone, Debug)]
pub struct Secret {
    client: Client,
    arn: String,
}

impl Secret {
    /// The secret with this ARN.
    pub fn new(config: &aws_config::SdkConfig, arn: impl Into<String>) -> Self {
        Self {
            client: Client::new(config),
            arn: arn.into(),
        }
    }
}

#[async_trait]
impl Source for Secret {
    async fn read(&self) -> Result<Credentials, Error> {
        let answer = self.client.get_secret_value().secret_id(&self.arn).send().await;
        let answer = answer.map_err(|error| Error::Unreadable(error.into()))?;
        answer
            .secret_string()
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or(Error::Malformed)
    }
}
