//! The body of `POST /fineract/operate`, and the header `Idempotency-Key`.

use fastrand::Rng;
use gateway::accept::{Accepted, BODY_BYTES_MAX};
use gateway::digest::fingerprint;
use gateway::execute::Reply;
use gateway::json;
use gateway::kind::Kind;
use gateway::packing::PACKED_BYTES_MAX;
use gateway::problem::{self, Problem};
use gateway::queue::Message;
use gateway::row::{Open, Row};
use gateway::track;
use gateway::tracking::{State, TrackingId};
use gateway::values::Rules;
use serde_json::{Map, Number, Value};

use crate::journal;
use crate::laws::{ITEM_BYTES_MAX, asks, check_run, check_storable, external_id};
use crate::script::willing;
use crate::spelling::respelled;
use crate::world::World;

const KEY_HEADER: &[u8] = b"Idempotency-Key: ";
const HEADERS_END: &[u8] = b"\n\n";
const KEY: &str = "a-key";
/// Refusals of names that Fineract has no number for.
const UNKNOWN_NAMES: [&str; 3] = [
    "gateway.charge-not-found",
    "gateway.payment-type-not-found",
    "gateway.write-off-reason-not-found",
];
/// What an item needs besides what is stored at once and Fineract's answer: marks of runs, tries, times.
const RUN_BYTES_MAX: usize = 16 * 1024;
/// Members of `data` that are numbers.
const NUMBERS: [&str; 6] = [
    "amount",
    "principal",
    "transactionAmount",
    "interestRatePerPeriod",
    "loanTermFrequency",
    "numberOfRepayments",
];

/// A request is accepted whole or not at all, and what is accepted can be performed.
///
/// The bytes are the body; before it there may be `Idempotency-Key: <key>` and an empty line.
pub fn post(input: &[u8]) {
    journal::begin();
    let (key, body) = parts(input);
    let world = World::new();
    let accepted = world.accept(None, body);
    check(&world, body, &accepted);
    let keyed = World::new();
    let with_key = keyed.accept(Some(key.as_deref().unwrap_or(KEY)), body);
    check(&keyed, body, &with_key);
    match (accepted, with_key) {
        (Ok(accepted), Ok(with_key)) => {
            check_repeats(&keyed, key.as_deref().unwrap_or(KEY), body, &with_key);
            assert_eq!(accepted.ignored, with_key.ignored);
            check_performed(&world.row());
        }
        (Err(without), Err(with)) if with.kind != problem::Kind::InvalidIdempotencyKey => {
            assert_eq!(without.body(), with.body(), "a key changes nothing about a fault");
        }
        (_, Err(with)) => assert_eq!(with.kind, problem::Kind::InvalidIdempotencyKey),
        (Err(_), Ok(_)) => panic!("accepted for the sake of a key"),
    }
    journal::check(&[]);
}

fn parts(input: &[u8]) -> (Option<String>, &[u8]) {
    let Some(rest) = input.strip_prefix(KEY_HEADER) else {
        return (None, input);
    };
    match rest.windows(HEADERS_END.len()).position(|window| window == HEADERS_END) {
        Some(end) => (
            Some(String::from_utf8_lossy(&rest[..end]).into_owned()),
            &rest[end + HEADERS_END.len()..],
        ),
        None => (Some(String::from_utf8_lossy(rest).into_owned()), &[]),
    }
}

fn check(world: &World, body: &[u8], result: &Result<Accepted, Problem>) {
    match result {
        Ok(accepted) => check_accepted(world, body, accepted),
        Err(problem) => {
            check_problem(body, problem);
            assert!(
                world.ledger.rows().is_empty() && world.queue.is_empty(),
                "refused, and yet stored"
            );
        }
    }
}

fn check_accepted(world: &World, body: &[u8], accepted: &Accepted) {
    let row = world.row();
    let sent = world.queue.take();
    assert_eq!(sent.len(), 1, "one message");
    assert_eq!(Message::read(&sent[0].body), Some(Message::about(row.id)));
    assert_eq!(accepted.tracking_id, row.tracking_id());
    assert_eq!(
        accepted.tracking_id.to_string().parse::<TrackingId>().as_ref(),
        Ok(&accepted.tracking_id)
    );
    let answer = accepted.body();
    assert_eq!(answer.get("status").and_then(Value::as_str), Some("processing"));

    let request = json::read(body).expect("what is accepted is JSON");
    assert!(body.len() <= BODY_BYTES_MAX);
    assert_eq!(row.data, request["data"], "data as received");
    for pointer in &row.ignored {
        assert!(request.pointer(pointer).is_some(), "{pointer} points to nothing");
    }
    assert_eq!((row.state, row.maybe_sent, row.attempts), (State::Accepted, false, 0));
    let open = Open::from_key(&row.open_key()).expect("a key of the index is read back");
    assert_eq!((open.id, &open.subject), (row.id, &row.subject));
    let size = check_storable(&row);
    assert!(
        size + PACKED_BYTES_MAX + RUN_BYTES_MAX <= ITEM_BYTES_MAX,
        "with {size} bytes there is no room for Fineract's answer"
    );
    let told = track::body(&row, track::Beside::default());
    assert_eq!(told.get("status").and_then(Value::as_str), Some("processing"));
}

