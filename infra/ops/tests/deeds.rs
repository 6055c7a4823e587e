//! What is stuck is found, tried, sent anew, ended, brought back and read back.

use std::time::{Duration, Instant};

use fineract_simulator::{Action, Fault, FaultHandle, Match, Moment, Times};
use local::api::Api;
use serde_json::{Value, json};

use crate::desk::Desk;

/// Longer than what is tried at once takes, and shorter than the waits of the template.
const AT_ONCE: Duration = Duration::from_secs(25);
const POLL: Duration = Duration::from_millis(100);

async fn accepted(api: &Api, external_id: &str) -> String {
    let data = json!({"firstname": "Jayesh", "lastname": "Badgujar", "externalId": external_id,
        "activationDate": "01 January 2026"});
    let answer = api
        .operate(&json!({"status": "CLIENT_CREATE", "data": data}))
        .await
        .unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.body["tracking_id"].as_str().unwrap().to_owned()
}

async fn until(api: &Api, tracking_id: &str, state: &str) -> Value {
    let deadline = Instant::now() + AT_ONCE;
    loop {
        let answer = api.track(tracking_id).await.unwrap();
        if answer.body["state"] == state {
            return answer.body;
        }
        assert!(Instant::now() < deadline, "{}", answer.text);
        tokio::time::sleep(POLL).await;
    }
}

fn fault(desk: &Desk, action: Action, times: Times) -> FaultHandle {
    let on = Match::of("POST", "/v1/clients");
    desk.simulator.faults().add(Fault { on, action, times })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_night_of_a_person_on_duty() {
    let desk = Desk::start(|options| options).await;
    let api = desk.stack.api().unwrap();
    let why = ["--why", "ticket 7"];

    // A job in Fineract lets nobody update anything; the next try is half a minute away at least.
    let job = || Action::JobRunning("Update Loan Arrears Ageing".to_owned());
    let busy = fault(&desk, job(), Times::Always);
    let stuck = accepted(&api, "INC-1").await;
    until(&api, &stuck, "waiting").await;
    let list = desk.json(&[
        "list",
        "--state",
        "waiting,running",
        "--operation",
        "CLIENT_CREATE",
        "--caller",
        "local",
    ]);
    assert_eq!(
        (&list["operations"][0]["tracking_id"], &list["operations"][0]["reason"]),
        (&json!(stuck), &json!("fineract_busy"))
    );
    assert_eq!(desk.json(&["list", "--older-than", "1h"])["operations"], json!([]));
    assert_eq!(desk.json(&["list", "--lender", "UGRO"])["operations"], json!([]));
    let table = desk.run(&["list"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.starts_with("OPERATION") && table.contains(&stuck), "{table}");

    let shown = desk.run(&["show", &stuck]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    let key = stuck.split_once('|').unwrap().1;
    assert!(
        shown.contains("503") && shown.contains(key) && !shown.contains("Jayesh"),
        "{shown}"
    );
    let unexplained = desk.run(&["show", &stuck, "--reveal"]);
    assert_eq!(unexplained.status.code(), Some(2), "why must be said");
    let revealed = desk.json(&[&["show", &stuck, "--reveal"], &why[..]].concat());
    assert_eq!(revealed["data"]["firstname"], "Jayesh");
    let note = &revealed["notes"][0];
    assert_eq!((&note["deed"], &note["why"]), (&json!("revealed"), &json!("ticket 7")));
    let by = note["by"].as_str().unwrap();
    assert!(by.starts_with("night (arn:aws:"), "{by}");

    busy.remove();
    desk.json(&[&["resume", &stuck], &why[..]].concat());
    assert_eq!(until(&api, &stuck, "succeeded").await["attempts"], 2);

    // What failed is sent anew, and fails again: the client is there.
    let failed = accepted(&api, "INC-1").await;
    until(&api, &failed, "failed").await;
    let retried = desk.json(&[&["retry", &failed], &why[..]].concat());
    let retry = retried["tracking_id"].as_str().unwrap();
    until(&api, retry, "failed").await;
    let again = desk.run(&[&["retry", &failed], &why[..]].concat());
    assert!(String::from_utf8(again.stderr).unwrap().contains(retry));
    let history = desk.json(&["history", "client", "INC-1"]);
    let ids: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["tracking_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [stuck.as_str(), &failed, retry]);

    // The answer is lost, and Fineract is busy since: it is ended as what is there.
    fault(&desk, Action::Cut(Moment::AfterEffect), Times::Once);
    let busy = fault(&desk, job(), Times::Always);
    let doubtful = accepted(&api, "INC-2").await;
    until(&api, &doubtful, "waiting").await;
    let deadline = Instant::now() + AT_ONCE;
    while busy.hits() == 0 || desk.json(&["show", &doubtful])["state"] != "waiting" {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(POLL).await;
    }
    let wrong = desk.run(&[&["resolve", &doubtful, "--as", "failed"], &why[..]].concat());
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("it is there"));
    let resolved = desk.json(&[&["resolve", &doubtful, "--as", "success"], &why[..]].concat());
    assert_eq!(resolved["state"], "succeeded");
    let told = until(&api, &doubtful, "succeeded").await;
    assert_eq!(
        (&told["status"], &told["confirmed"]),
        (&json!("success"), &json!("read_back"))
    );

    // Dead letters: one about an ended operation, and one that nobody can read.
    let letters = desk.stack.outputs().get("DeadLetterQueueUrl").unwrap();
    for body in [format!("{{\"version\":1,\"id\":\"{key}\"}}"), "x".to_owned()] {
        let letter = json!({"QueueUrl": letters, "MessageBody": body, "MessageGroupId": body.len().to_string(),
            "MessageDeduplicationId": body.len().to_string()});
        desk.stack.aws().json("AmazonSQS.SendMessage", &letter).await.unwrap();
    }
    let drained = desk.json(&[&["drain"], &why[..]].concat());
    let strays = drained["strays"].as_array().unwrap().len();
    assert_eq!((&drained["sent"], &drained["ended"], strays), (&json!(0), &json!(1), 1));
    assert_eq!(desk.stack.messages("DeadLetterQueueUrl").await.unwrap(), 1);

    // Both clients are there.
    let verified = desk.json(&["verify", "--since", "1h"]);
    assert_eq!((&verified["looked_at"], &verified["findings"]), (&json!(2), &json!([])));
    let ended = desk.json(&["list", "--state", "failed", "--limit", "1"]);
    let next = ended["next"].as_str().unwrap();
    let rest = desk.json(&["list", "--state", "failed", "--after", next]);
    let found = [&ended, &rest].map(|page| page["operations"].as_array().unwrap().len());
    assert_eq!((found, &rest["next"]), ([1, 1], &Value::Null));
}
