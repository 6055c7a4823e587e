//! How large rows and messages are.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use gateway::adapters::item::{Item, of_row};

use crate::gateway::{Gateway, published};

/// Largest row of a finished LOAN_CREATE.
const ROW_BYTES_MAX: usize = 4 * 1024;
/// Largest message.
const MESSAGE_BYTES_MAX: usize = 128;

/// The size by which DynamoDB counts an item.
///
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
pub(crate) fn bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

#[allow(clippy::wildcard_enum_match_arm, reason = "the enum is the SDK's and open")]
fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::Bool(_) => 1,
        other => panic!("a row has no such attribute: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn rows_and_messages_are_small() {
    let gateway = Gateway::new(Duration::ZERO, Duration::ZERO);
    gateway
        .perform("CLIENT_CREATE", &published::client_create("INC-1001"))
        .await;
    let created = gateway
        .perform("LOAN_CREATE", &published::loan_create("LOAN-123"))
        .await;
    let row = gateway.table.inner.row(created.tracking_id.id).unwrap();
    let size = bytes(&of_row(&row).unwrap());
    assert!(size <= ROW_BYTES_MAX, "{size} bytes");
    for body in gateway.line.bodies.lock().unwrap().iter() {
        assert!(body.len() <= MESSAGE_BYTES_MAX, "{body}");
    }
}
