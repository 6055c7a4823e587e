//! Whether callers can be served: for monitors, who need no token and learn nothing else.

use uuid::Uuid;

use crate::ledger::Ledger;
use crate::problem::{Kind, Problem};
use crate::reply::Reply;

/// Asks the table for a row that is never there. The functions check their configuration when they start.
///
/// # Errors
/// If the table does not answer.
pub async fn health(ledger: &dyn Ledger) -> Result<Reply, Problem> {
    let answered = ledger.get(Uuid::nil()).await;
    answered.map_err(|cause| Problem::new(Kind::Unavailable, "The table does not answer.").because(cause))?;
    Ok(Reply::healthy())
}
