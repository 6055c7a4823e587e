//! The state of the simulated bank.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use time::{Date, OffsetDateTime};

use crate::{
    clients::Client,
    effects::Effect,
    errors::{Failure, Fault},
    funds::Fund,
    journal::Journal,
    loans::Loan,
    products::{self, Charge, Product},
    release::Release,
    settings::Settings,
    users::Users,
};

/// The only office.
pub(crate) const OFFICE: u64 = 1;

/// Everything that the bank holds. One command at a time changes it.
pub(crate) struct Bank {
    pub(crate) release: Release,
    pub(crate) clients: BTreeMap<u64, Client>,
    pub(crate) loans: BTreeMap<u64, Loan>,
    pub(crate) products: Vec<Product>,
    pub(crate) charges: Vec<Charge>,
    pub(crate) funds: Vec<Fund>,
    pub(crate) journal: Journal,
    pub(crate) users: Users,
    pub(crate) settings: Settings,
    pub(crate) effects: Vec<Effect>,
    numbers: Numbers,
}

/// What a command may change.
pub(crate) struct Holdings {
    clients: BTreeMap<u64, Client>,
    loans: BTreeMap<u64, Loan>,
    products: Vec<Product>,
    funds: Vec<Fund>,
    effects: usize,
}

/// What is numbered, each kind by its own sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Numbered {
    /// Clients.
    Client,
    /// Loans.
    Loan,
    /// Transactions of loans.
    Transaction,
    /// Transactions that take the place of others: of the same sequence, unless they are told to go on elsewhere.
    Replay,
    /// Charges of loans.
    LoanCharge,
    /// Tranches of loans.
    Tranche,
    /// Commands, whatever became of them.
    Command,
    /// Loan products.
    Product,
    /// Funds.
    Fund,
}

/// The next number of each kind. A number is used once, also if what it was given to is not kept.
#[derive(Clone, Debug)]
pub(crate) struct Numbers([u64; 9]);

/// The moment of a command: the instant, the tenant's business date, and by whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) instant: OffsetDateTime,
    pub(crate) today: Date,
    /// The number of the user.
    pub(crate) by: u64,
}

impl Bank {
    /// The bank as a recorded server was after its set-up.
    pub(crate) fn new(release: Release) -> Self {
        let products = products::products();
        let mut numbers = Numbers([1; 9]);
        numbers.0[Numbered::Product as usize] += products.iter().map(|product| product.id).max().unwrap_or_default();
        Self {
            release,
            clients: BTreeMap::new(),
            loans: BTreeMap::new(),
            products,
            charges: products::charges(),
            funds: Vec::new(),
            journal: Journal::default(),
            users: Users::default(),
            settings: Settings::default(),
            effects: Vec::new(),
            numbers,
        }
    }

    /// What a command may change, as it is.
    pub(crate) fn holdings(&self) -> Holdings {
        Holdings {
            clients: self.clients.clone(),
            loans: self.loans.clone(),
            products: self.products.clone(),
            funds: self.funds.clone(),
            effects: self.effects.len(),
        }
    }

    /// Makes everything that a command may change what it was.
    pub(crate) fn restore(&mut self, holdings: Holdings) {
        self.clients = holdings.clients;
        self.loans = holdings.loans;
        self.products = holdings.products;
        self.funds = holdings.funds;
        self.effects.truncate(holdings.effects);
    }

    /// Takes the next number.
    pub(crate) fn next(&mut self, kind: Numbered) -> u64 {
        // Nobody told them.
        let untold = kind == Numbered::Replay && self.numbers.0[kind as usize] == 1;
        let kind = if untold { Numbered::Transaction } else { kind };
        let number = &mut self.numbers.0[kind as usize];
        *number += 1;
        *number - 1
    }

    /// The numbering as it is.
    pub(crate) fn numbers(&self) -> Numbers {
        self.numbers.clone()
    }

    /// Makes the numbering what it was.
    pub(crate) fn restore_numbers(&mut self, numbers: Numbers) {
        self.numbers = numbers;
    }

    /// Lets the numbering go on at `next`.
    pub(crate) fn number_from(&mut self, kind: Numbered, next: u64) {
        self.numbers.0[kind as usize] = next;
    }

    /// The client by number.
    pub(crate) fn client(&self, id: u64) -> Result<&Client, Failure> {
        self.clients.get(&id).ok_or_else(|| client_not_found(json!(id)))
    }

    /// The client by number, for those who only read: it is missed in other words.
    pub(crate) fn client_to_read(&self, id: u64) -> Result<&Client, Failure> {
        self.clients.get(&id).ok_or_else(|| {
            let text = format!("Client not found with valuer {id}.");
            let fault = Fault::general("error.msg.client.not.found.with.client.id", text);
            Failure::NotFound(fault.with([json!(id.to_string())]))
        })
    }

    /// The loan by number.
    pub(crate) fn loan(&self, id: u64) -> Result<&Loan, Failure> {
        self.loans.get(&id).ok_or_else(|| loan_not_found(id))
    }

