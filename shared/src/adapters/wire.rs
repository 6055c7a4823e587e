//! How AWS's clients send their HTTP requests: on the client that Fineract is reached with too, and so on the one TLS
//! stack and the public roots that are in the program. Nothing of the machine's is read for it.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use reqwest::{Client, Method, Url};

use super::http::{Error, builder};

/// Sends what the SDK made.
#[derive(Clone, Debug)]
pub(super) struct Wire(Client);

impl Wire {
    /// Not connected yet.
    pub(super) fn new(connect_time: Duration) -> Result<Self, Error> {
        builder(None, connect_time)?.build().map(Self).map_err(Error::Client)
    }

    /// The HTTP client of AWS's clients. How long a call may take, and how often it is tried, is theirs to say.
    pub(super) fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// Opens a connection to the host of this URL, which stays open for what is sent next: it asks for the root, signs
    /// nothing, and takes whatever is answered.
    pub(super) async fn open(&self, url: &str, time: Duration) -> Result<(), reqwest::Error> {
        let Ok(root) = Url::parse(url).and_then(|url| url.join("/")) else {
            return Ok(());
        };
        self.0.get(root).timeout(time).send().await?.bytes().await.map(drop)
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { exchange(&client, request).await })
    }
}

async fn exchange(client: &Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let method = Method::from_bytes(request.method().as_bytes()).map_err(|error| ConnectorError::user(error.into()))?;
    let mut sent = client.request(method, request.uri());
    for (name, value) in request.headers() {
        sent = sent.header(name, value);
    }
    let body = request
        .body()
        .bytes()
        .ok_or_else(|| ConnectorError::user("a body that is a stream".into()))?;
    let answer = sent.body(body.to_vec()).send().await.map_err(failed)?;
    let status = answer.status().as_u16().try_into();
    let headers = answer.headers().clone();
    let body = SdkBody::from(answer.bytes().await.map_err(failed)?);
    let mut response = HttpResponse::new(status.map_err(|error| ConnectorError::user(Box::new(error)))?, body);
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            response
                .headers_mut()
                .append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(response)
}

/// Everything but a timeout counts as a broken connection, after which the SDK tries again.
fn failed(error: reqwest::Error) -> ConnectorError {
    let error = error.without_url();
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
