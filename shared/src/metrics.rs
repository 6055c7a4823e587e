//! Metrics: lines on standard output, out of which CloudWatch makes them. No call is made for them, no level of the log
//! leaves them out, and no personal data is in them.
//!
//! The form is CloudWatch's [embedded metric format]. A metric is a variant of [`Metric`] and its row in `Metric::row`;
//! each value of a dimension makes a metric of its own, which CloudWatch charges for, so dimensions are closed sets.
//!
//! [embedded metric format]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::pace::Reason;
use crate::tracking::State;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "FineractGateway";
/// The dimension that every metric has: the name of the deployment's stack.
pub const STACK: &str = "Stack";

const COUNT: &str = "Count";
const MILLISECONDS: &str = "Milliseconds";
const SECONDS: &str = "Seconds";

/// Something that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// An operation was put off for this reason, once more.
    Wait(Reason),
    /// An operation was accepted; repeats of one are none.
    Accepted,
    /// A run ended an operation.
    Ended {
        /// As what.
        state: State,
        /// So long after it was accepted.
        after: Duration,
        /// So many runs took it up.
        attempts: u32,
    },
    /// An operation waits, and it has not been known for so long whether Fineract applied it.
    InDoubt(Duration),
    /// Fineract was asked something.
    Exchange {
        /// Whether it was to change something.
        command: bool,
        /// How long it took.
        took: Duration,
        /// Whether there was no answer, or one that says that Fineract failed.
        failed: bool,
    },
}

/// A metric as CloudWatch knows it.
struct Row {
    /// Names, units and values.
    values: Vec<(&'static str, &'static str, u64)>,
    /// What tells metrics of these names apart, beside the stack.
    dimensions: Vec<(&'static str, &'static str)>,
}

impl Metric {
    fn row(self) -> Row {
        match self {
            Self::Wait(reason) => Row {
                values: vec![("Waits", COUNT, 1)],
                dimensions: vec![("Reason", reason.as_str())],
            },
            Self::Accepted => Row {
                values: vec![("Accepted", COUNT, 1)],
                dimensions: Vec::new(),
            },
            Self::Ended { state, after, attempts } => Row {
                values: vec![
                    ("Ended", COUNT, 1),
                    ("TimeToEnd", MILLISECONDS, millis(after)),
                    ("Attempts", COUNT, attempts.into()),
                ],
                dimensions: vec![("Outcome", state.as_str())],
            },
            Self::InDoubt(span) => Row {
                values: vec![("InDoubt", SECONDS, span.as_secs())],
                dimensions: Vec::new(),
            },
            Self::Exchange { command, took, failed } => Row {
                values: vec![
                    ("FineractTime", MILLISECONDS, millis(took)),
                    // Of all exchanges, its average is the rate of errors.
                    ("FineractErrors", COUNT, failed.into()),
                ],
                dimensions: vec![("Call", if command { "command" } else { "lookup" })],
            },
        }
    }

    /// The document of the embedded metric format.
    pub fn document(self, stack: &str, at: Timestamp) -> Value {
        let row = self.row();
        let dimensions = row.dimensions.iter().map(|(name, _)| *name);
        let keys: Vec<_> = std::iter::once(STACK).chain(dimensions).collect();
        let metrics = row
            .values
            .iter()
            .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}));
        let metrics: Vec<_> = metrics.collect();
        let mut document = json!({
            "_aws": {
                "Timestamp": at.millis(),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": [keys],
                    "Metrics": metrics,
                }],
            },
        });
        document[STACK] = stack.into();
        for (name, value) in row.dimensions {
            document[name] = value.into();
        }
        for (name, _, value) in row.values {
            document[name] = value.into();
        }
        document
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Writes down what was measured in a deployment.
pub struct Meter {
    stack: String,
    write: Box<dyn Fn(&str) + Send + Sync>,
}

