//! The template, put on the emulator as CloudFormation would put it on AWS.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use roxmltree::{Document, Node};
use tokio::time::sleep;

use crate::{
    Error,
    aws::Aws,
    functions::{Function, Package},
    workspace,
};

/// Name of the stack, and the beginning of its log groups' names.
pub const STACK_NAME: &str = "gateway";
const BUCKET: &str = "functions";
/// The emulator takes under a second.
const DEPLOY_TIMEOUT: Duration = Duration::from_secs(60);
const DEPLOY_PAUSE: Duration = Duration::from_millis(50);

/// What a deployed template says about itself.
#[derive(Debug)]
pub struct Outputs(BTreeMap<String, String>);

impl Outputs {
    /// The output of this name.
    ///
    /// # Errors
    /// If the template has no such output.
    pub fn get(&self, name: &str) -> Result<&str, Error> {
        let value = self.0.get(name).map(String::as_str);
        value.ok_or_else(|| Error::Deployment(format!("the template has no output {name}")))
    }
}

/// Uploads the functions and deploys `infra/template.yaml` with them.
///
/// # Errors
/// If anything is refused; then with what CloudFormation said about each resource that failed.
pub async fn deploy(
    aws: &Aws,
    packages: Vec<Package>,
    parameters: &BTreeMap<String, String>,
) -> Result<Outputs, Error> {
    let path = workspace::root().join("infra/template.yaml");
    let mut template = fs::read_to_string(&path).map_err(Error::io(format!("{} cannot be read", path.display())))?;
    if let Some(name) = parameters
        .keys()
        .find(|name| !template.contains(&format!("\n  {name}:\n    Type: ")))
    {
        return Err(Error::Missing {
            what: format!("The template has no parameter {name}."),
            remedy: "sed -n '/^Parameters:/,/^Globals:/p' infra/template.yaml".to_owned(),
        });
    }
    aws.put_object(BUCKET, Vec::new()).await?;
    for Package { function, zip } in packages {
        let object = format!("{BUCKET}/{}.zip", function.name());
        template = with_code_at(&template, function, &format!("s3://{object}"))?;
        aws.put_object(&object, zip).await?;
    }

    // CloudFormation takes no more than 51,200 bytes in a request.
    let object = format!("{BUCKET}/template.yaml");
    aws.put_object(&object, template.into_bytes()).await?;

    let mut request = vec![
        ("StackName".to_owned(), STACK_NAME.to_owned()),
        ("TemplateURL".to_owned(), format!("{}/{object}", aws.url())),
        ("Capabilities.member.1".to_owned(), "CAPABILITY_IAM".to_owned()),
        ("Capabilities.member.2".to_owned(), "CAPABILITY_AUTO_EXPAND".to_owned()),
    ];
    for (index, (name, value)) in (1_usize..).zip(parameters) {
        request.push((format!("Parameters.member.{index}.ParameterKey"), name.clone()));
        request.push((format!("Parameters.member.{index}.ParameterValue"), value.clone()));
    }
    aws.cloudformation("CreateStack", &request).await?;
    finished(aws).await
}

/// Does what `aws cloudformation package` does: puts the uploaded archive in the place of the local one.
fn with_code_at(template: &str, function: Function, uploaded: &str) -> Result<String, Error> {
    let local = format!("CodeUri: ../target/lambda/{}/bootstrap.zip", function.name());
    if template.matches(&local).count() != 1 {
        return Err(Error::Deployment(format!("the template must say once: {local}")));
    }
    Ok(template.replace(&local, &format!("CodeUri: {uploaded}")))
}

async fn finished(aws: &Aws) -> Result<Outputs, Error> {
    let name = [("StackName".to_owned(), STACK_NAME.to_owned())];
    let deadline = Instant::now() + DEPLOY_TIMEOUT;
    loop {
        let answer = aws.cloudformation("DescribeStacks", &name).await?;
        let stack = parse(&answer)?;
        let status = texts(&stack, "StackStatus").next().unwrap_or_default();
        match status {
            "CREATE_COMPLETE" => return Ok(Outputs(pairs(&stack, "OutputKey", "OutputValue"))),
            "CREATE_IN_PROGRESS" | "REVIEW_IN_PROGRESS" if Instant::now() < deadline => sleep(DEPLOY_PAUSE).await,
            _ => {
                let events = aws.cloudformation("DescribeStackEvents", &name).await?;
                let reasons: Vec<_> = failures(&parse(&events)?);
                return Err(Error::Deployment(format!("{status}\n{}", reasons.join("\n"))));
            }
        }
    }
}

fn parse(xml: &str) -> Result<Document<'_>, Error> {
    Document::parse(xml).map_err(|error| Error::Deployment(format!("CloudFormation answered no XML: {error}")))
}

fn texts<'a>(document: &'a Document<'_>, tag: &'a str) -> impl Iterator<Item = &'a str> {
    document
        .descendants()
        .filter(move |node| node.tag_name().name() == tag)
        .filter_map(|node| node.text())
}

fn pairs(document: &Document<'_>, key: &str, value: &str) -> BTreeMap<String, String> {
    let members = document.descendants().filter(|node| node.tag_name().name() == "member");
    members
        .filter_map(|member| Some((child(member, key)?, child(member, value)?)))
        .collect()
}

fn failures(events: &Document<'_>) -> Vec<String> {
    let members = events.descendants().filter(|node| node.tag_name().name() == "member");
    let failed =
        members.filter(|event| child(*event, "ResourceStatus").is_some_and(|status| status.ends_with("FAILED")));
    failed
        .filter_map(|event| {
            Some(format!(
                "  {}: {}",
                child(event, "LogicalResourceId")?,
                child(event, "ResourceStatusReason")?
            ))
        })
        .collect()
}

fn child(node: Node<'_, '_>, tag: &str) -> Option<String> {
    let found = node.children().find(|child| child.tag_name().name() == tag)?;
    Some(found.text().unwrap_or_default().to_owned())
}
