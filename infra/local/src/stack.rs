//! The whole gateway, running: emulator, template, functions, a caller.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use ring::digest;
use serde_json::{Value, json};

use crate::{
    Caller, Error, Function,
    api::{Api, Witness},
    aws::Aws,
    caller::hex,
    console::Console,
    deployment::{self, Outputs, STACK_NAME},
    emulator::Emulator,
    environment::{Environment, Purpose},
    functions::{Package, Source},
};

/// Times for tests: what waits, and what a killed worker left, is tried again within seconds. Where the emulator cannot go as short
/// (its schedules fire every minute at most), tests invoke the sweep.
pub const SHORT_TIMES: [(&str, &str); 17] = [
    ("LookupTimeoutSeconds", "1"),
    ("CallTimeoutSeconds", "2"),
    ("ReserveSeconds", "1"),
    ("WorkerTimeoutSeconds", "6"),
    ("LeaseSeconds", "8"),
    ("VisibilitySeconds", "36"),
    ("OverdueSeconds", "10"),
    ("ResendSeconds", "20"),
    ("OutageAskSeconds", "1"),
    ("ClientGraceSeconds", "2"),
    ("SoonWaits", "1"),
    ("MinutesWaits", "1"),
    ("UnreachableWaits", "1"),
    ("ClientWaits", "1"),
    ("NextKeyWaits", "1"),
    ("CheckerWaits", "1"),
    ("OperatorWaits", "1"),
];

/// What a gateway is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The base of Fineract's API: `…/fineract-provider/api`.
    pub fineract_url: String,
    /// Fineract's tenant.
    pub fineract_tenant: String,
    /// Fineract's user.
    pub fineract_user: String,
    /// Its password.
    pub fineract_password: String,
    /// Where the functions come from.
    pub functions: Source,
    /// More parameters of the template; they go before those that this package sets.
    pub parameters: BTreeMap<String, String>,
    /// Whether a function may do only what its role allows, and clients must show the emulator's own key
    /// ([`crate::aws::ROOT_KEY`]).
    pub enforce_roles: bool,
    /// Where progress goes.
    pub console: Console,
    /// Who sees what is asked of the gateway through [`Stack::api_for`].
    pub witness: Option<Witness>,
}

impl Options {
    /// A gateway before the Fineract at `fineract_url`, as a test wants it: the user of a fresh Fineract, roles
    /// enforced, nothing printed, the template's own times.
    #[must_use]
    pub fn new(fineract_url: &str) -> Self {
        Self {
            fineract_url: fineract_url.to_owned(),
            fineract_tenant: "default".to_owned(),
            fineract_user: "mifos".to_owned(),
            fineract_password: "password".to_owned(),
            functions: Source::Build,
            parameters: BTreeMap::new(),
            enforce_roles: true,
            console: Console::Quiet,
            witness: None,
        }
    }

    /// The same with [`SHORT_TIMES`].
    #[must_use]
    pub fn with_short_times(mut self) -> Self {
        self.parameters
            .extend(SHORT_TIMES.map(|(name, value)| (name.to_owned(), value.to_owned())));
        self
    }

    /// The same with one more parameter of the template.
    #[must_use]
    pub fn with_parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }

    fn parameters(&self) -> BTreeMap<String, String> {
        let credentials = json!({ "username": self.fineract_user, "password": self.fineract_password });
        let architecture = if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "x86_64"
        };
        let mut parameters = BTreeMap::from([
            ("FineractUrl".to_owned(), self.fineract_url.clone()),
            ("FineractTenant".to_owned(), self.fineract_tenant.clone()),
            ("FineractCredentials".to_owned(), credentials.to_string()),
            ("Architecture".to_owned(), architecture.to_owned()),
        ]);
        parameters.extend(self.parameters.clone());
        parameters
    }
}

/// A running gateway. When it is dropped, or this process ends in whatever way, everything ends.
#[derive(Debug)]
pub struct Stack {
    emulator: Emulator,
    aws: Aws,
    outputs: Outputs,
    caller: Caller,
    fineract_url: String,
    witness: Option<Witness>,
    code: BTreeMap<Function, String>,
}

impl Stack {
    /// Builds the functions, starts the emulator, deploys the template and makes a caller.
    ///
    /// # Errors
    /// If any of that fails; nothing is left running then.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let environment = Environment::ensure(Purpose::Emulator, options.console).await?;
        let packages = options.functions.packages(options.console).await?;
        let code = packages
            .iter()
            .map(|Package { function, zip }| (*function, sha256(zip)))
            .collect();

        let step = options.console.step("Start the AWS emulator");
        let emulator = Emulator::start(&environment, options.enforce_roles).await?;
        step.done(&emulator.url());

