//! What the end of a run measures.

use crate::clock::Timestamp;
use crate::ledger::Settlement;
use crate::metrics::Metric;
use crate::row::{Row, UNKNOWN};
use crate::tracking::State;

/// Why the operation waits, and for how long it has been in doubt; or its end.
pub(super) fn at_the_end(before: &Row, settlement: &Settlement, now: Timestamp) -> Vec<Metric> {
    if !settlement.state.is_open() {
        return vec![Metric::Ended {
            state: settlement.state,
            after: now.since(before.accepted_at),
            attempts: before.attempts.saturating_add(1),
        }];
    }
    let mut metrics: Vec<_> = settlement.reason.map(Metric::Wait).into_iter().collect();
    // What a checker holds is known.
    if settlement.state == State::Waiting && settlement.maybe_sent {
        let doubt = settlement.history.iter().find(|entry| entry.verdict == UNKNOWN);
        metrics.extend(doubt.map(|entry| Metric::InDoubt(now.since(entry.at))));
    }
    metrics
}
