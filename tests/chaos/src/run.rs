//! A run from its start to its verdict.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use fineract_simulator::{Release, Server, Simulator};
use local::console::{Console, Step};
use local::functions::Source;
use local::{Error, Function, Options, Stack};
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;

use crate::bank::Bank;
use crate::caller::{Lived, Place};
use crate::judge::{self, Kind, Wrong};
use crate::life::{self, Life, OPERATIONS, SUBJECTS};
use crate::mishaps::{self, Pace, Simulated};
use crate::platform::{self, POLLERS};
use crate::tally::Mishap;

/// How often progress is told.
const TOLD: Duration = Duration::from_secs(1);
/// Callers begin in this part of the span, so that there is something to disturb until its end.
const BEGIN_PERCENT: u32 = 80;

/// Times before the simulator. A call is given more than the 3 s after which Fineract says that a key is still busy.
const SIMULATED_TIMES: [(&str, &str); 9] = [
    ("LookupTimeoutSeconds", "0.8"),
    ("CallTimeoutSeconds", "4"),
    ("ReserveSeconds", "0.5"),
    ("WorkerTimeoutSeconds", "7"),
    ("LeaseSeconds", "8"),
    ("VisibilitySeconds", "42"),
    ("StuckKeySeconds", "5"),
    ("OverdueSeconds", "3"),
    ("ResendSeconds", "10"),
];
/// What the queue's visibility becomes once it is deployed: longer than the lease. AWS asks for six times the function's
/// time, which a run would wait for after each worker that was killed.
const SIMULATED_VISIBILITY_SECONDS: u32 = 9;
/// The same before a real server.
const REAL_VISIBILITY_SECONDS: u32 = 32;
/// Times before a real server.
const REAL_TIMES: [(&str, &str); 9] = [
    ("LookupTimeoutSeconds", "4"),
    ("CallTimeoutSeconds", "10"),
    ("ReserveSeconds", "2"),
    ("WorkerTimeoutSeconds", "25"),
    ("LeaseSeconds", "30"),
    ("VisibilitySeconds", "150"),
    ("StuckKeySeconds", "60"),
    ("OverdueSeconds", "15"),
    ("ResendSeconds", "60"),
];

/// The Fineract behind the gateway.
#[derive(Clone, Debug)]
pub enum Fineract {
    /// A simulated one of this release, with all mishaps.
    Simulated(Release),
    /// The one of these options, with its authority's certificate; what goes wrong with it, somebody else does.
    Real(Box<Options>, Option<String>),
}

/// What a run is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many lives; each is ten operations on two subjects.
    pub lives: usize,
    /// What the run is drawn by.
    pub seed: u64,
    /// How long things go wrong.
    pub pace: Pace,
    /// How long after the last mishap everything must have ended.
    pub patience: Duration,
    /// The products that loans are of.
    pub lenders: Vec<String>,
    /// The Fineract.
    pub fineract: Fineract,
    /// Where the functions come from, if they are not to be built.
    pub functions: Option<PathBuf>,
    /// Where the workers' log goes, if anywhere.
    pub log: Option<PathBuf>,
    /// Where progress goes.
    pub console: Console,
}

/// What came of a run.
#[derive(Debug)]
pub struct Report {
    /// How many operations were accepted.
    pub accepted: usize,
    /// How many of them were successes.
    pub succeeded: usize,
    /// How often a value was set again by the operation that had set it.
    pub set_again: u64,
    /// What went wrong on purpose, and how often.
    pub mishaps: Vec<(Mishap, u64)>,
    /// What should not be.
    pub wrongs: Vec<Wrong>,
    /// How long it took from the first request to the last end.
    pub took: Duration,
}

impl Report {
    /// The mishaps that never happened.
    pub fn absent(&self) -> impl Iterator<Item = Mishap> {
        self.mishaps
            .iter()
            .filter(|(_, times)| *times == 0)
            .map(|(mishap, _)| *mishap)
    }

    /// Whether nothing was wrong, and everything that should go wrong did.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.wrongs.is_empty() && self.absent().next().is_none()
    }

    /// How often it was wrong in this way.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.wrongs.iter().filter(|wrong| wrong.kind == kind).count()
    }
}

