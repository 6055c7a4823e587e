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
/// The worker once more, before a Fineract over TLS.
pub(crate) const OVER_TLS: &str = "worker over TLS";
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

/// The compiler that cargo takes here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compiler {
    /// Its name and version.
    pub(crate) version: String,
    /// The target that it builds for unless told otherwise.
    host: String,
}

impl Compiler {
    /// Asks it.
    pub(crate) fn ask() -> Result<Self, String> {
        let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc")));
        let output = rustc.current_dir(top()).arg("-vV").output();
        let output = output.map_err(|error| format!("rustc could not be started: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Self::of(&said).ok_or_else(|| format!("rustc -vV: {said}"))
    }

    fn of(said: &str) -> Option<Self> {
        Some(Self {
            version: said.lines().next()?.to_owned(),
            host: said.lines().find_map(|line| line.strip_prefix("host: "))?.to_owned(),
        })
    }

    /// What `cargo lambda build --release --compiler cargo` gives to cargo, but for the packages: programs for the oldest
    /// processors that Lambda has.
    fn as_deployed(&self) -> Vec<String> {
        let oldest = if self.host.starts_with("aarch64") {
            "neoverse-n1"
        } else {
            "haswell"
        };
        let flags = format!(r#"build.rustflags=["-C", "target-cpu={oldest}"]"#);
        ["build", "--release", "--target", &self.host, "--config", &flags]
            .map(str::to_owned)
            .into()
    }
}

/// Builds packages as they are deployed, and gives their programs.
pub(crate) fn build(compiler: &Compiler, packages: &[&str]) -> Result<Paths, String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.current_dir(top()).stderr(Stdio::inherit());
    cargo.args(compiler.as_deployed());
    cargo.args(["--locked", "--message-format", "json-render-diagnostics"]);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_told_what_cargo_lambda_tells_it() {
        for (host, oldest) in [
            ("x86_64-unknown-linux-gnu", "haswell"),
            ("aarch64-unknown-linux-gnu", "neoverse-n1"),
        ] {
            let said = format!("rustc 1.95.0 (59807616e 2026-04-14)\nbinary: rustc\nhost: {host}\nrelease: 1.95.0\n");
            let compiler = Compiler::of(&said).unwrap();
            assert_eq!(compiler.version, "rustc 1.95.0 (59807616e 2026-04-14)");
            let flags = format!("build.rustflags=[\"-C\", \"target-cpu={oldest}\"]");
            assert_eq!(
                compiler.as_deployed(),
                ["build", "--release", "--target", host, "--config", &flags]
            );
        }
        assert_eq!(Compiler::of("no such command"), None);
    }
}
