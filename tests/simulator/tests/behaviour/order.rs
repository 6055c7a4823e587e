//! Which of two faults is told: the order in which each release looks at a request.
//!
//! What 1.10.1 tells was measured on a server of that release, and what develop tells is read
//! from the source of its validators, unless a row names the recording.

use fineract_simulator::Release::{self, Develop2026_06, V1_10_1};
use fineract_simulator::Simulator;
use serde_json::{Value, json};

use crate::bank::{approval, bank_with_loan, client, codes, disbursement, loan, request, send, with};

const UNKNOWN_CHARGE: u64 = 999;
const STRUCTURE: &[&str] = &["loanTermFrequency.greater.than.repayment.structure.suggests"];
const EARLY: &[&str] = &["submittal.cannot.be.before.client.activation.date"];
const BOUNDS: &[&str] = &["principal.amount.is.not.within.min.max.range"];
const USED: &[&str] = &["with.externalId.already.used"];
const NO_STRATEGY: &[&str] = &["transactions.processing.strategy.code.invalid"];
const INACTIVE: &[&str] = &["client.not.active.exception"];
const NO_CHARGE: &[&str] = &["charge.id.invalid"];
const UNSUPPORTED: &[&str] = &["parameter.unsupported"];
const TERM_MISSING: &[&str] = &["loanTermFrequency.cannot.be.blank"];

/// Two faults at once: what is changed in a good body, and what each release tells.
type Row = (Value, &'static [&'static str], &'static [&'static str]);

/// The codes of the faults that are told, without what all have in common.
fn told(bank: &Simulator, method: &str, path: &str, body: &Value) -> Vec<String> {
    let answer = bank.answer(&request(method, path, Some(body)));
    assert_ne!(answer.status, 200, "{path} {body}");
    let prefixes = [
        "validation.msg.",
        "error.msg.",
        "loan.",
        "loanapplication.",
        "disbursement.",
    ];
    let short = |code: &String| {
        let strip = |code: String, prefix: &&str| code.strip_prefix(prefix).unwrap_or(&code).to_owned();
        prefixes.iter().fold(code.clone(), strip)
    };
    codes(&answer.body_json().unwrap())[1..].iter().map(short).collect()
}

fn check(method: &str, path: &str, good: &Value, rows: Vec<Row>, prepare: impl Fn(Release) -> Simulator) {
    for (change, old, new) in rows {
        for (release, expected) in [(V1_10_1, old), (Develop2026_06, new)] {
            let bank = prepare(release);
            let before = bank.effects().len();
            assert_eq!(
                told(&bank, method, path, &with(good, &change)),
                expected,
                "{release} {change}"
            );
            assert_eq!(bank.effects().len(), before, "{release} {change}: nothing is applied");
        }
    }
}

/// A bank with a loan, and a second client who is not active.
fn with_pending_client(release: Release) -> Simulator {
    let bank = bank_with_loan(release);
    let pending = with(&client("INC-2"), &json!({"active": null, "activationDate": null}));
    send(&bank, "POST", "clients", &pending, 200);
    bank
}

fn approved(release: Release) -> Simulator {
    let bank = bank_with_loan(release);
    send(&bank, "POST", "loans/1?command=approve", &approval(), 200);
    bank
}

fn faults(all: &[Value]) -> Value {
    let members = all.iter().flat_map(|fault| fault.as_object().unwrap().clone());
    Value::Object(members.collect())
}

