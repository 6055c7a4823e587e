//! `list`, `history`, `show`: looking at operations.

use std::time::Duration;

use clap::Args;
use gateway::clock::{Clock, SystemClock, Timestamp};
use gateway::note::Hand;
use gateway::operator::find::{Cursor, Filter, Found};
use gateway::row::Row;
use gateway::subject::Subject;
use gateway::tracking::State;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;
use crate::output::{NOTHING, Output, table};
use crate::place::Place;
use crate::tools::{Tools, operation, progress, span};

#[derive(Args)]
pub(crate) struct List {
    /// Only in these states: accepted, running, waiting, pending_approval, succeeded, failed, cancelled. Without ended ones
    /// among them the index of open operations is read; with them, the whole table.
    #[arg(long, value_delimiter = ',', value_parser = state)]
    state: Vec<State>,
    /// Only such as were accepted at least so long ago: 90s, 15m, 2h, 3d.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    older_than: Option<Duration>,
    /// Only operations of this name.
    #[arg(long)]
    operation: Option<String>,
    /// Only of the lender (`lenderConfig`) that their data names.
    #[arg(long)]
    lender: Option<String>,
    /// Only of the caller with this name or id.
    #[arg(long)]
    caller: Option<String>,
    /// How many at the most.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Go on where an earlier list stopped.
    #[arg(long, value_name = "PLACE")]
    after: Option<Cursor>,
}

#[derive(Args)]
pub(crate) struct Show {
    /// The tracking id, or the UUID in it.
    #[arg(value_parser = operation)]
    id: Uuid,
    /// Also show the stored request and answer, which are about somebody: it is noted in the operation's history.
    #[arg(long, requires = "why")]
    reveal: bool,
    /// Why, for the history.
    #[arg(long)]
    why: Option<String>,
}

#[derive(Args)]
pub(crate) struct History {
    /// `client` or `loan`.
    #[arg(value_parser = ["client", "loan"])]
    kind: String,
    /// Its external id.
    external_id: String,
}

/// Finds operations.
pub(crate) async fn list(list: &List, tools: &Tools) -> Result<Output, Error> {
    let filter = Filter {
        states: list.state.clone(),
        operation: list.operation.clone(),
        caller: list.caller.clone(),
        lender: list.lender.clone(),
        older: list.older_than,
    };
    let operator = tools.operator();
    let bar = progress();
    let told = |looked_at: u32| bar.set_message(format!("{looked_at} operations looked at"));
    let ended = list.state.iter().any(|state| !state.is_open());
    let found = match (&list.after, ended) {
        (Some(Cursor::Ended(id)), true) => operator.every(&filter, Some(*id), list.limit, &told).await,
        (None, true) => operator.every(&filter, None, list.limit, &told).await,
        (Some(Cursor::Open(shard, key)), false) => {
            let from = Some((*shard, key.clone()));
            operator.open(&filter, from, list.limit, &told).await
        }
        (None, false) => operator.open(&filter, None, list.limit, &told).await,
        (Some(_), _) => return Err(Error::refused("this place is of a list of other states")),
    };
    bar.finish_and_clear();
    Ok(listed(
        found.map_err(Error::failed("listing operations"))?,
        SystemClock.now(),
    ))
}

fn listed(mut found: Found, now: Timestamp) -> Output {
    found.rows.sort_by_key(|row| row.accepted_at);
    let mut text = overview(&found.rows, now);
    let next = found.next.as_ref().map(ToString::to_string);
    if let Some(next) = &next {
        text.push_str(&format!("\nThere may be more: --after {next}\n"));
    }
    if found.unreadable > 0 {
        text.push_str(&format!("\n{} items could not be read.\n", found.unreadable));
    }
    let operations: Vec<Value> = found.rows.iter().map(summary).collect();
    let json =
        json!({"operations": operations, "next": next, "looked_at": found.looked_at, "unreadable": found.unreadable});
    Output { text, json }
}

fn overview(rows: &[Row], now: Timestamp) -> String {
    let lines = rows.iter().map(|row| {
        [
            row.tracking_id().to_string(),
            row.state.as_str().to_owned(),
            reason(row),
            age(now.since(row.accepted_at)),
            row.attempts.to_string(),
            row.subject.to_string(),
            row.caller.clone(),
        ]
    });
    let heads = ["OPERATION", "STATE", "REASON", "AGE", "TRIES", "SUBJECT", "CALLER"];
    table(heads, &lines.collect::<Vec<_>>())
}

/// Why it waits; of a permission that is missing also which.
fn reason(row: &Row) -> String {
    let reason = row.reason.map_or(NOTHING, |reason| reason.as_str());
    match row.missing_authority() {
        Some(authority) => format!("{reason}: {authority}"),
        None => reason.to_owned(),
    }
}

