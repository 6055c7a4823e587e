//! Money movements of a loan.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use super::{Loan, books::Booked, payment::PaymentDetail};
use crate::{
    bank::{Bank, Now, OFFICE},
    dates, enums,
    errors::{Failure, Fault},
    numbers, offices,
    release::Release,
};

/// What a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransactionKind {
    Disbursement,
    Repayment,
    WaiveInterest,
    RepaymentAtDisbursement,
    WriteOff,
    RecoveryRepayment,
    WaiveCharges,
    MerchantIssuedRefund,
    PayoutRefund,
    GoodwillCredit,
    CreditBalanceRefund,
    ChargeAdjustment,
    DownPayment,
    InterestPaymentWaiver,
}

impl TransactionKind {
    /// Number, name, and words, as reads print them.
    fn names(self) -> (i64, &'static str, &'static str) {
        match self {
            Self::Disbursement => (1, "disbursement", "Disbursement"),
            Self::Repayment => (2, "repayment", "Repayment"),
            Self::WaiveInterest => (4, "waiveInterest", "Waive interest"),
            Self::RepaymentAtDisbursement => (5, "repaymentAtDisbursement", "Repayment (at time of disbursement)"),
            Self::WriteOff => (6, "writeOff", "Close (as written-off)"),
            Self::RecoveryRepayment => (8, "recoveryRepayment", "Repayment (after write-off)"),
            Self::WaiveCharges => (9, "waiveCharges", "Waive loan charges"),
            Self::CreditBalanceRefund => (20, "creditBalanceRefund", "Credit Balance Refund"),
            Self::MerchantIssuedRefund => (21, "merchantIssuedRefund", "Merchant Issued Refund"),
            Self::PayoutRefund => (22, "payoutRefund", "Payout Refund"),
            Self::GoodwillCredit => (23, "goodwillCredit", "Goodwill Credit"),
            Self::ChargeAdjustment => (26, "chargeAdjustment", "Charge Adjustment"),
            Self::DownPayment => (28, "downPayment", "Down Payment"),
            Self::InterestPaymentWaiver => (31, "interestPaymentWaiver", "Interest Payment Waiver"),
        }
    }

    /// The action of the command that books it.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Disbursement | Self::RepaymentAtDisbursement => "DISBURSE",
            Self::Repayment => "REPAYMENT",
            Self::WaiveInterest => "WAIVEINTERESTPORTION",
            Self::WriteOff => "WRITEOFF",
            Self::RecoveryRepayment => "RECOVERYPAYMENT",
            Self::WaiveCharges => "WAIVE",
            Self::CreditBalanceRefund => "CREDITBALANCEREFUND",
            Self::ChargeAdjustment => "ADJUSTMENT",
            Self::MerchantIssuedRefund => "MERCHANTISSUEDREFUND",
            Self::PayoutRefund => "PAYOUTREFUND",
            Self::GoodwillCredit => "GOODWILLCREDIT",
            Self::DownPayment => "DOWNPAYMENT",
            Self::InterestPaymentWaiver => "INTERESTPAYMENTWAIVER",
        }
    }

    /// Whether it pays like a repayment.
    pub(crate) fn is_payment(self) -> bool {
        match self {
            Self::Repayment
            | Self::RecoveryRepayment
            | Self::MerchantIssuedRefund
            | Self::PayoutRefund
            | Self::GoodwillCredit
            | Self::ChargeAdjustment
            | Self::DownPayment
            | Self::InterestPaymentWaiver => true,
            Self::Disbursement
            | Self::WaiveInterest
            | Self::RepaymentAtDisbursement
            | Self::WriteOff
            | Self::WaiveCharges
            | Self::CreditBalanceRefund => false,
        }
    }

    /// What it is booked anew as. A slip of 1.10.1: some become repayments.
    pub(super) fn adjusted(self, release: Release) -> Self {
        let slips = matches!(self, Self::CreditBalanceRefund | Self::ChargeAdjustment);
        if slips && !release.is_develop() {
            Self::Repayment
        } else {
            self
        }
    }

    /// Whether it can be undone or adjusted by itself: what was paid or waived can, the rest has its own ways.
    pub(crate) fn can_be_adjusted(self) -> bool {
        match self {
            Self::Repayment
            | Self::WaiveInterest
            | Self::MerchantIssuedRefund
            | Self::PayoutRefund
            | Self::GoodwillCredit
            | Self::CreditBalanceRefund
            | Self::ChargeAdjustment
            | Self::DownPayment
            | Self::InterestPaymentWaiver => true,
            Self::Disbursement
            | Self::RepaymentAtDisbursement
            | Self::WriteOff
            | Self::RecoveryRepayment
            | Self::WaiveCharges => false,
        }
    }
}

/// A booked transaction. Accruals are not simulated: no money moves.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) id: u64,
    pub(crate) kind: TransactionKind,
    pub(crate) external_id: Option<String>,
    pub(crate) amount: Decimal,
    pub(crate) on: Date,
    pub(crate) booked_on: Date,
    pub(crate) payment: Option<PaymentDetail>,
    /// What it was taken for; nothing is, before the books are made.
    pub(crate) booked: Option<Booked>,
    /// Set when it was undone, or its disbursement; its external id stays taken.
    pub(crate) reversed_on: Option<Date>,
    /// Whether it was undone by itself.
    pub(crate) by_hand: bool,
    /// Whether what it was taken for stays so, though it was undone.
    pub(crate) lingers: bool,
    /// The charge that was waived or adjusted.
    pub(crate) charge: Option<u64>,
    /// The repayment whose part of the charge was waived, the first of which is number one.
    pub(crate) instalment: Option<usize>,
    /// The transaction that was reversed because this one takes its place, with other portions.
    pub(crate) replays: Option<u64>,
}

