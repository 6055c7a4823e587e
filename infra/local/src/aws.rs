//! The emulated AWS services, asked over plain HTTP.
//!
//! The emulator reads from a signature only whose it is, so requests carry one that is not computed; that spares this
//! package the SDK. It works with the emulator only, and on a loopback address only.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use crate::Error;

/// The region of the emulated account.
pub const REGION: &str = "us-east-1";
/// Access key (and secret) of the emulated account's root; never a real one.
pub const ROOT_KEY: &str = "test";
/// The emulator does everything on this machine; what takes longer hangs. A sweep may run for minutes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(300);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// A client of the emulator.
#[derive(Clone, Debug)]
pub struct Aws {
    url: String,
    client: Client,
}

impl Aws {
    /// A client of the emulator at `url`.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new(url: String) -> Result<Self, Error> {
        Ok(Self {
            url,
            client: http_client(REQUEST_TIMEOUT)?,
        })
    }

    /// Where the emulator answers: `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks a service of the JSON protocol. `target` is as in `DynamoDB_20120810.GetItem` or `AmazonSQS.SendMessage`.
    ///
    /// # Errors
    /// If the service refuses, or does not answer.
    pub async fn json(&self, target: &str, body: &Value) -> Result<Value, Error> {
        let service = match target.split(['_', '.']).next() {
            Some("DynamoDB") => "dynamodb",
            Some("AmazonSQS") => "sqs",
            Some("Logs") => "logs",
            Some("secretsmanager") => "secretsmanager",
            _ => {
                return Err(Error::Unexpected(format!(
                    "{target} is of no service that is used here"
                )));
            }
        };
        let request = self.request(Method::POST, service, "/").header("X-Amz-Target", target);
        let request = request
            .header("Content-Type", "application/x-amz-json-1.0")
            .body(body.to_string());
        parse(target, &self.send(target, request).await?)
    }

    /// Asks CloudFormation, with an action and its parameters; the answer is XML.
    ///
    /// # Errors
    /// If it refuses, or does not answer.
    pub async fn cloudformation(&self, action: &str, parameters: &[(String, String)]) -> Result<String, Error> {
        self.query("cloudformation", "2010-05-15", action, parameters).await
    }

    /// Asks IAM, with an action and its parameters; the answer is XML.
    ///
    /// # Errors
    /// If it refuses, or does not answer.
    pub async fn iam(&self, action: &str, parameters: &[(String, String)]) -> Result<String, Error> {
        self.query("iam", "2010-05-08", action, parameters).await
    }

    async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        parameters: &[(String, String)],
    ) -> Result<String, Error> {
        let mut form = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            form.push_str(&format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        }
        let request = self.request(Method::POST, service, "/").body(form);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        self.send(action, request).await
    }

    /// Stores an object, or makes a bucket if the path has one part.
    ///
    /// # Errors
    /// If S3 refuses, or does not answer.
    pub async fn put_object(&self, path: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let request = self.request(Method::PUT, "s3", &format!("/{path}")).body(bytes);
        self.send("PutObject", request).await.map(drop)
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Errors
    /// If the function fails, or does not answer.
    pub async fn invoke(&self, function_name: &str, event: &Value) -> Result<Value, Error> {
        let path = format!("/2015-03-31/functions/{function_name}/invocations");
        let request = self.request(Method::POST, "lambda", &path).body(event.to_string());
        let answer = request.send().await.map_err(Error::http(&self.url))?;
        let failed = answer.headers().contains_key("X-Amz-Function-Error");
        let status = answer.status();
        let body = answer.text().await.map_err(Error::http(&self.url))?;
        if failed || !status.is_success() {
            return Err(Error::Aws {
                action: format!("Invoke {function_name}"),
                status: status.as_u16(),
                body,
            });
        }
        parse("Invoke", &body)
    }

    /// Whether the emulator answers.
    pub async fn healthy(&self) -> bool {
        let request = self
            .client
            .get(format!("{}/_ministack/health", self.url))
            .timeout(HEALTH_TIMEOUT);
        request.send().await.is_ok_and(|answer| answer.status().is_success())
    }

    fn request(&self, method: Method, service: &str, path: &str) -> RequestBuilder {
        let scope = format!("Credential={ROOT_KEY}/20260101/{REGION}/{service}/aws4_request");
        let signature = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none");
        self.client
            .request(method, format!("{}{path}", self.url))
            .header("Authorization", signature)
    }

    async fn send(&self, action: &str, request: RequestBuilder) -> Result<String, Error> {
        let answer = request.send().await.map_err(Error::http(&self.url))?;
        let status = answer.status();
        let body = answer.text().await.map_err(Error::http(&self.url))?;
        if status.is_success() {
            Ok(body)
        } else {
            Err(Error::Aws {
                action: action.to_owned(),
                status: status.as_u16(),
                body,
            })
        }
    }
}

fn parse(action: &str, body: &str) -> Result<Value, Error> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(body).map_err(|_| Error::Unexpected(format!("{action} was answered with no JSON: {body}")))
}

/// An HTTP client for loopback addresses that keeps no connection, so that it may be shared by tests with a runtime
/// each.
pub(crate) fn http_client(timeout: Duration) -> Result<Client, Error> {
    // Installed already is as good; nothing here uses TLS, but the client insists on a provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(timeout);
    builder.build().map_err(Error::http("an HTTP client"))
}
