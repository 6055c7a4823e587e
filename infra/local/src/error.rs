use std::io;

/// Why the local gateway could not be started or asked. Each message is a sentence for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that a person must see to is not there.
    #[error("{what}\n\nThis helps:\n\n    {remedy}")]
    Missing {
        /// What is missing.
        what: String,
        /// The command that installs or sets it.
        remedy: String,
    },
    /// A program that was started ended without success.
    #[error("{program} failed ({status})\n{output}")]
    Program {
        /// The program and what it was to do.
        program: String,
        /// Its exit status.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// The operating system refused something.
    #[error("{doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// The emulator did not start, or stopped.
    #[error("the AWS emulator {what}\n{log}")]
    Emulator {
        /// What happened.
        what: String,
        /// The end of its log.
        log: String,
    },
    /// The emulator refused a request.
    #[error("{action} was refused: {status} {body}")]
    Aws {
        /// The AWS action.
        action: String,
        /// The HTTP status.
        status: u16,
        /// The answer's body.
        body: String,
    },
    /// An HTTP exchange got no answer.
    #[error("no answer from {url}")]
    Http {
        /// What was asked.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The template was not deployed.
    #[error("the template was not deployed:\n{0}")]
    Deployment(String),
    /// Something answered otherwise than documented.
    #[error("{0}")]
    Unexpected(String),
}

impl Error {
    /// Turns an [`io::Error`] into an error that says what was being done.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// Turns a [`reqwest::Error`] into an error that says what was asked.
    pub(crate) fn http(url: impl Into<String>) -> impl FnOnce(reqwest::Error) -> Self {
        let url = url.into();
        move |source| Self::Http {
            url,
            source: source.without_url(),
        }
    }
}
