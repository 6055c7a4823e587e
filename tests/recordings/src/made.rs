//! The numbers that a server gave to what a request made.

use serde_json::Value;

use crate::Answer;

/// What a server numbers, each kind by its own sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// A command that waits for a checker.
    Command,
    /// A client.
    Client,
    /// A loan.
    Loan,
    /// A transaction of a loan.
    Transaction,
    /// A charge of a loan.
    LoanCharge,
    /// A loan product.
    Product,
    /// A fund.
    Fund,
}

/// The numbers that this answer names, of what the request made: whoever plays the request elsewhere can number it so.
pub fn numbers_of(method: &str, path: &str, answer: &Answer) -> Vec<(Made, u64)> {
    let id = |name: &str| answer.body.get(name).and_then(Value::as_u64);
    let numbers = [
        (
            Made::Command,
            id("commandId").filter(|_| !path.contains("makercheckers")),
        ),
        (
            Made::Client,
            id("clientId").filter(|_| path.ends_with("/clients") || makes_client(path, answer)),
        ),
        (Made::Loan, id("loanId").filter(|_| path.ends_with("/loans"))),
        (Made::Product, id("resourceId").filter(|_| path == "/v1/loanproducts")),
        (Made::Fund, id("resourceId").filter(|_| path == "/v1/funds")),
        (Made::Transaction, id("subResourceId")),
        (Made::Transaction, id("resourceId").filter(|_| books(method, path))),
        (
            Made::LoanCharge,
            id("resourceId").filter(|_| method == "POST" && path.ends_with("/charges")),
        ),
    ];
    numbers.into_iter().filter_map(|(made, id)| Some((made, id?))).collect()
}

/// Whether it books a transaction, and does not only take one back.
fn books(method: &str, path: &str) -> bool {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (_, below) = path.split_once("/transactions").unwrap_or((path, "/none"));
    let adjusts = path.contains("/transactions/") && query.is_empty();
    method == "POST" && (adjusts || (below.is_empty() && query != "command=undowriteoff"))
}

/// Whether a checker let a client be made.
fn makes_client(path: &str, answer: &Answer) -> bool {
    path.contains("makercheckers")
        && answer.body["clientId"] == answer.body["resourceId"]
        && answer.body["loanId"].is_null()
}
