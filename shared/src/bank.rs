//! What an operation may ask Fineract before it makes its one mutating request.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::clock::{Clock, Timestamp};
use crate::command::{Command, Stop};
use crate::failure::Failure;
use crate::fineract::{Exchange, Fineract, Method, Path, Request};
use crate::pace::{Pace, Reason, Wait};
use crate::subject::{Subject, SubjectKind};
use crate::values::{ExternalId, Lender};
use crate::verdict::{self, Found};

/// How long a loan product, or a list, is believed to be as it was read.
const PRODUCTS_FRESH: Duration = Duration::from_secs(5 * 60);

/// Values that belong to the deployment and not to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The office of new clients.
    pub office_id: u64,
    /// Their legal form: 1 a person, 2 an entity.
    pub legal_form_id: u64,
    /// The payment type under which Fineract keeps a UTR.
    pub payment_type_id: u64,
}

/// The lists in which Fineract gives numbers to names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// What may be charged.
    Charges,
    /// How money is paid.
    PaymentTypes,
    /// Why loans are written off.
    WriteOffReasons,
}

impl List {
    /// What it holds, in words and in the code of a refusal.
    const fn noun(self) -> (&'static str, &'static str) {
        match self {
            Self::Charges => ("charge", "gateway.charge-not-found"),
            Self::PaymentTypes => ("payment type", "gateway.payment-type-not-found"),
            Self::WriteOffReasons => ("write-off reason", "gateway.write-off-reason-not-found"),
        }
    }
}

/// The code (a list of values that a deployment keeps) of write-off reasons.
const WRITE_OFF_REASONS: &str = "WriteOffReasons";

/// How long calls may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// A lookup.
    pub lookup: Duration,
    /// A mutating call.
    pub call: Duration,
    /// What must be left of the run after a call, to write down what came of it.
    pub reserve: Duration,
}

/// Fineract for one run of the worker.
pub struct Bank<'a> {
    /// The port.
    pub fineract: &'a dyn Fineract,
    /// Products that were read.
    pub products: &'a Products,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// When the run ends.
    pub deadline: Timestamp,
    /// How long calls may take.
    pub timeouts: Timeouts,
    /// The deployment's values.
    pub deployment: Deployment,
}

