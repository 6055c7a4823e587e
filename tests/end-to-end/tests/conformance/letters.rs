//! Dead letters, on the twin in memory and on the emulated queue.

use gateway::adapters::sqs::{SqsDeadLetters, SqsQueue};
use gateway::queue::letters::MemoryLetters;
use gateway::queue::{DeadLetters, Message, Queue, Received};
use uuid::Uuid;

use super::config;
use crate::bench::Bench;

/// Three bodies, the last of which nobody can read.
fn bodies() -> Vec<String> {
    let about = |id| Message::about(Uuid::from_u128(id)).body();
    vec![about(1), about(2), "x".to_owned()]
}

async fn conforms(letters: &dyn DeadLetters) {
    let mut received: Vec<Received> = Vec::new();
    loop {
        let some = letters.receive().await.unwrap();
        if some.is_empty() {
            break;
        }
        received.extend(some);
    }
    received.sort_by(|one, other| one.body.cmp(&other.body));
    let mut found: Vec<_> = received.iter().map(|letter| letter.body.clone()).collect();
    found.sort();
    let mut expected = bodies();
    expected.sort();
    assert_eq!(found, expected, "each once");
    assert!(received.windows(2).all(|pair| pair[0].message_id != pair[1].message_id));
    for letter in &received {
        letters.delete(&letter.receipt).await.unwrap();
    }
    assert!(letters.receive().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_dead_letters_in_memory() {
    let letters = MemoryLetters::of(bodies());
    conforms(&letters).await;
    assert!(letters.bodies().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_letters_in_sqs() {
    let bench = Bench::start().await;
    let config = config(&bench).await;
    let url = |output| bench.stack.outputs().get(output).unwrap().to_owned();
    let queue = SqsQueue::new(&config, url("QueueUrl"), Some(url("DeadLetterQueueUrl")));
    for (number, body) in bodies().into_iter().enumerate() {
        let letter = Received::new(body, format!("m-{number}"), String::new(), &Default::default());
        queue.bury(&letter).await.unwrap();
    }
    conforms(&SqsDeadLetters::new(&config, url("DeadLetterQueueUrl"))).await;
    assert_eq!(bench.stack.messages("DeadLetterQueueUrl").await.unwrap(), 0);
}
