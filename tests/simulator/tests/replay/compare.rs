//! Comparing an answer with the recorded one.

use std::collections::{BTreeMap, BTreeSet};

use fineract_simulator::Response;
use serde_json::{Map, Value};

use crate::recording::{Got, Recording, Sent};

/// Lists whose elements have numbers that the server generated: recorded numbers are mapped to simulated ones when they
/// are first seen, and must stay so.
const GENERATED: [&str; 2] = ["charges", "disbursementDetails"];

/// When a command was made and decided on.
const MOMENTS: [&str; 2] = ["madeOnDate", "checkedOnDate"];

/// Of a read the gateway relies on these, so they must be there if they were recorded.
const RELIED_ON: &str = "id accountNo externalId status active activationDate firstname lastname displayName mobileNo \
    emailAddress officeId timeline clientId clientExternalId loanProductId loanProductName principal approvedPrincipal \
    proposedPrincipal netDisbursalAmount termFrequency termPeriodFrequencyType numberOfRepayments repaymentEvery \
    repaymentFrequencyType interestRatePerPeriod amortizationType interestType interestCalculationPeriodType \
    transactionProcessingStrategyCode multiDisburseLoan maxOutstandingLoanBalance charges disbursementDetails name \
    minPrincipal maxPrincipal minNumberOfRepayments maxNumberOfRepayments interestRateFrequencyType maxTrancheCount \
    outstandingLoanBalance currency amount date type paymentDetailData receiptNumber outstandingLoanBalance reversedOnDate \
    manuallyReversed expectedDisbursementDate actionName entityName resourceId maker madeOnDate checker checkedOnDate \
    processingResult pageItems subStatus summary totalOutstanding totalOverdue totalOverpaid principalOutstanding interestOutstanding \
    feeChargesOutstanding penaltyChargesOutstanding overdueSinceDate transactions principalPortion interestPortion feeChargesPortion \
    penaltyChargesPortion overpaymentPortion repaymentSchedule periods dueDate fromDate principalDue interestDue totalDueForPeriod complete \
    obligationsMetOnDate externalLoanId chargeId amountOutstanding paid waived writeOffReasonOptions inArrears";
/// These parts of a read are compared whole.
const WHOLE: &str = "status timeline charges disbursementDetails currency";

/// Remembers which recorded number stands for which simulated one.
#[derive(Default)]
pub(crate) struct Comparison {
    numbers: BTreeMap<(&'static str, String), String>,
    /// The commands that this recording made, as far as answers tell their numbers.
    commands: BTreeSet<u64>,
    /// The clients and the loans that it made.
    clients: BTreeSet<u64>,
    loans: BTreeSet<u64>,
}

impl Comparison {
    /// A comparison for recordings that are played one after the other.
    pub(crate) fn of(recordings: &[&Recording]) -> Self {
        let steps = || recordings.iter().flat_map(|recording| &recording.steps);
        let commands = steps().filter(|step| {
            let sent = step.request.as_ref();
            sent.is_some_and(|sent| sent.method != "GET")
        });
        let answers = || commands.clone().filter_map(|step| step.response.as_ref());
        let numbers = |name: &str| -> BTreeSet<u64> {
            let of = |got: &Got| got.body.get(name).and_then(Value::as_u64);
            answers().filter_map(of).collect()
        };
        Self {
            commands: numbers("commandId"),
            clients: numbers("clientId"),
            loans: numbers("loanId"),
            ..Self::default()
        }
    }

    /// Whether a step reads a command that was made before the recording.
    pub(crate) fn is_history(&self, sent: &Sent, got: &Got) -> bool {
        let id = sent.path.strip_prefix("/v1/audits/");
        let id = id.and_then(|id| id.parse::<u64>().ok());
        id.is_some_and(|id| got.status == 200 && !self.commands.contains(&id))
    }

