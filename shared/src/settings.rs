//! The functions' configuration, from their environment. Every fault is named at once.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::adapters::http::Place;
use crate::bank::{Deployment, Timeouts};
use crate::clock;
use crate::pace::{NotWaits, Paces, Schedule, WAIT_MAX};
use crate::sweep::SHARD_TIME;
use crate::terms::Terms;
use crate::values::Rules;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
/// SQS wants the visibility of a message to outlast its function six times.
const VISIBILITY_PER_TIMEOUT: u32 = 6;
/// The most lookups that an operation makes before its mutating call.
const LOOKUPS_MAX: u32 = 3;
/// Fineract takes keys of 50 characters: the longest ends in `.9999`.
const KEY_TRIES: RangeInclusive<u32> = 1..=10_000;
const RETENTION_DAYS: RangeInclusive<u32> = 1..=3_650;
const SWEEP_SENDS: RangeInclusive<u32> = 1..=100_000;

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

    /// A whole number from a range.
    pub fn within(&mut self, name: &str, range: RangeInclusive<u32>) -> u32 {
        let text = self.text(name);
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.unwrap_or_else(|| {
            if !text.is_empty() {
                let (from, to) = range.into_inner();
                self.faults
                    .push(format!("{name} is not a whole number from {from} to {to}"));
            }
            0
        })
    }

    /// A span in seconds, decimals allowed, above zero.
    pub fn seconds(&mut self, name: &str) -> Duration {
        let text = self.text(name);
        clock::span(&text).unwrap_or_else(|| {
            if !text.is_empty() {
                self.faults.push(format!("{name} is not a number of seconds above 0"));
            }
            Duration::ZERO
        })
    }

    /// Waits in seconds, as [`Schedule`] writes them; `otherwise` stands for what cannot be read.
    pub fn waits(&mut self, name: &str, otherwise: Schedule) -> Schedule {
        let text = self.text(name);
        text.parse().unwrap_or_else(|NotWaits(parts)| {
            if !text.is_empty() {
                let parts = parts.iter().map(|part| format!("\"{part}\"")).collect::<Vec<_>>();
                self.faults.push(format!(
                    "{name} is not waits of more than 0 and at most {} seconds, as in 1,5,15,60..900 or 60x60,900, at {}",
                    WAIT_MAX.as_secs(),
                    parts.join(" and ")
                ));
            }
            otherwise
        })
    }

    /// How long results are kept.
    fn retention(&mut self) -> Duration {
        Duration::from_secs(u64::from(self.within("RETENTION_DAYS", RETENTION_DAYS)) * SECONDS_PER_DAY)
    }

    /// Demands something of values that were read.
    pub fn demand(&mut self, holds: bool, fault: &str) {
        if !holds {
            self.faults.push(fault.to_owned());
        }
    }

    /// Demands something of spans that were read; one that was not is a fault already.
    fn relate(&mut self, spans: &[Duration], holds: bool, fault: &str) {
        self.demand(holds || spans.contains(&Duration::ZERO), fault);
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

    fn paces(&mut self) -> Paces {
        let default = Paces::default();
        Paces {
            soon: self.waits("SOON_WAITS", default.soon),
            minutes: self.waits("MINUTES_WAITS", default.minutes),
            unreachable: self.waits("UNREACHABLE_WAITS", default.unreachable),
            client: self.waits("CLIENT_WAITS", default.client),
            next_key: self.waits("NEXT_KEY_WAITS", default.next_key),
            checker: self.waits("CHECKER_WAITS", default.checker),
            operator: self.waits("OPERATOR_WAITS", default.operator),
        }
    }
}