/// Runs, and judges.
///
/// # Errors
/// If something other than the gateway failed, so that there is no verdict.
pub async fn run(settings: &Settings) -> Result<Report, Error> {
    let (simulated, options, ca) = fineract(settings).await?;
    let stack = Arc::new(Stack::start(options.clone()).await?);
    let place = Arc::new(Place {
        api: stack.api()?,
        bank: Bank::new(&options, ca.as_deref(), settings.patience)?,
        tally: Arc::default(),
        deadline: Instant::now() + settings.pace.span + settings.patience,
        ended: AtomicUsize::new(0),
        stack,
    });
    let is_simulated = simulated.is_some();
    let visibility_seconds = if is_simulated {
        SIMULATED_VISIBILITY_SECONDS
    } else {
        REAL_VISIBILITY_SECONDS
    };
    platform::set_visibility(&place.stack, visibility_seconds).await?;
    let mut rng = Rng::with_seed(settings.seed);
    let run = format!("{:08x}", fastrand::u32(..));
    let lives = life::lives(settings.lives, &run, &settings.lenders, &mut rng);

    let began = Instant::now();
    let all = settings.lives * OPERATIONS;
    let title = format!("{all} operations on {} clients and loans", settings.lives * SUBJECTS);
    let step = Arc::new(settings.console.step(title));
    let mut background = background(&place, &step, &mut rng);
    if let Some(simulated) = &simulated {
        let (place, simulator, rng) = (Arc::clone(&place), simulated.simulator.clone(), rng.fork());
        background.spawn(async move { mishaps::check(&simulator, &place.bank, &place.tally, rng).await });
    }
    let disturbed = tokio::spawn(disturb(Arc::clone(&place), simulated, all, settings.pace, rng));
    let lived = live(&place, lives, settings.pace.span * BEGIN_PERCENT / 100).await?;
    let took = began.elapsed();
    // The server of a simulated Fineract lives in it, until the verdict.
    let disturbed = disturbed.await.map_err(panicked)?;
    let mut wrongs: Vec<Wrong> = left_over(&place).await?.into_iter().collect();
    background.shutdown().await;
    if let Some(step) = Arc::into_inner(step) {
        step.done(&format!("{} mishaps", place.tally.total()));
    }

    if let Some(path) = &settings.log {
        let written = fs::write(path, place.stack.log(Function::Worker).await?.join("\n"));
        written.map_err(|source| Error::Io {
            doing: format!("{} cannot be written", path.display()),
            source,
        })?;
    }
    for lived in &lived {
        wrongs.extend(lived.wrongs.iter().cloned());
        wrongs.extend(place.confirm(lived).await);
        wrongs.extend(judge::life(lived, &place.bank.ledger(&lived.life).await?));
    }
    let mut set_again = 0;
    if is_simulated {
        let (of_effects, again) = judge::effects(&lived, &place.bank.effects().await?);
        wrongs.extend(of_effects);
        wrongs.extend(judge::rejections(&lived, place.tally.times(Mishap::Rejected)));
        set_again = again;
    }
    drop(disturbed);
    let stories = || lived.iter().flat_map(|lived| &lived.stories);
    Ok(Report {
        accepted: stories().count(),
        succeeded: stories().filter(|story| story.succeeded()).count(),
        set_again,
        mishaps: expected(is_simulated)
            .map(|mishap| (mishap, place.tally.times(mishap)))
            .collect(),
        wrongs,
        took,
    })
}

/// What has to go wrong.
fn expected(is_simulated: bool) -> impl Iterator<Item = Mishap> {
    let simulated = Mishap::SIMULATED.into_iter().filter(move |_| is_simulated);
    Mishap::ANYWHERE.into_iter().chain(simulated)
}

