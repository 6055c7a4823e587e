//! What the documents for callers tell to type is typed here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use local::console::Console;
use local::env_file;
use local::environment::{Environment, Purpose};
use local::lifecycle::Ids;
use roxmltree::Document;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::bench::Bench;

/// A picture of text needs no more.
const RECORDING_BYTES_MAX: usize = 32 * 1024;
/// The id in the README's example.
const ELIDED: &str = "0199…";

/// What runs a block of a document.
enum RunBy {
    /// A test here.
    This,
    /// This test, in this file: the same program with other numbers.
    Test(&'static str, &'static str),
    /// This line of `.ci/run`.
    Ci(&'static str),
    /// Nothing: why not, and what comes closest.
    Nothing(&'static str),
}

/// Every block of commands, by its document and how it begins; a page that is run from its first block to its last begins anyhow.
const BLOCKS: [(&str, &str, RunBy); 16] = [
    (
        "README.md",
        "cargo local\n",
        RunBy::Ci("cargo local --functions \"$lambda\" --env-file"),
    ),
    ("README.md", "cargo test\n", RunBy::Ci("\ncargo test\n")),
    ("README.md", ". ./gateway.env\n", RunBy::This),
    ("README.md", "SIMULATOR=", RunBy::This),
    (
        "README.md",
        "cargo lambda build --release --arm64 ",
        RunBy::Nothing(
            "it needs an account with AWS; `.ci/run` builds the zips, and every test here deploys the template",
        ),
    ),
    (
        "docs/testing.md",
        "cargo run -p chaos\n",
        RunBy::Test("tests/chaos/tests/quick.rs", "nothing_is_lost_repeated_or_untrue"),
    ),
    (
        "docs/testing.md",
        "FINERACT_PASSWORD=",
        RunBy::Nothing("it needs a real Fineract; the same program runs before the simulated one"),
    ),
    (
        "docs/testing.md",
        "mkdir -p target/fuzz-corpus/post\n",
        RunBy::Nothing("it needs a nightly toolchain; `cargo test -p fuzz` feeds the corpus to the same functions"),
    ),
    (
        "docs/testing.md",
        "cargo mutants ",
        RunBy::Nothing("it takes half an hour and changes the files it works on; the page has what came of it"),
    ),
    (
        "docs/deployment.md",
        "",
        RunBy::Test(
            "tests/end-to-end/tests/deployment_page.rs",
            "the_pages_commands_lead_from_an_empty_account_to_a_tracked_operation_and_back",
        ),
    ),
    (
        "docs/runbook.md",
        "",
        RunBy::Test(
            "infra/ops/tests/runbook.rs",
            "the_commands_of_the_runbook_work_in_their_order",
        ),
    ),
    (
        "docs/operating.md",
        "cargo ops --stack-name gateway token add ",
        RunBy::Test(
            "infra/ops/tests/tokens.rs",
            "a_token_is_given_replaced_and_revoked_while_the_gateway_runs",
        ),
    ),
    (
        "docs/performance/README.md",
        "cargo run -p bench --release\n",
        RunBy::Nothing(
            "what it measures hangs on the machine; `cargo test -p bench` counts, and `.ci/run` keeps zips and instructions",
        ),
    ),
    ("docs/migrating.md", "import os\n", RunBy::This),
    (
        "docs/recording.md",
        "export FINERACT_PASSWORD=",
        RunBy::Test(
            "tests/recorder/tests/program.rs",
            "the_commands_of_the_page_work_before_the_simulator",
        ),
    ),
    (
        "docs/recording.md",
        "cargo run -p recordings -- replay ",
        RunBy::Test(
            "tests/recorder/tests/program.rs",
            "the_commands_of_the_page_work_before_the_simulator",
        ),
    ),
];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// Every document of the repository, by its path.
fn documents() -> Vec<String> {
    let top = top();
    let mut documents = Vec::new();
    for folder in ["", "docs", "docs/errors", "docs/performance", "docs/client"] {
        for entry in fs::read_dir(top.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                documents.push(path.strip_prefix(&top).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    documents
}

/// The blocks of commands of a document.
fn blocks(document: &str) -> Vec<String> {
    let text = fs::read_to_string(top().join(document)).unwrap();
    let fenced = text.split("\n```").skip(1).step_by(2);
    let commands = fenced.filter_map(|block| block.strip_prefix("sh\n").or(block.strip_prefix("python\n")));
    commands.map(|block| format!("{block}\n")).collect()
}

/// The block that begins so.
fn block(document: &str, beginning: &str) -> String {
    let mut blocks = blocks(document).into_iter();
    blocks.find(|block| block.starts_with(beginning)).unwrap()
}

#[test]
fn each_block_of_commands_is_run_or_says_why_not() {
    let ci = fs::read_to_string(top().join(".ci/run")).unwrap();
    for document in documents() {
        for block in blocks(&document) {
            let known = |(name, beginning, _): &&(&str, &str, RunBy)| *name == document && block.starts_with(beginning);
            let Some((_, _, run_by)) = BLOCKS.iter().find(known) else {
                panic!("{document}: say in BLOCKS what runs\n{block}");
            };
            match run_by {
                RunBy::This => {}
                RunBy::Test(file, name) => {
                    let tests = fs::read_to_string(top().join(file)).unwrap();
                    assert!(tests.contains(&format!("fn {name}(")), "{file} has no {name}");
                }
                RunBy::Ci(line) => assert!(ci.contains(line), "{line} is not in .ci/run"),
                RunBy::Nothing(why) => assert!(!why.is_empty()),
            }
        }
    }
    for (document, beginning, _) in BLOCKS {
        assert!(
            blocks(document).iter().any(|block| block.starts_with(beginning)),
            "{document}: {beginning}"
        );
    }
}

/// The recording is made by `python3 infra/local/record.py`: once the life of the two loans is another one, so must it be.
#[test]
fn the_recording_shows_the_life_that_cargo_local_lives() {
    let svg = fs::read_to_string(top().join("docs/local.svg")).unwrap();
    assert!(svg.len() < RECORDING_BYTES_MAX, "{}", svg.len());
    let svg = Document::parse(&svg).unwrap();
    let lines = svg.descendants().filter(|node| node.has_tag_name("text"));
    let shown: String = lines.filter_map(|line| line.text()).collect();
    let mut rest = shown.as_str();
    for step in Ids::new().unwrap().steps().unwrap() {
        let operation = step.request["status"].as_str().unwrap();
        let success = format!(r#""operation_type":"{operation}","status":"success""#);
        for text in [
            step.title,
            "  POST /fineract/operate  ",
            "  202  ",
            "  GET  ",
            "  200  ",
            &success,
        ] {
            let (_, after) = rest
                .split_once(text)
                .unwrap_or_else(|| panic!("{operation}: no {text}"));
            rest = after;
        }
    }
    assert!(rest.ends_with("Every answer was as documented."));
}

/// A gateway as `cargo local --env-file gateway.env` leaves it, and the folder with that file.
async fn local() -> (Bench, TempDir) {
    let bench = Bench::with(|options| options).await;
    let folder = TempDir::new().unwrap();
    env_file::write(&folder.path().join("gateway.env"), &bench.stack).unwrap();
    (bench, folder)
}

/// Whether the examples can be typed here: the tests need no curl besides.
async fn has_curl() -> bool {
    let curl = Command::new("curl")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .await;
    let has = curl.is_ok_and(|status| status.success());
    if !has {
        eprintln!("curl is not there: its lines were not typed");
    }
    has
}

/// What a shell prints that is given these lines.
async fn shell(folder: &TempDir, lines: &str) -> String {
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", lines])
        .current_dir(folder.path())
        .stdin(Stdio::null());
    let output = shell.kill_on_drop(true).output().await.unwrap();
    assert!(
        output.status.success(),
        "{lines}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_call_of_the_readme() {
    if !has_curl().await {
        return;
    }
    let (bench, folder) = local().await;
    let block = block("README.md", ". ./gateway.env\n");
    let comments: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let [accepted, ended] = comments[..] else {
        panic!("two answers: {block}")
    };
    let (post, track) = block.split_once(&format!("# {accepted}\n")).unwrap();

    let answer = shell(&folder, post).await;
    let id = serde_json::from_str::<Value>(&answer).unwrap()["tracking_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let uuid = id.strip_prefix("CLIENT_CREATE|").unwrap();
    assert_eq!(answer.replace(uuid, ELIDED), accepted);

    bench.ended(&id).await;
    let track = format!(". ./gateway.env\n{}", track.replace(ELIDED, uuid));
    let answer = shell(&folder, &track).await.replace(uuid, ELIDED);
    let (beginning, _) = ended.split_once("{…}").unwrap();
    assert!(answer.starts_with(beginning), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_readme_breaks_is_broken() {
    if !has_curl().await {
        return;
    }
    let (bench, folder) = local().await;
    let block = block("README.md", "SIMULATOR=");
    shell(&folder, &format!(". ./gateway.env\n{block}")).await;
    let client = crate::bench::published::client_create();
    bench.succeed("CLIENT_CREATE", client).await;
    bench
        .succeed("LOAN_CREATE", crate::bench::published::loan_create())
        .await;
    bench
        .succeed("LOAN_APPROVE", crate::bench::published::loan_approve())
        .await;
    let disburse = json!({"external_loan_id": "LOAN-123", "actualDisbursementDate": "11 January 2026"});
    let ended = bench.succeed("LOAN_DISBURSE", disburse).await;
    assert!(ended["attempts"].as_u64().unwrap() > 1, "the answer was lost: {ended}");
    assert_eq!(bench.effects("LOAN-123").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_the_client_twice() {
    let (bench, folder) = local().await;
    let environment = Environment::ensure(Purpose::Emulator, Console::Quiet).await.unwrap();
    fs::write(
        folder.path().join("example.py"),
        block("docs/migrating.md", "import os\n"),
    )
    .unwrap();
    for _ in 0..2 {
        let mut python = Command::new(environment.python());
        python
            .args(["-S", "-B", "example.py"])
            .current_dir(folder.path())
            .env_clear();
        python.env("PYTHONPATH", top().join("docs/client"));
        python
            .env("GATEWAY_URL", bench.api.url())
            .env("GATEWAY_TOKEN", bench.api.token());
        let output = python.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "created\nCLIENT_CREATE success\n"
        );
    }
    assert_eq!(bench.effects("INC-3001").len(), 1);
}
