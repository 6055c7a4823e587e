//! Values that Fineract changes: it trims texts and rounds money. Whatever an operation is sent, and whatever becomes of the
//! answer, it is a success exactly when Fineract did it.

use fineract_simulator::Release;
use gateway::declaration::Form;
use gateway::fineract::Path;
use gateway::kind::Kind;
use gateway::values::Shape;
use serde_json::{Value, json};
use simulation::Gateway;

use crate::deeds::{Deed, deeds, of_loan, paid, understood};
use crate::loan_create::{client, loan, shown, succeed};

/// How an answer is lost after the effect: the same key tells it, or never does.
const LOSSES: [&str; 2] = ["lost-answer", "stuck"];

/// What may become of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Fineract takes it.
    Done,
    /// Fineract, or the gateway, refuses it after the 202.
    Refused,
    /// One of both: it depends on the operation.
    Either,
}

/// Values of a field that Fineract does not store as they are, or that look as if it did not.
fn changed(shape: Shape, name: &str, data: &Value) -> Vec<(Value, End)> {
    let given = data.get(name).cloned().unwrap_or_default();
    match shape {
        Shape::Text { .. } => {
            let text = given.as_str().unwrap_or(match name {
                "mobileNo" => "9966999998",
                "emailAddress" => "jayesh@example.com",
                _ => "a  b",
            });
            let texts = [format!("{text} "), format!("  {text}\u{a0}")];
            texts.map(|text| (json!(text), End::Done)).to_vec()
        }
        Shape::Amount => {
            let amount = given.as_u64().unwrap_or(1_000);
            let digits = ["005", "015", "678", "994999"].map(|digits| format!("{amount}.{digits}"));
            let mut amounts = digits.map(|amount| (json!(amount), End::Done)).to_vec();
            amounts.push((json!("0.004"), End::Either));
            amounts
        }
        Shape::Rate { .. } => vec![(json!("8.123456"), End::Done)],
        Shape::ExternalId { .. } => {
            let id = given.as_str().unwrap_or("ID");
            vec![(json!(format!(" {id} ")), End::Either)]
        }
        Shape::Words { .. } | Shape::Date | Shape::Count { .. } | Shape::OneOf(_) | Shape::Lender => Vec::new(),
    }
}

/// What becomes of a text where blanks are no matter of storing.
fn end_of(release: Release, kind: &Kind, name: &str, end: End) -> End {
    let named = |form| matches!(form, Form::Named(_));
    let fields = kind.declaration().into_iter().flat_map(|row| row.fields());
    let is_of_a_list = fields.into_iter().any(|field| field.name == name && named(field.form));
    // develop looks at the number before it trims.
    let is_no_number = name == "mobileNo" && release != Release::V1_10_1;
    if is_of_a_list || is_no_number {
        End::Refused
    } else {
        end
    }
}

/// Does the deed with its answer lost, and says whether it is a success and how often it was done.
async fn done(deed: &Deed, release: Release, data: Value, loss: &str) -> (Gateway, bool, usize, Value) {
    let gateway = deed.prepared(release).await;
    let simulator = &gateway.fineract.simulator;
    let before = simulator.effects().len();
    let (method, path) = deed.call;
    let fault = json!({"fault": loss, "applied": true, "method": method, "path": path, "times": "once"});
    simulator.apply(&fault.to_string()).unwrap();
    let performed = gateway.perform(deed.operation, data).await.unwrap();
    let applied = simulator.effects().len() - before;
    let succeeded = performed.body["status"] == "success";
    (gateway, succeeded, applied, performed.body)
}

#[tokio::test]
async fn a_success_is_what_fineract_did_whatever_it_made_of_the_values() {
    let deeds = deeds();
    for kind in gateway::operations::ALL {
        let example: Value = serde_json::from_str(kind.example).unwrap();
        let own: Vec<_> = deeds.iter().filter(|deed| deed.operation == kind.name).collect();
        let changes = understood(kind.name, &example).subject().is_some();
        assert_eq!(
            !own.is_empty(),
            changes,
            "{kind:?} has no deed that its values are changed in"
        );
        for (deed, field) in own.iter().flat_map(|deed| {
            let outline = kind.outline();
            outline.fields.into_iter().map(move |field| (deed, field))
        }) {
            for (value, end) in changed(field.shape, field.name, &deed.data) {
                let mut data = deed.data.clone();
                data[field.name] = value;
                for (release, loss) in Release::ALL
                    .into_iter()
                    .flat_map(|release| LOSSES.map(|loss| (release, loss)))
                {
                    let (_, succeeded, applied, body) = done(deed, release, data.clone(), loss).await;
                    let what = format!("{release} {kind:?} {} {loss} {data}: {body}", field.name);
                    assert_eq!(applied, usize::from(succeeded), "{what}");
                    match end_of(release, kind, field.name, end) {
                        End::Done => assert!(succeeded, "{what}"),
                        End::Refused => assert!(!succeeded, "{what}"),
                        End::Either => {}
                    }
                }
            }
        }
    }
}

/// The deed that has this field.
fn deed_with(operation: &str, field: &str) -> Deed {
    let mut deeds = deeds().into_iter().filter(|deed| deed.operation == operation);
    deeds.find(|deed| deed.data.get(field).is_some()).unwrap()
}

