//! The log of a target: every field has its vocabulary, so that nothing of a caller's or of Fineract's can be in it.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Once;

use gateway::kind::Kind;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use uuid::Uuid;

/// Longest code of Fineract's that is logged.
const CODE_MAX: usize = 256;

thread_local! {
    static FIELDS: RefCell<Vec<(&'static str, String)>> = const { RefCell::new(Vec::new()) };
}

/// What a target logs from here on is kept for [`check`].
pub(crate) fn begin() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        // Another log may be set already: then nothing is kept, and nothing is judged.
        let _ = tracing::subscriber::set_global_default(Journal);
    });
    FIELDS.with_borrow_mut(Vec::clear);
}

/// Judges what was logged. `own` are texts that may stand anywhere: a message's id, the name of a damaged row's operation.
pub(crate) fn check(own: &[&str]) {
    for (name, text) in FIELDS.with_borrow_mut(std::mem::take) {
        let of = |allowed: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphabetic() || allowed.as_bytes().contains(&byte))
        };
        let known = match name {
            "message" | "error" => text.len() < 100 && of(" ,:;'-"),
            "operation_id" | "first" => Uuid::try_parse(&text).is_ok(),
            "operation" => Kind::named(&text).is_some(),
            "state" | "alarm" => of("_"),
            "reason" => of("_()"),
            "list" => of(" -"),
            // Names of the deployment's own, such as payment types.
            "known" => true,
            "code" => text.len() <= CODE_MAX && text.bytes().all(|byte| byte.is_ascii_graphic()),
            "message_id" => false,
            other => panic!("the log has a field {other}, which says {text:?}: give it a vocabulary here"),
        };
        assert!(known || own.contains(&text.as_str()), "the field {name} says {text:?}");
    }
}

struct Journal;

impl Subscriber for Journal {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("gateway")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields;

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        FIELDS.with_borrow_mut(|fields| fields.push((field.name(), value.to_owned())));
    }

    fn record_u64(&mut self, _: &Field, _: u64) {}

    fn record_i64(&mut self, _: &Field, _: i64) {}

    fn record_bool(&mut self, _: &Field, _: bool) {}
}
