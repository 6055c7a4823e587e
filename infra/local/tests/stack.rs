//! The stack that the end-to-end tests stand on: it starts, shows what it promises, and ends with its owner.

use std::{
    error::Error,
    fs,
    net::Ipv4Addr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use fineract_simulator::{Release, Server, Simulator};
use local::{
    Caller, Function, Options, Stack,
    console::Console,
    lifecycle::{self, Ids},
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

type Outcome = Result<(), Box<dyn Error>>;

/// Longer than a first build of the functions takes.
const PATIENCE: Duration = Duration::from_secs(900);
const PAUSE: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_with_roles_enforced_lives_the_documented_life_and_shows_its_parts() -> Outcome {
    let bank = Server::start((Ipv4Addr::LOCALHOST, 0).into(), Simulator::new(Release::default())).await?;
    let stack = Stack::start(Options::new(&bank.url()).with_short_times()).await?;
    let tracking_ids = lifecycle::drive(&stack.api()?, Ids::new()?.all_steps()?, Console::Quiet).await?;

    // The rows and the queues.
    let id = tracking_ids[0].split_once('|').map(|(_, id)| id).unwrap_or_default();
    let row = stack.row(id).await?.ok_or("the first operation has no row")?;
    assert_eq!(row["id"]["S"], id);
    assert!(stack.row("00000000-0000-0000-0000-000000000000").await?.is_none());
    assert_eq!(stack.messages("DeadLetterQueueUrl").await?, 0);

    // A caller that was added is known, and sees nothing of the first one's.
    let other = Caller::new("other")?;
    stack.add_caller(&other).await?;
    let deadline = Instant::now() + local::stack::CALLER_KNOWN_WITHIN * 2;
    let status = loop {
        let answer = stack.api_for(&other)?.track(&tracking_ids[0]).await?;
        if answer.status != 401 || Instant::now() > deadline {
            break answer.status;
        }
        tokio::time::sleep(PAUSE).await;
    };
    assert_eq!(status, 404);

    // The functions.
    stack.invoke(Function::Sweep, &json!({})).await?;
    for function in Function::ALL {
        assert!(!stack.processes(function)?.is_empty(), "{function:?} has no process");
        let log = stack.log(function).await?;
        assert!(
            log.iter().any(|line| line.starts_with("REPORT ")),
            "{function:?}: {log:?}"
        );
        assert!(
            !log.iter().any(|line| line.contains("AccessDenied")),
            "{function:?}: {log:?}"
        );
    }
    let started = processes_of_port(stack.aws().url());
    assert!(started.len() > Function::ALL.len(), "{started:?}");
    let url = stack.aws().url().to_owned();
    drop(stack);
    assert_eq!(processes_of_port(&url), Vec::<String>::new());
    Ok(())
}

#[test]
fn however_cargo_local_ends_nothing_is_left() -> Outcome {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let folder = tempfile::tempdir()?;
        let env_file = folder.path().join("gateway.env");
        let mut program = Command::new(env!("CARGO_BIN_EXE_local"))
            .arg("--env-file")
            .arg(&env_file)
            .env("TMPDIR", folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let url = written_url(&env_file, &mut program)?;
        assert!(!processes_of_port(&url).is_empty());

        kill_process(Pid::from_child(&program), signal)?;
        program.wait()?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while !(processes_of_port(&url).is_empty() && scratch_folders(folder.path())? == 0) {
            assert!(
                Instant::now() < deadline,
                "{signal:?} left {:?}",
                processes_of_port(&url)
            );
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

fn written_url(env_file: &Path, program: &mut Child) -> Result<String, Box<dyn Error>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Ok(text) = fs::read_to_string(env_file) {
            let url = text.lines().find_map(|line| line.strip_prefix("AWS_ENDPOINT_URL="));
            return Ok(url.ok_or("AWS_ENDPOINT_URL is missing")?.to_owned());
        }
        if let Some(status) = program.try_wait()? {
            return Err(format!("cargo local ended: {status}").into());
        }
        if Instant::now() > deadline {
            program.kill()?;
            return Err("cargo local wrote no file".into());
        }
        thread::sleep(PAUSE);
    }
}

/// The emulator and its functions: whoever has its port in the environment.
fn processes_of_port(url: &str) -> Vec<String> {
    let port = format!("GATEWAY_PORT={}", url.rsplit(':').next().unwrap_or_default());
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter(|entry| {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|setting| setting == port.as_bytes())
    });
    processes
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn scratch_folders(folder: &Path) -> Result<usize, Box<dyn Error>> {
    let entries = fs::read_dir(folder)?.flatten();
    Ok(entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("gateway-"))
        .count())
}
