//! Tables of what is refused, by release.

use fineract_simulator::Release::{self, Develop2026_06, V1_10_1};
use serde_json::{Value, json};

use crate::bank::{approval, bank, bank_with_loan, client, codes, disbursement, loan, send, with};

const BOTH: &[Release] = &Release::ALL;
const OLD: &[Release] = &[V1_10_1];
const NEW: &[Release] = &[Develop2026_06];

/// A refusal: the releases, what is changed in a good body, the status, and the inner codes without their common prefix.
type Row = (&'static [Release], Value, u16, &'static [&'static str]);

fn check(
    method: &str,
    path: &str,
    good: &Value,
    prefix: &str,
    rows: Vec<Row>,
    prepare: impl Fn(Release) -> fineract_simulator::Simulator,
) {
    for (releases, change, status, expected) in rows {
        for release in releases {
            let bank = prepare(*release);
            let before = bank.effects().len();
            let answer = send(&bank, method, path, &with(good, &change), status);
            let found = codes(&answer);
            let found: Vec<_> = found[1..]
                .iter()
                .map(|code| code.strip_prefix(prefix).unwrap_or(code))
                .collect();
            assert_eq!(found, expected, "{release} {change}");
            assert_eq!(
                bank.effects().len(),
                before + usize::from(status == 200),
                "{release} {change}"
            );
        }
    }
}

#[test]
fn clients() {
    let prefix = "validation.msg.client.";
    let rows: Vec<Row> = vec![
        (BOTH, json!({}), 200, &[]),
        (
            BOTH,
            json!({"firstname": null, "lastname": null}),
            400,
            &["id..no.name.details.passed"],
        ),
        (BOTH, json!({"firstname": ""}), 400, &["firstname.cannot.be.blank"]),
        (
            BOTH,
            json!({"firstname": "F".repeat(51)}),
            400,
            &["firstname.exceeds.max.length"],
        ),
        (
            BOTH,
            json!({"firstname": null, "legalFormId": 3}),
            400,
            &["firstname.cannot.be.blank", "legalFormId.is.not.within.expected.range"],
        ),
        (
            BOTH,
            json!({"activationDate": "31 February 2026"}),
            400,
            &["validation.msg.invalid.dateFormat.format"],
        ),
        (
            BOTH,
            json!({"activationDate": "22 November 2026"}),
            400,
            &["error.msg.clients.activationDate.in.the.future"],
        ),
        (BOTH, json!({"activationDate": "21 november 2026"}), 200, &[]),
        (BOTH, json!({"mobileNo": "9966999999"}), 200, &[]),
        (OLD, json!({"mobileNo": "+91 99669 99999"}), 200, &[]),
        (
            NEW,
            json!({"mobileNo": "+91 99669 99999"}),
            400,
            &["mobileNo.does.not.match.regexp"],
        ),
        (
            BOTH,
            json!({"emailAddress": "e".repeat(151)}),
            403,
            &["error.msg.client.unknown.data.integrity.issue"],
        ),
        (BOTH, json!({"externalId": "x".repeat(100)}), 200, &[]),
        (
            BOTH,
            json!({"externalId": "x".repeat(101)}),
            400,
            &["externalId.exceeds.max.length"],
        ),
        (BOTH, json!({"officeId": 2}), 404, &["error.msg.office.id.invalid"]),
        (BOTH, json!({"shoeSize": 9}), 400, &["error.msg.parameter.unsupported"]),
    ];
    check("POST", "clients", &client("INC-2"), prefix, rows, bank);
}

#[test]
fn clients_are_unique() {
    let prepare = |release| {
        let bank = bank(release);
        send(
            &bank,
            "POST",
            "clients",
            &with(&client("INC-1"), &json!({"mobileNo": "9966999999"})),
            200,
        );
        send(&bank, "POST", "clients", &client("INC-2"), 200);
        bank
    };
    let creations: Vec<Row> = vec![
        (BOTH, json!({"externalId": "INC-1"}), 403, &["duplicate.externalId"]),
        (BOTH, json!({"externalId": "inc-1"}), 200, &[]),
        (BOTH, json!({"mobileNo": "9966999999"}), 403, &["duplicate.mobileNo"]),
        (BOTH, json!({"mobileNo": ""}), 200, &[]),
    ];
    check(
        "POST",
        "clients",
        &client("INC-3"),
        "error.msg.client.",
        creations,
        prepare,
    );
    let updates: Vec<Row> = vec![
        (BOTH, json!({"externalId": "INC-1"}), 403, &["duplicate.externalId"]),
        (BOTH, json!({"mobileNo": "9966999999"}), 403, &["duplicate.mobileNo"]),
        (
            BOTH,
            json!({"externalId": "INC-2", "emailAddress": "a@example.com"}),
            200,
            &[],
        ),
        (
            BOTH,
            json!({"emailAddress": "a@example.com"}),
            400,
            &["validation.msg.client.no.parameters.for.update"],
        ),
        (
            BOTH,
            json!({"firstname": "Asha"}),
            400,
            &["validation.msg.client.lastname.cannot.be.blank"],
        ),
    ];
    check(
        "PUT",
        "clients/external-id/INC-2",
        &json!({}),
        "error.msg.client.",
        updates,
        prepare,
    );
}

#[test]
fn loans() {
    let prefix = "validation.msg.loan.";
    let rows: Vec<Row> = vec![
        (BOTH, json!({}), 200, &[]),
        (OLD, json!({"principal": null}), 400, &["principal.cannot.be.blank"]),
        (NEW, json!({"principal": null}), 200, &[]),
        (OLD, json!({"principal": 0}), 400, &["principal.not.greater.than.zero"]),
        (
            NEW,
            json!({"principal": 0}),
            400,
            &["principal.amount.is.not.within.min.max.range"],
        ),
        (
            BOTH,
            json!({"principal": 999.99}),
            400,
            &["principal.amount.is.not.within.min.max.range"],
        ),
        (BOTH, json!({"principal": "100,000"}), 200, &[]),
        (
            BOTH,
            json!({"interestRatePerPeriod": 60.01}),
            400,
            &["interestRatePerPeriod.amount.is.not.within.min.max.range"],
        ),
        (
            BOTH,
            json!({"loanTermFrequency": 24}),
            400,
            &["loanTermFrequency.greater.than.repayment.structure.suggests"],
        ),
        (
            BOTH,
            json!({"loanTermFrequencyType": 3}),
            400,
            &["loanTermFrequencyType.not.the.same.as.repaymentFrequencyType"],
        ),
        (
            OLD,
            json!({"productId": null}),
            403,
            &["error.msg.data.integrity.issue"],
        ),
        (
            NEW,
            json!({"productId": null}),
            400,
            &["validation.msg.loans.productId.cannot.be.blank"],
        ),
        (
            BOTH,
            json!({"productId": 10}),
            404,
            &["error.msg.loanproduct.id.invalid"],
        ),
        (BOTH, json!({"clientId": 10}), 404, &["error.msg.client.id.invalid"]),
        (
            BOTH,
            json!({"externalId": "LOAN-1"}),
            403,
            &["error.msg.loan.with.externalId.already.used"],
        ),
        (
            BOTH,
            json!({"submittedOnDate": "31 December 2025"}),
            403,
            &["error.msg.loan.submittal.cannot.be.before.client.activation.date"],
        ),
        (
            BOTH,
            json!({"expectedDisbursementDate": "10 January 2026"}),
            403,
            &["error.msg.loan.submittal.cannot.be.after.expected.disbursement.date"],
        ),
        (
            BOTH,
            json!({"charges": [{"chargeId": 7, "amount": 1}]}),
            403,
            &["error.msg.loanCharge.cannot.be.added.as.overdue.charge"],
        ),
        (
            BOTH,
            json!({"productId": 7, "interestCalculationPeriodType": 0}),
            403,
            &["error.msg.disbursementData.required"],
        ),
        (
            BOTH,
            json!({"clientExternalId": "INC-1"}),
            400,
            &["error.msg.parameter.unsupported"],
        ),
    ];
    check("POST", "loans", &loan("LOAN-2", 1), prefix, rows, bank_with_loan);
}

#[test]
fn approvals() {
    let rows: Vec<Row> = vec![
        (BOTH, json!({}), 200, &[]),
        (OLD, json!({"expectedDisbursementDate": null}), 200, &[]),
        (
            NEW,
            json!({"expectedDisbursementDate": null}),
            403,
            &["expecteddisbursal.should.be.on.or.after.approval.date"],
        ),
        (
            BOTH,
            json!({"approvedOnDate": "10 January 2026"}),
            403,
            &["approval.cannot.be.before.submittal.date"],
        ),
        (
            OLD,
            json!({"approvedOnDate": "22 November 2026", "expectedDisbursementDate": null}),
            403,
            &["approval.cannot.be.a.future.date"],
        ),
        (
            BOTH,
            json!({"approvedLoanAmount": 100001}),
            403,
            &["approval.amount.can't.be.greater.than.loan.amount.demanded"],
        ),
    ];
    check(
        "POST",
        "loans/external-id/LOAN-1?command=approve",
        &approval(),
        "error.msg.loan.",
        rows,
        bank_with_loan,
    );
}

#[test]
fn disbursements() {
    let approved = |release| {
        let bank = bank_with_loan(release);
        send(&bank, "POST", "loans/1?command=approve", &approval(), 200);
        bank
    };
    let path = "loans/external-id/LOAN-1?command=disburse";
    let state: &[&str] = &["disbursal.account.is.not.approve.not.disbursed.state"];
    let rows: Vec<Row> = vec![
        (BOTH, json!({}), 200, &[]),
        (BOTH, json!({"transactionAmount": 60000.5}), 200, &[]),
        (
            OLD,
            json!({"transactionAmount": 100000.01}),
            403,
            &["disburse.amount.must.be.less.than.approved.amount"],
        ),
        (
            NEW,
            json!({"transactionAmount": 100000.01}),
            403,
            &["disburse.amount.must.be.less.than.approved.principal"],
        ),
        (
            BOTH,
            json!({"actualDisbursementDate": "11 January 2026"}),
            403,
            &["disbursal.cannot.be.before.approval.date"],
        ),
        (
            BOTH,
            json!({"actualDisbursementDate": "22 November 2026"}),
            403,
            &["disbursal.cannot.be.a.future.date"],
        ),
        (
            BOTH,
            json!({"paymentTypeId": 9}),
            404,
            &["error.msg.payment.type.invalid"],
        ),
        (BOTH, json!({"utr": "UTR-1"}), 400, &["error.msg.parameter.unsupported"]),
    ];
    check("POST", path, &disbursement(), "error.msg.loan.", rows, approved);
    check(
        "POST",
        path,
        &disbursement(),
        "error.msg.loan.",
        vec![(BOTH, json!({}), 400, state)],
        bank_with_loan,
    );
}
