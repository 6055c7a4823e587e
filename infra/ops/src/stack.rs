//! What a deployed stack says about itself.

use aws_config::SdkConfig;
use aws_sdk_cloudformation::Client;

use crate::Error;

/// The stack's outputs and parameters, under the names that the functions have for them.
pub(crate) async fn variables(aws: &SdkConfig, name: &str) -> Result<Vec<(String, String)>, Error> {
    let request = Client::new(aws).describe_stacks().stack_name(name);
    let answer = request.send().await;
    let answer = answer.map_err(Error::failed(format!("asking CloudFormation about the stack {name}")))?;
    let Some(stack) = answer.stacks().first() else {
        return Err(Error::refused(format!("there is no stack {name}")));
    };
    let parameters = stack.parameters().iter();
    let parameters = parameters.filter_map(|one| Some((one.parameter_key()?, one.parameter_value()?)));
    let outputs = stack.outputs().iter();
    let outputs = outputs.filter_map(|one| Some((one.output_key()?, one.output_value()?)));
    let pairs = parameters.chain(outputs);
    let own = ("STACK_NAME".to_owned(), name.to_owned());
    Ok(pairs
        .map(|(name, value)| (variable(name), value.to_owned()))
        .chain([own])
        .collect())
}

/// `TableName` is `TABLE_NAME` in the functions.
fn variable(name: &str) -> String {
    if name == "DeadLetterQueueUrl" {
        return "DLQ_URL".to_owned();
    }
    let mut variable = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !variable.is_empty() {
            variable.push('_');
        }
        variable.push(letter.to_ascii_uppercase());
    }
    variable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_template_and_of_the_functions() {
        for (template, function) in [
            ("TableName", "TABLE_NAME"),
            ("FineractCaPem", "FINERACT_CA_PEM"),
            ("Lenders", "LENDERS"),
            ("DeadLetterQueueUrl", "DLQ_URL"),
        ] {
            assert_eq!(variable(template), function);
        }
    }
}
