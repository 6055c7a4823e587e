//! The gateway's HTTP API, as a loan origination system calls it.

use std::time::{Duration, Instant};

use reqwest::{Client, Request, RequestBuilder, header::HeaderMap};
use serde_json::Value;
use tokio::time::sleep;

use crate::{Error, aws::http_client};

/// Header of the caller's token.
pub const TOKEN_HEADER: &str = "X-Internal-Token";
/// API Gateway answers within 30 seconds, whatever the function does.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(35);
/// Most operations end in a fraction of a second, so the first look comes early.
const FIRST_POLL: Duration = Duration::from_millis(50);
/// Documented callers poll every two or three seconds.
const SLOWEST_POLL: Duration = Duration::from_secs(2);

/// The gateway with one caller's token.
#[derive(Clone, Debug)]
pub struct Api {
    url: String,
    token: String,
    client: Client,
    witness: Option<Witness>,
}

/// Sees each request with its answer.
pub type Witness = fn(base: &str, &Request, &Answer);

/// An answer of the gateway.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
    /// The body as JSON; null if it is none.
    pub body: Value,
}

impl Api {
    /// The gateway at `url`, called with `token`.
    ///
    /// # Errors
    /// If no HTTP client can be made.
    pub fn new(url: String, token: String) -> Result<Self, Error> {
        Ok(Self {
            url,
            token,
            client: http_client(REQUEST_TIMEOUT)?,
            witness: None,
        })
    }

    /// The same, whose every exchange is seen by `witness`.
    #[must_use]
    pub fn seen_by(self, witness: Option<Witness>) -> Self {
        Self { witness, ..self }
    }

    /// The base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The caller's token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Asks for an operation: `POST /fineract/operate`.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn operate(&self, request: &Value) -> Result<Answer, Error> {
        self.send(self.post().body(request.to_string())).await
    }

    /// A `POST /fineract/operate` with the caller's token and JSON's content type, for a test to change.
    pub fn post(&self) -> RequestBuilder {
        self.post_to("/fineract/operate")
    }

    /// A POST to this path with the caller's token and JSON's content type, for a test to change.
    pub fn post_to(&self, path: &str) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.url));
        request
            .header(TOKEN_HEADER, &self.token)
            .header("Content-Type", "application/json")
    }

    /// Asks what became of an operation: `GET /fineract/track/{tracking_id}`, with the `|` as `%7C`.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn track(&self, tracking_id: &str) -> Result<Answer, Error> {
        self.send(self.get(&format!("/fineract/track/{}", tracking_id.replace('|', "%7C"))))
            .await
    }

    /// A GET of this path with the caller's token, for a test to change.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client
            .get(format!("{}{path}", self.url))
            .header(TOKEN_HEADER, &self.token)
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn send(&self, request: RequestBuilder) -> Result<Answer, Error> {
        let (client, request) = request.build_split();
        let request = request.map_err(Error::http(&self.url))?;
        let seen = self.witness.zip(request.try_clone());
        let answer = client.execute(request).await.map_err(Error::http(&self.url))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.map_err(Error::http(&self.url))?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        let answer = Answer {
            status,
            headers,
            text,
            body,
        };
        if let Some((witness, request)) = seen {
            witness(&self.url, &request, &answer);
        }
        Ok(answer)
    }

    /// Polls until the operation is no longer `processing`, and gives that answer; each answer before goes to `look`.
    ///
    /// # Errors
    /// If track answers otherwise than 200, or the operation is still processing after `patience`.
    pub async fn ended(
        &self,
        tracking_id: &str,
        patience: Duration,
        mut look: impl FnMut(&Answer),
    ) -> Result<Answer, Error> {
        let deadline = Instant::now() + patience;
        let mut pause = FIRST_POLL;
        loop {
            let answer = self.track(tracking_id).await?;
            if answer.status != 200 {
                let text = format!("track answered {}: {}", answer.status, answer.text);
                return Err(Error::Unexpected(text));
            }
            if answer.body["status"] != "processing" {
                return Ok(answer);
            }
            if Instant::now() > deadline {
                let waited = patience.as_secs();
                let text = format!("still processing after {waited} s: {}", answer.text);
                return Err(Error::Unexpected(text));
            }
            look(&answer);
            sleep(pause).await;
            pause = SLOWEST_POLL.min(pause.saturating_mul(2));
        }
    }
}