/// The Fineract, and what the gateway is started with.
async fn fineract(settings: &Settings) -> Result<(Option<Simulated>, Options, Option<String>), Error> {
    let (simulated, mut options, times, ca) = match &settings.fineract {
        Fineract::Simulated(release) => {
            let simulator = Simulator::new(*release);
            let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), simulator.clone()).await;
            let server = server.map_err(|source| Error::Io {
                doing: "the simulated Fineract cannot listen".to_owned(),
                source,
            })?;
            let options = Options::new(&server.url()).with_short_times();
            (Some(Simulated::new(simulator, server)), options, SIMULATED_TIMES, None)
        }
        Fineract::Real(options, ca) => (
            None,
            options.as_ref().clone().with_short_times(),
            REAL_TIMES,
            ca.clone(),
        ),
    };
    for (name, value) in times {
        options = options.with_parameter(name, value);
    }
    if let Some(pem) = &ca {
        options = options.with_parameter("FineractCaPem", pem);
    }
    if let Some(folder) = &settings.functions {
        options.functions = Source::Prebuilt(folder.clone());
    }
    options.console = settings.console;
    Ok((simulated, options, ca))
}

/// What goes on until the end: messages are delivered, the sweep runs, progress is told.
fn background(place: &Arc<Place>, step: &Arc<Step>, rng: &mut Rng) -> JoinSet<()> {
    let mut background = JoinSet::new();
    for _ in 0..POLLERS {
        let (place, rng) = (Arc::clone(place), rng.fork());
        background.spawn(async move { platform::poll(&place.stack, &place.tally, rng).await });
    }
    let swept = Arc::clone(place);
    background.spawn(async move { platform::sweep(&swept.stack, &swept.tally).await });
    let (told, step) = (Arc::clone(place), Arc::clone(step));
    background.spawn(async move {
        loop {
            let ended = told.ended.load(Ordering::Relaxed);
            step.note(format!("{ended} ended, {} mishaps", told.tally.total()));
            sleep(TOLD).await;
        }
    });
    background
}

/// What goes wrong, for the time that is set; gives the simulated Fineract back, which is well again.
async fn disturb(
    place: Arc<Place>,
    simulated: Option<Simulated>,
    all: usize,
    pace: Pace,
    mut rng: Rng,
) -> Option<Simulated> {
    let simulator = simulated.as_ref().map(|simulated| simulated.simulator.clone());
    let kill = mishaps::kill(&place.stack, simulator.as_ref(), pace, &place.tally, rng.fork());
    let suffer = async {
        let simulated = match simulated {
            Some(mut simulated) => {
                simulated.suffer(pace, &place.tally, &mut rng).await;
                Some(simulated)
            }
            None => {
                sleep(pace.span).await;
                None
            }
        };
        // Workers are killed until each way to be killed has happened, if there is still something to do.
        let until = Instant::now() + pace.span;
        let absent = || expected(simulated.is_some()).any(|mishap| place.tally.times(mishap) == 0);
        while absent() && place.ended.load(Ordering::Relaxed) < all && Instant::now() < until {
            sleep(TOLD).await;
        }
        simulated
    };
    tokio::select! {
        simulated = suffer => simulated,
        () = kill => None,
    }
}

/// All lives, which begin within `span`.
async fn live(place: &Arc<Place>, lives: Vec<Life>, span: Duration) -> Result<Vec<Lived>, Error> {
    let count = u32::try_from(lives.len()).unwrap_or(u32::MAX).max(1);
    let mut living = JoinSet::new();
    for (number, life) in (0..).zip(lives) {
        let place = Arc::clone(place);
        living.spawn(async move {
            sleep(span * number / count).await;
            place.live(life).await
        });
    }
    let mut lived = Vec::new();
    while let Some(life) = living.join_next().await {
        lived.push(life.map_err(panicked)?);
    }
    Ok(lived)
}

/// Waits until the queue is empty, so that nothing can happen any more after the verdict.
async fn left_over(place: &Place) -> Result<Option<Wrong>, Error> {
    loop {
        let waiting = place.stack.messages("QueueUrl").await?;
        let dead = place.stack.messages("DeadLetterQueueUrl").await?;
        if (waiting, dead) == (0, 0) {
            return Ok(None);
        }
        if dead > 0 || Instant::now() > place.deadline {
            let text = format!("{waiting} messages in the queue, {dead} dead letters");
            return Ok(Some(Wrong::new(Kind::LeftOver, text)));
        }
        sleep(TOLD).await;
    }
}

fn panicked(error: JoinError) -> Error {
    Error::Unexpected(format!("a part of the run failed: {error}"))
}
