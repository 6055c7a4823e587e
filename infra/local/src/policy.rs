//! What a function's role allows on the running stack, read and replaced as IAM would.

use percent_encoding::percent_decode_str;
use roxmltree::Document;
use serde_json::Value;

use crate::{Error, Stack, aws::Aws, deployment::STACK_NAME};

/// A policy inside a role of the stack.
#[derive(Debug)]
pub struct RolePolicy {
    aws: Aws,
    parameters: [(String, String); 2],
    /// The document, as it was when it was read.
    pub document: Value,
}

impl RolePolicy {
    /// The only policy of the role that has this name in the template.
    ///
    /// # Errors
    /// If there is no such role, or it has no policy.
    pub async fn of(stack: &Stack, role: &str) -> Result<Self, Error> {
        let aws = stack.aws().clone();
        let resource = [named("StackName", STACK_NAME), named("LogicalResourceId", role)];
        let answer = aws.cloudformation("DescribeStackResource", &resource).await?;
        let role = named("RoleName", &element(&answer, "PhysicalResourceId")?);
        let answer = aws.iam("ListRolePolicies", std::slice::from_ref(&role)).await?;
        let parameters = [role, named("PolicyName", &element(&answer, "member")?)];
        let answer = aws.iam("GetRolePolicy", &parameters).await?;
        let text = element(&answer, "PolicyDocument")?;
        let text = percent_decode_str(&text).decode_utf8_lossy();
        let document = serde_json::from_str(&text);
        Ok(Self {
            aws,
            parameters,
            document: document.map_err(|error| Error::Unexpected(error.to_string()))?,
        })
    }

    /// Puts another document in its place, from the next call on.
    ///
    /// # Errors
    /// If IAM refuses.
    pub async fn replace(&self, document: &Value) -> Result<(), Error> {
        let mut parameters = self.parameters.to_vec();
        parameters.push(named("PolicyDocument", &document.to_string()));
        self.aws.iam("PutRolePolicy", &parameters).await.map(drop)
    }
}

fn named(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The text of the first element with this name.
fn element(xml: &str, name: &str) -> Result<String, Error> {
    let unexpected = || Error::Unexpected(format!("no {name} in {xml}"));
    let document = Document::parse(xml).map_err(|_| unexpected())?;
    let found = document.descendants().find(|node| node.tag_name().name() == name);
    let text = found.and_then(|node| node.text());
    text.map(str::to_owned).ok_or_else(unexpected)
}
