//! Playing one scenario.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use fineract_simulator::{
    Action, Ending, Fault, Match, Numbered, Request, Response, Running, Simulator, Started, Times,
};
use recordings::Comparison;
use time::{
    Date, Duration, OffsetDateTime,
    macros::{date, datetime, format_description},
};

use crate::{
    deeds::{self, Deed, Seen},
    foundation::{self, Users, continue_numbers, continue_top_up, provide_loan, take_numbers},
    outside::{self, Outside},
    race::{THREAD, end_race, groups, put_last_writer_last},
    recording::{Got, Recording, Sent, Step, kept},
    request::{PASSWORD, request},
    rule,
    tally::Tally,
};

/// One scenario at play.
struct Play<'a> {
    recording: &'a Recording,
    simulator: Simulator,
    minutes: Arc<AtomicI64>,
    /// Whether the server gives external ids to what has none.
    own_ids: bool,
    /// Whether it asks for an address of each new client.
    addresses: bool,
    comparison: Comparison,
    outside: Outside,
    blocked: Vec<(usize, Running)>,
    tally: Tally,
}

/// Replays are numbered from here on, since no answer tells their numbers.
const FIRST_REPLAY: u64 = 1_000_000;
/// From this scenario on, the servers were recorded on another day.
const RECORDED_LATER: &str = "23";

/// A moment of the day on which a scenario was recorded.
fn recorded_at(scenario: &str) -> OffsetDateTime {
    if scenario < RECORDED_LATER {
        datetime!(2026-11-21 07:00 UTC)
    } else {
        datetime!(2026-12-01 01:00 UTC)
    }
}

/// Plays a scenario against a fresh simulator whose clock stands where the recording was made. `users` are those of the
/// recorded server.
///
/// `before` was recorded on the same server and made commands that this scenario lists, so it is played first.
pub(crate) fn play(recording: &Recording, before: Option<&Recording>, users: &Users) -> Tally {
    let recorded_at = recorded_at(&recording.name);
    let minutes = Arc::new(AtomicI64::new(0));
    let ahead = Arc::clone(&minutes);
    let clock = Arc::new(move || recorded_at + Duration::minutes(ahead.load(Ordering::Relaxed)));
    let simulator = Simulator::with_clock(recording.release, clock);
    simulator.number_from(Numbered::Replay, FIRST_REPLAY);
    for (name, permissions) in users {
        simulator.set_user(name, PASSWORD, permissions.clone());
    }
    let both: Vec<&Recording> = before.into_iter().chain([recording]).collect();
    let mut play = Play {
        recording,
        simulator,
        minutes,
        own_ids: false,
        addresses: false,
        comparison: Comparison::of(both.iter().flat_map(|recording| recording.answers_to_commands())),
        outside: Outside::default(),
        blocked: Vec::new(),
        tally: Tally::default(),
    };
    play.comparison.replays_from(FIRST_REPLAY);
    if both.iter().any(|recording| foundation::has_further_offices(recording)) {
        play.outside.forget_offices();
    }
    for played in both {
        play.recording = played;
        play.tally = Tally::default();
        for group in groups(played) {
            play.group(&group);
        }
    }
    play.tally
}

