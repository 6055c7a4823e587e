//! Who goes first among the open operations of a subject.

use uuid::Uuid;

use crate::clock::CLOCKS_APART;
use crate::ledger::{self, Ledger};
use crate::row::{Open, Row};

/// The row that goes first among open rows of one subject.
///
/// Of those that the queue has handed out, its order decides; of those that it has not, the time of acceptance. Between
/// these two, the first goes first, unless the second was accepted more than a minute earlier: its message was lost, and no
/// difference of clocks turns the order of two that were just accepted.
pub fn first(rows: &[Row]) -> Option<&Row> {
    let open = || rows.iter().filter(|row| row.state.is_open());
    let handed_out = open()
        .filter_map(|row| Some((row.queue_seq.as_deref()?, row)))
        .min_by_key(|(sequence, _)| (sequence.len(), *sequence))
        .map(|(_, row)| row);
    let unseen = open()
        .filter(|row| row.queue_seq.is_none())
        .min_by_key(|row| (row.accepted_at, row.id));
    match (handed_out, unseen) {
        (Some(handed_out), Some(unseen)) => {
            let lost = handed_out.accepted_at.since(unseen.accepted_at) > CLOCKS_APART;
            Some(if lost { unseen } else { handed_out })
        }
        (handed_out, unseen) => handed_out.or(unseen),
    }
}

/// The open row that goes first on the subject of `own`, which is open, if that is another one.
pub async fn first_before(ledger: &dyn Ledger, own: &Row) -> Result<Option<Row>, ledger::Error> {
    let open = ledger.open_on(&own.subject).await?;
    first_among(ledger, own, &open).await
}

/// The same, where the open operations on the subject were asked for.
pub async fn first_among(ledger: &dyn Ledger, own: &Row, open: &[Open]) -> Result<Option<Row>, ledger::Error> {
    let others: Vec<Uuid> = open.iter().map(|entry| entry.id).filter(|id| *id != own.id).collect();
    if others.is_empty() {
        return Ok(None);
    }
    let mut rows = ledger.get_all(&others).await?;
    rows.push(own.clone());
    Ok(first(&rows).filter(|first| first.id != own.id).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::row::tests::row;
    use crate::tracking::State;

    #[test]
    fn the_queue_decides_the_order_and_clocks_only_where_it_cannot() {
        let with = |id: u128, seconds: i64, seq: Option<&str>| {
            let accepted_at = Timestamp::from_micros(seconds * 1_000_000);
            Row {
                id: Uuid::from_u128(id),
                accepted_at,
                queue_seq: seq.map(str::to_owned),
                ..row()
            }
        };
        let ended = Row {
            state: State::Succeeded,
            ..with(1, 0, Some("1"))
        };
        for (rows, expected) in [
            (vec![], None),
            (vec![ended.clone()], None),
            (vec![ended, with(2, 600, None)], Some(2)),
            // The queue's order, as numbers.
            (vec![with(1, 0, Some("10")), with(2, 900, Some("9"))], Some(2)),
            // Clocks.
            (vec![with(1, 601, None), with(2, 600, None)], Some(2)),
            (vec![with(2, 600, None), with(1, 600, None)], Some(1)),
            // The queue has handed out one of two.
            (vec![with(1, 600, None), with(2, 660, Some("9"))], Some(2)),
            (vec![with(1, 600, None), with(2, 661, Some("9"))], Some(1)),
            (vec![with(1, 600, None), with(2, 0, Some("9"))], Some(2)),
            // What was accepted within a minute of the second in the queue's order was long before the first in it.
            (
                vec![with(1, 0, None), with(2, 61, Some("8")), with(3, 60, Some("9"))],
                Some(1),
            ),
            (
                vec![with(1, 0, None), with(2, 60, Some("8")), with(3, 61, Some("9"))],
                Some(2),
            ),
        ] {
            let orders = [rows.clone(), rows.into_iter().rev().collect()];
            for rows in orders {
                let found = first(&rows).map(|row| row.id.as_u128());
                assert_eq!(found, expected, "{rows:?}");
            }
        }
    }
}
