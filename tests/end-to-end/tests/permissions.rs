//! Least privilege: what each role allows is needed. The emulator enforces the roles' policies; each permission is taken
//! away, and the step that then fails is named.

mod course;

use std::collections::BTreeSet;
use std::time::Duration;

use local::policy::RolePolicy;
use serde_json::{Value, json};
use template::Template;
use template::permissions::{Permission, pairs, permissions};

use course::{Course, function_of};

/// What works is done by then, also on a busy machine.
const WORKS_WITHIN: Duration = Duration::from_secs(60);
/// What is not done by then, and whose function was refused, is not done without the permission.
const FAILS_AFTER: Duration = Duration::from_secs(3);

/// How often a step that fails without a refusal is gone through.
const TRIES: usize = 3;

/// A step that needs a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// An operation gets its 202.
    Accepted,
    /// So it does from a process that has just started.
    AcceptedFresh,
    /// An operation of which nothing was sent is cancelled.
    Cancelled,
    /// What stands behind a cancelled operation goes on at once.
    WokenByCancel,
    /// A caller is told about its operation.
    Told,
    /// So it is by a process that has just started.
    ToldFresh,
    /// A caller is told that its operation waits behind another one.
    ToldBehind,
    /// A caller is told of all its operations on a client.
    ToldAll,
    /// An operation is carried out.
    CarriedOut,
    /// So it is by a process that has just started.
    CarriedOutFresh,
    /// An operation whose answer was lost is tried again after the wait of its pace.
    TriedAgain,
    /// Two operations on one subject, of which the first waits, are carried out.
    InLine,
    /// A second repayment under one UTR is refused after a look at the history of the loan.
    PaidOnce,
    /// A message that nobody can read goes to the dead letters.
    Buried,
    /// An overdue operation is sent again.
    Swept,
    /// So it is beside a row that cannot be read.
    SweptBesideUnreadable,
    /// The rows of a page are read together.
    SweptTogether,
}

/// What each role allows, and the step that fails without it.
const NEEDED: &[(&str, &str, &str, Step)] = &[
    ("OperateRole", "dynamodb:PutItem", "OperationsTable", Step::Accepted),
    ("OperateRole", "dynamodb:UpdateItem", "OperationsTable", Step::Cancelled),
    ("OperateRole", "dynamodb:GetItem", "OperationsTable", Step::Cancelled),
    ("OperateRole", "dynamodb:Scan", "CallersTable", Step::AcceptedFresh),
    ("OperateRole", "sqs:SendMessage", "Queue", Step::Accepted),
    (
        "OperateRole",
        "sqs:ChangeMessageVisibility",
        "Queue",
        Step::WokenByCancel,
    ),
    ("StatusRole", "dynamodb:GetItem", "OperationsTable", Step::Told),
    (
        "StatusRole",
        "dynamodb:BatchGetItem",
        "OperationsTable",
        Step::ToldBehind,
    ),
    (
        "StatusRole",
        "dynamodb:Query",
        "OperationsTable/index/open",
        Step::ToldBehind,
    ),
    (
        "StatusRole",
        "dynamodb:Query",
        "OperationsTable/index/history",
        Step::ToldAll,
    ),
    ("StatusRole", "dynamodb:Scan", "CallersTable", Step::ToldFresh),
    ("WorkerRole", "dynamodb:GetItem", "OperationsTable", Step::InLine),
    ("WorkerRole", "dynamodb:BatchGetItem", "OperationsTable", Step::InLine),
    ("WorkerRole", "dynamodb:UpdateItem", "OperationsTable", Step::CarriedOut),
    (
        "WorkerRole",
        "dynamodb:Query",
        "OperationsTable/index/open",
        Step::CarriedOut,
    ),
    (
        "WorkerRole",
        "dynamodb:Query",
        "OperationsTable/index/history",
        Step::PaidOnce,
    ),
    ("WorkerRole", "sqs:ChangeMessageVisibility", "Queue", Step::TriedAgain),
    ("WorkerRole", "sqs:SendMessage", "DeadLetterQueue", Step::Buried),
    (
        "WorkerRole",
        "secretsmanager:GetSecretValue",
        "FineractSecret",
        Step::CarriedOutFresh,
    ),
    (
        "SweepRole",
        "dynamodb:GetItem",
        "OperationsTable",
        Step::SweptBesideUnreadable,
    ),
    (
        "SweepRole",
        "dynamodb:BatchGetItem",
        "OperationsTable",
        Step::SweptTogether,
    ),
    ("SweepRole", "dynamodb:UpdateItem", "OperationsTable", Step::Swept),
    ("SweepRole", "dynamodb:Query", "OperationsTable/index/open", Step::Swept),
    ("SweepRole", "sqs:SendMessage", "Queue", Step::Swept),
];

