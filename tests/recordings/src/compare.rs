//! Comparing an answer with the one that a real server gave.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::Answer;

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

/// Members that may name a transaction which no command's answer named before.
const NAMES_OF_TRANSACTIONS: &str = "resourceId toLoanTransaction";

/// Compares answers one after the other, and remembers which recorded number stands for which simulated one.
#[derive(Default)]
pub struct Comparison {
    numbers: BTreeMap<(&'static str, String), String>,
    /// The commands that this recording made, as far as answers tell their numbers.
    commands: BTreeSet<u64>,
    /// The clients and the loans that it made.
    clients: BTreeSet<u64>,
    loans: BTreeSet<u64>,
    /// Simulated transactions of numbers from here on take the place of others: nobody told their numbers.
    replays: Option<u64>,
}

impl Comparison {
    /// A comparison for answers of which these are all that commands got: what else a list shows was made before.
    pub fn of<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> Self {
        let mut comparison = Self::default();
        for answer in answers {
            comparison.learn(answer);
        }
        comparison
    }

    /// Tells that the simulator numbers transactions that take the place of others from here on.
    pub fn replays_from(&mut self, first: u64) {
        self.replays = Some(first);
    }

    /// Learns what a command made, from its answer.
    pub fn learn(&mut self, answer: &Answer) {
        let number = |name: &str| answer.body.get(name).and_then(Value::as_u64);
        self.commands.extend(number("commandId"));
        self.clients.extend(number("clientId"));
        self.loans.extend(number("loanId"));
    }

    /// Whether a request reads a command that was made before the first of these answers.
    pub fn is_history(&self, path: &str, status: u16) -> bool {
        let id = path.strip_prefix("/v1/audits/");
        let id = id.and_then(|id| id.parse::<u64>().ok());
        id.is_some_and(|id| status == 200 && !self.commands.contains(&id))
    }

    /// Whether an element of a list of commands was made in the recording.
    fn is_of_recording(&self, command: &Value) -> bool {
        let number = |name: &str| command[name].as_u64();
        let known = |name: &str, ids: &BTreeSet<u64>| number(name).is_some_and(|id| ids.contains(&id));
        known("id", &self.commands) || known("clientId", &self.clients) || known("loanId", &self.loans)
    }

    /// The differences between the recorded answer and the simulated one, in words.
    pub fn compare(&mut self, method: &str, recorded: &Answer, simulated: &Answer) -> Vec<String> {
        let mut found = Vec::new();
        if recorded.status != simulated.status {
            let (was, is) = (recorded.status, simulated.status);
            found.push(format!("status {was} is {is} with {}", simulated.body));
            return found;
        }
        for name in ["x-served-from-cache", "content-type", "www-authenticate"] {
            let (was, is) = (recorded.header(name), simulated.header(name));
            if was != is {
                found.push(format!("{name} {was:?} is {is:?}"));
            }
        }
        // Of a read, what the simulator leaves out is forgiven; of everything else, nothing.
        let whole = method != "GET" || recorded.status != 200;
        let (mut was, mut is) = (recorded.body.clone(), simulated.body.clone());
        if is_transaction(&was) && is_transaction(&is) {
            self.number("transactions", "/id", &was["id"], &is["id"], &mut found);
            for transaction in [&mut was, &mut is] {
                forget_own_number(transaction);
            }
            forget("id", [&mut was, &mut is]);
        }
        self.value("", &was, &is, whole, &mut found);
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
                            let read = |text: &Value| {
                                let document = text.as_str().and_then(|text| serde_json::from_str(text).ok());
                                document.unwrap_or_else(|| text.clone())
                            };
                            self.value(&path, &read(expected), &read(value), true, found);
                        }
                        Some(expected) if name == "disbursementDetailId" => {
                            self.number("disbursementDetails", &path, expected, value, found);
                        }
                        // How a loan is recalculated has a number of its own.
                        Some(expected) if name == "interestRecalculationData" && value.get("loanId").is_some() => {
                            self.number("recalculations", &path, &expected["id"], &value["id"], found);
                            let (mut expected, mut value) = (expected.clone(), value.clone());
                            forget("id", [&mut expected, &mut value]);
                            self.value(&path, &expected, &value, whole, found);
                        }
                        Some(expected) if is_among(NAMES_OF_TRANSACTIONS, name) => {
                            self.transaction(&path, expected, value, found);
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
                && recorded["type"]["id"] == simulated["type"]["id"]
                && simulated["type"]["disbursement"] != true;
            let is_loan_charge = name != "charges" || simulated.get("chargeId").is_some();
            let (mut recorded, mut simulated) = (recorded.clone(), simulated.clone());
            if commands {
                self.number("commands", &path, &recorded["id"], &simulated["id"], found);
                forget("id", [&mut recorded, &mut simulated]);
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
                forget("id", [&mut recorded, &mut simulated]);
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

    /// The number of a transaction: the recorded one, or the one that a read has shown to stand for it.
    fn transaction(&mut self, path: &str, recorded: &Value, simulated: &Value, found: &mut Vec<String>) {
        let replay = self.replays.zip(simulated.as_u64());
        if replay.is_some_and(|(first, number)| number >= first) {
            return self.number("transactions", path, recorded, simulated, found);
        }
        let known = self.numbers.get(&("transactions", recorded.to_string()));
        if recorded != simulated && known != Some(&simulated.to_string()) {
            found.push(format!("{path}: recorded {recorded}, but {simulated}"));
        }
    }

    /// The recorded body with the simulator's numbers of charges and tranches.
    pub fn translate(&self, body: &Value) -> Value {
        let mut body = body.clone();
        for (list, kind) in [("charges", "charges"), ("disbursementData", "disbursementDetails")] {
            let elements = body.get_mut(list).and_then(Value::as_array_mut);
            for element in elements.into_iter().flatten() {
                let Some(id) = element.get("id").map(Value::to_string) else {
                    continue;
                };
                let known = self.numbers.get(&(kind, id));
                if let Some(number) = known.and_then(|number| serde_json::from_str(number).ok()) {
                    element["id"] = number;
                }
            }
        }
        body
    }
}

/// Whether a body is a transaction of a loan by itself.
fn is_transaction(body: &Value) -> bool {
    let member = |name: &str| body.get(name).is_some();
    member("id") && member("loanId") && member("manuallyReversed") && member("submittedOnDate")
}

/// Takes a member out of both.
fn forget(name: &str, elements: [&mut Value; 2]) {
    for members in elements.into_iter().filter_map(Value::as_object_mut) {
        members.remove(name);
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
