//! Where the deployment is: what its functions have in their environment, from a file, the environment or the stack.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use aws_config::SdkConfig;
use clap::Args;
use gateway::adapters::aws;
use gateway::adapters::callers_table::CallersTable;
use gateway::settings;

use crate::{Error, stack};

/// Where the deployment is.
#[derive(Args)]
pub(crate) struct PlaceArguments {
    /// The stack's name (or STACK_NAME); its outputs and parameters tell the rest.
    #[arg(long, global = true, value_name = "NAME")]
    stack_name: Option<String>,
    /// KEY=value lines that go before the environment, as `cargo local --env-file` writes them.
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
}

/// A deployment.
pub(crate) struct Place {
    variables: BTreeMap<String, String>,
    /// How AWS is reached.
    pub(crate) aws: SdkConfig,
}

impl Place {
    /// Finds it. Credentials and region come from the file or as every AWS tool finds them.
    pub(crate) async fn find(arguments: &PlaceArguments) -> Result<Self, Error> {
        let mut variables = match &arguments.env_file {
            Some(path) => {
                let text = fs::read_to_string(path);
                read(&text.map_err(Error::failed(format!("reading {}", path.display())))?)
            }
            None => BTreeMap::new(),
        };
        if let Some(name) = &arguments.stack_name {
            variables.insert("STACK_NAME".to_owned(), name.clone());
        }
        let look = |name: &str| variables.get(name).cloned().or_else(|| settings::environment(name));
        let aws = aws::config_of_a_person(&look)
            .await
            .map_err(Error::failed("setting up the HTTP client"))?;
        let name = look("STACK_NAME")
            .ok_or_else(|| Error::refused("Say where the gateway is: --stack-name NAME, or --env-file FILE."))?;
        for (name, value) in stack::variables(&aws, &name).await? {
            variables.entry(name).or_insert(value);
        }
        Ok(Self { variables, aws })
    }

    /// A value of the deployment.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// The table of callers.
    pub(crate) fn callers(&self) -> Result<CallersTable, Error> {
        Ok(CallersTable::new(&self.aws, self.text("CALLERS_TABLE_NAME")?))
    }

    /// Who does something: the name that was said, and whose credentials AWS sees, which nobody can make up.
    pub(crate) async fn who(&self, said: Option<&str>) -> Result<String, Error> {
        let environment = || ["OPERATOR", "USER"].into_iter().find_map(settings::environment);
        let said = said.map(str::to_owned).or_else(environment).unwrap_or_default();
        let answer = aws_sdk_sts::Client::new(&self.aws).get_caller_identity().send().await;
        let answer = answer.map_err(Error::failed("asking AWS whose credentials these are"))?;
        Ok(format!("{said} ({})", answer.arn().unwrap_or_default())
            .trim()
            .to_owned())
    }

    fn text(&self, name: &str) -> Result<String, Error> {
        let missing = || Error::refused(format!("the stack does not tell {name}; is it of this release?"));
        self.variable(name).ok_or_else(missing)
    }
}

/// KEY=value lines; blank ones and such as begin with `#` say nothing.
fn read(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_keys_and_values() {
        let expected = [("A", "1=2"), ("B", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read("# x=y\nA=1=2\n\n B=\nC"), BTreeMap::from(expected));
    }
}
