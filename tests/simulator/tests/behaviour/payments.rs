//! Payments and what else becomes of a loan that was paid out.

use fineract_simulator::{Decision, Release, Simulator};
use serde_json::{Value, json};

use crate::bank::{approval, bank_with_loan, codes, disbursement, is_cached, request, send, tranched, with};

pub(crate) const LOAN: &str = "loans/external-id/LOAN-1";

/// A bank whose only loan, of 100000 at 8 % for 12 months, was paid out on 12 January.
pub(crate) fn active(release: Release) -> Simulator {
    let bank = bank_with_loan(release);
    send(&bank, "POST", &format!("{LOAN}?command=approve"), &approval(), 200);
    send(&bank, "POST", &format!("{LOAN}?command=disburse"), &disbursement(), 200);
    bank
}

fn on(day: &str) -> Value {
    json!({"transactionDate": day, "dateFormat": "dd MMMM yyyy", "locale": "en"})
}

pub(crate) fn money(day: &str, amount: &str) -> Value {
    with(&on(day), &json!({"transactionAmount": amount}))
}

pub(crate) fn transactions(command: &str) -> String {
    format!("{LOAN}/transactions?command={command}")
}

pub(crate) fn read(bank: &Simulator, part: &str) -> Value {
    send(bank, "GET", &format!("{LOAN}{part}"), &Value::Null, 200)
}

fn status(bank: &Simulator) -> Value {
    read(bank, "")["status"]["id"].clone()
}

/// Stands for what ends the loan, by the quote.
const ALL: &str = "all";

/// The body, with the amount that it stands for.
fn quoted(bank: &Simulator, body: &Value) -> Value {
    if body["transactionAmount"] != ALL {
        return body.clone();
    }
    let quote = read(bank, "/transactions/template?command=prepayLoan");
    with(body, &json!({"transactionAmount": quote["amount"]}))
}

/// A way through the life of a loan: each command with the status of its answer and the loan's status after it.
type Way = Vec<(String, Value, u16, u64)>;

#[test]
fn where_a_loan_stands() {
    let step = |command: &str, body: Value, answered, stands| (transactions(command), body, answered, stands);
    let of_loan =
        |command: &str, body: Value, answered, stands| (format!("{LOAN}?command={command}"), body, answered, stands);
    let ways: Vec<Way> = vec![
        vec![
            step("repayment", money("12 February 2026", "5000"), 200, 300),
            step("repayment", money("13 February 2026", ALL), 200, 600),
            step("repayment", money("14 February 2026", "0.01"), 200, 700),
            of_loan("undodisbursal", json!({}), 400, 700),
            step("creditBalanceRefund", money("14 February 2026", "0.02"), 400, 700),
            step("writeoff", on("15 February 2026"), 400, 700),
            step("creditBalanceRefund", money("15 February 2026", "0.01"), 200, 600),
            step("creditBalanceRefund", money("15 February 2026", "0.01"), 400, 600),
        ],
        vec![
            step("recoverypayment", money("12 March 2026", "5"), 400, 300),
            step("undowriteoff", json!({}), 503, 300),
            step("writeoff", on("11 January 2026"), 403, 300),
            step("writeoff", on("12 March 2026"), 200, 601),
            step("writeoff", on("12 March 2026"), 400, 601),
            step("repayment", money("13 March 2026", "5"), 400, 601),
            step("waiveinterest", money("13 March 2026", "5"), 400, 601),
            step("recoverypayment", money("13 March 2026", "5"), 200, 601),
            step("undowriteoff", json!({}), 200, 300),
            step("undowriteoff", json!({}), 503, 300),
        ],
        vec![
            step("repayment", money("12 February 2026", "5000"), 200, 300),
            step("foreclosure", on("11 February 2026"), 403, 300),
            step("foreclosure", on("12 March 2026"), 200, 600),
            step("foreclosure", on("12 March 2026"), 400, 600),
        ],
        vec![
            step("repayment", money("12 February 2026", "5000"), 200, 300),
            of_loan("undodisbursal", json!({}), 200, 200),
            step("repayment", money("12 February 2026", "5000"), 400, 200),
            of_loan("undoapproval", json!({}), 200, 100),
            of_loan(
                "reject",
                json!({"rejectedOnDate": "13 January 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"}),
                200,
                500,
            ),
            of_loan("undoapproval", json!({}), 400, 500),
        ],
    ];
    for release in Release::ALL {
        for way in &ways {
            let bank = active(release);
            for (path, body, answered, stands) in way {
                let effects = bank.effects().len();
                send(&bank, "POST", path, &quoted(&bank, body), *answered);
                assert_eq!(status(&bank), *stands, "{release} {path} {body}");
                let applied = bank.effects().len() - effects;
                assert_eq!(applied, usize::from(*answered == 200), "{release} {path} {body}");
            }
        }
    }
}

