//! The waits of one pace, and how they are written.

use std::str::FromStr;
use std::time::Duration;

use super::WAIT_MAX;
use crate::clock;

/// Waits one after the other; the last one stays, or doubles up to a longest one.
///
/// Written in seconds, decimals allowed: `1,5,15,60..900` is 1 s, 5 s, 15 s, 60 s, then doubling up to 900 s;
/// `5,60,600` stays at 600 s; `60x60,900` is 60 times 60 s, then 900 s. A wait is above zero and at most [`WAIT_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// What is waited before the last one: how often, and how long.
    steps: Vec<(u32, Duration)>,
    last: Duration,
    longest: Duration,
}

/// The parts of a text that are no waits.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no waits: {}", .0.join(", "))]
pub struct NotWaits(pub Vec<String>);

impl Schedule {
    /// The waits of `steps`, as many times as each says and so many seconds long, then `last` doubling up to `longest`.
    pub(super) fn of(steps: &[(u32, u64)], last: u64, longest: u64) -> Self {
        let steps = steps.iter();
        Self {
            steps: steps
                .map(|(times, seconds)| (*times, Duration::from_secs(*seconds)))
                .collect(),
            last: Duration::from_secs(last),
            longest: Duration::from_secs(longest),
        }
    }

    /// The wait after `tries` waits (from 1) in a row.
    pub fn wait(&self, tries: u32) -> Duration {
        let mut left = tries.max(1);
        for (times, wait) in &self.steps {
            if left <= *times {
                return *wait;
            }
            left -= times;
        }
        let doubled = 1_u32.checked_shl(left - 1).unwrap_or(u32::MAX);
        self.last.saturating_mul(doubled).min(self.longest)
    }
}

impl FromStr for Schedule {
    type Err = NotWaits;

    fn from_str(text: &str) -> Result<Self, NotWaits> {
        let (before, end) = match text.rsplit_once(',') {
            Some((before, end)) => (before.split(',').map(str::trim).collect(), end.trim()),
            None => (Vec::new(), text.trim()),
        };
        let mut faults = Vec::new();
        let mut steps = Vec::new();
        for item in before {
            match step(item) {
                Some(step) => steps.push(step),
                None => faults.push(item.to_owned()),
            }
        }
        match last(end) {
            Some((last, longest)) if faults.is_empty() => Ok(Self { steps, last, longest }),
            Some(_) => Err(NotWaits(faults)),
            None => {
                faults.push(end.to_owned());
                Err(NotWaits(faults))
            }
        }
    }
}

/// `5`, or `60x60`: how often, and how long.
fn step(item: &str) -> Option<(u32, Duration)> {
    let Some((times, seconds)) = item.split_once('x') else {
        return Some((1, wait(item)?));
    };
    let times = times.parse().ok().filter(|times| *times > 0)?;
    Some((times, wait(seconds)?))
}

/// `900`, or `60..900`: the last wait, and the longest.
fn last(item: &str) -> Option<(Duration, Duration)> {
    let Some((last, longest)) = item.split_once("..") else {
        let last = wait(item)?;
        return Some((last, last));
    };
    let (last, longest) = (wait(last)?, wait(longest)?);
    (last <= longest).then_some((last, longest))
}

fn wait(seconds: &str) -> Option<Duration> {
    clock::span(seconds).filter(|wait| *wait <= WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_waited() {
        for (text, millis) in [
            ("900", vec![900_000, 900_000]),
            ("1,5,15,60..900", vec![1_000, 5_000, 15_000, 60_000, 120_000, 240_000]),
            ("5, 60, 600", vec![5_000, 60_000, 600_000, 600_000]),
            ("2x60,900", vec![60_000, 60_000, 900_000, 900_000]),
            (
                "3x0.5,1,2x2,4..5",
                vec![500, 500, 500, 1_000, 2_000, 2_000, 4_000, 5_000],
            ),
            ("0.001..900", vec![1, 2, 4, 8]),
        ] {
            let schedule: Schedule = text.parse().unwrap();
            let waits = (1_u32..)
                .zip(&millis)
                .map(|(tries, _)| schedule.wait(tries).as_millis());
            assert_eq!(waits.collect::<Vec<_>>(), millis, "{text}");
            assert_eq!(schedule.wait(0), schedule.wait(1), "{text}");
            assert!(schedule.wait(u32::MAX) <= WAIT_MAX, "{text}");
        }
        let doubling: Schedule = "0.001..900".parse().unwrap();
        assert_eq!([33, u32::MAX].map(|tries| doubling.wait(tries)), [WAIT_MAX; 2]);
    }

    #[test]
    fn every_part_that_is_no_wait_is_named() {
        for (text, parts) in [
            ("", vec![""]),
            ("1,", vec![""]),
            ("0", vec!["0"]),
            ("0.0004,x,-1,1,5..1", vec!["0.0004", "x", "-1", "5..1"]),
            ("900.001", vec!["900.001"]),
            ("60..901", vec!["60..901"]),
            ("1..5,60", vec!["1..5"]),
            ("60x60", vec!["60x60"]),
            ("0x60,1.5x60,60", vec!["0x60", "1.5x60"]),
            ("79228162514264337593543950335", vec!["79228162514264337593543950335"]),
        ] {
            let fault = text.parse::<Schedule>().unwrap_err();
            assert_eq!(
                fault,
                NotWaits(parts.into_iter().map(str::to_owned).collect()),
                "{text}"
            );
        }
    }
}