        let step = options.console.step("Deploy infra/template.yaml");
        let aws = Aws::new(emulator.url())?;
        let outputs = deployment::deploy(&aws, packages, &options.parameters()).await?;
        let caller = Caller::new("local")?;
        let stack = Self {
            emulator,
            aws,
            outputs,
            caller,
            fineract_url: options.fineract_url,
            witness: options.witness,
            code,
        };
        stack.add_caller(&stack.caller).await?;
        step.done("");
        Ok(stack)
    }

    /// The gateway's base URL.
    ///
    /// Without the stage `$default` in it, which the emulator does not ask for, so that a shell may read it unquoted.
    ///
    /// # Errors
    /// If the template has no such output.
    pub fn api_url(&self) -> Result<String, Error> {
        Ok(format!(
            "{}/_aws/execute-api/{}",
            self.aws.url(),
            self.outputs.get("ApiId")?
        ))
    }

    /// The gateway as the stack's own caller sees it.
    ///
    /// # Errors
    /// As [`Stack::api_url`].
    pub fn api(&self) -> Result<Api, Error> {
        self.api_for(&self.caller)
    }

    /// The gateway as this caller sees it.
    ///
    /// # Errors
    /// As [`Stack::api_url`].
    pub fn api_for(&self, caller: &Caller) -> Result<Api, Error> {
        Ok(Api::new(self.api_url()?, caller.token.clone())?.seen_by(self.witness))
    }

    /// The caller that was made with the stack.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Fineract's base URL, as it was given.
    #[must_use]
    pub fn fineract_url(&self) -> &str {
        &self.fineract_url
    }

    /// The emulated AWS services; [`Aws::url`] is their `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn aws(&self) -> &Aws {
        &self.aws
    }

    /// What the template says about itself: `TableName`, `CallersTableName`, `QueueUrl`, `DeadLetterQueueUrl`, …
    #[must_use]
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// The number of the emulator's process.
    #[must_use]
    pub fn emulator_pid(&self) -> u32 {
        self.emulator.pid()
    }

    /// The end of the emulator's own log.
    #[must_use]
    pub fn emulator_log(&self) -> String {
        self.emulator.log()
    }

    /// Writes a caller to the table. Functions that read the table before learn of a new token within 10 s.
    ///
    /// # Errors
    /// If the table refuses.
    pub async fn add_caller(&self, caller: &Caller) -> Result<(), Error> {
        self.put_item("CallersTableName", &caller.item()).await
    }

    /// The row of an operation, in DynamoDB's JSON, read consistently. `id` is the bare UUID.
    ///
    /// # Errors
    /// If the table refuses.
    pub async fn row(&self, id: &str) -> Result<Option<Value>, Error> {
        let request = json!({
            "TableName": self.outputs.get("TableName")?,
            "Key": { "id": { "S": id } },
            "ConsistentRead": true,
        });
        let mut answer = self.aws.json("DynamoDB_20120810.GetItem", &request).await?;
        Ok(answer.get_mut("Item").map(Value::take))
    }

    /// Writes a row, given in DynamoDB's JSON, over what stands there.
    ///
    /// # Errors
    /// If the table refuses.
    pub async fn put_row(&self, item: &Value) -> Result<(), Error> {
        self.put_item("TableName", item).await
    }

    /// How many messages a queue holds: `QueueUrl` or `DeadLetterQueueUrl`; visible, in flight and delayed together.
    ///
    /// # Errors
    /// If the queue refuses.
    pub async fn messages(&self, queue_output: &str) -> Result<u64, Error> {
        let request = json!({ "QueueUrl": self.outputs.get(queue_output)?, "AttributeNames": ["All"] });
        let answer = self.aws.json("AmazonSQS.GetQueueAttributes", &request).await?;
        let counts = ["", "NotVisible", "Delayed"].map(|kind| {
            let count = answer["Attributes"][format!("ApproximateNumberOfMessages{kind}")].as_str();
            count.and_then(|count| count.parse::<u64>().ok()).unwrap_or_default()
        });
        Ok(counts.iter().sum())
    }

    /// Invokes a function with an event, through Lambda.
    ///
    /// # Errors
    /// If the function fails.
    pub async fn invoke(&self, function: Function, event: &Value) -> Result<Value, Error> {
        self.aws.invoke(self.outputs.get(function.output())?, event).await
    }

    /// Runs the sweep now, as its schedule would.
    ///
    /// # Errors
    /// If the sweep fails.
    pub async fn sweep(&self) -> Result<Value, Error> {
        self.invoke(Function::Sweep, &json!({})).await
    }

    /// What a function wrote to its log, the lines of the platform included.
    ///
    /// # Errors
    /// If the log group refuses.
    pub async fn log(&self, function: Function) -> Result<Vec<String>, Error> {
        let request = json!({ "logGroupName": format!("/aws/lambda/{STACK_NAME}-{}", function.name()) });
        let mut lines = Vec::new();
        let mut next: Option<Value> = None;
        loop {
            let mut request = request.clone();
            if let Some(token) = next {
                request["nextToken"] = token;
            }
            let answer = self.aws.json("Logs_20140328.FilterLogEvents", &request).await?;
            let events = answer["events"].as_array().map(Vec::as_slice).unwrap_or_default();
            lines.extend(
                events
                    .iter()
                    .filter_map(|event| Some(event["message"].as_str()?.to_owned())),
            );
            match answer.get("nextToken") {
                Some(token) if !events.is_empty() => next = Some(token.clone()),
                Some(_) | None => return Ok(lines),
            }
        }
    }

    /// The numbers of a function's running processes, for a test that kills them. Linux only.
    ///
    /// # Errors
    /// If the system does not show its processes.
    pub fn processes(&self, function: Function) -> Result<Vec<u32>, Error> {
        // The emulator runs each archive from a folder that has its port and the archive's hash in its name.
        let folder = format!("-{}/{}/bootstrap", self.emulator.port(), self.code[&function]);
        let entries = fs::read_dir("/proc").map_err(Error::io("/proc cannot be read"))?;
        let numbers = entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        Ok(numbers.filter(|number| runs(*number, &folder)).collect())
    }

    async fn put_item(&self, table_output: &str, item: &Value) -> Result<(), Error> {
        let request = json!({ "TableName": self.outputs.get(table_output)?, "Item": item });
        self.aws.json("DynamoDB_20120810.PutItem", &request).await.map(drop)
    }
}

/// How long a caller that was added may be unknown to a function that has read the table already.
pub const CALLER_KNOWN_WITHIN: Duration = Duration::from_secs(10);

fn runs(number: u32, program: &str) -> bool {
    let line = fs::read(Path::new("/proc").join(number.to_string()).join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).contains(program)
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}
