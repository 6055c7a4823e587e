//! Two releases side by side: rows and messages of each release so far (`releases/<version>`), as its functions wrote them, are
//! carried on by this one, which writes nothing that the other could not read.

use serde_json::{Value, json};

use crate::bench::Bench;
use gateway::queue::Message;
use gateway::subject::Subject;
use local::Options;

/// A row of an earlier release, and what becomes of it here: `state` as track tells it in the end.
const ROWS: &[(&str, &str, &str)] = &[
    (
        "0.1.0/accepted",
        include_str!("../releases/0.1.0/accepted.json"),
        "succeeded",
    ),
    (
        "0.1.0/waiting",
        include_str!("../releases/0.1.0/waiting.json"),
        "succeeded",
    ),
    (
        "0.1.0/running-dead",
        include_str!("../releases/0.1.0/running-dead.json"),
        "succeeded",
    ),
    (
        "0.1.0/succeeded",
        include_str!("../releases/0.1.0/succeeded.json"),
        "succeeded",
    ),
    ("0.1.0/failed", include_str!("../releases/0.1.0/failed.json"), "failed"),
    (
        "0.1.0/failed-here",
        include_str!("../releases/0.1.0/failed-here.json"),
        "failed",
    ),
    (
        "0.1.0/cancelled",
        include_str!("../releases/0.1.0/cancelled.json"),
        "cancelled",
    ),
];
const MESSAGES: &[&str] = &[include_str!("../releases/0.1.0/message.json")];
/// What a row that succeeded has in each release so far.
const SUCCEEDED: &[&str] = &[include_str!("../releases/0.1.0/succeeded.json")];

/// What a later release may add, which this one neither reads nor takes away.
fn of_tomorrow() -> Value {
    json!({"tomorrows_text": {"S": "x"}, "tomorrows_list": {"L": [{"N": "1"}]}, "tomorrows_map": {"M": {"a": {"BOOL": true}}}})
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_messages_of_other_releases_are_carried_on() {
    let bench = Bench::with(Options::with_short_times).await;
    let caller = json!({"S": bench.stack.caller().id});
    for (name, text, _) in ROWS {
        let mut row = read(text);
        row["caller"] = caller.clone();
        row.as_object_mut()
            .unwrap()
            .extend(of_tomorrow().as_object().unwrap().clone());
        if row.get("open_shard").is_some() {
            let subject = Subject::stored(row["subject"]["S"].as_str().unwrap());
            assert_eq!(
                row["open_shard"]["S"],
                subject.shard(),
                "{name}: an index entry stays where it is"
            );
            let key = row["open_key"]["S"].as_str().unwrap();
            assert!(key.starts_with(&subject.group()), "{name}: and is found there");
        }
        bench.stack.put_row(&row).await.unwrap();
    }
    for message in MESSAGES {
        let body = message.trim_end();
        let id = Message::read(body).unwrap().id;
        assert_eq!(Message::about(id).body(), body, "what is written is what others read");
        let queue = bench.stack.outputs().get("QueueUrl").unwrap();
        let message =
            json!({"QueueUrl": queue, "MessageBody": body, "MessageGroupId": "g", "MessageDeduplicationId": "d"});
        bench.stack.aws().json("AmazonSQS.SendMessage", &message).await.unwrap();
        bench.ended(&format!("CLIENT_CREATE|{id}")).await;
    }
    bench.stack.sweep().await.unwrap();
    for (name, text, state) in ROWS {
        let before = read(text);
        let id = before["id"]["S"].as_str().unwrap();
        let body = bench.ended(&format!("CLIENT_CREATE|{id}")).await;
        assert_eq!(body["state"], *state, "{name}: {body}");
        let after = bench.stack.row(id).await.unwrap().unwrap();
        for (attribute, value) in of_tomorrow().as_object().unwrap() {
            assert_eq!(&after[attribute], value, "{name}: what a later release added stays");
        }
        if before.get("open_key").is_none() {
            let mut untouched = before;
            untouched["caller"] = caller.clone();
            untouched
                .as_object_mut()
                .unwrap()
                .extend(of_tomorrow().as_object().unwrap().clone());
            assert_eq!(after, untouched, "{name}: what has ended stays as it is");
        } else {
            readable(name, &after);
        }
    }
}

/// A row that this release ended has what each release so far reads from such a row, in the same types.
fn readable(name: &str, row: &Value) {
    for release in SUCCEEDED {
        for (attribute, value) in read(release).as_object().unwrap() {
            let [expected, found] = [value, &row[attribute]].map(|value| {
                let members = value
                    .as_object()
                    .unwrap_or_else(|| panic!("{name} lacks {attribute}: {row}"));
                members.keys().next().cloned()
            });
            assert_eq!(expected, found, "{name}: {attribute} has another type");
        }
    }
}
