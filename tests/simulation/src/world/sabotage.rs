//! Guarantees broken on purpose, one at a time, where the gateway meets its ports: what the engine would do, or be told, if
//! a rule were not there. A judge that does not notice is worth nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gateway::failure::Failure;
use gateway::fineract::{Answer, Exchange, Method, Request};
use gateway::ledger::{Claim, Settlement};
use gateway::pace::{KEY_TRIES, Reason};
use gateway::row::Row;
use gateway::tracking::State;
use gateway::values::decimal_of;
use serde_json::{Value, json};

use super::clock::WorldClock;

/// Digits after the point of the simulated currency.
const CURRENCY_DECIMALS: u32 = 2;

/// A broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sabotage {
    /// A claim is won whoever holds the lease.
    IgnoreTheLease,
    /// A settle is written whoever owns the row, and even after its end.
    SettleWithoutOwner,
    /// After a lost answer the next key is used.
    NewKeyAfterTimeout,
    /// A lost answer is a failure.
    TimeoutMeansFailed,
    /// A refusal under a later key is believed without a read-back.
    BelieveDuplicateAcrossKeys,
    /// After a spent key another is used that nobody wrote down.
    UseKeyBeforeStoringIt,
    /// Messages of one subject have no group.
    NoGroup,
    /// What Fineract shows after a request is not looked at.
    NoReadBack,
    /// The 202 is given before the message is stored.
    AcceptBeforeSend,
    /// A row of unknown fate stays where its caller was told that nothing will be done.
    NoTakeBack,
    /// A success is believed whoever it is about.
    BelieveSuccessOfAnother,
    /// A proxy's "not found" is taken for Fineract's.
    BelieveForeignNotFound,
    /// A held command is sent again instead of being followed.
    ReplayPending,
    /// "Too early" is taken for a rejection.
    BusyMeansRejected,
    /// Nothing is ever sent again.
    NoSweep,
    /// The sweep sends every overdue row, whatever goes first.
    SweepWithoutOrder,
    /// A message wakes its own operation only.
    ClaimOwnRow,
    /// Clocks decide the order.
    OldestByClock,
    /// "Nothing was sent" clears an earlier doubt.
    ClearDoubt,
    /// An open row expires.
    ExpireOpenRows,
    /// What fails while Fineract is away counts as a try.
    CountTriesInOutage,
    /// "Not found" after a doubt is a refusal at once.
    BelieveDenial,
    /// What was taken out of the checkers' inbox is a refusal at once.
    BelieveRemoval,
    /// A key's time begins anew with each try.
    RestartKeyTime,
    /// Of the rows that could be read, the sweep takes the first.
    SweepWhatIsRead,
    /// A wrong configuration counts as a try.
    CountWrongConfiguration,
    /// A client is looked up once and never again.
    RememberClients,
    /// The number of what is about to be undone is not stored.
    ForgetTarget,
    /// What Fineract shows is compared with what was sent, and not with what it makes of that.
    CompareRawValues,
    /// After a success without ids nothing is read back.
    GiveUpWithoutIds,
    /// What an update does not name is left out of it.
    DropATerm,
}

impl Sabotage {
    /// Every broken rule.
    pub const ALL: [Self; 31] = [
        Self::IgnoreTheLease,
        Self::SettleWithoutOwner,
        Self::NewKeyAfterTimeout,
        Self::TimeoutMeansFailed,
        Self::BelieveDuplicateAcrossKeys,
        Self::UseKeyBeforeStoringIt,
        Self::NoGroup,
        Self::NoReadBack,
        Self::AcceptBeforeSend,
        Self::NoTakeBack,
        Self::BelieveSuccessOfAnother,
        Self::BelieveForeignNotFound,
        Self::ReplayPending,
        Self::BusyMeansRejected,
        Self::NoSweep,
        Self::SweepWithoutOrder,
        Self::ClaimOwnRow,
        Self::OldestByClock,
        Self::ClearDoubt,
        Self::ExpireOpenRows,
        Self::CountTriesInOutage,
        Self::BelieveDenial,
        Self::BelieveRemoval,
        Self::RestartKeyTime,
        Self::SweepWhatIsRead,
        Self::CountWrongConfiguration,
        Self::RememberClients,
        Self::ForgetTarget,
        Self::CompareRawValues,
        Self::GiveUpWithoutIds,
        Self::DropATerm,
    ];

