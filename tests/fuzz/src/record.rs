//! A record of the queue, as Lambda delivers it.

use std::collections::HashMap;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use gateway::execute::Reply;
use gateway::queue::{Message, Received, deduplication_id};
use gateway::row::Row;
use gateway::tracking::State;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::journal;
use crate::laws::check_run;
use crate::script::willing;
use crate::world::World;

/// The operation that there is; the records of the corpus are about it.
const OPERATION: Uuid = Uuid::from_u128(0x4063_62bf_f3da_4bc6_a506_d67e_0878_b7b6);
const CLIENT: &[u8] = br#"{"status":"CLIENT_CREATE","data":{"firstname":"J","lastname":"B","externalId":"INC-1","activationDate":"01 January 2026"}}"#;

/// A record that can be read wakes its operation; one that cannot, or that is about none, is buried, and nothing else is.
///
/// The bytes are an event, or one record of it, or else the body of a record.
pub fn record(input: &[u8]) {
    journal::begin();
    if let Ok(event) = serde_json::from_slice::<SqsEvent>(input) {
        event.records.into_iter().for_each(deliver);
    } else if let Ok(record) = serde_json::from_slice(input) {
        deliver(record);
    } else {
        let body = String::from_utf8_lossy(input).into_owned();
        handle(&Received::new(
            body,
            "message".to_owned(),
            "receipt".to_owned(),
            &HashMap::new(),
        ));
    }
}

/// What the worker's handler does with a record.
fn deliver(record: SqsMessage) {
    handle(&Received::new(
        record.body.unwrap_or_default(),
        record.message_id.unwrap_or_default(),
        record.receipt_handle.unwrap_or_default(),
        &record.attributes,
    ));
}

fn handle(message: &Received) {
    let world = World::new();
    world.accept(None, CLIENT).unwrap();
    let before = Row {
        id: OPERATION,
        ..world.row()
    };
    let world = World::new();
    world.ledger.put(before.clone());
    let fineract = willing("INC-1");
    let reply = world.run(&fineract, message);
    let (after, seen, buried) = (world.row(), fineract.seen(), world.queue.dead_letters());

    let read = Message::read(&message.body);
    check_form(&message.body, read);
    if read.is_none_or(|read| read.id != OPERATION) {
        assert_eq!(
            (reply, buried),
            (Reply::Done, vec![message.body.clone()]),
            "it harms only itself"
        );
        assert_eq!((after, seen.len()), (before, 0));
    } else {
        assert_eq!(
            (reply, buried),
            (Reply::Done, Vec::new()),
            "only what nobody can read is buried"
        );
        check_run(&before, &after, &seen);
        assert_eq!(after.state, State::Succeeded);
        assert_eq!(after.owner, Some(format!("run.{}", message.receives)));
        let original = message.deduplication_id.as_deref() == Some(&deduplication_id(OPERATION, 0));
        assert_eq!(after.queue_seq, message.sequence.clone().filter(|_| original));
        let again = world.run(&fineract, message);
        assert_eq!(
            (again, fineract.seen().len()),
            (Reply::Done, seen.len()),
            "delivered twice, done once"
        );
        assert_eq!(world.row(), after);
    }
    journal::check(&[&message.message_id]);
}

/// What the gateway itself writes is read, and nothing that does not say the version and an id.
fn check_form(body: &str, read: Option<Message>) {
    let value: Value = serde_json::from_str(body).unwrap_or_default();
    let count = value.as_object().map(Map::len).or(value.as_array().map(Vec::len));
    // An array has the members without their names.
    let member = |name: &str, index: usize| value.get(name).or(value.get(index));
    let said = member("version", 0).zip(member("id", 1)).and_then(|(version, id)| {
        let id = Uuid::try_parse(id.as_str()?).ok()?;
        (count == Some(2) && version.as_u64() == Some(1)).then_some(id)
    });
    // Of a member that stands there twice, a value knows only the last.
    let twice = body.matches(':').count() > 2;
    assert!(
        read.map(|message| message.id) == said || (twice && read.is_none()),
        "{body} is read as {read:?}"
    );
}
