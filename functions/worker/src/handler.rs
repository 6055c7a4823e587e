//! Between the queue's events and the use case.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use gateway::adapters::dynamodb::DynamoLedger;
use gateway::adapters::http::HttpFineract;
use gateway::adapters::random::SystemEntropy;
use gateway::adapters::sqs::SqsQueue;
use gateway::bank::Products;
use gateway::clock::{SystemClock, Timestamp};
use gateway::execute::{Executor, Reply, Run};
use gateway::gate::Gate;
use gateway::metrics::Meter;
use gateway::queue::Received;
use gateway::settings;
use lambda_runtime::{Context, LambdaEvent};

/// What the worker is made of.
pub(crate) struct Parts {
    pub(crate) settings: settings::Worker,
    pub(crate) ledger: DynamoLedger,
    pub(crate) queue: SqsQueue,
    pub(crate) fineract: HttpFineract,
    pub(crate) products: Products,
    pub(crate) gate: Gate,
    pub(crate) meter: Meter,
    pub(crate) entropy: SystemEntropy,
}

/// Handles the messages of one event. What is not done is reported as such, message by message; the function itself
/// never fails.
pub(crate) async fn handle(event: LambdaEvent<SqsEvent>, parts: Arc<Parts>) -> SqsBatchResponse {
    let run = run_of(&event.context);
    let mut failures = Vec::new();
    for record in event.payload.records {
        let message_id = record.message_id.clone().unwrap_or_default();
        let (parts, run) = (Arc::clone(&parts), run.clone());
        // A task of its own keeps a panic inside one message.
        let reply = tokio::spawn(async move { executor(&parts).handle(&received(record), &run).await }).await;
        match reply {
            Ok(Reply::Done) => {}
            Ok(Reply::Again) => failures.push(failure(message_id)),
            // The log has its place already; what it says may quote the operation.
            Err(_panicked) => {
                tracing::error!(message_id, "handling a message panicked");
                failures.push(failure(message_id));
            }
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    response
}

fn failure(message_id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message_id;
    failure
}

fn run_of(context: &Context) -> Run {
    Run {
        request_id: context.request_id.clone(),
        deadline: Timestamp::from_millis(context.deadline),
    }
}

fn received(record: SqsMessage) -> Received {
    Received::new(
        record.body.unwrap_or_default(),
        record.message_id.unwrap_or_default(),
        record.receipt_handle.unwrap_or_default(),
        &record.attributes,
    )
}

fn executor(parts: &Parts) -> Executor<'_> {
    Executor {
        ledger: &parts.ledger,
        queue: &parts.queue,
        fineract: &parts.fineract,
        gate: &parts.gate,
        products: &parts.products,
        clock: &SystemClock,
        meter: &parts.meter,
        entropy: &parts.entropy,
        rules: &parts.settings.rules,
        terms: &parts.settings.terms,
    }
}
