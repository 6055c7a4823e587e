//! One test body for the ledger, on the twin in memory and on the emulated table; one for the queue.

mod callers;
mod letters;
mod queue;
mod repairs;

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use gateway::adapters::dynamodb::DynamoLedger;
use gateway::authority::Authority;
use gateway::clock::Timestamp;
use gateway::failure::Failure;
use gateway::ledger::memory::MemoryLedger;
use gateway::ledger::{
    Cancellation, Cancelled, Claim, Claimed, Inserted, Ledger, Past, Settlement, TakenBack, Written,
};
use gateway::pace::{Pace, Reason};
use gateway::row::{Open, Row, SCHEMA_VERSION, Try};
use gateway::subject::Subject;
use gateway::tracking::State;
use serde_json::json;

use crate::bench::Bench;

const LEASE: Duration = Duration::from_secs(60);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_773_396_062_000_000 + seconds * 1_000_000)
}

/// A row as operate stores it.
fn row(id: u128, client: &str) -> Row {
    let row = json!({"id": uuid::Uuid::from_u128(id), "schema_version": 1, "operation": "CLIENT_CREATE", "caller": "los",
        "subject": format!("client:{client}"), "data": {"a": [1.10]}, "fingerprint": "f", "nonce": format!("n{id}"),
        "accepted_at": at(0), "state": "accepted", "next_attempt_at": at(0)});
    serde_json::from_value(row).unwrap()
}

fn claim(owner: &str, now: Timestamp) -> Claim {
    Claim {
        owner: owner.to_owned(),
        now,
        lease: LEASE,
        queue_seq: Some("00000000000000000007".to_owned()),
    }
}