    /// Whether an element of a list of commands was made in the recording.
    fn is_of_recording(&self, command: &Value) -> bool {
        let number = |name: &str| command[name].as_u64();
        let known = |name: &str, ids: &BTreeSet<u64>| number(name).is_some_and(|id| ids.contains(&id));
        known("id", &self.commands) || known("clientId", &self.clients) || known("loanId", &self.loans)
    }

    /// The differences between the recorded answer and the simulated one, in words.
    pub(crate) fn compare(&mut self, method: &str, got: &Got, answer: &Response) -> Vec<String> {
        let mut found = Vec::new();
        if got.status != answer.status {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            found.push(format!("status {} is {} with {}", got.status, answer.status, body));
            return found;
        }
        for name in ["x-served-from-cache", "content-type", "www-authenticate"] {
            let recorded = got.headers.get(name).and_then(Value::as_str);
            if recorded != answer.header(name) {
                found.push(format!("{name} {recorded:?} is {:?}", answer.header(name)));
            }
        }
        let Some(body) = answer.body_json() else {
            found.push("the body is no JSON".to_owned());
            return found;
        };
        // Of a read, what the simulator leaves out is forgiven; of everything else, nothing.
        let whole = method != "GET" || got.status != 200;
        self.value("", &got.body, &body, whole, &mut found);
        found
    }

    fn value(&mut self, path: &str, recorded: &Value, simulated: &Value, whole: bool, found: &mut Vec<String>) {
        match (recorded, simulated) {
            (Value::Object(recorded), Value::Object(simulated)) => {
                for (name, value) in simulated {
                    let path = format!("{path}/{name}");
                    match recorded.get(name) {
                        // The moment of an error is never the same.
                        Some(_) if name == "timestamp" => {}
                        // Of the moment of a command, only the unit is.
                        Some(expected) if MOMENTS.contains(&name.as_str()) => {
                            let unit = |value: &Value| value.to_string().split('.').next().map(str::len);
                            if unit(expected) != unit(value) {
                                found.push(format!("{path}: recorded {expected}, but {value}"));
                            }
                        }
                        // Of a page of commands, what was made before counts, too.
                        Some(_) if name == "totalFilteredRecords" && is_page_of_commands(recorded) => {}
                        // The text of a body is not in the recording, only what it says.
                        Some(expected) if name == "commandAsJson" => {
                            let read =
                                |text: &Value| -> Value { serde_json::from_str(text.as_str().unwrap()).unwrap() };
                            self.value(&path, &read(expected), &read(value), true, found);
                        }
                        Some(expected) if name == "disbursementDetailId" => {
                            self.number("disbursementDetails", &path, expected, value, found);
                        }
                        Some(expected) => self.value(&path, expected, value, whole || is_among(WHOLE, name), found),
                        None => found.push(format!("{path}: not recorded, but {value}")),
                    }
                }
                let missing = recorded.iter().filter(|(name, _)| !simulated.contains_key(*name));
                for (name, value) in missing.filter(|(name, _)| whole || is_among(RELIED_ON, name)) {
                    found.push(format!("{path}/{name}: recorded {value}, but missing"));
                }
            }
            (Value::Array(recorded), Value::Array(simulated)) => {
                self.list(path, recorded, simulated, whole, found);
            }
            (recorded, simulated) if recorded == simulated => {}
            (recorded, simulated) => found.push(format!("{path}: recorded {recorded}, but {simulated}")),
        }
    }

