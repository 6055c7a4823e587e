//! What a panic says stays out of logs. A process of its own panics, and all that it writes is looked at.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

use std::env;
use std::process::Command;

use gateway::{logging, panics};

/// What personal data would look like in a message.
const MARK: &str = "Marked Person";
const CHILD: &str = "PANIC_IN_THIS_PROCESS";

#[tokio::test]
async fn a_panic_tells_its_place_and_not_its_message() {
    if env::var_os(CHILD).is_some() {
        logging::start();
        let one = panics::caught(async { panic!("no row of {MARK}") }).await;
        let other = tokio::spawn(async { panic!("no row of {MARK}") }).await;
        assert!(one.is_err() && other.is_err());
        println!("{one:?}");
        return;
    }
    let test = "a_panic_tells_its_place_and_not_its_message";
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let written = [child.stdout, child.stderr]
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .concat();
    assert!(child.status.success(), "{written}");
    assert_eq!(written.matches("\"alarm\":\"panic\"").count(), 2, "{written}");
    assert!(written.contains("tests/panics.rs"), "{written}");
    assert!(!written.contains(MARK), "{written}");
}
