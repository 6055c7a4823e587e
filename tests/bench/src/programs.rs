//! The programs that are measured: built as they are deployed, or given.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The functions, by their packages and the template's names.
pub(crate) const FUNCTIONS: [(&str, &str); 4] = [
    ("operate", "OperateFunction"),
    ("status", "StatusFunction"),
    ("worker", "WorkerFunction"),
    ("sweep", "SweepFunction"),
];
/// A function that does nothing.
pub(crate) const HELLO: &str = "hello";
/// Requests in one process, whose instructions are counted.
pub(crate) const REQUESTS: &str = "requests";

/// Where programs are, by their packages.
pub(crate) type Paths = BTreeMap<String, PathBuf>;

/// The repository's top folder.
pub(crate) fn top() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// Builds packages as they are deployed, and gives their programs.
pub(crate) fn build(packages: &[&str]) -> Result<Paths, String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.current_dir(top()).stderr(Stdio::inherit());
    cargo.args([
        "build",
        "--release",
        "--locked",
        "--message-format",
        "json-render-diagnostics",
    ]);
    for package in packages {
        cargo.args(["--package", package]);
    }
    // What cargo sets for the program that it runs, a cargo inside would take for its own.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") || name == "CARGO_MANIFEST_DIR" {
            cargo.env_remove(name);
        }
    }
    let output = cargo
        .output()
        .map_err(|error| format!("cargo could not be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo build: {}", output.status));
    }
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let program = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let path = PathBuf::from(message["executable"].as_str()?);
        Some((message["target"]["name"].as_str()?.to_owned(), path))
    };
    let programs: Paths = messages.lines().filter_map(program).collect();
    match packages.iter().find(|package| !programs.contains_key(**package)) {
        Some(missing) => Err(format!("cargo built no program {missing}")),
        None => Ok(programs),
    }
}

/// Programs that are there: `<folder>/<package>/bootstrap`, as `cargo lambda build` puts them, or `<folder>/<package>`.
pub(crate) fn find(folder: &Path, packages: &[&str]) -> Result<Paths, String> {
    let mut paths = Paths::new();
    for package in packages {
        let places = [folder.join(package).join("bootstrap"), folder.join(package)];
        let found = places.into_iter().find(|path| path.is_file());
        let path = found.ok_or_else(|| format!("{package} is not in {}", folder.display()))?;
        let path = path.canonicalize().map_err(|error| error.to_string())?;
        paths.insert((*package).to_owned(), path);
    }
    Ok(paths)
}
