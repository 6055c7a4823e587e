//! From the request target to what is asked for.

use percent_encoding::percent_decode_str;

/// Everything real lives below this path.
pub(crate) const BASE: &str = "/fineract-provider/api";

/// A request target, taken apart.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) route: Option<Route>,
    query: Vec<(String, String)>,
}

/// A resource that the simulator has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Clients,
    Client(Named),
    ClientTemplate,
    Loans,
    Loan(Named),
    LoanTemplate,
    ApprovalTemplate(Named),
    TransactionTemplate(Named),
    Transactions(Named),
    Transaction {
        loan: Named,
        transaction: Named,
    },
    LoanCharges(Named),
    LoanCharge {
        loan: Named,
        charge: Named,
    },
    Charges,
    Charge(u64),
    Codes,
    CodeValues(i64),
    Products,
    Product(i64),
    Funds,
    Offices,
    Office(i64),
    PaymentTypes,
    PaymentType(i64),
    Audits,
    Audit(u64),
    Inbox,
    /// A command that waits for a checker.
    Waiting(u64),
    Permissions,
    Configuration(u64),
    Currencies,
    Staff,
    Roles,
    RolePermissions(u64),
    Users,
}

/// A resource is named by its number or by its external id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Number(u64),
    ExternalId(String),
}

/// Why a target never reaches Fineract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// Tomcat refuses it with a page of HTML.
    ByTomcat,
    /// The firewall in front of the API refuses it.
    ByFirewall,
}

/// Takes the target apart, if it gets through.
pub(crate) fn target(raw: &str) -> Result<Target, Blocked> {
    let (path, query) = raw.split_once('?').unwrap_or((raw, ""));
    let lower = path.to_ascii_lowercase();
    if ["%2f", "%5c", "%00"].into_iter().any(|code| lower.contains(code)) {
        return Err(Blocked::ByTomcat);
    }
    let coded = ["%25", "%3b", "%2e", "%0a", "%0d", "%7f", ";", "//", "\\"];
    let control = (0x01..0x20).any(|byte| lower.contains(&format!("%{byte:02x}")));
    if control
        || coded.into_iter().any(|code| lower.contains(code))
        || path.split('/').any(|part| part == "." || part == "..")
    {
        return Err(Blocked::ByFirewall);
    }
    let query = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(parameter)
        .collect();
    Ok(Target {
        route: route(path),
        query,
    })
}

fn parameter(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    (decode(name), decode(value))
}

