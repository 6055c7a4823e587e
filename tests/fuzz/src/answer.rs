//! Fineract's answers: statuses, the mark of stored answers, bodies.

use gateway::clock::Timestamp;
use gateway::failure::Failure;
use gateway::fineract::{Answer, Exchange, Loss, code_of};
use gateway::kind::Kind;
use gateway::operations;
use gateway::pace::Paces;
use gateway::row::Row;
use gateway::settle::{Outcome, settlement};
use gateway::terms::RETENTION;
use gateway::tracking::State;
use gateway::verdict::{Expected, Found, Verdict, left_untouched, of_command, of_lookup};
use serde_json::{Value, json};

use crate::journal;
use crate::laws::{check_run, check_storable};
use crate::script::Told;
use crate::world::{NOW, World};

/// Between two answers.
const NEXT: &str = "\n---\n";
/// Most answers of one input.
const ANSWERS_MAX: usize = 24;
/// Longest filling of a body.
const FILL_MAX: usize = 600_000;
/// When what is old happened: 30 days before now.
const LONG_AGO: Timestamp = Timestamp::from_micros(NOW.micros() - 30 * 24 * 60 * 60 * 1_000_000);
/// What is filled in.
const FILL: &str = "@FILL@";

/// Nothing is believed that Fineract did not say, and what is stored of its answers fits.
///
/// The first line is an operation and what its row already knows; then come answers, each a line with the status, `cached` if
/// it is a stored one, and the body. `lost` and `not-sent` are no answers; the last one is given again and again.
pub fn answer(input: &[u8]) {
    journal::begin();
    let text = String::from_utf8_lossy(input);
    let mut parts = text.split(NEXT);
    let (setting, first) = parts.next().unwrap_or_default().split_once('\n').unwrap_or_default();
    let setting = Setting::read(setting);
    let answers: Vec<Exchange> = std::iter::once(first)
        .chain(parts)
        .take(ANSWERS_MAX)
        .map(|answer| exchange(answer, setting.fill))
        .collect();
    for exchange in &answers {
        judge(exchange, &setting.row);
    }
    perform(&setting, &answers);
    journal::check(&[]);
}

/// An operation, and what its row already knows.
struct Setting {
    row: Row,
    fill: usize,
}

impl Setting {
    fn read(line: &str) -> Self {
        let mut words = line.split(' ');
        let kind = words.next().and_then(Kind::named).unwrap_or(&operations::ALL[0]);
        let data: Value = serde_json::from_str(kind.example).unwrap();
        let world = World::new();
        let body = json!({"status": kind.name, "data": data}).to_string();
        world.accept(None, body.as_bytes()).unwrap();
        let mut setting = Self {
            row: world.row(),
            fill: 0,
        };
        let row = &mut setting.row;
        for word in words {
            let (name, number) = word.split_once('=').unwrap_or((word, ""));
            let number: u64 = number.parse().unwrap_or_default();
            match name {
                "sent" => row.maybe_sent = true,
                "old" => {
                    row.key_first_sent_at = Some(LONG_AGO);
                    row.accepted_at = LONG_AGO;
                }
                "stuck" => row.stuck_since = Some(LONG_AGO),
                "epoch" => row.key_epoch = u32::try_from(number).unwrap_or_default().min(9_998),
                "target" => row.target = Some(number),
                "held" => row.command_id = Some(number),
                "fill" => setting.fill = usize::try_from(number).unwrap_or_default().min(FILL_MAX),
                _ => {}
            }
        }
        setting
    }
}

fn exchange(text: &str, fill: usize) -> Exchange {
    let (line, body) = text.split_once('\n').unwrap_or((text, ""));
    let (status, mark) = line.split_once(' ').unwrap_or((line, ""));
    match status {
        "lost" => Exchange::Lost(Loss::TimedOut),
        "not-sent" => Exchange::NotSent,
        _ => Exchange::Answer(Answer {
            // What an HTTP client hands on: 100 to 999.
            status: status
                .parse()
                .ok()
                .filter(|status| (100..=999).contains(status))
                .unwrap_or(200),
            from_cache: mark == "cached",
            body: body.replacen(FILL, &"x".repeat(fill), 1).into_bytes(),
        }),
    }
}

