//! A product as `GET` shows it.

use serde_json::{Map, Value, json};

use super::{Charge, Product};
use crate::{enums, numbers, release::Release};

impl Product {
    /// The product in the list, which has no charges.
    pub(crate) fn listed(&self, release: Release) -> Map<String, Value> {
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| {
            if !value.is_null() {
                view.insert(name.to_owned(), value);
            }
        };
        let amount = |amount: Option<_>| amount.map_or(Value::Null, numbers::printed);
        put("id", json!(self.id));
        put("name", json!(self.name));
        put("shortName", json!(self.short_name));
        put("status", json!("loanProduct.active"));
        put("currency", enums::loan_currency());
        put("principal", numbers::printed(self.principal));
        put("minPrincipal", amount(self.least_principal));
        put("maxPrincipal", amount(self.most_principal));
        put("numberOfRepayments", json!(self.repayments));
        put("minNumberOfRepayments", json!(self.least_repayments));
        put("maxNumberOfRepayments", json!(self.most_repayments));
        put("repaymentEvery", json!(self.every));
        put("repaymentFrequencyType", self.frequency.repayment());
        put("interestRatePerPeriod", numbers::printed(self.rate));
        put("minInterestRatePerPeriod", amount(self.least_rate));
        put("maxInterestRatePerPeriod", amount(self.most_rate));
        put("interestRateFrequencyType", enums::rate_frequency(self.rate_frequency));
        put(
            "annualInterestRate",
            numbers::printed(enums::per_year(self.rate, self.rate_frequency)),
        );
        put("amortizationType", enums::amortization(self.amortization));
        put("interestType", enums::interest(self.interest_type));
        put(
            "interestCalculationPeriodType",
            enums::interest_calculation(self.interest_calculation),
        );
        put("transactionProcessingStrategyCode", json!(self.strategy));
        put(
            "transactionProcessingStrategyName",
            json!(enums::strategy_name(&self.strategy)),
        );
        put("canDefineInstallmentAmount", json!(self.defines_instalment));
        put(
            "accountingRule",
            json!({"id": 1, "code": "accountingRuleType.none", "value": "NONE"}),
        );
        put("inArrearsTolerance", numbers::unless_zero(self.arrears_tolerance));
        put("graceOnArrearsAgeing", enums::unless_zero(self.arrears_grace));
        put("fundId", json!(self.fund));
        put("multiDisburseLoan", json!(self.multi_disburse));
        put("maxTrancheCount", json!(self.max_tranches));
        put("outstandingLoanBalance", amount(self.outstanding_limit));
        put(
            "allowApprovedDisbursedAmountsOverApplied",
            json!(self.kind.over_applied.is_some()),
        );
        for flag in [
            "includeInBorrowerCycle",
            "useBorrowerCycle",
            "isLinkedToFloatingInterestRates",
            "isFloatingInterestRateCalculationAllowed",
            "allowVariableInstallments",
            "isRatesEnabled",
            "holdGuaranteeFunds",
            "syncExpectedWithDisbursementDate",
            "enableDownPayment",
        ] {
            put(flag, json!(false));
        }
        for gap in ["minimumGap", "maximumGap"] {
            put(gap, json!(0));
        }
        put("loanScheduleProcessingType", enums::schedule_processing());
        if release.is_develop() {
            put("enableIncomeCapitalization", json!(false));
            put("enableBuyDownFee", json!(false));
        }
        self.shape.show(&mut put);
        view.extend(self.kind.view());
        view
    }

    /// The product on its own, with its charges.
    pub(crate) fn detailed(&self, release: Release, charges: &[Charge]) -> Map<String, Value> {
        let mut view = self.listed(release);
        let charges = self.own_charges(charges).map(Charge::view).collect();
        view.insert("charges".into(), charges);
        view
    }
}
