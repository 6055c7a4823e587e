//! Fineract over a network that loses, delays and doubles, and which itself fails, hangs and restarts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fineract_simulator::{Action, Ending, Match, Response, Started, Times};
use gateway::fineract::{Exchange, Fineract, Loss, Method, Request};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::Ports;
use crate::bank::{answer_of, sent, sent_as};
use crate::world::World;
use crate::world::fate::Blow;
use crate::world::faults::Fault;
use crate::world::sabotage::Sabotage;

const PAGE: &str = "<html><body><h1>Something is wrong here</h1></body></html>";
const STATEMENT_CANCELLED: &str = "Query execution was interrupted, maximum statement execution time exceeded";
const NO_CONNECTION: &str = "Unable to acquire JDBC Connection";

type Sender = oneshot::Sender<Response>;

#[async_trait]
impl Fineract for Ports {
    async fn exchange(&self, request: Request) -> Exchange {
        let Some(sabotage) = self.world.sabotage else {
            return self.once(request).await;
        };
        let request = sabotage.sent(request);
        let exchange = self.once(request.clone()).await;
        let spent = matches!(&exchange, Exchange::Answer(answer) if answer.from_cache && answer.status >= 400 && answer.status != 425);
        if sabotage == Sabotage::UseKeyBeforeStoringIt && spent {
            let key = request
                .key
                .as_ref()
                .map(|key| format!("{key:.40}~{}", self.world.next_run()));
            return self.once(Request { key, ..request }).await;
        }
        match exchange {
            Exchange::Answer(answer)
                if sabotage == Sabotage::RememberClients
                    && answer.status == 200
                    && request.method == Method::Get
                    && request.path.as_str().contains("/clients/external-id/") =>
            {
                Exchange::Answer(self.world.first_answer(request.path.as_str(), answer))
            }
            exchange => sabotage.rewritten(&request, exchange, &self.eyes),
        }
    }

    async fn username(&self) -> Option<String> {
        Some("mifos".to_owned())
    }
}

impl Ports {
    async fn once(&self, request: Request) -> Exchange {
        let blow = self.fate.before().await;
        let world = &self.world;
        let changes = request.method != Method::Get;
        let (line, key, patience) = (line(&request), request.key.clone(), request.timeout);
        let fault = match blow {
            Some(Blow::FailBefore) => Some(Fault::LostRequest),
            Some(Blow::FailAfter) => Some(Fault::LostAnswer),
            Some(Blow::Twice) => Some(Fault::RequestArrivesTwice),
            Some(Blow::KillBefore | Blow::KillAfter | Blow::PauseBefore(_) | Blow::PauseAfter(_)) | None => {
                world.fault_of_exchange(changes)
            }
        };
        let exchange = match fault {
            Some(Fault::ConnectionRefused | Fault::FineractAway | Fault::FineractRestarts) => Exchange::NotSent,
            _ => {
                let (sender, receiver) = oneshot::channel();
                tokio::spawn(serve(Arc::clone(world), request, fault, sender));
                match timeout(patience, receiver).await {
                    Ok(Ok(response)) => Exchange::Answer(answer_of(response)),
                    Ok(Err(_)) => Exchange::Lost(Loss::CutOff),
                    Err(_) => Exchange::Lost(Loss::TimedOut),
                }
            }
        };
        if changes {
            world.tally.answer(&exchange);
        }
        self.line(|| {
            let what = match &exchange {
                Exchange::NotSent => "nothing was sent".to_owned(),
                Exchange::Lost(loss) => format!("lost ({loss:?})"),
                Exchange::Answer(answer) => {
                    let stored = if answer.from_cache { ", stored" } else { "" };
                    let body: String = String::from_utf8_lossy(&answer.body).chars().take(300).collect();
                    format!("{}{stored} {}", answer.status, if changes { body.as_str() } else { "" })
                }
            };
            let fault = fault.map(|fault| format!(" · {fault:?}")).unwrap_or_default();
            let key = key.map(|key| format!(" key {key}")).unwrap_or_default();
            format!("Fineract: {line}{key}{fault} → {what}")
        });
        self.fate.after(blow).await;
        exchange
    }
}

fn line(request: &Request) -> String {
    let path = request.path.as_str();
    format!("{:?} {path}", request.method)
        .to_uppercase()
        .replace(&path.to_uppercase(), path)
}

