//! The functions' configuration, from their environment. Every fault is named at once.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use rust_decimal::Decimal;

use crate::adapters::http::Place;
use crate::bank::{Deployment, Timeouts};
use crate::values::Rules;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
/// SQS wants the visibility of a message to outlast its function six times.
const VISIBILITY_PER_TIMEOUT: u32 = 6;
/// The most lookups that an operation makes before its mutating call.
const LOOKUPS_MAX: u32 = 3;

/// What is wrong with the configuration: every fault.
#[derive(Debug, PartialEq, Eq)]
pub struct Faults(Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has faults: {}", self.0.join("; "))
    }
}

impl std::error::Error for Faults {}

/// Reads variables and gathers what is wrong with them.
pub struct Reader<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<String>,
}

impl<'a> Reader<'a> {
    /// A reader over where variables come from.
    pub fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            variable,
            faults: Vec::new(),
        }
    }

    /// A variable that must be there and not empty.
    pub fn text(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.faults.push(format!("{name} is missing"));
            String::new()
        })
    }

    /// A variable that may be absent or empty.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|text| !text.is_empty())
    }

    /// A whole number.
    pub fn number<T: FromStr + Default>(&mut self, name: &str) -> T {
        let text = self.text(name);
        text.parse().unwrap_or_else(|_| {
            if !text.is_empty() {
                self.faults.push(format!("{name} is not a whole number"));
            }
            T::default()
        })
    }

    /// A span in seconds, decimals allowed, above zero.
    pub fn seconds(&mut self, name: &str) -> Duration {
        let text = self.text(name);
        let milliseconds = Decimal::from_str(&text)
            .ok()
            .and_then(|seconds| u64::try_from(seconds * Decimal::from(1_000)).ok());
        match milliseconds {
            Some(milliseconds) if milliseconds > 0 => Duration::from_millis(milliseconds),
            _ => {
                if !text.is_empty() {
                    self.faults.push(format!("{name} is not a number of seconds above 0"));
                }
                Duration::ZERO
            }
        }
    }

    /// A span in days.
    pub fn days(&mut self, name: &str) -> Duration {
        Duration::from_secs(self.number::<u64>(name).saturating_mul(SECONDS_PER_DAY))
    }

    /// Demands something of values that were read.
    pub fn demand(&mut self, holds: bool, fault: &str) {
        if !holds {
            self.faults.push(fault.to_owned());
        }
    }

    /// The value, if nothing was wrong.
    pub fn finish<T>(self, value: T) -> Result<T, Faults> {
        if self.faults.is_empty() {
            Ok(value)
        } else {
            Err(Faults(self.faults))
        }
    }

    fn rules(&mut self) -> Rules {
        let lenders = self.text("LENDERS");
        let lenders = lenders
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        Rules { lenders }
    }
}

/// The configuration of the function that accepts.
#[derive(Clone, Debug)]
pub struct Operate {
    /// The table of operations.
    pub table_name: String,
    /// The table of callers.
    pub callers_table_name: String,
    /// The queue.
    pub queue_url: String,
    /// What decides about values.
    pub rules: Rules,
    /// The HTTP status of an accepted request: 202, or 200.
    pub accepted_status: u16,
    /// How long results are kept.
    pub retention: Duration,
}

impl Operate {
    /// Reads it.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(variable);
        let settings = Self {
            table_name: reader.text("TABLE_NAME"),
            callers_table_name: reader.text("CALLERS_TABLE_NAME"),
            queue_url: reader.text("QUEUE_URL"),
            rules: reader.rules(),
            accepted_status: reader.number("ACCEPTED_STATUS"),
            retention: reader.days("RETENTION_DAYS"),
        };
        reader.demand(
            matches!(settings.accepted_status, 200 | 202),
            "ACCEPTED_STATUS must be 200 or 202",
        );
        reader.finish(settings)
    }
}

/// The configuration of the function that tells results.
#[derive(Clone, Debug)]
pub struct Status {
    /// The table of operations.
    pub table_name: String,
    /// The table of callers.
    pub callers_table_name: String,
}

impl Status {
    /// Reads it.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(variable);
        let settings = Self {
            table_name: reader.text("TABLE_NAME"),
            callers_table_name: reader.text("CALLERS_TABLE_NAME"),
        };
        reader.finish(settings)
    }
}

