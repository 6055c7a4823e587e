//! The four functions: built with cargo, packed as Lambda takes them.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

use serde_json::Value;
use tokio::process::Command;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    Error,
    console::Console,
    process::{self, Line},
    workspace,
};

/// Variables that cargo sets for the programs it runs. A cargo inside would take them for its own, and build scripts
/// that look at them would make it build everything again.
const OUTER_CARGO: [&str; 6] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_CRATE_",
    "CARGO_BIN_",
    "CARGO_PRIMARY_",
    "OUT_DIR",
];

/// One of the gateway's functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// Behind POST /fineract/operate.
    Operate,
    /// Carries the operations out.
    Worker,
    /// Behind GET /fineract/track/{tracking_id}.
    Status,
    /// Sends again what is overdue.
    Sweep,
}

/// Where the functions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Built here, with the dev profile.
    Build,
    /// `<folder>/<function>/bootstrap.zip`, as `cargo lambda build --output-format zip` makes them.
    Prebuilt(PathBuf),
}

/// A function as Lambda takes it.
#[derive(Debug)]
pub struct Package {
    /// Which function.
    pub function: Function,
    /// A zip archive with the program `bootstrap`.
    pub zip: Vec<u8>,
}

impl Function {
    /// All functions.
    pub const ALL: [Self; 4] = [Self::Operate, Self::Worker, Self::Status, Self::Sweep];

    /// Its name: the cargo package and its program, and the end of its log group's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Operate => "operate",
            Self::Worker => "worker",
            Self::Status => "status",
            Self::Sweep => "sweep",
        }
    }

    /// The template's output with the name of the deployed function.
    #[must_use]
    pub fn output(self) -> &'static str {
        match self {
            Self::Operate => "OperateFunctionName",
            Self::Worker => "WorkerFunctionName",
            Self::Status => "StatusFunctionName",
            Self::Sweep => "SweepFunctionName",
        }
    }
}

impl Source {
    /// Builds or reads all functions.
    ///
    /// # Errors
    /// If the build fails, or a file is missing.
    pub async fn packages(&self, console: Console) -> Result<Vec<Package>, Error> {
        match self {
            Self::Build => build(console).await,
            Self::Prebuilt(folder) => Function::ALL
                .into_iter()
                .map(|function| read(function, folder))
                .collect(),
        }
    }
}

fn read(function: Function, folder: &Path) -> Result<Package, Error> {
    let path = folder.join(function.name()).join("bootstrap.zip");
    let zip = fs::read(&path).map_err(Error::io(format!("{} cannot be read", path.display())))?;
    Ok(Package { function, zip })
}

async fn build(console: Console) -> Result<Vec<Package>, Error> {
    let step = console.step("Build the functions");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo
        .current_dir(workspace::root())
        .args(["build", "--message-format", "json-render-diagnostics"]);
    cargo.arg("--target-dir").arg(workspace::target());
    // With this package the dependencies have the features that `cargo test` gives them, so each is built once for both.
    let own = env!("CARGO_PKG_NAME");
    for package in Function::ALL.map(Function::name).into_iter().chain([own]) {
        cargo.args(["--package", package]);
    }
    for (name, _) in env::vars_os() {
        if OUTER_CARGO
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            cargo.env_remove(name);
        }
    }

    let mut crates_done: u32 = 0;
    let mut programs = Vec::new();
    process::run("cargo build", &mut cargo, |line| match line {
        Line::Out(message) => {
            if let Some(artifact) = Artifact::parse(message) {
                crates_done += u32::from(!artifact.fresh);
                programs.extend(artifact.program.map(|path| (artifact.name, path)));
            }
        }
        Line::Err(text) => {
            let text = text.trim();
            if let Some(name) = text.strip_prefix("Compiling ") {
                step.note(format!("{crates_done} crates done, compiling {name}"));
            } else if text.starts_with("Download") || text.starts_with("Blocking") || text.starts_with("Updating") {
                step.note(text);
            }
        }
    })
    .await?;

    let packages = Function::ALL.into_iter().map(|function| {
        let program = programs.iter().find(|(name, _)| name == function.name());
        let (_, path) =
            program.ok_or_else(|| Error::Unexpected(format!("cargo built no program {}", function.name())))?;
        pack(function, path)
    });
    let packages = packages.collect::<Result<Vec<_>, _>>()?;
    step.done(&if crates_done == 0 {
        "up to date".to_owned()
    } else {
        format!("{crates_done} crates")
    });
    Ok(packages)
}

/// What cargo says about one finished target.
struct Artifact {
    name: String,
    fresh: bool,
    program: Option<PathBuf>,
}

impl Artifact {
    fn parse(message: &str) -> Option<Self> {
        let message: Value = serde_json::from_str(message).ok()?;
        if message["reason"] != "compiler-artifact" {
            return None;
        }
        Some(Self {
            name: message["target"]["name"].as_str()?.to_owned(),
            fresh: message["fresh"].as_bool()?,
            program: message["executable"].as_str().map(PathBuf::from),
        })
    }
}

/// Packs without compressing: the archive goes to a program on this machine.
fn pack(function: Function, program: &Path) -> Result<Package, Error> {
    let doing = || format!("{} cannot be packed", program.display());
    let bytes = fs::read(program).map_err(Error::io(doing()))?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .unix_permissions(0o755);
    let written = archive
        .start_file("bootstrap", options)
        .and_then(|()| Ok(archive.write_all(&bytes)?));
    let finished = written.and_then(|()| archive.finish());
    let zip = finished.map_err(|error| Error::io(doing())(error.into()))?.into_inner();
    Ok(Package { function, zip })
}
