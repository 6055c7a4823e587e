use super::*;

const WORKER: [(&str, &str); 19] = [
    ("TABLE_NAME", "operations"),
    ("QUEUE_URL", "http://queue"),
    ("DLQ_URL", "http://dead"),
    ("RETENTION_DAYS", "90"),
    ("LENDERS", "UGRO, GB"),
    ("FINERACT_URL", "https://fineract.example/fineract-provider/api/"),
    ("FINERACT_TENANT", "default"),
    ("FINERACT_SECRET_ARN", "arn"),
    ("FINERACT_OFFICE_ID", "1"),
    ("FINERACT_LEGAL_FORM_ID", "1"),
    ("FINERACT_PAYMENT_TYPE_ID", "1"),
    ("FINERACT_CA_PEM", ""),
    ("LOOKUP_TIMEOUT_SECONDS", "5"),
    ("CALL_TIMEOUT_SECONDS", "20"),
    ("RESERVE_SECONDS", "3"),
    ("WORKER_TIMEOUT_SECONDS", "45"),
    ("STUCK_KEY_SECONDS", "600"),
    ("LEASE_SECONDS", "60"),
    ("VISIBILITY_SECONDS", "270"),
];

fn worker(changes: &[(&str, &str)]) -> Result<Worker, String> {
    let variable = |name: &str| {
        let pairs = changes.iter().chain(&WORKER);
        pairs
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Worker::read(&variable).map_err(|faults| faults.to_string())
}

#[test]
fn a_right_configuration_is_read() {
    let settings = worker(&[("LOOKUP_TIMEOUT_SECONDS", "0.5")]).unwrap();
    assert_eq!(settings.timeouts.lookup, Duration::from_millis(500));
    assert_eq!(
        settings.place.base_url,
        "https://fineract.example/fineract-provider/api"
    );
    assert_eq!(settings.rules.lenders, ["UGRO", "GB"]);
    assert!(settings.place.ca_pem.is_none());
}

#[test]
fn every_fault_is_named_at_once() {
    let message = worker(&[
        ("TABLE_NAME", ""),
        ("FINERACT_OFFICE_ID", "one"),
        ("RESERVE_SECONDS", "0"),
    ])
    .unwrap_err();
    for fault in [
        "TABLE_NAME is missing",
        "FINERACT_OFFICE_ID is not",
        "RESERVE_SECONDS is not",
    ] {
        assert!(message.contains(fault), "{message}");
    }
}

#[test]
fn times_that_do_not_nest_are_refused() {
    for (name, value, fault) in [
        ("LOOKUP_TIMEOUT_SECONDS", "7.5", "must fit into WORKER_TIMEOUT_SECONDS"),
        ("CALL_TIMEOUT_SECONDS", "28", "must fit into WORKER_TIMEOUT_SECONDS"),
        ("LEASE_SECONDS", "45", "below LEASE_SECONDS"),
        ("VISIBILITY_SECONDS", "269", "VISIBILITY_SECONDS"),
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