fn age(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3_600 => format!("{}m", seconds / 60),
        seconds @ 3_600..86_400 => format!("{}h", seconds / 3_600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// What is told about an operation without anything about a person.
pub(crate) fn summary(row: &Row) -> Value {
    json!({
        "tracking_id": row.tracking_id().to_string(),
        "state": row.state,
        "reason": row.reason,
        "missing_authority": row.missing_authority(),
        "subject": row.subject,
        "caller": row.caller,
        "accepted_at": row.accepted_at,
        "processed_at": row.processed_at,
        "next_attempt_at": row.next_attempt_at,
        "attempts": row.attempts,
        "maybe_sent": row.maybe_sent,
        "code": row.failure.as_ref().and_then(|failure| failure.plain_code()),
    })
}

/// What was done on a client or loan.
pub(crate) async fn history(history: &History, tools: &Tools) -> Result<Output, Error> {
    let subject = Subject::stored(format!("{}:{}", history.kind, history.external_id));
    let rows = tools.operator().history(&subject).await;
    let rows = rows.map_err(Error::failed("reading the history"))?;
    Ok(Output {
        text: overview(&rows, SystemClock.now()),
        json: rows.iter().map(summary).collect(),
    })
}

/// One operation.
pub(crate) async fn show(show: &Show, place: &Place, by: Option<&str>, tools: &Tools) -> Result<Output, Error> {
    let operator = tools.operator();
    let mut row = operator.row(show.id).await.map_err(Error::refused_or_failed)?;
    if let (true, Some(why)) = (show.reveal, &show.why) {
        let hand = Hand::new(&place.who(by).await?, why).map_err(Error::refused)?;
        operator.reveal(&row, &hand).await.map_err(Error::refused_or_failed)?;
        row = operator.row(show.id).await.map_err(Error::refused_or_failed)?;
    }
    Ok(shown(&row, show.reveal))
}

/// An operation's states, tries and notes; its request and answer only if they are to be revealed.
fn shown(row: &Row, reveal: bool) -> Output {
    let mut json = summary(row);
    let tries = row.history.iter().map(|entry| {
        json!({"at": entry.at, "answer": entry.verdict, "status": entry.status, "code": entry.code,
            "authority": entry.authority, "key": row.key_of(entry.key_epoch)})
    });
    json["tries"] = tries.collect();
    json["key"] = row.key().into();
    json["notes"] = json!(row.notes);
    if reveal {
        json["data"] = row.data.clone();
        json["response"] = json!(row.response);
        json["failure"] = json!(row.failure.as_ref().map(|failure| failure.response()));
    }

    let mut text = String::new();
    let lines = [
        "tracking_id",
        "state",
        "reason",
        "missing_authority",
        "subject",
        "caller",
        "accepted_at",
        "processed_at",
        "next_attempt_at",
        "attempts",
        "maybe_sent",
        "code",
        "key",
    ];
    for name in lines {
        let value = json.get(name).filter(|value| !value.is_null());
        if let Some(value) = value {
            let plain = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.push_str(&format!("{name:<17} {plain}\n"));
        }
    }
    let tries: Vec<_> = row
        .history
        .iter()
        .map(|entry| {
            let status = entry
                .status
                .map_or_else(|| NOTHING.to_owned(), |status| status.to_string());
            let code = entry.code.as_deref().unwrap_or(NOTHING);
            let code = match &entry.authority {
                Some(authority) => format!("{code}: {authority}"),
                None => code.to_owned(),
            };
            [
                entry.at.to_string(),
                entry.verdict.clone(),
                status,
                code,
                row.key_of(entry.key_epoch),
            ]
        })
        .collect();
    text.push_str(&format!(
        "\n{}",
        table(["TRIED AT", "ANSWER", "STATUS", "CODE", "KEY"], &tries)
    ));
    let notes: Vec<_> = row
        .notes
        .iter()
        .map(|note| {
            let other = note.other.map_or_else(|| NOTHING.to_owned(), |other| other.to_string());
            [
                note.at.to_string(),
                note.by.clone(),
                note.deed.as_str().to_owned(),
                other,
                note.why.clone(),
            ]
        })
        .collect();
    text.push_str(&format!(
        "\n{}",
        table(["NOTED AT", "BY", "DEED", "OTHER", "WHY"], &notes)
    ));
    if reveal {
        for name in ["data", "response", "failure"] {
            text.push_str(&format!("\n{name}\n{:#}\n", json[name]));
        }
    }
    Output { text, json }
}

fn state(text: &str) -> Result<State, String> {
    let found = State::ALL.into_iter().find(|state| state.as_str() == text);
    found.ok_or_else(|| format!("it is one of {}", State::ALL.map(State::as_str).join(", ")))
}
