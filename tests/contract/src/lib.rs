//! What callers are told, held to what the gateway does.
//!
//! [`openapi`] makes `docs/openapi.json` from the operations and the types of the gateway: [`requests`] what callers send,
//! [`answers`] what they get. [`codes`] is every code that an answer may have, each with a page in `docs/errors`.
//! [`checked`] judges real exchanges by the description.

pub mod answers;
pub mod checked;
pub mod codes;
pub mod openapi;
pub mod requests;

use std::path::{Path, PathBuf};

/// The repository's top folder.
pub fn top() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// Where the description stands.
pub fn description() -> PathBuf {
    top().join("docs/openapi.json")
}
