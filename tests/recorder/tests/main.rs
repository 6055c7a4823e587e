//! The recorder before the simulator, which speaks HTTP as a real server does.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use fineract_simulator::{Release, Simulator};
use recorder::compare::{Compared, Options, compare};
use recorder::{Error, Head, Login, Player, SCENARIOS, Scenario, Server, replay, write};
use recordings::Recording;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A password as every release takes it.
const GATEWAY_PASSWORD: &str = "Gateway-2026x!";
const TAG: &str = "t1";

/// The simulator as a server, and how it is asked.
async fn started(simulator: Simulator) -> (fineract_simulator::Server, Server) {
    let address = "127.0.0.1:0".parse().unwrap();
    let running = fineract_simulator::Server::start(address, simulator).await.unwrap();
    let server = asked(&running, "password");
    (running, server)
}

/// A server, asked with this password.
fn asked(running: &fineract_simulator::Server, password: &str) -> Server {
    let login = Login {
        user: "mifos".to_owned(),
        password: password.to_owned(),
        tenant: "default".to_owned(),
    };
    Server::new(&running.url(), None, login).unwrap()
}

/// The recording of a scenario, written and read again.
async fn record(server: &Server, name: &str, folder: &Path) -> Result<Recording, Error> {
    let release = server.release().await.unwrap();
    let scenario = Scenario::named(name)?;
    let secrets = scenario.secrets().into_iter();
    let secrets: BTreeMap<_, _> = secrets.map(|name| (name, GATEWAY_PASSWORD.to_owned())).collect();
    let played = Player::new(server, TAG, secrets)
        .play(&scenario, &mut |_, _| ())
        .await?;
    let head = Head {
        scenario: &scenario,
        release: &release,
        database: None,
    };
    let file = write(folder, head, &played)?;
    Ok(Recording::read(&release, &file).unwrap())
}

#[tokio::test]
async fn every_scenario_is_recorded_read_and_played_again_without_a_difference() {
    for release in Release::ALL {
        // One server, as whoever records a release has one.
        let (_running, server) = started(Simulator::new(release)).await;
        let folder = TempDir::new().unwrap();
        for (name, _) in SCENARIOS {
            let recording = record(&server, name, folder.path()).await.unwrap();
            assert_eq!(
                (recording.name.as_str(), recording.release.as_str()),
                (name, release.name())
            );
            let answered = recording.steps.iter().filter(|step| {
                let answer = step.exchange.as_ref().and_then(|exchange| exchange.answer.as_ref());
                answer.is_some_and(|answer| answer.status == 200)
            });
            assert!(
                answered.count() * 10 > recording.steps.len() * 6,
                "{release} {name} is hardly answered"
            );
            let replayed = replay(&recording, release);
            assert_eq!(replayed.different, Vec::<String>::new(), "{release} {name}");
            assert_eq!(replayed.not_simulated, Vec::<String>::new(), "{release} {name}");
            assert!(replayed.compared > 20, "{release} {name}: {}", replayed.compared);
        }
    }
}

#[tokio::test]
async fn the_same_tag_makes_the_same_requests_and_no_secret_is_kept() {
    let mut files = Vec::new();
    for _ in 0..2 {
        let (_running, server) = started(Simulator::new(Release::V1_10_1)).await;
        let folder = TempDir::new().unwrap();
        let mut requests = Vec::new();
        for name in ["setup", "22-gateway-shaped-wave1"] {
            for step in record(&server, name, folder.path()).await.unwrap().steps {
                let exchange = step.exchange.unwrap();
                requests.push(json!([
                    step.name,
                    exchange.path,
                    exchange.headers,
                    exchange.body,
                    exchange.disguise
                ]));
            }
        }
        files.push(requests);
    }
    assert_eq!(files[0], files[1]);
    let text = Value::from(files.remove(0)).to_string();
    assert!(!text.contains(GATEWAY_PASSWORD));
    assert_eq!(text.matches("<GATEWAY_PASSWORD>").count(), 3);
}

#[tokio::test]
async fn a_step_that_does_not_end_as_it_must_ends_the_recording() {
    let (_running, server) = started(Simulator::new(Release::V1_10_1)).await;
    for (steps, told) in [
        (
            "[{name: a, GET: /v1/loans/external-id/NO, must: 200}]",
            "step [a]: the answer is 404",
        ),
        (
            "[{name: a, GET: /v1/offices, take: {x: '0.nothing'}}]",
            "there is no \"0.nothing\" for x",
        ),
        ("[{name: a, GET: '/v1/${b}'}]", "step [a]: b has no value"),
        ("[{for: {x: '${tag}'}, steps: []}]", "that is no list"),
    ] {
        let scenario = Scenario::parse("s", &format!("scenario: s\nsteps: {steps}")).unwrap();
        let player = Player::new(&server, TAG, BTreeMap::new());
        let error = player.play(&scenario, &mut |_, _| ()).await.unwrap_err().to_string();
        assert!(error.contains(told), "{steps}: {error}");
    }
}

