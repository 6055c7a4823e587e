//! The releases that the worker's check knows are those that were recorded, and those that the simulator answers as.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fineract_simulator::Release;
use gateway::release::{self, COMPARED};
use recordings::{RELEASES, Recording};
use serde_json::Value;

/// Where a server tells its release.
const INFO: &str = "/fineract-provider/actuator/info";

/// What the server of this release told of itself while it was recorded.
fn told(release: &str) -> Value {
    let steps = Recording::all(release)
        .unwrap()
        .into_iter()
        .flat_map(|recording| recording.steps);
    let exchanges = steps.filter_map(|step| step.exchange);
    let answer = exchanges
        .filter(|exchange| exchange.path == INFO)
        .find_map(|exchange| exchange.answer);
    answer
        .unwrap_or_else(|| panic!("no recording of {release} asks {INFO}"))
        .body
}

#[test]
fn the_worker_knows_the_releases_that_were_recorded_and_no_other() {
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../recordings")).unwrap();
    let recorded = folders.map(Result::unwrap).filter(|entry| {
        let files = fs::read_dir(entry.path());
        files.is_ok_and(|mut files| files.any(|file| file.unwrap().path().extension().is_some_and(|end| end == "gz")))
    });
    let recorded: BTreeSet<String> = recorded.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    assert_eq!(recorded, set(&RELEASES), "recordings::RELEASES");
    assert_eq!(
        recorded,
        set(&Release::ALL.map(Release::name)),
        "fineract_simulator::Release::ALL"
    );

    let versions: BTreeSet<String> = RELEASES
        .into_iter()
        .map(|release| match release::Release::told(&told(release)) {
            release::Release::Compared(version) => version,
            other @ (release::Release::Other(_) | release::Release::Untold) => {
                panic!("to the worker, the server recorded as {release} is {other:?}")
            }
        })
        .collect();
    assert_eq!(
        versions,
        set(&COMPARED),
        "gateway::release::COMPARED has what was not recorded"
    );
}
