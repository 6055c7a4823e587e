//! The real engine before a server and the simulator at once: what the gateway asks is asked of both, and their answers are
//! compared.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use fastrand::Rng;
use fineract_simulator::{Release, Simulator};
use gateway::fineract::{self, Exchange, Fineract, Loss, Method, Path};
use recordings::{Answer, Comparison};
use serde_json::Value;
use simulation::Gateway;
use time::OffsetDateTime;

use crate::error::Error;
use crate::fresh::seed;
use crate::lives::Life;
use crate::names::{Names, REASONS_LIST};
use crate::replay::{kept, play};
use crate::server::Server;

const BASE: &str = "/fineract-provider/api";
/// `mifos:password`, the simulator's super user.
const SIMULATED_LOGIN: &str = "Basic bWlmb3M6cGFzc3dvcmQ=";
/// How long the gateway waits for an answer to a look of our own.
const LOOK_TIME: std::time::Duration = std::time::Duration::from_secs(120);

/// How much is compared.
#[derive(Clone, Debug)]
pub struct Options {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// How many operations each seed makes.
    pub steps: u32,
    /// What the ids of this run begin with.
    pub tag: String,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Compared {
    /// How many operations were carried out.
    pub operations: BTreeMap<&'static str, usize>,
    /// How many exchanges were compared.
    pub exchanges: usize,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// One difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Where: the seed, and the number of its operation.
    pub seed: u64,
    /// The number of the operation.
    pub step: u32,
    /// The operation.
    pub operation: &'static str,
    /// The request, such as `POST /v1/loans`.
    pub request: String,
    /// What differs, as `/path: recorded …, but …`.
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            step,
            operation,
            request,
            what,
        } = self;
        write!(f, "seed {seed}, step {step}, {operation}, {request}\n    {what}")
    }
}

impl Compared {
    /// The differences of one kind together: how many there are, and the first of them.
    pub fn kinds(&self) -> Vec<(usize, &Difference)> {
        let shape = |difference: &Difference| {
            let what = difference.what.split(": recorded").next().unwrap_or_default();
            // Which element it is, and of which loan, makes no other kind.
            let letters = what.chars();
            let letters = letters.map(|letter| if letter.is_ascii_digit() { '0' } else { letter });
            let mut letters: Vec<char> = letters.collect();
            letters.dedup_by(|one, other| one == other && *one == '0');
            let method = difference.request.split(' ').next().unwrap_or_default();
            (method.to_owned(), letters.into_iter().collect::<String>())
        };
        let mut kinds: BTreeMap<_, (usize, &Difference)> = BTreeMap::new();
        for difference in &self.differences {
            let kind = kinds.entry(shape(difference)).or_insert((0, difference));
            kind.0 += 1;
        }
        kinds.into_values().collect()
    }
}

/// Compares a server with a simulator of this release. `told` hears of each seed.
///
/// # Errors
/// If the server does not answer, or was not set up.
pub async fn compare(
    server: Arc<Server>,
    release: Release,
    options: &Options,
    told: &mut dyn FnMut(u64, &Compared),
) -> Result<Compared, Error> {
    let names = Arc::new(names(&server, release).await?);
    let mut compared = Compared::default();
    for number in options.from..options.from.saturating_add(options.seeds) {
        one(&server, release, &names, number, options, &mut compared).await?;
        told(number, &compared);
    }
    Ok(compared)
}

/// The life of one seed. It ends where server and simulator no longer hold the same: all after that would differ.
async fn one(
    server: &Arc<Server>,
    release: Release,
    names: &Arc<Names>,
    number: u64,
    options: &Options,
    compared: &mut Compared,
) -> Result<(), Error> {
    let simulator = Simulator::new(release);
    let both = Arc::new(Both {
        server: Arc::clone(server),
        simulator: simulator.clone(),
        names: Arc::clone(names),
        seen: Mutex::default(),
    });
    let chance = seed(&format!("{} {number}", options.tag));
    let now = OffsetDateTime::now_utc();
    let gateway = Gateway::before(Box::new(Port(Arc::clone(&both))), simulator, now, chance);
    let mut life = Life::new(Rng::with_seed(number), format!("{}-{number}", options.tag));
    for step in 1..=options.steps {
        let task = life.next();
        let performed = gateway.perform(task.operation, task.data.clone()).await;
        // What is refused before the 202 asks Fineract nothing.
        let Ok(performed) = performed else { continue };
        life.ended(&task, performed.body["status"] == "success");
        *compared.operations.entry(task.operation).or_default() += 1;
        for path in life.looks() {
            both.look(path).await;
        }
        let mut seen = both.seen();
        compared.exchanges += std::mem::take(&mut seen.exchanges);
        let found = std::mem::take(&mut seen.found)
            .into_iter()
            .map(|(request, what)| Difference {
                seed: number,
                step,
                operation: task.operation,
                request,
                what,
            });
        compared.differences.extend(found);
        if let Some(error) = seen.failed.take() {
            return Err(error);
        }
        if seen.diverged {
            break;
        }
    }
    Ok(())
}

