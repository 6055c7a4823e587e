//! The file that tells other programs where the running gateway is.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::Path,
};

use tempfile::NamedTempFile;

use crate::{
    Error, Stack,
    aws::{REGION, ROOT_KEY},
    deployment::STACK_NAME,
};

/// Removes what an earlier run left, so that nobody takes it for this one's.
///
/// # Errors
/// If the file is there and cannot be removed.
pub fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::io(format!("{} cannot be removed", path.display()))(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes the file in one go: it is complete when it appears. Only its owner may read it, for it has the token.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: &Path, stack: &Stack) -> Result<(), Error> {
    let api = stack.api()?;
    let lines = [
        ("GATEWAY_URL", api.url()),
        ("GATEWAY_TOKEN", api.token()),
        ("FINERACT_URL", stack.fineract_url()),
        ("STACK_NAME", STACK_NAME),
        ("AWS_ENDPOINT_URL", stack.aws().url()),
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ROOT_KEY),
        ("AWS_SECRET_ACCESS_KEY", ROOT_KEY),
        ("TABLE_NAME", stack.outputs().get("TableName")?),
        ("QUEUE_URL", stack.outputs().get("QueueUrl")?),
        ("DLQ_URL", stack.outputs().get("DeadLetterQueueUrl")?),
    ];
    let text: String = lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    let refused = || Error::io(format!("{} cannot be written", path.display()));
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder).map_err(refused())?;
    file.write_all(text.as_bytes()).map_err(refused())?;
    file.persist(path).map_err(|error| refused()(error.error))?;
    Ok(())
}