#[test]
fn new_loans() {
    let unsupported = json!({"shoeSize": 9});
    let no_product = json!({"productId": 99});
    let no_client = json!({"clientId": 99});
    let pending = json!({"clientId": 2});
    let used = json!({"externalId": "LOAN-1"});
    let bounds = json!({"principal": 5});
    let early = json!({"submittedOnDate": "01 December 2025"});
    let structure = json!({"loanTermFrequency": 24});
    let strategy = json!({"transactionProcessingStrategyCode": "nonsense"});
    let charge = json!({"charges": [{"chargeId": UNKNOWN_CHARGE, "amount": 1}]});
    let no_term = json!({"loanTermFrequency": null});
    let future = json!({"submittedOnDate": "22 November 2026"});
    let principal_text = json!({"principal": "abc"});
    let two = |one: &Value, other: &Value| faults(&[one.clone(), other.clone()]);
    let rows: Vec<Row> = vec![
        (two(&unsupported, &no_product), &["loanproduct.id.invalid"], UNSUPPORTED),
        (two(&unsupported, &no_client), &["client.id.invalid"], UNSUPPORTED),
        (two(&unsupported, &no_term), UNSUPPORTED, UNSUPPORTED),
        // 04-loan-create#148, both releases.
        (
            two(&no_product, &no_client),
            &["loanproduct.id.invalid"],
            &["loanproduct.id.invalid"],
        ),
        (two(&pending, &no_term), TERM_MISSING, INACTIVE),
        (two(&pending, &used), USED, INACTIVE),
        (two(&pending, &bounds), BOUNDS, INACTIVE),
        (two(&pending, &early), INACTIVE, INACTIVE),
        (two(&pending, &charge), NO_CHARGE, INACTIVE),
        (two(&strategy, &no_term), NO_STRATEGY, TERM_MISSING),
        (two(&strategy, &used), NO_STRATEGY, USED),
        (two(&strategy, &early), NO_STRATEGY, EARLY),
        (
            two(&strategy, &principal_text),
            &["invalid.decimal.format"],
            &["invalid.decimal.format"],
        ),
        (two(&used, &no_term), TERM_MISSING, USED),
        (two(&used, &bounds), USED, USED),
        (two(&used, &early), USED, USED),
        (two(&used, &structure), USED, USED),
        (two(&bounds, &early), BOUNDS, BOUNDS),
        (two(&bounds, &structure), BOUNDS, BOUNDS),
        (two(&early, &structure), EARLY, EARLY),
        (two(&early, &charge), NO_CHARGE, EARLY),
        (two(&structure, &charge), NO_CHARGE, NO_CHARGE),
        (
            two(&future, &structure),
            &["submittal.cannot.be.a.future.date"],
            &["submittal.cannot.be.a.future.date"],
        ),
        (
            two(&json!({"principal": 0}), &json!({"loanTermFrequency": 0})),
            &[
                "principal.not.greater.than.zero",
                "loanTermFrequency.not.greater.than.zero",
            ],
            &[
                "loanTermFrequency.not.greater.than.zero",
                "principal.amount.is.not.within.min.max.range",
            ],
        ),
        (
            json!({"principal": null, "transactionProcessingStrategyCode": "advanced-payment-allocation-strategy"}),
            &[
                "principal.cannot.be.blank",
                "transactionProcessingStrategyCode.strategy.cannot.be.advanced.payment.allocation.if.not.configured",
            ],
            &["strategy.cannot.be.advanced.payment.allocation.if.not.configured"],
        ),
        (
            json!({"principal": null, "charges": [{"chargeId": 1}]}),
            &["principal.cannot.be.blank", "charges.amount.cannot.be.blank"],
            &["charges.amount.cannot.be.blank"],
        ),
        (
            json!({"submittedOnDate": "one day", "principal": null}),
            &["invalid.dateFormat.format"],
            &["invalid.dateFormat.format"],
        ),
    ];
    check("POST", "loans", &loan("LOAN-2", 1), rows, with_pending_client);
}

#[test]
fn changed_loans() {
    let prepare = |release| {
        let bank = with_pending_client(release);
        send(&bank, "POST", "loans", &loan("LOAN-2", 1), 200);
        bank
    };
    let bounds = json!({"principal": 5});
    let early = json!({"submittedOnDate": "01 December 2025"});
    let structure = json!({"loanTermFrequency": 24});
    let no_client = json!({"clientId": 99});
    let pending = json!({"clientId": 2});
    let strategy = json!({"transactionProcessingStrategyCode": "nonsense"});
    let charge = json!({"charges": [{"chargeId": UNKNOWN_CHARGE, "amount": 1}]});
    let no_product = json!({"productId": null});
    let two = |one: &Value, other: &Value| faults(&[one.clone(), other.clone()]);
    let rows: Vec<Row> = vec![
        (
            json!({"shoeSize": 9, "productId": 99}),
            &["loanproduct.id.invalid"],
            UNSUPPORTED,
        ),
        (two(&json!({"shoeSize": 9}), &no_client), UNSUPPORTED, UNSUPPORTED),
        (two(&bounds, &early), EARLY, EARLY),
        (two(&bounds, &structure), STRUCTURE, BOUNDS),
        (two(&early, &structure), EARLY, EARLY),
        (two(&no_client, &early), EARLY, &["client.id.invalid"]),
        (two(&no_client, &bounds), &["client.id.invalid"], &["client.id.invalid"]),
        (two(&pending, &early), EARLY, INACTIVE),
        (two(&pending, &structure), INACTIVE, INACTIVE),
        (two(&strategy, &json!({"principal": 0})), NO_STRATEGY, NO_STRATEGY),
        (two(&strategy, &json!({"principal": "abc"})), NO_STRATEGY, NO_STRATEGY),
        (two(&charge, &early), NO_CHARGE, EARLY),
        (two(&no_product, &early), &["data.integrity.issue"], EARLY),
        (
            two(&no_product, &json!({"principal": 0})),
            &["principal.not.greater.than.zero"],
            &["principal.not.greater.than.zero"],
        ),
        (two(&json!({"interestType": null}), &early), EARLY, EARLY),
        (two(&json!({"externalId": "LOAN-2"}), &structure), STRUCTURE, STRUCTURE),
    ];
    check("PUT", "loans/1", &loan("LOAN-1", 1), rows, prepare);
}

