//! Many measurements of one thing.

use std::time::Duration;

/// The smallest, the middle and the 99th of a hundred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// The smallest.
    pub(crate) min: u64,
    /// The one in the middle.
    pub(crate) median: u64,
    /// The one that 99 of 100 are not above.
    pub(crate) p99: u64,
}

impl Figures {
    /// Of times, in nanoseconds.
    pub(crate) fn of(times: &[Duration]) -> Self {
        let mut nanos: Vec<u64> = times
            .iter()
            .map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
            .collect();
        nanos.sort_unstable();
        let at = |percent: usize| {
            let place = (nanos.len() * percent).div_ceil(100).max(1) - 1;
            nanos.get(place).copied().unwrap_or_default()
        };
        Self {
            min: at(0),
            median: at(50),
            p99: at(99),
        }
    }
}

/// Nanoseconds as milliseconds with two decimals.
pub(crate) fn millis(nanos: u64) -> String {
    let hundredths = (nanos + 5_000) / 10_000;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Nanoseconds as whole microseconds.
pub(crate) fn micros(nanos: u64) -> u64 {
    (nanos + 500) / 1_000
}

/// How many times the first is the second, with one decimal.
pub(crate) fn ratio(first: u64, second: u64) -> String {
    let tenths = (first * 10 + second / 2).checked_div(second).unwrap_or_default();
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_sorted_times() {
        let times: Vec<Duration> = (1..=200).rev().map(Duration::from_nanos).collect();
        let expected = Figures {
            min: 1,
            median: 100,
            p99: 198,
        };
        assert_eq!(Figures::of(&times), expected);
        assert_eq!(Figures::of(&[]), Figures::default());
        assert_eq!(
            (millis(1_234_567), micros(1_499), ratio(25, 10)),
            ("1.23".to_owned(), 1, "2.5".to_owned())
        );
    }
}
