//! How AWS is reached: one TLS stack, credentials from the environment, every call with a limit.

use std::env;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};

use super::http;
use super::wire::Wire;
use crate::chain::Chain;

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(1);
/// How long one try of a call may take.
const TRY_TIME: Duration = Duration::from_millis(1_500);
/// How long a call may take with all its tries.
const CALL_TIME: Duration = Duration::from_secs(5);
/// The same from a person's machine, which may be far away and read much at once.
const PERSONS_TRY_TIME: Duration = Duration::from_secs(10);
/// The same for all tries.
const PERSONS_CALL_TIME: Duration = Duration::from_secs(30);
/// How often a call is tried. Every write is conditional or has a deduplication id, so a repeat does no harm.
const TRIES_MAX: u32 = 3;

/// AWS as a function reaches it.
#[derive(Debug)]
pub struct Aws {
    /// The configuration of its clients.
    pub config: SdkConfig,
    wire: Wire,
}

impl Aws {
    /// It follows `AWS_REGION`, `AWS_ENDPOINT_URL` and the credentials in the environment, all of which Lambda sets; no file
    /// is looked for, no other service asked.
    pub fn new() -> Result<Self, http::Error> {
        let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
        let wire = Wire::new(CONNECT_TIME)?;
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(env::var("AWS_REGION").ok().map(Region::new))
            .http_client(wire.client())
            .credentials_provider(credentials)
            .timeout_config(timeouts(TRY_TIME, CALL_TIME))
            .retry_config(retries());
        config.set_endpoint_url(env::var("AWS_ENDPOINT_URL").ok());
        Ok(Self {
            config: config.build(),
            wire,
        })
    }

    /// Opens the connection to a queue ahead of the first message. No call of SQS would do that for nothing and without
    /// another permission.
    pub async fn open_queue(&self, url: &str) {
        let url = self.config.endpoint_url().unwrap_or(url);
        if let Err(error) = self.wire.open(url, TRY_TIME).await {
            let error = error.without_url();
            tracing::warn!(error = %Chain(&error), "the connection to the queue is opened with the first message");
        }
    }
}

/// The configuration of a person's AWS clients: region, endpoint and keys as these variables say, and what they do not
/// say as every AWS tool finds it (environment, profile, instance).
pub async fn config_of_a_person(variable: &dyn Fn(&str) -> Option<String>) -> Result<SdkConfig, http::Error> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(Wire::new(CONNECT_TIME)?.client())
        .timeout_config(timeouts(PERSONS_TRY_TIME, PERSONS_CALL_TIME))
        .retry_config(retries());
    if let Some(region) = variable("AWS_REGION") {
        loader = loader.region(Region::new(region));
    }
    if let Some(url) = variable("AWS_ENDPOINT_URL") {
        loader = loader.endpoint_url(url);
    }
    if let (Some(key), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
        let session = variable("AWS_SESSION_TOKEN");
        loader = loader.credentials_provider(Credentials::new(key, secret, session, None, "variables"));
    }
    Ok(loader.load().await)
}

fn timeouts(one_try: Duration, all: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIME)
        .operation_attempt_timeout(one_try)
        .operation_timeout(all)
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(TRIES_MAX)
}
