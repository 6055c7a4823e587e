//! A gateway before a simulated Fineract, and the operator's command for it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fineract_simulator::{Release, Server, Simulator};
use local::{Options, Stack, api::Api, env_file};
use serde_json::Value;
use tempfile::TempDir;

/// A running gateway with somebody at its desk.
pub(crate) struct Desk {
    pub(crate) stack: Stack,
    pub(crate) simulator: Simulator,
    env_file: PathBuf,
    folder: TempDir,
    _server: Server,
}

impl Desk {
    pub(crate) async fn start(change: impl FnOnce(Options) -> Options) -> Self {
        let simulator = Simulator::new(Release::V1_10_1);
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::start(listen, simulator.clone()).await.unwrap();
        let stack = Stack::start(change(Options::new(&server.url()))).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let env_file = folder.path().join("gateway.env");
        env_file::write(&env_file, &stack).unwrap();
        Self {
            stack,
            simulator,
            env_file,
            folder,
            _server: server,
        }
    }

    /// The folder with the file that says where the gateway is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the command with these words.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
        command.arg("--env-file").arg(&self.env_file).args(words);
        command.env("USER", "night").output().unwrap()
    }

    /// What it answers in JSON; it must end well.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[&["--json"], words].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The gateway for whoever has this token.
    pub(crate) fn api(&self, token: &str) -> Api {
        Api::new(self.stack.api_url().unwrap(), token.to_owned()).unwrap()
    }
}
