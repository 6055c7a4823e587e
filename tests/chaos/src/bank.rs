//! Fineract, read over HTTP by whoever wants to know the truth.

use std::str::FromStr;
use std::time::{Duration, Instant};

use local::{Error, Options};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Certificate, Client};
use rust_decimal::Decimal;
use serde_json::Value;
use tokio::time::sleep;

use crate::ledger::{Ledger, Loan, Status};
use crate::life::Life;

/// How long one answer may take; without its database a real server takes half a minute.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);
const TENANT_HEADER: &str = "Fineract-Platform-TenantId";
/// Numbers of a loan's status.
const SUBMITTED: u64 = 100;
const APPROVED: u64 = 200;
const ACTIVE: u64 = 300;

/// A Fineract, as one of its users reads it.
#[derive(Clone, Debug)]
pub struct Bank {
    client: Client,
    options: Options,
    patience: Duration,
}

/// A command that was applied, as the simulator's console tells it.
#[derive(Clone, Debug)]
pub struct Effect {
    /// As in `DISBURSE LOAN`.
    pub command: String,
    /// The `Idempotency-Key` that the gateway sent.
    pub key: String,
}

impl Bank {
    /// The Fineract of these options; `ca` is the PEM of its own authority. It is asked again for as long as `patience`.
    ///
    /// # Errors
    /// If the certificate cannot be read.
    pub fn new(options: &Options, ca: Option<&str>, patience: Duration) -> Result<Self, Error> {
        let unusable = |error: reqwest::Error| Error::Unexpected(format!("Fineract cannot be asked: {error}"));
        let mut builder = Client::builder()
            .no_proxy()
            .timeout(REQUEST_TIMEOUT)
            .pool_max_idle_per_host(0);
        if let Some(pem) = ca {
            let certificates = Certificate::from_pem_bundle(pem.as_bytes()).map_err(unusable)?;
            builder = builder.tls_certs_merge(certificates);
        }
        Ok(Self {
            client: builder.build().map_err(unusable)?,
            options: options.clone(),
            patience,
        })
    }

    /// What Fineract shows of a life. A client or loan that is there more than once is a fault.
    ///
    /// # Errors
    /// If Fineract does not answer for longer than the patience, or shows what cannot be.
    pub async fn ledger(&self, life: &Life) -> Result<Ledger, Error> {
        let client = match self.only("clients", &life.client, "").await? {
            Some(client) => Some(text(&client, "lastname")?),
            None => None,
        };
        let loan = match self.only("loans", &life.loan, "?associations=transactions").await? {
            Some(loan) => Some(read_loan(&loan)?),
            None => None,
        };
        Ok(Ledger { client, loan })
    }

    /// The commands that wait for a checker: their numbers and what they are.
    ///
    /// # Errors
    /// If Fineract does not answer as it should, now.
    pub async fn inbox(&self) -> Result<Vec<(u64, String)>, Error> {
        let (status, body) = self
            .get(&format!("{}/v1/makercheckers", self.options.fineract_url))
            .await?;
        if status != 200 {
            return Err(Error::Unexpected(format!("makercheckers answered {status}")));
        }
        let items = body.as_array().map(Vec::as_slice).unwrap_or_default();
        let read = |item: &Value| {
            let name = |member: &str| item[member].as_str().unwrap_or_default().to_owned();
            Some((
                item["id"].as_u64()?,
                format!("{} {}", name("actionName"), name("entityName")),
            ))
        };
        Ok(items.iter().filter_map(read).collect())
    }

    /// Everything that the simulator applied, in order.
    ///
    /// # Errors
    /// If this is no simulator.
    pub async fn effects(&self) -> Result<Vec<Effect>, Error> {
        let url = self.options.fineract_url.trim_end_matches("/fineract-provider/api");
        let body = self.patiently(&format!("{url}/simulator/effects")).await?;
        let effects = body.as_ref().and_then(Value::as_array);
        let effects = effects.ok_or_else(|| Error::Unexpected("the simulator tells no effects".to_owned()))?;
        let member = |effect: &Value, name: &str| effect[name].as_str().unwrap_or_default().to_owned();
        Ok(effects
            .iter()
            .map(|effect| Effect {
                command: format!("{} {}", member(effect, "action"), member(effect, "entity")),
                key: member(effect, "key"),
            })
            .collect())
    }