impl Target {
    /// The first parameter of this name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

fn route(path: &str) -> Option<Route> {
    let below = path.strip_prefix(BASE)?.strip_prefix("/v1/")?;
    let parts: Vec<String> = below
        .trim_end_matches('/')
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse().ok();
    match parts.as_slice() {
        ["clients"] => Some(Route::Clients),
        ["clients", "template"] => Some(Route::ClientTemplate),
        ["clients", "external-id", id] => Some(Route::Client(Named::external_id(id))),
        ["clients", id] => Some(Route::Client(Named::number(id)?)),
        ["loans"] => Some(Route::Loans),
        ["loans", "template"] => Some(Route::LoanTemplate),
        ["loans", "external-id", id, "template"] => Some(Route::ApprovalTemplate(Named::external_id(id))),
        ["loans", id, "template"] if *id != "external-id" => Some(Route::ApprovalTemplate(Named::number(id)?)),
        ["loans", "external-id", id] => Some(Route::Loan(Named::external_id(id))),
        ["loans", id] => Some(Route::Loan(Named::number(id)?)),
        ["loans", "external-id", loan, part, rest @ ..] => of_loan(Named::external_id(loan), part, rest),
        ["loans", loan, part, rest @ ..] => of_loan(Named::number(loan)?, part, rest),
        ["charges"] => Some(Route::Charges),
        ["charges", id] => id.parse().ok().map(Route::Charge),
        ["codes"] => Some(Route::Codes),
        ["codes", id, "codevalues"] => number(id).map(Route::CodeValues),
        ["loanproducts"] => Some(Route::Products),
        ["loanproducts", id] => number(id).map(Route::Product),
        ["funds"] => Some(Route::Funds),
        ["currencies"] => Some(Route::Currencies),
        ["staff"] => Some(Route::Staff),
        ["roles"] => Some(Route::Roles),
        ["roles", id, "permissions"] => id.parse().ok().map(Route::RolePermissions),
        ["users"] => Some(Route::Users),
        ["offices"] => Some(Route::Offices),
        ["offices", id] => number(id).map(Route::Office),
        ["paymenttypes"] => Some(Route::PaymentTypes),
        ["paymenttypes", id] => number(id).map(Route::PaymentType),
        ["audits"] => Some(Route::Audits),
        ["audits", id] => id.parse().ok().map(Route::Audit),
        ["makercheckers"] => Some(Route::Inbox),
        ["makercheckers", id] => id.parse().ok().map(Route::Waiting),
        ["permissions"] => Some(Route::Permissions),
        ["configurations", id] => id.parse().ok().map(Route::Configuration),
        _ => None,
    }
}

/// A part of a loan: one of its transactions or charges, or all of them.
fn of_loan(loan: Named, part: &str, rest: &[&str]) -> Option<Route> {
    let element = match (part, rest) {
        ("transactions", []) => return Some(Route::Transactions(loan)),
        ("charges", []) => return Some(Route::LoanCharges(loan)),
        ("transactions", ["template"]) => return Some(Route::TransactionTemplate(loan)),
        (_, ["external-id", id]) => Named::external_id(id),
        (_, [id]) => Named::number(id)?,
        _ => return None,
    };
    match part {
        "transactions" => Some(Route::Transaction {
            loan,
            transaction: element,
        }),
        "charges" => Some(Route::LoanCharge { loan, charge: element }),
        _ => None,
    }
}

impl Route {
    /// The loan that it names, itself or by one of its parts.
    pub(crate) fn loan(&self) -> Option<&Named> {
        let (Self::Loan(named)
        | Self::ApprovalTemplate(named)
        | Self::TransactionTemplate(named)
        | Self::Transactions(named)
        | Self::Transaction { loan: named, .. }
        | Self::LoanCharges(named)
        | Self::LoanCharge { loan: named, .. }) = self
        else {
            return None;
        };
        Some(named)
    }

    /// Names nothing in particular any more, so that nothing is looked for.
    pub(crate) fn forget_names(&mut self) {
        if let Self::Client(named) | Self::Loan(named) | Self::Transactions(named) | Self::LoanCharges(named) = self {
            *named = Named::Number(0);
        }
        if let Self::Transaction {
            loan,
            transaction: element,
        }
        | Self::LoanCharge { loan, charge: element } = self
        {
            (*loan, *element) = (Named::Number(0), Named::Number(0));
        }
    }
}

impl Named {
    fn external_id(id: &str) -> Self {
        Self::ExternalId(id.to_owned())
    }

    fn number(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_ids_as_callers_have_them() {
        for (coded, expected) in [
            ("a%20b", Ok("a b")),
            ("%C3%BCn%C3%AF-%E0%A4%86", Ok("ünï-आ")),
            ("a%3Fb%23c%2Bd%3Ae%40f", Ok("a?b#c+d:e@f")),
            ("a+b", Ok("a+b")),
            ("a%7Cb%27c%22%3C%3E", Ok("a|b'c\"<>")),
            ("..a", Ok("..a")),
            ("a%2Fb", Err(Blocked::ByTomcat)),
            ("a%5Cb", Err(Blocked::ByTomcat)),
            ("a%00b", Err(Blocked::ByTomcat)),
            ("50%25", Err(Blocked::ByFirewall)),
            ("a%3Bb", Err(Blocked::ByFirewall)),
            ("a;b", Err(Blocked::ByFirewall)),
            ("a%0Ab", Err(Blocked::ByFirewall)),
            ("..", Err(Blocked::ByFirewall)),
        ] {
            let found = target(&format!("{BASE}/v1/clients/external-id/{coded}"));
            let found = found.map(|target| target.route);
            let expected = expected.map(|id| Some(Route::Client(Named::ExternalId(id.to_owned()))));
            assert_eq!(found, expected, "{coded}");
        }
    }
}