/// The user of the scenario may do what the page says, and nothing else.
#[test]
fn the_set_up_gives_the_gateway_what_its_page_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fineract-user.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, page) = page.split_once("## What it may do").unwrap();
    let (page, _) = page.split_once("\n## ").unwrap();
    let rows = page.lines().filter(|line| line.starts_with('|'));
    // What an operation needs, and what every operation needs.
    let cells = rows.filter_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let first = cells[1];
        Some(if first.starts_with("READ_") {
            first.to_owned()
        } else {
            cells.get(2)?.replace('`', "")
        })
    });
    let words = cells.chain(
        page.lines()
            .filter(|line| line.contains("also need"))
            .map(str::to_owned),
    );
    let codes = words.flat_map(|words| {
        let is_code =
            |word: &&str| word.contains('_') && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
        let words = words.replace([',', '.', ';', '(', ')', '`', '|'], " ");
        let operations: BTreeSet<&str> = gateway_operations().collect();
        let codes = words
            .split_whitespace()
            .filter(is_code)
            .filter(|code| !operations.contains(code));
        codes.map(str::to_owned).collect::<Vec<_>>()
    });
    let documented: BTreeSet<String> = codes.collect();
    let (_, scenario) = SCENARIOS[0];
    let given = scenario.lines().filter_map(|line| line.trim().strip_suffix(": true"));
    let given: BTreeSet<String> = given
        .filter(|code| code.chars().next().unwrap().is_ascii_uppercase())
        .map(str::to_owned)
        .collect();
    assert_eq!(given, documented);
}

fn gateway_operations() -> impl Iterator<Item = &'static str> {
    gateway::operations::ALL.iter().map(|kind| kind.name)
}

fn options(seeds: u64) -> Options {
    Options {
        from: 1,
        seeds,
        steps: 40,
        tag: TAG.to_owned(),
    }
}

async fn compared(simulator: Simulator, release: Release, seeds: u64) -> Compared {
    let (_running, server) = started(simulator).await;
    compare(Arc::new(server), release, &options(seeds), &mut |_, _| ())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_simulator_does_not_differ_from_itself() {
    let mut operations = BTreeSet::new();
    for release in Release::ALL {
        let compared = compared(Simulator::new(release), release, 8).await;
        let first = compared.differences.first().map(ToString::to_string);
        assert_eq!(first, None, "{release}");
        assert!(compared.exchanges > 500, "{}", compared.exchanges);
        operations.extend(compared.operations.into_keys());
    }
    let all: BTreeSet<&str> = gateway_operations().collect();
    let missing: Vec<_> = all.difference(&operations).collect();
    assert_eq!(missing, Vec::<&&str>::new(), "never carried out");
}

/// What a server does otherwise is found, and told with its operation and its request.
#[tokio::test]
async fn what_a_server_does_otherwise_is_found() {
    let faulty = Simulator::new(Release::V1_10_1);
    faulty
        .apply(r#"{"fault": "conflict", "method": "POST", "path": "command=disburse", "times": "always"}"#)
        .unwrap();
    let found = compared(faulty, Release::V1_10_1, 3).await;
    let first = found.differences.first().unwrap();
    assert_eq!(first.operation, "LOAN_DISBURSE", "{first}");
    assert!(first.request.starts_with("POST /v1/loans/external-id/"), "{first}");
    assert!(first.what.starts_with("status 409 is "), "{first}");

    let other = compared(Simulator::new(Release::V1_10_1), Release::Develop2026_06, 3).await;
    let request = |path: &str| {
        let kinds = other.kinds();
        kinds.iter().any(|(_, first)| first.request.contains(path))
    };
    assert!(
        request("/v1/loanproducts") && request("/v1/loans"),
        "{:?}",
        other.kinds()
    );
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_is_told_so() {
    let (running, _) = started(Simulator::new(Release::V1_10_1)).await;
    let server = asked(&running, "wrong");
    let error = compare(Arc::new(server), Release::V1_10_1, &options(1), &mut |_, _| ())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("the answer is 401"), "{error}");
}
