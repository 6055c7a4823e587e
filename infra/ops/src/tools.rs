//! What the commands about operations work with.

use std::io::IsTerminal;
use std::time::Duration;

use gateway::adapters::dynamodb::DynamoLedger;
use gateway::adapters::http::HttpFineract;
use gateway::adapters::random::SystemEntropy;
use gateway::adapters::secrets::Secret;
use gateway::adapters::sqs::{SqsDeadLetters, SqsQueue};
use gateway::bank::Products;
use gateway::clock::{SystemClock, Timestamp};
use gateway::execute::Executor;
use gateway::gate::Gate;
use gateway::metrics::Meter;
use gateway::operator::Operator;
use gateway::settings::Worker;
use gateway::tracking::TrackingId;
use indicatif::ProgressBar;
use uuid::Uuid;

use crate::Error;
use crate::place::Place;

/// The deployment's table, queues and Fineract, as its worker has them.
pub(crate) struct Tools {
    settings: Worker,
    ledger: DynamoLedger,
    queue: SqsQueue,
    pub(crate) letters: SqsDeadLetters,
    fineract: HttpFineract,
    products: Products,
    gate: Gate,
    meter: Meter,
    entropy: SystemEntropy,
}

impl Tools {
    /// The tools of a deployment.
    pub(crate) fn of(place: &Place) -> Result<Self, Error> {
        let settings = Worker::read(&|name| place.variable(name));
        let settings = settings.map_err(Error::failed("reading what the stack tells"))?;
        let secret = Box::new(Secret::new(&place.aws, &settings.secret_arn));
        let fineract = HttpFineract::new(settings.place.clone(), secret);
        Ok(Self {
            ledger: DynamoLedger::new(&place.aws, &settings.table_name),
            queue: SqsQueue::new(&place.aws, &settings.queue_url, None),
            letters: SqsDeadLetters::new(&place.aws, &settings.dead_letter_url),
            fineract: fineract.map_err(Error::failed("setting up the way to Fineract"))?,
            products: Products::default(),
            gate: Gate::new(settings.outage_ask),
            // What a person does is no measure of the gateway.
            meter: Meter::new(&settings.stack, |_| ()),
            entropy: SystemEntropy::new(),
            settings,
        })
    }

    /// What an operator does.
    pub(crate) fn operator(&self) -> Operator<'_> {
        Operator {
            ledger: &self.ledger,
            queue: &self.queue,
            clock: &SystemClock,
            entropy: &self.entropy,
            rules: &self.settings.rules,
        }
    }

    /// What looks at Fineract.
    pub(crate) fn executor(&self) -> Executor<'_> {
        Executor {
            ledger: &self.ledger,
            queue: &self.queue,
            fineract: &self.fineract,
            gate: &self.gate,
            products: &self.products,
            clock: &SystemClock,
            meter: &self.meter,
            entropy: &self.entropy,
            rules: &self.settings.rules,
            terms: &self.settings.terms,
        }
    }
}

/// Shows how long work goes on, to a terminal.
pub(crate) fn progress() -> ProgressBar {
    if std::io::stderr().is_terminal() {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::hidden()
    }
}

/// A tracking id, or the UUID in it.
pub(crate) fn operation(text: &str) -> Result<Uuid, String> {
    let tracked = text.parse::<TrackingId>().map(|id| id.id);
    let id = tracked.ok().or_else(|| Uuid::try_parse(text).ok());
    id.ok_or_else(|| "it is a tracking id, or the UUID in it".to_owned())
}

/// A span: a number and s, m, h or d.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "it is a number and s, m, h or d, as in 90s or 15m".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text
        .strip_suffix(unit)
        .unwrap_or_default()
        .parse()
        .map_err(|_| wrong())?;
    Ok(Duration::from_secs(seconds.saturating_mul(number)))
}

/// A time: so long ago, or as the gateway writes times, microseconds left out.
pub(crate) fn time(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Ok(span) = span(text) {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        return Ok(Timestamp::from_micros(now.micros().saturating_sub(micros)));
    }
    let whole = text.trim_end_matches('Z');
    let full = if whole.contains('.') {
        format!("{whole}Z")
    } else {
        format!("{whole}.000000Z")
    };
    full.parse()
        .map_err(|_| "it is a span as in 2h, or a time as in 2026-03-13T10:01:02Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_times_and_ids_as_people_write_them() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("2h", Some(7_200)),
            ("1d", Some(86_400)),
        ]
        .into_iter()
        .chain(["", "5", "h", "1w", "-1s", "1.5h", "1ss"].map(|text| (text, None)))
        {
            assert_eq!(span(text).ok().map(|span| span.as_secs()), seconds, "{text}");
        }
        let now: Timestamp = "2026-03-13T10:01:02.000000Z".parse().unwrap();
        assert_eq!(time("62s", now), time("2026-03-13T10:00:00Z", now));
        assert!(time("yesterday", now).is_err());
        let id = Uuid::from_u128(7);
        assert_eq!(operation(&format!("LOAN_CREATE|{id}")), Ok(id));
        assert_eq!(operation(&id.to_string()), Ok(id));
        assert!(operation("LOAN-123").is_err());
    }
}
