//! Money movements of a loan.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use super::Loan;
use crate::{
    bank::OFFICE,
    dates, enums,
    errors::{Failure, Fault},
    numbers, offices,
    release::Release,
};

/// What a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransactionKind {
    Disbursement,
    RepaymentAtDisbursement,
}

/// How the money went.
#[derive(Clone, Debug)]
pub(crate) struct PaymentDetail {
    pub(crate) payment_type: i64,
    pub(crate) texts: [(&'static str, String); 5],
}

/// A booked transaction. Accruals are not simulated: they are a matter of the schedule.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) id: u64,
    pub(crate) kind: TransactionKind,
    pub(crate) external_id: Option<String>,
    pub(crate) amount: Decimal,
    pub(crate) on: Date,
    pub(crate) booked_on: Date,
    pub(crate) balance: Decimal,
    pub(crate) payment: Option<PaymentDetail>,
    /// Set when its disbursement was undone; its external id stays taken.
    pub(crate) reversed_on: Option<Date>,
}

/// The flags of a transaction's type that both releases print.
const FLAGS: &str = "disbursement repaymentAtDisbursement repayment merchantIssuedRefund payoutRefund goodwillCredit chargeRefund \
    contra waiveInterest waiveCharges accrual writeOff recoveryRepayment initiateTransfer approveTransfer \
    withdrawTransfer rejectTransfer chargePayment refund refundForActiveLoans creditBalanceRefund chargeAdjustment \
    chargeback chargeoff downPayment reAge reAmortize";

impl Transaction {
    pub(crate) fn is_disbursement(&self) -> bool {
        self.kind == TransactionKind::Disbursement
    }
}

impl Loan {
    /// The transaction with this external id.
    pub(crate) fn transaction_by_external_id(&self, external_id: &str) -> Result<&Transaction, Failure> {
        let found = self
            .transactions
            .iter()
            .find(|transaction| transaction.external_id.as_deref() == Some(external_id));
        found.ok_or_else(|| {
            let text = format!("Transaction with external identifier {external_id} does not exist");
            let fault = Fault::general("error.msg.loan.transaction.external.id.invalid", text);
            Failure::NotFound(fault.with([json!(external_id)]))
        })
    }

    /// The transaction with this number.
    pub(crate) fn transaction(&self, id: u64) -> Result<&Transaction, Failure> {
        self.transactions
            .iter()
            .find(|transaction| transaction.id == id)
            .ok_or_else(|| {
                let text = format!("Transaction with identifier {id} does not exist");
                Failure::NotFound(Fault::general("error.msg.loan.transaction.id.invalid", text).with([json!(id)]))
            })
    }
}

/// A transaction, on its own or in the list of its loan.
pub(crate) fn transaction_view(loan: &Loan, transaction: &Transaction, release: Release) -> Map<String, Value> {
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            view.insert(name.to_owned(), value);
        }
    };
    put("id", json!(transaction.id));
    put("loanId", json!(loan.id));
    put("externalLoanId", json!(loan.external_id));
    put("officeId", json!(OFFICE));
    put("officeName", json!("Head Office"));
    put("type", kind_view(transaction.kind));
    put("date", dates::array(transaction.on));
    put("currency", enums::loan_currency());
    if let Some(payment) = &transaction.payment {
        put("paymentDetailData", payment_view(transaction.id, payment, release));
    }
    put("amount", numbers::printed(transaction.amount));
    put("netDisbursalAmount", numbers::printed(loan.net_disbursal));
    put("principalPortion", json!(0));
    put("interestPortion", json!(0));
    let fees = match transaction.kind {
        TransactionKind::Disbursement => json!(0),
        TransactionKind::RepaymentAtDisbursement => numbers::printed(transaction.amount),
    };
    put("feeChargesPortion", fees);
    put("penaltyChargesPortion", json!(0));
    put("overpaymentPortion", json!(0));
    put("unrecognizedIncomePortion", json!(0));
    put("externalId", json!(transaction.external_id));
    put("outstandingLoanBalance", numbers::printed(transaction.balance));
    put("submittedOnDate", dates::array(transaction.booked_on));
    put("manuallyReversed", json!(false));
    put(
        "reversedOnDate",
        transaction.reversed_on.map_or(Value::Null, dates::array),
    );
    if !release.is_develop() {
        put("numberOfRepayments", json!(0));
    }
    put("transactionRelations", json!([]));
    view
}

pub(super) fn kind_view(kind: TransactionKind) -> Value {
    let (id, name, value) = match kind {
        TransactionKind::Disbursement => (1, "disbursement", "Disbursement"),
        TransactionKind::RepaymentAtDisbursement => {
            (5, "repaymentAtDisbursement", "Repayment (at time of disbursement)")
        }
    };
    let mut view = Map::new();
    view.insert("id".into(), json!(id));
    view.insert("code".into(), json!(format!("loanTransactionType.{name}")));
    view.insert("value".into(), json!(value));
    for flag in FLAGS.split_ascii_whitespace() {
        view.insert(flag.into(), json!(flag == name));
    }
    Value::Object(view)
}

fn payment_view(transaction: u64, payment: &PaymentDetail, release: Release) -> Value {
    let mut view = Map::new();
    // A slip of Fineract: the payment's number is the transaction's.
    view.insert("id".into(), json!(transaction));
    if let Ok(payment_type) = offices::payment_type(payment.payment_type) {
        let mut named = json!({"id": payment_type.id, "name": payment_type.name});
        if !release.is_develop() {
            named["isSystemDefined"] = json!(payment_type.system);
        }
        view.insert("paymentType".into(), named);
    }
    for (name, text) in &payment.texts {
        view.insert((*name).to_owned(), json!(text));
    }
    Value::Object(view)
}
