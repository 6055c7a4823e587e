//! A Fineract server, asked over HTTP.

use std::time::{Duration, Instant};

use recordings::Answer;
use reqwest::{Certificate, Client};
use serde_json::Value;

use crate::error::Error;

/// How long one answer may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TENANT_HEADER: &str = "Fineract-Platform-TenantId";
/// The end of a base URL, and what tells the release in its place.
const API: &str = "/api";
const INFO: &str = "/actuator/info";

/// Whose requests they are.
#[derive(Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The tenant.
    pub tenant: String,
}

/// A server.
pub struct Server {
    client: Client,
    base: String,
    /// Whose requests they are, unless a step says otherwise.
    pub login: Login,
}

impl Server {
    /// The server with this base URL (`https://HOST/fineract-provider/api`); `ca` is the PEM of its own authority.
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn new(base: &str, ca: Option<&str>, login: Login) -> Result<Self, Error> {
        // It may be installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .no_proxy()
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(0);
        let unusable = |error: reqwest::Error| Error::Client(error.to_string());
        if let Some(pem) = ca {
            let certificates = Certificate::from_pem_bundle(pem.as_bytes()).map_err(unusable)?;
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self {
            client: builder.build().map_err(unusable)?,
            base: base.trim_end_matches('/').to_owned(),
            login,
        })
    }

    /// The release that the server tells, if it tells one.
    pub async fn release(&self) -> Option<String> {
        let url = format!("{}{INFO}", self.base.strip_suffix(API)?);
        let answer = self.client.get(url).send().await.ok()?;
        let info: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
        info.pointer("/git/build/version")?.as_str().map(str::to_owned)
    }

    /// One exchange, and how long it took.
    ///
    /// # Errors
    /// If there is no whole answer.
    pub async fn exchange(
        &self,
        login: &Login,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &Value,
    ) -> Result<(Answer, Duration), Error> {
        let what = || format!("{method} {path}");
        let lost = |error: reqwest::Error| Error::Server(what(), error.without_url());
        let known = reqwest::Method::from_bytes(method.as_bytes());
        let known = known.map_err(|_| Error::Scenario(format!("{method} is no method")))?;
        let mut request = self
            .client
            .request(known, format!("{}{path}", self.base))
            .basic_auth(&login.user, Some(&login.password))
            .header(TENANT_HEADER, &login.tenant);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request = match body {
            Value::Null => request,
            Value::String(text) => request.body(text.clone()),
            body @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                request.body(body.to_string())
            }
        };
        let began = Instant::now();
        let answer = request.send().await.map_err(lost)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.map_err(lost)?;
        let headers = headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        Ok((Answer::of(status, headers, &bytes), began.elapsed()))
    }
}
