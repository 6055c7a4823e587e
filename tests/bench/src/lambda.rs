//! Lambda's Runtime API, and behind the same address all that a function calls.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::stub::Stub;
use crate::tls;

const RUNTIME: &str = "/2018-06-01/runtime/";
/// How long a function may take for an event.
const TIME_MS: u128 = 45_000;
/// Events and moments that wait for the other side.
const WAITING: usize = 16;

/// What a function did.
#[derive(Debug)]
pub(crate) enum Moment {
    /// It asked for the next event.
    Ready(Instant),
    /// It answered an event.
    Answered(Instant, Bytes),
    /// It told of an error.
    Failed(String),
}

/// One function's side of the Runtime API.
pub(crate) struct Runtime {
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// Where what a function calls is reached over TLS.
    pub(crate) tls_address: SocketAddr,
    events: mpsc::Sender<Bytes>,
    moments: mpsc::Receiver<Moment>,
    servers: [JoinHandle<()>; 2],
}

struct Shared {
    events: Mutex<mpsc::Receiver<Bytes>>,
    moments: mpsc::Sender<Moment>,
    requests: AtomicU64,
    stub: Arc<Stub>,
}

impl Runtime {
    /// On free ports of this machine's loopback.
    pub(crate) async fn start(stub: Arc<Stub>) -> Result<Self, String> {
        let ((listener, address), (tls_listener, tls_address)) = (listen().await?, listen().await?);
        let acceptor = tls::acceptor()?;
        let (events, waiting) = mpsc::channel(WAITING);
        let (told, moments) = mpsc::channel(WAITING);
        let shared = Arc::new(Shared {
            events: Mutex::new(waiting),
            moments: told,
            requests: AtomicU64::new(0),
            stub,
        });
        let served = Arc::clone(&shared);
        let server = tokio::spawn(async move {
            while let Some(connection) = accept(&listener).await {
                tokio::spawn(serve(Arc::clone(&served), connection));
            }
        });
        let tls_server = tokio::spawn(async move {
            while let Some(connection) = accept(&tls_listener).await {
                let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
                tokio::spawn(async move {
                    if let Ok(connection) = acceptor.accept(connection).await {
                        serve(shared, connection).await;
                    }
                });
            }
        });
        Ok(Self {
            address,
            events,
            moments,
            tls_address,
            servers: [server, tls_server],
        })
    }

    /// Gives the function an event.
    pub(crate) async fn send(&self, event: Bytes) -> Result<(), String> {
        self.events.send(event).await.map_err(|error| error.to_string())
    }

    /// What the function does next.
    pub(crate) async fn next(&mut self) -> Result<Moment, String> {
        match self.moments.recv().await {
            Some(Moment::Failed(error)) => Err(error),
            Some(moment) => Ok(moment),
            None => Err("the Runtime API ended".to_owned()),
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

/// On a free port of this machine's loopback.
async fn listen() -> Result<(TcpListener, SocketAddr), String> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
    let listener = listener.map_err(|error| format!("no port: {error}"))?;
    let address = listener.local_addr().map_err(|error| format!("no port: {error}"))?;
    Ok((listener, address))
}

async fn accept(listener: &TcpListener) -> Option<TcpStream> {
    let (connection, _) = listener.accept().await.ok()?;
    // Small answers go out at once, as on AWS.
    connection.set_nodelay(true).ok();
    Some(connection)
}

async fn serve(shared: Arc<Shared>, connection: impl AsyncRead + AsyncWrite + Unpin) {
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(shared.answer(request).await) }
    });
    // A function that is killed breaks its connections off.
    let served = hyper::server::conn::http1::Builder::new();
    served.serve_connection(TokioIo::new(connection), service).await.ok();
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        let Ok(body) = body.collect().await else {
            return with(StatusCode::BAD_REQUEST, Bytes::new());
        };
        let body = body.to_bytes();
        match path.strip_prefix(RUNTIME) {
            None => self.stub.answer(&head, &body),
            Some("invocation/next") if head.method == Method::GET => self.next().await,
            Some(path) => {
                let moment = if path.ends_with("/response") {
                    Moment::Answered(Instant::now(), body)
                } else {
                    Moment::Failed(String::from_utf8_lossy(&body).into_owned())
                };
                self.moments.send(moment).await.ok();
                with(StatusCode::ACCEPTED, Bytes::from_static(b"{}"))
            }
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        self.moments.send(Moment::Ready(Instant::now())).await.ok();
        let Some(event) = self.events.lock().await.recv().await else {
            return with(StatusCode::GONE, Bytes::new());
        };
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:bench";
        let response = Response::builder()
            .header("Content-Type", "application/json")
            .header(
                "Lambda-Runtime-Aws-Request-Id",
                format!("8f5b3c1e-4a54-4a6e-9a59-{number:012x}"),
            )
            .header("Lambda-Runtime-Deadline-Ms", (now + TIME_MS).to_string())
            .header("Lambda-Runtime-Invoked-Function-Arn", arn)
            .header(
                "Lambda-Runtime-Trace-Id",
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
            );
        response.body(Full::new(event)).unwrap_or_default()
    }
}

/// An answer in JSON.
pub(crate) fn with(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let response = Response::builder()
        .status(status)
        .header("Content-Type", "application/json");
    response.body(Full::new(body)).unwrap_or_default()
}
