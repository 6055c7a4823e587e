//! Which steps are played: those whose request the gateway could send, and what they stand on.

use fineract_simulator::LENDERS;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::recording::Sent;

/// Parameters of the gateway's bodies, by resource; and those of the commands that put a loan or client into a state.
const CLIENT: &str = "officeId legalFormId active firstname lastname middlename fullname externalId mobileNo emailAddress \
    activationDate submittedOnDate dateFormat locale accountNo";
const CLIENT_UPDATE: &str = "firstname middlename lastname fullname externalId mobileNo emailAddress activationDate dateFormat \
    locale accountNo";
const LOAN: &str = "loanType clientId productId externalId principal loanTermFrequency loanTermFrequencyType \
    numberOfRepayments repaymentEvery repaymentFrequencyType interestRatePerPeriod amortizationType interestType \
    interestCalculationPeriodType transactionProcessingStrategyCode submittedOnDate expectedDisbursementDate dateFormat \
    locale charges disbursementData maxOutstandingLoanBalance graceOnPrincipalPayment graceOnInterestPayment \
    graceOnInterestCharged repaymentsStartingFromDate interestChargedFromDate inArrearsTolerance graceOnArrearsAgeing \
    fixedEmiAmount isEqualAmortization fixedPrincipalPercentagePerInstallment allowPartialPeriodInterestCalcualtion \
    allowPartialPeriodInterestCalculation fundId loanOfficerId loanPurposeId isTopup loanIdToClose";
const APPROVE: &str =
    "approvedOnDate expectedDisbursementDate approvedLoanAmount netDisbursalAmount note dateFormat locale";
const DISBURSE: &str = "actualDisbursementDate transactionAmount externalId paymentTypeId accountNumber checkNumber \
    routingCode receiptNumber bankNumber note netDisbursalAmount dateFormat locale";
const PAYMENT: &str = "transactionDate transactionAmount externalId paymentTypeId accountNumber checkNumber routingCode \
    receiptNumber bankNumber note dateFormat locale";
const WRITE_OFF: &str = "transactionDate externalId writeoffReasonId note dateFormat locale";
const UNDO: &str = "transactionDate transactionAmount note dateFormat locale reversalExternalId";
const FORECLOSURE: &str = "transactionDate transactionAmount externalId note dateFormat locale";
const CHARGE: &str = "chargeId amount dueDate externalId dateFormat locale";
const CHARGE_CHANGE: &str = "amount externalId transactionDate dateFormat locale";
const OTHER: &str = "rejectedOnDate withdrawnOnDate closureDate closureReasonId activationDate note dateFormat locale";

/// The longest external id that Fineract keeps.
const LONGEST_ID: usize = 100;

/// Why a step is not played, or `None` if it is. A rule over the request; names and answers are not looked at.
pub(crate) fn skipped(request: &Sent) -> Option<&'static str> {
    let Some(below) = request.path.strip_prefix("/v1/") else {
        return Some("another resource or method");
    };
    let known_headers = ["content-type", "idempotency-key"];
    if request
        .headers
        .iter()
        .any(|(name, _)| !known_headers.contains(&name.to_ascii_lowercase().as_str()))
    {
        return Some("headers that the gateway never sends");
    }
    let (path, query) = below.split_once('?').unwrap_or((below, ""));
    let parts: Vec<&str> = path.split('/').collect();
    if !is_resource(&request.method, &parts) {
        return Some("another resource or method");
    }
    if parts.iter().any(|part| cannot_be_an_external_id(part)) {
        return Some("external ids that the gateway refuses");
    }
    let command = query.split('&').find_map(|pair| pair.strip_prefix("command="));
    let parameters = match parts[0] {
        "loans" if parts.ends_with(&["transactions", "template"]) => "command transactionDate dateFormat locale",
        "clients" | "loans" if parts.last() == Some(&"template") => "templateType clientId productId command",
        "clients" | "loans" if request.method == "GET" && parts.len() == 1 => "externalId",
        "loans" if parts.contains(&"transactions") || parts.contains(&"charges") => "command tenantIdentifier",
        "clients" | "loans" => "associations fields tenantIdentifier command",
        "audits" => {
            "processingResult actionName entityName resourceId includeJson paged limit offset orderBy sortOrder"
        }
        "makercheckers" => "actionName entityName command",
        _ => "",
    };
    if query.split('&').filter(|pair| !pair.is_empty()).any(|pair| {
        !parameters
            .split_ascii_whitespace()
            .any(|known| pair.split('=').next() == Some(known))
    }) {
        return Some("queries that the gateway never sends");
    }
    let searches = request.method == "GET" && matches!(parts.as_slice(), ["clients" | "loans"]);
    if searches && !query.starts_with("externalId=") {
        return Some("queries that the gateway never sends");
    }
    let quotes = [
        "disburse",
        "repayment",
        "prepayLoan",
        "foreclosure",
        "waiveinterest",
        "writeoff",
        "creditBalanceRefund",
    ];
    if parts.ends_with(&["transactions", "template"]) && !command.is_some_and(|command| quotes.contains(&command)) {
        return Some("commands that the gateway never sends");
    }
    if request.has_blank_key() {
        return Some("keys that the gateway never sends");
    }
    if matches!(parts[0], "makercheckers" | "permissions" | "configurations") {
        return None;
    }
    skipped_body(request, &parts, command)
}