/// The flags of a transaction's type that both releases print.
const FLAGS: &str = "disbursement repaymentAtDisbursement repayment merchantIssuedRefund payoutRefund goodwillCredit chargeRefund \
    contra waiveInterest waiveCharges accrual writeOff recoveryRepayment initiateTransfer approveTransfer \
    withdrawTransfer rejectTransfer chargePayment refund refundForActiveLoans creditBalanceRefund chargeAdjustment \
    chargeback chargeoff downPayment reAge reAmortize";

impl Transaction {
    /// A transaction that nothing more is known of.
    pub(crate) fn new(id: u64, kind: TransactionKind, amount: Decimal, on: Date, now: Now) -> Self {
        Self {
            id,
            kind,
            external_id: None,
            amount,
            on,
            booked_on: now.today,
            payment: None,
            booked: None,
            reversed_on: None,
            by_hand: false,
            lingers: false,
            charge: None,
            instalment: None,
            replays: None,
        }
    }

    pub(crate) fn is_disbursement(&self) -> bool {
        self.kind == TransactionKind::Disbursement
    }

    /// Whether the list of a loan shows it: what was reversed is hidden, unless it was undone by itself.
    pub(crate) fn is_listed(&self) -> bool {
        self.reversed_on.is_none() || self.by_hand
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

    /// The transactions that were not reversed.
    pub(crate) fn standing(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.iter().filter(|booked| booked.reversed_on.is_none())
    }

    /// Those that the books are made of.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions
            .iter()
            .filter(|booked| booked.reversed_on.is_none() || booked.lingers)
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
        put("paymentDetailData", payment.view(transaction.id, release));
    }
    put("amount", numbers::printed(transaction.amount));
    put("netDisbursalAmount", numbers::printed(loan.net_disbursal));
    let booked = transaction.booked.unwrap_or_default();
    put("principalPortion", numbers::or_nothing(booked.portions.principal));
    put("interestPortion", numbers::or_nothing(booked.portions.interest));
    put("feeChargesPortion", numbers::or_nothing(booked.portions.fees));
    put("penaltyChargesPortion", numbers::or_nothing(booked.portions.penalties));
    put("overpaymentPortion", numbers::or_nothing(booked.overpaid));
    put("unrecognizedIncomePortion", json!(0));
    put("externalId", json!(transaction.external_id));
    put("outstandingLoanBalance", numbers::printed(booked.balance));
    put("submittedOnDate", dates::array(transaction.booked_on));
    put("manuallyReversed", json!(transaction.by_hand));
    put(
        "reversedOnDate",
        transaction.reversed_on.map_or(Value::Null, dates::array),
    );
    if !release.is_develop() {
        put("numberOfRepayments", json!(0));
    }
    put("transactionRelations", relations(transaction));
    view
}

impl Bank {
    /// The transaction of a loan under an external id; another loan's is missed by its number.
    pub(crate) fn transaction_to_read<'a>(
        &self,
        loan: &'a Loan,
        external_id: &str,
    ) -> Result<&'a Transaction, Failure> {
        let others = self.loans.values().filter(|other| other.id != loan.id);
        let mut others = others.filter_map(|other| other.transaction_by_external_id(external_id).ok());
        match others.next() {
            Some(other) => loan.transaction(other.id),
            None => loan.transaction_by_external_id(external_id),
        }
    }
}

pub(super) fn kind_view(kind: TransactionKind) -> Value {
    let (id, name, value) = kind.names();
    // Of waivers, the code has another name than the flag.
    let code = if kind == TransactionKind::WaiveInterest {
        "waiver"
    } else {
        name
    };
    let mut view = Map::new();
    view.insert("id".into(), json!(id));
    view.insert("code".into(), json!(format!("loanTransactionType.{code}")));
    view.insert("value".into(), json!(value));
    for flag in FLAGS.split_ascii_whitespace() {
        view.insert(flag.into(), json!(flag == name));
    }
    Value::Object(view)
}

/// What it stands for: the charge that it adjusts, or what it was before it was booked anew.
fn relations(transaction: &Transaction) -> Value {
    let relation = |replayed: u64| {
        let mut relation = json!({
            "fromLoanTransaction": transaction.id,
            "toLoanTransaction": replayed,
            "relationType": "REPLAYED",
            "amount": numbers::printed(transaction.amount),
        });
        let paid_by = transaction.payment.as_ref();
        let paid_by = paid_by.and_then(|payment| offices::payment_type(payment.payment_type).ok());
        if let Some(paid_by) = paid_by {
            relation["paymentType"] = json!(paid_by.name);
        }
        relation
    };
    let adjusts = (transaction.kind == TransactionKind::ChargeAdjustment)
        .then_some(transaction.charge)
        .flatten();
    let adjusts = adjusts.map(|charge| {
        json!({
            "fromLoanTransaction": transaction.id,
            "toLoanCharge": charge,
            "relationType": "CHARGE_ADJUSTMENT",
        })
    });
    adjusts
        .into_iter()
        .chain(transaction.replays.into_iter().map(relation))
        .collect()
}
