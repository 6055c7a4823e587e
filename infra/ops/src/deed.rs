//! `resume`, `retry`, `resolve`, `drain`, `verify`: doing something about operations.

use clap::{Args, ValueEnum};
use gateway::clock::{Clock, SystemClock};
use gateway::execute::shown::Shown;
use gateway::note::Hand;
use gateway::operator::resolve::End;
use gateway::operator::verify::Verified;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;
use crate::output::{NOTHING, Output, table};
use crate::tools::{Tools, operation, progress, time};
use crate::view::summary;

#[derive(Args)]
pub(crate) struct One {
    /// The tracking id, or the UUID in it.
    #[arg(value_parser = operation)]
    id: Uuid,
    /// Why, for the history.
    #[arg(long)]
    why: String,
}

#[derive(Args)]
pub(crate) struct Resolve {
    #[command(flatten)]
    one: One,
    /// What it ends as: Fineract applied it, or it did not.
    #[arg(long = "as", value_enum)]
    end: Ended,
    /// End it so even if Fineract does not confirm it. Its caller is told what you say: be sure.
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Ended {
    Success,
    Failed,
}

#[derive(Args)]
pub(crate) struct Drain {
    /// Why, for the histories.
    #[arg(long)]
    why: String,
    /// Also remove messages that nobody can read, and such as are about no operation.
    #[arg(long)]
    remove_strays: bool,
}

#[derive(Args)]
pub(crate) struct Verify {
    /// Read back what ended since then: a time as in 2026-03-13T10:01:02Z, or so long ago as in 2h.
    #[arg(long, value_name = "TIME")]
    since: String,
}

/// Tries an operation now.
pub(crate) async fn resume(one: &One, by: &str, tools: &Tools) -> Result<Output, Error> {
    let row = tools.operator().resume(one.id, &hand(by, &one.why)?).await;
    let row = row.map_err(Error::refused_or_failed)?;
    let text = format!("{} is tried as soon as a worker is free.", row.tracking_id());
    Ok(Output {
        text,
        json: json!({"tracking_id": row.tracking_id().to_string()}),
    })
}

/// Sends a failed operation anew.
pub(crate) async fn retry(one: &One, by: &str, tools: &Tools) -> Result<Output, Error> {
    let row = tools.operator().retry(one.id, &hand(by, &one.why)?).await;
    let row = row.map_err(Error::refused_or_failed)?;
    Ok(Output {
        text: format!("Sent anew as {}.", row.tracking_id()),
        json: json!({"tracking_id": row.tracking_id().to_string(), "retry_of": one.id}),
    })
}

/// Ends an operation by hand.
pub(crate) async fn resolve(resolve: &Resolve, by: &str, tools: &Tools) -> Result<Output, Error> {
    let end = match resolve.end {
        Ended::Success => End::Success,
        Ended::Failed => End::Failed,
    };
    let hand = hand(by, &resolve.one.why)?;
    let (operator, executor) = (tools.operator(), tools.executor());
    let row = operator
        .resolve(&executor, resolve.one.id, end, &hand, resolve.force)
        .await;
    let row = row.map_err(Error::refused_or_failed)?;
    Ok(Output {
        text: format!("{} has ended: {}.", row.tracking_id(), row.state.as_str()),
        json: summary(&row),
    })
}

/// Brings dead letters back.
pub(crate) async fn drain(drain: &Drain, by: &str, tools: &Tools) -> Result<Output, Error> {
    let bar = progress();
    let hand = hand(by, &drain.why)?;
    let drained = tools
        .operator()
        .drain(&tools.letters, &hand, drain.remove_strays, &|so_far| {
            bar.set_message(format!("{} sent again, {} had ended", so_far.sent, so_far.ended));
        })
        .await;
    bar.finish_and_clear();
    let drained = drained.map_err(Error::refused_or_failed)?;
    let strays = if drain.remove_strays { "removed" } else { "left" };
    let mut text = format!(
        "{} sent again, {} about ended operations removed, {} about no operation {strays}, {} left for another round.\n",
        drained.sent,
        drained.ended,
        drained.strays.len(),
        drained.left
    );
    for stray in &drained.strays {
        text.push_str(&format!("  {stray}\n"));
    }
    let json = json!({"sent": drained.sent, "ended": drained.ended, "strays": drained.strays,
        "strays_removed": drain.remove_strays, "left": drained.left});
    Ok(Output { text, json })
}

/// Reads back what has ended.
pub(crate) async fn verify(verify: &Verify, tools: &Tools) -> Result<Output, Error> {
    let since = time(&verify.since, SystemClock.now()).map_err(Error::refused)?;
    let bar = progress();
    let (operator, executor) = (tools.operator(), tools.executor());
    let verified = operator
        .verify(&executor, since, &|so_far| {
            let found = so_far.findings.len();
            bar.set_message(format!(
                "{} rows, {} read back, {found} found",
                so_far.rows, so_far.looked_at
            ));
        })
        .await;
    bar.finish_and_clear();
    Ok(found(&verified.map_err(Error::failed("reading the table"))?))
}

fn found(verified: &Verified) -> Output {
    let rows: Vec<_> = verified
        .findings
        .iter()
        .map(|finding| {
            let later = finding.later.as_ref().map(ToString::to_string);
            [
                finding.row.tracking_id().to_string(),
                finding.row.subject.to_string(),
                word(&finding.shown),
                later.unwrap_or_else(|| NOTHING.to_owned()),
            ]
        })
        .collect();
    let alone = verified
        .findings
        .iter()
        .filter(|finding| finding.later.is_none())
        .count();
    let mut text = format!(
        "{} successes read back, {} not as they were, {alone} of these without a later success that may be why.\n",
        verified.looked_at,
        rows.len()
    );
    if !rows.is_empty() {
        text.push_str(&format!(
            "\n{}",
            table(["OPERATION", "SUBJECT", "FINERACT", "LATER SUCCESS"], &rows)
        ));
    }
    if verified.unreadable > 0 {
        text.push_str(&format!("\n{} items could not be read.\n", verified.unreadable));
    }
    let findings = verified.findings.iter().map(|finding| {
        let mut json = summary(&finding.row);
        json["fineract"] = word(&finding.shown).into();
        json["later"] = finding.later.as_ref().map(ToString::to_string).into();
        json
    });
    let json = json!({"rows": verified.rows, "looked_at": verified.looked_at, "unreadable": verified.unreadable,
        "findings": findings.collect::<Vec<Value>>()});
    Output { text, json }
}

fn word(shown: &Shown) -> String {
    let word = match shown {
        Shown::Applied(_) => "holds it",
        Shown::NotApplied => "does not hold it",
        Shown::ByAnother => "holds another user's",
        Shown::Undone => "holds it undone",
        Shown::Unanswered(reason) => return format!("did not tell ({})", reason.as_str()),
        Shown::Asks => "was only asked",
        Shown::NotUnderstood => "was not asked: the data is not understood",
    };
    word.to_owned()
}

fn hand(by: &str, why: &str) -> Result<Hand, Error> {
    Hand::new(by, why).map_err(Error::refused)
}
