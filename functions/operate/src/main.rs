//! `POST /fineract/operate` accepts an operation, `POST /fineract/track/{tracking_id}/cancel` takes it back.

mod handler;

use crate::handler::Desk;
use gateway::accept::Acceptor;
use gateway::adapters::aws::Aws;
use gateway::adapters::callers_table::CallersTable;
use gateway::adapters::dynamodb::DynamoLedger;
use gateway::adapters::random::SystemEntropy;
use gateway::adapters::sqs::SqsQueue;
use gateway::callers::Callers;
use gateway::cancel::Canceller;
use gateway::chain::Chain;
use gateway::clock::SystemClock;
use gateway::metrics::Meter;
use gateway::{logging, panics, settings};
use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let settings = settings::Operate::read(&settings::environment)?;
    let aws = Aws::new()?;
    let ledger = DynamoLedger::new(&aws.config, &settings.table_name);
    let queue = SqsQueue::new(&aws.config, &settings.queue_url, None);
    let callers = Callers::new(Box::new(CallersTable::new(&aws.config, &settings.callers_table_name)));
    let entropy = SystemEntropy::new();
    let (warm, ()) = tokio::join!(callers.warm(&SystemClock), aws.open_queue(&settings.queue_url));
    if let Err(error) = warm {
        tracing::warn!(
            error = %Chain(&error),
            "the callers are read at the first request"
        );
    }
    let acceptor = Acceptor {
        ledger: &ledger,
        queue: &queue,
        clock: &SystemClock,
        entropy: &entropy,
        rules: &settings.rules,
        retention: settings.retention,
    };
    let canceller = Canceller {
        ledger: &ledger,
        queue: &queue,
        clock: &SystemClock,
        retention: settings.retention,
    };
    let desk = Desk {
        acceptor,
        canceller,
        callers,
        meter: Meter::stdout(&settings.stack),
        accepted_status: settings.accepted_status,
    };
    let desk = &desk;
    run(service_fn(move |request: Request| async move {
        panics::caught(handler::handle(request, desk)).await?
    }))
    .await
}
