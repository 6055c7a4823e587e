//! What operations cost on AWS: counted calls and sizes, times list prices.

use std::time::Duration;

use gateway::adapters::item::of_row;
use gateway::row::Row;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::gateway::{Gateway, published};
use crate::page;
use crate::sizes::bytes;

/// List prices of us-east-1 in USD, of the pages that `cost.md` names.
mod list {
    use rust_decimal::Decimal;

    /// API Gateway, HTTP API: a million requests.
    pub(super) const API: Decimal = Decimal::from_parts(100, 0, 0, false, 2);
    /// Lambda: a million requests.
    pub(super) const INVOCATION: Decimal = Decimal::from_parts(20, 0, 0, false, 2);
    /// Lambda on arm64: a GB-second.
    pub(super) const GB_SECOND: Decimal = Decimal::from_parts(133_334, 0, 0, false, 10);
    /// DynamoDB on demand: a million write request units.
    pub(super) const WRITE: Decimal = Decimal::from_parts(625, 0, 0, false, 3);
    /// DynamoDB on demand: a million read request units.
    pub(super) const READ: Decimal = Decimal::from_parts(125, 0, 0, false, 3);
    /// DynamoDB: a GB of table and indexes for a month, and its continuous backup.
    pub(super) const STORED: Decimal = Decimal::from_parts(45, 0, 0, false, 2);
    /// SQS FIFO: a million requests.
    pub(super) const QUEUE: Decimal = Decimal::from_parts(50, 0, 0, false, 2);
    /// CloudWatch Logs: a GB taken in.
    pub(super) const LOGGED: Decimal = Decimal::from_parts(50, 0, 0, false, 2);
    /// A GB sent to the internet.
    pub(super) const SENT: Decimal = Decimal::from_parts(9, 0, 0, false, 2);
}

/// Memory of the functions in GB (the template's `MemorySize`).
const MEMORY: Decimal = Decimal::from_parts(25, 0, 0, false, 2);
/// How long an AWS call of a function takes, in milliseconds.
pub(crate) const CALL_MS: u64 = 5;
/// How long a function computes for a request, in milliseconds, rounded up as Lambda bills it.
pub(crate) const COMPUTE_MS: u64 = 1;
/// How long an exchange with Fineract takes, in milliseconds.
pub(crate) const FINERACT_MS: u64 = 100;
/// The template's `RetentionDays` in months.
const RETENTION_MONTHS: Decimal = Decimal::from_parts(3, 0, 0, false, 0);
/// What DynamoDB adds to each entry of an index, in bytes.
const INDEX_ENTRY: usize = 100;
/// Headers, TLS and TCP of an answer or a request, in bytes.
const FRAME: usize = 500;
/// Log lines of a run: Lambda's START, END and REPORT, with what CloudWatch adds to each.
const PLATFORM_LOG: usize = 450;
/// The line of the access log.
const ACCESS_LOG: usize = 220;
/// The line that operate or the worker writes itself.
const OWN_LOG: usize = 330;
const WRITE_UNIT: usize = 1_024;
const READ_UNIT: usize = 4_096;

/// What one operation takes, counted.
#[derive(Debug)]
pub(crate) struct Taken {
    operation: &'static str,
    /// AWS calls of operate, of the worker, of status.
    calls: [u64; 3],
    /// Exchanges with Fineract.
    exchanges: u64,
    write_units: usize,
    /// Without those of status.
    read_halves: usize,
    row: usize,
    index: usize,
    accepted_answer: usize,
    ended_answer: usize,
}

fn units(bytes: usize, unit: usize) -> usize {
    bytes.div_ceil(unit).max(1)
}

fn size(row: &Row) -> usize {
    bytes(&of_row(row).unwrap())
}

/// Counts one operation.
async fn taken(gateway: &Gateway, operation: &'static str, data: &Value) -> Taken {
    gateway.table.tally.take();
    gateway.line.tally.take();
    gateway.bank.tally.take();
    gateway.table.written.lock().unwrap().clear();
    let accepted = gateway.accept(operation, data).await;
    let row = || gateway.table.inner.row(accepted.tracking_id.id).unwrap();
    let before = size(&row());
    let index = row().open_key().len() + row().subject.as_str().len() + 2 * INDEX_ENTRY;
    let operate = gateway.table.tally.take().values().sum::<u32>() + gateway.line.tally.take().values().sum::<u32>();
    let (group, message) = gateway.line.take().unwrap();
    gateway.run(&message).await;
    gateway.line.delete(&group);
    let made = gateway.table.tally.take();
    let count = |name: &str| made.get(name).copied().unwrap_or_default();
    let ended = size(&row());
    let report = gateway.track(&accepted).await;
    assert!(report.ended, "{operation}");
    gateway.line.tally.take();
    // A write is as large as the larger of the rows before and after it. Two entries of indexes are written with the
    // insert, and one is removed with the end.
    let larger = |(before, after): &(Option<Row>, Row)| size(after).max(before.as_ref().map_or(0, size));
    let written: Vec<_> = gateway.table.written.lock().unwrap().iter().map(larger).collect();
    let write_units = written.into_iter().map(|size| units(size, WRITE_UNIT)).sum::<usize>() + 3;
    Taken {
        operation,
        calls: [u64::from(operate), u64::from(made.values().sum::<u32>()), 1],
        exchanges: u64::from(gateway.bank.tally.take().values().sum::<u32>()),
        write_units,
        // A strongly consistent read is a unit, a query of the index half of one.
        read_halves: usize::try_from(count("get")).unwrap() * 2 * units(before, READ_UNIT)
            + usize::try_from(count("query")).unwrap(),
        row: ended,
        index,
        accepted_answer: accepted.body().to_string().len() + FRAME,
        ended_answer: report.body.to_string().len() + FRAME,
    }
}

