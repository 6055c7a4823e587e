//! What the person at the terminal sees while something takes its time.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How often a terminal's current line is drawn again.
const FRAME: Duration = Duration::from_millis(100);
/// How often a log is told that a step still goes on.
const HEARTBEAT: Duration = Duration::from_secs(15);
const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/// Longest line that is drawn over itself; a longer one would wrap and not be overwritten.
const LINE_MAX_CHARS: usize = 78;

/// Where progress goes. Everything is written to standard error but [`Console::line`], which is the program's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// Nowhere, for tests.
    Quiet,
    /// A log: a line when a step ends, and now and then one while it goes on.
    Plain,
    /// A terminal: the current step's line moves.
    Live,
}

/// A step that has begun. Dropped without [`Step::done`], it has failed.
#[derive(Debug)]
pub struct Step {
    console: Console,
    shared: Arc<Shared>,
    drawer: Option<JoinHandle<()>>,
    began: Instant,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    title: String,
    note: String,
    ended: bool,
}

impl Console {
    /// What suits standard error.
    #[must_use]
    pub fn detect() -> Self {
        if io::stderr().is_terminal() {
            Self::Live
        } else {
            Self::Plain
        }
    }

    /// Writes one line of output.
    pub fn line(self, text: &str) {
        match self {
            Self::Quiet => {}
            Self::Plain | Self::Live => {
                let mut out = io::stdout().lock();
                // A reader that went away (`| head`) is no reason to stop.
                let _ = writeln!(out, "{text}").and_then(|()| out.flush());
            }
        }
    }

    /// Begins a step.
    #[must_use]
    pub fn step(self, title: impl Into<String>) -> Step {
        let began = Instant::now();
        let state = State {
            title: title.into(),
            note: String::new(),
            ended: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let drawer = match self {
            Self::Quiet => None,
            Self::Plain | Self::Live => {
                let shared = Arc::clone(&shared);
                Some(thread::spawn(move || shared.draw_until_ended(self, began)))
            }
        };
        Step {
            console: self,
            shared,
            drawer,
            began,
        }
    }
}

impl Step {
    /// Says what the step is at.
    pub fn note(&self, note: impl Into<String>) {
        self.shared.lock().note = note.into();
    }

    /// Ends the step well; `detail` may be empty.
    pub fn done(mut self, detail: &str) {
        self.end("✓", detail);
    }

    /// Ends the step well without a word, for one whose result is shown otherwise.
    pub fn silent(mut self) {
        self.stop();
        if self.console == Console::Live {
            write_over(self.console, "", false);
        }
    }

    fn end(&mut self, mark: &str, detail: &str) {
        if self.stop() {
            let title = self.shared.lock().title.clone();
            let separator = if detail.is_empty() { "" } else { ": " };
            let took = seconds(self.began.elapsed());
            write_over(
                self.console,
                &format!("{mark} {title}{separator}{detail} ({took})"),
                true,
            );
        }
    }

    /// Stops drawing; tells whether there was anything to stop.
    fn stop(&mut self) -> bool {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        // The drawing thread has nothing to tell.
        self.drawer.take().map(JoinHandle::join).is_some()
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if self.drawer.is_some() {
            self.end("✗", "");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw_until_ended(&self, console: Console, began: Instant) {
        let pause = if console == Console::Live { FRAME } else { HEARTBEAT };
        let mut frames = SPINNER.iter().cycle();
        let mut state = self.lock();
        while !state.ended {
            if console == Console::Live {
                let spinner = frames.next().unwrap_or(&' ');
                write_over(console, &state.line(*spinner, began.elapsed()), false);
            }
            let (next, waited) = self
                .changed
                .wait_timeout_while(state, pause, |state| !state.ended)
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
            if console == Console::Plain && waited.timed_out() {
                write_over(console, &state.line('…', began.elapsed()), true);
            }
        }
    }
}

impl State {
    fn line(&self, mark: char, elapsed: Duration) -> String {
        let separator = if self.note.is_empty() { "" } else { ": " };
        format!("{mark} {} ({}){separator}{}", self.title, seconds(elapsed), self.note)
    }
}

fn seconds(duration: Duration) -> String {
    format!("{}.{} s", duration.as_secs(), duration.subsec_millis() / 100)
}

fn write_over(console: Console, line: &str, ended: bool) {
    let mut out = io::stderr().lock();
    let end = if ended { "\n" } else { "" };
    // Nobody can be told that standard error is closed.
    let _ = match console {
        Console::Quiet => Ok(()),
        Console::Plain => write!(out, "{line}{end}"),
        Console::Live => {
            let shown: String = if ended {
                line.to_owned()
            } else {
                line.chars().take(LINE_MAX_CHARS).collect()
            };
            write!(out, "\r\x1b[2K{shown}{end}")
        }
    }
    .and_then(|()| out.flush());
}
