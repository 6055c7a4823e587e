//! The table of operations in DynamoDB.

mod repairs;
mod update;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure};
use uuid::Uuid;

use super::item::{self, Item, NotARow};
use crate::clock::Timestamp;
use crate::ledger::{
    Cancellation, Cancelled, Claim, Claimed, Error, Inserted, Ledger, Page, Past, Settlement, TakenBack, Written,
};
use crate::row::{Open, Row};
use crate::subject::{END, Subject, shard_of_group};
use crate::tracking::State;
use update::Update;

/// Most rows of one read of many.
const BATCH_MAX: usize = 100;
/// How often the rest of a read of many is asked for.
const BATCH_TRIES_MAX: usize = 5;
/// Most entries of one page of the index.
const PAGE_MAX: i32 = 100;
/// The index of all operations by subject.
const HISTORY_INDEX: &str = "history";
/// The index of open operations.
const OPEN_INDEX: &str = "open";

/// The table of operations.
#[derive(Clone, Debug)]
pub struct DynamoLedger {
    client: Client,
    table: String,
}

/// A conditional write: done, or what stands there instead.
enum Attempted {
    Done(Item),
    Not(Option<Box<Row>>),
}

impl DynamoLedger {
    /// The table of this name.
    pub fn new(config: &aws_config::SdkConfig, table: impl Into<String>) -> Self {
        Self {
            client: Client::new(config),
            table: table.into(),
        }
    }

    /// Opens the connection ahead of the first request.
    pub async fn warm(&self) -> Result<(), Error> {
        self.get(Uuid::nil()).await.map(drop)
    }

    async fn put(
        &self,
        what: &'static str,
        row: &Row,
        condition: &str,
        values: &[(&str, AttributeValue)],
    ) -> Result<Option<Box<Row>>, Error> {
        let mut request = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::of_row(row).map_err(|error| Error::new(what, error))?))
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for (name, value) in values {
            request = request.expression_attribute_values(format!(":{name}"), value.clone());
        }
        if condition.contains("#state") {
            request = request.expression_attribute_names("#state", "state");
        }
        match request.send().await {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                let PutItemError::ConditionalCheckFailedException(failed) = error.into_err() else {
                    return Err(Error::new(what, "a condition failed without saying so"));
                };
                standing(what, failed.item)?
                    .map(Some)
                    .ok_or_else(|| Error::new(what, "a condition failed and nothing stands there"))
            }
            Err(error) => Err(Error::new(what, error)),
        }
    }

    async fn update(&self, what: &'static str, id: Uuid, update: Update) -> Result<Attempted, Error> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("id", key(id))
            .update_expression(update.expression())
            .condition_expression(update.condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(UpdateItemOutput { attributes, .. }) => Ok(Attempted::Done(attributes.unwrap_or_default())),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                let UpdateItemError::ConditionalCheckFailedException(failed) = error.into_err() else {
                    return Err(Error::new(what, "a condition failed without saying so"));
                };
                Ok(Attempted::Not(standing(what, failed.item)?))
            }
            Err(error) => Err(Error::new(what, error)),
        }
    }

    /// A write that only the owner of the lease may make. If it is refused because it was done already, by a try of the
    /// SDK whose answer was lost, it is done.
    async fn as_owner(
        &self,
        what: &'static str,
        id: Uuid,
        owner: &str,
        update: Update,
        done: impl Fn(&Row) -> bool,
    ) -> Result<Written, Error> {
        let running = State::Running.as_str();
        let update = update
            .only_if("#owner = :me AND #state = :running")
            .name("owner")
            .name("state");
        let update = update.value("me", text(owner)).value("running", text(running));
        Ok(match self.update(what, id, update).await? {
            Attempted::Done(_) => Written::Done,
            Attempted::Not(Some(row)) if row.owner.as_deref() == Some(owner) && done(&row) => Written::Done,
            Attempted::Not(_) => Written::NotOwner,
        })
    }

    async fn query(&self, shard: &str, group: Option<&str>, after: Option<String>) -> Result<Page, Error> {
        let mut request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(OPEN_INDEX)
            .limit(PAGE_MAX)
            .expression_attribute_values(":shard", text(shard));
        request = match group {
            Some(group) => request
                .key_condition_expression("open_shard = :shard AND begins_with(open_key, :group)")
                .expression_attribute_values(":group", text(format!("{group}{END}"))),
            None => request.key_condition_expression("open_shard = :shard"),
        };
        if let Some(open) = after.as_deref().and_then(Open::from_key) {
            request = request
                .exclusive_start_key("id", key(open.id))
                .exclusive_start_key(item::OPEN_SHARD, text(shard))
                .exclusive_start_key(item::OPEN_KEY, text(after.unwrap_or_default()));
        }
        let answer = request.send().await.map_err(|error| Error::new("query open", error))?;
        let open_key = |item: &Item| item.get(item::OPEN_KEY).and_then(|value| value.as_s().ok()).cloned();
        let next = answer.last_evaluated_key().and_then(open_key);
        let entries = answer
            .items()
            .iter()
            .filter_map(|item| {
                let open = open_key(item).as_deref().and_then(Open::from_key);
                if open.is_none() {
                    tracing::error!(
                        alarm = "unreadable_row",
                        shard,
                        "an entry of the index of open operations cannot be read"
                    );
                }
                open
            })
            .collect();
        Ok(Page { entries, next })
    }
}

