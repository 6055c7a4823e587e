//! Other programs: run to their end while telling what they are at, and ended together with what they started.

use std::{
    collections::VecDeque,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::mpsc,
};

use crate::Error;

/// How many of a program's last lines an error shows.
const SHOWN_LINES: usize = 40;
/// Lines that wait to be looked at; a program that prints faster waits for us.
const WAITING_LINES: usize = 256;
/// How often an ended group is looked at.
pub(crate) const REAP_PAUSE: Duration = Duration::from_millis(10);

/// One line that a program printed.
#[derive(Debug)]
pub(crate) enum Line {
    Out(String),
    Err(String),
}

/// A process group that ends, with all that its leader started, when this value is dropped.
#[derive(Debug)]
pub(crate) struct Group(Option<Pid>);

impl Group {
    /// The group that `leader` leads.
    pub(crate) fn of(leader: Option<u32>) -> Self {
        Self(leader.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// The leader has ended by itself and was waited for; its id may belong to others from now on.
    pub(crate) fn forget(mut self) {
        self.0 = None;
    }

    /// Ends the group now.
    pub(crate) fn kill(&mut self) {
        if let Some(leader) = self.0.take() {
            // A group that is gone already is what is wanted.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a program to its end and gives each line that it prints to `look`. If the future is dropped, the program ends,
/// with everything that it started.
///
/// # Errors
/// If the program cannot be started, or ends without success: then with the last lines of its standard error.
pub(crate) async fn run(what: &str, command: &mut Command, mut look: impl FnMut(&Line)) -> Result<(), Error> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command
        .spawn()
        .map_err(Error::io(format!("{what} could not be started")))?;
    let group = Group::of(child.id());

    let (sender, mut lines) = mpsc::channel(WAITING_LINES);
    if let Some(out) = child.stdout.take() {
        forward(out, sender.clone(), Line::Out);
    }
    if let Some(err) = child.stderr.take() {
        forward(err, sender, Line::Err);
    }
    let mut last = VecDeque::new();
    while let Some(line) = lines.recv().await {
        look(&line);
        if let Line::Err(text) = line {
            if last.len() == SHOWN_LINES {
                last.pop_front();
            }
            last.push_back(text);
        }
    }
    let status = ended(what, &mut child).await?;
    group.forget();
    if status.success() {
        return Ok(());
    }
    Err(Error::Program {
        program: what.to_owned(),
        status: status.to_string(),
        output: Vec::from(last).join("\n"),
    })
}

async fn ended(what: &str, child: &mut Child) -> Result<ExitStatus, Error> {
    child
        .wait()
        .await
        .map_err(Error::io(format!("{what} could not be waited for")))
}

fn forward<R: AsyncRead + Unpin + Send + 'static>(pipe: R, to: mpsc::Sender<Line>, kind: fn(String) -> Line) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if to.send(kind(line)).await.is_err() {
                break;
            }
        }
    });
}
