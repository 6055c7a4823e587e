//! The worker: performs the operations whose messages the queue hands out.

mod handler;

use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsEvent;
use gateway::adapters::aws::Aws;
use gateway::adapters::dynamodb::DynamoLedger;
use gateway::adapters::http::HttpFineract;
use gateway::adapters::random::SystemEntropy;
use gateway::adapters::secrets::Secret;
use gateway::adapters::sqs::SqsQueue;
use gateway::bank::Products;
use gateway::chain::Chain;
use gateway::gate::Gate;
use gateway::metrics::Meter;
use gateway::{logging, settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use crate::handler::Parts;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let settings = settings::Worker::read(&settings::environment)?;
    let aws = Aws::new()?;
    let ledger = DynamoLedger::new(&aws.config, &settings.table_name);
    let queue = SqsQueue::new(&aws.config, &settings.queue_url, Some(settings.dead_letter_url.clone()));
    let secret = Secret::new(&aws.config, &settings.secret_arn);
    let fineract = HttpFineract::new(settings.place.clone(), Box::new(secret))?;
    let (warm, (), release) = tokio::join!(ledger.warm(), fineract.warm(), fineract.release());
    release.log();
    if let Err(error) = warm {
        tracing::warn!(
            error = %Chain(&error),
            "the ledger is reached at the first message"
        );
    }
    let entropy = SystemEntropy::new();
    let gate = Gate::new(settings.outage_ask);
    let meter = Meter::stdout(&settings.stack);
    let parts = Arc::new(Parts {
        settings,
        ledger,
        queue,
        fineract,
        products: Products::default(),
        gate,
        meter,
        entropy,
    });
    run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let parts = Arc::clone(&parts);
        async move { Ok::<_, Error>(handler::handle(event, parts).await) }
    }))
    .await
}