/// The configuration of the function that executes.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The table of operations.
    pub table_name: String,
    /// The queue.
    pub queue_url: String,
    /// Where unreadable messages go.
    pub dead_letter_url: String,
    /// What decides about values.
    pub rules: Rules,
    /// How long results are kept.
    pub retention: Duration,
    /// Where Fineract is.
    pub place: Place,
    /// The secret with Fineract's credentials.
    pub secret_arn: String,
    /// The deployment's values.
    pub deployment: Deployment,
    /// How long calls may take.
    pub timeouts: Timeouts,
    /// How long Fineract may be busy with a key before the key is given up.
    pub stuck_key_after: Duration,
    /// How long a claim holds.
    pub lease: Duration,
}

impl Worker {
    /// Reads it. The times must nest: the calls of an operation in the function, the function in the lease, the lease in
    /// the visibility of a message.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(variable);
        let base_url = reader.text("FINERACT_URL");
        let place = Place {
            base_url: base_url.trim_end_matches('/').to_owned(),
            tenant: reader.text("FINERACT_TENANT"),
            ca_pem: reader.optional("FINERACT_CA_PEM"),
        };
        let deployment = Deployment {
            office_id: reader.number("FINERACT_OFFICE_ID"),
            legal_form_id: reader.number("FINERACT_LEGAL_FORM_ID"),
            payment_type_id: reader.number("FINERACT_PAYMENT_TYPE_ID"),
        };
        let timeouts = Timeouts {
            lookup: reader.seconds("LOOKUP_TIMEOUT_SECONDS"),
            call: reader.seconds("CALL_TIMEOUT_SECONDS"),
            reserve: reader.seconds("RESERVE_SECONDS"),
        };
        let function = reader.seconds("WORKER_TIMEOUT_SECONDS");
        let lease = reader.seconds("LEASE_SECONDS");
        let visibility = reader.seconds("VISIBILITY_SECONDS");
        let settings = Self {
            table_name: reader.text("TABLE_NAME"),
            queue_url: reader.text("QUEUE_URL"),
            dead_letter_url: reader.text("DLQ_URL"),
            rules: reader.rules(),
            retention: reader.days("RETENTION_DAYS"),
            place,
            secret_arn: reader.text("FINERACT_SECRET_ARN"),
            deployment,
            timeouts,
            stuck_key_after: reader.seconds("STUCK_KEY_SECONDS"),
            lease,
        };
        let scheme = base_url.is_empty() || base_url.starts_with("https://") || base_url.starts_with("http://");
        reader.demand(
            scheme,
            "FINERACT_URL must begin with https:// (or http://, which sends the credentials in the clear)",
        );
        let calls = timeouts.lookup * LOOKUPS_MAX + timeouts.call + timeouts.reserve;
        let fits = "the calls of an operation (3 x LOOKUP_TIMEOUT_SECONDS + CALL_TIMEOUT_SECONDS + RESERVE_SECONDS) \
                    must fit into WORKER_TIMEOUT_SECONDS";
        reader.demand(calls <= function, fits);
        reader.demand(function < lease, "WORKER_TIMEOUT_SECONDS must be below LEASE_SECONDS");
        let outlasts = "VISIBILITY_SECONDS must be at least 6 x WORKER_TIMEOUT_SECONDS and above LEASE_SECONDS";
        reader.demand(
            visibility >= function * VISIBILITY_PER_TIMEOUT && visibility > lease,
            outlasts,
        );
        reader.finish(settings)
    }
}

/// The configuration of the function that sweeps.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The table of operations.
    pub table_name: String,
    /// The queue.
    pub queue_url: String,
    /// How long after `next_attempt_at` an operation is overdue.
    pub overdue: Duration,
    /// How long the sweep leaves an operation alone that it sent again.
    pub resend: Duration,
}

impl Sweep {
    /// Reads it.
    pub fn read(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(variable);
        let settings = Self {
            table_name: reader.text("TABLE_NAME"),
            queue_url: reader.text("QUEUE_URL"),
            overdue: reader.seconds("OVERDUE_SECONDS"),
            resend: reader.seconds("RESEND_SECONDS"),
        };
        reader.finish(settings)
    }
}

/// Reads from the process's environment.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests;
