//! What was really applied, for tests that count it.

use time::OffsetDateTime;

/// One applied command. A replay from the cache applies nothing and leaves none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// `CREATE`, `UPDATE`, `APPROVE`, `DISBURSE`, `REPAYMENT`, `WRITEOFF`, …
    pub action: &'static str,
    /// `CLIENT`, `LOAN`, or `LOANCHARGE`.
    pub entity: &'static str,
    /// Fineract's number of the client, loan, transaction, or charge, as the answer gives it; if the answer is about what does
    /// not stand, the number of what does.
    pub resource_id: u64,
    /// The number of the loan that it is about, if it is about one.
    pub loan_id: Option<u64>,
    /// The external id of the same as `resource_id`, if it has one.
    pub external_id: Option<String>,
    /// The number of the transaction that a disbursement made.
    pub sub_resource_id: Option<u64>,
    /// The external id of that transaction.
    pub sub_external_id: Option<String>,
    /// The `Idempotency-Key` of the request, if it had one.
    pub key: Option<String>,
    /// When.
    pub at: OffsetDateTime,
}
