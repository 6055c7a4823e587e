//! What must hold of the template, whatever its parameters.

use serde_json::Value;

use crate::document::{Resolved, referred};
use crate::permissions::{each, statements};

const FUNCTION: &str = "AWS::Serverless::Function";
const QUEUE: &str = "AWS::SQS::Queue";
const TABLE: &str = "AWS::DynamoDB::Table";
const LOG_GROUP: &str = "AWS::Logs::LogGroup";
const ALARM: &str = "AWS::CloudWatch::Alarm";
const ROLE: &str = "AWS::IAM::Role";

/// SQS wants a message hidden for so many times the longest run of its function.
const VISIBILITY_PER_TIMEOUT: u64 = 6;
/// API Gateway gives up on a function after 30 seconds.
const API_TIMEOUT_MAX_S: u64 = 29;
/// What a message's deliveries may count up to before it is given up: outages last for days.
const RECEIVES_MIN: u64 = 100;
/// Lambda asks for these on all resources when it places a function in a network.
const ON_ALL_RESOURCES: &str = "ec2:";

/// What must hold.
pub struct Rule {
    /// The rule as a sentence.
    pub name: &'static str,
    /// Names every place where it does not hold.
    pub broken: fn(&Resolved) -> Vec<String>,
}

/// Every rule.
pub const RULES: &[Rule] = &[
    rule(
        "a message stays hidden for six of its function's longest runs",
        visibility,
    ),
    rule(
        "what no delivery can finish goes to a queue of dead letters that keeps it as long",
        redrive,
    ),
    rule("the queue keeps the order of each subject", fifo),
    rule(
        "the queue's function answers for each message, gets one a run, and its runs are capped",
        event_source,
    ),
    rule(
        "what is stored is encrypted, with the operator's key where there is one",
        encryption,
    ),
    rule("tables can be set back to any second", recovery),
    rule("tables are not deleted by mistake, nor with the stack", deletion),
    rule("finished operations expire", expiry),
    rule(
        "every alarm has a target, a sentence, and knows what no data means",
        alarms,
    ),
    rule("what must ring an alarm does", watched),
    rule("no role allows a wildcard", wildcards),
    rule("each function has a role of its own that nobody else assumes", roles),
    rule(
        "every log is kept for a set time, and each function writes to such a one",
        logs,
    ),
    rule("the API is throttled and logs neither addresses nor paths", api),
    rule(
        "only the API may invoke the functions behind it, each on its route",
        invocation,
    ),
    rule(
        "every function has a time limit, those behind the API a shorter one than it",
        timeouts,
    ),
    rule("credentials are in the secret and nowhere else", credentials),
];

const fn rule(name: &'static str, broken: fn(&Resolved) -> Vec<String>) -> Rule {
    Rule { name, broken }
}

/// The names for which something does not hold.
fn unless<'a>(items: impl Iterator<Item = (&'a str, &'a Value)>, holds: impl Fn(&str, &Value) -> bool) -> Vec<String> {
    let items = items.filter(|(name, properties)| !holds(name, properties));
    items.map(|(name, _)| name.to_owned()).collect()
}

/// A whole number, also one that a text has.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The event sources that are queues: the function's name, the function, and the event.
fn queue_events(template: &Resolved) -> impl Iterator<Item = (&str, &Value, &Value)> {
    template.of_type(FUNCTION).flat_map(|(name, function)| {
        let events = function["Events"].as_object().into_iter().flatten();
        let events = events.filter(|(_, event)| event["Type"] == "SQS");
        events.map(move |(_, event)| (name, function, &event["Properties"]))
    })
}

fn queue<'a>(template: &'a Resolved, reference: &Value) -> &'a Value {
    &template.resource(referred(reference).unwrap_or_default())["Properties"]
}

fn visibility(template: &Resolved) -> Vec<String> {
    let events = queue_events(template).map(|(name, function, event)| {
        let hidden = number(&queue(template, &event["Queue"])["VisibilityTimeout"]);
        let longest = number(&function["Timeout"]);
        (name, hidden.zip(longest))
    });
    let short = events.filter(|(_, times)| !times.is_some_and(|(hidden, run)| hidden >= VISIBILITY_PER_TIMEOUT * run));
    short.map(|(name, _)| name.to_owned()).collect()
}

