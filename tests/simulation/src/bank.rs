//! The simulator behind the gateway's port to Fineract.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use fineract_simulator::{Outcome, Response, Simulator};
use gateway::fineract::{Answer, Exchange, Fineract, Loss, Method, Request};

/// `mifos:password`, as HTTP has it.
const CREDENTIALS: &str = "Basic bWlmb3M6cGFzc3dvcmQ=";
const BASE: &str = "/fineract-provider/api";

/// A simulated Fineract that is asked without a socket, and remembers what it was asked to do.
pub struct SimulatedFineract {
    /// The simulator.
    pub simulator: Simulator,
    commands: Mutex<Vec<Request>>,
}

impl SimulatedFineract {
    /// Puts the simulator behind the port.
    pub fn new(simulator: Simulator) -> Self {
        Self {
            simulator,
            commands: Mutex::default(),
        }
    }

    /// The mutating requests since the last time, in their order.
    pub fn take_commands(&self) -> Vec<Request> {
        std::mem::take(&mut self.commands.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One exchange by hand: no fault strikes it.
    pub fn answer(&self, request: &Request) -> Answer {
        answer_of(self.simulator.answer(&sent(request)))
    }
}

/// The request as the gateway's adapter would make it.
pub(crate) fn sent(request: &Request) -> fineract_simulator::Request {
    sent_as(request, None, "default")
}

/// The same with other `Authorization`, or to another tenant.
pub(crate) fn sent_as(request: &Request, credentials: Option<&str>, tenant: &str) -> fineract_simulator::Request {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    };
    let mut sent = fineract_simulator::Request::new(method, format!("{BASE}{}", request.path.as_str()))
        .with_header("Authorization", credentials.unwrap_or(CREDENTIALS))
        .with_header("Fineract-Platform-TenantId", tenant);
    if let Some(key) = &request.key {
        sent = sent
            .with_header("Idempotency-Key", key.as_str())
            .with_header("Content-Type", "application/json");
    }
    match &request.body {
        Some(body) => sent.with_body(body.to_string()),
        None => sent,
    }
}

pub(crate) fn answer_of(response: Response) -> Answer {
    let from_cache = response.header("x-served-from-cache") == Some("true");
    Answer {
        status: response.status,
        from_cache,
        body: response.body,
    }
}

#[async_trait]
impl Fineract for SimulatedFineract {
    async fn exchange(&self, request: Request) -> Exchange {
        let exchanged = self.simulator.exchange(&sent(&request));
        if request.method != Method::Get {
            self.commands
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(request);
        }
        match exchanged.outcome {
            Outcome::Answered(response) => Exchange::Answer(answer_of(response)),
            Outcome::LostBeforeEffect | Outcome::LostAfterEffect => Exchange::Lost(Loss::TimedOut),
        }
    }

    async fn username(&self) -> Option<String> {
        Some("mifos".to_owned())
    }
}
