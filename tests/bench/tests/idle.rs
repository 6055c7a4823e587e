//! What a month costs in which nothing happens, and what the metrics cost once something does.

use std::collections::BTreeSet;
use std::time::Duration;

use gateway::metrics::Metric;
use gateway::pace::Reason;
use gateway::tracking::State;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::bill::gateway;
use crate::counted::Counted;
use crate::deployed::{property, resources};
use crate::gateway::{Gateway, published};
use crate::price::{MONTH, lines, list, logged, reads, runs, usd};

/// Lambda's pollers of a queue in which nothing is.
const POLLERS: u64 = 5;
/// How often each asks in a minute: it waits for 20 s.
const POLLS_A_MINUTE: u64 = 3;
const MINUTES: u64 = MONTH * 24 * 60;
const MILLION: u64 = 1_000_000;
/// Each month free in every account.
const FREE_ALARMS: usize = 10;
const FREE_DASHBOARDS: usize = 3;
/// A free dashboard has no more metrics.
const FREE_DASHBOARD_METRICS: usize = 50;
const FREE_METRICS: usize = 10;

/// A line: what, how many, USD a month, and what is left of it after the free tiers.
type Line = (&'static str, String, Decimal, Decimal);

fn of_type(kind: &str) -> Vec<Value> {
    let resources = resources();
    resources
        .of_type(kind)
        .map(|(_, properties)| properties.clone())
        .collect()
}

/// So many at this price, of which some are free.
fn each(what: &'static str, count: usize, free: usize, price: Decimal) -> Line {
    let usd = |count: usize| Decimal::from(count) * price;
    (what, count.to_string(), usd(count), usd(count.saturating_sub(free)))
}

fn alarms() -> Line {
    let alarms = of_type("AWS::CloudWatch::Alarm");
    for alarm in &alarms {
        assert!(alarm["MetricName"].is_string(), "an alarm on one metric: {alarm}");
        assert!(alarm["Period"].as_u64().unwrap() >= 60, "a standard alarm: {alarm}");
    }
    each("alarms", alarms.len(), FREE_ALARMS, list::ALARM)
}

fn dashboards() -> Line {
    let dashboards = of_type("AWS::CloudWatch::Dashboard");
    let shown = |dashboard: &Value| {
        let body = dashboard["DashboardBody"]["Fn::Sub"].as_str().unwrap().to_owned();
        let body: Value = serde_json::from_str(&body).unwrap();
        let widgets = body["widgets"].as_array().unwrap().iter();
        widgets
            .map(|widget| widget["properties"]["metrics"].as_array().unwrap().len())
            .sum::<usize>()
    };
    assert!(
        dashboards
            .iter()
            .all(|dashboard| shown(dashboard) <= FREE_DASHBOARD_METRICS)
    );
    each("dashboard", dashboards.len(), FREE_DASHBOARDS, list::DASHBOARD)
}

/// What the worker's event source asks of a queue in which nothing is.
fn pollers() -> Line {
    let polls = POLLERS * POLLS_A_MINUTE * MINUTES;
    let usd = |polls: u64| Decimal::from(polls) * list::QUEUE / Decimal::from(MILLION);
    (
        "the queue's empty polls",
        format!("{POLLERS} pollers, {POLLS_A_MINUTE} times a minute each"),
        usd(polls),
        usd(polls.saturating_sub(MILLION)),
    )
}

/// How often the sweep runs in a month.
fn sweeps() -> u64 {
    let rate = property("SweepFunction", "Events.Schedule.Properties.ScheduleExpression");
    let minutes = rate
        .as_str()
        .unwrap()
        .strip_prefix("rate(")
        .and_then(|rate| rate.strip_suffix(" minutes)"));
    MINUTES / minutes.unwrap().parse::<u64>().unwrap()
}

async fn sweep() -> [Line; 2] {
    let gateway = gateway();
    assert!(gateway.sweep().await.complete);
    let done = Counted::take(&gateway);
    let times = sweeps();
    let usd = |million: Decimal| Decimal::from(times) * million / Decimal::from(MILLION);
    let all = runs(&done) + reads(done.read_halves) + logged(lines(&done, 1)) + list::SCHEDULE;
    assert_eq!(property("OperationsTable", "SSESpecification.SSEEnabled"), true);
    [
        (
            "the sweep",
            format!("{times} runs of {} queries", done.calls),
            usd(all),
            usd(reads(done.read_halves)),
        ),
        // The key of the table is kept for five minutes.
        (
            "KMS: the table's key, which AWS manages",
            format!("one request a sweep: {times}"),
            usd(list::KEY),
            Decimal::ZERO,
        ),
    ]
}

async fn month_lines() -> Vec<Line> {
    let secrets = of_type("AWS::SecretsManager::Secret").len();
    let mut lines = vec![
        alarms(),
        dashboards(),
        each("secret", secrets, 0, list::SECRET),
        pollers(),
    ];
    lines.extend(sweep().await);
    lines
}

/// A month in USD, and what is left of it where nothing else uses the account's free tiers.
pub(crate) async fn month() -> (Decimal, Decimal) {
    let lines = month_lines().await;
    let all = lines.iter().map(|(.., usd, _)| *usd).sum();
    (all, lines.iter().map(|(.., left)| *left).sum())
}

/// What tells a metric: its name, and the values of its dimensions.
fn metrics(line: &str) -> BTreeSet<(String, Vec<String>)> {
    let document: Value = serde_json::from_str(line).unwrap();
    let directive = &document["_aws"]["CloudWatchMetrics"][0];
    let [dimensions] = directive["Dimensions"].as_array().unwrap().as_slice() else {
        panic!("one set of dimensions: {line}");
    };
    let values = dimensions.as_array().unwrap().iter();
    let values: Vec<_> = values
        .map(|name| document[name.as_str().unwrap()].to_string())
        .collect();
    let metrics = directive["Metrics"].as_array().unwrap().iter();
    metrics
        .map(|metric| (metric["Name"].to_string(), values.clone()))
        .collect()
}

/// What is sent while operations succeed, by their lines.
async fn sent() -> BTreeSet<(String, Vec<String>)> {
    let gateway: Gateway = gateway();
    gateway
        .perform("CLIENT_CREATE", &published::client_create("INC-1001"))
        .await;
    gateway
        .perform("LOAN_CREATE", &published::loan_create("LOAN-123"))
        .await;
    let lines = gateway.metrics.lock().unwrap();
    lines.iter().flat_map(|line| metrics(line)).collect()
}

/// All that there can be: a run ends nothing as cancelled.
fn possible(gateway: &Gateway) -> BTreeSet<(String, Vec<String>)> {
    let ended = [State::Succeeded, State::Failed].map(|state| Metric::Ended {
        state,
        after: Duration::ZERO,
        attempts: 1,
    });
    let exchanges = [true, false].map(|command| Metric::Exchange {
        command,
        took: Duration::ZERO,
        failed: false,
    });
    let waits = Reason::ALL.map(Metric::Wait);
    let rest = [Metric::Accepted, Metric::InDoubt(Duration::ZERO)];
    let all = waits.into_iter().chain(ended).chain(exchanges).chain(rest);
    all.flat_map(|metric| metrics(&metric.document("bank", gateway.now()).to_string()))
        .collect()
}

pub(crate) async fn table() -> String {
    let row = |(what, how, cost, left): Line| format!("| {what} | {how} | {} | {} |\n", usd(cost), usd(left));
    let mut text = String::from(
        "### While nothing happens\n\n| what | how many | USD a month | after the free tiers |\n|---|---|---|---|\n",
    );
    text.extend(month_lines().await.into_iter().map(row));
    let (all, left) = month().await;
    text += &format!("| **a month** | | **{}** | **{}** |\n", usd(all), usd(left));
    let sent = sent().await.len();
    let possible = possible(&gateway()).len();
    let metrics = |what, count| row(each(what, count, FREE_METRICS, list::METRIC));
    text += &metrics("metrics, while operations succeed", sent);
    text += &metrics("metrics, if everything happens that has one", possible);
    text += "\n";
    text
}
