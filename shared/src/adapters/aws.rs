//! How AWS is reached: one TLS stack, credentials from the environment, every call with a limit.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::settings::environment;

/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(1);
/// How long one try of a call may take.
const TRY_TIME: Duration = Duration::from_millis(1_500);
/// How long a call may take with all its tries.
const CALL_TIME: Duration = Duration::from_secs(5);
/// How often a call is tried. Every write is conditional or has a deduplication id, so a repeat does no harm.
const TRIES_MAX: u32 = 3;

/// The configuration of every AWS client. It follows `AWS_REGION`, `AWS_ENDPOINT_URL` and the credentials in the
/// environment, all of which Lambda sets; no file is looked for, no other service asked.
pub fn config() -> SdkConfig {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIME)
        .operation_attempt_timeout(TRY_TIME)
        .operation_timeout(CALL_TIME)
        .build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(environment("AWS_REGION").map(Region::new))
        .http_client(http)
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(TRIES_MAX));
    config.set_endpoint_url(environment("AWS_ENDPOINT_URL"));
    config.build()
}
