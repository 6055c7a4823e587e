//! What was done, counted: calls, units and bytes.

use gateway::adapters::item::{Item, of_row};
use gateway::row::Row;

use crate::deployed::indexes;
use crate::gateway::Gateway;
use crate::sizes::bytes;

/// What DynamoDB adds to each item and to each entry of an index, in bytes.
const OVERHEAD: usize = 100;
/// What CloudWatch adds to each line, in bytes.
pub(crate) const EVENT: usize = 26;
const WRITE_UNIT: usize = 1_024;

/// What was done since the last count.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    /// Calls of AWS that the function made.
    pub(crate) calls: u64,
    /// Exchanges with Fineract.
    pub(crate) exchanges: u64,
    /// Write units of the table itself.
    pub(crate) rows_written: u64,
    /// Write units of its indexes.
    pub(crate) entries_written: u64,
    /// Halves of read units.
    pub(crate) read_halves: u64,
    /// Requests of SQS, Lambda's among them.
    pub(crate) queued: u64,
    /// Bytes of the lines out of which CloudWatch makes metrics.
    pub(crate) metrics: usize,
}

impl Counted {
    /// All that was done since the last time. Rows have less than 4 KB (`sizes.rs`), one read unit.
    pub(crate) fn take(gateway: &Gateway) -> Self {
        let (table, line) = (gateway.table.tally.take(), gateway.line.tally.take());
        let of_table: u32 = table.values().sum();
        let of_line: u32 = line.values().sum();
        // Lambda receives and deletes.
        let own = line.iter().filter(|(call, _)| !["receive", "delete"].contains(call));
        let own: u32 = own.map(|(_, times)| times).sum();
        let halves = table.iter().map(|(call, times)| {
            times
                * match *call {
                    "get" => 2,
                    call if call.starts_with("query") => 1,
                    _ => 0,
                }
        });
        let written = std::mem::take(&mut *gateway.table.written.lock().unwrap());
        let written = written
            .iter()
            .map(|(before, after)| (before.as_ref().map(item), item(after)));
        let (mut rows_written, mut entries_written) = (0, 0);
        for (before, after) in written {
            let before_bytes = before.as_ref().map_or(0, bytes);
            // A write is as large as the larger of the rows before and after it.
            rows_written += units(before_bytes.max(bytes(&after)));
            entries_written += entries_changed(before.as_ref(), &after);
        }
        let metrics = std::mem::take(&mut *gateway.metrics.lock().unwrap());
        Self {
            calls: u64::from(of_table + own),
            exchanges: u64::from(gateway.bank.tally.take().values().sum::<u32>()),
            rows_written,
            entries_written,
            read_halves: halves.map(u64::from).sum(),
            queued: u64::from(of_line),
            metrics: metrics.iter().map(|line| line.len() + EVENT).sum(),
        }
    }
}

fn units(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(WRITE_UNIT).max(1)).unwrap()
}

fn item(row: &Row) -> Item {
    of_row(row).unwrap()
}

/// The item's entries in the table's indexes: an index has one of what has its keys.
fn entries(item: &Item) -> Vec<Option<Item>> {
    let entry = |keys: &Vec<String>| {
        let keys = keys.iter();
        keys.map(|key| Some((key.clone(), item.get(key)?.clone()))).collect()
    };
    indexes().iter().map(entry).collect()
}

/// An entry that changes is removed and added.
fn entries_changed(before: Option<&Item>, after: &Item) -> u64 {
    let before = before.map_or_else(|| vec![None; indexes().len()], entries);
    let after = entries(after);
    let changed = before.into_iter().zip(after).filter(|(before, after)| before != after);
    let entries = changed.flat_map(|(before, after)| [before, after]).flatten();
    entries.map(|entry| units(bytes(&entry))).sum()
}

/// The bytes that are kept of a row, with its entries in the indexes.
pub(crate) fn kept(row: &Row) -> usize {
    let item = item(row);
    let entries = entries(&item).into_iter().flatten();
    let entries = entries.map(|entry| bytes(&entry) + OVERHEAD);
    bytes(&item) + OVERHEAD + entries.sum::<usize>()
}
