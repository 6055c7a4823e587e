//! `docs/openapi.json`.

use std::collections::BTreeMap;
use std::fs;

use contract::checked::{Description, Exchange};
use contract::{answers, openapi, requests};
use gateway::operations;
use gateway::problem;
use gateway::values::Rules;
use serde_json::{Value, json};

/// The description follows from the gateway: where it differs, it is written anew, for the next commit.
#[test]
fn the_description_is_the_gateways() {
    let file = contract::description();
    let expected = openapi::text();
    if fs::read_to_string(&file).unwrap_or_default() != expected {
        fs::write(&file, expected).unwrap();
        panic!("docs/openapi.json differed; it is written anew");
    }
}

#[test]
fn every_example_is_as_described() {
    let mut description = Description::new();
    for kind in operations::ALL {
        let example = requests::example(kind);
        assert_eq!(description.faults_of("Operate", &example), "", "{}", kind.name);
        assert_eq!(description.faults_of(kind.name, &example), "", "{}", kind.name);
    }
    for kind in problem::Kind::ALL {
        let example = answers::example_of(kind);
        assert_eq!(description.faults_of(&answers::name_of(kind), &example), "", "{kind:?}");
    }
    assert_eq!(description.faults_of("History", &answers::history_example()), "");
    assert_eq!(description.faults_of("Accepted", &answers::accepted_example()), "");
    for (name, example) in answers::track_examples().as_object().unwrap() {
        assert_eq!(description.faults_of("Track", &example["value"]), "", "{name}");
    }
}

/// The codes of faults that a schema can tell.
const TOLD: [&str; 4] = ["wrong-type", "too-long", "required", "not-a-number"];

/// Values of every kind for every field, one at a time, in the example of each operation: what the gateway takes, the
/// description must allow, and what it refuses for its type, its size or its form, the description must refuse.
#[test]
fn what_is_taken_is_described_and_what_has_another_form_is_not() {
    let rules = Rules {
        lenders: vec!["UGRO".to_owned()],
    };
    let values = values();
    let mut description = Description::new();
    let mut tried = 0;
    for kind in operations::ALL {
        for field in kind.outline().fields {
            for name in [Some(field.name), field.other_name].into_iter().flatten() {
                let mut request = requests::example(kind);
                let data = request["data"].as_object_mut().unwrap();
                data.shift_remove(field.name);
                for value in &values {
                    request["data"][name] = value.clone();
                    let faults = description.faults_of("Operate", &request);
                    match kind.read(request["data"].as_object().unwrap(), &rules) {
                        Ok(_) => assert_eq!(faults, "", "{request} is taken"),
                        // That one of several fields is needed is said without regard to null.
                        Err(_) if value.is_null() => {}
                        Err(found) => {
                            let code = found[0].code.as_str();
                            assert!(
                                !faults.is_empty() || !TOLD.contains(&code),
                                "{request} is refused: {code}"
                            );
                        }
                    }
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 3_000, "{tried}");
}

fn values() -> Vec<Value> {
    let plain = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1),
        json!(12),
        json!(1.5),
        json!(10_001),
        json!([]),
        json!({}),
    ];
    let texts = [
        "", " ", "x", "0", "-0", "12", "12.0", "1.5", "1e5", "UGRO", "a/b", "a,b", "a b",
    ];
    let days = [
        "1 jan 2026",
        "01 January 2026",
        "2026-01-01",
        "Months",
        "YEARS",
        "fortnights",
    ];
    let texts = texts.into_iter().chain(days).map(Value::from);
    plain
        .into_iter()
        .chain(texts)
        .chain(["x".repeat(1_001).into()])
        .collect()
}

#[test]
fn what_is_not_described_is_noticed() {
    let example = answers::track_examples()["success"]["value"].clone();
    let headers = [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("vary", "X-Internal-Token"),
    ];
    let headers = BTreeMap::from(headers.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let path = "/fineract/track/CLIENT_CREATE%7C406362bf-f3da-4bc6-a506-d67e0878b7b6";
    let mut description = Description::new();
    let mut judge = |method: &str, path: &str, status: u16, headers: &BTreeMap<String, String>, body: &Value| {
        description.faults(&Exchange {
            method,
            path,
            sent: b"",
            status,
            headers,
            text: &body.to_string(),
        })
    };
    assert_eq!(judge("GET", path, 200, &headers, &example), "");
    let changes: [fn(&mut Value); 6] = [
        |body| body["more"] = json!(1),
        |body| body["status"] = json!("done"),
        |body| body["state"] = json!("failed"),
        |body| body["processed_at"] = json!("2026-03-13T10:01:02Z"),
        |body| body["error_message"] = json!("x"),
        |body| drop(body.as_object_mut().unwrap().shift_remove("attempts")),
    ];
    for change in changes {
        let mut changed = example.clone();
        change(&mut changed);
        assert_ne!(judge("GET", path, 200, &headers, &changed), "", "{changed}");
    }
    for name in headers.keys() {
        let mut fewer = headers.clone();
        fewer.remove(name);
        assert_ne!(judge("GET", path, 200, &fewer, &example), "", "{name}");
    }
    for (method, path, status) in [
        ("GET", path, 202),
        ("POST", path, 200),
        ("GET", "/fineract/tracks", 200),
        ("GET", "/else", 200),
    ] {
        assert_ne!(
            judge(method, path, status, &headers, &example),
            "",
            "{method} {path} {status}"
        );
    }
    let platform = json!({"message": "Not Found"});
    assert_eq!(
        judge("GET", "/else", 404, &BTreeMap::new(), &platform),
        "",
        "the platform's own"
    );
    assert_ne!(judge("GET", path, 409, &BTreeMap::new(), &platform), "");
}
