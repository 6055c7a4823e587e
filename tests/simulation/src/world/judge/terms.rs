//! What a loan keeps of its product's terms: the instalments that its borrower was promised.

use std::collections::BTreeSet;
use std::time::Duration;

use gateway::fineract::{Method, Path, Request};
use gateway::tracking::State;
use gateway::values::decimal_of;
use serde_json::Value;

use super::{Story, external_id};
use crate::bank::{answer_of, sent};
use crate::world::World;

/// The product whose first instalment has no principal.
const GRACE: &str = "GRACE";
/// The states in which a loan has the schedule of its terms: before its approval, approved, active.
const AS_PLANNED: [u64; 3] = [100, 200, 300];

/// Loans under the product with a grace on principal whose first instalment has some.
pub(super) fn lost(world: &World, stories: &[Story]) -> Vec<String> {
    let with_grace = stories.iter().filter(|story| {
        let row = &story.row;
        row.operation == "LOAN_CREATE" && row.state == State::Succeeded && row.data["lenderConfig"] == GRACE
    });
    let ids: BTreeSet<String> = with_grace.map(|story| external_id(&story.row)).collect();
    let lost = |id: &String| {
        let loan = loan(world, id)?;
        let planned = loan.pointer("/status/id").and_then(Value::as_u64);
        if loan["loanProductName"] != GRACE || !planned.is_some_and(|status| AS_PLANNED.contains(&status)) {
            return None;
        }
        let periods = loan.pointer("/repaymentSchedule/periods")?.as_array()?;
        let first = periods.iter().find(|period| period["period"] == 1)?;
        let principal = decimal_of(first.get("principalOriginalDue")?)?;
        (!principal.is_zero())
            .then(|| format!("{id} has lost its grace: its first instalment has a principal of {principal}"))
    };
    ids.iter().filter_map(lost).collect()
}

/// A loan with its schedule, as Fineract shows it.
fn loan(world: &World, id: &str) -> Option<Value> {
    let path = Path::new("v1/loans/external-id").segment(id);
    let request = Request {
        method: Method::Get,
        path: path.query("associations=repaymentSchedule"),
        key: None,
        body: None,
        timeout: Duration::from_secs(1),
    };
    let answer = answer_of(world.simulator.answer(&sent(&request)));
    answer.json().filter(|_| answer.status == 200)
}
