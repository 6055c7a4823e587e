//! What the command line says about the Fineract behind the gateway.

use std::path::PathBuf;
use std::{env, fs};

use clap::Args;
use fineract_simulator::Release;

use crate::probe::base_url;
use crate::{Error, Options};

const PASSWORD_VARIABLE: &str = "FINERACT_PASSWORD";

/// A Fineract: the simulated one of a release, or a real one.
#[derive(Args, Clone, Debug)]
pub struct FineractArguments {
    /// Use this Fineract in place of the simulator, as in https://localhost:8443/fineract-provider/api; the password is
    /// read from the environment variable FINERACT_PASSWORD.
    #[arg(long, value_name = "BASE URL")]
    fineract: Option<String>,
    /// The tenant there.
    #[arg(long, default_value = "default", requires = "fineract")]
    tenant: String,
    /// The user there.
    #[arg(long, default_value = "mifos", requires = "fineract")]
    user: String,
    /// A PEM file with the authority that signed its certificate, if that is not a public one.
    #[arg(long, value_name = "FILE", requires = "fineract")]
    ca: Option<PathBuf>,
    /// The release that the simulator answers as: 1.10.1 or develop-2026-06.
    #[arg(long, conflicts_with = "fineract", default_value_t = Release::default())]
    fineract_release: Release,
}

impl FineractArguments {
    /// The release of the simulated one.
    pub fn release(&self) -> Release {
        self.fineract_release
    }

    /// How the gateway reaches the real one, if there is one.
    ///
    /// # Errors
    /// If its user's password is not in the environment.
    pub fn real(&self) -> Result<Option<Options>, Error> {
        let Some(url) = &self.fineract else {
            return Ok(None);
        };
        let mut options = Options::new(&base_url(url));
        options.fineract_tenant.clone_from(&self.tenant);
        options.fineract_user.clone_from(&self.user);
        let password = env::var(PASSWORD_VARIABLE).ok().filter(|password| !password.is_empty());
        options.fineract_password = password.ok_or_else(|| Error::Missing {
            what: format!("The password of Fineract's user {} is not set.", self.user),
            remedy: format!("export {PASSWORD_VARIABLE}=…"),
        })?;
        Ok(Some(options))
    }

    /// The certificate of the authority that signed the real one's, as PEM.
    ///
    /// # Errors
    /// If its file cannot be read.
    pub fn authority(&self) -> Result<Option<String>, Error> {
        let read = |path: &PathBuf| {
            fs::read_to_string(path).map_err(|source| Error::Io {
                doing: format!("{} cannot be read", path.display()),
                source,
            })
        };
        self.ca.as_ref().map(read).transpose()
    }
}