fn settlement(state: State, next: Option<Timestamp>) -> Settlement {
    let ended = !state.is_open();
    Settlement {
        state,
        next_attempt_at: next,
        receipt: (!ended).then(|| "receipt".to_owned()),
        reason: next.map(|_| Reason::AnswerLost),
        pace: next.map(|_| Pace::Soon),
        waits: 1,
        maybe_sent: true,
        command_id: Some(9),
        key_epoch: 2,
        keys_spent: 1,
        turn: 1,
        key_first_sent_at: (!ended).then(|| at(3)),
        stuck_since: (!ended).then(|| at(4)),
        read_back: ended,
        response: ended.then(|| serde_json::from_str(r#"{"clientId":42,"amount":0.10}"#).unwrap()),
        truncated: false,
        failure: (state == State::Failed).then(|| Failure::gateway(404, "gateway.x", "x")),
        processed_at: ended.then(|| at(5)),
        expires_at: ended.then(|| at(100).seconds()),
        history: vec![Try {
            at: at(5),
            verdict: "unknown".to_owned(),
            status: Some(500),
            code: None,
            authority: Some(Authority::try_from("READ_LOAN".to_owned()).unwrap()),
            key_epoch: 1,
        }],
    }
}

async fn claimed(ledger: &dyn Ledger, id: u128, claim: &Claim) -> String {
    match ledger.claim(uuid::Uuid::from_u128(id), claim).await.unwrap() {
        Claimed::Won(row) => format!("won from {}", row.state.as_str()),
        Claimed::NotNow(row) => format!("not now: {}", row.state.as_str()),
        Claimed::Ended(row) => format!("ended: {}", row.state.as_str()),
        Claimed::Later => "a later release's".to_owned(),
        Claimed::Missing => "missing".to_owned(),
    }
}

async fn inserted(ledger: &dyn Ledger, row: &Row, now: Timestamp) -> bool {
    matches!(ledger.insert(row, now).await.unwrap(), Inserted::New)
}

async fn open_on(ledger: &dyn Ledger, row: &Row) -> Vec<Open> {
    ledger.open_on(&row.subject).await.unwrap()
}

/// The operations on a subject, newest first, a part at a time.
async fn goes_back(ledger: &dyn Ledger) {
    let on = |number: u128, seconds| Row {
        accepted_at: at(seconds),
        ..row(number, "H")
    };
    for (number, seconds) in [(61, 10), (63, 30), (62, 20), (64, 40)] {
        assert!(inserted(ledger, &on(number, seconds), at(1)).await);
    }
    let subject = row(61, "H").subject;
    for (before, most, expected) in [
        (None, 9, vec![64, 63, 62, 61]),
        (None, 2, vec![64, 63]),
        (Some(at(30)), 9, vec![62, 61]),
        (Some(at(30)), 1, vec![62]),
        (Some(at(31)), 9, vec![63, 62, 61]),
        (Some(at(10)), 9, vec![]),
    ] {
        let found = ledger.history_before(&subject, before, most).await.unwrap();
        let expected: Vec<Past> = expected
            .into_iter()
            .map(|number| on(number, i64::try_from(number).unwrap() * 10 - 600))
            .map(|row| Past {
                accepted_at: row.accepted_at,
                id: row.id,
            })
            .collect();
        assert_eq!(found, expected, "{before:?} {most}");
    }
}

/// An answer of any size that is kept comes back as it was, and every later write leaves it alone.
async fn keeps_answers(ledger: &dyn Ledger) {
    for (number, periods) in [(71, 1), (72, 2_000), (73, 60_000)] {
        let text = format!(
            r#"{{"periods":[{}0.10]}}"#,
            r#"{"due":[2026,1,11],"principalDue":8606.64},"#.repeat(periods)
        );
        let row = row(number, "K");
        assert!(inserted(ledger, &row, at(1)).await);
        assert_eq!(claimed(ledger, number, &claim("r.1", at(1))).await, "won from accepted");
        let settlement = Settlement {
            response: Some(serde_json::from_str(&text).unwrap()),
            ..settlement(State::Succeeded, None)
        };
        let written = ledger.settle(row.id, "r.1", &settlement).await.unwrap();
        assert_eq!(written, Written::Done);
        let Claimed::Ended(ended) = ledger.claim(row.id, &claim("r.2", at(9))).await.unwrap() else {
            panic!("it has ended");
        };
        assert_eq!(ended.response.unwrap().to_string(), text, "{periods} periods");
    }
}

async fn conforms(ledger: &dyn Ledger) {
    keeps_answers(ledger).await;
    goes_back(ledger).await;
    let first = row(1, "A");
    let (id, now) = (first.id, at(1));

    assert!(inserted(ledger, &first, now).await);
    assert!(
        inserted(ledger, &first, now).await,
        "the same insert again is recognised"
    );
    assert!(
        !inserted(
            ledger,
            &Row {
                nonce: "other".to_owned(),
                ..first.clone()
            },
            now
        )
        .await
    );
    assert_eq!(ledger.get(id).await.unwrap(), Some(first.clone()));
    assert_eq!(ledger.get(uuid::Uuid::nil()).await.unwrap(), None);
    let entry = Open {
        id,
        subject: first.subject.clone(),
        accepted_at: first.accepted_at,
    };
    assert_eq!(open_on(ledger, &first).await, std::slice::from_ref(&entry));
    assert_eq!(
        ledger.open_in(&first.subject.shard(), None).await.unwrap().entries,
        [entry]
    );
    let longer = Subject::stored("client:AB");
    assert!(
        ledger.open_on(&longer).await.unwrap().is_empty(),
        "a subject is not the beginning of another"
    );

    // The claim.
    assert_eq!(claimed(ledger, 99, &claim("r.1", now)).await, "missing");
    assert_eq!(claimed(ledger, 1, &claim("r.1", now)).await, "won from accepted");
    let running = ledger.get(id).await.unwrap().unwrap();
    assert_eq!(
        (running.state, running.attempts, running.maybe_sent),
        (State::Running, 1, true)
    );
    assert_eq!(
        (running.lease_until, running.next_attempt_at),
        (Some(now.after(LEASE)), Some(now.after(LEASE)))
    );
    assert_eq!(running.queue_seq.as_deref(), Some("00000000000000000007"));
    assert_eq!(claimed(ledger, 1, &claim("r.2", at(60))).await, "not now: running");
    assert_eq!(
        claimed(ledger, 1, &claim("r.2", at(61))).await,
        "won from running",
        "the lease is over"
    );
    let undated = Row {
        state: State::Waiting,
        next_attempt_at: None,
        ..row(40, "U")
    };
    assert!(inserted(ledger, &undated, now).await);
    assert_eq!(claimed(ledger, 40, &claim("r.1", now)).await, "won from waiting");
    let later = Row {
        schema_version: SCHEMA_VERSION + 1,
        ..row(41, "V")
    };
    assert!(inserted(ledger, &later, now).await);
    assert_eq!(claimed(ledger, 41, &claim("r.1", now)).await, "a later release's");
    assert_eq!(ledger.get(later.id).await.unwrap(), Some(later));
    ledger.note_sequence(id, "00000000000000000009").await.unwrap();
    assert_eq!(
        ledger.get(id).await.unwrap().unwrap().queue_seq.as_deref(),
        Some("00000000000000000007"),
        "the first stays"
    );

    // Writes of the owner.
    assert_eq!(ledger.note_target(id, "r.1", 5).await.unwrap(), Written::NotOwner);
    assert_eq!(ledger.note_target(id, "r.2", 5).await.unwrap(), Written::Done);
    let waits = settlement(State::Waiting, Some(at(90)));
    assert_eq!(ledger.settle(id, "r.1", &waits).await.unwrap(), Written::NotOwner);
    assert_eq!(ledger.settle(id, "r.2", &waits).await.unwrap(), Written::Done);
    assert_eq!(
        ledger.settle(id, "r.2", &waits).await.unwrap(),
        Written::Done,
        "the same again is recognised"
    );
    let waiting = ledger.get(id).await.unwrap().unwrap();
    assert_eq!(
        (waiting.state, waiting.reason, waiting.target),
        (State::Waiting, Some(Reason::AnswerLost), Some(5))
    );
    assert_eq!(
        (waiting.lease_until, waiting.receipt.as_deref()),
        (None, Some("receipt"))
    );
    assert_eq!(claimed(ledger, 1, &claim("r.3", at(89))).await, "not now: waiting");

    assert_eq!(
        (
            waiting.key_epoch,
            waiting.keys_spent,
            waiting.turn,
            waiting.key_first_sent_at
        ),
        (2, 1, 1, Some(at(3)))
    );
    assert_eq!(waiting.stuck_since, Some(at(4)));
    assert_eq!(ledger.history(&first.subject).await.unwrap(), [id]);

    // Sending again.
    let seen = ledger.get(id).await.unwrap().unwrap();
    assert_eq!(ledger.note_resend(&seen, at(200)).await.unwrap(), Written::Done);
    assert_eq!(
        ledger.note_resend(&seen, at(200)).await.unwrap(),
        Written::NotOwner,
        "somebody did since"
    );
    let resent = ledger.get(id).await.unwrap().unwrap();
    assert_eq!(
        (resent.sends, resent.resend_after, resent.next_attempt_at),
        (1, Some(at(200)), Some(at(90)))
    );

    // The end.
    assert_eq!(claimed(ledger, 1, &claim("r.3", at(90))).await, "won from waiting");
    assert_eq!(
        ledger
            .settle(id, "r.3", &settlement(State::Succeeded, None))
            .await
            .unwrap(),
        Written::Done
    );
    let ended = ledger.get(id).await.unwrap().unwrap();
    assert_eq!(
        (ended.state, ended.next_attempt_at, ended.expires_at),
        (State::Succeeded, None, Some(at(100).seconds()))
    );
    assert_eq!(ended.response.unwrap().to_string(), r#"{"clientId":42,"amount":0.10}"#);
    assert!(open_on(ledger, &first).await.is_empty());
    assert_eq!(
        (ended.read_back, ledger.history(&first.subject).await.unwrap()),
        (true, vec![id])
    );
    assert_eq!(claimed(ledger, 1, &claim("r.4", at(500))).await, "ended: succeeded");
    assert_eq!(
        ledger.note_target(id, "r.3", 6).await.unwrap(),
        Written::NotOwner,
        "an end never changes"
    );

    // An expired row gives its place away.
    let later = Row {
        nonce: "later".to_owned(),
        ..first.clone()
    };
    assert!(!inserted(ledger, &later, at(100)).await);
    assert!(inserted(ledger, &later, at(101)).await);

    // Taking back.
    let second = row(2, "B");
    let cancelled = |row: &Row| Row {
        state: State::Cancelled,
        next_attempt_at: None,
        expires_at: Some(at(9).seconds()),
        ..row.clone()
    };
    assert!(inserted(ledger, &second, now).await);
    assert_eq!(ledger.take_back(&cancelled(&second)).await.unwrap(), TakenBack::Done);
    assert_eq!(
        ledger.take_back(&cancelled(&second)).await.unwrap(),
        TakenBack::Done,
        "the same again is recognised"
    );
    assert!(open_on(ledger, &second).await.is_empty());
    let third = row(3, "C");
    assert_eq!(ledger.take_back(&cancelled(&third)).await.unwrap(), TakenBack::Done);
    assert!(
        !inserted(
            ledger,
            &Row {
                nonce: "late".to_owned(),
                ..third.clone()
            },
            now
        )
        .await,
        "its place is taken"
    );
    let fourth = row(4, "D");
    assert!(inserted(ledger, &fourth, now).await);
    claimed(ledger, 4, &claim("r.1", now)).await;
    assert_eq!(
        ledger.take_back(&cancelled(&fourth)).await.unwrap(),
        TakenBack::OnItsWay
    );

    // Cancelling.
    let cancellation = Cancellation {
        failure: Failure::gateway(409, "gateway.cancelled", "x"),
        processed_at: at(7),
        expires_at: at(8).seconds(),
    };
    let became = async |id: u128| match ledger.cancel(uuid::Uuid::from_u128(id), &cancellation).await.unwrap() {
        Cancelled::Done(row) => format!("cancelled from {}", row.state.as_str()),
        Cancelled::TooLate(row) => format!("too late: {}", row.state.as_str()),
        Cancelled::Missing => "missing".to_owned(),
    };
    assert_eq!(became(4).await, "too late: running");
    assert_eq!(became(98).await, "missing");
    let fifth = row(5, "F");
    assert!(inserted(ledger, &fifth, now).await);
    assert_eq!(became(5).await, "cancelled from accepted");
    let cancelled_row = ledger.get(fifth.id).await.unwrap().unwrap();
    assert_eq!(
        (cancelled_row.state, cancelled_row.expires_at),
        (State::Cancelled, Some(at(8).seconds()))
    );
    assert!(open_on(ledger, &fifth).await.is_empty());
    let sixth = row(6, "G");
    assert!(inserted(ledger, &sixth, now).await);
    claimed(ledger, 6, &claim("r.1", now)).await;
    ledger.settle(sixth.id, "r.1", &waits).await.unwrap();
    assert_eq!(
        became(6).await,
        "too late: waiting",
        "a request of it may have been sent"
    );
    assert_eq!(
        ledger.get(sixth.id).await.unwrap().unwrap().receipt.as_deref(),
        Some("receipt")
    );

    // Many at once.
    let ids: Vec<_> = (1000..1150).map(uuid::Uuid::from_u128).collect();
    for id in &ids {
        assert!(inserted(ledger, &row(id.as_u128(), "E"), now).await);
    }
    assert_eq!(ledger.get_all(&ids).await.unwrap().len(), ids.len());
    let shard = Subject::stored("client:E").shard();
    let (mut found, mut after) = (0, None);
    loop {
        let page = ledger.open_in(&shard, after).await.unwrap();
        found += page
            .entries
            .iter()
            .filter(|entry| entry.subject.as_str() == "client:E")
            .count();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, ids.len());
}

#[tokio::test]
async fn the_ledger_in_memory() {
    conforms(&MemoryLedger::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_in_dynamodb() {
    let bench = Bench::start().await;
    let config = config(&bench).await;
    conforms(&DynamoLedger::new(
        &config,
        bench.stack.outputs().get("TableName").unwrap(),
    ))
    .await;
}

/// The emulated account, as the SDK reaches it.
async fn config(bench: &Bench) -> SdkConfig {
    let key = local::aws::ROOT_KEY;
    let credentials = aws_sdk_dynamodb::config::Credentials::new(key, key, None, None, "test");
    gateway::adapters::aws::Aws::new()
        .unwrap()
        .config
        .into_builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(local::aws::REGION))
        .endpoint_url(bench.stack.aws().url())
        .credentials_provider(aws_sdk_dynamodb::config::SharedCredentialsProvider::new(credentials))
        .build()
}
