//! Records Fineract servers, and compares them with the simulator: `docs/recording.md`.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Parser, Subcommand};
use fineract_simulator::Release;
use recorder::compare::{self, Options};
use recorder::{Error, Head, Login, Player, SCENARIOS, Scenario, Server, replay, write};
use recordings::Recording;

/// Records Fineract servers, and compares them with the simulator.
#[derive(Parser)]
#[command(name = "recordings")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays scenarios against a server and writes a recording of each
    Record {
        #[command(flatten)]
        place: Place,
        /// Where the recordings go: below it, a folder of the release's name
        #[arg(long, default_value = "target/recordings")]
        out: PathBuf,
        /// The database below the server, as the recording tells it
        #[arg(long)]
        database: Option<String>,
        /// Scenarios by their names, files, or all
        #[arg(required = true)]
        scenarios: Vec<String>,
    },
    /// Lets the gateway carry out drawn operations on a server and on the simulator, and prints what differs
    Compare {
        #[command(flatten)]
        place: Place,
        /// How many lives are drawn
        #[arg(long, default_value_t = 25)]
        seeds: u64,
        /// The first of them
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// How many operations each has
        #[arg(long, default_value_t = 40)]
        steps: u32,
    },
    /// Plays recordings against the simulator, and prints what differs
    Replay {
        /// The release that the simulator answers as
        #[arg(long, default_value_t = Release::default())]
        release: Release,
        /// The recordings
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// Where the server is, and who asks. The password is in FINERACT_PASSWORD.
#[derive(Args)]
struct Place {
    /// The base URL: https://HOST/fineract-provider/api
    #[arg(long)]
    fineract: String,
    /// The server's own certificate authority, as PEM
    #[arg(long)]
    ca: Option<PathBuf>,
    /// A user who may do everything
    #[arg(long, default_value = "mifos")]
    user: String,
    /// The tenant
    #[arg(long, default_value = "default")]
    tenant: String,
    /// The release, as its folder is named, in the place of what the server tells
    #[arg(long)]
    release: Option<String>,
    /// What fresh ids have in them; drawn if it is left out
    #[arg(long)]
    tag: Option<String>,
}

const PASSWORD: &str = "FINERACT_PASSWORD";
/// What the names of secrets begin with in the environment.
const SECRET: &str = "FINERACT_";

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Record {
            place,
            out,
            database,
            scenarios,
        } => record(&place, &out, database.as_deref(), &scenarios).await,
        Command::Compare {
            place,
            seeds,
            from,
            steps,
        } => {
            let options = Options {
                from,
                seeds,
                steps,
                tag: place.tag(),
            };
            compare(&place, &options).await
        }
        Command::Replay { release, files } => replayed(release, &files),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

impl Place {
    fn server(&self) -> Result<Server, Error> {
        let ca = self.ca.as_ref().map(|file| {
            let read = fs::read_to_string(file);
            read.map_err(|error| Error::File(file.clone(), error))
        });
        let login = Login {
            user: self.user.clone(),
            password: secret(PASSWORD)?,
            tenant: self.tenant.clone(),
        };
        Server::new(&self.fineract, ca.transpose()?.as_deref(), login)
    }

    /// The tag of this run: the second in which it began, unless it is given.
    fn tag(&self) -> String {
        self.tag.clone().unwrap_or_else(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            format!("{:x}", since.unwrap_or_default().as_secs())
        })
    }
}

fn secret(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| Error::Scenario(format!("{name} is not in the environment")))
}

async fn record(place: &Place, out: &std::path::Path, database: Option<&str>, names: &[String]) -> Result<bool, Error> {
    let server = place.server()?;
    let told = server.release().await;
    let known = Release::ALL.map(Release::name).join(", ");
    let release = place.release.clone().or(told);
    let release = release.ok_or_else(|| Error::Release("it tells none".to_owned(), known))?;
    let all = || SCENARIOS.map(|(name, _)| name.to_owned()).to_vec();
    let names = names
        .iter()
        .flat_map(|name| if name == "all" { all() } else { vec![name.clone()] });
    let tag = place.tag();
    for name in names {
        let scenario = Scenario::named(&name)?;
        let secrets = scenario.secrets().into_iter();
        let secrets = secrets.map(|name| Ok((name.clone(), secret(&format!("{SECRET}{name}"))?)));
        let secrets = secrets.collect::<Result<BTreeMap<_, _>, Error>>()?;
        let player = Player::new(&server, &tag, secrets);
        let played = player
            .play(&scenario, &mut |step, status| println!("{status} {step}"))
            .await?;
        let head = Head {
            scenario: &scenario,
            release: &release,
            database,
        };
        let file = write(&out.join(&release), head, &played)?;
        println!("{}: {} steps", file.display(), played.steps.len());
    }
    Ok(true)
}

async fn compare(place: &Place, options: &Options) -> Result<bool, Error> {
    let server = place.server()?;
    let told = place.release.clone().or(server.release().await).unwrap_or_default();
    let release: Release = told
        .parse()
        .map_err(|_| Error::Release(told, Release::ALL.map(Release::name).join(", ")))?;
    let mut last = 0;
    let compared = compare::compare(Arc::new(server), release, options, &mut |seed, compared| {
        let found = compared.differences.len();
        println!("seed {seed}: {} differences", found.saturating_sub(last));
        last = found;
    })
    .await?;
    for (operation, count) in &compared.operations {
        println!("{count:6}  {operation}");
    }
    for (count, first) in compared.kinds() {
        println!("{count} times, first in {first}");
    }
    let (exchanges, found) = (compared.exchanges, compared.differences.len());
    println!("{exchanges} exchanges compared with {release}, {found} differences");
    Ok(found == 0)
}

fn replayed(release: Release, files: &[PathBuf]) -> Result<bool, Error> {
    let mut same = true;
    for file in files {
        let recording = Recording::read(release.name(), file).map_err(|error| Error::File(file.clone(), error))?;
        let replayed = replay(&recording, release);
        for different in &replayed.different {
            println!("{different}");
        }
        println!(
            "{}: {} answers compared, {} steps that are not simulated, {} differences",
            file.display(),
            replayed.compared,
            replayed.not_simulated.len(),
            replayed.different.len()
        );
        same &= replayed.different.is_empty();
    }
    Ok(same)
}