/// The configuration of the function that accepts.
#[derive(Clone, Debug)]
pub struct Operate {
    /// The name of the stack, by which its metrics are told from others'.
    pub stack: String,
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
            stack: reader.text("STACK_NAME"),
            table_name: reader.text("TABLE_NAME"),
            callers_table_name: reader.text("CALLERS_TABLE_NAME"),
            queue_url: reader.text("QUEUE_URL"),
            rules: reader.rules(),
            accepted_status: reader.number("ACCEPTED_STATUS"),
            retention: reader.retention(),
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
    /// The name of the stack, by which its metrics are told from others'.
    pub stack: String,
    /// The table of operations.
    pub table_name: String,
    /// The queue.
    pub queue_url: String,
    /// Where unreadable messages go.
    pub dead_letter_url: String,
    /// What decides about values.
    pub rules: Rules,
    /// Where Fineract is.
    pub place: Place,
    /// The secret with Fineract's credentials.
    pub secret_arn: String,
    /// What the deployment decides about how operations are carried out.
    pub terms: Terms,
    /// How often a Fineract that is away is asked whether it is back.
    pub outage_ask: Duration,
}

impl Worker {
    /// Reads it. The times must nest: the calls of an operation in the function, the function in the lease, the lease in
    /// the visibility of a message; a key is not given up while a call under it may run.
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
            stack: reader.text("STACK_NAME"),
            table_name: reader.text("TABLE_NAME"),
            queue_url: reader.text("QUEUE_URL"),
            dead_letter_url: reader.text("DLQ_URL"),
            rules: reader.rules(),
            place,
            secret_arn: reader.text("FINERACT_SECRET_ARN"),
            terms: Terms {
                deployment,
                timeouts,
                retention: reader.retention(),
                paces: reader.paces(),
                key_tries: reader.within("KEY_TRIES", KEY_TRIES),
                client_grace: reader.seconds("CLIENT_GRACE_SECONDS"),
                stuck_key_after: reader.seconds("STUCK_KEY_SECONDS"),
                lease,
            },
            outage_ask: reader.seconds("OUTAGE_ASK_SECONDS"),
        };
        let scheme = base_url.is_empty() || base_url.starts_with("https://") || base_url.starts_with("http://");
        reader.demand(
            scheme,
            "FINERACT_URL must begin with https:// (or http://, which sends the credentials in the clear)",
        );
        let Timeouts { lookup, call, reserve } = timeouts;
        let fits = "the calls of an operation (3 x LOOKUP_TIMEOUT_SECONDS + CALL_TIMEOUT_SECONDS + RESERVE_SECONDS) \
                    must fit into WORKER_TIMEOUT_SECONDS";
        let calls = lookup * LOOKUPS_MAX + call + reserve;
        reader.relate(&[lookup, call, reserve, function], calls <= function, fits);
        let below = "WORKER_TIMEOUT_SECONDS must be below LEASE_SECONDS";
        reader.relate(&[function, lease], function < lease, below);
        let outlasts = "VISIBILITY_SECONDS must be at least 6 x WORKER_TIMEOUT_SECONDS and above LEASE_SECONDS";
        let long = visibility >= function * VISIBILITY_PER_TIMEOUT && visibility > lease;
        reader.relate(&[function, lease, visibility], long, outlasts);
        let stuck = settings.terms.stuck_key_after;
        let given_up = "STUCK_KEY_SECONDS must be at least CALL_TIMEOUT_SECONDS: until then a call may still run";
        reader.relate(&[stuck, call], stuck >= call, given_up);
        let at_most = format!("OUTAGE_ASK_SECONDS must be at most {}", WAIT_MAX.as_secs());
        reader.demand(settings.outage_ask <= WAIT_MAX, &at_most);
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
    /// Most messages that one sweep sends.
    pub sends_max: u32,
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
            sends_max: reader.within("SWEEP_SENDS_MAX", SWEEP_SENDS),
        };
        let function = reader.seconds("SWEEP_TIMEOUT_SECONDS");
        let kept = format!(
            "SWEEP_TIMEOUT_SECONDS must be above {}: so much is kept for each part of the index",
            SHARD_TIME.as_secs()
        );
        reader.relate(&[function], function > SHARD_TIME, &kept);
        reader.finish(settings)
    }
}

/// Reads from the process's environment.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests;
