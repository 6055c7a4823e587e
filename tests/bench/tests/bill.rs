//! What operations cost on AWS: counted calls and sizes, times list prices.

use std::time::Duration;

use gateway::track::Lasts;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::counted::{Counted, kept};
use crate::gateway::{Gateway, published};
use crate::price::{ACCESS_LOG, gb, lines, list, logged, million_gb, months, reads, run_ms, runs, usd};
use crate::{extras, idle, page};

/// Headers, TLS and TCP of an answer, in bytes.
pub(crate) const FRAME: usize = 500;

/// What one operation takes.
pub(crate) struct Taken {
    operation: &'static str,
    pub(crate) operate: Counted,
    pub(crate) worker: Counted,
    /// Of one poll, when it has ended.
    pub(crate) status: Counted,
    pub(crate) kept: usize,
    accepted_answer: usize,
    pub(crate) ended_answer: usize,
}

/// A gateway whose calls take their time.
pub(crate) fn gateway() -> Gateway {
    use crate::price::{CALL_MS, FINERACT_MS};
    Gateway::new(Duration::from_millis(FINERACT_MS), Duration::from_millis(CALL_MS))
}

/// Counts one operation.
pub(crate) async fn taken(gateway: &Gateway, operation: &'static str, data: &Value) -> Taken {
    Counted::take(gateway);
    let accepted = gateway.accept(operation, data).await;
    let operate = Counted::take(gateway);
    let (group, message) = gateway.line.take().unwrap();
    gateway.run(&message).await;
    gateway.line.delete(&group);
    let worker = Counted::take(gateway);
    let report = gateway.track(&accepted).await;
    assert_ne!(report.lasts, Lasts::Open, "{operation}");
    Taken {
        operation,
        operate,
        worker,
        status: Counted::take(gateway),
        kept: kept(&gateway.table.inner.row(accepted.tracking_id.id).unwrap()),
        accepted_answer: accepted.body().to_string().len() + FRAME,
        ended_answer: report.body.to_string().len() + FRAME,
    }
}

/// The operations of the page.
pub(crate) async fn operations() -> [Taken; 3] {
    let gateway = gateway();
    let create = taken(&gateway, "CLIENT_CREATE", &published::client_create("INC-1001")).await;
    // It reads the product.
    gateway
        .perform("LOAN_CREATE", &published::loan_create("LOAN-123"))
        .await;
    [
        create,
        taken(&gateway, "LOAN_CREATE", &published::loan_create("LOAN-124")).await,
        taken(&gateway, "LOAN_DELETE", &published::of_loan("LOAN-124", json!({}))).await,
    ]
}

/// A line of the bill: what, how it comes about, USD per million operations.
type Line = (&'static str, String, Decimal);

fn function(name: &'static str, done: &Counted, times: u64) -> Line {
    let how = format!("{times} x {} ms of {} GB", run_ms(done), gb().normalize());
    (name, how, Decimal::from(times) * runs(done))
}

fn bill(taken: &Taken, polls: usize) -> Vec<Line> {
    let Taken {
        operate,
        worker,
        status,
        ..
    } = taken;
    let requests = 1 + polls;
    let times = u64::try_from(polls).unwrap();
    let rows: u64 = operate.rows_written + worker.rows_written;
    let entries: u64 = operate.entries_written + worker.entries_written;
    let halves = worker.read_halves + times * status.read_halves;
    let queued = operate.queued + worker.queued;
    let log = ACCESS_LOG * requests + lines(operate, 1) + lines(worker, 1) + polls * lines(status, 0);
    let sent = taken.accepted_answer + polls * taken.ended_answer;
    let days = months("RetentionDays");
    vec![
        (
            "API Gateway",
            format!("{requests} requests"),
            Decimal::from(requests) * list::API,
        ),
        function("Lambda: operate", operate, 1),
        function("Lambda: status", status, times),
        function("Lambda: worker", worker, 1),
        (
            "DynamoDB: writes",
            format!("{rows} units, {entries} of indexes"),
            Decimal::from(rows + entries) * list::WRITE,
        ),
        (
            "DynamoDB: reads",
            format!("{} units", (Decimal::from(halves) / Decimal::TWO).normalize()),
            reads(halves),
        ),
        (
            "DynamoDB: kept",
            format!("{} bytes for {} months", taken.kept, days.normalize()),
            million_gb(taken.kept) * list::STORED * days,
        ),
        (
            "SQS",
            format!("{queued} requests: send, receive, delete"),
            Decimal::from(queued) * list::QUEUE,
        ),
        (
            "CloudWatch Logs",
            format!("{log} bytes, {} of metrics", operate.metrics + worker.metrics),
            logged(log),
        ),
        (
            "Sent to callers",
            format!("{sent} bytes"),
            million_gb(sent) * list::SENT,
        ),
    ]
}

/// What a million of an operation cost with so many polls.
pub(crate) fn total(taken: &Taken, polls: usize) -> Decimal {
    bill(taken, polls).into_iter().map(|(.., usd)| usd).sum()
}

/// How long the functions run for a million operations.
pub(crate) fn lasts(taken: &Taken, polls: u64) -> u64 {
    run_ms(&taken.operate) + run_ms(&taken.worker) + polls * run_ms(&taken.status)
}

fn table(taken: &Taken) -> String {
    let mut text = format!(
        "### {}\n\n| line | 1 poll | USD | 3 polls | USD |\n|---|---|---|---|---|\n",
        taken.operation
    );
    for ((name, how, cost), (_, how_three, cost_three)) in bill(taken, 1).into_iter().zip(bill(taken, 3)) {
        text += &format!(
            "| {name} | {how} | {} | {how_three} | {} |\n",
            usd(cost),
            usd(cost_three)
        );
    }
    text += &format!(
        "| **a million operations** | | **{}** | | **{}** |\n\n",
        usd(total(taken, 1)),
        usd(total(taken, 3))
    );
    text
}

#[tokio::test(start_paused = true)]
async fn the_cost_page_has_the_bill() {
    let operations = operations().await;
    let mut text: String = operations.iter().map(table).collect();
    text += &idle::table().await;
    text += &extras::table(&operations).await;
    page::check("cost.md", &text);
}

#[tokio::test(start_paused = true)]
async fn the_deployment_page_agrees() {
    let operations = operations().await;
    let least = operations.iter().map(|taken| total(taken, 1)).min().unwrap();
    let most = operations.iter().map(|taken| total(taken, 3)).max().unwrap();
    let (idle, with_free_tiers) = idle::month().await;
    let whole = |usd: Decimal| usd.round().to_string();
    for said in [
        format!("about {} USD a month", whole(idle)),
        format!("about {} where", whole(with_free_tiers)),
        format!("{} to {} USD a million", whole(least), whole(most)),
    ] {
        page::says("../deployment.md", &said);
    }
}