#[test]
fn what_is_refused() {
    let repayment = money("12 February 2026", "5000");
    let rows: Vec<(&str, Value, u16, &str)> = vec![
        (
            "repayment",
            json!({"transactionAmount": 0}),
            400,
            "validation.msg.loan.transaction.transactionAmount.not.greater.than.zero",
        ),
        (
            "repayment",
            json!({"transactionAmount": null}),
            400,
            "validation.msg.loan.transaction.transactionAmount.cannot.be.blank",
        ),
        (
            "repayment",
            json!({"transactionDate": null}),
            400,
            "validation.msg.loan.transaction.transactionDate.cannot.be.blank",
        ),
        (
            "repayment",
            json!({"transactionDate": "11 January 2026"}),
            403,
            "error.msg.loan.transaction.cannot.be.before.disbursement.date",
        ),
        (
            "repayment",
            json!({"transactionDate": "22 November 2026"}),
            403,
            "error.msg.loan.transaction.cannot.be.a.future.date",
        ),
        (
            "repayment",
            json!({"externalId": "T-1"}),
            400,
            "validation.msg.loan.transaction.externalId.value.must.be.unique",
        ),
        (
            "repayment",
            json!({"transactionAmount": 1e15}),
            403,
            "error.msg.loan.repayment.unknown.data.integrity.issue",
        ),
        (
            "repayment",
            json!({"externalId": "T".repeat(101)}),
            403,
            "error.msg.loan.repayment.unknown.data.integrity.issue",
        ),
        (
            "repayment",
            json!({"paymentTypeId": 99}),
            404,
            "error.msg.payment.type.invalid",
        ),
        (
            "repayment",
            json!({"writeoffReasonId": 1}),
            400,
            "error.msg.parameter.unsupported",
        ),
        (
            "waiveinterest",
            json!({"externalId": "T-1", "transactionAmount": "5"}),
            400,
            "validation.msg.loan.transaction.externalId.value.must.be.unique",
        ),
        (
            "waiveinterest",
            json!({}),
            403,
            "error.msg.loan.waive.interest.amount.exceeds.total.outstanding.interest",
        ),
        (
            "writeoff",
            json!({"transactionAmount": null, "writeoffReasonId": 1}),
            404,
            "error.msg.codevalue.codename.id.combination.invalid",
        ),
        (
            "writeoff",
            json!({"transactionAmount": null, "transactionDate": "01 February 2026"}),
            403,
            "error.msg.loan.writeoff.must.occur.on.or.after.other.transaction.dates",
        ),
        ("foreclosure", json!({}), 400, "error.msg.parameter.unsupported"),
    ];
    for release in Release::ALL {
        let bank = active(release);
        let first = with(&repayment, &json!({"externalId": "T-1"}));
        send(&bank, "POST", &transactions("repayment"), &first, 200);
        let before = read(&bank, "?associations=all");
        for (command, change, answered, code) in &rows {
            let answer = send(
                &bank,
                "POST",
                &transactions(command),
                &with(&repayment, change),
                *answered,
            );
            assert_eq!(codes(&answer)[1], *code, "{release} {command} {change}");
        }
        assert_eq!(
            read(&bank, "?associations=all"),
            before,
            "{release}: a refusal changes nothing"
        );
    }
}

#[test]
fn a_payment_before_another_one_takes_its_place() {
    for release in Release::ALL {
        let bank = active(release);
        let later = with(&money("12 February 2026", "500"), &json!({"externalId": "T-1"}));
        let first = send(&bank, "POST", &transactions("repayment"), &later, 200);
        let earlier = with(&money("20 January 2026", "600"), &json!({"externalId": "T-2"}));
        send(&bank, "POST", &transactions("repayment"), &earlier, 200);
        // The first 666.67 are the interest of the first month.
        let paid = read(&bank, "/transactions/external-id/T-1");
        assert_eq!(paid["interestPortion"].to_string(), "66.67", "{release}");
        assert_eq!(paid["principalPortion"].to_string(), "433.33", "{release}");
        assert_ne!(paid["id"], first["resourceId"], "{release}: it was booked anew");
        assert_eq!(
            paid["transactionRelations"][0]["toLoanTransaction"],
            first["resourceId"]
        );
        // The number that it had cannot be undone any more, the one that it has now can.
        let undo = |id: &Value, answered| {
            let path = format!("{LOAN}/transactions/{id}?command=undo");
            send(&bank, "POST", &path, &money("12 February 2026", "0"), answered)
        };
        undo(&first["resourceId"], 403);
        undo(&paid["id"], 200);
        let undone = read(&bank, "/transactions/external-id/T-1");
        assert_eq!(
            (&undone["manuallyReversed"], &undone["reversedOnDate"]),
            (&json!(true), &json!([2026, 11, 21]))
        );
        let summary = &read(&bank, "")["summary"];
        assert_eq!(summary["totalRepayment"].to_string(), "600.0", "{release}");
        send(&bank, "POST", &transactions("repayment"), &later, 400);
    }
}