    /// The number of the client with this external id.
    pub(crate) fn client_by_external_id(&self, external_id: &str) -> Result<u64, Failure> {
        let found = self
            .clients
            .values()
            .find(|client| client.external_id.as_deref() == Some(external_id));
        // 1.10.1 forgets which id it looked for.
        let named = if self.release.is_develop() {
            json!(external_id)
        } else {
            Value::Null
        };
        found.map(|client| client.id).ok_or_else(|| client_not_found(named))
    }

    /// The number of the loan with this external id.
    pub(crate) fn loan_by_external_id(&self, external_id: &str) -> Result<u64, Failure> {
        let found = self
            .loans
            .values()
            .find(|loan| loan.external_id.as_deref() == Some(external_id));
        found.map(|loan| loan.id).ok_or_else(|| {
            let text = format!("Loan with external identifier {external_id} does not exist");
            Failure::NotFound(Fault::general("error.msg.loan.external.id.invalid", text).with([json!(external_id)]))
        })
    }

    /// The product by number.
    pub(crate) fn product(&self, id: i64) -> Result<&Product, Failure> {
        let found = self.products.iter().find(|product| i64::try_from(product.id) == Ok(id));
        found.ok_or_else(|| {
            let text = format!("Loan product with identifier {id} does not exist");
            Failure::NotFound(Fault::general("error.msg.loanproduct.id.invalid", text).with([json!(id)]))
        })
    }
}

/// 404 for a client; the id that was looked for is named if it is known.
pub(crate) fn client_not_found(id: Value) -> Failure {
    let named = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let text = format!("Client with identifier {named} does not exist");
    Failure::NotFound(Fault::general("error.msg.client.id.invalid", text).with([id]))
}

fn loan_not_found(id: u64) -> Failure {
    let text = format!("Loan with identifier {id} does not exist");
    Failure::NotFound(Fault::general("error.msg.loan.id.invalid", text).with([json!(id)]))
}

/// The fields of an answer, whatever the command, but for the external ids.
const EVERY_FIELD: [&str; 15] = [
    "commandId",
    "officeId",
    "groupId",
    "clientId",
    "loanId",
    "savingsId",
    "resourceId",
    "subResourceId",
    "transactionId",
    "changes",
    "creditBureauReportData",
    "resourceIdentifier",
    "productId",
    "gsimId",
    "glimId",
];

/// What a command that succeeded answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applied {
    /// Whether the answer names the office; closing a client does not.
    pub(crate) without_office: bool,
    pub(crate) client: Option<u64>,
    pub(crate) loan: Option<u64>,
    pub(crate) resource: u64,
    pub(crate) sub_resource: Option<u64>,
    pub(crate) changes: Option<Map<String, Value>>,
    pub(crate) external_id: Option<String>,
    pub(crate) sub_external_id: Option<String>,
    /// The number and the external id of what stands in the end, if the answer does not name it.
    pub(crate) stands: Option<(u64, Option<String>)>,
}

impl Applied {
    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let full = self.parts();
        Value::Object(
            full.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(k, v)| (k.to_owned(), v))
                .collect(),
        )
    }

    /// The answer to a command that waits for a checker. 1.10.1 adds empty objects where ids would be.
    pub(crate) fn waiting_body(command: u64, resource: Option<u64>, release: Release) -> Value {
        let mut body = Map::new();
        body.insert("commandId".into(), json!(command));
        if let Some(resource) = resource {
            body.insert("resourceId".into(), json!(resource));
        }
        body.insert("rollbackTransaction".into(), json!(true));
        if !release.is_develop() {
            for name in ["resourceExternalId", "subResourceExternalId"] {
                body.insert(name.into(), json!({}));
            }
        }
        Value::Object(body)
    }

    /// What is stored for replays of a request that did not say that it is JSON: every field there is.
    pub(crate) fn body_with_nulls(&self, release: Release) -> Value {
        Self::with_nulls(&self.body(), release)
    }

    /// The body of an answer with every field there is.
    pub(crate) fn with_nulls(answer: &Value, release: Release) -> Value {
        let mut body = Map::new();
        let mut put = |name: &str| {
            let value = answer.get(name).cloned().unwrap_or_default();
            body.insert(name.to_owned(), value);
        };
        for name in EVERY_FIELD {
            put(name);
        }
        put("resourceExternalId");
        put("subResourceExternalId");
        if release.is_develop() {
            put("loanExternalId");
        }
        body.insert("rollbackTransaction".into(), json!(false));
        Value::Object(body)
    }

    fn parts(&self) -> [(&'static str, Value); 8] {
        [
            (
                "officeId",
                if self.without_office {
                    Value::Null
                } else {
                    json!(OFFICE)
                },
            ),
            ("clientId", json!(self.client)),
            ("loanId", json!(self.loan)),
            ("resourceId", json!(self.resource)),
            ("subResourceId", json!(self.sub_resource)),
            ("changes", json!(self.changes)),
            ("resourceExternalId", json!(self.external_id)),
            ("subResourceExternalId", json!(self.sub_external_id)),
        ]
    }
}
