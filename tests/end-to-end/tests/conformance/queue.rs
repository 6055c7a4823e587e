//! One test body for the queue, on the twin in memory and on the emulated FIFO queue. What needs time to pass is shown
//! on the twin alone (`gateway::queue::memory`).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message as SqsMessage, MessageSystemAttributeName, QueueAttributeName};
use gateway::adapters::sqs::SqsQueue;
use gateway::clock::{ManualClock, Timestamp};
use gateway::queue::memory::{MemoryQueue, Policy};
use gateway::queue::{Message, Queue, Received};
use gateway::subject::Subject;
use serde_json::json;
use uuid::Uuid;

use crate::bench::Bench;

/// How often a message is received on these queues before it becomes a dead letter.
const RECEIVES_MAX: u32 = 3;
/// Nothing that was put off so long comes back while a test runs.
const LONG: Duration = Duration::from_secs(900);

/// A queue, with what the platform does beside the gateway's port.
#[async_trait]
trait Side: Sync {
    fn queue(&self) -> &dyn Queue;

    /// The next message, if one can be had now.
    async fn receive(&self) -> Option<Received>;

    /// Removes a message; tells whether that was refused.
    async fn delete(&self, receipt: &str) -> Result<(), String>;

    /// The bodies of the dead letters so far.
    async fn dead_letters(&self) -> Vec<String>;