impl Play<'_> {
    /// Plays steps that were sent at once: first what was carried out, then the others.
    fn group(&mut self, group: &[usize]) {
        let steps = &self.recording.steps;
        let together = steps[group[0]].name.contains(THREAD);
        let carried_out = |index: &&usize| steps[**index].response.as_ref().is_some_and(Got::is_carried_out);
        let first: Vec<usize> = group.iter().filter(carried_out).copied().collect();
        let others = group.iter().filter(|index| !first.contains(index)).copied();
        let mut order: Vec<usize> = first.iter().copied().chain(others).collect();
        if !together {
            self.step(group[0]);
            return;
        }
        put_last_writer_last(steps, &mut order[..first.len()], group);
        // All of them had arrived when the first of them was carried out.
        let mut begun = Vec::new();
        for index in order {
            let sent = steps[index].request.as_ref().unwrap();
            if let Some(reason) = self.reason(index, sent) {
                *self.tally.skipped.entry(reason).or_default() += 1;
                self.outside.skip(sent, steps[index].response.as_ref());
            } else if let Some(got) = &steps[index].response {
                let request = request(sent, &self.comparison);
                let lost = got
                    .lost_the_key()
                    .then(|| self.simulator.lose_key_race(&request).unwrap());
                let started = lost.map_or_else(|| self.simulator.begin(&request), Started::Answered);
                begun.push((index, request, started));
            } else {
                *self.tally.skipped.entry("no answer was recorded").or_default() += 1;
            }
        }
        for (index, request, started) in begun {
            let (sent, got) = (
                steps[index].request.as_ref().unwrap(),
                steps[index].response.as_ref().unwrap(),
            );
            continue_numbers(&self.simulator, sent, got);
            self.outside.learn(got);
            let answer = end_race(&self.simulator, &request, started, got);
            self.compare(index, sent, got, &answer);
        }
    }

    fn step(&mut self, index: usize) {
        let step = &self.recording.steps[index];
        let Some(sent) = &step.request else {
            self.tally.observations += 1;
            self.observe(step);
            return;
        };
        let deed = deeds::of(self.recording.release, &self.recording.name, step);
        let got = step.response.as_ref();
        if deed == Some(Deed::NeverArrives) || self.is_overtaken(index) {
            *self
                .tally
                .skipped
                .entry("requests that arrived too late or never")
                .or_default() += 1;
            return;
        }
        if let Some(reason) = self.reason(index, sent) {
            *self.tally.skipped.entry(reason).or_default() += 1;
            self.set(sent);
            // A repetition that was answered from the cache changed nothing.
            let cached = got.is_some_and(|got| got.headers.contains_key("x-served-from-cache"));
            if !cached && !self.follows(index, sent, got) {
                self.outside.skip(sent, got);
            }
            return;
        }
        if deeds::after_the_job(step) {
            self.simulator.run_job(None);
        }
        if let Some(got) = got {
            self.tally.provided += usize::from(provide_loan(&self.simulator, self.recording, index, &self.comparison));
            self.check_foundation(step, sent, got);
            self.provide_command(index, sent, got);
            continue_numbers(&self.simulator, sent, got);
            continue_top_up(&self.simulator, self.recording, sent, got);
            self.outside.learn(got);
        }
        if got.is_none() {
            let same = |step: &&Step| step.request.as_ref() == Some(sent);
            let told = self.recording.steps[index..]
                .iter()
                .filter(same)
                .find_map(|step| step.response.as_ref());
            if let Some(told) = told.filter(|told| told.status == 200) {
                take_numbers(&self.simulator, sent, told);
            }
        }
        let request = request(sent, &self.comparison);
        let Some(answer) = self.answer(index, &request, deed.as_ref()) else {
            return;
        };
        let Some(got) = got else {
            // The caller was gone, so nobody saw the answer.
            *self.tally.skipped.entry("no answer was recorded").or_default() += 1;
            return;
        };
        self.compare(index, sent, got, &answer);
    }

    /// Whether this request has no answer because its repetition arrived before it.
    fn is_overtaken(&self, index: usize) -> bool {
        let steps = &self.recording.steps;
        let same = |step: &&Step| step.request == steps[index].request;
        let carried_out = |step: &Step| step.response.as_ref().is_some_and(Got::is_carried_out);
        let keyed = steps[index].request.as_ref().is_some_and(|sent| sent.key().is_some());
        keyed && steps[index].response.is_none() && steps[index + 1..].iter().filter(same).any(carried_out)
    }

    fn compare(&mut self, index: usize, sent: &Sent, got: &Got, answer: &Response) {
        let step = &self.recording.steps[index];
        let differences = self.comparison.compare(&sent.method, got, &kept(answer));
        self.tally.compared += 1;
        if !differences.is_empty() {
            let id = format!("{}/{}#{index}", self.recording.release, self.recording.name);
            let told = differences.into_iter().map(|text| format!("[{}] {text}", step.name));
            self.tally.different.insert(id, told.collect());
        }
    }

    /// `18` replays keys whose first answers it did not record: they were 500 though the command was applied. Lets such a
    /// command end so.
    fn provide_command(&self, index: usize, sent: &Sent, got: &Got) {
        let steps = &self.recording.steps;
        let key = sent.key();
        let same_key = |step: &&Step| step.request.as_ref().is_some_and(|sent| sent.key() == key);
        let first = key.is_some() && !steps[..index].iter().any(|step| same_key(&step));
        let alone = !steps[index + 1..].iter().any(|step| same_key(&step));
        if !first || !alone || got.status != 200 || !got.headers.contains_key("x-served-from-cache") {
            return;
        }
        self.simulator
            .number_from(Numbered::Client, got.body["clientId"].as_u64().unwrap());
        let Started::Running(running) = self.simulator.begin(&request(sent, &self.comparison)) else {
            return;
        };
        let answer = self.simulator.finish_with(running, &Ending::AppliedThen500);
        assert_eq!(answer.map(|answer| answer.status), Some(500));
    }

    /// Why a step is not played.
    fn reason(&self, index: usize, sent: &Sent) -> Option<&'static str> {
        if let Some(reason) = rule::skipped(sent) {
            return Some(reason);
        }
        if self.own_ids && sent.method == "POST" && sent.body.get("externalId").is_none() {
            return Some("external ids that the server gives");
        }
        if self.addresses && sent.method == "POST" && sent.path == "/v1/clients" {
            return Some("clients whose addresses the server asks for");
        }
        if self.outside.holds(sent) {
            return Some("what stands on steps that are not played");
        }
        let got = self.recording.steps[index].response.as_ref()?;
        if sent.path.starts_with("/v1/audits") && self.outside.is_told(&got.body) {
            return Some("what stands on steps that are not played");
        }
        // Others only stand on what was done to clients.
        if got.status != 200 && sent.path.starts_with("/v1/clients/") && sent.path.contains("command=") {
            return Some("commands that the gateway never sends");
        }
        let history = self.comparison.is_history(&sent.path, got.status);
        history.then_some("commands from before the recording")
    }

    /// What an operator sets on the server, by requests that are not simulated.
    fn set(&mut self, sent: &Sent) {
        let day = |text: &str| Date::parse(text, format_description!("[year]-[month]-[day]")).unwrap();
        match (sent.method.as_str(), sent.path.as_str()) {
            ("POST", "/v1/businessdate") => {
                let days = day(sent.body["date"].as_str().unwrap()) - date!(2026 - 11 - 21);
                self.minutes.store(days.whole_minutes(), Ordering::Relaxed);
            }
            ("PUT", "/v1/configurations/44") if sent.body["enabled"] == false => {
                self.minutes.store(0, Ordering::Relaxed);
            }
            ("PUT", "/v1/configurations/31") => self.addresses = sent.body["enabled"] == true,
            ("PUT", "/v1/configurations/50") => self.own_ids = sent.body["enabled"] == true,
            ("PUT", "/v1/workingdays") => {
                let days = sent.body["recurrence"].as_str().unwrap_or_default();
                self.simulator.rest_on_sundays(!days.contains("SU"));
            }
            _ => {}
        }
    }

    /// Carries out what is not compared, so that the next steps stand on it; whether the simulator could.
    fn follows(&mut self, index: usize, sent: &Sent, got: Option<&Got>) -> bool {
        let Some(got) = got.filter(|got| got.status == 200 && sent.method != "GET" && !self.outside.holds(sent)) else {
            return false;
        };
        self.tally.provided += usize::from(provide_loan(&self.simulator, self.recording, index, &self.comparison));
        continue_numbers(&self.simulator, sent, got);
        let before = self.simulator.effects().len();
        let answer = self.simulator.answer(&request(sent, &self.comparison));
        let applied = self.simulator.effects().len() > before;
        answer.status == got.status && applied
    }

    /// A step that names what nobody made cannot be right if it was answered well.
    fn check_foundation(&self, step: &Step, sent: &Sent, got: &Got) {
        let Some(name) = outside::named(&sent.path).filter(|name| name.contains("external-id")) else {
            return;
        };
        let cached = got.headers.contains_key("x-served-from-cache");
        if got.status != 200 || cached {
            return;
        }
        let parts = name.split('/').count();
        let path: Vec<&str> = sent
            .path
            .split('?')
            .next()
            .unwrap()
            .split('/')
            .take(parts + 2)
            .collect();
        let path = path.join("/");
        let found = self
            .simulator
            .answer(&request(&Sent::read(&path), &self.comparison))
            .status
            == 200;
        assert!(
            found || self.tally.different.keys().any(|id| id.contains(&self.recording.name)),
            "{}/{} is spoiled: [{}] stands on a step that did not succeed",
            self.recording.release,
            self.recording.name,
            step.name
        );
    }

    /// The simulator's answer, under what the harness did; `None` if it is not there yet.
    fn answer(&mut self, index: usize, request: &Request, deed: Option<&Deed>) -> Option<Response> {
        match deed {
            Some(Deed::End(ending)) => {
                let Started::Running(running) = self.simulator.begin(request) else {
                    panic!("{} should run", self.recording.steps[index].name);
                };
                return self.simulator.finish_with(running, ending).or(None);
            }
            Some(Deed::Block | Deed::BlockAhead) => {
                // A step ahead of the one before it was begun there.
                if let Some(position) = self.blocked.iter().position(|(blocked, _)| *blocked == index) {
                    let (_, running) = self.blocked.remove(position);
                    return Some(self.simulator.finish(running));
                }
                if let Started::Running(running) = self.simulator.begin(request) {
                    self.blocked.push((index, running));
                }
                *self.tally.skipped.entry("no answer was recorded").or_default() += 1;
                return None;
            }
            Some(Deed::Release) => {
                for (_, running) in self.blocked.drain(..) {
                    self.simulator.finish(running);
                }
            }
            Some(Deed::WithoutDatabase) => {
                let fault = Fault {
                    on: Match::any(),
                    action: Action::DatabaseDown(std::time::Duration::from_secs(20)),
                    times: Times::Once,
                };
                self.simulator.faults().add(fault);
                return self.simulator.exchange(request).response().cloned();
            }
            Some(Deed::Zone(minutes)) => {
                // The tenant's zone is 330 minutes ahead of UTC; the clock is moved instead.
                self.minutes.store(minutes - 330, Ordering::Relaxed);
                let answer = self.simulator.answer(request);
                self.minutes.store(0, Ordering::Relaxed);
                return Some(answer);
            }
            Some(Deed::LoanHeld) => {
                let loan = self.named_loan(index);
                self.simulator.hold_loan(loan, true);
                let answer = self.simulator.answer(request);
                self.simulator.hold_loan(loan, false);
                return Some(answer);
            }
            Some(Deed::NeverArrives) | None => {}
        }
        self.begin_ahead(index);
        Some(self.simulator.answer(request))
    }

    /// Begins the step after this one, if it was sent before.
    fn begin_ahead(&mut self, index: usize) {
        let Some(next) = self.recording.steps.get(index + 1) else {
            return;
        };
        let deed = deeds::of(self.recording.release, &self.recording.name, next);
        if deed != Some(Deed::BlockAhead) {
            return;
        }
        let request = request(next.request.as_ref().unwrap(), &self.comparison);
        if let Started::Running(running) = self.simulator.begin(&request) {
            self.blocked.push((index + 1, running));
        }
    }

    fn named_loan(&self, index: usize) -> u64 {
        let sent = self.recording.steps[index].request.as_ref().unwrap();
        let name = outside::named(&sent.path).unwrap();
        match name.split_once("/external-id/") {
            Some((_, id)) => self.simulator.loan_number(id).unwrap(),
            None => name.strip_prefix("loans/").unwrap().parse().unwrap(),
        }
    }

    /// Does to the simulator what was seen of the server.
    fn observe(&self, step: &Step) {
        match deeds::seen(step) {
            Some(Seen::JobRuns(job)) => self.simulator.run_job(Some(&job)),
            Some(Seen::LoanHeld(loan)) => self.simulator.hold_loan(loan, true),
            Some(Seen::NoLoanHeld) => self.simulator.hold_every_loan(false),
            Some(Seen::Purged) => self.simulator.purge_commands(),
            None => {}
        }
    }
}
