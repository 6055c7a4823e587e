//! `audits` and `makercheckers` as `GET` shows them.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::{
    bank::Bank,
    errors::Failure,
    journal::{Row, RowStatus},
    route::Target,
    users::User,
};

/// How a moment is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moments {
    /// Milliseconds since 1970.
    Milliseconds,
    /// Seconds since 1970 with a fraction: develop, except in its list of audits.
    Seconds,
}

const PAGE_LIMIT: usize = 200;

/// One command. An unknown number crashes Fineract.
pub(crate) fn audit(bank: &Bank, id: u64) -> Result<Value, Failure> {
    let row = bank.journal.row(id);
    let row = row.ok_or_else(|| Failure::Crash("Incorrect result size: expected 1, actual 0".to_owned()))?;
    Ok(view(bank, row, moments(bank), false))
}

/// The list of commands. Filters that are no numbers do not come so far.
pub(crate) fn audits(bank: &Bank, target: &Target) -> Value {
    let text = |name: &str| target.parameter(name).filter(|text| !text.is_empty());
    let number = |name: &str| text(name).and_then(|text| text.parse::<u64>().ok());
    let size = |name: &str| number(name).and_then(|number| usize::try_from(number).ok());
    let (resource, client) = (number("resourceId"), number("clientId"));
    // The other release's spelling is ignored.
    let loan = number(if bank.release.is_develop() { "loanId" } else { "loanid" });
    // develop ignores the filter by result.
    let result = number("processingResult").filter(|_| !bank.release.is_develop());
    let meets = |row: &&Row| {
        let (action, entity) = row.command.scope();
        result.is_none_or(|result| result == u64::from(row.status.number()))
            && text("actionName").is_none_or(|name| name == action)
            && text("entityName").is_none_or(|name| entity.starts_with(name))
            && loan.is_none_or(|id| row.loan == Some(id))
            && resource.is_none_or(|id| row.resource == Some(id))
            && client.is_none_or(|id| row.client == Some(id))
    };
    let mut rows: Vec<&Row> = bank.journal.rows().filter(meets).collect();
    // Without an order, the newest come first.
    if text("sortOrder").is_none_or(|order| order.eq_ignore_ascii_case("desc")) {
        rows.reverse();
    }
    let paged = text("paged") == Some("true");
    let with_json = text("includeJson") == Some("true");
    let limit = size("limit").unwrap_or(if paged { PAGE_LIMIT } else { usize::MAX });
    let items: Vec<Value> = rows
        .into_iter()
        .skip(size("offset").unwrap_or(0))
        .take(limit)
        .map(|row| view(bank, row, Moments::Milliseconds, with_json))
        .collect();
    if paged {
        // A slip of Fineract: the total is the page's.
        return json!({"totalFilteredRecords": items.len(), "pageItems": items});
    }
    Value::Array(items)
}

/// What waits for this checker.
pub(crate) fn inbox(bank: &Bank, target: &Target, user: &User) -> Value {
    let text = |name: &str| target.parameter(name).filter(|text| !text.is_empty());
    let rows = bank.journal.rows().filter(|row| {
        let (action, entity) = row.command.scope();
        row.status == RowStatus::Awaiting
            && text("actionName").is_none_or(|name| name == action)
            && text("entityName").is_none_or(|name| name == entity)
            && user.require_checker(&row.command.code()).is_ok()
    });
    rows.map(|row| view(bank, row, moments(bank), text("includeJson") == Some("true")))
        .collect()
}

fn moments(bank: &Bank) -> Moments {
    if bank.release.is_develop() {
        Moments::Seconds
    } else {
        Moments::Milliseconds
    }
}

fn view(bank: &Bank, row: &Row, moments: Moments, with_json: bool) -> Value {
    let develop = bank.release.is_develop();
    let (action, entity) = row.command.scope();
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            view.insert(name.to_owned(), value);
        }
    };
    put("id", json!(row.id));
    put("actionName", json!(action));
    put("entityName", json!(entity));
    put("resourceId", json!(row.resource));
    put("subresourceId", json!(row.sub_resource));
    put("maker", json!(row.maker));
    put("madeOnDate", moment(row.made_at, moments));
    if let Some((checker, at)) = &row.checker {
        put("checker", json!(checker));
        put("checkedOnDate", moment(*at, moments));
    }
    if develop {
        put("processingResult", json!(row.status.words()));
    }
    if with_json {
        put("commandAsJson", json!(row.sent));
    }
    if row.office {
        put("officeName", json!("Head Office"));
    }
    let client = row.client.and_then(|id| bank.clients.get(&id));
    put("clientName", json!(client.map(|client| client.display_name())));
    let loan = row.loan.and_then(|id| bank.loans.get(&id));
    put("loanAccountNo", json!(loan.map(|loan| loan.account_no.clone())));
    put("clientId", json!(row.client));
    put("loanId", json!(row.loan));
    put("url", json!(row.command.url()));
    if develop {
        put("ip", json!(""));
    }
    Value::Object(view)
}

fn moment(instant: OffsetDateTime, moments: Moments) -> Value {
    let micros = instant.unix_timestamp_nanos() / 1000;
    match moments {
        Moments::Milliseconds => json!(i64::try_from(micros / 1000).unwrap_or_default()),
        Moments::Seconds => {
            let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            serde_json::from_str(&text).unwrap_or_default()
        }
    }
}