#[async_trait]
impl Ledger for DynamoLedger {
    async fn insert(&self, row: &Row, now: Timestamp) -> Result<Inserted, Error> {
        let now = AttributeValue::N(now.seconds().to_string());
        let earlier = self
            .put(
                "insert",
                row,
                "attribute_not_exists(id) OR expires_at < :now",
                &[("now", now)],
            )
            .await?;
        Ok(match earlier {
            None => Inserted::New,
            Some(earlier) if earlier.nonce == row.nonce => Inserted::New,
            Some(earlier) => Inserted::Exists(earlier),
        })
    }

    async fn get(&self, id: Uuid) -> Result<Option<Row>, Error> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("id", key(id))
            .consistent_read(true);
        let answer = request.send().await.map_err(|error| Error::new("get", error))?;
        answer
            .item()
            .map(item::to_row)
            .transpose()
            .map_err(|error| Error::new("get", error))
    }

    async fn get_all(&self, ids: &[Uuid]) -> Result<Vec<Row>, Error> {
        let failed = |error: NotARow| Error::new("get all", error);
        let mut rows = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(BATCH_MAX) {
            let mut keys: Vec<Item> = chunk
                .iter()
                .map(|id| Item::from([("id".to_owned(), key(*id))]))
                .collect();
            for _ in 0..BATCH_TRIES_MAX {
                if keys.is_empty() {
                    break;
                }
                let wanted = KeysAndAttributes::builder()
                    .set_keys(Some(keys))
                    .consistent_read(true)
                    .build();
                let wanted = wanted.map_err(|error| Error::new("get all", error))?;
                let request = self.client.batch_get_item().request_items(&self.table, wanted);
                let answer = request.send().await.map_err(|error| Error::new("get all", error))?;
                for item in answer
                    .responses()
                    .and_then(|tables| tables.get(&self.table))
                    .into_iter()
                    .flatten()
                {
                    rows.push(item::to_row(item).map_err(failed)?);
                }
                let rest = answer.unprocessed_keys().and_then(|tables| tables.get(&self.table));
                keys = rest.map(|rest| rest.keys().to_vec()).unwrap_or_default();
            }
            if !keys.is_empty() {
                return Err(Error::new("get all", "the table is too busy"));
            }
        }
        Ok(rows)
    }

    async fn open_in_group(&self, group: &str) -> Result<Vec<Open>, Error> {
        match shard_of_group(group) {
            Some(shard) => Ok(self.query(&shard, Some(group), None).await?.entries),
            None => Ok(Vec::new()),
        }
    }

    async fn history(&self, subject: &Subject) -> Result<Vec<Uuid>, Error> {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let request = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(HISTORY_INDEX)
                .key_condition_expression("subject = :subject")
                .expression_attribute_values(":subject", text(subject.as_str()))
                .set_exclusive_start_key(after);
            let answer = request
                .send()
                .await
                .map_err(|error| Error::new("query history", error))?;
            let id = |item: &Item| Uuid::try_parse(item.get("id")?.as_s().ok()?).ok();
            ids.extend(answer.items().iter().filter_map(id));
            after = answer.last_evaluated_key().cloned();
            if after.is_none() {
                return Ok(ids);
            }
        }
    }

    async fn history_before(
        &self,
        subject: &Subject,
        before: Option<Timestamp>,
        most: usize,
    ) -> Result<Vec<Past>, Error> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let mut request = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(HISTORY_INDEX)
                .scan_index_forward(false)
                .limit(i32::try_from(most - found.len()).unwrap_or(i32::MAX))
                .expression_attribute_values(":subject", text(subject.as_str()))
                .set_exclusive_start_key(after);
            request = match before {
                Some(before) => request
                    .key_condition_expression("subject = :subject AND accepted_at < :before")
                    .expression_attribute_values(":before", text(before.to_string())),
                None => request.key_condition_expression("subject = :subject"),
            };
            let answer = request.send().await;
            let answer = answer.map_err(|error| Error::new("query history", error))?;
            found.extend(answer.items().iter().filter_map(past));
            after = answer.last_evaluated_key().cloned();
            if after.is_none() || found.len() >= most {
                return Ok(found);
            }
        }
    }

    async fn open_in(&self, shard: &str, after: Option<String>) -> Result<Page, Error> {
        self.query(shard, None, after).await
    }

    async fn claim(&self, id: Uuid, claim: &Claim) -> Result<Claimed, Error> {
        let what = "claim";
        Ok(match self.update(what, id, Update::claim(claim)).await? {
            Attempted::Done(before) => Claimed::Won(Box::new(
                item::to_row(&before).map_err(|error| Error::new(what, error))?,
            )),
            Attempted::Not(None) => Claimed::Missing,
            Attempted::Not(Some(row)) if !row.state.is_open() => Claimed::Ended(row),
            // A try of the SDK whose answer was lost. What stood there before it is not known, so a request may have
            // been made.
            Attempted::Not(Some(row)) if row.owner.as_deref() == Some(&claim.owner) && row.state == State::Running => {
                Claimed::Won(row)
            }
            Attempted::Not(Some(row)) if row.is_of_a_later_release() => Claimed::Later,
            Attempted::Not(Some(row)) => Claimed::NotNow(row),
        })
    }

    async fn note_sequence(&self, id: Uuid, sequence: &str) -> Result<(), Error> {
        let update = Update::default().set("queue_seq", text(sequence));
        let update = update.only_if("attribute_exists(open_key) AND attribute_not_exists(queue_seq)");
        self.update("note sequence", id, update).await.map(drop)
    }

    async fn note_target(&self, id: Uuid, owner: &str, target: u64) -> Result<Written, Error> {
        let update = Update::default().set("target", AttributeValue::N(target.to_string()));
        self.as_owner("note target", id, owner, update, |row| row.target == Some(target))
            .await
    }

    async fn settle(&self, id: Uuid, owner: &str, settlement: &Settlement) -> Result<Written, Error> {
        let update = Update::settle(settlement);
        self.as_owner("settle", id, owner, update, |row| row.state != State::Running)
            .await
    }

    async fn take_back(&self, cancelled: &Row) -> Result<TakenBack, Error> {
        let condition = "attribute_not_exists(id) OR (#state = :accepted AND nonce = :nonce)";
        let values = [
            ("accepted", text(State::Accepted.as_str())),
            ("nonce", text(&cancelled.nonce)),
        ];
        let standing = self.put("take back", cancelled, condition, &values).await?;
        Ok(match standing {
            None => TakenBack::Done,
            Some(row) if row.nonce == cancelled.nonce && row.state == State::Cancelled => TakenBack::Done,
            Some(_) => TakenBack::OnItsWay,
        })
    }

    async fn cancel(&self, id: Uuid, cancellation: &Cancellation) -> Result<Cancelled, Error> {
        let what = "cancel";
        Ok(match self.update(what, id, Update::cancel(cancellation)).await? {
            Attempted::Done(before) => Cancelled::Done(Box::new(
                item::to_row(&before).map_err(|error| Error::new(what, error))?,
            )),
            Attempted::Not(None) => Cancelled::Missing,
            // A try of the SDK whose answer was lost.
            Attempted::Not(Some(row)) if row.processed_at == Some(cancellation.processed_at) => Cancelled::Done(row),
            Attempted::Not(Some(row)) => Cancelled::TooLate(row),
        })
    }

    async fn note_resend(&self, seen: &Row, resend_after: Timestamp) -> Result<Written, Error> {
        let update = Update::default()
            .set("sends", item::number(seen.sends.saturating_add(1)))
            .set("resend_after", text(resend_after.to_string()))
            .only_if("#state = :seen AND #sends = :seen_sends AND attempts = :seen_attempts")
            .name("state")
            .value("seen", text(seen.state.as_str()))
            .value("seen_sends", item::number(seen.sends))
            .value("seen_attempts", item::number(seen.attempts));
        Ok(match self.update("note resend", seen.id, update).await? {
            Attempted::Done(_) => Written::Done,
            Attempted::Not(_) => Written::NotOwner,
        })
    }
}

fn past(item: &Item) -> Option<Past> {
    let text = |name: &str| item.get(name)?.as_s().ok();
    Some(Past {
        accepted_at: text("accepted_at")?.parse().ok()?,
        id: Uuid::try_parse(text("id")?).ok()?,
    })
}

fn standing(what: &'static str, item: Option<Item>) -> Result<Option<Box<Row>>, Error> {
    let row = item
        .filter(|item| !item.is_empty())
        .map(|item| item::to_row(&item))
        .transpose();
    Ok(row.map_err(|error| Error::new(what, error))?.map(Box::new))
}

fn key(id: Uuid) -> AttributeValue {
    text(id.hyphenated().to_string())
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}
