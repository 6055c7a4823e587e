//! `docs/errors`: one page for each code that a caller can see, with an example that is true.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use contract::checked::Description;
use contract::codes::{self, Place};
use contract::{answers, top};
use gateway::accept::Acceptor;
use gateway::callers::Caller;
use gateway::clock::{ManualClock, Timestamp};
use gateway::digest::Entropy;
use gateway::failure::Failure;
use gateway::ledger::memory::MemoryLedger;
use gateway::problem::Problem;
use gateway::queue::memory::MemoryQueue;
use gateway::values::Rules;
use serde_json::Value;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&self, _: &mut [u8]) {}
}

fn page(code: &str) -> String {
    let path = top().join("docs/errors").join(format!("{code}.md"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("docs/errors/{code}.md: {error}"))
}

/// The blocks of JSON on a page.
fn examples(page: &str) -> Vec<Value> {
    let blocks = page.split("```json\n").skip(1);
    let text = blocks.map(|block| block.split("```").next().unwrap());
    text.map(|text| serde_json::from_str(text).unwrap()).collect()
}

#[test]
fn there_is_a_page_for_each_code_and_a_code_for_each_page() {
    let files = fs::read_dir(top().join("docs/errors")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let pages: BTreeSet<String> = names
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .filter(|name| name != "README")
        .collect();
    let codes = codes::all().unwrap();
    let names: BTreeSet<String> = codes.iter().map(|(_, code)| code.clone()).collect();
    assert_eq!(names.len(), codes.len(), "no code has two meanings");
    let lacking: Vec<_> = names.difference(&pages).collect();
    let surplus: Vec<_> = pages.difference(&names).collect();
    assert!(
        lacking.is_empty() && surplus.is_empty(),
        "no page: {lacking:?}; no code: {surplus:?}"
    );
    let index = page("README");
    for code in &names {
        assert!(
            index.contains(&format!("| [{code}]({code}.md) | ")),
            "the index lacks {code}"
        );
    }
}

#[test]
fn each_page_says_what_happened_what_was_applied_and_what_to_do() {
    for (_, code) in codes::all().unwrap() {
        let page = page(&code);
        assert!(page.starts_with(&format!("# {code}\n\n`")), "{code}");
        for heading in ["**What happened.** ", "**Was anything applied?** ", "**What to do.** "] {
            let (_, after) = page
                .split_once(heading)
                .unwrap_or_else(|| panic!("{code} lacks {heading}"));
            assert!(!after.starts_with(char::is_whitespace), "{code}: {heading}");
        }
    }
}

#[tokio::test]
async fn each_example_is_what_the_gateway_says() {
    let mut description = Description::new();
    for (place, code) in codes::all().unwrap() {
        let examples = examples(&page(&code));
        let shown = examples.last().unwrap_or_else(|| panic!("{code} has no example"));
        let schema = match place {
            Place::Problem(kind) => answers::name_of(kind),
            Place::Fault => answers::name_of(gateway::problem::Kind::InvalidRequest),
            Place::Refusal | Place::Fineract => "Failed".to_owned(),
            Place::Reason => "Processing".to_owned(),
        };
        assert_eq!(description.faults_of(&schema, shown), "", "{code}");
        match place {
            Place::Problem(kind) => {
                let said = Problem::new(kind, shown["detail"].as_str().unwrap()).body();
                for name in ["type", "title", "code"] {
                    assert_eq!(shown[name], said[name], "{code}");
                }
            }
            Place::Fault => {
                let mut refused = refused(&examples[0]).await;
                let (detail, said) = ("/errors/0/detail", shown["errors"][0]["detail"].as_str().unwrap());
                let told = refused.pointer(detail).and_then(Value::as_str).unwrap();
                // A list that grows with the operations is shown by its beginning.
                if said
                    .strip_suffix('…')
                    .is_some_and(|beginning| told.starts_with(beginning))
                {
                    *refused.pointer_mut(detail).unwrap() = said.into();
                }
                assert_eq!(shown, &refused, "{code}: {refused:#}");
                assert_eq!(shown["errors"][0]["code"], code);
            }
            Place::Refusal | Place::Fineract => {
                let message = shown["error"]["message"].as_str().unwrap();
                let body = shown["failure_response"].clone();
                let status = body["httpStatusCode"].as_str().unwrap().parse().unwrap();
                let failure = match shown["error"].get("booked") {
                    Some(booked) => Failure::Fineract {
                        status,
                        body,
                        booked: serde_json::from_value(booked.clone()).unwrap(),
                    },
                    None if place == Place::Fineract => Failure::fineract(status, body),
                    None => Failure::gateway(status, &code, message),
                };
                assert_eq!(failure.code(), Some(code.as_str()));
                assert_eq!(shown["failure_response"], failure.response(), "{code}");
                assert_eq!(shown["error_message"], failure.message(), "{code}");
                assert_eq!(shown["error"], failure.error(), "{code}");
            }
            Place::Reason => assert_eq!(shown["reason"], code),
        }
    }
}

/// What the gateway answers to a request that has a fault.
async fn refused(request: &Value) -> Value {
    let (ledger, clock) = (MemoryLedger::default(), ManualClock::at(Timestamp::from_micros(0)));
    let acceptor = Acceptor {
        ledger: &ledger,
        queue: &MemoryQueue::default(),
        clock: &clock,
        entropy: &Zeros,
        rules: &Rules {
            lenders: vec!["UGRO".to_owned(), "GB".to_owned()],
        },
        retention: Duration::from_secs(1),
    };
    let caller = Caller {
        id: "los".to_owned(),
        name: "LOS".to_owned(),
        salt: vec![1],
        tokens: Vec::new(),
        operations: vec!["*".to_owned()],
    };
    let problem = acceptor.accept(&caller, None, request.to_string().as_bytes()).await;
    problem.unwrap_err().body()
}
