//! Two Fineracts: one that answers from a list, whatever it is asked, and one that does everything it is asked to do.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use gateway::fineract::{Answer, Exchange, Fineract, Method, Request};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::world::{LENDERS, USER};

/// Most requests of one run: every page of every list, and some.
const REQUESTS_MAX: usize = 200;

/// Lists in which names have numbers, and the one name that each has.
const NAMED: [(&str, &str); 3] = [
    ("/v1/charges", "Specified due date fee"),
    ("/v1/paymenttypes", "Money Transfer"),
    ("/codevalues", "Deceased"),
];

/// What was asked, and what came of it.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) request: Request,
    pub(crate) exchange: Exchange,
}

impl Seen {
    pub(crate) fn is_command(&self) -> bool {
        let path = self.request.path.as_str();
        self.request.method != Method::Get && !path.ends_with("?command=calculateLoanSchedule")
    }

    pub(crate) fn answer(&self) -> Option<&Answer> {
        match &self.exchange {
            Exchange::Answer(answer) => Some(answer),
            Exchange::NotSent | Exchange::Lost(_) => None,
        }
    }
}

/// A Fineract that answers as it is told, and remembers.
pub(crate) struct Told<F> {
    answer: F,
    seen: Mutex<Vec<Seen>>,
}

impl<F: Fn(usize, &Request) -> Exchange + Send + Sync> Told<F> {
    pub(crate) fn new(answer: F) -> Self {
        Self {
            answer,
            seen: Mutex::default(),
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl<F: Fn(usize, &Request) -> Exchange + Send + Sync> Fineract for Told<F> {
    async fn exchange(&self, request: Request) -> Exchange {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(seen.len() < REQUESTS_MAX, "a run asks without end");
        check_path(request.path.as_str());
        let exchange = (self.answer)(seen.len(), &request);
        seen.push(Seen {
            request,
            exchange: exchange.clone(),
        });
        exchange
    }

    async fn username(&self) -> Option<String> {
        Some(USER.to_owned())
    }
}

/// Whatever a caller's id has in it, a path keeps its form: segments that nothing can split, end or climb out of.
fn check_path(path: &str) {
    let (segments, query) = path.split_once('?').unwrap_or((path, ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
    assert!(
        segments.bytes().all(|byte| plain(byte) || byte == b'/')
            && query.bytes().all(|byte| plain(byte) || b"&=,".contains(&byte)),
        "a path with characters of its own meaning"
    );
    let segments: Vec<_> = segments.split('/').skip(1).collect();
    assert!(
        segments.first() == Some(&"v1") && segments.iter().all(|segment| !matches!(*segment, "" | "." | "..")),
        "a path that is not what was assembled"
    );
}

/// A Fineract that has what it is asked for and applies every command, for operations on the client or loan with this
/// external id.
pub(crate) fn willing(own: &str) -> Told<impl Fn(usize, &Request) -> Exchange + Send + Sync> {
    let own = own.to_owned();
    Told::new(move |_, request| {
        let body = match request.method {
            Method::Get => shown(&own, request.path.as_str()),
            Method::Post | Method::Put | Method::Delete => {
                let made = request.body.as_ref().and_then(|body| body.get("externalId"));
                let path = request.path.as_str().split('?').next().unwrap_or_default();
                let made_or_undone = match path.rsplit_once("/transactions") {
                    Some((_, "")) => made.cloned(),
                    Some(_) => Some(external_id_in(path).into()),
                    None if path.ends_with("/charges") => made.cloned(),
                    None => None,
                };
                json!({"officeId": 1, "clientId": 3, "loanId": 7, "resourceId": 7, "periods": [],
                    "resourceExternalId": made_or_undone.unwrap_or_else(|| own.clone().into()),
                    "subResourceId": 9, "subResourceExternalId": made})
            }
        };
        Exchange::Answer(Answer {
            status: 200,
            from_cache: false,
            body: body.to_string().into_bytes(),
        })
    })
}

/// The external id at the end of a path.
fn external_id_in(path: &str) -> Option<String> {
    let (_, id) = path.rsplit_once("/external-id/")?;
    let id = id.split('/').next().unwrap_or_default();
    Some(percent_decode_str(id).decode_utf8_lossy().into_owned())
}

fn shown(own: &str, path: &str) -> Value {
    let path = path.split('?').next().unwrap_or_default();
    let by_external_id = external_id_in(path);
    if path.ends_with("/codes") {
        return json!([{"id": 26, "name": "WriteOffReasons"}]);
    }
    if let Some(name) = NAMED
        .into_iter()
        .find_map(|(list, name)| path.ends_with(list).then_some(name))
    {
        return json!([{"id": 1, "name": name}]);
    }
    if path.ends_with("/loanproducts") {
        let products = LENDERS
            .iter()
            .zip(1..)
            .map(|(name, id)| json!({"id": id, "name": name}));
        return products.collect();
    }
    if path.contains("/clients/") {
        let id = by_external_id.as_deref().unwrap_or(own);
        return json!({"id": 3, "externalId": id, "firstname": "J", "lastname": "B"});
    }
    if path.contains("/transactions/external-id/") {
        let id = by_external_id.as_deref().unwrap_or(own);
        return json!({"id": 7, "externalId": id, "type": {"repayment": true}, "amount": 1000.50, "date": [2026, 2, 11]});
    }
    if path.ends_with("/template") {
        return json!({"externalLoanId": by_external_id.as_deref().unwrap_or(own), "amount": 1000.50});
    }
    let kind = json!({"id": 1});
    let asked = path.rsplit('/').next().and_then(|last| last.parse().ok());
    json!({"id": asked.unwrap_or(7), "externalId": by_external_id.as_deref().unwrap_or(own), "clientId": 3, "loanProductId": 1,
        "principal": 1000.50, "termFrequency": 12, "numberOfRepayments": 12,
        "repaymentEvery": 1, "interestRatePerPeriod": 8.3, "termPeriodFrequencyType": kind,
        "repaymentFrequencyType": kind, "amortizationType": kind, "interestType": kind,
        "interestCalculationPeriodType": kind, "transactionProcessingStrategyCode": "mifos-standard-strategy",
        "timeline": {"submittedOnDate": [2026, 1, 11], "expectedDisbursementDate": [2026, 1, 11]}})
}
