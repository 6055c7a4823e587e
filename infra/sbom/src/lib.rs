//! What the deployed functions are made of: the crates that are linked into them, as cargo resolved them and
//! `Cargo.lock` pins them, in [CycloneDX] 1.6. The same sources give the same bill.
//!
//! [CycloneDX]: https://cyclonedx.org/docs/1.6/json/

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use serde_json::{Value, json};

/// The packages that are deployed.
pub const FUNCTIONS: [&str; 4] = ["operate", "worker", "status", "sweep"];
/// What the functions run on.
const PLATFORM: &str = "aarch64-unknown-linux-gnu";
const NAME: &str = "fineract-gateway";

/// Why there is no bill.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Cargo or a file was not there.
    #[error("{0}")]
    Io(String, #[source] io::Error),
    /// Cargo refused, or told something else than it should.
    #[error("{0}")]
    Cargo(String),
}

/// The packages of the workspace and how they hang together.
pub struct Graph {
    linked: BTreeSet<String>,
    packages: BTreeMap<String, Value>,
    edges: BTreeMap<String, Vec<String>>,
    checksums: BTreeMap<(String, String), String>,
}

/// The repository's top folder.
pub fn top() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// The bill of materials.
pub fn bill() -> Result<Value, Error> {
    Graph::read().map(|graph| graph.bill())
}

impl Graph {
    /// Asks cargo.
    pub fn read() -> Result<Self, Error> {
        let metadata = cargo(&["metadata", "--format-version", "1", "--filter-platform", PLATFORM])?;
        let metadata: Value = serde_json::from_str(&metadata).map_err(|error| Error::Cargo(error.to_string()))?;
        // Metadata has the features of the whole workspace; what is deployed is built with those of the functions.
        let packages = FUNCTIONS.map(|function| format!("--package={function}"));
        let mut tree = vec![
            "tree",
            "--edges",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--target",
            PLATFORM,
        ];
        tree.extend(packages.iter().map(String::as_str));
        let tree = cargo(&tree)?;
        let lock = top().join("Cargo.lock");
        let lock = fs::read_to_string(&lock).map_err(|error| Error::Io(format!("{}", lock.display()), error))?;
        Ok(Self::of(&metadata, &tree, &lock))
    }

    fn of(metadata: &Value, tree: &str, lock: &str) -> Self {
        let named = tree.lines().filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?, words.next()?.trim_start_matches('v')))
        });
        let named: BTreeSet<_> = named.collect();
        let of = |package: &Value| (text(&package["name"]), text(&package["version"]));
        let is_linked = |package: &&Value| {
            let (name, version) = of(package);
            named.contains(&(name.as_str(), version.as_str()))
        };
        let linked = list(&metadata["packages"])
            .filter(is_linked)
            .map(|package| text(&package["id"]));
        let packages = list(&metadata["packages"]).map(|package| (text(&package["id"]), package.clone()));
        let edges = list(&metadata["resolve"]["nodes"]).map(|node| {
            let linked = list(&node["deps"]).filter(|dep| list(&dep["dep_kinds"]).any(|kind| kind["kind"].is_null()));
            (text(&node["id"]), linked.map(|dep| text(&dep["pkg"])).collect())
        });
        Self {
            linked: linked.collect(),
            packages: packages.collect(),
            edges: edges.collect(),
            checksums: checksums(lock),
        }
    }

    /// What is linked into the functions, they and the rest of this repository included.
    pub fn linked(&self) -> BTreeSet<&str> {
        self.linked.iter().map(String::as_str).collect()
    }

    /// How many crates of others are linked into the functions.
    pub fn foreign(&self) -> usize {
        self.linked()
            .iter()
            .filter(|id| !self.packages.get(**id).is_some_and(is_ours))
            .count()
    }

    /// The crates of others that packages of this repository name.
    pub fn direct(&self) -> BTreeSet<String> {
        let ours: BTreeSet<String> = self
            .packages
            .values()
            .filter(|one| is_ours(one))
            .map(|one| text(&one["name"]))
            .collect();
        let named = self
            .packages
            .values()
            .filter(|one| is_ours(one))
            .flat_map(|one| list(&one["dependencies"]));
        named
            .map(|one| text(&one["name"]))
            .filter(|name| !ours.contains(name))
            .collect()
    }

    /// The bill of materials.
    pub fn bill(&self) -> Value {
        let linked = self.linked();
        let packages = || linked.iter().filter_map(|id| self.packages.get(*id));
        let version = packages()
            .find(|one| is_ours(one))
            .map(|one| text(&one["version"]))
            .unwrap_or_default();
        let top = format!("pkg:generic/{NAME}@{version}");
        let functions: Vec<_> = packages()
            .filter(|one| is_ours(one) && FUNCTIONS.contains(&text(&one["name"]).as_str()))
            .map(url)
            .collect();
        let mut dependencies = vec![json!({"ref": top, "dependsOn": functions})];
        for id in &linked {
            let Some(package) = self.packages.get(*id) else {
                continue;
            };
            let needs: BTreeSet<String> = self
                .edges
                .get(*id)
                .into_iter()
                .flatten()
                .filter(|id| linked.contains(id.as_str()))
                .filter_map(|id| self.packages.get(id))
                .map(url)
                .collect();
            dependencies.push(json!({"ref": url(package), "dependsOn": needs}));
        }
        json!({
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {"component": {
                "type": "application",
                "bom-ref": top,
                "name": NAME,
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }},
            "components": packages().map(|one| self.component(one)).collect::<Vec<_>>(),
            "dependencies": dependencies,
        })
    }

    fn component(&self, package: &Value) -> Value {
        let (name, version) = (text(&package["name"]), text(&package["version"]));
        let mut component = json!({
            "type": "library",
            "bom-ref": url(package),
            "name": name,
            "version": version,
            "purl": url(package),
            "scope": "required",
        });
        if let Some(licence) = package["license"].as_str() {
            component["licenses"] = json!([{"expression": expression(licence)}]);
        }
        if let Some(checksum) = self.checksums.get(&(name, version)) {
            component["hashes"] = json!([{"alg": "SHA-256", "content": checksum}]);
        }
        if let Some(repository) = package["repository"].as_str() {
            component["externalReferences"] = json!([{"type": "vcs", "url": repository}]);
        }
        component
    }
}

fn cargo(words: &[&str]) -> Result<String, Error> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(top())
        .args(words)
        .arg("--locked")
        .output();
    let output = output.map_err(|error| Error::Io("cargo cannot be run".to_owned(), error))?;
    if !output.status.success() {
        return Err(Error::Cargo(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    String::from_utf8(output.stdout).map_err(|error| Error::Cargo(error.to_string()))
}

/// `MIT/Apache-2.0` is an older way to write `MIT OR Apache-2.0`.
fn expression(licence: &str) -> String {
    let parts = licence.split('/').map(str::trim).collect::<Vec<_>>();
    parts.join(" OR ")
}

fn url(package: &Value) -> String {
    format!("pkg:cargo/{}@{}", text(&package["name"]), text(&package["version"]))
}

fn is_ours(package: &Value) -> bool {
    package["source"].is_null()
}

/// The checksums in a `Cargo.lock`, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let mut checksums = BTreeMap::new();
    for block in lock.split("[[package]]").skip(1) {
        let value = |name: &str| {
            let line = block
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
            line.strip_suffix('"').map(str::to_owned)
        };
        if let (Some(name), Some(version), Some(checksum)) = (value("name"), value("version"), value("checksum")) {
            checksums.insert((name, version), checksum);
        }
    }
    checksums
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