    fn list(&mut self, path: &str, recorded: &[Value], simulated: &[Value], whole: bool, found: &mut Vec<String>) {
        let mut recorded: Vec<&Value> = recorded.iter().collect();
        let mut simulated: Vec<&Value> = simulated.iter().collect();
        let name = path.rsplit('/').next().unwrap_or_default();
        let commands = recorded
            .iter()
            .chain(&simulated)
            .any(|element| element.get("maker").is_some());
        if commands {
            let page = recorded.len();
            recorded.retain(|command| self.is_of_recording(command));
            if recorded.len() < page {
                // What was made before fills the recorded page up.
                simulated.truncate(recorded.len());
            }
        }
        if name == "transactions" {
            // No money moves by accruals, which are not simulated.
            recorded.retain(|transaction| transaction["type"]["accrual"] != true);
        }
        if path.is_empty() {
            // The list of products has no order.
            let number = |value: &&Value| value["id"].as_u64();
            recorded.sort_by_key(number);
            simulated.sort_by_key(number);
        }
        if path == "/changes/charges" {
            // Charges that were sent are kept in a set, which has no order.
            let charge = |value: &&Value| value["chargeId"].as_u64();
            recorded.sort_by_key(charge);
            simulated.sort_by_key(charge);
        }
        if recorded.len() != simulated.len() {
            found.push(format!(
                "{path}: recorded {} elements, but {}",
                recorded.len(),
                simulated.len()
            ));
            return;
        }
        let generated = GENERATED.into_iter().find(|generated| *generated == name);
        for (index, (recorded, simulated)) in recorded.into_iter().zip(simulated).enumerate() {
            let path = format!("{path}/{index}");
            // The numbers of bookings that no command names are generated, too.
            let booking = name == "transactions"
                && simulated.is_object()
                && recorded["type"] == simulated["type"]
                && simulated["type"]["disbursement"] != true;
            let is_loan_charge = name != "charges" || simulated.get("chargeId").is_some();
            let (mut recorded, mut simulated) = (recorded.clone(), simulated.clone());
            if commands {
                self.number("commands", &path, &recorded["id"], &simulated["id"], found);
                for element in [&mut recorded, &mut simulated] {
                    element.as_object_mut().unwrap().remove("id");
                }
            }
            if let Some(generated) = generated.filter(|_| is_loan_charge && simulated.get("id").is_some()) {
                self.number(generated, &path, &recorded["id"], &simulated["id"], found);
            }
            if booking {
                self.number("transactions", &path, &recorded["id"], &simulated["id"], found);
                for element in [&mut recorded, &mut simulated] {
                    forget_own_number(element);
                }
            }
            if booking || (generated.is_some() && is_loan_charge) {
                for element in [&mut recorded, &mut simulated] {
                    element.as_object_mut().unwrap().remove("id");
                }
            }
            self.value(&path, &recorded, &simulated, whole, found);
        }
    }

    fn number(&mut self, kind: &'static str, path: &str, recorded: &Value, simulated: &Value, found: &mut Vec<String>) {
        let simulated = simulated.to_string();
        let known = self
            .numbers
            .entry((kind, recorded.to_string()))
            .or_insert_with(|| simulated.clone());
        if *known != simulated {
            found.push(format!(
                "{path}: recorded number {recorded} was {known} before, but is {simulated}"
            ));
        }
    }

    /// The recorded body with the simulator's numbers of charges and tranches.
    pub(crate) fn translate(&self, body: &Value) -> Value {
        let mut body = body.clone();
        for (list, kind) in [("charges", "charges"), ("disbursementData", "disbursementDetails")] {
            let elements = body.get_mut(list).and_then(Value::as_array_mut);
            for element in elements.into_iter().flatten() {
                let Some(id) = element.get("id").map(Value::to_string) else {
                    continue;
                };
                if let Some((_, number)) = self.numbers.iter().find(|(key, _)| **key == (kind, id.clone())) {
                    element["id"] = serde_json::from_str(number).unwrap();
                }
            }
        }
        body
    }
}

/// Takes the number of a transaction out of its parts, which repeat it.
fn forget_own_number(transaction: &mut Value) {
    let own = transaction["id"].clone();
    let forget = |part: Option<&mut Value>| {
        if let Some(part) = part.filter(|part| **part == own) {
            *part = Value::Null;
        }
    };
    forget(transaction.pointer_mut("/paymentDetailData/id"));
    forget(transaction.pointer_mut("/transactionRelations/0/fromLoanTransaction"));
}

fn is_among(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|known| known == word)
}

fn is_page_of_commands(page: &Map<String, Value>) -> bool {
    let elements = page.get("pageItems").and_then(Value::as_array);
    elements.is_some_and(|elements| elements.iter().any(|element| element.get("maker").is_some()))
}
