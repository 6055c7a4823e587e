//! Update expressions, assembled so that no attribute name can meet a reserved word.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::adapters::item::{self, OPEN_KEY, OPEN_SHARD, RESPONSE, RESPONSE_PACKED, document};
use crate::ledger::{Cancellation, Claim, Settlement};
use crate::row::SCHEMA_VERSION;
use crate::tracking::State;

/// One UpdateItem.
#[derive(Default)]
pub(super) struct Update {
    sets: Vec<String>,
    removes: Vec<String>,
    /// The condition.
    pub(super) condition: String,
    /// `#name` to name.
    pub(super) names: HashMap<String, String>,
    /// `:name` to value.
    pub(super) values: HashMap<String, AttributeValue>,
}

impl Update {
    /// Gives the attribute this value.
    pub(super) fn set(mut self, name: &str, value: AttributeValue) -> Self {
        self.sets.push(format!("#{name} = :{name}"));
        self.name(name).value(name, value)
    }

    /// Gives the attribute what the expression says.
    fn set_to(mut self, name: &str, expression: &str) -> Self {
        self.sets.push(format!("#{name} = {expression}"));
        self.name(name)
    }

    /// Gives the attribute this value, or removes it.
    fn set_or_remove(self, name: &str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self.remove(name),
        }
    }

    fn remove(mut self, name: &str) -> Self {
        self.removes.push(format!("#{name}"));
        self.name(name)
    }

    /// Makes the write depend on this condition.
    pub(super) fn only_if(mut self, condition: &str) -> Self {
        condition.clone_into(&mut self.condition);
        self
    }

    /// Declares `#name`.
    pub(super) fn name(mut self, name: &str) -> Self {
        self.names.insert(format!("#{name}"), name.to_owned());
        self
    }

    /// Declares `:name`.
    pub(super) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(format!(":{name}"), value);
        self
    }

    /// The update expression.
    pub(super) fn expression(&self) -> String {
        let mut expression = format!("SET {}", self.sets.join(", "));
        if !self.removes.is_empty() {
            expression.push_str(" REMOVE ");
            expression.push_str(&self.removes.join(", "));
        }
        expression
    }

    /// The claim of a run.
    pub(super) fn claim(claim: &Claim) -> Self {
        let until = text(claim.now.after(claim.lease).to_string());
        let due = "schema_version <= :schema AND (#state = :accepted OR (#state IN (:waiting, :pending, :running) \
                   AND (attribute_not_exists(next_attempt_at) OR next_attempt_at <= :now)))";
        let update = Self::default()
            .set("owner", text(&claim.owner))
            .set("maybe_sent", AttributeValue::Bool(true))
            .set("lease_until", until.clone())
            .set("next_attempt_at", until)
            .set_to("state", ":running")
            .set_to("attempts", "#attempts + :one")
            .set_to("key_first_sent_at", "if_not_exists(#key_first_sent_at, :now)")
            .only_if(due)
            .value("accepted", text(State::Accepted.as_str()))
            .value("waiting", text(State::Waiting.as_str()))
            .value("pending", text(State::PendingApproval.as_str()))
            .value("running", text(State::Running.as_str()))
            .value("now", text(claim.now.to_string()))
            .value("schema", AttributeValue::N(SCHEMA_VERSION.to_string()))
            .value("one", AttributeValue::N("1".to_owned()));
        match &claim.queue_seq {
            Some(sequence) => update
                .set_to("queue_seq", "if_not_exists(#queue_seq, :queue_seq)")
                .value("queue_seq", text(sequence)),
            None => update,
        }
    }

    /// Takes the row out of the index of what is open.
    fn ended(self) -> Self {
        self.remove(OPEN_SHARD).remove(OPEN_KEY)
    }

    /// An operation is cancelled, if nothing of it was perhaps sent.
    pub(super) fn cancel(cancelled: &Cancellation) -> Self {
        let Cancellation {
            failure,
            processed_at,
            expires_at,
        } = cancelled;
        Self::default()
            .set_to("state", ":cancelled")
            .set("failure", document(failure))
            .set("processed_at", text(processed_at.to_string()))
            .set("expires_at", AttributeValue::N(expires_at.to_string()))
            .remove("next_attempt_at")
            .remove("receipt")
            .remove("reason")
            .ended()
            .name("maybe_sent")
            .only_if("#state IN (:accepted, :waiting) AND #maybe_sent = :false")
            .value("cancelled", text(State::Cancelled.as_str()))
            .value("accepted", text(State::Accepted.as_str()))
            .value("waiting", text(State::Waiting.as_str()))
            .value("false", AttributeValue::Bool(false))
    }

    /// The end of a run.
    pub(super) fn settle(settlement: &Settlement) -> Self {
        let Settlement {
            state,
            next_attempt_at,
            receipt,
            reason,
            pace,
            waits,
            maybe_sent,
            command_id,
            key_epoch,
            keys_spent,
            turn,
            key_first_sent_at,
            stuck_since,
            response,
            read_back,
            truncated,
            failure,
            processed_at,
            expires_at,
            history,
        } = settlement;
        let number = |number: String| AttributeValue::N(number);
        let word = |word: serde_json::Value| word.as_str().map(text);
        let update = Self::default()
            .set("state", text(state.as_str()))
            .set("waits", number(waits.to_string()))
            .set("maybe_sent", AttributeValue::Bool(*maybe_sent))
            .set("key_epoch", number(key_epoch.to_string()))
            .set("keys_spent", number(keys_spent.to_string()))
            .set("turn", number(turn.to_string()))
            .set_or_remove("stuck_since", stuck_since.map(|at| text(at.to_string())))
            .set_or_remove("key_first_sent_at", key_first_sent_at.map(|at| text(at.to_string())))
            .set("read_back", AttributeValue::Bool(*read_back))
            .set("truncated", AttributeValue::Bool(*truncated))
            .set("history", document(history))
            .set_or_remove("next_attempt_at", next_attempt_at.map(|at| text(at.to_string())))
            .set_or_remove("receipt", receipt.as_ref().map(text))
            .set_or_remove("reason", reason.and_then(|reason| word(serde_json::json!(reason))))
            .set_or_remove("pace", pace.and_then(|pace| word(serde_json::json!(pace))))
            .set_or_remove("command_id", command_id.map(|id| number(id.to_string())))
            .set_or_remove("failure", failure.as_ref().map(document))
            .set_or_remove("processed_at", processed_at.map(|at| text(at.to_string())))
            .set_or_remove("expires_at", expires_at.map(|at| number(at.to_string())))
            .remove("lease_until");
        let response = response.as_ref().map(item::response);
        let update = [RESPONSE, RESPONSE_PACKED].into_iter().fold(update, |update, name| {
            let value = response.as_ref().filter(|(kept_as, _)| *kept_as == name);
            update.set_or_remove(name, value.map(|(_, value)| value.clone()))
        });
        if state.is_open() { update } else { update.ended() }
    }
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}