#[test]
fn nothing_undoes_a_foreclosure() {
    for release in Release::ALL {
        let bank = active(release);
        let quoted = read(
            &bank,
            "/transactions/template?command=foreclosure&transactionDate=12%20March%202026&dateFormat=dd%20MMMM%20yyyy&locale=en",
        );
        let body = with(&on("12 March 2026"), &json!({"externalId": "T-1"}));
        send(&bank, "POST", &transactions("foreclosure"), &body, 200);
        let paid = read(&bank, "/transactions/external-id/T-1");
        assert_eq!(paid["amount"], quoted["amount"], "{release}");
        let undo = format!("{LOAN}/transactions/external-id/T-1?command=undo");
        send(&bank, "POST", &undo, &money("12 March 2026", "0"), 403);
        assert_eq!(status(&bank), 600, "{release}");
    }
}

#[test]
fn a_key_pays_once() {
    for release in Release::ALL {
        let bank = active(release);
        let pay = |amount: &str| {
            let body = with(&money("12 February 2026", amount), &json!({"externalId": "T-1"}));
            bank.answer(&request("POST", &transactions("repayment"), Some(&body)).with_header("Idempotency-Key", "key"))
        };
        let (first, again) = (pay("500"), pay("700"));
        assert!(!is_cached(&first) && is_cached(&again), "{release}");
        assert_eq!((first.status, &first.body), (again.status, &again.body));
        let effects = bank.effects();
        let last = effects.last().unwrap();
        assert_eq!(
            (last.action, last.entity, last.key.as_deref()),
            ("REPAYMENT", "LOAN", Some("key"))
        );
        assert_eq!(last.external_id.as_deref(), Some("T-1"));
        assert_eq!(effects.len(), 5, "{release}");
        // A waiver has keys of its own, a refusal keeps its own, too.
        let body = money("12 February 2026", "99999");
        let waive = || {
            let sent = request("POST", &transactions("waiveinterest"), Some(&body));
            bank.answer(&sent.with_header("Idempotency-Key", "key"))
        };
        let (first, again) = (waive(), waive());
        assert_eq!(
            (first.status, again.status, is_cached(&again)),
            (403, 403, true),
            "{release}"
        );
    }
}

