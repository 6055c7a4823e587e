//! Loans of products of other kinds than the nine lenders': what a gateway can rely on there, and what not.

use fineract_simulator::{Release, Simulator, kinds};
use serde_json::{Value, json};

use crate::{
    bank::{bank, client, codes, loan, send, with},
    payments::{LOAN, money, read, transactions},
};

/// The strategy that a progressive schedule needs.
const ADVANCED: &str = "advanced-payment-allocation-strategy";
const DUPLICATE: &str = "error.msg.loan.disbursement.duplicate.externalId";

/// The body of a loan of this product, as far as it follows from the product.
fn loan_of(product: &Value, id: &str, client: u64) -> Value {
    let strategy = &product["transactionProcessingStrategyCode"];
    let terms = json!({
        "productId": product["id"], "interestCalculationPeriodType": product["interestCalculationPeriodType"]["id"],
        "transactionProcessingStrategyCode": strategy, "amortizationType": product["amortizationType"]["id"],
    });
    with(&loan(id, client), &terms)
}

/// A bank that offers every kind, and has a client.
fn bank_of_kinds(release: Release) -> (Simulator, u64) {
    let bank = bank(release);
    for settings in kinds() {
        bank.offer(&settings).unwrap();
    }
    let client = send(&bank, "POST", "clients", &client("INC-1"), 200);
    (bank, client["clientId"].as_u64().unwrap())
}

/// The product of this kind.
fn product(bank: &Simulator, kind: &str) -> Value {
    let products = send(bank, "GET", "loanproducts", &Value::Null, 200);
    let found = products
        .as_array()
        .unwrap()
        .iter()
        .find(|product| product["name"] == kind);
    found.unwrap().clone()
}