    /// A row as the engine is shown it.
    pub(super) fn shown(self, mut row: Row) -> Row {
        match self {
            Self::IgnoreTheLease if row.state == State::Running => row.next_attempt_at = Some(row.accepted_at),
            Self::OldestByClock => row.queue_seq = Some(format!("{:020}", row.accepted_at.micros())),
            _ => {}
        }
        row
    }

    /// A claim as it is made.
    pub(super) fn claim(self, claim: &mut Claim) {
        if self == Self::IgnoreTheLease {
            claim.now = claim.now.after(claim.lease);
            claim.lease = Duration::ZERO;
        }
    }

    /// A settlement as it is written.
    pub(super) fn settlement(self, settlement: &mut Settlement, clock: WorldClock) {
        let now = gateway::clock::Clock::now(&clock);
        let lost = settlement.reason == Some(Reason::AnswerLost);
        let away = settlement.reason == Some(Reason::FineractUnreachable);
        let word = settlement
            .history
            .last()
            .map(|entry| entry.verdict.clone())
            .unwrap_or_default();
        match self {
            Self::NewKeyAfterTimeout if lost => next_key(settlement),
            Self::TimeoutMeansFailed if lost => fail(settlement, clock),
            Self::BelieveDenial if word == "denied" => fail(settlement, clock),
            Self::BelieveRemoval if word == "denied" && settlement.command_id.is_some() => {
                fail(settlement, clock);
                let code = "gateway.removed-by-checker";
                settlement.failure = Some(Failure::gateway(409, code, "It was given up."));
            }
            Self::RestartKeyTime => settlement.key_first_sent_at = settlement.key_first_sent_at.map(|_| now),
            Self::ReplayPending if settlement.state == State::PendingApproval => {
                settlement.state = State::Waiting;
                settlement.command_id = None;
            }
            Self::ClearDoubt if away => settlement.maybe_sent = false,
            Self::ExpireOpenRows if settlement.state.is_open() => settlement.expires_at = Some(now.seconds() + 60),
            Self::CountTriesInOutage if away => count(settlement, clock),
            Self::CountWrongConfiguration if settlement.reason == Some(Reason::Misconfigured) => {
                count(settlement, clock)
            }
            _ => {}
        }
    }

    /// A request as it goes out.
    pub(super) fn sent(self, mut request: Request) -> Request {
        if self == Self::DropATerm
            && request.method == Method::Put
            && let Some(Value::Object(body)) = &mut request.body
        {
            body.retain(|member, _| !member.starts_with("graceOn"));
        }
        request
    }

    /// What came of a request; it may become something else.
    pub(super) fn rewritten(self, request: &Request, exchange: Exchange, eyes: &Eyes) -> Exchange {
        let command = request.method != Method::Get;
        if self == Self::CompareRawValues && is_changed(request) {
            eyes.close();
        }
        let Exchange::Answer(answer) = exchange else {
            if command && self == Self::NoReadBack {
                eyes.close();
            }
            return exchange;
        };
        let late_key = request.key.as_ref().is_some_and(|key| key.contains('.'));
        match self {
            Self::NoReadBack if command => eyes.close(),
            Self::BelieveDuplicateAcrossKeys if command && late_key => eyes.close(),
            Self::GiveUpWithoutIds if command && is_nameless(&answer) => eyes.close(),
            _ => {}
        }
        let lists = request.path.as_str().contains("/audits");
        match self {
            Self::BelieveSuccessOfAnother if command => Exchange::Answer(about_us(request, answer)),
            Self::BelieveForeignNotFound if answer.status == 404 && answer.json().is_none() => not_found(),
            Self::BusyMeansRejected if answer.status == 425 => refused(),
            Self::ReplayPending if lists => Exchange::Answer(Answer {
                body: json!({"pageItems": []}).to_string().into_bytes(),
                ..answer
            }),
            _ if !command && eyes.are_closed() && !lists => not_found(),
            _ => Exchange::Answer(answer),
        }
    }
}

