//! The table of callers in DynamoDB. It is small and read whole.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::callers::tokens::Register;
use crate::callers::{Caller, Error, Source, Token};
use crate::digest::{from_hex, hex};

/// A shorter salt could be guessed, and with it the ids of operations with a key.
const SALT_BYTES_MIN: usize = 32;

/// The table of callers.
#[derive(Clone, Debug)]
pub struct CallersTable {
    client: Client,
    table: String,
}

impl CallersTable {
    /// The table of this name.
    pub fn new(config: &aws_config::SdkConfig, table: impl Into<String>) -> Self {
        Self {
            client: Client::new(config),
            table: table.into(),
        }
    }
}

#[async_trait]
impl Source for CallersTable {
    async fn read(&self) -> Result<Vec<Caller>, Error> {
        let mut callers = Vec::new();
        let mut after = None;
        loop {
            let request = self
                .client
                .scan()
                .table_name(&self.table)
                .set_exclusive_start_key(after);
            let answer = request.send().await.map_err(|error| Error(error.into()))?;
            for item in answer.items() {
                match to_caller(item) {
                    Some(caller) => callers.push(caller),
                    // One bad item harms only its own caller.
                    None => tracing::error!(
                        alarm = "unreadable_caller",
                        "an item of the table of callers cannot be read"
                    ),
                }
            }
            after = answer.last_evaluated_key().cloned();
            if after.is_none() {
                return Ok(callers);
            }
        }
    }
}

#[async_trait]
impl Register for CallersTable {
    async fn write(&self, seen: Option<&Caller>, caller: &Caller) -> Result<bool, Error> {
        let (tokens, operations) = lists(caller);
        let item = HashMap::from([
            ("id".to_owned(), text(&caller.id)),
            ("name".to_owned(), text(&caller.name)),
            ("salt".to_owned(), text(hex(&caller.salt))),
            ("tokens".to_owned(), tokens.clone()),
            ("operations".to_owned(), operations.clone()),
        ]);
        let request = self.client.put_item().table_name(&self.table).set_item(Some(item));
        // The same once more is done: a try of the SDK whose answer was lost.
        let (seen_tokens, seen_operations) = seen.map_or((tokens.clone(), operations.clone()), lists);
        let unchanged = "(#tokens = :tokens AND #operations = :operations) OR (#tokens = :new AND #operations = :news)";
        let request = match seen {
            Some(_) => request.condition_expression(unchanged),
            None => request.condition_expression(format!("attribute_not_exists(id) OR {unchanged}")),
        };
        let request = request
            .expression_attribute_names("#tokens", "tokens")
            .expression_attribute_names("#operations", "operations")
            .expression_attribute_values(":tokens", seen_tokens)
            .expression_attribute_values(":operations", seen_operations)
            .expression_attribute_values(":new", tokens)
            .expression_attribute_values(":news", operations);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => Ok(false),
            Err(error) => Err(Error(error.into())),
        }
    }
}

/// Its tokens and its operations, as they are stored.
fn lists(caller: &Caller) -> (AttributeValue, AttributeValue) {
    let token = |token: &Token| {
        AttributeValue::M(HashMap::from([
            ("sha256".to_owned(), text(&token.sha256)),
            ("expires_at".to_owned(), AttributeValue::N(token.expires_at.to_string())),
        ]))
    };
    let tokens = caller.tokens.iter().map(token).collect();
    let operations = caller.operations.iter().map(text).collect();
    (AttributeValue::L(tokens), AttributeValue::L(operations))
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn to_caller(item: &HashMap<String, AttributeValue>) -> Option<Caller> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    let list = |name: &str| item.get(name)?.as_l().ok();
    Some(Caller {
        id: text("id")?,
        name: text("name")?,
        salt: from_hex(&text("salt")?).filter(|salt| salt.len() >= SALT_BYTES_MIN)?,
        tokens: list("tokens")?.iter().map(to_token).collect::<Option<_>>()?,
        operations: list("operations")?
            .iter()
            .map(|name| name.as_s().ok().cloned())
            .collect::<Option<_>>()?,
    })
}

fn to_token(token: &AttributeValue) -> Option<Token> {
    let token = token.as_m().ok()?;
    Some(Token {
        sha256: token.get("sha256")?.as_s().ok()?.to_ascii_lowercase(),
        expires_at: token.get("expires_at")?.as_n().ok()?.parse().ok()?,
    })
}
