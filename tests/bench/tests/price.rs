//! What AWS asks for what is done: list prices, and what hangs on the place.

use rust_decimal::Decimal;

use crate::counted::{Counted, EVENT};
use crate::deployed::{default, memory};

/// List prices of us-east-1 in USD, of the pages that `cost.md` names.
pub(crate) mod list {
    use rust_decimal::Decimal;

    /// API Gateway, HTTP API: a million requests.
    pub(crate) const API: Decimal = Decimal::from_parts(100, 0, 0, false, 2);
    /// Lambda: a million requests.
    pub(crate) const INVOCATION: Decimal = Decimal::from_parts(20, 0, 0, false, 2);
    /// Lambda on arm64: a GB-second.
    pub(crate) const GB_SECOND: Decimal = Decimal::from_parts(133_334, 0, 0, false, 10);
    /// Lambda on x86-64: a GB-second.
    pub(crate) const GB_SECOND_X86: Decimal = Decimal::from_parts(166_667, 0, 0, false, 10);
    /// DynamoDB on demand: a million write request units.
    pub(crate) const WRITE: Decimal = Decimal::from_parts(625, 0, 0, false, 3);
    /// DynamoDB on demand: a million read request units.
    pub(crate) const READ: Decimal = Decimal::from_parts(125, 0, 0, false, 3);
    /// DynamoDB: a GB of table and indexes for a month, and its continuous backup.
    pub(crate) const STORED: Decimal = Decimal::from_parts(45, 0, 0, false, 2);
    /// SQS FIFO: a million requests.
    pub(crate) const QUEUE: Decimal = Decimal::from_parts(50, 0, 0, false, 2);
    /// CloudWatch Logs: a GB taken in.
    pub(crate) const LOGGED: Decimal = Decimal::from_parts(50, 0, 0, false, 2);
    /// CloudWatch Logs: a GB kept for a month.
    pub(crate) const LOG_KEPT: Decimal = Decimal::from_parts(3, 0, 0, false, 2);
    /// CloudWatch: an alarm on one metric, a month.
    pub(crate) const ALARM: Decimal = Decimal::from_parts(10, 0, 0, false, 2);
    /// CloudWatch: a dashboard, a month.
    pub(crate) const DASHBOARD: Decimal = Decimal::from_parts(300, 0, 0, false, 2);
    /// CloudWatch: a custom metric, a month.
    pub(crate) const METRIC: Decimal = Decimal::from_parts(30, 0, 0, false, 2);
    /// Secrets Manager: a secret, a month.
    pub(crate) const SECRET: Decimal = Decimal::from_parts(40, 0, 0, false, 2);
    /// EventBridge Scheduler: a million runs.
    pub(crate) const SCHEDULE: Decimal = Decimal::from_parts(100, 0, 0, false, 2);
    /// KMS: a million requests.
    pub(crate) const KEY: Decimal = Decimal::from_parts(300, 0, 0, false, 2);
    /// A GB sent to the internet.
    pub(crate) const SENT: Decimal = Decimal::from_parts(9, 0, 0, false, 2);
}

/// How long an AWS call of a function takes, in milliseconds.
pub(crate) const CALL_MS: u64 = 5;
/// How long a function computes for a request, in milliseconds, rounded up as Lambda bills it.
pub(crate) const COMPUTE_MS: u64 = 1;
/// How long an exchange with Fineract takes, in milliseconds.
pub(crate) const FINERACT_MS: u64 = 100;
/// Lambda's lines about a run: START, END and REPORT.
const PLATFORM_LOG: usize = 450;
/// The line of the access log.
pub(crate) const ACCESS_LOG: usize = 195 + EVENT;
/// The line that operate or the worker writes itself.
pub(crate) const OWN_LOG: usize = 305 + EVENT;
/// Days of a month.
pub(crate) const MONTH: u64 = 30;

/// How long the function runs, in milliseconds.
pub(crate) fn run_ms(done: &Counted) -> u64 {
    done.calls * CALL_MS + done.exchanges * FINERACT_MS + COMPUTE_MS
}

/// A million times so many bytes, in GB.
pub(crate) fn million_gb(bytes: usize) -> Decimal {
    Decimal::from(bytes) / Decimal::from(1_000)
}

/// A parameter's days in months.
pub(crate) fn months(parameter: &str) -> Decimal {
    Decimal::from(default(parameter)) / Decimal::from(MONTH)
}

/// Memory of a function, in GB.
pub(crate) fn gb() -> Decimal {
    Decimal::from(memory()) / Decimal::from(1_024)
}

/// A million milliseconds of a function.
pub(crate) fn million_ms(gb_second: Decimal) -> Decimal {
    gb() * Decimal::from(1_000) * gb_second
}

/// A million runs of a function.
pub(crate) fn runs(done: &Counted) -> Decimal {
    list::INVOCATION + million_ms(list::GB_SECOND) * Decimal::from(run_ms(done))
}

/// A million reads.
pub(crate) fn reads(halves: u64) -> Decimal {
    Decimal::from(halves) / Decimal::TWO * list::READ
}

/// The bytes of a run's lines, of which so many are the function's own.
pub(crate) fn lines(done: &Counted, own: usize) -> usize {
    PLATFORM_LOG + own * OWN_LOG + done.metrics
}

/// A million times these bytes of lines, taken in and kept.
pub(crate) fn logged(bytes: usize) -> Decimal {
    million_gb(bytes) * (list::LOGGED + list::LOG_KEPT * months("LogRetentionDays"))
}

/// A million times all that a run of a function costs, which writes so many lines of its own.
pub(crate) fn run(done: &Counted, own: usize) -> Decimal {
    runs(done)
        + Decimal::from(done.rows_written + done.entries_written) * list::WRITE
        + reads(done.read_halves)
        + Decimal::from(done.queued) * list::QUEUE
        + logged(lines(done, own))
}

pub(crate) fn usd(amount: Decimal) -> String {
    format!("{:.2}", amount.round_dp(2))
}
