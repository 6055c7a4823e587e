//! The template holds to its rules, and each rule notices when it does not.

#![allow(clippy::unwrap_used, reason = "all of this is a test")]

use serde_json::{Value, json};
use template::Template;
use template::rules::RULES;

/// A place below `Resources`, and what is put there; nothing if it is taken away.
type Change = (&'static str, Option<Value>);

/// The stack with everything that its operator may choose: own key, network, topic.
fn choices() -> [Vec<(&'static str, Value)>; 3] {
    let key = ("KmsKeyArn", json!("arn:aws:kms:eu-west-1:123456789012:key/1"));
    let network = [
        ("SubnetIds", json!("subnet-1,subnet-2")),
        ("SecurityGroupIds", json!("sg-1")),
    ];
    let topic = ("AlarmTopicArn", json!("arn:aws:sns:eu-west-1:123456789012:duty"));
    let mail = ("AlarmEmail", json!("duty@bank.example"));
    let [subnets, groups] = network;
    // It stays to be seen where it goes.
    let credentials = ("FineractCredentials", json!({"Ref": "FineractCredentials"}));
    let choices = [vec![], vec![mail, key.clone()], vec![key, subnets, groups, topic]];
    choices.map(|choice| [choice, vec![credentials.clone()]].concat())
}

/// Every rule that the template breaks, with the places.
fn broken(template: &Template) -> Vec<(&'static str, Vec<String>)> {
    let choices = choices();
    let resolved = choices.iter().map(|values| template.resolved(values));
    let faults = resolved.flat_map(|template| RULES.iter().map(move |rule| (rule.name, (rule.broken)(&template))));
    faults.filter(|(_, places)| !places.is_empty()).collect()
}

/// Sets what a pointer names, or takes it away if there is no value for it.
fn change(template: &mut Template, pointer: &str, value: Option<Value>) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = template.document().pointer_mut(parent);
    let parent = parent.unwrap_or_else(|| panic!("there is no {pointer}"));
    match (parent, value) {
        (Value::Object(members), Some(value)) => drop(members.insert(last.to_owned(), value)),
        (Value::Object(members), None) => drop(members.remove(last).unwrap()),
        (Value::Array(items), Some(value)) => items[last.parse::<usize>().unwrap()] = value,
        (Value::Array(items), None) => drop(items.remove(last.parse().unwrap())),
        _ => panic!("{pointer} is below nothing"),
    }
}

#[test]
fn the_template_holds_to_every_rule() {
    assert_eq!(broken(&Template::of_this_repository().unwrap()), []);
}

/// The beginning of each rule, and what breaks it.
fn breaks() -> Vec<(&'static str, Vec<Change>)> {
    let gone = || None;
    vec![
        (
            "a message stays hidden",
            vec![
                ("Queue/Properties/VisibilityTimeout", Some(json!(269))),
                ("Queue/Properties/VisibilityTimeout", gone()),
                ("WorkerFunction/Properties/Timeout", Some(json!(46))),
            ],
        ),
        (
            "what no delivery can finish",
            vec![
                ("Queue/Properties/RedrivePolicy", gone()),
                ("Queue/Properties/RedrivePolicy/maxReceiveCount", Some(json!(3))),
                ("DeadLetterQueue/Properties/MessageRetentionPeriod", Some(json!(86400))),
                ("DeadLetterQueue/Properties/MessageRetentionPeriod", gone()),
            ],
        ),
        (
            "the queue keeps the order",
            vec![
                ("Queue/Properties/FifoQueue", gone()),
                ("Queue/Properties/DeduplicationScope", Some(json!("queue"))),
                ("Queue/Properties/FifoThroughputLimit", gone()),
            ],
        ),
        (
            "the queue's function answers for each",
            vec![
                (
                    "WorkerFunction/Properties/Events/Operations/Properties/FunctionResponseTypes",
                    gone(),
                ),
                (
                    "WorkerFunction/Properties/Events/Operations/Properties/BatchSize",
                    Some(json!(10)),
                ),
                (
                    "WorkerFunction/Properties/Events/Operations/Properties/ScalingConfig",
                    gone(),
                ),
                ("WorkerFunction/Properties/Events/Operations", gone()),
            ],
        ),
        (
            "what is stored is encrypted",
            vec![
                ("OperationsTable/Properties/SSESpecification", gone()),
                ("CallersTable/Properties/SSESpecification/KMSMasterKeyId", gone()),
                ("Queue/Properties/SqsManagedSseEnabled", gone()),
                ("DeadLetterQueue/Properties/KmsMasterKeyId", gone()),
                ("FineractSecret/Properties/KmsKeyId", gone()),
                ("WorkerLogGroup/Properties/KmsKeyId", gone()),
                ("AlarmTopic/Properties/KmsMasterKeyId", gone()),
            ],
        ),
        (
            "tables can be set back",
            vec![
                ("OperationsTable/Properties/PointInTimeRecoverySpecification", gone()),
                (
                    "CallersTable/Properties/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled",
                    Some(json!(false)),
                ),
            ],
        ),
        (
            "tables are not deleted",
            vec![
                (
                    "OperationsTable/Properties/DeletionProtectionEnabled",
                    Some(json!(false)),
                ),
                ("CallersTable/Properties/DeletionProtectionEnabled", gone()),
                ("OperationsTable/DeletionPolicy", Some(json!("Delete"))),
                ("CallersTable/UpdateReplacePolicy", gone()),
            ],
        ),
        (
            "finished operations expire",
            vec![
                ("OperationsTable/Properties/TimeToLiveSpecification", gone()),
                (
                    "OperationsTable/Properties/TimeToLiveSpecification/AttributeName",
                    Some(json!("expires")),
                ),
            ],
        ),
        (
            "every alarm has a target",
            vec![
                ("DeadLettersAlarm/Properties/AlarmActions", gone()),
                ("DeadLettersAlarm/Properties/AlarmActions", Some(json!([]))),
                ("ServerErrorsAlarm/Properties/OKActions", gone()),
                ("WorkerThrottlesAlarm/Properties/ActionsEnabled", Some(json!(false))),
                ("OldestMessageAlarm/Properties/AlarmDescription", gone()),
                ("OldestMessageAlarm/Properties/TreatMissingData", gone()),
            ],
        ),
        (
            "what must ring an alarm",
            vec![
                ("OldestMessageAlarm", gone()),
                (
                    "DeadLettersAlarm/Properties/MetricName",
                    Some(json!("NumberOfMessagesSent")),
                ),
                ("DeadLettersAlarm/Properties/Dimensions", gone()),
                ("OperateErrorsAlarm/Properties/Namespace", Some(json!("AWS/SQS"))),
                ("SweepThrottlesAlarm", gone()),
                ("ServerErrorsAlarm/Properties/MetricName", Some(json!("5XXError"))),
            ],
        ),
        (
            "no role allows a wildcard",
            vec![
                (
                    "OperateRole/Properties/Policies/0/PolicyDocument/Statement/0/Action",
                    Some(json!(["dynamodb:*"])),
                ),
                (
                    "StatusRole/Properties/Policies/0/PolicyDocument/Statement/0/Resource",
                    Some(json!("*")),
                ),
                (
                    "SweepRole/Properties/Policies/0/PolicyDocument/Statement/1/Resource",
                    Some(json!({"Fn::Sub": "${OperationsTable.Arn}/index/*"})),
                ),
                (
                    "WorkerRole/Properties/Policies/0/PolicyDocument/Statement/0/NotResource",
                    Some(json!("arn:aws:dynamodb:::table/other")),
                ),
                (
                    "WorkerRole/Properties/Policies/1/Fn::If/1/PolicyDocument/Statement/0/Action/0",
                    Some(json!("ec2:*")),
                ),
                (
                    "SweepRole/Properties/ManagedPolicyArns",
                    Some(json!(["arn:aws:iam::aws:policy/AdministratorAccess"])),
                ),
            ],
        ),
        (
            "each function has a role of its own",
            vec![
                (
                    "StatusFunction/Properties/Role",
                    Some(json!({"Fn::GetAtt": ["OperateRole", "Arn"]})),
                ),
                ("SweepFunction/Properties/Role", gone()),
                (
                    "WorkerRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal",
                    Some(json!({"AWS": "*"})),
                ),
            ],
        ),
        (
            "every log is kept",
            vec![
                ("SweepLogGroup/Properties/RetentionInDays", gone()),
                ("ApiLogGroup/Properties/RetentionInDays", gone()),
                ("WorkerFunction/Properties/LoggingConfig", gone()),
            ],
        ),
        (
            "the API is throttled",
            vec![
                ("ApiStage/Properties/DefaultRouteSettings", gone()),
                ("ApiStage/Properties/DefaultRouteSettings/ThrottlingBurstLimit", gone()),
                ("ApiStage/Properties/AccessLogSettings", gone()),
                (
                    "ApiStage/Properties/AccessLogSettings/Format",
                    Some(json!("$context.requestId $context.identity.sourceIp")),
                ),
                (
                    "ApiStage/Properties/AccessLogSettings/Format",
                    Some(json!("$context.requestId $context.path")),
                ),
            ],
        ),
        (
            "only the API may invoke",
            vec![
                ("OperatePermission/Properties/SourceArn", gone()),
                ("TrackPermission/Properties/Principal", Some(json!("*"))),
            ],
        ),
        (
            "every function has a time limit",
            vec![
                ("OperateFunction/Properties/Timeout", Some(json!(30))),
                ("SweepFunction/Properties/Timeout", gone()),
            ],
        ),
        (
            "credentials are in the secret",
            vec![(
                "WorkerFunction/Properties/Environment/Variables/FINERACT_CREDENTIALS",
                Some(json!({"Ref": "FineractCredentials"})),
            )],
        ),
    ]
}

#[test]
fn each_rule_notices_what_breaks_it_and_no_other_does() {
    let breaks = breaks();
    for rule in RULES {
        let count = breaks.iter().filter(|(name, _)| rule.name.starts_with(name)).count();
        assert_eq!(count, 1, "what breaks \"{}\"?", rule.name);
    }
    for (rule, changes) in breaks {
        for (place, value) in changes {
            let mut template = Template::of_this_repository().unwrap();
            change(&mut template, &format!("/Resources/{place}"), value.clone());
            let broken = broken(&template);
            assert!(
                !broken.is_empty() && broken.iter().all(|(name, _)| name.starts_with(rule)),
                "{place} = {value:?} breaks {broken:?}"
            );
        }
    }
}

#[test]
fn the_credentials_are_not_shown_and_have_no_default_but_the_empty_one() {
    let template = Template::of_this_repository().unwrap();
    let credentials = template.parameters().find(|(name, _)| *name == "FineractCredentials");
    let (_, declared) = credentials.unwrap();
    assert_eq!(
        (&declared["NoEcho"], &declared["Default"]),
        (&json!(true), &json!(r#"{"username":"","password":""}"#))
    );
    for (name, declared) in template.parameters() {
        assert!(declared["Description"].is_string(), "{name} has no description");
    }
}
