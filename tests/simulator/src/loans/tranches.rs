//! Tranches of a multi-disbursement loan.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use time::Date;

use super::{Loan, charges::with_locale, terms::SentTerms};
use crate::{
    bank::{Bank, Numbered},
    dates,
    errors::{Failure, Fault},
    fields::Fields,
    numbers,
    products::Product,
    release::Release,
    validation::Checks,
};

/// Interest computed per repayment period does not go with tranches.
const SAME_AS_REPAYMENT_PERIOD: i64 = 1;

/// A part of the loan that is paid out by itself.
#[derive(Clone, Debug)]
pub(crate) struct Tranche {
    pub(crate) id: u64,
    pub(crate) expected_on: Date,
    pub(crate) principal: Decimal,
    pub(crate) paid_on: Option<Date>,
    /// What the client gets in hand; only a tranche that an update added knows it.
    net_disbursal: Option<Decimal>,
}

/// A tranche as a body names it.
#[derive(Clone, Debug)]
pub(crate) struct SentTranche {
    id: Option<i64>,
    expected_on: Date,
    principal: Decimal,
}

impl Tranche {
    pub(crate) fn view(&self, loan: &Loan, release: Release) -> Value {
        let mut view = Map::new();
        view.insert("id".into(), json!(self.id));
        if release.is_develop() {
            view.insert("loanId".into(), json!(loan.id));
        }
        view.insert("expectedDisbursementDate".into(), dates::array(self.expected_on));
        if let Some(paid_on) = self.paid_on {
            view.insert("actualDisbursementDate".into(), dates::array(paid_on));
        }
        view.insert("principal".into(), numbers::printed(self.principal));
        if let Some(net_disbursal) = self.net_disbursal {
            view.insert("netDisbursalAmount".into(), numbers::printed(net_disbursal));
        }
        if release.is_develop() {
            view.insert("disburseChargeAmount".into(), json!(0));
        }
        Value::Object(view)
    }
}

/// Reads `disbursementData`. A product that pays at once ignores it.
pub(crate) fn read(
    fields: &Fields<'_>,
    product: &Product,
    expected: Option<Date>,
) -> Result<Vec<SentTranche>, Failure> {
    let mut sent = Vec::new();
    if let (true, Some(Value::Array(elements))) = (product.multi_disburse, fields.get("disbursementData")) {
        for element in elements {
            let Value::Object(element) = element else { continue };
            let element = with_locale(element, fields);
            let element = Fields(&element);
            let expected_on = element.date("expectedDisbursementDate")?.or(expected);
            let principal = element.decimal("principal")?.unwrap_or_default();
            sent.extend(expected_on.map(|expected_on| SentTranche {
                id: element.id("id").ok().flatten(),
                expected_on,
                principal,
            }));
        }
    }
    Ok(sent)
}

/// How many there may be: none where the product opens them, some and not too many where they are planned.
pub(crate) fn check_count(sent: &[SentTranche], product: &Product, release: Release) -> Result<(), Failure> {
    if !product.multi_disburse {
        return Ok(());
    }
    let refuse = |rule: &str, text: String| {
        let fault = Fault::general(format!("error.msg.disbursementData.{rule}"), text);
        Err(Failure::Domain(fault))
    };
    if product.kind.open_tranches {
        return match sent {
            [] => Ok(()),
            [..] => refuse(
                "not.allowed",
                "For this loan product, disbursement details are not allowed".to_owned(),
            ),
        };
    }
    if sent.is_empty() {
        let text = "For this loan product, disbursement details must be provided";
        return refuse("required", text.to_owned());
    }
    let count = i64::try_from(sent.len()).unwrap_or(i64::MAX);
    let most = product.max_tranches;
    if count > most {
        let greater = if release.is_develop() { "greater" } else { "greter" };
        let text = format!("Number of tranche shouldn't be {greater} than {most}");
        let fault = Fault::general("error.msg.disbursementData.exceeding.max.tranche.count", text);
        return Err(Failure::Domain(fault.with([json!(most), json!(count)])));
    }
    Ok(())
}

/// How they go with the rest of the body.
pub(crate) fn check_plan(
    checks: &mut Checks,
    sent: &[SentTranche],
    product: &Product,
    expected: Option<Date>,
    terms: &SentTerms,
) {
    if !product.multi_disburse || product.kind.open_tranches {
        return;
    }
    let first = sent.first().map(|first| first.expected_on);
    if first.is_some() && expected.is_some() && first != expected {
        checks.broken_rule(
            "expectedDisbursementDate",
            "first.disbursement.date.must.start.with.expected.disbursement.date",
        );
    }
    let sum: Decimal = sent.iter().map(|tranche| tranche.principal).sum();
    if terms.principal.is_some_and(|principal| sum > principal) {
        checks.broken_rule(
            "principal",
            "sum.of.multi.disburse.amounts.must.be.equal.to.or.lesser.than.approved.principal",
        );
    }
    if terms.interest_calculation == Some(SAME_AS_REPAYMENT_PERIOD) {
        checks.broken_rule(
            "multiDisburseLoan",
            "not.supported.for.selected.interest.calcualtion.type",
        );
    }
}

impl Bank {
    /// Where tranches are not planned, a disbursement makes one: of as much as was paid out before. A slip of 1.10.1: of a
    /// loan of which nothing was paid out, that is nothing.
    pub(super) fn open_tranche(&mut self, loan: &mut Loan) {
        let planned = loan.tranches.iter().any(|tranche| tranche.paid_on.is_none());
        if !loan.kind.open_tranches || planned {
            return;
        }
        loan.tranches.push(Tranche {
            id: self.next(Numbered::Tranche),
            expected_on: loan.expected_disbursement,
            principal: loan.disbursed(),
            paid_on: None,
            net_disbursal: None,
        });
    }

    /// Gives the loan exactly these tranches. Returns what `changes` tell of it.
    pub(crate) fn set_tranches(&mut self, loan: &mut Loan, sent: Vec<SentTranche>) -> Map<String, Value> {
        let (mut kept, mut changes, mut added) = (Vec::new(), Map::new(), Vec::new());
        let updated = self.loans.contains_key(&loan.id);
        for sent in sent {
            let known = loan
                .tranches
                .iter()
                .find(|tranche| sent.id.is_some() && i64::try_from(tranche.id).ok() == sent.id);
            let mut tranche = match known {
                Some(tranche) => {
                    changes.insert("disbursementDetailId".into(), json!(tranche.id));
                    tranche.clone()
                }
                None => {
                    added.push(format!("{}-{}", dates::iso(sent.expected_on), sent.principal));
                    Tranche {
                        id: self.next(Numbered::Tranche),
                        expected_on: sent.expected_on,
                        principal: sent.principal,
                        paid_on: None,
                        net_disbursal: updated.then_some(loan.net_disbursal),
                    }
                }
            };
            tranche.expected_on = sent.expected_on;
            tranche.principal = sent.principal;
            kept.push(tranche);
        }
        if !added.is_empty() {
            changes.insert("disbursementData".into(), json!(added.join(",")));
        }
        loan.tranches = kept;
        changes
    }
}