#[test]
fn what_waits_for_a_checker_is_not_paid() {
    let charge =
        json!({"chargeId": 3, "amount": 50, "dueDate": "15 April 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
    let rows = [
        (
            "REPAYMENT_LOAN",
            transactions("repayment"),
            money("12 February 2026", "500"),
        ),
        (
            "WAIVEINTERESTPORTION_LOAN",
            transactions("waiveinterest"),
            money("12 February 2026", "5"),
        ),
        ("WRITEOFF_LOAN", transactions("writeoff"), on("12 February 2026")),
        ("FORECLOSURE_LOAN", transactions("foreclosure"), on("12 February 2026")),
        ("CREATE_LOANCHARGE", format!("{LOAN}/charges"), charge),
    ];
    for release in Release::ALL {
        for (action, path, body) in &rows {
            for decision in [Decision::Approve, Decision::Reject] {
                let bank = active(release);
                let before = read(&bank, "?associations=all");
                bank.ask_checker_for([*action]);
                let waits = send(&bank, "POST", path, body, 200);
                assert_eq!(waits["rollbackTransaction"], true, "{release} {action}");
                // What the command would make has no number yet.
                assert_eq!(waits.get("resourceId"), None, "{release} {action}");
                assert_eq!(read(&bank, "?associations=all"), before, "{release} {action}");
                let command = waits["commandId"].as_u64().unwrap();
                assert_eq!(bank.awaiting(), [command]);
                bank.decide(command, decision).unwrap();
                let changed = read(&bank, "?associations=all") != before;
                assert_eq!(changed, decision == Decision::Approve, "{release} {action}");
            }
        }
    }
}

#[test]
fn a_preview_keeps_nothing() {
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        let body = crate::bank::loan("LOAN-2", 1);
        let effects = bank.effects().len();
        let preview = send(&bank, "POST", "loans?command=calculateLoanSchedule", &body, 200);
        assert_eq!(preview["periods"].as_array().unwrap().len(), 13);
        assert_eq!(bank.effects().len(), effects);
        let path = "loans/external-id/LOAN-2?associations=repaymentSchedule";
        send(&bank, "GET", path, &Value::Null, 404);
        assert_eq!(
            send(&bank, "POST", "loans", &body, 200)["loanId"],
            2,
            "{release}: no number was used up"
        );
        let kept = send(&bank, "GET", path, &Value::Null, 200);
        let interest = |schedule: &Value| schedule["totalInterestCharged"].to_string();
        assert_eq!(interest(&kept["repaymentSchedule"]), interest(&preview), "{release}");
    }
}

#[test]
fn what_is_booked_anew_stands_last_of_its_day() {
    for release in Release::ALL {
        let bank = active(release);
        for (day, amount, id) in [
            ("12 February 2026", "1000", "T-1"),
            ("12 February 2026", "25", "T-2"),
            ("20 January 2026", "25", "T-3"),
        ] {
            let paid = with(&money(day, amount), &json!({"externalId": id}));
            send(&bank, "POST", &transactions("repayment"), &paid, 200);
        }
        let of = |id: &str| read(&bank, &format!("/transactions/external-id/{id}"));
        // All of the interest, 666.67, is paid; the principal of both is gone after the one that was booked anew.
        let balance = of("T-1")["outstandingLoanBalance"].to_string();
        assert_eq!(balance, "99616.67", "{release}");
        assert_eq!(of("T-2")["outstandingLoanBalance"].to_string(), "99975.0", "{release}");
    }
}

#[test]
fn only_develop_takes_refunds_from_before_the_disbursement() {
    for release in Release::ALL {
        let bank = active(release);
        for command in ["merchantIssuedRefund", "payoutRefund", "goodwillCredit", "repayment"] {
            let refund = command.ends_with("Refund") && release != Release::V1_10_1;
            let body = money("01 January 2026", "25");
            send(
                &bank,
                "POST",
                &transactions(command),
                &body,
                if refund { 200 } else { 403 },
            );
        }
    }
}

#[test]
fn release_1_10_1_goes_on_telling_when_a_reopened_loan_was_closed() {
    for release in Release::ALL {
        let bank = active(release);
        let body = quoted(&bank, &money("12 February 2026", ALL));
        send(
            &bank,
            "POST",
            &transactions("repayment"),
            &with(&body, &json!({"externalId": "T-1"})),
            200,
        );
        assert_eq!(status(&bank), 600);
        let path = format!("{LOAN}/transactions/external-id/T-1?command=undo");
        send(&bank, "POST", &path, &money("12 February 2026", "0"), 200);
        assert_eq!(status(&bank), 300);
        let closed_on = read(&bank, "")["timeline"]["closedOnDate"].clone();
        let told = if release == Release::V1_10_1 {
            json!([2026, 2, 12])
        } else {
            Value::Null
        };
        assert_eq!(closed_on, told, "{release}");
    }
}

#[test]
fn no_more_of_a_loan_in_tranches_is_repaid_than_was_paid_out() {
    let tranche = |day: &str, principal: u64| json!({"expectedDisbursementDate": day, "principal": principal});
    let data = [tranche("11 January 2026", 60_000), tranche("11 October 2026", 40_000)];
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        let body = with(&tranched("LOAN-2", 1, &[]), &json!({"disbursementData": data}));
        send(&bank, "POST", "loans", &body, 200);
        let path = "loans/external-id/LOAN-2";
        send(&bank, "POST", &format!("{path}?command=approve"), &approval(), 200);
        send(&bank, "POST", &format!("{path}?command=disburse"), &disbursement(), 200);
        for (amount, answered) in [("50000", 200), ("40000", 403), ("5000", 200)] {
            let body = money("12 February 2026", amount);
            let answer = send(
                &bank,
                "POST",
                &format!("{path}/transactions?command=repayment"),
                &body,
                answered,
            );
            if answered == 403 {
                assert_eq!(
                    codes(&answer)[1],
                    "error.msg.loan.transaction.amount.exceeds.threshold",
                    "{release}"
                );
            }
        }
    }
}