fn check_problem(body: &[u8], problem: &Problem) {
    assert!(
        (400..500).contains(&problem.kind.http_status()),
        "the fault is not ours: {problem:?}"
    );
    let told = problem.body();
    assert!(told.get("status").is_none(), "callers read `status` of any body");
    let faults = told
        .get("errors")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    assert_eq!(problem.kind == problem::Kind::InvalidRequest, !faults.is_empty());
    for fault in faults {
        let text = |member: &str| fault.get(member).and_then(Value::as_str).expect("a fault says it all");
        assert!(text("pointer").is_empty() || text("pointer").starts_with('/'));
        let code = text("code");
        assert!(
            !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
            "{code}"
        );
        assert!(!text("detail").is_empty());
    }
    let read = json::read(body);
    let replaced = || body.windows(3).any(|window| window == "\u{fffd}".as_bytes());
    let deserved = match problem.kind {
        problem::Kind::InvalidJson => read.is_err() || replaced(),
        problem::Kind::TooLarge => body.len() > BODY_BYTES_MAX,
        problem::Kind::InvalidRequest => read.is_ok(),
        problem::Kind::InvalidIdempotencyKey => true,
        problem::Kind::Unauthorized
        | problem::Kind::OperationNotAllowed
        | problem::Kind::NotFound
        | problem::Kind::TooLateToCancel
        | problem::Kind::UnsupportedMediaType
        | problem::Kind::IdempotencyKeyReused
        | problem::Kind::Unavailable
        | problem::Kind::OutcomeUnknown => false,
    };
    assert!(deserved, "{problem:?}");
}

/// The same request under the same key, in the same words and in others, is the same; another one is not.
fn check_repeats(world: &World, key: &str, body: &[u8], first: &Accepted) {
    let before = world.row();
    let request = json::read(body).unwrap();
    let mut chance = Rng::with_seed(body.len() as u64);
    let others = [respelled(&request, &mut chance), respelled(&request, &mut chance)];
    let texts = others
        .iter()
        .map(String::as_bytes)
        .filter(|text| text.len() <= BODY_BYTES_MAX);
    for text in texts.chain([body]) {
        let again = world.accept(Some(key), text).unwrap_or_else(|problem| {
            panic!("{}: {problem:?}", String::from_utf8_lossy(text));
        });
        assert!(again.replayed && !first.replayed);
        assert_eq!(again.body(), first.body());
    }
    if !key.starts_with('"') {
        let quoted = format!("\"{}\"", key.replace('\\', r"\\").replace('"', r#"\""#));
        let again = world.accept(Some(&quoted), body).expect("quotes are no part of a key");
        assert_eq!(again.body(), first.body(), "{quoted}");
    }
    let mut another = request;
    another["data"]["another"] = Value::Null;
    if another["data"] != before.data
        && another.to_string().len() <= BODY_BYTES_MAX
        && !another.to_string().contains('\u{fffd}')
    {
        let problem = world
            .accept(Some(key), another.to_string().as_bytes())
            .expect_err("another request");
        assert_eq!(problem.kind, problem::Kind::IdempotencyKeyReused, "{another}");
    }
    assert_eq!(world.row(), before);
    assert!(world.queue.take().is_empty(), "one message");
}

/// A Fineract that does what it is asked to do is asked once, with the caller's values.
fn check_performed(before: &Row) {
    let world = World::new();
    let message = world.with(before);
    let own = external_id(before).unwrap_or_default().to_owned();
    let fineract = willing(&own);
    let reply = world.run(&fineract, &message);
    let (after, seen) = (world.row(), fineract.seen());
    check_run(before, &after, &seen);
    check_storable(&after);
    assert_eq!(reply, Reply::Done, "{:?}", after.reason);
    let Some(command) = seen.iter().find(|seen| seen.is_command()) else {
        match after.failure.as_ref().map(|failure| failure.code().unwrap_or_default()) {
            None => assert_eq!((after.state, asks(before)), (State::Succeeded, true)),
            // Only Fineract knows the loan's other term, and what names it has.
            Some("gateway.term-not-divisible") => assert_eq!(before.operation, "LOAN_UPDATE"),
            Some(code) => assert!(UNKNOWN_NAMES.contains(&code), "{code}"),
        }
        return;
    };
    assert_eq!(after.state, State::Succeeded);
    if let Some(Value::Object(sent)) = &command.request.body {
        check_values(before, &world.rules, sent);
    }
}

fn check_values(row: &Row, rules: &Rules, sent: &Map<String, Value>) {
    let kind = Kind::named(&row.operation).expect("what was accepted is known");
    let reading = kind.read(row.data.as_object().expect("data is an object"), rules);
    let ignored = reading.expect("what was accepted is read again").ignored;
    let given = |name: &str| {
        let value = row.data.get(name).filter(|value| !value.is_null());
        value.filter(|_| !ignored.contains(&format!("/data/{name}")))
    };
    for name in NUMBERS {
        if let Some(value) = given(name).map(number_of) {
            let number = sent.get(name).unwrap_or_else(|| panic!("{name} is not sent"));
            assert_eq!(
                fingerprint("", number),
                fingerprint("", &value),
                "{name} is {value}, sent as {number}"
            );
            assert!(
                number.is_number() && number.to_string().bytes().all(|byte| byte != b'e'),
                "{number}"
            );
        }
    }
    for name in ["firstname", "lastname", "mobileNo", "emailAddress", "note"] {
        let cleared = row.operation == "CLIENT_CREATE" && given(name).and_then(Value::as_str) == Some("");
        if let Some(value) = given(name).filter(|_| !cleared) {
            assert_eq!(sent.get(name), Some(value), "{name}");
        }
    }
}

/// A number that may have been given as a text of digits.
fn number_of(value: &Value) -> Value {
    let Value::String(text) = value else {
        return value.clone();
    };
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text.as_str()), |digits| ("-", digits));
    let digits = digits.trim_start_matches('0');
    let zero = if digits.is_empty() || digits.starts_with('.') {
        "0"
    } else {
        ""
    };
    format!("{sign}{zero}{digits}")
        .parse::<Number>()
        .map_or(Value::Null, Value::Number)
}
