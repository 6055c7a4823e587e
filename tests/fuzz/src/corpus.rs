//! The inputs that are kept: one file each, in the folder of their door.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The inputs of a door, in the order of their names.
///
/// # Errors
/// If a file cannot be read.
pub fn of(target: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let named = |file: PathBuf| {
        Ok((
            file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            fs::read(file)?,
        ))
    };
    files.into_iter().map(named).collect()
}
