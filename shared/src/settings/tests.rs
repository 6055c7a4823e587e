use std::collections::BTreeMap;

use super::*;
use crate::gate::ASK_EVERY;
use crate::pace::Pace;
use crate::sweep::SENDS_MAX;

const TEMPLATE: &str = include_str!("../../../infra/template.yaml");

/// The lines below `name:` of that indent that are indented further.
fn below(text: &'static str, indent: &str, name: &str) -> Vec<&'static str> {
    let head = format!("{indent}{name}:");
    let further = format!("{indent} ");
    let mut lines = text.lines().skip_while(|line| *line != head);
    assert!(lines.next().is_some(), "there is no {name}");
    lines
        .take_while(|line| line.is_empty() || line.starts_with(&further))
        .collect()
}

/// The value of a variable whose deployment sets only what has no default.
fn value(text: &'static str) -> &'static str {
    let parameter = text.strip_prefix("!Ref ").unwrap_or_default();
    if parameter == "FineractUrl" {
        return "https://fineract.example/fineract-provider/api/";
    }
    let (parameters, _) = TEMPLATE.split_once("\nGlobals:\n").unwrap();
    if !parameters.contains(&format!("\n  {parameter}:\n")) {
        return "of-a-resource";
    }
    let lines = below(TEMPLATE, "  ", parameter);
    let default = lines.iter().find_map(|line| line.strip_prefix("    Default: "));
    default
        .unwrap_or_else(|| panic!("{parameter} has no default"))
        .trim_matches('"')
}

/// The variables that the template gives a function.
fn variables(function: &str) -> BTreeMap<&'static str, &'static str> {
    let lines = below(TEMPLATE, "  ", function);
    let lines = lines.iter().skip_while(|line| **line != "        Variables:").skip(1);
    lines
        .take_while(|line| line.starts_with("          "))
        .map(|line| line.trim().split_once(": ").unwrap())
        .map(|(name, text)| (name, value(text)))
        .collect()
}

fn read<T>(
    function: &str,
    changes: &[(&str, &str)],
    read: impl Fn(&dyn Fn(&str) -> Option<String>) -> Result<T, Faults>,
) -> Result<T, String> {
    let variables = variables(function);
    let variable = |name: &str| {
        let change = changes.iter().find(|(known, _)| *known == name);
        let value = change.map(|(_, value)| *value).or(variables.get(name).copied());
        value.map(str::to_owned)
    };
    read(&variable).map_err(|faults| faults.to_string())
}

fn worker(changes: &[(&str, &str)]) -> Result<Worker, String> {
    read("WorkerFunction", changes, Worker::read)
}

fn sweep(changes: &[(&str, &str)]) -> Result<Sweep, String> {
    read("SweepFunction", changes, Sweep::read)
}

#[test]
fn what_the_template_gives_is_right_and_its_defaults_are_the_documented_ones() {
    read("OperateFunction", &[], Operate::read).unwrap();
    read("StatusFunction", &[], Status::read).unwrap();
    assert_eq!(sweep(&[]).unwrap().sends_max, SENDS_MAX);
    let settings = worker(&[]).unwrap();
    assert_eq!(settings.terms, Terms::default());
    assert_eq!(settings.outage_ask, ASK_EVERY);
    assert_eq!(
        settings.place.base_url,
        "https://fineract.example/fineract-provider/api"
    );
    assert!(settings.place.ca_pem.is_none());
}

#[test]
fn a_deployments_own_values_are_read() {
    let settings = worker(&[
        ("LENDERS", "UGRO, GB"),
        ("LOOKUP_TIMEOUT_SECONDS", "0.5"),
        ("SOON_WAITS", "0.1"),
        ("MINUTES_WAITS", "0.2"),
        ("UNREACHABLE_WAITS", "0.3"),
        ("CLIENT_WAITS", "0.4"),
        ("NEXT_KEY_WAITS", "0.5"),
        ("CHECKER_WAITS", "0.6"),
        ("OPERATOR_WAITS", "0.7"),
        ("KEY_TRIES", "1"),
        ("CLIENT_GRACE_SECONDS", "0.8"),
        ("OUTAGE_ASK_SECONDS", "0.9"),
    ])
    .unwrap();
    assert_eq!(settings.rules.lenders, ["UGRO", "GB"]);
    assert_eq!(settings.terms.timeouts.lookup, Duration::from_millis(500));
    for (pace, millis) in [
        (Pace::Soon, 100),
        (Pace::Minutes, 200),
        (Pace::Unreachable, 300),
        (Pace::Client, 400),
        (Pace::NextKey, 500),
        (Pace::Checker, 600),
        (Pace::Operator, 700),
    ] {
        assert_eq!(
            settings.terms.paces.wait(pace, 1),
            Duration::from_millis(millis),
            "{pace:?}"
        );
    }
    assert_eq!(settings.terms.key_tries, 1);
    assert_eq!(settings.terms.client_grace, Duration::from_millis(800));
    assert_eq!(settings.outage_ask, Duration::from_millis(900));
    assert_eq!(sweep(&[("SWEEP_SENDS_MAX", "7")]).unwrap().sends_max, 7);
}

#[test]
fn every_fault_is_named_at_once() {
    let waits = "is not waits of more than 0 and at most 900 seconds, as in 1,5,15,60..900 or 60x60,900, at";
    let message = worker(&[
        ("TABLE_NAME", ""),
        ("FINERACT_OFFICE_ID", "one"),
        ("RESERVE_SECONDS", "0"),
        ("LEASE_SECONDS", ""),
        ("RETENTION_DAYS", "0"),
        ("SOON_WAITS", ""),
        ("MINUTES_WAITS", "60..901"),
        ("CHECKER_WAITS", "0,60,x"),
        ("KEY_TRIES", "0"),
        ("STUCK_KEY_SECONDS", "19"),
        ("OUTAGE_ASK_SECONDS", "900.1"),
        ("CLIENT_GRACE_SECONDS", "-1"),
    ])
    .unwrap_err();
    let expected = [
        "FINERACT_OFFICE_ID is not a whole number",
        "RESERVE_SECONDS is not a number of seconds above 0",
        "LEASE_SECONDS is missing",
        "TABLE_NAME is missing",
        "RETENTION_DAYS is not a whole number from 1 to 3650",
        "SOON_WAITS is missing",
        &format!("MINUTES_WAITS {waits} \"60..901\""),
        &format!("CHECKER_WAITS {waits} \"0\" and \"x\""),
        "KEY_TRIES is not a whole number from 1 to 10000",
        "CLIENT_GRACE_SECONDS is not a number of seconds above 0",
        "STUCK_KEY_SECONDS must be at least CALL_TIMEOUT_SECONDS: until then a call may still run",
        "OUTAGE_ASK_SECONDS must be at most 900",
    ];
    let faults: Vec<_> = message
        .trim_start_matches("the configuration has faults: ")
        .split("; ")
        .collect();
    assert_eq!(faults, expected);
    let message = sweep(&[("SWEEP_SENDS_MAX", "0"), ("SWEEP_TIMEOUT_SECONDS", "5")]).unwrap_err();
    assert!(
        message.contains("SWEEP_SENDS_MAX is not a whole number from 1 to 100000"),
        "{message}"
    );
    assert!(message.contains("SWEEP_TIMEOUT_SECONDS must be above 5"), "{message}");
}

#[test]
fn times_that_do_not_nest_are_refused() {
    for (name, value, fault) in [
        ("LOOKUP_TIMEOUT_SECONDS", "7.5", "must fit into WORKER_TIMEOUT_SECONDS"),
        ("CALL_TIMEOUT_SECONDS", "28", "must fit into WORKER_TIMEOUT_SECONDS"),
        ("LEASE_SECONDS", "45", "below LEASE_SECONDS"),
        ("VISIBILITY_SECONDS", "269", "VISIBILITY_SECONDS"),
        ("STUCK_KEY_SECONDS", "19.9", "STUCK_KEY_SECONDS"),
        ("FINERACT_URL", "fineract.example", "FINERACT_URL must begin"),
    ] {
        let message = worker(&[(name, value)]).unwrap_err();
        assert!(message.contains(fault), "{name}: {message}");
    }
    assert!(worker(&[("CALL_TIMEOUT_SECONDS", "27")]).is_ok());
}

#[test]
fn the_accepted_status_is_202_or_200() {
    let read = |status: &str| {
        let variable = |name: &str| Some(if name == "ACCEPTED_STATUS" { status } else { "1" }.to_owned());
        Operate::read(&variable).is_ok()
    };
    assert!(read("202") && read("200"));
    assert!(!read("201") && !read("x"));
}