/// The laws of the verdict on one exchange.
fn judge(exchange: &Exchange, before: &Row) {
    let expected = Expected {
        resource_external_id: Some("INC-1001".to_owned()),
        ..Expected::default()
    };
    let answer = match exchange {
        Exchange::Answer(answer) => Some(answer),
        Exchange::Lost(_) | Exchange::NotSent => None,
    };
    let said = answer.and_then(Answer::json);
    let status = answer.map_or(0, |answer| answer.status);
    let from_cache = answer.is_some_and(|answer| answer.from_cache);
    let code = said.as_ref().and_then(code_of);
    let success = (200..=299).contains(&status) && said.is_some();
    for sent_before in [false, true] {
        let verdict = of_command(exchange, &expected, sent_before);
        match &verdict {
            Verdict::Applied(body) => {
                let said = said.as_ref().expect("an answer");
                assert!(success && said["rollbackTransaction"] != true && (sent_before || !from_cache));
                assert_eq!(said["resourceExternalId"], "INC-1001", "another one's answer");
                assert!(body.as_object().unwrap().values().all(|member| !member.is_null()));
            }
            Verdict::Pending { .. } => assert!(success && said.as_ref().unwrap()["rollbackTransaction"] == true),
            Verdict::Unnamed { replayed } => {
                assert!((200..=299).contains(&status) && (!*replayed || from_cache));
            }
            Verdict::Restored => assert!(success && from_cache && !sent_before),
            Verdict::Refused(failure) => {
                assert!(
                    code.is_some() && matches!(status, 400 | 403 | 404 | 501 | 503),
                    "{status} {code:?}"
                );
                assert!(!matches!(
                    code,
                    Some("error.msg.not.authorized" | "error.msg.not.authenticated")
                ));
                check_words(failure, status, said.as_ref());
            }
            Verdict::Denied(failure) => {
                assert!(code.is_some() && status == 404 && sent_before && !from_cache);
                check_words(failure, status, said.as_ref());
            }
            Verdict::Spent { .. } => assert!(from_cache && !success),
            Verdict::NotYet(_) | Verdict::Unknown(_) => {}
        }
        if left_untouched(exchange) {
            assert!(
                matches!(verdict, Verdict::NotYet(_)),
                "left as it was, and yet {verdict:?}"
            );
            assert!(!success, "an answer of success leaves nothing as it was");
        }
        settled(exchange, verdict, before);
    }
    match of_lookup(exchange) {
        Found::Yes(body) => assert_eq!((status, Some(&body)), (200, said.as_ref())),
        Found::No(failure) => {
            assert!(status == 404 && code.is_some());
            check_words(&failure, status, said.as_ref());
        }
        Found::NotYet(_) => assert!(status != 200 || said.is_none()),
    }
}

/// A refusal is in the words of the one who refused.
fn check_words(failure: &Failure, status: u16, said: Option<&Value>) {
    assert_eq!((failure.status(), Some(&failure.response())), (status, said));
    let error = failure.error();
    assert_eq!(error["code"].as_str(), said.and_then(code_of));
    assert_eq!(failure.message(), format!("Fineract returned {status}"));
}

/// What a row becomes is an end or a wait, and never both.
fn settled(exchange: &Exchange, verdict: Verdict, before: &Row) {
    let outcome = Outcome::of_exchange(exchange, verdict);
    let settled = settlement(before, outcome, NOW, &Paces::default(), RETENTION, 0);
    let open = settled.state.is_open();
    assert_eq!(
        (open, open),
        (settled.next_attempt_at.is_some(), settled.reason.is_some())
    );
    assert_eq!(
        (!open, !open),
        (settled.processed_at.is_some(), settled.expires_at.is_some())
    );
    assert_eq!(settled.response.is_some(), settled.state == State::Succeeded);
    assert_eq!(settled.failure.is_some(), settled.state == State::Failed);
}

/// One run of the operation before a Fineract that gives these answers.
fn perform(setting: &Setting, answers: &[Exchange]) {
    let world = World::new();
    let before = &setting.row;
    let message = world.with(before);
    let answers = answers.to_vec();
    let fineract = Told::new(move |index, _| {
        answers
            .get(index)
            .or(answers.last())
            .cloned()
            .unwrap_or(Exchange::NotSent)
    });
    world.run(&fineract, &message);
    assert!(
        world.queue.dead_letters().is_empty(),
        "an answer of Fineract's buries a message"
    );
    let after = world.row();
    check_run(before, &after, &fineract.seen());
    check_storable(&after);
    let told = gateway::track::body(&after, gateway::track::Beside::default());
    assert_eq!(told["status"], after.state.status());
}