/// What both have under the same names.
async fn names(server: &Server, release: Release) -> Result<Names, Error> {
    let simulator = Simulator::new(release);
    let mut names = Names::default();
    let read = async |path: &str| {
        let (answer, _) = server.exchange(&server.login, "GET", path, &[], &Value::Null).await?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        let step = format!("GET {path}");
        let what = format!("the answer is {} {}", answer.status, answer.body);
        Err(Error::Step { step, what })
    };
    for list in Names::lists() {
        let simulated = simulated(&simulator, "GET", list, None, &Value::Null);
        let told = read(list).await?;
        names.learn(list, &told, &simulated.body);
        if let (Some(theirs), Some(ours)) = (Names::reasons(&told), Names::reasons(&simulated.body)) {
            let ours = crate::compare::simulated(&simulator, "GET", &ours, None, &Value::Null);
            names.learn(REASONS_LIST, &read(&theirs).await?, &ours.body);
        }
    }
    for lender in Gateway::lenders() {
        if !names.has("/v1/loanproducts", lender) {
            let what = format!("there is no product {lender}: play the scenario setup first");
            let step = "GET /v1/loanproducts".to_owned();
            return Err(Error::Step { step, what });
        }
    }
    Ok(names)
}

fn simulated(simulator: &Simulator, method: &str, path: &str, key: Option<&str>, body: &Value) -> Answer {
    kept(&simulator.answer(&request(method, path, key, body)))
}

fn request(method: &str, path: &str, key: Option<&str>, body: &Value) -> fineract_simulator::Request {
    let mut request = fineract_simulator::Request::new(method, format!("{BASE}{path}"))
        .with_header("Authorization", SIMULATED_LOGIN)
        .with_header("Fineract-Platform-TenantId", "default");
    for (name, value) in headers(key) {
        request = request.with_header(name, value);
    }
    match body.is_null() {
        true => request,
        false => request.with_body(body.to_string()),
    }
}

/// The headers of a request that has a key: a DELETE says that it is JSON, too.
fn headers(key: Option<&str>) -> Vec<(String, String)> {
    let headers = key.map(|key| [("Content-Type", "application/json"), ("Idempotency-Key", key)]);
    let headers = headers.into_iter().flatten();
    headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A server and the simulator, asked the same.
struct Both {
    server: Arc<Server>,
    simulator: Simulator,
    names: Arc<Names>,
    seen: Mutex<Seen>,
}

/// What was seen since it was last taken.
#[derive(Default)]
struct Seen {
    comparison: Comparison,
    exchanges: usize,
    found: Vec<(String, String)>,
    /// A command came to something else there than here.
    diverged: bool,
    failed: Option<Error>,
}

impl Both {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self, path: Path) {
        let request = fineract::Request {
            method: Method::Get,
            path,
            key: None,
            body: None,
            timeout: LOOK_TIME,
        };
        self.ask(&request).await;
    }

    async fn ask(&self, request: &fineract::Request) -> Option<Answer> {
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        };
        let (path, key) = (request.path.as_str(), request.key.as_deref());
        let body = request.body.clone().unwrap_or_default();
        let login = &self.server.login;
        let answer = match self.server.exchange(login, method, path, &headers(key), &body).await {
            Ok((answer, _)) => answer,
            Err(error) => {
                self.seen().failed = Some(error);
                return None;
            }
        };
        let told = self.names.answer(path, &answer);
        let path = self.names.path(path);
        let mut seen = self.seen();
        let body = seen.comparison.translate(&self.names.body(&body));
        let here = self::request(method, &path, key, &body);
        let simulated = play(&self.simulator, &mut seen.comparison, method, &path, &told, &here);
        let found = seen.comparison.compare(method, &told, &simulated);
        seen.exchanges += 1;
        seen.diverged |= method != "GET" && told.status != simulated.status;
        let request = format!("{method} {path}");
        seen.found.extend(found.into_iter().map(|what| (request.clone(), what)));
        Some(answer)
    }
}

/// Both, as the gateway's port: it sees the server's answers.
struct Port(Arc<Both>);

#[async_trait]
impl Fineract for Port {
    async fn exchange(&self, request: fineract::Request) -> Exchange {
        let Some(answer) = self.0.ask(&request).await else {
            return Exchange::Lost(Loss::TimedOut);
        };
        let body = match &answer.body {
            Value::Null => Vec::new(),
            Value::String(text) => text.clone().into_bytes(),
            body @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                body.to_string().into_bytes()
            }
        };
        Exchange::Answer(fineract::Answer {
            status: answer.status,
            from_cache: answer.from_cache(),
            body,
        })
    }

    async fn username(&self) -> Option<String> {
        Some(self.0.server.login.user.clone())
    }
}
