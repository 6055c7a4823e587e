use serde_json::json;

use super::*;
use crate::packing::JSON_BYTES_MAX;
use crate::row::tests::row;

const NOW: Timestamp = Timestamp::from_micros(10_000_000);
const RETENTION: Duration = Duration::from_secs(100);

fn settle(before: &Row, verdict: Verdict) -> Settlement {
    let outcome = Outcome::without_request(verdict);
    settlement(before, outcome, NOW, &Paces::default(), RETENTION, u8::MAX)
}

#[test]
fn only_an_end_starts_the_retention() {
    let wait = Wait::new(Pace::Minutes, Reason::LoanLocked);
    for (verdict, state, ends) in [
        (Verdict::Applied(json!({})), State::Succeeded, true),
        (
            Verdict::Refused(Failure::gateway(404, "gateway.x", "x")),
            State::Failed,
            true,
        ),
        (Verdict::NotYet(wait), State::Waiting, false),
        (Verdict::Unknown(wait), State::Waiting, false),
        (Verdict::Pending { command_id: Some(5) }, State::PendingApproval, false),
    ] {
        let settled = settle(&row(), verdict);
        assert_eq!(
            (
                settled.state,
                settled.expires_at.is_some(),
                settled.processed_at.is_some()
            ),
            (state, ends, ends)
        );
        assert_eq!(settled.next_attempt_at.is_none(), ends);
        assert_eq!(settled.history.len(), 1);
    }
}

#[test]
fn waits_of_one_pace_grow_and_another_pace_begins_anew() {
    let minutes = Verdict::NotYet(Wait::new(Pace::Minutes, Reason::LoanLocked));
    let before = Row {
        pace: Some(Pace::Minutes),
        waits: 2,
        ..row()
    };
    let settled = settle(&before, minutes.clone());
    assert_eq!(
        (settled.waits, settled.next_attempt_at),
        (3, Some(NOW.after(Duration::from_secs(240))))
    );
    let before = Row {
        pace: Some(Pace::Soon),
        ..before
    };
    let settled = settle(&before, minutes.clone());
    assert_eq!(
        (settled.waits, settled.next_attempt_at),
        (1, Some(NOW.after(Duration::from_secs(60))))
    );
    let paces = Paces {
        minutes: "7".parse().unwrap(),
        ..Paces::default()
    };
    let outcome = Outcome::without_request(minutes);
    let settled = settlement(&before, outcome, NOW, &paces, RETENTION, u8::MAX);
    assert_eq!(settled.next_attempt_at, Some(NOW.after(Duration::from_secs(7))));
}

#[test]
fn a_request_that_may_have_changed_something_leaves_a_doubt_and_none_clears_it() {
    let unknown = || Verdict::Unknown(Wait::new(Pace::Soon, Reason::AnswerLost));
    for (before, perhaps_changed, after) in [(false, false, false), (false, true, true), (true, false, true)] {
        let outcome = Outcome {
            perhaps_changed,
            ..Outcome::without_request(unknown())
        };
        let settled = settlement(
            &Row {
                maybe_sent: before,
                ..row()
            },
            outcome,
            NOW,
            &Paces::default(),
            RETENTION,
            0,
        );
        assert_eq!(settled.maybe_sent, after);
    }
}

#[test]
fn answers_too_large_to_be_kept_keep_their_ids() {
    let large = json!({"loanId": 7, "resourceExternalId": "L", "changes": {"x": "y".repeat(JSON_BYTES_MAX)}});
    let settled = settle(&row(), Verdict::Applied(large));
    assert!(settled.truncated);
    assert_eq!(settled.response, Some(json!({"loanId": 7, "resourceExternalId": "L"})));
    let text = "y".repeat(JSON_BYTES_MAX);
    let settled = settle(&row(), Verdict::Applied(json!({"loanId": 7, "resourceId": text})));
    assert_eq!(settled.response, Some(json!({"loanId": 7})), "an id is short");
    let settled = settle(&row(), Verdict::Applied(json!({"changes": {}})));
    assert_eq!(
        (settled.truncated, settled.response),
        (false, Some(json!({"changes": {}})))
    );
    let text = "y".repeat(FAILURE_BYTES_MAX);
    for (code, says) in [
        ("error.msg.loan.closed", "; its code is error.msg.loan.closed."),
        ("The client Jayesh exists.", "kept."),
    ] {
        let refused = too_large(Failure::fineract(
            403,
            json!({"developerMessage": text, "userMessageGlobalisationCode": code}),
        ));
        assert_eq!(refused.code(), Some("gateway.response-too-large"));
        let message = refused.response()["errors"][0]["defaultUserMessage"].to_string();
        assert!(message.trim_matches('"').ends_with(says), "{message}");
    }
}

#[test]
fn what_has_no_codes_form_is_in_no_try() {
    for (code, kept) in [
        ("error.msg.client.duplicate.externalId", true),
        ("error.msg.loan.approval.amount.can't.be.greater", true),
        ("The client Jayesh exists.", false),
        ("", true),
        (&"x".repeat(257), false),
    ] {
        let body = json!({"userMessageGlobalisationCode": code});
        let refused = Failure::fineract(403, body);
        for verdict in [Verdict::Refused(refused.clone()), Verdict::Denied(refused)] {
            let settled = settle(&row(), verdict);
            assert_eq!(settled.history[0].code.as_deref(), kept.then_some(code), "{code}");
        }
    }
}
