//! Time, as a value that tests can set.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// How far apart the clocks of two functions may be at the most.
pub const CLOCKS_APART: Duration = Duration::from_secs(60);

const MICROS_PER_SECOND: i64 = 1_000_000;
const FORM: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]");

/// A point in time in microseconds since 1970-01-01T00:00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time that many microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The time that many milliseconds after the epoch.
    pub fn from_millis(millis: u64) -> Self {
        Self(i64::try_from(millis).unwrap_or(i64::MAX).saturating_mul(1_000))
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, as DynamoDB's TTL wants them.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// Milliseconds since the epoch; zero before it.
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.div_euclid(1_000)).unwrap_or(0)
    }

    /// This time and then `span`.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros))
    }

    /// How long after `earlier` this is; zero if it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `2026-03-13T10:01:02.940713`: UTC with microseconds and no zone, the documented form of `processed_at`.
    pub fn without_zone(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .ok()
            .and_then(|moment| moment.format(FORM).ok())
            .unwrap_or_else(|| self.0.to_string())
    }

    fn parse(text: &str) -> Option<Self> {
        let moment = PrimitiveDateTime::parse(text.strip_suffix('Z')?, FORM)
            .ok()?
            .assume_utc();
        i64::try_from(moment.unix_timestamp_nanos() / 1_000).ok().map(Self)
    }
}

/// The stored form: fixed width, so that text order is time order.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", self.without_zone())
    }
}

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    fn from_str(text: &str) -> Result<Self, NotATimestamp> {
        Self::parse(text).ok_or(NotATimestamp)
    }
}

/// The text is not a stored timestamp.
#[derive(Debug, thiserror::Error)]
#[error("not a timestamp of the form 2026-03-13T10:01:02.940713Z")]
pub struct NotATimestamp;

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A span written in seconds, decimals allowed: at least a millisecond.
pub fn span(seconds: &str) -> Option<Duration> {
    let seconds = Decimal::from_str(seconds).ok()?;
    let millis = u64::try_from(seconds.checked_mul(Decimal::ONE_THOUSAND)?).ok()?;
    (millis > 0).then_some(Duration::from_millis(millis))
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let micros = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000;
        Timestamp(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now`.
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves the clock on by `span`.
    pub fn advance(&self, span: Duration) {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_with_six_digits_and_read_back() {
        for (micros, text) in [
            (1_773_396_062_940_713, "2026-03-13T10:01:02.940713"),
            (1_773_396_062_000_000, "2026-03-13T10:01:02.000000"),
            (0, "1970-01-01T00:00:00.000000"),
        ] {
            let moment = Timestamp::from_micros(micros);
            assert_eq!(moment.without_zone(), text);
            assert_eq!(moment.to_string().parse::<Timestamp>().unwrap(), moment);
        }
        assert!(
            "2026-03-13T10:01:02.940713".parse::<Timestamp>().is_err(),
            "the stored form ends in Z"
        );
    }

    #[test]
    fn a_millisecond_is_a_thousand_microseconds() {
        for (millis, micros) in [(0, 0), (1_773_396_062_940, 1_773_396_062_940_000), (u64::MAX, i64::MAX)] {
            assert_eq!(Timestamp::from_millis(millis).micros(), micros);
        }
    }

    #[test]
    fn the_order_of_the_text_is_the_order_of_time() {
        let times = [-1, 0, 999_999, 1_000_000, 1_773_396_062_940_713, 1_999_999_999_999_999];
        for pair in times.windows(2) {
            let (a, b) = (Timestamp::from_micros(pair[0]), Timestamp::from_micros(pair[1]));
            assert!(a.to_string() < b.to_string(), "{a} {b}");
        }
    }
}