    /// The only one of this external id, if there is one.
    async fn only(&self, kind: &str, external_id: &str, query: &str) -> Result<Option<Value>, Error> {
        let (base, id) = (
            &self.options.fineract_url,
            utf8_percent_encode(external_id, NON_ALPHANUMERIC),
        );
        let list = self.patiently(&format!("{base}/v1/{kind}?externalId={id}")).await?;
        let count = list.as_ref().and_then(|list| list["totalFilteredRecords"].as_u64());
        let found = self
            .patiently(&format!("{base}/v1/{kind}/external-id/{id}{query}"))
            .await?;
        if count != Some(u64::from(found.is_some())) {
            let text = format!(
                "{kind} {external_id}: the list has {count:?}, by itself it is there: {}",
                found.is_some()
            );
            return Err(Error::Unexpected(text));
        }
        Ok(found)
    }

    /// Asks until the answer is 200 or 404.
    async fn patiently(&self, url: &str) -> Result<Option<Value>, Error> {
        let deadline = Instant::now() + self.patience;
        loop {
            let answer = self.get(url).await;
            match answer {
                Ok((200, body)) if !body.is_null() => return Ok(Some(body)),
                Ok((404, body)) if body["userMessageGlobalisationCode"].is_string() => return Ok(None),
                answer if Instant::now() > deadline => {
                    let answer = answer.map(|(status, _)| status);
                    return Err(Error::Unexpected(format!("GET {url} is not answered: {answer:?}")));
                }
                Ok(_) | Err(_) => sleep(PAUSE).await,
            }
        }
    }

    async fn get(&self, url: &str) -> Result<(u16, Value), Error> {
        let request = self
            .client
            .get(url)
            .basic_auth(&self.options.fineract_user, Some(&self.options.fineract_password))
            .header(TENANT_HEADER, &self.options.fineract_tenant);
        let lost = |source: reqwest::Error| Error::Http {
            url: url.to_owned(),
            source: source.without_url(),
        };
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(lost)?;
        Ok((status, serde_json::from_str(&text).unwrap_or_default()))
    }
}

fn text(value: &Value, member: &str) -> Result<String, Error> {
    let text = value[member].as_str().map(str::to_owned);
    text.ok_or_else(|| Error::Unexpected(format!("Fineract shows no {member}")))
}

/// A whole amount, however many noughts are behind its point.
fn amount(value: &Value, member: &str) -> Result<u64, Error> {
    let read = Decimal::from_str(&value[member].to_string()).ok();
    let whole = read.filter(|amount| amount.fract().is_zero());
    let whole = whole.and_then(|amount| u64::try_from(amount).ok());
    whole.ok_or_else(|| Error::Unexpected(format!("{member} is {}", value[member])))
}

fn read_loan(loan: &Value) -> Result<Loan, Error> {
    let status = match loan["status"]["id"].as_u64() {
        Some(SUBMITTED) => Status::Submitted,
        Some(APPROVED) => Status::Approved,
        Some(ACTIVE) => Status::Active,
        other => return Err(Error::Unexpected(format!("a loan's status is {other:?}"))),
    };
    let transactions = loan["transactions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let paid_out = transactions
        .iter()
        .filter(|transaction| transaction["type"]["disbursement"] == true && transaction["manuallyReversed"] != true)
        .map(|transaction| amount(transaction, "amount"));
    Ok(Loan {
        status,
        principal: amount(loan, "principal")?,
        paid_out: paid_out.collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_loan_is_read_with_what_was_paid_out() {
        let text = r#"{"status":{"id":300},"principal":102000.000000,"transactions":[
            {"type":{"disbursement":true},"amount":102000.00,"manuallyReversed":false},
            {"type":{"disbursement":true},"amount":5,"manuallyReversed":true},
            {"type":{"disbursement":false},"amount":1}]}"#;
        let loan = Loan {
            status: Status::Active,
            principal: 102_000,
            paid_out: vec![102_000],
        };
        assert_eq!(read_loan(&serde_json::from_str(text).unwrap()).unwrap(), loan);
        for wrong in [
            json!({"status": {"id": 600}, "principal": 1}),
            json!({"status": {"id": 100}}),
            json!({"status": {"id": 100}, "principal": 1.5}),
        ] {
            assert!(read_loan(&wrong).is_err(), "{wrong}");
        }
    }
}
