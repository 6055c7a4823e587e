//! What the figures are taken on.

use std::env::consts::ARCH;
use std::fs;

/// The processor and its load: read before anything is built or started, which would be a load itself.
pub(crate) fn machine() -> Vec<(&'static str, String)> {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']).to_owned();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    vec![
        ("processor", format!("{cores} x {model} ({ARCH})")),
        (
            "load of the machine before",
            format!("{load} runnable programs on {cores} cores"),
        ),
    ]
}