#[test]
fn approvals() {
    let high = &["approval.amount.can't.be.greater.than.loan.amount.demanded"];
    let submittal = &["approval.cannot.be.before.submittal.date"];
    let expected = &["expecteddisbursal.should.be.on.or.after.approval.date"];
    let state = &["approve.account.is.not.submitted.and.pending.state"];
    let rows: Vec<Row> = vec![
        (json!({"approvedOnDate": "22 November 2026"}), expected, expected),
        (
            json!({"approvedOnDate": "10 January 2026", "approvedLoanAmount": 100_001}),
            high,
            submittal,
        ),
        (
            json!({"approvedOnDate": "22 November 2026", "approvedLoanAmount": 100_001}),
            high,
            high,
        ),
        (
            json!({"approvedOnDate": "10 January 2026", "approvedLoanAmount": 0}),
            &["approvedLoanAmount.not.greater.than.zero"],
            submittal,
        ),
        (
            json!({"approvedOnDate": "10 January 2026", "expectedDisbursementDate": "09 January 2026"}),
            submittal,
            submittal,
        ),
    ];
    let path = "loans/external-id/LOAN-1?command=approve";
    check("POST", path, &approval(), rows, bank_with_loan);
    let rows: Vec<Row> = vec![
        (json!({"approvedOnDate": "10 January 2026"}), state, submittal),
        (
            json!({"approvedLoanAmount": 0}),
            &["approvedLoanAmount.not.greater.than.zero"],
            &[
                "approvedLoanAmount.not.greater.than.zero",
                "approve.account.is.not.submitted.and.pending.state",
                "approve.account.is.not.submitted.and.pending.state",
            ],
        ),
    ];
    check("POST", path, &approval(), rows, approved);
}

#[test]
fn disbursements() {
    let path = "loans/external-id/LOAN-1?command=disburse";
    let amount = &["disburse.amount.must.be.less.than.approved.amount"];
    let principal = &["disburse.amount.must.be.less.than.approved.principal"];
    let early = &["disbursal.cannot.be.before.approval.date"];
    let future = &["disbursal.cannot.be.a.future.date"];
    let payment = &["payment.type.invalid"];
    let state = &["disbursal.account.is.not.approve.not.disbursed.state"];
    let zero = &["transactionAmount.not.greater.than.zero"];
    let rows: Vec<Row> = vec![
        (
            json!({"transactionAmount": 900_000, "actualDisbursementDate": "11 January 2026"}),
            amount,
            principal,
        ),
        (
            json!({"transactionAmount": 900_000, "actualDisbursementDate": "22 November 2026"}),
            amount,
            principal,
        ),
        (
            json!({"transactionAmount": 900_000, "paymentTypeId": 999}),
            payment,
            principal,
        ),
        (
            json!({"paymentTypeId": 999, "actualDisbursementDate": "22 November 2026"}),
            payment,
            payment,
        ),
        (
            json!({"transactionAmount": 0, "actualDisbursementDate": "11 January 2026"}),
            zero,
            early,
        ),
        (
            json!({"transactionAmount": 0, "actualDisbursementDate": "22 November 2026"}),
            zero,
            zero,
        ),
        (
            json!({"externalId": "x".repeat(101), "actualDisbursementDate": "22 November 2026"}),
            future,
            future,
        ),
    ];
    check("POST", path, &disbursement(), rows, approved);
    let rows: Vec<Row> = vec![
        (json!({"paymentTypeId": 999}), state, state),
        (
            json!({"transactionAmount": 0}),
            zero,
            &[
                "transactionAmount.not.greater.than.zero",
                "disbursal.account.is.not.approve.not.disbursed.state",
            ],
        ),
    ];
    check("POST", path, &disbursement(), rows, bank_with_loan);
}