/// What happens on the way and in Fineract, whether or not anybody still waits for the answer.
async fn serve(world: Arc<World>, request: Request, fault: Option<Fault>, sender: Sender) {
    let dice = &world.dice;
    sleep(dice.millis(5, 150)).await;
    let asked = sent(&request);
    let by_fault = |action: Action| {
        let fault = fineract_simulator::Fault {
            on: Match::any(),
            action,
            times: Times::Once,
        };
        let handle = world.simulator.faults().add(fault);
        let exchanged = world.simulator.exchange(&asked);
        handle.remove();
        exchanged.response().cloned()
    };
    let spends = |ending: Ending| {
        if let Some(key) = &request.key {
            world.journal.spend(key);
        }
        End::With(ending)
    };
    let end = match fault {
        Some(Fault::LostRequest) => {
            if dice.falls(500) {
                // Nothing closes the connection; whoever waits gives up.
                sleep(request.timeout).await;
            }
            return;
        }
        Some(Fault::LostAnswer) => End::Unheard,
        Some(Fault::SlowBeyondTimeout) => {
            sleep(request.timeout + dice.seconds(0, 20)).await;
            End::Unheard
        }
        Some(Fault::RequestArrivesLate) => {
            sleep(dice.seconds(30, 8 * 60)).await;
            End::Unheard
        }
        Some(Fault::RequestHangsAndApplies) => End::Hanging(dice.seconds(30, 9 * 60)),
        Some(Fault::KeyStuckApplied) => End::With(Ending::Stuck { applied: true }),
        Some(Fault::KeyStuckNotApplied) => End::With(Ending::Stuck { applied: false }),
        Some(Fault::AppliedThen500) => End::With(Ending::AppliedThen500),
        Some(Fault::ConnectionKilled) => spends(Ending::ConnectionKilled),
        Some(Fault::StatementCancelled) => spends(Ending::StatementCancelled(STATEMENT_CANCELLED.to_owned())),
        Some(Fault::NoConnection) => End::With(Ending::NoConnection(NO_CONNECTION.to_owned())),
        Some(Fault::Conflict) => spends(Ending::Conflict),
        Some(Fault::RacedDuplicate) => spends(Ending::RacedDuplicate),
        Some(Fault::Deadlock) => spends(Ending::Deadlock),
        Some(Fault::RequestArrivesTwice) => {
            let (twin, again) = (Arc::clone(&world), request.clone());
            let after = dice.millis(0, 3_000);
            let last = tokio::spawn(async move {
                sleep(after).await;
                let response = carry_out(&twin, &sent(&again), End::Heard).await;
                twin.weather.noticed(twin.clock.age());
                response
            });
            // A proxy repeats what was not answered well, and passes on what it heard last.
            let first = carry_out(&world, &asked, End::Heard).await;
            let passed_on = match first.filter(|response| response.status == 200) {
                None => last.await.ok().flatten(),
                first => first,
            };
            return passed_on.map_or((), |response| reply(sender, response));
        }
        Some(Fault::KeyRace) => match world
            .simulator
            .lose_key_race(&asked)
            .filter(|_| world.is_running(&request))
        {
            Some(response) => return reply(sender, response),
            None => End::Heard,
        },
        Some(Fault::ProxyFailure) => return reply(sender, page(*dice.pick(&[502, 503, 504]))),
        Some(Fault::ProxyRefusal) => return reply(sender, page(*dice.pick(&[400, 403, 404, 429]))),
        Some(Fault::AnswerAboutAnother) => return reply(sender, about_another()),
        Some(Fault::ReadOnly) => return reply(sender, page(405)),
        Some(Fault::DatabaseDown) => {
            let took = dice.seconds(0, 10);
            sleep(took).await;
            return by_fault(Action::DatabaseDown(took)).map_or((), |response| reply(sender, response));
        }
        Some(Fault::LoansLocked) => {
            return by_fault(Action::LoanLocked(None)).map_or((), |response| reply(sender, response));
        }
        Some(Fault::JobRunning) => {
            let job = Action::JobRunning("Apply Annual Fee For Savings".to_owned());
            return by_fault(job).map_or((), |response| reply(sender, response));
        }
        Some(Fault::WrongPassword) => {
            return by_fault(Action::PasswordExpired).map_or((), |response| reply(sender, response));
        }
        Some(Fault::WrongTenant) => return reply(sender, world.simulator.answer(&sent_as(&request, None, "nowhere"))),
        Some(Fault::NotAuthorized) => {
            let asked = sent_as(&request, Some(World::POWERLESS), "default");
            return reply(sender, world.simulator.answer(&asked));
        }
        _ => End::Heard,
    };
    let heard = matches!(end, End::Heard | End::With(_));
    if let Some(response) = carry_out(&world, &asked, end).await
        && heard
    {
        reply(sender, response);
    }
    if fault.is_some() {
        world.weather.noticed(world.clock.age());
    }
}

/// How a request that reaches Fineract goes on.
enum End {
    /// It is answered.
    Heard,
    /// It is carried out, and nobody hears of it.
    Unheard,
    /// It is carried out after so long, and nobody hears of it.
    Hanging(Duration),
    /// It ends otherwise.
    With(Ending),
}

async fn carry_out(world: &World, request: &fineract_simulator::Request, end: End) -> Option<Response> {
    let mut started = world.simulator.begin(request);
    for wait in [1, 2] {
        if matches!(started, Started::Busy(_)) {
            sleep(Duration::from_secs(wait)).await;
            started = world.simulator.look_again(request);
        }
    }
    let running = match started {
        Started::Answered(response) | Started::Busy(response) => return Some(response),
        Started::Running(running) => running,
    };
    let server = world.server();
    world.run_begins(request);
    let work = match end {
        End::Hanging(span) => span,
        End::Heard | End::Unheard | End::With(_) => world.dice.millis(10, 900),
    };
    sleep(work).await;
    world.run_ends(request);
    if world.server() != server {
        // The server that ran it is gone; what it left is a key that stays busy.
        return None;
    }
    match end {
        End::With(ending) => world.simulator.finish_with(running, &ending),
        End::Heard | End::Unheard | End::Hanging(_) => Some(world.simulator.finish(running)),
    }
}

fn reply(sender: Sender, response: Response) {
    // Nobody may be waiting any more.
    sender.send(response).ok();
}

fn page(status: u16) -> Response {
    Response {
        status,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: PAGE.as_bytes().to_vec(),
    }
}

fn about_another() -> Response {
    let body = json!({"officeId": 1, "clientId": 990_001, "loanId": 990_002, "resourceId": 990_002,
        "resourceExternalId": "SOMEBODY-ELSE"});
    Response::json(200, &body)
}
