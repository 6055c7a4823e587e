//! Time as the simulator sees it: given from outside, so that a simulation can own it.

use std::sync::Arc;

use time::{Date, Duration, OffsetDateTime};

/// Tells the time. A test or a simulation passes its own; [`system_clock`] is the machine's.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// India is five and a half hours ahead of UTC and has no summer time.
const TENANT_OFFSET_MINUTES: i64 = 330;

/// The clock of the machine.
pub fn system_clock() -> Clock {
    Arc::new(OffsetDateTime::now_utc)
}

/// A clock that stands still.
pub fn fixed_clock(instant: OffsetDateTime) -> Clock {
    Arc::new(move || instant)
}

/// The tenant's business date: today in Asia/Kolkata, the zone of a fresh server's default tenant.
pub(crate) fn business_date(instant: OffsetDateTime) -> Date {
    (instant.to_offset(time::UtcOffset::UTC) + Duration::minutes(TENANT_OFFSET_MINUTES)).date()
}