/// A loan that was paid out, one that waits, and a repayment under the id `PAY`.
fn paid(release: Release) -> Simulator {
    let bank = approved(release);
    send(&bank, "POST", "loans/1?command=disburse", &disbursement(), 200);
    let repaid = with(&payment(), &json!({"externalId": "PAY"}));
    send(&bank, "POST", "loans/1/transactions?command=repayment", &repaid, 200);
    send(&bank, "POST", "loans", &loan("LOAN-2", 1), 200);
    bank
}

fn payment() -> Value {
    json!({"transactionDate": "20 February 2026", "transactionAmount": 100, "dateFormat": "dd MMMM yyyy", "locale": "en"})
}

/// What is said of a used id comes from the database, so it comes last.
#[test]
fn money() {
    let used = json!({"externalId": "PAY"});
    let future = json!({"transactionDate": "22 November 2026"});
    let early = json!({"transactionDate": "11 January 2026"});
    let before_last = json!({"transactionDate": "13 January 2026"});
    let payment_type = json!({"paymentTypeId": 999});
    let no_amount = json!({"transactionAmount": null});
    let two = |one: &Value, other: &Value| faults(&[one.clone(), other.clone()]);
    let closing = |more: &Value| two(&no_amount, more);
    let unique: &[&str] = &["transaction.externalId.value.must.be.unique"];
    let in_future: &[&str] = &["transaction.cannot.be.a.future.date"];
    let too_early: &[&str] = &["transaction.cannot.be.before.disbursement.date"];
    let no_type: &[&str] = &["payment.type.invalid"];
    let open: &[&str] = &["must.be.active.fully.paid.or.overpaid"];
    let waits: &[&str] = &["repayment.or.waiver.account.is.not.active"];
    let much: &[&str] = &["waive.interest.amount.exceeds.total.outstanding.interest"];
    let off: &[&str] = &["writtenoff.account.is.not.active"];
    let off_future: &[&str] = &["writeoff.cannot.be.a.future.date"];
    let closed: &[&str] = &["foreclosure.account.is.not.active"];
    // 23-charges-and-money#2017 and #2024, both releases: these alone begin with `loan.`, which is taken away here.
    let closed_future: &[&str] = &["foreclosure.transaction.date.is.in.future"];
    let closed_before: &[&str] = &["foreclosure.transaction.date.cannot.before.the.last.transaction.date"];
    let no_reason: &[&str] = &["codevalue.codename.id.combination.invalid"];
    for (loan, command, change, expected) in [
        (1, "repayment", used.clone(), unique),
        (1, "repayment", two(&used, &future), in_future),
        (1, "repayment", two(&used, &early), too_early),
        (
            1,
            "repayment",
            two(&used, &json!({"transactionAmount": 0})),
            &["transaction.transactionAmount.not.greater.than.zero"],
        ),
        (1, "repayment", two(&payment_type, &future), no_type),
        (2, "repayment", payment_type.clone(), no_type),
        (2, "repayment", future.clone(), open),
        (2, "repayment", used.clone(), open),
        (1, "recoverypayment", future.clone(), &["account.is.not.written.off"]),
        (1, "recoverypayment", payment_type.clone(), no_type),
        (2, "waiveinterest", future.clone(), waits),
        (2, "waiveinterest", used.clone(), waits),
        (
            1,
            "waiveinterest",
            two(&future, &json!({"transactionAmount": 99_999})),
            in_future,
        ),
        (
            1,
            "waiveinterest",
            two(&early, &json!({"transactionAmount": 99_999})),
            too_early,
        ),
        (
            1,
            "waiveinterest",
            two(&used, &json!({"transactionAmount": 99_999})),
            much,
        ),
        (2, "writeoff", closing(&future), off),
        (2, "writeoff", closing(&used), off),
        (1, "writeoff", closing(&two(&used, &future)), off_future),
        (
            1,
            "writeoff",
            closing(&early),
            &["writeoff.cannot.be.before.submittal.date"],
        ),
        (
            1,
            "writeoff",
            closing(&before_last),
            &["writeoff.must.occur.on.or.after.other.transaction.dates"],
        ),
        (2, "writeoff", closing(&json!({"writeoffReasonId": 999})), no_reason),
        (
            1,
            "writeoff",
            closing(&two(&json!({"writeoffReasonId": 999}), &future)),
            no_reason,
        ),
        (2, "foreclosure", closing(&future), closed),
        (2, "foreclosure", closing(&used), closed),
        (1, "foreclosure", closing(&two(&used, &future)), closed_future),
        (1, "foreclosure", closing(&early), closed_before),
        (1, "foreclosure", closing(&used), unique),
    ] {
        let path = format!("loans/{loan}/transactions?command={command}");
        check("POST", &path, &payment(), vec![(change, expected, expected)], paid);
    }
}