    /// SQS refuses a receipt of a FIFO queue once the visibility ended ("The receipt handle has expired"). The emulator
    /// takes it until the message is received again.
    fn refuses_expired_receipts(&self) -> bool;
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A group of its own for each part of the test.
fn client(name: &str) -> Subject {
    Subject::stored(format!("client:{name}"))
}

fn about(message: &Received) -> u128 {
    Message::read(&message.body).unwrap().id.as_u128()
}

async fn send(side: &dyn Side, number: u128, group: &str) {
    side.queue().send(id(number), &client(group), 0).await.unwrap();
}

async fn received(side: &dyn Side) -> Received {
    side.receive().await.unwrap()
}

async fn put_off(side: &dyn Side, message: &Received, wait: Duration) {
    side.queue().put_off(&message.receipt, wait).await.unwrap();
}

async fn delete(side: &dyn Side, message: &Received) {
    side.delete(&message.receipt).await.unwrap();
}

/// Receives and deletes until nothing can be had; tells the operations, in this order.
async fn drain(side: &dyn Side) -> Vec<u128> {
    let mut operations = Vec::new();
    while let Some(message) = side.receive().await {
        operations.push(about(&message));
        delete(side, &message).await;
    }
    operations
}

async fn groups_keep_their_order_and_go_side_by_side(side: &dyn Side) {
    for (number, group) in [(1, "A"), (2, "A"), (3, "B"), (4, "A"), (5, "B")] {
        send(side, number, group).await;
    }
    let first = received(side).await;
    let other = received(side).await;
    assert_eq!((about(&first), about(&other)), (1, 3), "another group goes on");
    assert!(side.receive().await.is_none(), "one message of a group is in flight");
    delete(side, &first).await;
    let second = received(side).await;
    assert_eq!(about(&second), 2, "the next of the group whose message is done");
    assert!(side.receive().await.is_none());
    delete(side, &other).await;
    delete(side, &second).await;
    assert_eq!(drain(side).await, [4, 5]);
}

async fn one_deduplication_id_is_one_message(side: &dyn Side) {
    let (queue, group) = (side.queue(), client("C"));
    for sends in [0, 0, 1, 0, 1] {
        queue.send(id(10), &group, sends).await.unwrap();
    }
    let original = received(side).await;
    assert_eq!(original.deduplication_id, Some(format!("{}.0", id(10))));
    let place = original.original_sequence(id(10)).unwrap();
    assert_eq!(original.original_sequence(id(11)), None);
    delete(side, &original).await;
    queue.send(id(10), &group, 0).await.unwrap();
    let again = received(side).await;
    assert_eq!(again.deduplication_id, Some(format!("{}.1", id(10))));
    assert_eq!(again.original_sequence(id(10)), None, "it was sent again");
    assert!(again.sequence.as_deref() > Some(place));
    delete(side, &again).await;
    assert!(side.receive().await.is_none(), "also after the first one was deleted");

    // The scope is the group.
    queue.send(id(10), &client("C2"), 0).await.unwrap();
    assert_eq!(drain(side).await, [10]);
}

async fn sequence_numbers_tell_the_order(side: &dyn Side) {
    let numbers: Vec<u128> = (20..32).collect();
    for number in &numbers {
        send(side, *number, "D").await;
    }
    let mut places = Vec::new();
    for number in numbers {
        let message = received(side).await;
        assert_eq!(about(&message), number);
        let place = message.original_sequence(id(number)).unwrap().to_owned();
        assert!(place.bytes().all(|byte| byte.is_ascii_digit()), "{place}");
        places.push((place.len(), place));
        // It keeps its number when it comes back.
        put_off(side, &message, Duration::ZERO).await;
        let back = received(side).await;
        assert_eq!(back.sequence, message.sequence);
        delete(side, &back).await;
    }
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
}

async fn what_is_put_off_keeps_its_place(side: &dyn Side) {
    for (number, group) in [(40, "E"), (41, "E"), (42, "F")] {
        send(side, number, group).await;
    }
    let first = received(side).await;
    put_off(side, &first, Duration::ZERO).await;
    let back = received(side).await;
    assert_eq!((about(&back), back.receives), (40, 2), "at once, before the later one");
    assert_eq!(back.message_id, first.message_id);
    assert_ne!(back.receipt, first.receipt);

    put_off(side, &back, LONG).await;
    let other = received(side).await;
    assert_eq!(about(&other), 42, "the group waits, others go on");
    assert!(side.receive().await.is_none());
    delete(side, &other).await;

    // Whoever has the receipt may call it back, as a cancellation does.
    put_off(side, &back, Duration::ZERO).await;
    assert_eq!(drain(side).await, [40, 41]);
}

async fn an_old_receipt_does_nothing(side: &dyn Side) {
    send(side, 50, "G").await;
    let first = received(side).await;
    put_off(side, &first, Duration::ZERO).await;

    // Its visibility ended, and nobody received it since.
    let late = side.queue().put_off(&first.receipt, LONG).await;
    assert_eq!(late.is_err(), side.refuses_expired_receipts());
    if late.is_ok() {
        put_off(side, &first, Duration::ZERO).await;
    }

    // Somebody else has it.
    let second = received(side).await;
    let _ = side.queue().put_off(&first.receipt, Duration::ZERO).await;
    assert!(side.receive().await.is_none(), "it stays with who received it last");
    let _ = side.delete(&first.receipt).await;
    put_off(side, &second, Duration::ZERO).await;
    let third = received(side).await;
    assert_eq!((about(&third), third.receives), (50, 3), "it is not deleted");

    // It is gone.
    delete(side, &third).await;
    assert!(side.queue().put_off(&third.receipt, Duration::ZERO).await.is_err());
    let _ = side.delete(&third.receipt).await;
    assert!(side.queue().put_off("no-receipt", Duration::ZERO).await.is_err());
    assert!(side.receive().await.is_none());

    // Deleting late.
    send(side, 51, "G").await;
    let first = received(side).await;
    put_off(side, &first, Duration::ZERO).await;
    let late = side.delete(&first.receipt).await;
    assert_eq!(late.is_err(), side.refuses_expired_receipts());
    let left: &[u128] = if late.is_ok() { &[] } else { &[51] };
    assert_eq!(drain(side).await, left);
}

async fn a_message_that_nobody_finishes_is_a_dead_letter(side: &dyn Side) {
    send(side, 60, "H").await;
    send(side, 61, "H").await;
    for receives in 1..=RECEIVES_MAX {
        let message = received(side).await;
        assert_eq!((about(&message), message.receives), (60, receives));
        put_off(side, &message, Duration::ZERO).await;
    }
    let next = received(side).await;
    assert_eq!(
        (about(&next), next.receives),
        (61, 1),
        "the group goes on behind a dead letter"
    );
    assert_eq!(side.dead_letters().await, [Message::about(id(60)).body()]);
    delete(side, &next).await;
}

async fn what_is_buried_is_a_dead_letter(side: &dyn Side) {
    let before = side.dead_letters().await.len();
    send(side, 70, "I").await;
    send(side, 71, "I").await;
    let message = received(side).await;
    side.queue().bury(&message).await.unwrap();
    // A worker that is killed before the platform deletes the message buries it once more.
    side.queue().bury(&message).await.unwrap();
    assert!(side.receive().await.is_none(), "it is in flight as before");
    delete(side, &message).await;
    assert_eq!(side.dead_letters().await[before..], [Message::about(id(70)).body()]);
    assert_eq!(drain(side).await, [71]);
}

async fn conforms(side: &dyn Side) {
    assert!(side.receive().await.is_none());
    groups_keep_their_order_and_go_side_by_side(side).await;
    one_deduplication_id_is_one_message(side).await;
    sequence_numbers_tell_the_order(side).await;
    what_is_put_off_keeps_its_place(side).await;
    an_old_receipt_does_nothing(side).await;
    a_message_that_nobody_finishes_is_a_dead_letter(side).await;
    what_is_buried_is_a_dead_letter(side).await;
    assert!(side.receive().await.is_none());
}

struct InMemory(MemoryQueue);

#[async_trait]
impl Side for InMemory {
    fn queue(&self) -> &dyn Queue {
        &self.0
    }