impl Bank<'_> {
    /// The client with this external id, or Fineract's word that there is none.
    pub async fn client(&self, id: &ExternalId) -> Result<Value, Stop> {
        let client = self.read(Path::new("v1/clients/external-id").segment(id)).await?;
        same_external_id(client, id.as_str())
    }

    /// The loan with this external id, or Fineract's word that there is none.
    pub async fn loan(&self, id: &ExternalId) -> Result<Value, Stop> {
        let loan = self.read(Path::new("v1/loans/external-id").segment(id)).await?;
        same_external_id(loan, id.as_str())
    }

    /// The loan with its charges and tranches.
    pub async fn whole_loan(&self, id: &ExternalId) -> Result<Value, Stop> {
        let path = Path::new("v1/loans/external-id")
            .segment(id)
            .query("associations=charges,multiDisburseDetails");
        same_external_id(self.read(path).await?, id.as_str())
    }

    /// A transaction of the loan, by its external id.
    pub async fn transaction(&self, loan: &ExternalId, transaction: &str) -> Result<Value, Stop> {
        let path = Path::new("v1/loans/external-id").segment(loan);
        let path = path.fixed("transactions/external-id").segment(transaction);
        same_external_id(self.read(path).await?, transaction)
    }

    /// A transaction of the loan, by Fineract's number.
    pub async fn transaction_by_number(&self, loan: &ExternalId, number: u64) -> Result<Value, Stop> {
        let path = Path::new("v1/loans/external-id").segment(loan);
        same_number(self.read(path.fixed("transactions").segment(number)).await?, number)
    }

    /// The loan with the transactions that were not reversed.
    pub async fn loan_with_transactions(&self, id: &ExternalId) -> Result<Value, Stop> {
        let path = Path::new("v1/loans/external-id")
            .segment(id)
            .query("associations=transactions");
        same_external_id(self.read(path).await?, id.as_str())
    }

    /// A charge of the loan, by its external id.
    pub async fn charge(&self, loan: &ExternalId, charge: &str) -> Result<Value, Stop> {
        let path = Path::new("v1/loans/external-id").segment(loan);
        let path = path.fixed("charges/external-id").segment(charge);
        same_external_id(self.read(path).await?, charge)
    }

    /// The number that Fineract gave to this name, by a list that is at most five minutes old. The log has how many names
    /// there are, and none of them: they are Fineract's texts.
    pub async fn number_named(&self, list: List, name: &str) -> Result<u64, Stop> {
        let entries = self.entries(list).await?;
        let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
        let name_of = |entry: &Value| entry.get("name").and_then(Value::as_str).map(str::to_owned);
        let found = entries.iter().find(|entry| name_of(entry).as_deref() == Some(name));
        found.and_then(number_of).ok_or_else(|| {
            let (noun, code) = list.noun();
            tracing::warn!(
                list = noun,
                known = entries.len(),
                "an operation names something that Fineract does not have"
            );
            let message = format!("There is no {noun} of this name.");
            Stop::Refused(Failure::gateway(404, code, message))
        })
    }

    async fn entries(&self, list: List) -> Result<Arc<Value>, Stop> {
        let now = self.clock.now();
        let known = Known::List(list);
        if let Some(entries) = self.products.fresh(&known, now) {
            return Ok(entries);
        }
        let path = match list {
            List::Charges => Path::new("v1/charges"),
            List::PaymentTypes => Path::new("v1/paymenttypes"),
            List::WriteOffReasons => {
                let codes = list_of_names(self.read(Path::new("v1/codes")).await?)?;
                let named = |code: &&Value| code.get("name").and_then(Value::as_str) == Some(WRITE_OFF_REASONS);
                let code = codes.as_array().and_then(|codes| codes.iter().find(named));
                match code.and_then(number_of) {
                    Some(number) => Path::new("v1/codes").segment(number).fixed("codevalues"),
                    None => return Ok(Arc::new(Value::Null)),
                }
            }
        };
        let entries = Arc::new(list_of_names(self.read(path).await?)?);
        self.products.keep(known, now, Arc::clone(&entries));
        Ok(entries)
    }

    /// Fineract's number of a client or loan.
    pub async fn number(&self, subject: &Subject) -> Result<Option<u64>, Stop> {
        let (fixed, id) = match subject.kind() {
            (SubjectKind::Client, id) => ("v1/clients/external-id", id),
            (SubjectKind::Loan, id) => ("v1/loans/external-id", id),
            (SubjectKind::Itself, _) => return Ok(None),
        };
        let thing = self.read(Path::new(fixed).segment(id)).await;
        let thing = thing.and_then(|thing| same_external_id(thing, id));
        Ok(found(thing)?.as_ref().and_then(number_of))
    }

    /// The audit of a command; none if Fineract does not know it, which it says with a failure of its own (HTTP 500).
    pub async fn audit(&self, number: u64) -> Result<Option<Value>, Stop> {
        match self.read(Path::new("v1/audits").segment(number)).await {
            Ok(audit) => same_number(audit, number).map(Some),
            Err(Stop::NotYet(Wait {
                reason: Reason::FineractFailed,
                ..
            })) => Ok(None),
            Err(stop) => Err(stop),
        }
    }

    /// A page of a list: its entries.
    pub async fn page(&self, path: Path) -> Result<Vec<Value>, Stop> {
        match self.read(path).await?.get_mut("pageItems").map(Value::take) {
            Some(Value::Array(entries)) => Ok(entries),
            Some(_) | None => Err(foreign()),
        }
    }

    /// The user that the gateway is in Fineract. Without credentials nothing can be asked, so nothing is concluded.
    pub async fn username(&self) -> Result<String, Stop> {
        let unknown = Stop::NotYet(Wait::new(Pace::Unreachable, Reason::FineractUnreachable));
        self.fineract.username().await.ok_or(unknown)
    }

    /// The loan with this number of Fineract's.
    pub async fn loan_by_number(&self, number: u64) -> Result<Value, Stop> {
        same_number(self.read(Path::new("v1/loans").segment(number)).await?, number)
    }

    /// The loan product of this name with its charges, at most five minutes old.
    pub async fn product(&self, lender: &Lender) -> Result<Arc<Value>, Stop> {
        let now = self.clock.now();
        let known = Known::Product(lender.as_str().to_owned());
        if let Some(product) = self.products.fresh(&known, now) {
            return Ok(product);
        }
        let list = list_of_names(self.read(Path::new("v1/loanproducts")).await?)?;
        let named = |product: &&Value| product.get("name").and_then(Value::as_str) == Some(lender.as_str());
        let Some(number) = list
            .as_array()
            .and_then(|list| list.iter().find(named))
            .and_then(number_of)
        else {
            let message = format!("There is no loan product named {}.", lender.as_str());
            return Err(Stop::Refused(Failure::gateway(
                404,
                "gateway.product-not-found",
                message,
            )));
        };
        let product = self.read_product(number).await?;
        self.products.keep(known, now, Arc::clone(&product));
        Ok(product)
    }

    /// The loan product with this number of Fineract's with its charges, at most five minutes old.
    pub async fn product_by_number(&self, number: u64) -> Result<Arc<Value>, Stop> {
        match self.products.fresh(&Known::ProductNumber(number), self.clock.now()) {
            Some(product) => Ok(product),
            None => self.read_product(number).await,
        }
    }

    async fn read_product(&self, number: u64) -> Result<Arc<Value>, Stop> {
        let now = self.clock.now();
        let product = self.read(Path::new("v1/loanproducts").segment(number)).await?;
        let product = Arc::new(same_number(product, number)?);
        let known = Known::ProductNumber(number);
        self.products.keep(known, now, Arc::clone(&product));
        Ok(product)
    }

    /// Makes the mutating request, under the operation's key.
    pub async fn command(&self, command: &Command, key: String) -> Result<Exchange, Stop> {
        self.ask(command, Some(key)).await
    }

    /// Makes the request of an operation that only asks, which needs no key.
    pub async fn question(&self, question: &Command) -> Result<Exchange, Stop> {
        self.ask(question, None).await
    }

    async fn ask(&self, command: &Command, key: Option<String>) -> Result<Exchange, Stop> {
        self.enough_time_for(self.timeouts.call)?;
        let request = Request {
            method: command.method,
            path: command.path.clone(),
            key,
            body: command.body.clone(),
            timeout: self.timeouts.call,
        };
        Ok(self.fineract.exchange(request).await)
    }

    /// Whether a mutating call may still be begun.
    pub fn time_for_a_command(&self) -> Result<(), Stop> {
        self.enough_time_for(self.timeouts.call)
    }

    async fn read(&self, path: Path) -> Result<Value, Stop> {
        self.enough_time_for(self.timeouts.lookup)?;
        let request = Request {
            method: Method::Get,
            path,
            key: None,
            body: None,
            timeout: self.timeouts.lookup,
        };
        match verdict::of_lookup(&self.fineract.exchange(request).await) {
            Found::Yes(body) => Ok(body),
            Found::No(failure) => Err(Stop::NotFound(failure)),
            Found::NotYet(wait) => Err(Stop::NotYet(wait)),
        }
    }

    fn enough_time_for(&self, timeout: Duration) -> Result<(), Stop> {
        if self.deadline.since(self.clock.now()) < timeout + self.timeouts.reserve {
            return Err(Stop::NotYet(Wait::new(Pace::Next, Reason::OutOfTime)));
        }
        Ok(())
    }
}