#[test]
fn applications_that_end() {
    let on = |day: &str, date: &str| json!({day: date, "dateFormat": "dd MMMM yyyy", "locale": "en"});
    let (early, future) = ("01 January 2026", "22 November 2026");
    for (loan, command, day, date, expected) in [
        (
            1,
            "reject",
            "rejectedOnDate",
            early,
            "reject.account.is.not.submitted.pending.approval.state",
        ),
        (
            1,
            "reject",
            "rejectedOnDate",
            future,
            "reject.account.is.not.submitted.pending.approval.state",
        ),
        (
            2,
            "reject",
            "rejectedOnDate",
            early,
            "reject.cannot.be.before.submittal.date",
        ),
        (2, "reject", "rejectedOnDate", future, "reject.cannot.be.a.future.date"),
        (
            1,
            "withdrawnByApplicant",
            "withdrawnOnDate",
            early,
            "withdraw.cannot.withdraw",
        ),
        (
            1,
            "withdrawnByApplicant",
            "withdrawnOnDate",
            future,
            "withdraw.cannot.withdraw",
        ),
        (
            2,
            "withdrawnByApplicant",
            "withdrawnOnDate",
            future,
            "withdraw.cannot.be.a.future.date",
        ),
    ] {
        for release in Release::ALL {
            let path = format!("loans/{loan}?command={command}");
            assert_eq!(
                told(&paid(release), "POST", &path, &on(day, date)),
                [expected],
                "{release} {path} {date}"
            );
        }
    }
    // A slip of 1.10.1: the whole command stands where the date belongs.
    let bank = paid(V1_10_1);
    let answer = send(
        &bank,
        "POST",
        "loans/2?command=withdrawnByApplicant",
        &on("withdrawnOnDate", future),
        403,
    );
    assert_eq!(
        answer["errors"][0]["args"],
        json!([{"value": {"loanId": 2, "url": "/loans/2"}}])
    );
}

/// Amounts in messages are binary numbers as Java prints them: from ten millions on with an exponent, unless every digit
/// counts. Measured on 1.10.1.
#[test]
fn amounts_in_messages() {
    for (sent, printed) in [("10000001", "10000001"), ("25000000", "2.5E+7"), ("5", "5.0")] {
        for release in Release::ALL {
            let bank = bank_with_loan(release);
            let body = with(
                &loan("LOAN-2", 1),
                &serde_json::from_str(&format!("{{\"principal\": {sent}}}")).unwrap(),
            );
            let answer = send(&bank, "POST", "loans", &body, 400);
            let text = format!("The parameter `principal` amount {printed} must be between 1000.00 and 10000000.00 .");
            assert_eq!(answer["errors"][0]["developerMessage"], text, "{release}");
        }
    }
}

/// What `changes` call net is what was net before this approval: an update of the principal has not changed it. Measured on
/// 1.10.1.
#[test]
fn what_is_net_is_told_as_it_was_before() {
    for release in Release::ALL {
        let bank = bank_with_loan(release);
        let net = || send(&bank, "GET", "loans/1", &Value::Null, 200)["netDisbursalAmount"].clone();
        let update = |principal: u64| {
            let body = with(&loan("LOAN-1", 1), &json!({"principal": principal}));
            send(&bank, "PUT", "loans/1", &body, 200);
        };
        update(80_000);
        let approved = with(&approval(), &json!({"approvedLoanAmount": 80_000}));
        let answer = send(&bank, "POST", "loans/1?command=approve", &approved, 200);
        assert_eq!(
            answer["changes"]["netDisbursalAmount"].as_f64(),
            Some(100_000.0),
            "{release}"
        );
        assert_eq!(net().as_f64(), Some(80_000.0), "{release}");
        send(&bank, "POST", "loans/1?command=undoapproval", &json!({}), 200);
        update(70_000);
        assert_eq!(net().as_f64(), Some(80_000.0), "{release}");
        send(&bank, "POST", "loans/1?command=approve", &approval(), 200);
        assert_eq!(net().as_f64(), Some(70_000.0), "{release}");
    }
}
