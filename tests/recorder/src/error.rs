//! What ends a recording or a comparison.

use std::io;
use std::path::PathBuf;

/// Why it ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such scenario.
    #[error("there is no scenario {0}; name one of {1}, all, or a file")]
    NoScenario(String, String),
    /// A file cannot be read or written.
    #[error("{0}")]
    File(PathBuf, #[source] io::Error),
    /// The scenario is not written as it should be.
    #[error("scenario: {0}")]
    Scenario(String),
    /// A step cannot be made, or did not end as the scenario needs it.
    #[error("step [{step}]: {what}")]
    Step {
        /// Its name.
        step: String,
        /// What is wrong.
        what: String,
    },
    /// The server cannot be asked.
    #[error("{0} is not answered")]
    Server(String, #[source] reqwest::Error),
    /// The client could not be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
    /// The release is not one that the simulator knows.
    #[error("the server tells no release that is simulated ({0}); name one with --release: {1}")]
    Release(String, String),
}
