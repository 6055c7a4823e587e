//! Fineract over HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, ClientBuilder, Response, redirect, retry};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::RwLock;
use tokio::time::timeout;

use super::secrets::{Credentials, Source};
use crate::chain::Chain;
use crate::fineract::{Answer, Exchange, Fineract, Loss, Method, Request};
use crate::release::Release;

/// Connections that rest longer are dropped: Fineract closes them after 60 s.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// How long connecting may take; the exchange's own limit holds besides.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// How long Fineract may take to tell its release: nothing waits for it but the start.
const RELEASE_TIME: Duration = Duration::from_secs(1);
/// The end of a base URL, and what tells the release in its place.
const API: &str = "/api";
const INFO: &str = "/actuator/info";
/// Largest answer that is read.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
const TENANT_HEADER: &str = "Fineract-Platform-TenantId";
const KEY_HEADER: &str = "Idempotency-Key";
const FROM_CACHE_HEADER: &str = "x-served-from-cache";

/// Where Fineract is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The base, such as `https://fineract.example/fineract-provider/api`, without a slash at its end.
    pub base_url: String,
    /// The tenant.
    pub tenant: String,
    /// The operator's own certificate authorities as PEM, besides the public ones.
    pub ca_pem: Option<String>,
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operator's certificate authorities cannot be read.
    #[error("the configured CA is not a PEM certificate")]
    Ca(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    /// The tenant cannot be sent in a header.
    #[error("the tenant cannot be sent in a header")]
    Tenant,
}

/// Fineract over HTTP.
pub struct HttpFineract {
    client: Client,
    base_url: String,
    tenant: HeaderValue,
    source: Box<dyn Source>,
    credentials: RwLock<Option<Credentials>>,
}

impl HttpFineract {
    /// A client for Fineract at this place.
    pub fn new(place: Place, source: Box<dyn Source>) -> Result<Self, Error> {
        let client = builder(place.ca_pem.as_deref(), CONNECT_TIME)?
            .pool_idle_timeout(IDLE_TIME)
            .build()
            .map_err(Error::Client)?;
        let tenant = HeaderValue::from_str(&place.tenant).map_err(|_| Error::Tenant)?;
        Ok(Self {
            client,
            base_url: place.base_url,
            tenant,
            source,
            credentials: RwLock::new(None),
        })
    }

    /// Reads the credentials ahead of the first exchange.
    pub async fn warm(&self) {
        self.credentials().await;
    }

    /// Asks for Fineract's release, which needs no user. It opens the first connection besides.
    pub async fn release(&self) -> Release {
        let Some(context) = self.base_url.strip_suffix(API) else {
            return Release::Untold;
        };
        let asked = self.client.get(format!("{context}{INFO}")).timeout(RELEASE_TIME);
        let Ok(response) = asked.send().await else {
            return Release::Untold;
        };
        match whole(response).await {
            Exchange::Answer(answer) if answer.status == 200 => {
                answer.json().map_or(Release::Untold, |info| Release::told(&info))
            }
            Exchange::Answer(_) | Exchange::Lost(_) | Exchange::NotSent => Release::Untold,
        }
    }

    async fn credentials(&self) -> Option<Credentials> {
        if let Some(credentials) = self.credentials.read().await.as_ref() {
            return Some(credentials.clone());
        }
        match self.source.read().await {
            Ok(credentials) => {
                *self.credentials.write().await = Some(credentials.clone());
                Some(credentials)
            }
            Err(error) => {
                tracing::error!(
                    alarm = "credentials_unreadable",
                    error = %Chain(&error),
                    "Fineract's credentials"
                );
                None
            }
        }
    }

    /// The credentials in the place of refused ones, if there are others by now. Else the next exchange looks again.
    async fn changed(&self, refused: &Credentials) -> Option<Credentials> {
        self.forget(refused).await;
        let now = self.credentials().await?;
        if now == *refused {
            self.forget(refused).await;
            return None;
        }
        Some(now)
    }

    /// Forgets these credentials, if they are the ones that are known.
    async fn forget(&self, refused: &Credentials) {
        let mut known = self.credentials.write().await;
        if known.as_ref() == Some(refused) {
            *known = None;
        }
    }

    /// The whole exchange, within its limit.
    async fn send(&self, request: Request, credentials: Credentials) -> Exchange {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self
            .client
            .request(method, format!("{}{}", self.base_url, request.path.as_str()))
            .basic_auth(credentials.username, Some(credentials.password))
            .header(TENANT_HEADER, self.tenant.clone())
            .timeout(request.timeout);
        if let Some(key) = request.key {
            // A DELETE without this content type is stored by Fineract with every member null.
            builder = builder
                .header(KEY_HEADER, key)
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(body) = request.body {
            builder = builder.body(body.to_string());
        }
        match builder.send().await {
            Ok(response) => whole(response).await,
            Err(error) => lost(error),
        }
    }
}

#[async_trait]
impl Fineract for HttpFineract {
    async fn exchange(&self, request: Request) -> Exchange {
        let began = Instant::now();
        let left = || request.timeout.saturating_sub(began.elapsed());
        let with = |timeout| Request {
            timeout,
            ..request.clone()
        };
        let Ok(Some(credentials)) = timeout(request.timeout, self.credentials()).await else {
            return Exchange::NotSent;
        };
        let exchange = self.send(with(left()), credentials.clone()).await;
        let Exchange::Answer(Answer { status: 401, .. }) = &exchange else {
            return exchange;
        };
        // Nothing was done. If they were changed meanwhile, the request is made once more with the new ones, unless it
        // would have little time left for its answer.
        match timeout(left(), self.changed(&credentials)).await {
            Ok(Some(changed)) if left() >= request.timeout / 2 => self.send(with(left()), changed).await,
            Ok(_) | Err(_) => exchange,
        }
    }

    async fn username(&self) -> Option<String> {
        self.credentials().await.map(|credentials| credentials.username)
    }
}

async fn whole(mut response: Response) -> Exchange {
    let status = response.status().as_u16();
    let from_cache = response
        .headers()
        .get(FROM_CACHE_HEADER)
        .is_some_and(|value| value == "true");
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_BYTES_MAX => return Exchange::Lost(Loss::TooLarge),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => {
                return Exchange::Answer(Answer {
                    status,
                    from_cache,
                    body,
                });
            }
            Err(error) => {
                tracing::warn!(error = %Chain(&error.without_url()), "an answer of Fineract's was cut off");
                return Exchange::Lost(Loss::CutOff);
            }
        }
    }
}

/// Only a failure to connect is certainly "nothing was sent".
fn lost(error: reqwest::Error) -> Exchange {
    let error = error.without_url();
    tracing::warn!(error = %Chain(&error), "an exchange with Fineract failed");
    if error.is_connect() || error.is_builder() {
        Exchange::NotSent
    } else if error.is_timeout() {
        Exchange::Lost(Loss::TimedOut)
    } else {
        Exchange::Lost(Loss::CutOff)
    }
}

/// A client that sends each request once, and where it was told to.
pub(super) fn builder(ca_pem: Option<&str>, connect_time: Duration) -> Result<ClientBuilder, Error> {
    Ok(Client::builder()
        .tls_backend_preconfigured(tls(ca_pem)?)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .connect_timeout(connect_time))
}

/// TLS with the public roots and, if there is one, the operator's own authority.
fn tls(ca_pem: Option<&str>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(pem) = ca_pem {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| Error::Ca(error.into()))?;
            roots.add(certificate).map_err(|error| Error::Ca(error.into()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder
        .map_err(Error::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
