//! The AWS emulator's process, which lives exactly as long as its owner.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::time::sleep;

use crate::{
    Error,
    aws::{Aws, REGION, ROOT_KEY},
    environment::Environment,
    process::{Group, REAP_PAUSE},
    workspace,
};

/// How long the emulator may take until it answers. It takes a third of a second; a busy machine takes longer.
const READY_TIMEOUT: Duration = Duration::from_secs(60);
const READY_PAUSE: Duration = Duration::from_millis(20);
/// Somebody else may take the free port before the emulator does.
const START_TRIES: u32 = 5;
/// How long the emulator may take to end once it is told to.
const END_TIMEOUT: Duration = Duration::from_secs(5);
/// The end of the log that an error shows.
const SHOWN_LOG_LINES: usize = 30;

/// The running emulator. When it is dropped, or this process ends in whatever way, the emulator and the functions end.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    /// The emulator ends when this pipe closes.
    hold: Option<ChildStdin>,
    group: Group,
    port: u16,
    scratch: TempDir,
}

impl Emulator {
    /// Starts the emulator on a free loopback port and waits until it answers.
    ///
    /// # Errors
    /// If it does not start, or does not answer in time.
    pub async fn start(environment: &Environment, enforce_roles: bool) -> Result<Self, Error> {
        let mut tries_left = START_TRIES;
        loop {
            tries_left -= 1;
            let mut emulator = Self::spawn(environment, free_port()?, enforce_roles)?;
            match emulator.ready().await {
                Ok(()) => return Ok(emulator),
                Err(_) if tries_left > 0 && emulator.port_was_taken() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it answers.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The number of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The end of its log.
    #[must_use]
    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.log_file()).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(SHOWN_LOG_LINES)..].join("\n")
    }

    fn log_file(&self) -> PathBuf {
        self.scratch.path().join("emulator.log")
    }

    fn spawn(environment: &Environment, port: u16, enforce_roles: bool) -> Result<Self, Error> {
        let scratch = tempfile::Builder::new().prefix("gateway-").tempdir();
        let scratch = scratch.map_err(Error::io("no temporary folder can be made"))?;
        let log = fs::File::create(scratch.path().join("emulator.log"));
        let log = log.map_err(Error::io("the emulator's log cannot be written"))?;
        let log_too = log
            .try_clone()
            .map_err(Error::io("the emulator's log cannot be written"))?;

        let mut command = Command::new(environment.python());
        // Isolated: neither the caller's packages nor its PYTHON* settings.
        command.arg("-I").arg(workspace::package().join("launch.py"));
        command.stdin(Stdio::piped()).stdout(log).stderr(log_too);
        set_environment(&mut command, port, scratch.path(), enforce_roles);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .spawn()
            .map_err(Error::io("the emulator could not be started"))?;
        let hold = child.stdin.take();
        let group = Group::of(Some(child.id()));
        Ok(Self {
            child,
            hold,
            group,
            port,
            scratch,
        })
    }

    async fn ready(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + READY_TIMEOUT;
        let aws = Aws::new(self.url())?;
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(Error::Emulator {
                    what: format!("ended at its start ({status})"),
                    log: self.log(),
                });
            }
            if aws.healthy().await {
                return Ok(());
            }
            if Instant::now() > deadline {
                let what = format!("did not answer within {} s", READY_TIMEOUT.as_secs());
                return Err(Error::Emulator { what, log: self.log() });
            }
            sleep(READY_PAUSE).await;
        }
    }

    fn port_was_taken(&self) -> bool {
        let log = self.log();
        log.contains("already in use")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.hold.take();
        let deadline = Instant::now() + END_TIMEOUT;
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() > deadline {
                break;
            }
            thread::sleep(REAP_PAUSE);
        }
        // Also if the leader is gone: a function that it was just starting is in the group.
        self.group.kill();
        let _ = self.child.wait();
    }
}

/// Functions inherit the emulator's environment, so it has nothing of this process's.
fn set_environment(command: &mut Command, port: u16, scratch: &Path, enforce_roles: bool) {
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("TMPDIR", scratch)
        .env("STATE_DIR", scratch)
        .env("BIND_HOST", "127.0.0.1")
        .env("MINISTACK_HOST", "localhost")
        .env("GATEWAY_PORT", port.to_string())
        // Without it, the functions would get no endpoint and call the real AWS.
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        .env("AWS_ACCESS_KEY_ID", ROOT_KEY)
        .env("AWS_SECRET_ACCESS_KEY", ROOT_KEY)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("LAMBDA_EXECUTOR", "local")
        .env("SFTP_ENABLED", "0")
        .env("IOT_MTLS_ENABLED", "0")
        .env("AUTH", if enforce_roles { "true" } else { "false" });
}

fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    Ok(address.map_err(Error::io("no loopback port is free"))?.port())
}
