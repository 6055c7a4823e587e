//! `GET /fineract/track/{tracking_id}` tells the truth about an operation, `GET /fineract/track` what was asked for on one
//! client or loan, `GET /fineract/health` whether it can.

mod handler;

use gateway::adapters::aws::Aws;
use gateway::adapters::callers_table::CallersTable;
use gateway::adapters::dynamodb::DynamoLedger;
use gateway::callers::Callers;
use gateway::chain::Chain;
use gateway::clock::SystemClock;
use gateway::{logging, panics, settings};
use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logging::start();
    let settings = settings::Status::read(&settings::environment)?;
    let aws = Aws::new()?;
    let ledger = DynamoLedger::new(&aws.config, &settings.table_name);
    let callers = Callers::new(Box::new(CallersTable::new(&aws.config, &settings.callers_table_name)));
    if let Err(error) = callers.warm(&SystemClock).await {
        tracing::warn!(
            error = %Chain(&error),
            "the callers are read at the first request"
        );
    }
    let (ledger, callers) = (&ledger, &callers);
    run(service_fn(move |request: Request| async move {
        let answer = handler::handle(request, ledger, callers, &SystemClock);
        panics::caught(answer).await?
    }))
    .await
}