fn is_resource(method: &str, parts: &[&str]) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match (method, parts) {
        // What loans stand on.
        ("POST", ["loanproducts" | "funds"]) => true,
        ("PUT", ["loanproducts", id]) => number(id),
        ("POST", ["clients" | "loans"]) | ("GET", ["loanproducts" | "paymenttypes" | "offices"]) => true,
        ("GET", ["loanproducts" | "paymenttypes" | "offices", id]) => number(id),
        // The checker's side, and what puts commands under a checker.
        ("GET", ["audits" | "makercheckers"]) | ("PUT", ["permissions"] | ["configurations", "1"]) => true,
        ("GET", ["audits", id]) | ("POST" | "DELETE", ["makercheckers", id]) => number(id),
        // Searches, and what forms start from.
        ("GET", ["clients" | "loans"] | ["clients" | "loans", "template"]) => true,
        ("GET", ["loans", "external-id", _, "template"] | ["loans", "external-id", _, "transactions", "template"]) => {
            true
        }
        ("GET", ["loans", id, "template"] | ["loans", id, "transactions", "template"]) => number(id),
        ("GET" | "PUT" | "POST" | "DELETE", ["clients" | "loans", "external-id", _]) => true,
        ("GET" | "PUT" | "POST" | "DELETE", ["clients" | "loans", id]) => number(id),
        ("GET" | "POST", ["loans", "external-id", _, "transactions", "external-id", _]) => true,
        ("GET" | "POST", ["loans", id, "transactions", "external-id", _]) => number(id),
        ("GET" | "POST", ["loans", id, "transactions", transaction]) => number(id) && number(transaction),
        ("GET", ["loans", "external-id", _, "transactions", transaction]) => number(transaction),
        ("POST", ["loans", "external-id", _, "transactions"]) => true,
        ("GET" | "POST", ["loans", "external-id", _, "charges"]) => true,
        ("GET" | "POST", ["loans", id, "charges"]) => number(id),
        ("GET", ["loans", "external-id", _, "charges", "external-id", _]) => true,
        ("POST" | "PUT" | "DELETE", ["loans", "external-id", _, "charges", charge]) => number(charge),
        // What reasons and charges are looked up by.
        ("GET", ["codes"] | ["charges"] | ["codes", "26", "codevalues"]) => true,
        _ => false,
    }
}

fn cannot_be_an_external_id(part: &str) -> bool {
    let id = percent_decode_str(part).decode_utf8_lossy();
    let refused = id.contains(['/', '%', ';', '\\']) || id.chars().any(char::is_control) || id == "." || id == "..";
    // One character too many is worth asking for, more are not.
    refused || id.chars().count() > LONGEST_ID + 1
}

fn skipped_body(request: &Sent, parts: &[&str], command: Option<&str>) -> Option<&'static str> {
    let command = command.map(|command| command.replace("%20", " ").trim().to_ascii_lowercase());
    let known = match (request.method.as_str(), parts[0], command.as_deref()) {
        ("PUT", "loanproducts", _) => "canUseForTopup locale",
        ("GET" | "DELETE", ..) | ("POST", "funds", _) => return None,
        ("POST", "loanproducts", _) => {
            let name = request.body["name"].as_str().unwrap_or_default();
            return LENDERS
                .contains(&name)
                .then_some("products that the simulator has from the start");
        }
        ("POST", "loans", command) if parts.len() == 1 => {
            if command.is_some_and(|command| command != "calculateloanschedule") {
                return Some("commands that the gateway never sends");
            }
            LOAN
        }
        ("POST", "loans", None) if parts.ends_with(&["charges"]) => CHARGE,
        ("PUT", "loans", None) if parts.contains(&"charges") => CHARGE,
        ("POST", "loans", Some("waive" | "adjustment" | "pay")) if parts.contains(&"charges") => CHARGE_CHANGE,
        ("POST", "loans", Some("undo")) if parts.contains(&"transactions") => UNDO,
        ("POST", "loans", None) if parts.contains(&"transactions") && parts.len() > 3 => UNDO,
        ("POST", "loans", Some("repayment" | "recoverypayment" | "waiveinterest" | "creditbalancerefund")) => PAYMENT,
        // They are paid like repayments.
        ("POST", "loans", Some("merchantissuedrefund" | "payoutrefund" | "goodwillcredit" | "downpayment")) => PAYMENT,
        ("POST", "loans", Some("writeoff")) => WRITE_OFF,
        ("POST", "loans", Some("undowriteoff")) => OTHER,
        ("POST", "loans", Some("foreclosure")) => FORECLOSURE,
        // A command that Fineract does not know is refused before anything else, so it may be played.
        ("POST", "loans" | "clients", Some("foo")) if parts.len() > 1 => "",
        ("POST", "loans", None) if parts.ends_with(&["transactions"]) => "",
        ("PUT", "loans", None) => LOAN,
        ("POST", "clients", None) => CLIENT,
        ("PUT", "clients", None) => CLIENT_UPDATE,
        ("POST", "loans", Some("approve")) => APPROVE,
        ("POST", "loans", Some("disburse")) => DISBURSE,
        ("POST", "loans", Some("reject" | "withdrawnbyapplicant" | "undoapproval" | "undodisbursal")) => OTHER,
        ("POST", "clients", Some("activate" | "close")) => OTHER,
        _ => return Some("commands that the gateway never sends"),
    };
    let body = match &request.body {
        Value::Object(body) => body,
        Value::Null => return None,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Some("bodies that are no JSON object");
        }
    };
    if body
        .get("externalId")
        .and_then(Value::as_str)
        .is_some_and(|id| id.contains('\0'))
    {
        return Some("external ids that the gateway refuses");
    }
    let unknown = body
        .keys()
        .any(|name| !known.split_ascii_whitespace().any(|known| known == name));
    // A parameter that Fineract does not know is refused before anything else, so it may be played.
    if unknown && !body.keys().any(|name| name == "foo") {
        return Some("parameters that the gateway never sends");
    }
    if body
        .get("loanType")
        .is_some_and(|kind| kind == "group" || kind == "jlg")
    {
        return Some("loans of groups");
    }
    None
}
