//! Playing a scenario against a server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use recordings::Answer;
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::fresh::Fresh;
use crate::scenario::{Group, Part, Scenario, Step, When};
use crate::server::{Login, Server};
use crate::values::{Scope, fill, look_up, member};

/// The members of an answer that are numbers of what was made.
const CAPTURES: [&str; 5] = ["clientId", "loanId", "resourceId", "subResourceId", "commandId"];
/// What names a value of the environment, which is no part of the recording.
const SECRET: &str = "secret";
/// A key that is not sent.
const NO_KEY: &str = "none";

/// Plays scenarios against a server.
pub struct Player<'a> {
    server: &'a Server,
    tag: String,
    secrets: BTreeMap<String, String>,
}

/// What was played: the steps of a recording.
#[derive(Debug)]
pub struct Played {
    /// The steps, as a recording has them.
    pub steps: Vec<Value>,
}

/// One scenario at play.
struct Play<'a> {
    player: &'a Player<'a>,
    fresh: Fresh,
    values: Map<String, Value>,
    keys: BTreeMap<String, String>,
    steps: Vec<Value>,
}

impl Scope for Play<'_> {
    fn named(&self, name: &str) -> Option<Value> {
        match name {
            "tag" => Some(self.player.tag.as_str().into()),
            SECRET => Some(json!(self.player.secrets)),
            name => self.values.get(name).cloned(),
        }
    }
}

impl<'a> Player<'a> {
    /// Plays against this server. Fresh ids follow from the tag; `secrets` are the values of `${secret.…}`.
    pub fn new(server: &'a Server, tag: &str, secrets: BTreeMap<String, String>) -> Self {
        Self {
            server,
            tag: tag.to_owned(),
            secrets,
        }
    }

    /// Plays a scenario; `told` hears of each step.
    ///
    /// # Errors
    /// If a step gets no answer, or not the one that the scenario needs.
    pub async fn play(&self, scenario: &Scenario, told: &mut dyn FnMut(&str, u16)) -> Result<Played, Error> {
        let mut play = Play {
            player: self,
            fresh: Fresh::new(&self.tag, &scenario.name),
            values: Map::new(),
            keys: BTreeMap::new(),
            steps: Vec::new(),
        };
        play.name(&scenario.values)?;
        play.parts(&scenario.parts, told).await?;
        Ok(Played { steps: play.steps })
    }
}

