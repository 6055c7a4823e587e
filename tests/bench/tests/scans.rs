//! Nothing scans the table of operations.

use std::fs;
use std::path::{Path, PathBuf};

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

#[test]
fn no_role_may_scan_but_the_callers() {
    let template = fs::read_to_string(top().join("infra/template.yaml")).unwrap();
    let statements = template.split("- Effect: Allow").skip(1);
    let scanning: Vec<_> = statements
        .filter(|statement| statement.contains("dynamodb:Scan"))
        .collect();
    assert_eq!(scanning.len(), 2, "operate and status");
    for statement in scanning {
        let resource = statement
            .lines()
            .find(|line| line.trim_start().starts_with("Resource:"));
        assert_eq!(
            resource.unwrap().trim(),
            "Resource: !GetAtt CallersTable.Arn",
            "{statement}"
        );
    }
    assert!(!template.contains("dynamodb:*"));
}

#[test]
fn no_adapter_scans_but_those_of_the_callers_and_the_operator() {
    let mut scanning = Vec::new();
    let mut folders = vec![top().join("shared/src/adapters"), top().join("functions")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read_to_string(&path).unwrap().contains(".scan()") {
                scanning.push(path.file_name().unwrap().to_owned());
            }
        }
    }
    scanning.sort();
    // What an operator lists besides what is open; no function of the deployment calls it, and no role may.
    assert_eq!(scanning, ["callers_table.rs", "repairs.rs"]);
}
