use serde_json::{Value, json};

use super::*;
use crate::fineract::{Exchange, Fineract, Request};
use crate::testing::{Script, World};

const WORDS: (&str, &str) = ("DELETE", "LOAN");
const RESOURCE: u64 = 7;
/// The milliseconds since 1970 at which the operation was accepted.
const SINCE: i64 = 1_773_396_062_940;

fn list(number: u64, more: &str, page: u64) -> String {
    let offset = page * PAGE;
    format!(
        "GET /v1/audits?paged=true&orderBy=id&sortOrder=DESC&processingResult={number}&actionName=DELETE&entityName=LOAN\
         {more}&limit=100&offset={offset}"
    )
}

fn page(entries: &[Value]) -> Value {
    json!({"totalFilteredRecords": entries.len(), "pageItems": entries})
}

/// A page that is full of other people's commands on something else.
fn full() -> Value {
    let other = |id| json!({"id": id, "resourceId": 8, "maker": "clerk"});
    page(&(1_000..1_000 + PAGE).map(other).collect::<Vec<_>>())
}

/// A script in which one list never ends.
fn endless(script: Script, number: u64, more: &str) -> Script {
    (0..PAGES_MAX).fold(script, |script, page| script.on(&list(number, more, page), 200, full()))
}

fn reason<T: std::fmt::Debug>(result: Result<T, Stop>) -> Reason {
    match result {
        Err(Stop::NotYet(wait)) => wait.reason,
        other => panic!("{other:?}"),
    }
}

fn made(maker: &str, made_on: i64) -> Value {
    json!({"id": 9, "actionName": WORDS.0, "entityName": WORDS.1, "resourceId": RESOURCE, "maker": maker,
        "madeOnDate": made_on})
}

#[tokio::test]
async fn who_did_it_is_told_by_the_newest_command_or_by_those_since_then() {
    let with = |mut entry: Value, member: &str, value: Value| {
        entry[member] = value;
        entry
    };
    let (ours, theirs) = (|at| made("mifos", at), |at| made("clerk", at));
    let later = SINCE + 60_000;
    for (since, entries, by_another) in [
        (None, vec![], false),
        (None, vec![theirs(later)], true),
        (None, vec![ours(later), theirs(later)], false),
        (None, vec![theirs(later), ours(later)], true),
        (None, vec![with(theirs(later), "resourceId", json!(8))], false),
        (
            None,
            vec![with(theirs(later), "processingResult", json!("Rejected"))],
            false,
        ),
        // Refused commands on what exists stand there with its number, like applied ones.
        (
            None,
            vec![with(theirs(later), "processingResult", json!("Error"))],
            false,
        ),
        (
            None,
            vec![with(theirs(later), "processingResult", json!("Processed"))],
            true,
        ),
        // The number of a charge is no loan's.
        (
            None,
            vec![with(theirs(later), "entityName", json!("LOANCHARGE"))],
            false,
        ),
        (
            None,
            vec![with(ours(later), "entityName", json!("LOANCHARGE")), theirs(later)],
            true,
        ),
        (
            Some(SINCE),
            vec![with(theirs(later), "entityName", json!("LOANCHARGE"))],
            false,
        ),
        (Some(SINCE), vec![ours(later), theirs(later)], true),
        (Some(SINCE), vec![ours(later), theirs(SINCE - 1)], false),
        (Some(SINCE), vec![theirs(SINCE - 1), theirs(later)], false),
    ] {
        let since = since.map(|millis| Timestamp::from_micros(millis * 1_000));
        let script = Script::default().on(&list(1, "&resourceId=7", 0), 200, page(&entries));
        let world = World::new();
        let result = done_by_another(&world.bank(&script), WORDS, RESOURCE, since).await;
        assert_eq!(result.unwrap(), by_another, "{entries:?}");
        assert!(script.is_done());
    }
}

#[tokio::test]
async fn a_list_that_goes_on_is_read_no_further_than_it_can_tell() {
    let world = World::new();
    let mut old: Vec<Value> = (0..PAGE).map(|_| made("clerk", SINCE - 1)).collect();
    let script = Script::default().on(&list(1, "&resourceId=7", 0), 200, page(&old));
    let since = Some(Timestamp::from_micros(SINCE * 1_000));
    let result = done_by_another(&world.bank(&script), WORDS, RESOURCE, since).await;
    assert!(!result.unwrap(), "what is older says nothing");

    old[0] = made("mifos", SINCE);
    let script = Script::default().on(&list(1, "&resourceId=7", 0), 200, page(&old));
    let result = done_by_another(&world.bank(&script), WORDS, RESOURCE, None).await;
    assert!(!result.unwrap(), "the newest tells");
}

#[tokio::test]
async fn what_is_too_far_back_is_not_known() {
    let world = World::new();
    let script = endless(Script::default(), 1, "&resourceId=7");
    let result = done_by_another(&world.bank(&script), WORDS, RESOURCE, None).await;
    assert_eq!(reason(result), Reason::NeedsOperator);
    assert!(script.is_done());

    let script = endless(Script::default(), 2, "&includeJson=true");
    let marks = Marks {
        words: WORDS,
        maker: "mifos".to_owned(),
        resource: Some(RESOURCE),
        loan: None,
        external_id: None,
        since: Timestamp::from_micros(SINCE * 1_000),
    };
    let result = seek(&world.bank(&script), &marks).await;
    assert_eq!(reason(result), Reason::NeedsOperator);
    assert!(script.is_done());

    let script = Script::default().on("GET /v1/audits/805", 200, json!({"id": 805}));
    let script = endless(script, 2, "");
    let result = decision(&world.bank(&script), 805, WORDS.0, WORDS.1).await;
    assert_eq!(reason(result), Reason::NeedsOperator);
    assert!(script.is_done());
}

#[tokio::test]
async fn an_executed_command_is_looked_for_among_those_on_what_it_changed() {
    let audit = json!({"id": 805, "resourceId": RESOURCE});
    let script = Script::default().on("GET /v1/audits/805", 200, audit);
    let none = |script: Script, number| script.on(&list(number, "&resourceId=7", 0), 200, page(&[]));
    let script = [2, 4, 3, 5].into_iter().fold(script, none);
    let script = script.on(&list(1, "&resourceId=7", 0), 200, page(&[json!({"id": 805})]));
    let world = World::new();
    let decided = decision(&world.bank(&script), 805, WORDS.0, WORDS.1).await;
    assert_eq!(decided.unwrap(), Decision::Executed);
    assert!(script.is_done());
}

/// A Fineract whose credentials cannot be read.
struct Nameless(Script);

#[async_trait::async_trait]
impl Fineract for Nameless {
    async fn exchange(&self, request: Request) -> Exchange {
        self.0.exchange(request).await
    }

    async fn username(&self) -> Option<String> {
        None
    }
}

#[tokio::test]
async fn who_did_it_is_not_known_while_we_do_not_know_ourselves() {
    let entries = page(&[made("clerk", SINCE)]);
    let nameless = Nameless(Script::default().on(&list(1, "&resourceId=7", 0), 200, entries));
    let result = done_by_another(&World::new().bank(&nameless), WORDS, RESOURCE, None).await;
    assert_eq!(reason(result), Reason::FineractUnreachable);
}