impl Play<'_> {
    async fn parts(&mut self, parts: &[Part], told: &mut dyn FnMut(&str, u16)) -> Result<(), Error> {
        for part in parts {
            match part {
                Part::Step(step) => self.step(step, told).await?,
                Part::Group(group) => Box::pin(self.group(group, told)).await?,
            }
        }
        Ok(())
    }

    async fn group(&mut self, group: &Group, told: &mut dyn FnMut(&str, u16)) -> Result<(), Error> {
        let Some((name, list)) = &group.each else {
            return match self.holds(&group.when) {
                true => self.together(group, told).await,
                false => Ok(()),
            };
        };
        let list = fill(list, self).map_err(|what| Error::Scenario(format!("for {name}: {what}")))?;
        let Value::Array(elements) = list else {
            return Err(Error::Scenario(format!("for {name}: that is no list")));
        };
        let before = self.values.clone();
        for element in elements {
            // What one element takes is not known to the next.
            self.values = before.clone();
            self.values.insert(name.clone(), element);
            if self.holds(&group.when) {
                self.together(group, told).await?;
            }
        }
        self.values = before;
        Ok(())
    }

    async fn together(&mut self, group: &Group, told: &mut dyn FnMut(&str, u16)) -> Result<(), Error> {
        self.name(&group.values)?;
        self.parts(&group.parts, told).await
    }

    fn name(&mut self, values: &Map<String, Value>) -> Result<(), Error> {
        for (name, value) in values {
            let value = fill(value, self).map_err(|what| Error::Scenario(format!("{name}: {what}")))?;
            self.values.insert(name.clone(), value);
        }
        Ok(())
    }

    fn holds(&self, when: &When) -> bool {
        let has = |name: &String| look_up(&format!("{name}?"), self).is_ok_and(|value| !value.is_null());
        when.has.as_ref().is_none_or(has) && !when.lacks.as_ref().is_some_and(has)
    }

    async fn step(&mut self, step: &Step, told: &mut dyn FnMut(&str, u16)) -> Result<(), Error> {
        if !self.holds(&step.when) {
            return Ok(());
        }
        let name = self.text(&step.name, &step.name)?;
        for (known, prefix) in &step.fresh {
            let id = self.fresh.id(prefix.as_str().unwrap_or_default());
            self.values.insert(known.clone(), id.into());
        }
        let Some((method, path)) = &step.request else {
            let seen = self.filled(&name, step.observe.as_ref().unwrap_or(&Value::Null))?;
            self.steps.push(json!({"name": name, "observation": seen}));
            return Ok(());
        };
        let path = self.text(&name, path)?;
        let body = self.filled(&name, &step.body)?;
        let disguise = step
            .disguise
            .as_ref()
            .map(|disguise| self.filled(&name, disguise))
            .transpose()?;
        let key = step.key.as_ref().map(|key| self.text(&name, key)).transpose()?;
        let headers = self.headers(method, key.as_deref());
        let login = self.login(disguise.as_ref());
        let server = self.player.server;
        let (answer, took) = server.exchange(&login, method, &path, &headers, &body).await?;
        told(&name, answer.status);
        if step.must.is_some_and(|must| must != u64::from(answer.status)) {
            let what = format!("the answer is {} {}", answer.status, answer.body);
            return Err(Error::Step { step: name, what });
        }
        self.take(&name, step, &answer)?;
        let request = json!({"method": method, "path": path, "headers": headers_of(&headers), "body": body});
        self.keep(name, request, disguise, &answer, took, step.note.as_deref());
        Ok(())
    }

    fn filled(&self, step: &str, value: &Value) -> Result<Value, Error> {
        fill(value, self).map_err(|what| Error::Step {
            step: step.to_owned(),
            what,
        })
    }

    fn text(&self, step: &str, text: &str) -> Result<String, Error> {
        let filled = self.filled(step, &text.into())?;
        Ok(filled.as_str().map_or_else(|| filled.to_string(), str::to_owned))
    }

    /// A write says that it is JSON, a DELETE too: without it Fineract stores its answer with every member null.
    fn headers(&mut self, method: &str, key: Option<&str>) -> Vec<(String, String)> {
        if method == "GET" {
            return Vec::new();
        }
        let mut headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        let key = match key {
            Some(NO_KEY) => return headers,
            Some(name) => match self.keys.get(name) {
                Some(known) => known.clone(),
                None => {
                    let drawn = self.fresh.key();
                    self.keys.insert(name.to_owned(), drawn.clone());
                    drawn
                }
            },
            None => self.fresh.key(),
        };
        headers.push(("Idempotency-Key".to_owned(), key));
        headers
    }

    fn login(&self, disguise: Option<&Value>) -> Login {
        let usual = &self.player.server.login;
        let other = |name: &str, usual: &String| {
            let other = disguise.and_then(|disguise| disguise[name].as_str());
            other.map_or_else(|| usual.clone(), str::to_owned)
        };
        Login {
            user: other("user", &usual.user),
            password: other("password", &usual.password),
            tenant: other("tenant", &usual.tenant),
        }
    }

    /// Takes what the step takes of its answer. What it does not find has no value, which must be allowed.
    fn take(&mut self, name: &str, step: &Step, answer: &Answer) -> Result<(), Error> {
        for (known, written) in &step.take {
            let taken = match answer.status {
                200 => taken(&self.filled(name, written)?, &answer.body),
                _ => None,
            };
            let allowed = written["optional"] == true || answer.status != 200;
            if taken.is_none() && !allowed {
                let what = format!("there is no {written} for {known} in {}", answer.body);
                let step = name.to_owned();
                return Err(Error::Step { step, what });
            }
            self.values.insert(known.clone(), taken.unwrap_or_default());
        }
        Ok(())
    }

    fn keep(
        &mut self,
        name: String,
        mut request: Value,
        disguise: Option<Value>,
        answer: &Answer,
        took: Duration,
        note: Option<&str>,
    ) {
        if let Some(disguise) = disguise {
            request["as"] = disguise;
        }
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let Answer { status, headers, body } = answer;
        let mut step = json!({"name": name, "request": request,
            "response": {"status": status, "headers": headers, "body": body}, "ms": milliseconds});
        let numbers = CAPTURES.into_iter().filter_map(|name| {
            Some((
                name.to_owned(),
                body.get(name).filter(|number| number.is_u64())?.clone(),
            ))
        });
        let captures: Map<String, Value> = numbers.collect();
        if !captures.is_empty() {
            step["captures"] = captures.into();
        }
        if let Some(note) = note {
            step["note"] = note.into();
        }
        hide(&mut step, &self.player.secrets);
        self.steps.push(step);
    }
}

/// What is taken: `member`, or `{in: member, where: {name: value, …}, member: member}` of the first element of a list.
fn taken(written: &Value, body: &Value) -> Option<Value> {
    let text = |name: &str| written[name].as_str().unwrap_or_default();
    if let Some(path) = written.as_str() {
        return member(body, path).cloned();
    }
    let found = member(body, text("in"))?;
    let found = match written["where"].as_object() {
        None => found,
        Some(wanted) => found
            .as_array()?
            .iter()
            .find(|element| wanted.iter().all(|(name, value)| member(element, name) == Some(value)))?,
    };
    member(found, text("member")).cloned()
}

fn headers_of(headers: &[(String, String)]) -> Value {
    let members = headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()));
    Value::Object(members.collect())
}

/// Puts its name in the place of each secret.
fn hide(value: &mut Value, secrets: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            for (name, secret) in secrets.iter().filter(|(_, secret)| !secret.is_empty()) {
                if text.contains(secret) {
                    *text = text.replace(secret, &format!("<{name}>"));
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, secrets)),
        Value::Object(members) => members.values_mut().for_each(|member| hide(member, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Scenario {
    /// The names of the secrets that it needs.
    pub fn secrets(&self) -> BTreeSet<String> {
        let text = format!("{:?} {:?}", self.values, self.parts);
        let opening = format!("${{{SECRET}.");
        let named = text.split(&opening).skip(1);
        named
            .filter_map(|rest| Some(rest.split_once('}')?.0.to_owned()))
            .collect()
    }
}
