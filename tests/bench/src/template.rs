//! What the template gives to a function: its variables with the parameters' defaults.

use std::collections::BTreeMap;

use crate::function::STUB;

/// The variables of a function of the template, with stand-ins for what is a resource there.
pub(crate) fn variables(template: &str, function: &str) -> BTreeMap<String, String> {
    let defaults = defaults(template);
    let mut variables = BTreeMap::new();
    for (name, value) in declared(template, function) {
        let value = match value.trim_start_matches("!Ref ").trim_start_matches("!GetAtt ") {
            "Queue" => format!("{STUB}/123456789012/operations.fifo"),
            "DeadLetterQueue" => format!("{STUB}/123456789012/dead.fifo"),
            "FineractUrl" => format!("{STUB}/fineract-provider/api"),
            name => defaults.get(name).cloned().unwrap_or_else(|| name.to_owned()),
        };
        variables.insert(name, value);
    }
    variables
}

/// Each parameter's default.
fn defaults(template: &str) -> BTreeMap<&str, String> {
    let mut defaults = BTreeMap::new();
    let mut parameter = "";
    let parameters = template.lines().skip_while(|line| *line != "Parameters:");
    for line in parameters.take_while(|line| *line != "Globals:") {
        match line.strip_prefix("  ") {
            Some(name) if name.ends_with(':') && !name.starts_with([' ', '#']) => {
                parameter = name.trim_end_matches(':')
            }
            Some(member) => {
                if let Some(value) = member.strip_prefix("  Default:") {
                    defaults.insert(parameter, value.trim().trim_matches('"').to_owned());
                }
            }
            None => {}
        }
    }
    defaults
}

/// The variables as the template writes them.
fn declared(template: &str, function: &str) -> Vec<(String, String)> {
    let resource = format!("  {function}:");
    let body = template.lines().skip_while(move |line| *line != resource).skip(1);
    let body = body.take_while(|line| line.is_empty() || line.starts_with("   "));
    let variables = body.skip_while(|line| line.trim() != "Variables:").skip(1);
    let variables = variables.take_while(|line| line.starts_with("          "));
    let pair = |line: &str| {
        let (name, value) = line.trim().split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    };
    variables.filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_gets_what_the_template_says() {
        let template = include_str!("../../../infra/template.yaml");
        let worker = variables(template, "WorkerFunction");
        for (name, value) in [
            ("LEASE_SECONDS", "60"),
            ("SOON_WAITS", "1,5,15,60..900"),
            ("FINERACT_CA_PEM", ""),
            ("FINERACT_URL", "{stub}/fineract-provider/api"),
            ("TABLE_NAME", "OperationsTable"),
        ] {
            assert_eq!(worker.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert_eq!(variables(template, "StatusFunction").len(), 3);
    }
}
