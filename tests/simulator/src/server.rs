//! The simulator behind a socket, with the paths and manners of the real one.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use crate::{
    actuator, console,
    exchange::{Request, Response},
    faults::{Action, Moment},
    route::BASE,
    run::{BUSY_WAITS_SECONDS, Entered, Outcome},
    simulator::{Simulator, Started},
};

/// Tomcat closes a connection after so many requests.
const REQUESTS_PER_CONNECTION: usize = 100;
/// Tomcat closes a connection that is idle for so long.
const IDLE_SECONDS: u64 = 60;
/// More is not read of a request.
const BODY_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// A running server. It stops when it is dropped; exchanges that are running go on, as they do on a real server. Another
/// one over the same [`Simulator`] and address is the same bank after a restart.
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<Stop>,
    accepting: JoinHandle<()>,
}

/// How far a server is from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stop {
    /// It serves.
    No,
    /// No further request is taken.
    Soon,
    /// Nothing goes on.
    Now,
}

/// Why an exchange has no answer.
#[derive(Debug)]
enum NoAnswer {
    /// A fault cut the connection.
    Cut,
    /// The request did not arrive whole, or its exchange panicked.
    Lost,
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Cut => "the connection was cut by a fault",
            Self::Lost => "the request was lost",
        })
    }
}

impl std::error::Error for NoAnswer {}

impl Server {
    /// Listens on `listen` (port 0: any free one) and serves on the caller's tokio runtime.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start(listen: SocketAddr, simulator: Simulator) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let stop = watch::Sender::new(Stop::No);
        let accepting = tokio::spawn(accept(listener, simulator, stop.subscribe()));
        Ok(Self {
            address,
            stop,
            accepting,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL as the gateway is configured with it: `http://127.0.0.1:<port>/fineract-provider/api`.
    pub fn url(&self) -> String {
        format!("http://{}{BASE}", self.address)
    }

    /// Ends as a killed server does: connections are cut where they are, and a command that has begun and not yet had its
    /// effect has none, while its key stays under processing. Returns when all has ended and the address is free.
    pub async fn kill(mut self) {
        self.stop.send_replace(Stop::Now);
        self.accepting.abort();
        // It was aborted, which is what is wanted.
        let _ = (&mut self.accepting).await;
        self.stop.closed().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_modify(|stop| *stop = Stop::Soon.max(*stop));
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, simulator: Simulator, stop: watch::Receiver<Stop>) {
    loop {
        // A connection that failed before it was accepted concerns nobody.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        // Answers are small; waiting to fill packets only slows them.
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve(stream, simulator.clone(), stop.clone()));
    }
}

/// Serves one connection until it is full, idle, cut, or the server stops.
async fn serve(stream: TcpStream, simulator: Simulator, mut stop: watch::Receiver<Stop>) {
    let served = Arc::new(AtomicUsize::new(0));
    let until = stop.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let simulator = simulator.clone();
        let (served, until) = (Arc::clone(&served), until.clone());
        async move {
            let response = exchange(simulator, request, until).await?;
            let last = served.fetch_add(1, Ordering::Relaxed) + 1 >= REQUESTS_PER_CONNECTION;
            Ok::<_, NoAnswer>(wire(response, last))
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(IDLE_SECONDS));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // However it ended, there is nothing left to do for this connection.
        _ = connection.as_mut() => {}
        () = stopped(&mut stop, Stop::Soon) => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                _ = connection => {}
                () = stopped(&mut stop, Stop::Now) => {}
            }
        }
    }
}

/// Returns when the server has come so far; a server that is gone without being killed is never killed.
async fn stopped(stop: &mut watch::Receiver<Stop>, wanted: Stop) {
    let reached = stop.wait_for(|stop| *stop >= wanted).await.is_ok();
    if !reached && wanted > Stop::Soon {
        std::future::pending().await
    }
}

/// One exchange. It runs apart from its connection: a client that gives up cancels nothing, a server that is killed does.
async fn exchange(
    simulator: Simulator,
    request: hyper::Request<Incoming>,
    mut until: watch::Receiver<Stop>,
) -> Result<Response, NoAnswer> {
    let request = received(request).await.ok_or(NoAnswer::Lost)?;
    let run = async move {
        tokio::select! {
            outcome = run(simulator, request) => outcome,
            () = stopped(&mut until, Stop::Now) => Err(NoAnswer::Lost),
        }
    };
    tokio::spawn(run).await.map_err(|_| NoAnswer::Lost)?
}

async fn received(request: hyper::Request<Incoming>) -> Option<Request> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT_BYTES).collect().await.ok()?.to_bytes();
    let target = parts
        .uri
        .path_and_query()
        .map_or_else(|| parts.uri.path(), |target| target.as_str());
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    Some(Request {
        method: parts.method.as_str().to_owned(),
        path: target.to_owned(),
        headers,
        body: body.to_vec(),
    })
}

async fn run(simulator: Simulator, request: Request) -> Result<Response, NoAnswer> {
    if console::is_for_it(&request) {
        return Ok(console::answer(&simulator, &request));
    }
    if let Some(told) = actuator::answer(&request, simulator.release()) {
        return Ok(told);
    }
    let strike = simulator.faults().strike(&request);
    tokio::time::sleep(strike.delay).await;
    let mut waits = BUSY_WAITS_SECONDS.into_iter();
    let mut entered = simulator.enter(&strike, &request);
    let started = loop {
        match entered {
            Entered::Over(outcome, took) => {
                tokio::time::sleep(took).await;
                return answered(outcome);
            }
            Entered::Started(Started::Busy(response)) => match waits.next() {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => break Started::Answered(response),
            },
            Entered::Started(started) => break started,
        }
        entered = Entered::Started(simulator.look_again(&request));
    };
    strike.hold(Moment::BeforeEffect).await;
    let outcome = match started {
        Started::Running(running) => simulator.conclude(&strike, running),
        Started::Answered(response) | Started::Busy(response) => Outcome::Answered(response),
    };
    strike.hold(Moment::AfterEffect).await;
    if strike.action() == Some(&Action::Cut(Moment::AfterEffect)) {
        return Err(NoAnswer::Cut);
    }
    answered(outcome)
}

fn answered(outcome: Outcome) -> Result<Response, NoAnswer> {
    match outcome {
        Outcome::Answered(response) => Ok(response),
        Outcome::LostBeforeEffect | Outcome::LostAfterEffect => Err(NoAnswer::Cut),
    }
}

fn wire(response: Response, last: bool) -> hyper::Response<Full<Bytes>> {
    let mut builder = hyper::Response::builder()
        .status(response.status)
        .header("x-notification-refresh", "false");
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    if last {
        builder = builder.header("connection", "close");
    }
    let body = Full::new(Bytes::from(response.body));
    // Only a fault can bring a status or header that cannot be sent; it becomes an empty 500.
    builder.body(body).unwrap_or_else(|_| {
        let mut response = hyper::Response::new(Full::default());
        *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