/// What AWS itself does in a role's name, which the emulator does without asking: Lambda writes the log and polls the
/// queue (it creates no event source without these), the scheduler starts the sweep.
const BY_AWS: &[(&str, &[&str], &str)] = &[
    (
        "OperateRole",
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        "OperateLogGroup",
    ),
    (
        "StatusRole",
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        "StatusLogGroup",
    ),
    (
        "WorkerRole",
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        "WorkerLogGroup",
    ),
    (
        "SweepRole",
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        "SweepLogGroup",
    ),
    (
        "WorkerRole",
        &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        "Queue",
    ),
    ("SweepScheduleRole", &["lambda:InvokeFunction"], "SweepFunction"),
];

fn permission(role: &str, action: &str, resource: &str) -> Permission {
    Permission {
        role: role.to_owned(),
        action: action.to_owned(),
        resource: resource.to_owned(),
    }
}

fn allowed() -> Vec<Permission> {
    permissions(&Template::of_this_repository().unwrap().resolved(&[]))
}

#[test]
fn each_permission_has_a_step_that_needs_it() {
    let needed = NEEDED
        .iter()
        .map(|(role, action, resource, _)| permission(role, action, resource));
    let by_aws = BY_AWS.iter().flat_map(|(role, actions, resource)| {
        let actions = actions.iter();
        actions.map(move |action| permission(role, action, resource))
    });
    let mut needed: Vec<_> = needed.chain(by_aws).collect();
    let mut allowed = allowed();
    needed.sort();
    allowed.sort();
    assert_eq!(allowed, needed);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_permission_its_step_fails() {
    let mut course = Course::start().await;
    let steps: BTreeSet<_> = NEEDED.iter().map(|(.., step)| *step).collect();
    for step in steps {
        assert!(
            course.works(step, WORKS_WITHIN).await,
            "{step:?} works with everything that the roles allow"
        );
    }
    for (role, action, resource, step) in NEEDED {
        let permission = permission(role, action, resource);
        let policy = RolePolicy::of(&course.bench.stack, role).await.unwrap();
        let refusals = course.refusals(role).await;
        policy.replace(&without(&policy.document, &permission)).await.unwrap();
        let (mut works, mut refused) = (false, false);
        // A process that was killed may take a request with it: that is no refusal, and the step is gone through again. The lost
        // one may come back then, and meet the fault that was meant for this one: it is refused, and this one works.
        for _ in 0..TRIES {
            works = course.works(*step, FAILS_AFTER).await;
            refused = course.refused(role, refusals).await;
            if works != refused {
                break;
            }
        }
        policy.replace(&policy.document).await.unwrap();
        // The next step meets a process that remembers nothing of this one.
        course.bench.kill(function_of(role)).await;
        assert!(
            !works && refused,
            "{step:?} without {permission:?}: works {works}, refused {refused}"
        );
    }
}

/// The policy of a role without one permission. What the running role allows stands in the order of the template.
fn without(document: &Value, permission: &Permission) -> Value {
    let of_template: Vec<_> = allowed()
        .into_iter()
        .filter(|allowed| allowed.role == permission.role)
        .collect();
    let running = pairs(document["Statement"].as_array().unwrap().iter());
    assert_eq!(running.len(), of_template.len());
    let others = running
        .into_iter()
        .zip(of_template)
        .filter(|(_, other)| other != permission);
    let statements: Vec<_> = others
        .map(|((action, resource), _)| json!({"Effect": "Allow", "Action": action, "Resource": resource}))
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}
