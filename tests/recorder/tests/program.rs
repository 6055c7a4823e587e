//! The program itself, with the lines that the page tells to type.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fineract_simulator::{Release, Simulator};
use tempfile::TempDir;

use crate::started;

/// The server of the page.
const DOCUMENTED: &str = "http://127.0.0.1:8080/fineract-provider/api";

/// The lines of the page's blocks of commands.
fn lines() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/recording.md");
    let page = fs::read_to_string(page).unwrap();
    let blocks = page.split("\n```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("\n```").next().unwrap().to_owned());
    let blocks: Vec<String> = blocks.collect();
    blocks
        .iter()
        .flat_map(|block| block.lines())
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_page_work_before_the_simulator() {
    let (running, _) = started(Simulator::new(Release::V1_10_1)).await;
    let folder = TempDir::new().unwrap();
    let mut environment: Vec<(String, String)> = Vec::new();
    let mut run = 0;
    for line in lines() {
        if let Some(values) = line.strip_prefix("export ") {
            let values = values.split(' ').map(|value| value.split_once('=').unwrap());
            environment.extend(values.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())));
            continue;
        }
        let arguments = line.strip_prefix("cargo run -p recordings -- ").unwrap();
        let mut arguments: Vec<String> = arguments
            .split(' ')
            .map(|word| word.replace(DOCUMENTED, &running.url()))
            .collect();
        if arguments[0] == "compare" {
            // The whole takes its time.
            arguments.extend(["--seeds", "2", "--tag", "page"].map(str::to_owned));
        }
        let program = PathBuf::from(env!("CARGO_BIN_EXE_recordings"));
        let mut command = Command::new(program);
        command
            .args(&arguments)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .env_clear();
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let output = tokio::task::spawn_blocking(move || command.output())
            .await
            .unwrap()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{line}\n{told}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!told.contains("Gateway-2026x!"));
        run += 1;
    }
    assert_eq!(run, 4);
}
