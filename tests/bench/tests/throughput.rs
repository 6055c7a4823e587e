//! How much goes through: workers side by side before a Fineract that takes its time, under virtual time.

use std::sync::Arc;
use std::time::Duration;

use gateway::execute::Reply;
use gateway::row::{Acceptance, Row};
use gateway::subject::Subject;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::gateway::{Gateway, published};
use crate::page;
use crate::price::CALL_MS;

/// How long an exchange with Fineract takes.
const FINERACT: Duration = Duration::from_millis(100);
/// How many operations each worker carries out in one run of the test.
const EACH: usize = 20;
/// The part of what Fineract could take that must go through, in thousandths.
const PART_MIN: u128 = 900;
const WORKERS: [usize; 3] = [1, 10, 100];

/// How long so many workers take for their operations, and how many calls of the table they make for each.
async fn lasts(workers: usize, table: Duration) -> (Duration, u32) {
    let gateway = Arc::new(Gateway::new(FINERACT, table));
    for number in 0..workers * EACH {
        gateway
            .accept("CLIENT_CREATE", &published::another_client(number))
            .await;
    }
    gateway.table.tally.take();
    let began = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..workers {
        let gateway = Arc::clone(&gateway);
        running.spawn(async move {
            while let Ok((group, message)) = timeout(FINERACT, gateway.line.receive()).await {
                assert_eq!(gateway.run(&message).await, Reply::Done);
                gateway.line.delete(&group);
            }
            Instant::now() - FINERACT
        });
    }
    let ends = running.join_all().await;
    let rows = gateway.table.inner.rows();
    assert!(rows.iter().all(|row| row.state.status() == "success"));
    let calls: u32 = gateway.table.tally.take().values().sum();
    let lasted = ends.into_iter().max().unwrap() - began;
    (lasted, calls / u32::try_from(workers * EACH).unwrap())
}

/// The part of what Fineract could take that goes through, in thousandths.
fn part(lasted: Duration) -> u128 {
    let ideal = FINERACT * u32::try_from(EACH).unwrap();
    ideal.as_micros() * 1_000 / lasted.as_micros()
}

/// Thousandths as per cent.
fn percent(part: u128) -> String {
    format!("{}.{}", part / 10, part % 10)
}

#[tokio::test(start_paused = true)]
async fn workers_do_not_wait_for_each_other() {
    for workers in WORKERS {
        let (lasted, _) = lasts(workers, Duration::ZERO).await;
        let part = part(lasted);
        assert!(part >= PART_MIN, "{workers} workers: {} %", percent(part));
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_table_that_takes_its_time_the_page_says_what_goes_through() {
    let table = Duration::from_millis(CALL_MS);
    let (alone, calls) = lasts(1, table).await;
    for workers in WORKERS {
        assert_eq!(lasts(workers, table).await, (alone, calls), "{workers} workers");
    }
    let part = part(alone);
    let said = format!(
        "with {CALL_MS} ms for each AWS call, 1, 10 and 100 workers carry out {} % of N x 10 CLIENT_CREATE a second, {} points \
         less than the budget of {} %: the {calls} calls, one after the other, take {} ms beside Fineract's {} ms",
        percent(part),
        percent(PART_MIN - part),
        PART_MIN / 10,
        u64::from(calls) * CALL_MS,
        FINERACT.as_millis(),
    );
    page::says("scaling.md", &said);
}

fn waiting(number: usize, gateway: &Gateway) -> Row {
    Row::from(Acceptance {
        id: Uuid::from_u128(u128::try_from(number).unwrap() + 1),
        operation: "CLIENT_CREATE".to_owned(),
        caller: "los".to_owned(),
        subject: Subject::stored(format!("client:WAITING-{number}")),
        data: published::another_client(number),
        ignored: Vec::new(),
        fingerprint: "0123456789abcdef".to_owned(),
        nonce: "n".to_owned(),
        accepted_at: gateway.now(),
    })
}

#[tokio::test(start_paused = true)]
async fn an_operation_costs_the_same_however_many_are_open() {
    let mut costs = Vec::new();
    for open in [10, 1_000, 100_000] {
        let gateway = Gateway::new(FINERACT, Duration::ZERO);
        for number in 0..open {
            gateway.table.put_open(waiting(number, &gateway));
        }
        let began = Instant::now();
        let accepted = gateway.perform("CLIENT_CREATE", &published::another_client(0)).await;
        gateway.track(&accepted).await;
        let entries = *gateway.table.entries_read.lock().unwrap();
        let (table, line) = (gateway.table.tally.take(), gateway.line.tally.take());
        costs.push((table, line, gateway.bank.tally.take(), entries, began.elapsed()));
    }
    assert_eq!(costs[0].3, 1, "its own entry is all that is read of the index");
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}