fn redrive(template: &Resolved) -> Vec<String> {
    let consumed = queue_events(template).filter_map(|(_, _, event)| referred(&event["Queue"]));
    let lost = consumed.filter(|name| {
        let from = &template.resource(name)["Properties"];
        let policy = &from["RedrivePolicy"];
        let to = queue(template, &policy["deadLetterTargetArn"]);
        let kept = |queue: &Value| number(&queue["MessageRetentionPeriod"]);
        let as_long = kept(from).zip(kept(to)).is_some_and(|(from, to)| to >= from);
        let patient = number(&policy["maxReceiveCount"]).is_some_and(|count| count >= RECEIVES_MIN);
        !(as_long && patient)
    });
    lost.map(str::to_owned).collect()
}

fn fifo(template: &Resolved) -> Vec<String> {
    unless(template.of_type(QUEUE), |_, queue| {
        queue["FifoQueue"] == true
            && queue["DeduplicationScope"] == "messageGroup"
            && queue["FifoThroughputLimit"] == "perMessageGroupId"
    })
}

fn event_source(template: &Resolved) -> Vec<String> {
    let events: Vec<_> = queue_events(template).collect();
    if events.is_empty() {
        return vec!["no function takes messages".to_owned()];
    }
    let wrong = events.into_iter().filter(|(_, _, event)| {
        !(event["FunctionResponseTypes"][0] == "ReportBatchItemFailures"
            && event["BatchSize"] == 1
            && number(&event["ScalingConfig"]["MaximumConcurrency"]).is_some())
    });
    wrong.map(|(name, ..)| name.to_owned()).collect()
}

/// Each store, and its own key in it, if there is one; `true` where AWS keeps one.
fn stores(template: &Resolved) -> impl Iterator<Item = (&str, bool, &Value)> {
    template.resources().filter_map(|(name, resource)| {
        let properties = &resource["Properties"];
        let (encrypted, key) = match resource["Type"].as_str()? {
            TABLE => {
                let how = &properties["SSESpecification"];
                (how["SSEEnabled"] == true, &how["KMSMasterKeyId"])
            }
            QUEUE => (
                properties["SqsManagedSseEnabled"] == true,
                &properties["KmsMasterKeyId"],
            ),
            // Both are always encrypted.
            "AWS::SecretsManager::Secret" | LOG_GROUP => (true, &properties["KmsKeyId"]),
            // It has no more to say than that an alarm rings; AWS's own key would keep CloudWatch out.
            "AWS::SNS::Topic" => (true, &properties["KmsMasterKeyId"]),
            _ => return None,
        };
        Some((name.as_str(), encrypted, key))
    })
}

fn encryption(template: &Resolved) -> Vec<String> {
    let own_key = stores(template).any(|(_, _, key)| !key.is_null());
    let open = stores(template).filter(|(_, encrypted, key)| {
        let keyed = !key.is_null();
        keyed != own_key || !(*encrypted || keyed)
    });
    open.map(|(name, ..)| name.to_owned()).collect()
}

fn recovery(template: &Resolved) -> Vec<String> {
    unless(template.of_type(TABLE), |_, table| {
        table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == true
    })
}

fn deletion(template: &Resolved) -> Vec<String> {
    unless(template.of_type(TABLE), |name, table| {
        let resource = template.resource(name);
        table["DeletionProtectionEnabled"] == true
            && resource["DeletionPolicy"] == "Retain"
            && resource["UpdateReplacePolicy"] == "Retain"
    })
}

fn expiry(template: &Resolved) -> Vec<String> {
    let operations = template.of_type(TABLE).filter(|(name, _)| *name == "OperationsTable");
    unless(operations, |_, table| {
        let expiry = &table["TimeToLiveSpecification"];
        expiry["Enabled"] == true && expiry["AttributeName"] == "expires_at"
    })
}

fn alarms(template: &Resolved) -> Vec<String> {
    unless(template.of_type(ALARM), |_, alarm| {
        let has_target = |actions: &str| alarm[actions].as_array().is_some_and(|targets| !targets.is_empty());
        has_target("AlarmActions")
            && has_target("OKActions")
            && alarm["ActionsEnabled"] != false
            && alarm["AlarmDescription"].is_string()
            && alarm["TreatMissingData"].is_string()
    })
}

/// The metrics of AWS's own that an alarm looks at: namespace, metric, and what it is of.
fn looked_at(template: &Resolved) -> Vec<(&str, &str, &str)> {
    let alarms = template.of_type(ALARM).map(|(_, alarm)| alarm);
    let named = alarms.flat_map(|alarm| {
        each(&alarm["Dimensions"]).filter_map(move |dimension| {
            let (namespace, name) = (alarm["Namespace"].as_str()?, alarm["MetricName"].as_str()?);
            Some((namespace, name, referred(&dimension["Value"])?))
        })
    });
    named.collect()
}