/// The way to a loan of a client that was activated on 1 January, and a request whose refusal was measured on 1.10.1.
type Refused = (Vec<(String, Value)>, String, Value, u16, &'static str);

#[test]
fn what_is_refused_as_measured() {
    let early = money("31 December 2025", "5");
    let written_off = || (transactions("writeoff"), on("12 March 2026"));
    let before_client = "error.msg.loan.repayment.or.waiver.cannot.be.made.before.client.transfer.date";
    let too_much = "error.msg.loan.transaction.cannot.be.greater.than.total.written.off";
    let rows: Vec<Refused> = vec![
        (vec![], transactions("repayment"), early.clone(), 403, before_client),
        (vec![], transactions("waiveinterest"), early.clone(), 403, before_client),
        (
            vec![],
            transactions("goodwillCredit"),
            early.clone(),
            403,
            before_client,
        ),
        (
            vec![written_off()],
            transactions("recoverypayment"),
            early,
            403,
            "error.msg.loan.null.null",
        ),
        (
            vec![written_off()],
            transactions("recoverypayment"),
            money("13 March 2026", "99999999"),
            403,
            too_much,
        ),
    ];
    for release in Release::ALL {
        for (way, path, body, answered, code) in &rows {
            let bank = active(release);
            for (path, body) in way {
                send(&bank, "POST", path, body, 200);
            }
            let before = read(&bank, "?associations=all");
            let refused = send(&bank, "POST", path, body, *answered);
            assert_eq!(codes(&refused)[1], *code, "{release} {path} {body}");
            assert_eq!(read(&bank, "?associations=all"), before, "{release} {path} {body}");
        }
    }
}

/// Measured on 1.10.1: each recovery is compared with all that was written off.
#[test]
fn what_was_recovered_does_not_count_for_the_next_recovery() {
    for release in Release::ALL {
        let bank = active(release);
        send(&bank, "POST", &transactions("writeoff"), &on("12 March 2026"), 200);
        for _ in 0..2 {
            let body = money("13 March 2026", "90000");
            send(&bank, "POST", &transactions("recoverypayment"), &body, 200);
        }
    }
}

/// Measured on 1.10.1: the answer names the write-off that stood.
#[test]
fn a_write_off_is_undone_by_its_own_number() {
    for release in Release::ALL {
        let bank = active(release);
        for day in ["12 March 2026", "14 March 2026"] {
            let booked = send(&bank, "POST", &transactions("writeoff"), &on(day), 200);
            let recovered = money("13 March 2026", "1000");
            if day == "12 March 2026" {
                send(&bank, "POST", &transactions("recoverypayment"), &recovered, 200);
            }
            let undone = send(&bank, "POST", &transactions("undowriteoff"), &json!({}), 200);
            assert_eq!(undone["resourceId"], booked["resourceId"], "{release} {day}");
        }
    }
}

/// Measured on 1.10.1: the row of what was late outlives an undone disbursal, and its key holds the loan fast.
#[test]
fn a_loan_that_was_late_cannot_be_deleted() {
    for release in Release::ALL {
        for (late, paid_out_on) in [(true, "12 January 2026"), (false, "20 November 2026")] {
            let bank = bank_with_loan(release);
            let day = json!({"actualDisbursementDate": paid_out_on});
            send(&bank, "POST", &format!("{LOAN}?command=approve"), &approval(), 200);
            let paid_out = with(&disbursement(), &day);
            send(&bank, "POST", &format!("{LOAN}?command=disburse"), &paid_out, 200);
            for command in ["undodisbursal", "undoapproval"] {
                send(&bank, "POST", &format!("{LOAN}?command={command}"), &json!({}), 200);
            }
            let held = late && release == Release::V1_10_1;
            let delete = request("DELETE", LOAN, None).with_header("Idempotency-Key", "key");
            let (answer, again) = (bank.answer(&delete), bank.answer(&delete));
            let expected = if held { (500, 500) } else { (200, 404) };
            assert_eq!((answer.status, again.status), expected, "{release} {paid_out_on}");
            assert_eq!(
                (is_cached(&answer), is_cached(&again)),
                (false, held),
                "{release} {paid_out_on}"
            );
            let stands = send(&bank, "GET", LOAN, &Value::Null, if held { 200 } else { 404 });
            assert_eq!(stands["status"]["id"] == 100, held, "{release} {paid_out_on}");
        }
    }
}