impl Meter {
    /// A meter whose lines go to `write`, without their ends.
    pub fn new(stack: &str, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            stack: stack.to_owned(),
            write: Box::new(write),
        }
    }

    /// A meter on standard output, which Lambda hands on to CloudWatch.
    pub fn stdout(stack: &str) -> Self {
        Self::new(stack, |line| {
            // What is measured is not worth failing for.
            let _ = writeln!(io::stdout().lock(), "{line}");
        })
    }

    /// Writes one line.
    pub fn record(&self, metric: Metric, at: Timestamp) {
        (self.write)(&metric.document(&self.stack, at).to_string());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    const UNITS: [&str; 3] = [COUNT, MILLISECONDS, SECONDS];

    /// What the specification demands of a document: the members, and a target on the root node for each reference.
    fn assert_conforms(document: &Value) {
        let named = |name: &Value| {
            let name = name.as_str().unwrap();
            assert!((1..=255).contains(&name.len()), "{document}");
            name.to_owned()
        };
        assert!(document["_aws"]["Timestamp"].is_u64(), "{document}");
        let directives = document["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert!(!directives.is_empty(), "{document}");
        for directive in directives {
            named(&directive["Namespace"]);
            let sets = directive["Dimensions"].as_array().unwrap();
            assert!(!sets.is_empty(), "{document}");
            for set in sets {
                let keys = set.as_array().unwrap();
                assert!(keys.len() <= 9, "{document}");
                for key in keys {
                    let value = document[named(key)].as_str().unwrap();
                    let ascii = value.bytes().all(|byte| byte.is_ascii_graphic());
                    assert!(ascii && (1..=1024).contains(&value.len()), "{document}");
                }
            }
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()), "{document}");
            for metric in metrics {
                assert!(document[named(&metric["Name"])].is_number(), "{document}");
                assert!(UNITS.contains(&metric["Unit"].as_str().unwrap()), "{document}");
            }
        }
    }

    #[test]
    fn what_is_measured_beside_waits() {
        let span = Duration::from_millis(61_500);
        for (metric, dimension, values) in [
            (Metric::Accepted, None, json!({"Accepted": 1})),
            (
                Metric::Ended {
                    state: State::Failed,
                    after: span,
                    attempts: 3,
                },
                Some(("Outcome", "failed")),
                json!({"Ended": 1, "TimeToEnd": 61_500, "Attempts": 3}),
            ),
            (Metric::InDoubt(span), None, json!({"InDoubt": 61})),
            (
                Metric::Exchange {
                    command: true,
                    took: span,
                    failed: true,
                },
                Some(("Call", "command")),
                json!({"FineractTime": 61_500, "FineractErrors": 1}),
            ),
            (
                Metric::Exchange {
                    command: false,
                    took: span,
                    failed: false,
                },
                Some(("Call", "lookup")),
                json!({"FineractTime": 61_500, "FineractErrors": 0}),
            ),
        ] {
            let document = metric.document("bank", Timestamp::from_micros(0));
            assert_conforms(&document);
            let names = values.as_object().unwrap().keys().collect::<Vec<_>>();
            let directive = &document["_aws"]["CloudWatchMetrics"][0];
            let told = directive["Metrics"]
                .as_array()
                .unwrap()
                .iter()
                .map(|metric| metric["Name"].as_str().unwrap());
            assert_eq!(told.collect::<Vec<_>>(), names, "{metric:?}");
            for (name, value) in values.as_object().unwrap() {
                assert_eq!(&document[name], value, "{metric:?}");
            }
            let keys: Vec<_> = std::iter::once(STACK).chain(dimension.map(|(name, _)| name)).collect();
            assert_eq!(directive["Dimensions"], json!([keys]), "{metric:?}");
            if let Some((name, value)) = dimension {
                assert_eq!(document[name], value, "{metric:?}");
            }
        }
    }

    #[test]
    fn every_reason_has_its_metric() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&lines);
        let meter = Meter::new("bank", move |line| written.lock().unwrap().push(line.to_owned()));
        for reason in Reason::ALL {
            meter.record(Metric::Wait(reason), Timestamp::from_micros(1_773_396_062_940_713));
            let [line] = lines.lock().unwrap().split_off(0).try_into().unwrap();
            assert!(!line.contains('\n'));
            let document = serde_json::from_str(&line).unwrap();
            assert_conforms(&document);
            let expected = json!({
                "_aws": {
                    "Timestamp": 1_773_396_062_940_u64,
                    "CloudWatchMetrics": [{
                        "Namespace": "FineractGateway",
                        "Dimensions": [["Stack", "Reason"]],
                        "Metrics": [{"Name": "Waits", "Unit": "Count"}],
                    }],
                },
                "Stack": "bank",
                "Reason": reason,
                "Waits": 1,
            });
            assert_eq!(document, expected);
        }
    }
}