fn watched(template: &Resolved) -> Vec<String> {
    let functions = template.of_type(FUNCTION).map(|(name, _)| name);
    let of_functions = functions.flat_map(|name| ["Errors", "Throttles"].map(|metric| ("AWS/Lambda", metric, name)));
    let must = of_functions.chain([
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Queue"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "DeadLetterQueue"),
        ("AWS/ApiGateway", "5xx", "Api"),
    ]);
    let watched = looked_at(template);
    let missing = must.filter(|metric| !watched.contains(metric));
    missing.map(|metric| format!("{metric:?}")).collect()
}

fn wildcards(template: &Resolved) -> Vec<String> {
    unless(template.of_type(ROLE), |_, role| {
        let has = |value: &Value| value.to_string().contains('*');
        role["ManagedPolicyArns"].is_null()
            && statements(role).all(|statement| {
                let on_all = each(&statement["Action"]).all(|action| {
                    action
                        .as_str()
                        .is_some_and(|action| action.starts_with(ON_ALL_RESOURCES))
                });
                let named = statement["NotAction"].is_null() && statement["NotResource"].is_null();
                named
                    && !has(&statement["Action"])
                    && (statement["Effect"] == "Deny" || on_all || !has(&statement["Resource"]))
            })
    })
}

fn roles(template: &Resolved) -> Vec<String> {
    let roles: Vec<_> = template
        .of_type(FUNCTION)
        .filter_map(|(_, function)| referred(&function["Role"]))
        .collect();
    unless(template.of_type(FUNCTION), |_, function| {
        let Some(role) = referred(&function["Role"]) else {
            return false;
        };
        let trust = &template.resource(role)["Properties"]["AssumeRolePolicyDocument"]["Statement"];
        let by_lambda = each(trust).all(|statement| statement["Principal"]["Service"] == "lambda.amazonaws.com");
        by_lambda && roles.iter().filter(|other| **other == role).count() == 1
    })
}

fn logs(template: &Resolved) -> Vec<String> {
    let for_ever = unless(template.of_type(LOG_GROUP), |_, group| {
        number(&group["RetentionInDays"]).is_some()
    });
    let elsewhere = unless(template.of_type(FUNCTION), |_, function| {
        let group = referred(&function["LoggingConfig"]["LogGroup"]).unwrap_or_default();
        template.resource(group)["Type"] == LOG_GROUP
    });
    for_ever.into_iter().chain(elsewhere).collect()
}

fn api(template: &Resolved) -> Vec<String> {
    unless(template.of_type("AWS::ApiGatewayV2::Stage"), |_, stage| {
        let limits = &stage["DefaultRouteSettings"];
        let log = &stage["AccessLogSettings"];
        let format = log["Format"].as_str().unwrap_or_default();
        number(&limits["ThrottlingRateLimit"]).is_some()
            && number(&limits["ThrottlingBurstLimit"]).is_some()
            && referred(&log["DestinationArn"]).is_some()
            && !format.is_empty()
            && !["identity", "path", "requestOverride"]
                .iter()
                .any(|word| format.contains(word))
    })
}

fn invocation(template: &Resolved) -> Vec<String> {
    unless(template.of_type("AWS::Lambda::Permission"), |_, permission| {
        let source = permission["SourceArn"]["Fn::Sub"].as_str().unwrap_or_default();
        permission["Principal"] == "apigateway.amazonaws.com"
            && permission["Action"] == "lambda:InvokeFunction"
            && source.contains(":${Api}/*/")
            && source.contains("/fineract/")
    })
}

fn timeouts(template: &Resolved) -> Vec<String> {
    let behind_the_api: Vec<_> = template
        .of_type("AWS::ApiGatewayV2::Integration")
        .filter_map(|(_, integration)| referred(&integration["IntegrationUri"]))
        .collect();
    unless(template.of_type(FUNCTION), |name, function| {
        number(&function["Timeout"])
            .is_some_and(|seconds| seconds <= API_TIMEOUT_MAX_S || !behind_the_api.contains(&name))
    })
}

fn credentials(template: &Resolved) -> Vec<String> {
    let told = |value: &Value| value.to_string().contains("FineractCredentials");
    let resources = template.resources().map(|(name, resource)| (name.as_str(), resource));
    unless(resources, |_, resource| {
        !told(resource) || resource["Type"] == "AWS::SecretsManager::Secret"
    })
}
