//! What is done beside an operation that goes through at once, and what it costs.

use std::time::Duration;

use gateway::execute::Reply;
use gateway::queue::Received;
use rust_decimal::Decimal;
use tokio::time::advance;

use crate::bill::{FRAME, Taken, gateway, lasts, total};
use crate::counted::Counted;
use crate::gateway::{Gateway, published};
use crate::price::{ACCESS_LOG, MONTH, OWN_LOG, list, logged, million_gb, million_ms, months, run, usd};

/// When a loan that waits for its client is tried again.
const LATER: Duration = Duration::from_secs(3);
/// Longer than status leaves an operation's place unasked.
const OLD: Duration = gateway::track::YOUNG.saturating_add(Duration::from_millis(1));
/// A year's `RetentionDays` or `LogRetentionDays`.
const YEAR: Decimal = Decimal::from_parts(365, 0, 0, false, 0);

/// What the worker does with a message that was put off.
async fn another_run(gateway: &Gateway, message: &Received) -> Counted {
    Counted::take(gateway);
    gateway.line.tally.count("receive");
    assert_eq!(gateway.run(message).await, Reply::Again);
    Counted::take(gateway)
}

/// One more run of a loan that waits for its client, and one before its time.
async fn waiting() -> (Counted, Counted) {
    let gateway = gateway();
    gateway.accept("LOAN_CREATE", &published::loan_create("LOAN-123")).await;
    let (_, message) = gateway.line.take().unwrap();
    assert_eq!(gateway.run(&message).await, Reply::Again);
    let early = another_run(&gateway, &message).await;
    advance(LATER).await;
    (another_run(&gateway, &message).await, early)
}

/// An operation that the index does not show yet when its message comes.
async fn unseen() -> Counted {
    let gateway = gateway();
    let accepted = gateway
        .accept("CLIENT_CREATE", &published::client_create("INC-1001"))
        .await;
    gateway
        .table
        .hide(&gateway.table.inner.row(accepted.tracking_id.id).unwrap());
    let (group, message) = gateway.line.take().unwrap();
    Counted::take(&gateway);
    assert_eq!(gateway.run(&message).await, Reply::Done);
    gateway.line.tally.count("receive");
    gateway.line.delete(&group);
    Counted::take(&gateway)
}

/// A repeat of a POST while its operation is open, and a poll of it later.
async fn again() -> (Counted, usize, Counted) {
    let gateway = gateway();
    let data = published::client_create("INC-1001");
    let accepted = gateway.accept_once("CLIENT_CREATE", &data, Some("key")).await;
    Counted::take(&gateway);
    let repeated = gateway.accept_once("CLIENT_CREATE", &data, Some("key")).await;
    assert!(repeated.replayed);
    let repeat = Counted::take(&gateway);
    advance(OLD).await;
    gateway.track(&accepted).await;
    (
        repeat,
        repeated.body().to_string().len() + FRAME,
        Counted::take(&gateway),
    )
}

/// What a request costs beside the function's run.
fn request(answer: usize) -> Decimal {
    list::API + logged(ACCESS_LOG) + million_gb(answer) * list::SENT
}

/// What was done, without what was not.
fn made(done: &Counted) -> String {
    let reads = Decimal::from(done.read_halves) / Decimal::TWO;
    let units = [
        (Decimal::from(done.rows_written + done.entries_written), "units written"),
        (reads.normalize(), "units read"),
        (Decimal::from(done.queued), "requests of SQS"),
    ];
    let units = units.into_iter().filter(|(count, _)| !count.is_zero());
    units
        .map(|(count, what)| format!("{what}: {count}"))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(crate) async fn table(operations: &[Taken]) -> String {
    let create = &operations[0];
    let (later, early) = waiting().await;
    let unseen = unseen().await;
    let (repeat, answer, old) = again().await;
    let x86 = |polls: u64, taken: &Taken| {
        Decimal::from(lasts(taken, polls)) * million_ms(list::GB_SECOND_X86 - list::GB_SECOND)
    };
    let x86_least = operations.iter().map(|taken| x86(1, taken)).min().unwrap();
    let x86_most = operations.iter().map(|taken| x86(3, taken)).max().unwrap();
    let year = |parameter| YEAR / Decimal::from(MONTH) - months(parameter);
    let kept = million_gb(create.kept) * list::STORED * year("RetentionDays");
    let log = |bytes: usize| million_gb(bytes) * list::LOG_KEPT * year("LogRetentionDays");
    let rows = [
        (
            "one more poll",
            "a request, a run of status, a read".to_owned(),
            usd((total(create, 3) - total(create, 1)) / Decimal::TWO),
        ),
        (
            "a poll of an operation that no worker has taken up after 2 s",
            "one query more".to_owned(),
            usd(run(&old, 0) - run(&create.status, 0)),
        ),
        (
            "a repeat of a POST with its `Idempotency-Key` while the operation is open",
            made(&repeat),
            usd(run(&repeat, 1) + request(answer)),
        ),
        (
            "one more run: an operation waits and is tried again",
            made(&later),
            usd(run(&later, 1)),
        ),
        (
            "a message that comes before its operation is due: the claim is refused",
            made(&early),
            usd(run(&early, 0)),
        ),
        (
            "a message that comes before the index shows its operation: the worker reads the row",
            format!(
                "calls: {} more, units read: {} more",
                unseen.calls - create.worker.calls,
                (Decimal::from(unseen.read_halves - create.worker.read_halves) / Decimal::TWO).normalize()
            ),
            usd(run(&unseen, 1) - run(&create.worker, 1)),
        ),
        (
            "10 ms of a cold start, if each run had one (Init is billed)",
            "of each function's run".to_owned(),
            usd(Decimal::TEN * million_ms(list::GB_SECOND)),
        ),
        (
            "`Architecture` `x86_64`",
            "a quarter more of Lambda's GB-seconds".to_owned(),
            format!("{} to {}", usd(x86_least), usd(x86_most)),
        ),
        ("`RetentionDays` 365", format!("{} bytes", create.kept), usd(kept)),
        ("`LogRetentionDays` 365", "1 KB of lines".to_owned(), usd(log(1_000))),
        (
            "`LogLevel` `warn`",
            "without the functions' own lines; Lambda's and the metrics' stay".to_owned(),
            format!("-{}", usd(logged(2 * OWN_LOG))),
        ),
    ];
    let mut text =
        String::from("### What adds to it\n\n| what | how it comes about | USD for a million |\n|---|---|---|\n");
    for (what, how, cost) in rows {
        text += &format!("| {what} | {how} | {cost} |\n");
    }
    text += "\n";
    text
}