/// A line of the bill: what, how it comes about, USD per million operations.
type Line = (&'static str, String, Decimal);

fn million_gb(bytes: usize) -> Decimal {
    // A million times so many bytes, in GB.
    Decimal::from(bytes) / Decimal::from(1_000)
}

fn lambda(runs: usize, ms: u64) -> (String, Decimal) {
    let each = list::INVOCATION + MEMORY * Decimal::from(ms) * Decimal::from(1_000) * list::GB_SECOND;
    (format!("{runs} x {ms} ms of {MEMORY} GB"), Decimal::from(runs) * each)
}

fn bill(taken: &Taken, polls: usize) -> Vec<Line> {
    let [operate, worker, status] = taken.calls;
    let mut lines: Vec<Line> = Vec::new();
    let requests = 1 + polls;
    lines.push((
        "API Gateway",
        format!("{requests} requests"),
        Decimal::from(requests) * list::API,
    ));
    let mut function = |name, runs, ms| {
        let (how, usd) = lambda(runs, ms);
        lines.push((name, how, usd));
    };
    function("Lambda: operate", 1, operate * CALL_MS + COMPUTE_MS);
    function("Lambda: status", polls, status * CALL_MS + COMPUTE_MS);
    function(
        "Lambda: worker",
        1,
        worker * CALL_MS + taken.exchanges * FINERACT_MS + COMPUTE_MS,
    );
    let writes = taken.write_units;
    lines.push((
        "DynamoDB: writes",
        format!("{writes} units"),
        Decimal::from(writes) * list::WRITE,
    ));
    let reads = Decimal::from(taken.read_halves) / Decimal::TWO + Decimal::from(polls);
    lines.push((
        "DynamoDB: reads",
        format!("{} units", reads.normalize()),
        reads * list::READ,
    ));
    let stored = taken.row + taken.index;
    let usd = million_gb(stored) * list::STORED * RETENTION_MONTHS;
    lines.push((
        "DynamoDB: kept",
        format!("{stored} bytes for {RETENTION_MONTHS} months"),
        usd,
    ));
    lines.push((
        "SQS",
        "send, receive, delete".to_owned(),
        Decimal::from(3) * list::QUEUE,
    ));
    let logged = PLATFORM_LOG * (2 + polls) + ACCESS_LOG * requests + OWN_LOG * 2;
    lines.push((
        "CloudWatch Logs",
        format!("{logged} bytes"),
        million_gb(logged) * list::LOGGED,
    ));
    let sent = taken.accepted_answer + polls * taken.ended_answer;
    lines.push((
        "Sent to callers",
        format!("{sent} bytes"),
        million_gb(sent) * list::SENT,
    ));
    lines
}

fn usd(amount: Decimal) -> String {
    format!("{:.2}", amount.round_dp(2))
}

async fn table() -> String {
    let gateway = Gateway::new(Duration::ZERO, Duration::ZERO);
    let create = taken(&gateway, "CLIENT_CREATE", &published::client_create("INC-1001")).await;
    gateway
        .perform("LOAN_CREATE", &published::loan_create("LOAN-123"))
        .await;
    let rows = [
        create,
        taken(&gateway, "LOAN_CREATE", &published::loan_create("LOAN-124")).await,
        taken(&gateway, "LOAN_DELETE", &published::of_loan("LOAN-124", json!({}))).await,
    ];
    let mut text = String::new();
    for taken in &rows {
        text += &format!(
            "### {}\n\n| line | 1 poll | USD | 3 polls | USD |\n|---|---|---|---|---|\n",
            taken.operation
        );
        let (one, three) = (bill(taken, 1), bill(taken, 3));
        for ((name, how, cost), (_, how_three, cost_three)) in one.iter().zip(&three) {
            text += &format!(
                "| {name} | {how} | {} | {how_three} | {} |\n",
                usd(*cost),
                usd(*cost_three)
            );
        }
        let sum = |lines: &[Line]| usd(lines.iter().map(|(.., usd)| *usd).sum());
        text += &format!(
            "| **a million operations** | | **{}** | | **{}** |\n\n",
            sum(&one),
            sum(&three)
        );
    }
    text
}

#[tokio::test(start_paused = true)]
async fn the_cost_page_has_the_bill() {
    page::check("cost.md", &table().await);
}
