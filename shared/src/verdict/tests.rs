use serde_json::json;

use super::*;
use crate::fineract::Loss;

fn answer(status: u16, from_cache: bool, body: &str) -> Exchange {
    Exchange::Answer(Answer {
        status,
        from_cache,
        body: body.as_bytes().to_vec(),
    })
}

fn coded(code: &str) -> String {
    json!({"httpStatusCode": "403", "userMessageGlobalisationCode": code, "errors": []}).to_string()
}

fn expected() -> Expected {
    Expected {
        resource_external_id: Some("L-1".to_owned()),
        ..Expected::default()
    }
}

/// The verdict in one word, with the reason of a wait.
fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Applied(_) => "applied".to_owned(),
        Verdict::Pending { command_id } => format!("pending {command_id:?}"),
        Verdict::Refused(failure) => format!("refused {}", failure.status()),
        Verdict::NotYet(wait) => format!("not yet {:?} {:?}", wait.pace, wait.reason),
        Verdict::Unknown(wait) => format!("unknown {:?} {:?}", wait.pace, wait.reason),
        Verdict::Spent { reason, failure } => format!("spent {reason:?} {}", failure.code().unwrap_or_default()),
        Verdict::Denied(failure) => format!("denied {}", failure.code().unwrap_or_default()),
        Verdict::Restored => "restored".to_owned(),
        Verdict::Unnamed { replayed } => format!("unnamed{}", if *replayed { " replayed" } else { "" }),
    }
}

fn check(exchange: &Exchange, verdict: &str) {
    assert_eq!(word(&of_command(exchange, &expected(), true)), verdict, "{exchange:?}");
}

#[test]
fn faults_of_the_transport() {
    check(&Exchange::NotSent, "not yet Unreachable FineractUnreachable");
    for loss in [Loss::TimedOut, Loss::CutOff, Loss::TooLarge] {
        check(&Exchange::Lost(loss), "unknown Soon AnswerLost");
    }
}

