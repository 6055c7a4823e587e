//! Operations that only ask: no key, no effect, no place in line, and not for ever.

use fineract_simulator::Release;
use gateway::values::decimal_of;
use serde_json::{Value, json};
use simulation::Gateway;

use crate::deeds::{deeds, of_loan};

/// The operations, their data, how they are asked, and a member of the answer.
pub(crate) fn reads() -> [(&'static str, Value, &'static str, &'static str, &'static str); 5] {
    let preview = json!({"lenderConfig": "UGRO", "principal": 12000, "submittedOnDate": "01 February 2026",
        "loanTermFrequency": 12, "numberOfRepayments": 12, "interestRatePerPeriod": 12, "clientId": "INC-1001"});
    let quote = || of_loan(json!({"transactionDate": "16 February 2026"}));
    [
        (
            "LOAN_GET",
            of_loan(json!({})),
            "GET",
            "associations=all",
            "/transactions/0/amount",
        ),
        (
            "LOAN_GET",
            of_loan(json!({"associations": "charges", "fields": "principal"})),
            "GET",
            "associations=charges&fields=principal",
            "/principal",
        ),
        (
            "LOAN_FORECLOSURE_QUOTE",
            quote(),
            "GET",
            "command=foreclosure&transactionDate=16%20February%202026&dateFormat=",
            "/principalPortion",
        ),
        (
            "LOAN_PREPAY_QUOTE",
            quote(),
            "GET",
            "command=prepayLoan",
            "/principalPortion",
        ),
        (
            "LOAN_SCHEDULE_PREVIEW",
            preview,
            "POST",
            "command=calculateLoanSchedule",
            "/totalInterestCharged",
        ),
    ]
}

async fn lent(release: Release) -> Gateway {
    let follows = deeds().into_iter().find(|deed| deed.before.len() == 4);
    follows.unwrap().prepared(release).await
}

#[tokio::test]
async fn they_are_answered_without_a_key_and_change_nothing() {
    for release in Release::ALL {
        for (operation, data, method, path, member) in reads() {
            for lost in [0, 1, 4, 5] {
                let gateway = lent(release).await;
                let simulator = &gateway.fineract.simulator;
                let before = simulator.effects().len();
                if lost > 0 {
                    let fault = json!({"fault": "lost-answer", "method": method, "path": path, "times": lost});
                    simulator.apply(&fault.to_string()).unwrap();
                }
                let performed = gateway.perform(operation, data.clone()).await.unwrap();
                let what = format!("{release} {operation} lost {lost}: {}", performed.body);
                assert_eq!(simulator.effects().len(), before, "{what}");
                assert!(performed.commands.iter().all(|asked| asked.key.is_none()), "{what}");
                if lost == 5 {
                    assert_eq!(performed.body["error"]["code"], "gateway.unanswered", "{what}");
                    continue;
                }
                assert_eq!(performed.body["status"], "success", "{what}");
                let amount = performed.body["success_response"].pointer(member).and_then(decimal_of);
                assert!(
                    amount.is_some_and(|amount| amount.is_sign_positive() && !amount.is_zero()),
                    "{what}"
                );
            }
        }
    }
}

#[tokio::test]
async fn they_fail_in_fineracts_words_and_wait_for_nobody() {
    for release in Release::ALL {
        let gateway = lent(release).await;
        let with = |mut data: Value, name: &str, value: &str| {
            data[name] = value.into();
            data
        };
        let [get, _, foreclosure, quote, preview] = reads();
        for (operation, data, code) in [
            (
                "LOAN_GET",
                with(get.1.clone(), "external_loan_id", "X"),
                "error.msg.loan.external.id.invalid",
            ),
            (
                "LOAN_GET",
                with(get.1, "fields", "shoeSize"),
                "error.msg.parameter.unsupported",
            ),
            (
                "LOAN_FORECLOSURE_QUOTE",
                with(foreclosure.1.clone(), "external_loan_id", "X"),
                "error.msg.loan.external.id.invalid",
            ),
            (
                "LOAN_FORECLOSURE_QUOTE",
                with(foreclosure.1, "transactionDate", "01 January 2099"),
                "loan.foreclosure.transaction.date.is.in.future",
            ),
            (
                "LOAN_PREPAY_QUOTE",
                with(quote.1, "external_loan_id", "X"),
                "error.msg.loan.external.id.invalid",
            ),
            (
                "LOAN_SCHEDULE_PREVIEW",
                with(preview.1.clone(), "clientId", "X"),
                "error.msg.client.id.invalid",
            ),
            (
                "LOAN_SCHEDULE_PREVIEW",
                with(preview.1, "principal", "999"),
                "validation.msg.loan.principal.amount.is.not.within.min.max.range",
            ),
        ] {
            let body = gateway.perform(operation, data).await.unwrap().body;
            assert_eq!(
                (&body["status"], &body["error"]["code"]),
                (&json!("failed"), &json!(code)),
                "{release} {operation}: {body}"
            );
            assert_eq!(body["attempts"], 1, "{release} {operation}: {body}");
        }
        for row in gateway.ledger.rows() {
            let itself = row.subject.as_str() == format!("read:{}", row.id);
            assert_eq!(
                itself,
                reads().iter().any(|read| read.0 == row.operation),
                "{}",
                row.operation
            );
        }
    }
}
