//! Every code that an answer may have and that has a page: all of the gateway's own, and the most frequent of Fineract's.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use gateway::pace::Reason;
use gateway::problem;
use gateway::values::FaultCode;

use crate::top;

/// How the codes of the gateway's own refusals begin.
pub const REFUSAL: &str = "gateway.";
/// Why an operation waits that was not taken up.
pub const BEHIND: &str = "behind_another_operation";

/// Where a code stands in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `code` of a problem.
    Problem(problem::Kind),
    /// `errors[].code` of a problem.
    Fault,
    /// `error.code` of a failed operation.
    Refusal,
    /// `error.code` of a failed operation, in Fineract's words.
    Fineract,
    /// `reason` of an operation that waits.
    Reason,
}

/// The refusals that the recorded servers gave most often to what the gateway sends.
const FINERACT: [&str; 10] = [
    "error.msg.client.duplicate.externalId",
    "error.msg.client.duplicate.mobileNo",
    "error.msg.client.id.invalid",
    "error.msg.loan.external.id.invalid",
    "error.msg.loan.with.externalId.already.used",
    "validation.msg.loan.principal.amount.is.not.within.min.max.range",
    "error.msg.loan.cannot.modify.loan.in.its.present.state",
    "error.msg.loan.approve.account.is.not.submitted.and.pending.state",
    "error.msg.loan.disbursal.account.is.not.approve.not.disbursed.state",
    "error.msg.loan.disburse.amount.must.be.less.than.approved.principal",
];

/// Every code, and where it stands.
///
/// # Errors
/// If a source of the gateway cannot be read.
pub fn all() -> io::Result<Vec<(Place, String)>> {
    let problems = problem::Kind::ALL.map(|kind| (Place::Problem(kind), kind.code().to_owned()));
    let faults = FaultCode::ALL.map(|code| (Place::Fault, code.as_str().to_owned()));
    let refusals = refusals()?.into_iter().map(|code| (Place::Refusal, code));
    let fineract = FINERACT.map(|code| (Place::Fineract, code.to_owned()));
    let reasons = reasons().into_iter().map(|reason| (Place::Reason, reason.to_owned()));
    Ok(problems
        .into_iter()
        .chain(faults)
        .chain(refusals)
        .chain(fineract)
        .chain(reasons)
        .collect())
}

/// Why an operation may wait.
pub fn reasons() -> Vec<&'static str> {
    Reason::ALL
        .iter()
        .map(|reason| reason.as_str())
        .chain([BEHIND])
        .collect()
}

/// The codes of the gateway's own refusals: the literals in its sources, tests apart.
///
/// # Errors
/// If a source cannot be read.
pub fn refusals() -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    gather(&top().join("shared/src"), &mut found)?;
    Ok(found)
}

fn gather(folder: &Path, found: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            gather(&path, found)?;
        } else if !name.ends_with("tests") {
            let text = fs::read_to_string(&path)?;
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            let literals = product.split('"').skip(1).step_by(2);
            let code = |literal: &&str| literal.strip_prefix(REFUSAL).is_some_and(|rest| !rest.is_empty());
            found.extend(literals.filter(code).map(str::to_owned));
        }
    }
    Ok(())
}
