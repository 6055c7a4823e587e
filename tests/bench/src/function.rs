//! A function's process: started as Lambda starts it, and looked at through /proc.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::lambda::{Moment, Runtime};
use crate::stub::Stub;

/// How long a function may take for anything at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// The place of a process's user time in `/proc/<id>/stat`, counted from behind its name, and how many of its units a second has.
const USER_TIME: usize = 11;
const TICKS: u64 = 100;
/// Stands for the stub's address in variables.
pub(crate) const STUB: &str = "{stub}";
/// The same over TLS.
pub(crate) const TLS_STUB: &str = "{stub over TLS}";

/// A program that serves a function.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// What it is called in the report.
    pub(crate) name: String,
    /// Its bootstrap.
    pub(crate) path: PathBuf,
    /// Its environment, besides what Lambda sets.
    pub(crate) variables: BTreeMap<String, String>,
    /// The events that it gets, one after the other and again; none are sent to it if there are none.
    pub(crate) events: Vec<Bytes>,
    /// What a proper answer has in it; nothing if any is proper.
    pub(crate) expected: String,
}

/// A program that runs.
pub(crate) struct Function {
    child: Child,
    runtime: Runtime,
    expected: String,
    /// How long it took from its start until it asked for its first event.
    pub(crate) start: Duration,
    /// The processor time that it used for that.
    pub(crate) start_cpu: Duration,
}

impl Function {
    /// Starts the program and waits until it is ready.
    pub(crate) async fn start(program: &Program, stub: Arc<Stub>) -> Result<Self, String> {
        let mut runtime = Runtime::start(stub).await?;
        let mut command = command(program, runtime.address, runtime.tls_address);
        let began = Instant::now();
        let child = command
            .spawn()
            .map_err(|error| format!("{} could not be started: {error}", program.path.display()))?;
        let Moment::Ready(ready) = patiently(&program.name, runtime.next()).await? else {
            return Err(format!("{} answered before it was asked", program.name));
        };
        let mut function = Self {
            child,
            runtime,
            expected: program.expected.clone(),
            start: ready.duration_since(began),
            start_cpu: Duration::ZERO,
        };
        function.start_cpu = function.cpu()?;
        Ok(function)
    }

    /// Has an event handled; tells how long that took. The function is ready again afterwards.
    pub(crate) async fn handle(&mut self, event: &Bytes) -> Result<Duration, String> {
        let began = Instant::now();
        self.runtime.send(event.clone()).await?;
        let Moment::Answered(at, body) = patiently("the function", self.runtime.next()).await? else {
            return Err("the function asked again without an answer".to_owned());
        };
        let text = std::str::from_utf8(&body).unwrap_or_default();
        if !text.contains(&self.expected) {
            return Err(format!("not a proper answer: {text}"));
        }
        let Moment::Ready(_) = patiently("the function", self.runtime.next()).await? else {
            return Err("the function answered twice".to_owned());
        };
        Ok(at.duration_since(began))
    }

    /// The processor time of all its threads so far.
    pub(crate) fn cpu(&self) -> Result<Duration, String> {
        let mut nanos = 0;
        let tasks = fs::read_dir(format!("/proc/{}/task", self.id())).map_err(|error| error.to_string())?;
        for task in tasks.flatten() {
            // A thread may have ended since.
            let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            let first = text.split(' ').next().and_then(|field| field.parse::<u64>().ok());
            nanos += first.unwrap_or_default();
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// The part of it that is not the system's.
    pub(crate) fn user(&self) -> Result<Duration, String> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).map_err(|error| error.to_string())?;
        // Behind the name, which may have anything in it.
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace());
        let ticks: Option<u64> = fields.and_then(|mut fields| fields.nth(USER_TIME)?.parse().ok());
        let ticks = ticks.ok_or("no user time")?;
        Ok(Duration::from_millis(ticks * (1_000 / TICKS)))
    }

    /// Its resident memory in KiB.
    pub(crate) fn memory_kib(&self) -> Result<u64, String> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).map_err(|error| error.to_string())?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kib.ok_or_else(|| "no VmRSS".to_owned())
    }

    fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Ends it.
    pub(crate) async fn end(mut self) {
        self.child.kill().await.ok();
    }
}

async fn patiently<T>(who: &str, waiting: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    match timeout(PATIENCE, waiting).await {
        Ok(result) => result.map_err(|error| format!("{who}: {error}")),
        Err(_) => Err(format!("{who} did nothing for {} s", PATIENCE.as_secs())),
    }
}

/// As Lambda does it: in the program's folder, nothing of this process's environment, credentials that are none, and no address but the stub's.
fn command(program: &Program, address: SocketAddr, tls_address: SocketAddr) -> Command {
    let mut command = Command::new(&program.path);
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    if let Some(folder) = program.path.parent() {
        command.current_dir(folder).env("LAMBDA_TASK_ROOT", folder);
    }
    let (stub, tls_stub) = (format!("http://{address}"), format!("https://{tls_address}"));
    for (name, value) in [
        ("_HANDLER", "bootstrap"),
        ("AWS_LAMBDA_RUNTIME_API", address.to_string().as_str()),
        ("AWS_LAMBDA_FUNCTION_NAME", program.name.as_str()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "session"),
        ("AWS_ENDPOINT_URL", &stub),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("TZ", ":UTC"),
    ] {
        command.env(name, value);
    }
    for (name, value) in &program.variables {
        command.env(name, value.replace(STUB, &stub).replace(TLS_STUB, &tls_stub));
    }
    command
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_program_runs_where_and_as_lambda_runs_it() {
        let program = Program {
            name: "other".to_owned(),
            path: PathBuf::from("/var/task/bootstrap"),
            variables: BTreeMap::from([
                ("URL".to_owned(), "{stub}/a".to_owned()),
                ("TLS_URL".to_owned(), "{stub over TLS}/a".to_owned()),
            ]),
            events: Vec::new(),
            expected: String::new(),
        };
        let command = command(&program, ([127, 0, 0, 1], 7).into(), ([127, 0, 0, 1], 8).into());
        let command = command.as_std();
        assert_eq!(command.get_current_dir(), Some(Path::new("/var/task")));
        let variables: BTreeMap<_, _> = command.get_envs().collect();
        for (name, value) in [
            ("_HANDLER", "bootstrap"),
            ("LAMBDA_TASK_ROOT", "/var/task"),
            ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:7"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:7"),
            ("URL", "http://127.0.0.1:7/a"),
            ("TLS_URL", "https://127.0.0.1:8/a"),
        ] {
            assert_eq!(
                variables.get(OsStr::new(name)),
                Some(&Some(OsStr::new(value))),
                "{name}"
            );
        }
    }
}
