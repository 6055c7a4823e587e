//! The runbook: its commands work, and every alarm has its section.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use local::Options;

use crate::desk::Desk;

fn text(path: &str) -> String {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    fs::read_to_string(top.join(path)).unwrap()
}

/// The commands of a page, in order.
fn commands(page: &str) -> String {
    let blocks = page.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_runbook_work_in_their_order() {
    let desk = Desk::start(|options: Options| options).await;
    let folder = desk.folder().to_path_buf();
    // `cargo ops` is the program that was just built.
    let programs = folder.join("programs");
    fs::create_dir(&programs).unwrap();
    let cargo = programs.join("cargo");
    let ops = env!("CARGO_BIN_EXE_ops");
    fs::write(
        &cargo,
        format!("#!/bin/sh\n[ \"$1\" = ops ] || exit 9\nshift\nexec '{ops}' \"$@\"\n"),
    )
    .unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let mut path = vec![PathBuf::from(&programs)];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));

    let commands = commands(&text("docs/runbook.md"));
    let mut shell = Command::new("timeout");
    shell
        .args(["300", "bash", "-euo", "pipefail", "-c", &commands])
        .current_dir(&folder)
        .env("PATH", std::env::join_paths(path).unwrap());
    let output = tokio::task::spawn_blocking(move || shell.output())
        .await
        .unwrap()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    let trail = [
        "foreign_answer",
        "502",
        "resumed",
        "the load balancer has its Fineract back",
        "revealed",
        "Asha",
        "succeeded",
        "1 successes read back, 0 not as they were",
        "Revoked",
    ];
    let mut rest = &*out;
    for word in trail {
        let at = rest
            .find(word)
            .unwrap_or_else(|| panic!("{word} is missing behind what came before it:\n{out}"));
        rest = &rest[at..];
    }
}

#[test]
fn every_alarm_of_the_template_has_its_section() {
    let runbook = text("docs/runbook.md");
    let sections: Vec<&str> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .flat_map(|names| names.split(", "))
        .collect();
    let template = text("infra/template.yaml");
    let mut alarms = Vec::new();
    let mut name = "";
    for line in template.lines() {
        if let Some(key) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) {
            name = key.trim_end_matches(':');
        }
        if line.trim() == "Type: AWS::CloudWatch::Alarm" {
            alarms.push(name);
        }
    }
    assert!(alarms.contains(&"InDoubtAlarm"), "{alarms:?}");
    for alarm in alarms {
        assert!(sections.contains(&alarm), "docs/runbook.md has no section {alarm}");
    }
}

#[test]
fn every_metric_that_is_watched_is_measured() {
    let template = text("infra/template.yaml");
    let metrics = text("shared/src/metrics.rs");
    let mut watched = 0;
    for part in template.split("Namespace: FineractGateway").skip(1) {
        let name = part.split("MetricName: ").nth(1).unwrap().lines().next().unwrap();
        assert!(metrics.contains(&format!("(\"{name}\", ")), "{name}");
        watched += 1;
    }
    for part in template.split("[\"FineractGateway\", \"").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(metrics.contains(&format!("(\"{name}\", ")), "{name}");
        watched += 1;
    }
    assert!(watched > 20, "{watched}");
    let reasons = gateway::pace::Reason::ALL.map(|reason| reason.as_str());
    for part in template.split("\"Reason\", \"").skip(1) {
        let reason = part.split('"').next().unwrap();
        assert!(reasons.contains(&reason), "{reason}");
    }
    for part in template.split("Name: Reason, Value: ").skip(1) {
        let reason = part.split(' ').next().unwrap();
        assert!(reasons.contains(&reason), "{reason}");
    }
}
