//! The commands of docs/deployment.md, in order, against the emulator: an empty account, a tracked operation, and nothing left.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fineract_simulator::{Release, Server, Simulator};
use local::aws::{Aws, REGION, ROOT_KEY};
use local::console::Console;
use local::emulator::Emulator;
use local::environment::{Environment, Purpose};
use local::functions::Source;
use serde_json::json;
use tokio::process::Command;

const PAGE: &str = include_str!("../../../docs/deployment.md");
const TOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The blocks marked `sh`, as one script.
fn script(page: &str) -> String {
    let (mut script, mut inside) = ("set -euo pipefail\n".to_owned(), false);
    for line in page.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            command if inside => script.push_str(&format!("{command}\n")),
            _ => {}
        }
    }
    script
}

/// A program that stands in for one of the reader's.
fn stand_in(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/usr/bin/env bash\nset -euo pipefail\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_commands_lead_from_an_empty_account_to_a_tracked_operation_and_back() {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let simulator = Simulator::new(Release::V1_10_1);
    let server = Server::start(listen, simulator.clone()).await.unwrap();
    let emulator = Environment::ensure(Purpose::Emulator, Console::Quiet).await.unwrap();
    let emulator = Emulator::start(&emulator, true).await.unwrap();
    let tools = Environment::ensure(Purpose::Tools, Console::Quiet).await.unwrap();

    // A clone, in which the build is done already.
    let scratch = tempfile::tempdir().unwrap();
    let (clone, programs) = (scratch.path().join("clone"), scratch.path().join("programs"));
    fs::create_dir_all(clone.join("infra")).unwrap();
    fs::create_dir_all(&programs).unwrap();
    for file in ["samconfig.toml", "infra/template.yaml"] {
        fs::copy(Path::new(TOP).join(file), clone.join(file)).unwrap();
    }
    for package in Source::Build.packages(Console::Quiet).await.unwrap() {
        let folder = clone.join("target/lambda").join(package.function.name());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("bootstrap.zip"), package.zip).unwrap();
    }
    fs::write(
        clone.join("credentials.json"),
        r#"{"username": "mifos", "password": "password"}"#,
    )
    .unwrap();
    // `cargo ops` is the one of this repository, with what cargo needs of the environment.
    let told = format!(
        "case \"$1 $2\" in 'local --tools') echo '{}' ;; 'lambda build') ;; \
         'ops --stack-name') export PATH='{}' HOME='{}'; cd '{TOP}'; exec '{}' run --quiet --package ops -- \"${{@:2}}\" ;; \
         *) exit 1 ;; esac",
        tools.programs().display(),
        std::env::var("PATH").unwrap(),
        std::env::var("HOME").unwrap(),
        env!("CARGO"),
    );
    stand_in(&programs, "cargo", &told);
    // The emulator's APIs answer below its own address.
    let below = format!("{}/_aws/execute-api/\\1", emulator.url());
    let rewritten = format!(
        "arguments=()\nfor argument in \"$@\"; do\n  arguments+=(\"$(sed -E 's|^https://([a-z0-9]+)[.]execute-api[.][^/]*|{below}|' <<<\"$argument\")\")\ndone\nexec /usr/bin/curl \"${{arguments[@]}}\""
    );
    stand_in(&programs, "curl", &rewritten);

    let output = Command::new("bash")
        .args(["-c", &script(PAGE)])
        .current_dir(&clone)
        .env_clear()
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", programs.display()))
        .env("HOME", scratch.path())
        .env("LANG", "C.UTF-8")
        .env("FINERACT_URL", server.url())
        .env("AWS_ENDPOINT_URL", emulator.url())
        .env("AWS_ACCESS_KEY_ID", ROOT_KEY)
        .env("AWS_SECRET_ACCESS_KEY", ROOT_KEY)
        .env("AWS_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_PAGER", "")
        .env("SAM_CLI_TELEMETRY", "0")
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(std::time::Duration::from_secs(300), output)
        .await
        .unwrap()
        .unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{out}\n{err}\n{}", emulator.log());
    assert!(
        out.contains("{\"healthy\":true}") && out.contains("\"status\":\"success\""),
        "{out}"
    );
    assert_eq!(simulator.effects().len(), 1);
    let aws = Aws::new(emulator.url()).unwrap();
    let left = aws.json("DynamoDB_20120810.ListTables", &json!({})).await.unwrap();
    assert_eq!(left, json!({"TableNames": []}), "all is removed");
}