#[tokio::test]
async fn what_fineract_stores_is_shown_and_believed() {
    let of_client = "v1/clients/external-id/INC-1001";
    let the_loan = "v1/loans/external-id/L";
    for (operation, field, sent, path, pointer, stored) in [
        (
            "CLIENT_CREATE",
            "firstname",
            json!("Ravi "),
            of_client,
            "/firstname",
            json!("Ravi"),
        ),
        (
            "CLIENT_CREATE",
            "lastname",
            json!(" O'Rao  \u{15a} "),
            of_client,
            "/lastname",
            json!("O'Rao  \u{15a}"),
        ),
        (
            "CLIENT_UPDATE",
            "lastname",
            json!("Rao "),
            of_client,
            "/lastname",
            json!("Rao "),
        ),
        (
            "LOAN_CREATE",
            "principal",
            json!(12345.678),
            the_loan,
            "/proposedPrincipal",
            json!(12345.68),
        ),
        (
            "LOAN_CREATE",
            "principal",
            json!(12345.665),
            the_loan,
            "/principal",
            json!(12345.66),
        ),
        (
            "LOAN_UPDATE",
            "principal",
            json!(12345.678),
            the_loan,
            "/proposedPrincipal",
            json!(12345.678),
        ),
        (
            "LOAN_REPAYMENT",
            "transactionAmount",
            json!(100.005),
            "v1/loans/external-id/L/transactions/external-id/P-1",
            "/amount",
            json!(100.0),
        ),
        (
            "LOAN_WAIVE_INTEREST",
            "transactionAmount",
            json!(100.015),
            "v1/loans/external-id/L/transactions/external-id/W-1",
            "/amount",
            json!(100.02),
        ),
        (
            "LOAN_CHARGE_ADD",
            "amount",
            json!(12.345),
            "v1/loans/external-id/L/charges/external-id/C-1",
            "/amountOrPercentage",
            json!(12.345),
        ),
        (
            "LOAN_CHARGE_ADD",
            "amount",
            json!(12.345),
            "v1/loans/external-id/L/charges/external-id/C-1",
            "/amountOutstanding",
            json!(12.34),
        ),
    ] {
        for (release, loss) in Release::ALL
            .into_iter()
            .flat_map(|release| LOSSES.map(|loss| (release, loss)))
        {
            let deed = deed_with(operation, field);
            let mut data = deed.data.clone();
            data[field] = sent.clone();
            let (gateway, succeeded, _, body) = done(&deed, release, data, loss).await;
            assert!(succeeded, "{release} {operation} {loss}: {body}");
            let shown = gateway.read(Path::new(path));
            assert_eq!(shown.pointer(pointer), Some(&stored), "{release} {operation}: {shown}");
        }
    }
}

#[tokio::test]
async fn a_disbursement_is_booked_in_the_loans_currency() {
    let disburse =
        json!({"actualDisbursementDate": "16 January 2026", "transactionAmount": 50000.005, "utr_payment_id": "U"});
    for (release, loss) in Release::ALL
        .into_iter()
        .flat_map(|release| LOSSES.map(|loss| (release, loss)))
    {
        let deed = deed_with("LOAN_DISBURSE", "utr_payment_id");
        let (gateway, succeeded, applied, body) = done(&deed, release, of_loan(disburse.clone()), loss).await;
        assert!(succeeded && applied == 1, "{release} {loss}: {body}");
        let paid = shown(&gateway, "L");
        assert_eq!(paid["transactions"][0]["amount"], json!(50000.0), "{paid}");
    }
}

/// A tranche keeps digits that the principal loses: it must not be above it, and it follows it.
#[tokio::test]
async fn a_tranche_that_is_the_whole_principal_follows_it_however_it_was_rounded() {
    for release in Release::ALL {
        for principal in [json!(54321.674), json!(54321.678), json!(54321.675)] {
            let gateway = Gateway::new(release);
            succeed(&gateway, "CLIENT_CREATE", client("INC-1001")).await;
            let mut created = loan("GB", "L");
            created["principal"] = principal.clone();
            succeed(&gateway, "LOAN_CREATE", created).await;
            let rate = json!({"externalId": "L", "interestRatePerPeriod": 9});
            succeed(&gateway, "LOAN_UPDATE", rate).await;
            let kept = shown(&gateway, "L");
            let (whole, tranche) = (&kept["principal"], &kept["disbursementDetails"][0]["principal"]);
            assert_eq!(whole, tranche, "{release} {principal}");
            succeed(
                &gateway,
                "LOAN_UPDATE",
                json!({"externalId": "L", "principal": 60000.125}),
            )
            .await;
            let tranche = &shown(&gateway, "L")["disbursementDetails"][0]["principal"];
            assert_eq!(tranche, &json!(60000.125), "{release} {principal}");
            succeed(&gateway, "LOAN_UPDATE", json!({"externalId": "L", "principal": 70000})).await;
            let tranche = &shown(&gateway, "L")["disbursementDetails"][0]["principal"];
            assert_eq!(tranche, &json!(70000.0), "{release} {principal}");
        }
    }
}

#[tokio::test]
async fn another_amount_of_the_same_cent_is_the_same_and_of_another_is_not() {
    let repaid = |amount: Value| {
        let mut data = paid("P-1", "16 February 2026");
        data["transactionAmount"] = amount;
        data
    };
    for release in Release::ALL {
        let deed = deed_with("LOAN_REPAYMENT", "externalTransactionId");
        let (gateway, succeeded, ..) = done(&deed, release, repaid(json!(100.005)), "stuck").await;
        assert!(succeeded);
        let again = gateway.perform("LOAN_REPAYMENT", repaid(json!(100.015))).await.unwrap();
        assert_eq!(again.body["status"], "failed", "{release}: {}", again.body);
    }
}
