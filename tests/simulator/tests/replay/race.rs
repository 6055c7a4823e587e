//! Steps that were sent at once.

use fineract_simulator::{Ending, Request, Response, Simulator, Started};
use serde_json::Value;

use crate::{
    outside,
    recording::{Got, Recording, Step},
};

/// What the name of a step says that was sent at once with others.
pub(crate) const THREAD: &str = " [thread ";

/// The steps, those together that were sent at once: their names say which thread sent them.
pub(crate) fn groups(recording: &Recording) -> Vec<Vec<usize>> {
    let together = |step: &Step| step.name.split_once(THREAD).map(|(name, _)| name.to_owned());
    let mut groups: Vec<(Option<String>, Vec<usize>)> = Vec::new();
    for (index, step) in recording.steps.iter().enumerate() {
        let name = together(step);
        match groups.last_mut() {
            Some((last, group)) if name.is_some() && *last == name => group.push(index),
            _ => groups.push((name, vec![index])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Who wrote last is only told by what is read afterwards.
pub(crate) fn put_last_writer_last(steps: &[Step], order: &mut [usize], group: &[usize]) {
    let Some(last) = group.last() else { return };
    let target = |index: usize| {
        steps[index]
            .request
            .as_ref()
            .and_then(|sent| outside::named(&sent.path))
    };
    let after = (last + 1..steps.len()).find(|index| {
        let reads = steps[*index].request.as_ref().is_some_and(|sent| sent.method == "GET");
        reads && target(*index).is_some() && target(*index) == target(*last)
    });
    let Some(read) = after.and_then(|index| steps[index].response.as_ref()) else {
        return;
    };
    let text = |value: &Value| {
        value
            .as_f64()
            .map_or_else(|| value.to_string(), |number| number.to_string())
    };
    order.sort_by_key(|index| {
        let body = steps[*index].request.as_ref().and_then(|sent| sent.body.as_object());
        let members = body.into_iter().flatten();
        members
            .filter(|(name, value)| read.body.get(*name).is_some_and(|found| text(found) == text(value)))
            .count()
    });
}

/// Of requests that were sent at once, who lost in which way is not to be told from the sequence; but how each way is
/// answered is the simulator's.
pub(crate) fn end_race(simulator: &Simulator, request: &Request, started: Started, got: &Got) -> Response {
    let text = got.body["defaultUserMessage"].as_str().unwrap_or_default();
    let ending = if got.code().ends_with(".conflict") {
        Some(Ending::Conflict)
    } else if got.code() == "error.msg.unknown.data.integrity.issue" && request.path.ends_with("/loans") {
        Some(Ending::RacedDuplicate)
    } else if got.status == 500 {
        // Under load develop answers so, though it applied the command.
        Some(Ending::AppliedThen500)
    } else if let Some(start) = text.find("ERROR: canceling").or(text.find("fineract_default_pool")) {
        let reason = text[start..].to_owned();
        let stored = got.code() != "error.msg.data.integrity.issue" || !text.contains("pool");
        Some(if stored {
            Ending::StatementCancelled(reason)
        } else {
            Ending::NoConnection(reason)
        })
    } else {
        None
    };
    let started = match started {
        Started::Busy(_) => simulator.look_again(request),
        started @ (Started::Answered(_) | Started::Running(_)) => started,
    };
    match started {
        Started::Answered(response) | Started::Busy(response) => response,
        Started::Running(running) => {
            let ending = ending.unwrap_or_default();
            simulator.finish_with(running, &ending).unwrap()
        }
    }
}
