//! The sweep: sends again what is overdue, and counts what is open.

use gateway::adapters::aws::Aws;
use gateway::adapters::dynamodb::DynamoLedger;
use gateway::adapters::sqs::SqsQueue;
use gateway::clock::{Clock, SystemClock, Timestamp};
use gateway::subject::SHARDS;
use gateway::sweep::Sweeper;
use gateway::{logging, panics, settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let settings = settings::Sweep::read(&settings::environment)?;
    let aws = Aws::new()?;
    let ledger = DynamoLedger::new(&aws.config, &settings.table_name);
    let queue = SqsQueue::new(&aws.config, &settings.queue_url, None);
    let sweeper = Sweeper {
        ledger: &ledger,
        queue: &queue,
        clock: &SystemClock,
        overdue: settings.overdue,
        resend: settings.resend,
        sends_max: settings.sends_max,
    };
    let sweeper = &sweeper;
    run(service_fn(move |event: LambdaEvent<Value>| async move {
        panics::caught(sweep(sweeper, &event)).await?
    }))
    .await
}

async fn sweep(sweeper: &Sweeper<'_>, event: &LambdaEvent<Value>) -> Result<Value, Error> {
    // Sweeps that do not get through begin at another shard each minute.
    let minute = SystemClock.now().seconds().div_euclid(60);
    let from = u8::try_from(minute.rem_euclid(i64::from(SHARDS))).unwrap_or(0);
    let swept = sweeper
        .sweep(Timestamp::from_millis(event.context.deadline), from)
        .await;
    tracing::info!(
        open = swept.open,
        overdue = swept.overdue,
        sent = swept.sent,
        failed = swept.failed,
        complete = swept.complete,
        "swept"
    );
    Ok(json!({
        "open": swept.open,
        "overdue": swept.overdue,
        "sent": swept.sent,
        "failed": swept.failed,
        "complete": swept.complete,
    }))
}