/// What a lookup found, if it found anything.
pub fn found<T>(looked: Result<T, Stop>) -> Result<Option<T>, Stop> {
    match looked {
        Ok(thing) => Ok(Some(thing)),
        Err(Stop::NotFound(_)) => Ok(None),
        Err(stop) => Err(stop),
    }
}

/// A number that Fineract gave to something: its member `id`.
pub fn number_of(thing: &Value) -> Option<u64> {
    thing.get("id").and_then(Value::as_u64)
}

/// An answer about something else than what was asked for is another program's, and never built upon.
fn same_external_id(thing: Value, id: &str) -> Result<Value, Stop> {
    if thing.get("externalId").and_then(Value::as_str) == Some(id) {
        return Ok(thing);
    }
    Err(foreign())
}

/// The same for what was asked for by number.
fn same_number(thing: Value, number: u64) -> Result<Value, Stop> {
    if number_of(&thing) == Some(number) {
        return Ok(thing);
    }
    Err(foreign())
}

/// An answer that is no list of names says nothing about what Fineract's list holds.
fn list_of_names(answer: Value) -> Result<Value, Stop> {
    let named = |entry: &Value| entry.get("name").is_some_and(Value::is_string);
    match answer.as_array() {
        Some(entries) if entries.iter().all(named) => Ok(answer),
        Some(_) | None => Err(foreign()),
    }
}

/// Another program answered in Fineract's place.
pub(crate) const fn foreign() -> Stop {
    Stop::NotYet(Wait::new(Pace::Minutes, Reason::ForeignAnswer))
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    Product(String),
    ProductNumber(u64),
    List(List),
}

/// Loan products and lists that were read, kept between runs.
#[derive(Debug, Default)]
pub struct Products(Mutex<Vec<(Known, Timestamp, Arc<Value>)>>);

impl Products {
    fn fresh(&self, known: &Known, now: Timestamp) -> Option<Arc<Value>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, read_at, thing) = kept.iter().find(|(other, ..)| other == known)?;
        (now.since(*read_at) < PRODUCTS_FRESH).then(|| Arc::clone(thing))
    }

    fn keep(&self, known: Known, now: Timestamp, thing: Arc<Value>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, ..)| *other != known);
        kept.push((known, now, thing));
    }
}