/// Whether a run still looks at what Fineract shows.
#[derive(Debug, Default)]
pub(super) struct Eyes(AtomicBool);

impl Eyes {
    fn close(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn are_closed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether Fineract stores something else than this request sends: nothing of it is then found as it was sent.
fn is_changed(request: &Request) -> bool {
    let body = request.body.as_ref().filter(|_| request.method == Method::Post);
    let member = |name: &str| body?.get(name).cloned();
    let blanks = |name: &&str| member(name).is_some_and(|name| name.as_str().is_some_and(|name| name != name.trim()));
    let digits = |name: &&str| {
        let amount = member(name).as_ref().and_then(decimal_of);
        amount.is_some_and(|amount| amount.normalize().scale() > CURRENCY_DECIMALS)
    };
    ["firstname", "lastname"].iter().any(blanks) || ["principal", "transactionAmount"].iter().any(digits)
}

fn next_key(settlement: &mut Settlement) {
    settlement.key_epoch += 1;
    settlement.key_first_sent_at = None;
}

fn fail(settlement: &mut Settlement, clock: WorldClock) {
    let now = gateway::clock::Clock::now(&clock);
    settlement.state = State::Failed;
    settlement.failure = Some(Failure::gateway(504, "gateway.sabotaged", "It was given up."));
    settlement.next_attempt_at = None;
    settlement.reason = None;
    settlement.processed_at = Some(now);
}

fn count(settlement: &mut Settlement, clock: WorldClock) {
    settlement.keys_spent += 1;
    if settlement.keys_spent >= KEY_TRIES {
        fail(settlement, clock);
    }
}

fn answer(status: u16, body: &Value) -> Exchange {
    Exchange::Answer(Answer {
        status,
        from_cache: false,
        body: body.to_string().into_bytes(),
    })
}

fn not_found() -> Exchange {
    let code = "error.msg.loan.id.invalid";
    answer(
        404,
        &json!({"userMessageGlobalisationCode": "error.msg.resource.not.found",
        "errors": [{"userMessageGlobalisationCode": code}]}),
    )
}

fn refused() -> Exchange {
    let code = "error.msg.rejected";
    answer(
        403,
        &json!({"userMessageGlobalisationCode": "validation.msg.domain.rule.violation",
        "errors": [{"userMessageGlobalisationCode": code}]}),
    )
}

/// Whether it is a success that names nothing by its external id.
fn is_nameless(answer: &Answer) -> bool {
    let named = |body: &Value| body.get("resourceExternalId").is_some();
    answer.status == 200 && answer.json().is_some_and(|body| !named(&body))
}

/// The same success, as if it were about what was asked for.
fn about_us(request: &Request, answer: Answer) -> Answer {
    let Some(mut body) = answer
        .json()
        .filter(|body| body["resourceExternalId"] == "SOMEBODY-ELSE")
    else {
        return answer;
    };
    let path = request.path.as_str();
    let last = path
        .split('?')
        .next()
        .and_then(|path| path.rsplit('/').next())
        .unwrap_or_default();
    let made = request.body.as_ref().and_then(|body| body.get("externalId")).cloned();
    if path.contains("command=disburse") {
        body["subResourceExternalId"] = made.clone().unwrap_or_default();
    }
    let names = if path.contains("external-id") {
        Some(last.into())
    } else {
        made
    };
    body["resourceExternalId"] = names.unwrap_or_default();
    if let Ok(number) = last.parse::<u64>() {
        body["loanId"] = number.into();
    }
    Answer {
        body: body.to_string().into_bytes(),
        ..answer
    }
}
