//! Recordings as files.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use serde_json::json;

use crate::error::Error;
use crate::player::Played;
use crate::scenario::Scenario;

/// What a recording says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The release, as its folder is named.
    pub release: &'a str,
    /// The database below the server, if it is known.
    pub database: Option<&'a str>,
}

/// Writes a recording to `<folder>/<scenario>.json.gz`, one step a line.
///
/// # Errors
/// If it cannot be written.
pub fn write(folder: &Path, head: Head<'_>, played: &Played) -> Result<PathBuf, Error> {
    let file = folder.join(format!("{}.json.gz", head.scenario.name));
    let failed = |error| Error::File(file.clone(), error);
    let mut opening = json!({"scenario": head.scenario.title, "fineract": head.release});
    if let Some(database) = head.database {
        opening["database"] = database.into();
    }
    let opening = opening.to_string();
    let steps: Vec<String> = played.steps.iter().map(ToString::to_string).collect();
    let text = format!(
        "{}, \"steps\": [\n{}\n]}}\n",
        opening.trim_end_matches('}'),
        steps.join(",\n")
    );
    fs::create_dir_all(folder).map_err(failed)?;
    // Without a name or a time in it, the same steps are the same file.
    let mut zipped = GzBuilder::new().write(File::create(&file).map_err(failed)?, Compression::best());
    zipped.write_all(text.as_bytes()).map_err(failed)?;
    zipped.finish().map_err(failed)?;
    Ok(file)
}