#[test]
fn successes() {
    let ours = r#"{"officeId":1,"loanId":7,"resourceId":7,"resourceExternalId":"L-1"}"#;
    for (body, verdict) in [
        (ours, "applied"),
        (
            r#"{"resourceExternalId":"L-1","rollbackTransaction":false,"commandId":5}"#,
            "applied",
        ),
        (r#"{"resourceExternalId":"L-2"}"#, "unnamed"),
        (r#"{"resourceExternalId":{}}"#, "unnamed"),
        (r#"{"officeId":1}"#, "unnamed"),
        (r#"{"status":"ok"}"#, "unnamed"),
        (
            r#"{"commandId":805,"rollbackTransaction":true,"resourceExternalId":{}}"#,
            "pending Some(805)",
        ),
        (r#"{"resourceExternalId":"L-1","#, "unknown Soon ForeignAnswer"),
        ("<html>", "unknown Soon ForeignAnswer"),
    ] {
        check(&answer(200, false, body), verdict);
    }
    check(&answer(200, true, ours), "applied");
    check(&answer(200, true, r#"{"officeId":1}"#), "unnamed replayed");
    let never_sent = of_command(&answer(200, true, ours), &expected(), false);
    assert_eq!(word(&never_sent), "restored", "a stored answer to what was never sent");
}

#[test]
fn nulls_of_stored_answers_are_left_out() {
    let body = r#"{"loanId":7,"groupId":null,"resourceExternalId":"L-1"}"#;
    let Verdict::Applied(body) = of_command(&answer(200, true, body), &expected(), true) else {
        panic!("applied")
    };
    assert_eq!(body, json!({"loanId": 7, "resourceExternalId": "L-1"}));
}

#[test]
fn every_id_that_is_expected_must_be_named() {
    let body = r#"{"loanId":5,"resourceId":7,"resourceExternalId":"L-1","subResourceExternalId":"T-1"}"#;
    let with = |change: fn(&mut Expected)| {
        let mut all = expected();
        change(&mut all);
        matches!(of_command(&answer(200, false, body), &all, true), Verdict::Applied(_))
    };
    assert!(with(|all| all.resource_id = Some(7)));
    assert!(with(|all| all.sub_resource_external_id = Some("T-1".to_owned())));
    assert!(with(|all| all.loan_id = Some(5)));
    assert!(!with(|all| all.loan_id = Some(6)));
    assert!(!with(|all| all.resource_id = Some(8)));
    assert!(!with(|all| all.sub_resource_external_id = Some("T-2".to_owned())));
}

#[test]
fn a_held_command_about_another_loan_is_not_ours() {
    let held = answer(
        200,
        false,
        r#"{"commandId":805,"rollbackTransaction":true,"resourceId":7}"#,
    );
    for (resource_id, verdict) in [
        (None, "pending Some(805)"),
        (Some(7), "pending Some(805)"),
        (Some(8), "unnamed"),
    ] {
        let expected = Expected {
            resource_id,
            ..expected()
        };
        assert_eq!(word(&of_command(&held, &expected, true)), verdict);
    }
}

#[test]
fn errors() {
    let tenant = r#"{"timestamp":"2026-01-01","status":400,"error":"Bad Request","path":"/x"}"#;
    for (status, body, verdict) in [
        (400, coded("validation.msg.validation.errors.exist"), "refused 400"),
        (403, coded("error.msg.client.duplicate.externalId"), "refused 403"),
        (404, coded("error.msg.loan.id.invalid"), "refused 404"),
        // A closed product.
        (
            403,
            coded("error.msg.loan.application.submitted.on.date.cannot.be.after.the.loan.product.close.date"),
            "refused 403",
        ),
        (501, coded("validation.msg.not.implemented"), "refused 501"),
        (503, coded("error.msg.loan.undo.write.off"), "refused 503"),
        (
            503,
            coded("error.msg.sheduler.job.currently.running"),
            "not yet Minutes FineractBusy",
        ),
        (
            503,
            coded("error.msg.unable.to.connect.to.intermediate.server"),
            "not yet Minutes FineractBusy",
        ),
        (401, "{}".to_owned(), "not yet Minutes CredentialsRefused"),
        (
            403,
            coded("error.msg.not.authorized"),
            "not yet Minutes CredentialsRefused",
        ),
        (
            405,
            coded("error.msg.invalid.instance.type"),
            "not yet Minutes ReadOnly",
        ),
        (409, coded("error.msg.loan.locked"), "not yet Minutes LoanLocked"),
        (
            409,
            coded("error.msg.platform.service.loan.conflict"),
            "unknown Soon Conflict",
        ),
        (
            404,
            coded("error.msg.payment.type.invalid"),
            "not yet Minutes Misconfigured",
        ),
        (
            404,
            coded("error.msg.office.id.invalid"),
            "not yet Minutes Misconfigured",
        ),
        (400, tenant.to_owned(), "not yet Minutes CredentialsRefused"),
        (400, "{}".to_owned(), "not yet Minutes ForeignAnswer"),
        (
            404,
            "<html>not found</html>".to_owned(),
            "not yet Minutes ForeignAnswer",
        ),
        (
            403,
            "<html>forbidden</html>".to_owned(),
            "not yet Minutes ForeignAnswer",
        ),
        (425, "{}".to_owned(), "unknown Soon CommandInProgress"),
        (500, "{}".to_owned(), "unknown Soon FineractFailed"),
        (
            500,
            coded("error.msg.platform.server.side.error"),
            "unknown Soon FineractFailed",
        ),
        (
            403,
            coded("error.msg.data.integrity.issue"),
            "unknown Soon AmbiguousAnswer",
        ),
        (
            403,
            coded("error.msg.persistence.error"),
            "unknown Soon AmbiguousAnswer",
        ),
        (
            403,
            coded("error.msg.client.unknown.data.integrity.issue"),
            "unknown Soon AmbiguousAnswer",
        ),
        (
            403,
            coded("error.msg.data.integrity.issue UNIQUE_PORTFOLIO_COMMAND_SOURCE"),
            "unknown Soon CommandInProgress",
        ),
        (502, "<html>".to_owned(), "unknown Soon ForeignAnswer"),
        (503, "<html>".to_owned(), "unknown Soon ForeignAnswer"),
        (302, String::new(), "unknown Soon ForeignAnswer"),
    ] {
        check(&answer(status, false, &body), verdict);
    }
}

#[test]
fn a_stored_answer_that_does_not_tell_spends_the_key() {
    let conflict = coded("error.msg.platform.service.lock.conflict");
    for (status, body, verdict) in [
        (500, "{}".to_owned(), "spent FineractFailed gateway.not-applied"),
        (409, conflict, "spent Conflict error.msg.platform.service.lock.conflict"),
        (
            403,
            coded("error.msg.data.integrity.issue"),
            "spent AmbiguousAnswer error.msg.data.integrity.issue",
        ),
        (
            403,
            coded("error.msg.not.authorized"),
            "spent CredentialsRefused error.msg.not.authorized",
        ),
        (403, coded("error.msg.client.duplicate.externalId"), "refused 403"),
        (425, "{}".to_owned(), "unknown Soon CommandInProgress"),
    ] {
        check(&answer(status, true, &body), verdict);
    }
}

#[test]
fn not_found_by_external_id_is_a_refusal_only_before_anything_was_sent() {
    let not_found = |from_cache| answer(404, from_cache, &coded("error.msg.loan.external.id.invalid"));
    for (sent_before, from_cache, verdict) in [
        (false, false, "refused 404"),
        (true, false, "denied error.msg.loan.external.id.invalid"),
        (true, true, "refused 404"),
    ] {
        assert_eq!(
            word(&of_command(&not_found(from_cache), &expected(), sent_before)),
            verdict
        );
    }
}

#[test]
fn only_answers_from_before_the_execution_leave_fineract_untouched() {
    let tenant = r#"{"timestamp":"2026-01-01","status":400,"error":"Bad Request","path":"/x"}"#;
    for (exchange, untouched) in [
        (Exchange::NotSent, true),
        (Exchange::Lost(Loss::TimedOut), false),
        (answer(401, false, "{}"), true),
        (answer(403, false, &coded("error.msg.not.authorized")), true),
        (answer(400, false, tenant), true),
        (answer(400, false, r#"{"path":"/x"}"#), false),
        (answer(400, false, r#"{"timestamp":"2026-01-01"}"#), false),
        (answer(405, false, "{}"), true),
        (answer(409, false, &coded("error.msg.loan.locked")), true),
        (
            answer(503, false, &coded("error.msg.sheduler.job.currently.running")),
            true,
        ),
        (answer(404, false, &coded("error.msg.office.id.invalid")), false),
        (answer(400, false, "<html>"), false),
        (answer(425, true, "{}"), false),
        (answer(500, false, "{}"), false),
        (answer(200, false, "{}"), false),
        (answer(200, false, &coded("error.msg.not.authorized")), false),
    ] {
        assert_eq!(left_untouched(&exchange), untouched, "{exchange:?}");
    }
}

#[test]
fn a_lookup_believes_only_fineracts_own_not_found() {
    let word = |exchange: &Exchange| match of_lookup(exchange) {
        Found::Yes(_) => "yes".to_owned(),
        Found::No(failure) => format!("no {}", failure.status()),
        Found::NotYet(wait) => format!("{:?} {:?}", wait.pace, wait.reason),
    };
    for (exchange, expected) in [
        (answer(200, false, "{}"), "yes"),
        (answer(404, false, &coded("error.msg.client.id.invalid")), "no 404"),
        (
            answer(404, false, &coded("error.msg.loan.external.id.invalid")),
            "no 404",
        ),
        (
            answer(404, false, &coded("error.msg.resource.not.found")),
            "Minutes Misconfigured",
        ),
        (answer(404, false, "<html>"), "Minutes ForeignAnswer"),
        (answer(200, false, "<html>"), "Soon ForeignAnswer"),
        (answer(401, false, "{}"), "Minutes CredentialsRefused"),
        (answer(500, false, "{}"), "Soon FineractFailed"),
        (Exchange::NotSent, "Unreachable FineractUnreachable"),
        (Exchange::Lost(Loss::CutOff), "Soon LookupUnanswered"),
    ] {
        assert_eq!(word(&exchange), expected, "{exchange:?}");
    }
}

#[test]
fn an_answer_to_a_question_is_about_the_loan_or_is_none() {
    let of_loan = Expected {
        of: Some(("externalId", "L-1".to_owned())),
        ..Expected::default()
    };
    let schedule = Expected {
        has: Some("periods"),
        ..Expected::default()
    };
    for (expected, body, answered) in [
        (&of_loan, json!({"externalId": "L-1", "id": 7}), true),
        (&of_loan, json!({"id": 7}), false),
        (&of_loan, json!({"status": "ok"}), false),
        (&of_loan, json!({"externalId": "L-2", "id": 8}), false),
        (&schedule, json!({"periods": []}), true),
        (&schedule, json!({"loanId": 8, "resourceId": 8}), false),
    ] {
        let verdict = of_question(&answer(200, false, &body.to_string()), expected);
        let wanted = if answered {
            Verdict::Applied(body.clone())
        } else {
            Verdict::Unknown(Wait::new(Pace::Soon, Reason::ForeignAnswer))
        };
        assert_eq!(verdict, wanted, "{body}");
    }
    for body in ["[]", "200", "null", "true", "\"L-1\""] {
        let verdict = of_question(&answer(200, false, body), &of_loan);
        let foreign = Verdict::Unknown(Wait::new(Pace::Soon, Reason::ForeignAnswer));
        assert_eq!(verdict, foreign, "{body}");
        let verdict = of_command(&answer(200, false, body), &Expected::default(), true);
        assert!(!matches!(verdict, Verdict::Applied(_)), "{body}: {verdict:?}");
    }
}