    async fn receive(&self) -> Option<Received> {
        self.0.receive()
    }

    async fn delete(&self, receipt: &str) -> Result<(), String> {
        self.0.delete(receipt).map_err(|error| error.to_string())
    }

    async fn dead_letters(&self) -> Vec<String> {
        self.0.dead_letters()
    }

    fn refuses_expired_receipts(&self) -> bool {
        true
    }
}

struct InSqs {
    client: Client,
    url: String,
    dead_letter_url: String,
    queue: SqsQueue,
}

impl InSqs {
    /// Queues with the attributes of the deployed ones, but without a worker, and with a small maxReceiveCount.
    async fn beside(bench: &Bench) -> Self {
        let config = super::config(bench).await;
        let client = Client::new(&config);
        let copy = async |output: &str, name: &str, redrive: Option<&str>| {
            let deployed = bench.stack.outputs().get(output).unwrap();
            let all = QueueAttributeName::All;
            let deployed = client.get_queue_attributes().queue_url(deployed).attribute_names(all);
            let attributes = deployed.send().await.unwrap().attributes.unwrap_or_default();
            let wanted = [
                QueueAttributeName::FifoQueue,
                QueueAttributeName::DeduplicationScope,
                QueueAttributeName::FifoThroughputLimit,
                QueueAttributeName::VisibilityTimeout,
                QueueAttributeName::MessageRetentionPeriod,
            ];
            let mut attributes: HashMap<_, _> = attributes.into_iter().filter(|(k, _)| wanted.contains(k)).collect();
            assert_eq!(attributes.len(), wanted.len());
            if let Some(target) = redrive {
                let policy = json!({"deadLetterTargetArn": target, "maxReceiveCount": RECEIVES_MAX});
                attributes.insert(QueueAttributeName::RedrivePolicy, policy.to_string());
            }
            let made = client.create_queue().queue_name(name).set_attributes(Some(attributes));
            made.send().await.unwrap().queue_url.unwrap()
        };
        let dead_letter_url = copy("DeadLetterQueueUrl", "conformance-dead.fifo", None).await;
        let arn = QueueAttributeName::QueueArn;
        let dead = client
            .get_queue_attributes()
            .queue_url(&dead_letter_url)
            .attribute_names(arn.clone());
        let dead = dead.send().await.unwrap().attributes.unwrap_or_default();
        let url = copy("QueueUrl", "conformance.fifo", Some(&dead[&arn])).await;
        let queue = SqsQueue::new(&config, &url, Some(dead_letter_url.clone()));
        Self {
            client,
            url,
            dead_letter_url,
            queue,
        }
    }

    async fn receive_from(&self, url: &str) -> Option<SqsMessage> {
        let request = self
            .client
            .receive_message()
            .queue_url(url)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        request.send().await.unwrap().messages.unwrap_or_default().pop()
    }
}

#[async_trait]
impl Side for InSqs {
    fn queue(&self) -> &dyn Queue {
        &self.queue
    }

    async fn receive(&self) -> Option<Received> {
        let message = self.receive_from(&self.url).await?;
        let attributes = message.attributes.unwrap_or_default();
        let attribute = |name: MessageSystemAttributeName| attributes.get(&name).cloned();
        Some(Received {
            sequence: attribute(MessageSystemAttributeName::SequenceNumber),
            group: attribute(MessageSystemAttributeName::MessageGroupId),
            deduplication_id: attribute(MessageSystemAttributeName::MessageDeduplicationId),
            receives: attribute(MessageSystemAttributeName::ApproximateReceiveCount)?
                .parse()
                .unwrap(),
            body: message.body?,
            message_id: message.message_id?,
            receipt: message.receipt_handle?,
        })
    }

    async fn delete(&self, receipt: &str) -> Result<(), String> {
        let request = self
            .client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(receipt);
        request.send().await.map(drop).map_err(|error| format!("{error:?}"))
    }

    /// Each is received, looked at, and made visible again once all are known.
    async fn dead_letters(&self) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(message) = self.receive_from(&self.dead_letter_url).await {
            found.push(message);
        }
        for message in &found {
            let request = self.client.change_message_visibility().queue_url(&self.dead_letter_url);
            let request = request.set_receipt_handle(message.receipt_handle.clone());
            request.visibility_timeout(0).send().await.unwrap();
        }
        found.into_iter().filter_map(|message| message.body).collect()
    }

    fn refuses_expired_receipts(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn the_queue_in_memory() {
    let policy = Policy {
        receives_max: RECEIVES_MAX,
        ..Policy::default()
    };
    let clock = ManualClock::at(Timestamp::from_micros(0));
    conforms(&InMemory(MemoryQueue::new(Arc::new(clock), policy))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_in_sqs() {
    let bench = Bench::start().await;
    conforms(&InSqs::beside(&bench).await).await;
}