fn disbursal(more: &Value) -> Value {
    let body = json!({"actualDisbursementDate": "12 January 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
    with(&body, more)
}

/// A bank with a loan of this kind that is approved.
fn approved(release: Release, kind: &str, more: &Value) -> Simulator {
    let (bank, client) = bank_of_kinds(release);
    let body = with(&loan_of(&product(&bank, kind), "LOAN-1", client), more);
    send(&bank, "POST", "loans", &body, 200);
    let approval = json!({"approvedOnDate": "11 January 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
    send(&bank, "POST", &format!("{LOAN}?command=approve"), &approval, 200);
    bank
}

/// A bank with a loan of this kind that is paid out.
fn active(release: Release, kind: &str) -> Simulator {
    let bank = approved(release, kind, &json!({"maxOutstandingLoanBalance": 10_000_000}));
    let body = disbursal(&json!({"transactionAmount": 100_000}));
    send(&bank, "POST", &format!("{LOAN}?command=disburse"), &body, 200);
    bank
}

fn is_recalculated(kind: &str) -> bool {
    kind.starts_with("RECALCULATION")
}

/// The names of the kinds.
fn names() -> Vec<String> {
    let name = |settings: serde_json::Map<String, Value>| settings["name"].as_str().unwrap().to_owned();
    kinds().into_iter().map(name).collect()
}

#[test]
fn which_ids_an_answer_names() {
    for release in Release::ALL {
        for kind in names() {
            let silent = release == Release::V1_10_1 && is_recalculated(&kind);
            let bank = active(release, &kind);
            let pay = |command: &str, id: &str| {
                let body = with(&money("20 February 2026", "100"), &json!({"externalId": id}));
                let answer = send(&bank, "POST", &transactions(command), &body, 200);
                let shown = read(&bank, &format!("/transactions/external-id/{id}"));
                assert_eq!(shown["externalId"], id, "{release} {kind}");
                let named = answer.get("resourceExternalId").is_some();
                assert_eq!(named, !silent, "{release} {kind} {command}: {answer}");
                assert_eq!(
                    answer["resourceId"] == shown["id"],
                    !silent,
                    "{release} {kind} {command}"
                );
                let replayed = shown["transactionRelations"][0]["toLoanTransaction"] == answer["resourceId"];
                assert_eq!(replayed, silent, "{release} {kind} {command}: {shown}");
            };
            pay("repayment", "PAY-1");
            pay("goodwillCredit", "GW-1");
            let listed = read(&bank, "?associations=transactions");
            let booked = listed["transactions"].as_array().unwrap().iter();
            let paid: Vec<&Value> = booked.filter_map(|booked| booked.get("externalId")).collect();
            assert_eq!(paid, ["PAY-1", "GW-1"], "{release} {kind}");
            let write_off = json!({"transactionDate": "20 March 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
            send(&bank, "POST", &transactions("writeoff"), &write_off, 200);
            let body = with(&money("20 March 2026", "100"), &json!({"externalId": "RC-1"}));
            let answer = send(&bank, "POST", &transactions("recoverypayment"), &body, 200);
            assert_eq!(
                answer.get("resourceExternalId").is_none(),
                silent,
                "{release} {kind}: {answer}"
            );
        }
    }
}

#[test]
fn what_is_recalculated_goes_forward_and_is_not_foreclosed() {
    const EARLIER: &str = "error.msg.loan.repayment.or.waiver.cannot.be.made.before.last.transaction.date";
    const FORECLOSED: &str = "loan.with.interest.recalculation.enabled.cannot.be.foreclosured";
    for release in Release::ALL {
        for kind in names() {
            let bank = active(release, &kind);
            let recalculated = is_recalculated(&kind);
            let status = if recalculated { 403 } else { 200 };
            let expect = |answer: &Value, code: &str| {
                let told = codes(answer).contains(&code.to_owned());
                assert_eq!(told, recalculated, "{release} {kind}: {answer}");
            };
            let last = with(&money("20 February 2026", "100"), &json!({"externalId": "PAY-1"}));
            send(&bank, "POST", &transactions("repayment"), &last, 200);
            let earlier = money("20 January 2026", "100");
            let answer = send(&bank, "POST", &transactions("repayment"), &earlier, status);
            expect(&answer, EARLIER);
            let quote = format!("{LOAN}/transactions/template?command=foreclosure");
            expect(&send(&bank, "GET", &quote, &Value::Null, status), FORECLOSED);
            let end = json!({"transactionDate": "20 March 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
            // develop stumbles over progressive schedules.
            let stumbles = kind == "PROGRESSIVE" && release != Release::V1_10_1;
            let status = if stumbles { 500 } else { status };
            expect(
                &send(&bank, "POST", &transactions("foreclosure"), &end, status),
                FORECLOSED,
            );
        }
    }
}

#[test]
fn what_is_quoted_for_a_day_ends_a_recalculated_loan_on_it() {
    for release in Release::ALL {
        for kind in names().into_iter().filter(|kind| is_recalculated(kind)) {
            let bank = active(release, &kind);
            send(
                &bank,
                "POST",
                &transactions("repayment"),
                &money("20 February 2026", "1000"),
                200,
            );
            let quote = |day: &str| {
                let path = format!("{LOAN}/transactions/template?command=prepayLoan&transactionDate={day}");
                let path = format!("{path}&dateFormat=dd%20MMMM%20yyyy&locale=en").replace(' ', "%20");
                send(&bank, "GET", &path, &Value::Null, 200)["amount"].to_string()
            };
            assert_ne!(quote("20 March 2026"), quote("25 March 2026"), "{release} {kind}");
            let all = money("20 March 2026", &quote("20 March 2026"));
            send(&bank, "POST", &transactions("repayment"), &all, 200);
            let loan = read(&bank, "");
            assert_eq!(
                loan["status"]["closedObligationsMet"], true,
                "{release} {kind}: {}",
                loan["summary"]
            );
        }
    }
}

#[test]
fn open_tranches_are_made_by_disbursements() {
    const BALANCE: &str = "error.msg.loanschedule.exceeding.max.outstanding.balance";
    const OVER: &str = "error.msg.loan.disbursal.amount.can't.be.greater.than.maximum.applied.loan.amount.calculation";
    let disburse = format!("{LOAN}?command=disburse");
    let part = |day: &str, amount: u64| disbursal(&json!({"actualDisbursementDate": day, "transactionAmount": amount}));
    for release in Release::ALL {
        let develop = release != Release::V1_10_1;
        for (limit, second) in [(Value::Null, if develop { 200 } else { 403 }), (json!(10_000_000), 200)] {
            let bank = approved(release, "OPEN-TRANCHES", &json!({"maxOutstandingLoanBalance": limit}));
            send(&bank, "POST", &disburse, &part("12 January 2026", 60_000), 200);
            let answer = send(&bank, "POST", &disburse, &part("20 January 2026", 40_000), second);
            assert_eq!(
                codes(&answer).contains(&BALANCE.to_owned()),
                second == 403,
                "{release}: {answer}"
            );
            let paid_out = if second == 200 { 100_000.0 } else { 60_000.0 };
            assert_eq!(read(&bank, "")["principal"], paid_out, "{release}");
            if second == 200 {
                // Half as much again as was asked for.
                send(&bank, "POST", &disburse, &part("25 January 2026", 50_000), 200);
                let answer = send(&bank, "POST", &disburse, &part("26 January 2026", 1), 403);
                assert!(codes(&answer).contains(&OVER.to_owned()), "{release}: {answer}");
            }
        }
        let bank = approved(release, "OPEN-TRANCHES", &json!({}));
        let planned = json!({"disbursementData": [{"expectedDisbursementDate": "11 January 2026", "principal": 1000}]});
        let client = read(&bank, "")["clientId"].as_u64().unwrap();
        let body = with(&loan_of(&product(&bank, "OPEN-TRANCHES"), "LOAN-2", client), &planned);
        send(&bank, "POST", "loans", &body, 403);
        // develop does not know how much all of it is.
        let all = disbursal(&json!({}));
        send(&bank, "POST", &disburse, &all, if develop { 500 } else { 200 });
    }
}

#[test]
fn a_top_up_is_paid_out_under_no_id() {
    const ACTIVE: &str = "error.msg.loan.loanIdToClose.no.active.loan.associated.to.client.found";
    for release in Release::ALL {
        let bank = active(release, "TOP-UP");
        let old = read(&bank, "");
        let owed = read(&bank, "/transactions/template?command=prepayLoan")["amount"].clone();
        let client = old["clientId"].as_u64().unwrap();
        let new = json!({
            "principal": 200_000, "isTopup": true, "loanIdToClose": old["id"], "submittedOnDate": "10 February 2026",
            "expectedDisbursementDate": "10 February 2026",
        });
        let body = with(&loan_of(&product(&bank, "TOP-UP"), "LOAN-2", client), &new);
        let unknown = with(&body, &json!({"loanIdToClose": 999}));
        let refused = send(&bank, "POST", "loans", &unknown, 403);
        assert!(codes(&refused).contains(&ACTIVE.to_owned()), "{release}: {refused}");
        send(&bank, "POST", "loans", &body, 200);
        let loan = "loans/external-id/LOAN-2";
        let approval = json!({"approvedOnDate": "10 February 2026", "dateFormat": "dd MMMM yyyy", "locale": "en"});
        send(&bank, "POST", &format!("{loan}?command=approve"), &approval, 200);
        let disburse = format!("{loan}?command=disburse");
        let on = json!({"actualDisbursementDate": "10 February 2026", "externalId": "D-1"});
        let refused = send(&bank, "POST", &disburse, &disbursal(&on), 403);
        assert!(codes(&refused).contains(&DUPLICATE.to_owned()), "{release}: {refused}");
        let answer = send(
            &bank,
            "POST",
            &disburse,
            &disbursal(&with(&on, &json!({"externalId": null}))),
            200,
        );
        let shown = send(
            &bank,
            "GET",
            &format!("{loan}?associations=transactions"),
            &Value::Null,
            200,
        );
        assert_eq!(shown["topupAmount"], owed, "{release}");
        assert_eq!(shown["transactions"][0]["amount"], owed, "{release}");
        assert_eq!(shown["transactions"][1]["id"], answer["subResourceId"], "{release}");
        assert_eq!(
            shown["transactions"][1]["amount"], shown["netDisbursalAmount"],
            "{release}"
        );
        assert_eq!(read(&bank, "")["status"]["closedObligationsMet"], true, "{release}");
        let nothing = json!({});
        send(&bank, "POST", &format!("{loan}?command=undodisbursal"), &nothing, 400);
    }
}

#[test]
fn products_are_offered_from_the_beginning_on() {
    for release in Release::ALL {
        let bank = bank(release);
        bank.apply(r#"{"products": [{"name": "LENT", "isInterestRecalculationEnabled": true}]}"#)
            .unwrap();
        let product = product(&bank, "LENT");
        assert_eq!(product["isInterestRecalculationEnabled"], true, "{release}");
        assert_ne!(product["transactionProcessingStrategyCode"], ADVANCED, "{release}");
    }
}
