//! Messages delivered as AWS may deliver them, and workers killed.
//!
//! The emulator runs one message of a FIFO queue at a time, AWS as many as there are groups and `MaximumConcurrency`
//! allows. So a few pollers stand beside the emulator's own: they do what Lambda's do.

use std::time::Duration;

use fastrand::Rng;
use local::{Error, Function, Stack};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::tally::{Mishap, Tally};

/// Pollers beside the emulator's own.
pub const POLLERS: usize = 3;
const POLL_WAIT_SECONDS: u32 = 1;
const PAUSE: Duration = Duration::from_secs(1);
const SWEEP_PAUSE: Duration = Duration::from_secs(10);
/// Of so many messages that these pollers receive, one comes twice: of all messages, every tenth.
const TWICE_ONE_OF: u32 = 8;
/// Of so many messages that are to come back to a poller, the first is lost, once the sweep has sent one again.
const LOST_ONE_OF: u32 = 8;

/// Takes messages and invokes the worker with them, for ever.
pub async fn poll(stack: &Stack, tally: &Tally, mut rng: Rng) {
    let mut to_come_back = 0_u32;
    loop {
        let twice = (rng.u32(..TWICE_ONE_OF) == 0).then(|| if rng.bool() { Twice::AtOnce } else { Twice::Later });
        // Whatever failed, the message comes back when its visibility ends.
        match deliver(stack, twice, tally).await {
            Ok(None) => {}
            Ok(Some(unfinished)) => {
                // The queue has told its place by then, so that the order is known without it. What is lost may have had a
                // copy that did its work, so more are lost until the sweep had to send one again.
                let lost = to_come_back.is_multiple_of(LOST_ONE_OF) || tally.times(Mishap::SentAgain) == 0;
                if lost && delete(stack, &unfinished).await.is_ok() {
                    tally.add(Mishap::Lost, 1);
                }
                to_come_back = to_come_back.wrapping_add(1);
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// How a message comes twice. Both keep what a FIFO queue promises: nothing overtakes what was sent before it in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Twice {
    /// Two workers have it at the same time, as when its visibility ends too early.
    AtOnce,
    /// It is sent again, behind the others of its group.
    Later,
}

/// Delivers one message; the receipt of one that is to come back.
async fn deliver(stack: &Stack, twice: Option<Twice>, tally: &Tally) -> Result<Option<Value>, Error> {
    let queue = stack.outputs().get("QueueUrl")?;
    let request = json!({
        "QueueUrl": queue, "WaitTimeSeconds": POLL_WAIT_SECONDS, "MessageSystemAttributeNames": ["All"],
    });
    let answer = stack.aws().json("AmazonSQS.ReceiveMessage", &request).await?;
    let Some(message) = answer["Messages"].get(0) else {
        return Ok(None);
    };
    let event = json!({ "Records": [{
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "attributes": message["Attributes"], "messageAttributes": {}, "eventSource": "aws:sqs",
    }] });
    tally.add(Mishap::DeliveredTwice, u64::from(twice.is_some()));
    let invoke = || stack.invoke(Function::Worker, &event);
    let answer = match twice {
        Some(Twice::AtOnce) => tokio::join!(invoke(), invoke()).0?,
        Some(Twice::Later) => {
            send_copy(stack, message).await?;
            invoke().await?
        }
        None => invoke().await?,
    };
    let failures = answer["batchItemFailures"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    if failures
        .iter()
        .any(|failure| failure["itemIdentifier"] == message["MessageId"])
    {
        return Ok(Some(message["ReceiptHandle"].clone()));
    }
    delete(stack, &message["ReceiptHandle"]).await.map(|()| None)
}

async fn delete(stack: &Stack, receipt: &Value) -> Result<(), Error> {
    let request = json!({ "QueueUrl": stack.outputs().get("QueueUrl")?, "ReceiptHandle": receipt });
    stack.aws().json("AmazonSQS.DeleteMessage", &request).await.map(drop)
}

async fn send_copy(stack: &Stack, message: &Value) -> Result<(), Error> {
    let request = json!({
        "QueueUrl": stack.outputs().get("QueueUrl")?, "MessageBody": message["Body"],
        "MessageGroupId": message["Attributes"]["MessageGroupId"],
        "MessageDeduplicationId": format!("copy-{}", fastrand::u64(..)),
    });
    stack.aws().json("AmazonSQS.SendMessage", &request).await.map(drop)
}

/// Sets how long the queue hides a message that was received.
///
/// # Errors
/// If the queue refuses.
pub async fn set_visibility(stack: &Stack, seconds: u32) -> Result<(), Error> {
    let request = json!({
        "QueueUrl": stack.outputs().get("QueueUrl")?,
        "Attributes": { "VisibilityTimeout": seconds.to_string() },
    });
    stack
        .aws()
        .json("AmazonSQS.SetQueueAttributes", &request)
        .await
        .map(drop)
}

/// Runs the sweep now and then, for ever; the emulator's schedules are no faster than once a minute.
pub async fn sweep(stack: &Stack, tally: &Tally) {
    loop {
        sleep(SWEEP_PAUSE).await;
        // A sweep that failed is made up for by the next one.
        let swept = stack.sweep().await.unwrap_or(Value::Null);
        tally.add(Mishap::SentAgain, swept["sent"].as_u64().unwrap_or_default());
    }
}

/// Sends SIGKILL to every worker; tells whether there was one.
pub fn kill_workers(stack: &Stack) -> bool {
    let workers = stack.processes(Function::Worker).unwrap_or_default();
    let pids = workers
        .iter()
        .filter_map(|number| Pid::from_raw(i32::try_from(*number).ok()?));
    let killed = pids.filter(|pid| kill_process(*pid, Signal::KILL).is_ok());
    killed.count() > 0
}
