//! What a server and the simulator number differently, but name alike: products, charges, payment types, codes.

use std::collections::BTreeMap;

use recordings::Answer;
use serde_json::Value;

/// What has names: where the list of all is, and which members hold the number of one.
const NAMED: [(&str, &[&str]); 3] = [
    ("/v1/loanproducts", &["productId", "loanProductId"]),
    ("/v1/charges", &["chargeId"]),
    ("/v1/paymenttypes", &["paymentTypeId"]),
];
/// The code whose values are the reasons of write-offs.
const REASONS: &str = "WriteOffReasons";
const CODES: &str = "/v1/codes";
const REASON: &[&str] = &["writeoffReasonId"];

/// The simulator's number for each of a server's, by what has it.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: BTreeMap<(String, u64), u64>,
    /// The lists' elements that both have.
    known: BTreeMap<String, Vec<String>>,
}

impl Names {
    /// The lists that have to be read of both, once.
    pub(crate) fn lists() -> [&'static str; 4] {
        let [products, charges, payment_types] = NAMED.map(|(list, _)| list);
        [products, charges, payment_types, CODES]
    }

    /// The list of the reasons of write-offs, by the list of codes.
    pub(crate) fn reasons(codes: &Value) -> Option<String> {
        let code = codes.as_array()?.iter().find(|code| code["name"] == REASONS)?;
        Some(format!("{CODES}/{}/codevalues", code["id"]))
    }

    /// Learns a list of both. `kind` is the path of the simulator's.
    pub(crate) fn learn(&mut self, kind: &str, server: &Value, simulator: &Value) {
        let elements = |list: &Value| list.as_array().cloned().unwrap_or_default();
        for other in elements(simulator) {
            let same = elements(server)
                .into_iter()
                .find(|element| element["name"] == other["name"]);
            let Some(same) = same else { continue };
            if let (Some(from), Some(to)) = (same["id"].as_u64(), other["id"].as_u64()) {
                self.numbers.insert((kind.to_owned(), from), to);
            }
            let name = other["name"].as_str().unwrap_or_default().to_owned();
            self.known.entry(kind.to_owned()).or_default().push(name);
        }
    }

    /// Whether both have this.
    pub(crate) fn has(&self, kind: &str, name: &str) -> bool {
        self.known
            .get(kind)
            .is_some_and(|known| known.iter().any(|known| known == name))
    }

    /// The path with the simulator's numbers.
    pub(crate) fn path(&self, path: &str) -> String {
        let (above, query) = path.split_once('?').unwrap_or((path, ""));
        let mut parts: Vec<String> = above.split('/').map(str::to_owned).collect();
        if let ["", "v1", list, number, ..] = above.split('/').collect::<Vec<_>>()[..]
            && let Some(number) = number
                .parse()
                .ok()
                .and_then(|number| self.number(&format!("/v1/{list}"), number))
            && let Some(part) = parts.get_mut(3)
        {
            *part = number.to_string();
        }
        match query.is_empty() {
            true => parts.join("/"),
            false => format!("{}?{query}", parts.join("/")),
        }
    }

    /// A body with the simulator's numbers.
    pub(crate) fn body(&self, body: &Value) -> Value {
        let mut body = body.clone();
        self.rename(&mut body);
        body
    }

    /// A server's answer with the simulator's numbers; of a list with names, what only the server has is left out.
    pub(crate) fn answer(&self, path: &str, answer: &Answer) -> Answer {
        let mut answer = answer.clone();
        let above = path.split('?').next().unwrap_or_default();
        self.rename(&mut answer.body);
        let is_reasons = above.starts_with(CODES) && above.ends_with("/codevalues");
        let (list, is_list) = match above {
            _ if is_reasons => (REASONS_LIST.to_owned(), true),
            list if self.known.contains_key(list) => (list.to_owned(), true),
            one => (one.rsplit_once('/').map_or("", |(list, _)| list).to_owned(), false),
        };
        let Some(known) = self.known.get(&list) else {
            return answer;
        };
        if let Some(elements) = answer.body.as_array_mut().filter(|_| is_list) {
            elements.retain(|element| {
                let name = element["name"].as_str().unwrap_or_default();
                known.iter().any(|known| known == name)
            });
            elements.iter_mut().for_each(|element| self.own(&list, element));
        } else {
            self.own(&list, &mut answer.body);
        }
        answer
    }

    fn number(&self, kind: &str, number: u64) -> Option<u64> {
        self.numbers.get(&(kind.to_owned(), number)).copied()
    }

    /// Gives an element of a list its number, and those of the charges in it.
    fn own(&self, kind: &str, element: &mut Value) {
        if let Some(number) = element["id"].as_u64().and_then(|number| self.number(kind, number)) {
            element["id"] = number.into();
        }
        for charge in element
            .get_mut("charges")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            self.own(NAMED[1].0, charge);
        }
    }

    fn rename(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename(item)),
            Value::Object(members) => {
                for (name, member) in members {
                    match (kind_of(name), member.as_u64()) {
                        (Some(kind), Some(number)) => {
                            if let Some(number) = self.number(kind, number) {
                                *member = number.into();
                            }
                        }
                        _ if name == "paymentType" => self.own(NAMED[2].0, member),
                        (Some(_), None) | (None, _) => self.rename(member),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn kind_of(member: &str) -> Option<&'static str> {
    let named = NAMED.into_iter().find(|(_, members)| members.contains(&member));
    named
        .map(|(list, _)| list)
        .or_else(|| REASON.contains(&member).then_some(REASONS_LIST))
}

/// What stands for the list of reasons, whose path has a number.
pub(crate) const REASONS_LIST: &str = "reasons";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_the_same_name_has_the_simulators_number() {
        let mut names = Names::default();
        let server = json!([{"id": 1, "name": "own"}, {"id": 7, "name": "UGRO", "charges": []}]);
        names.learn("/v1/loanproducts", &server, &json!([{"id": 2, "name": "UGRO"}]));
        names.learn(
            "/v1/charges",
            &json!([{"id": 9, "name": "fee"}]),
            &json!([{"id": 3, "name": "fee"}]),
        );
        assert_eq!(names.path("/v1/loanproducts/7?x=1"), "/v1/loanproducts/2?x=1");
        assert_eq!(names.path("/v1/loans/7"), "/v1/loans/7");
        let body = json!({"productId": 7, "charges": [{"chargeId": 9}], "clientId": 7});
        assert_eq!(
            names.body(&body),
            json!({"productId": 2, "charges": [{"chargeId": 3}], "clientId": 7})
        );
        let answer = |body: Value| Answer::of(200, [], body.to_string().as_bytes());
        let list = names.answer("/v1/loanproducts", &answer(server));
        assert_eq!(list.body, json!([{"id": 2, "name": "UGRO", "charges": []}]));
        let one = names.answer("/v1/loanproducts/7", &answer(json!({"id": 7, "charges": [{"id": 9}]})));
        assert_eq!(one.body, json!({"id": 2, "charges": [{"id": 3}]}));
    }
}
