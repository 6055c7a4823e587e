//! The programs that are measured, each with its variables, its events, and what answers when it calls.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use hyper::body::Bytes;
use serde_json::Value;

use crate::arguments::Arguments;
use crate::events;
use crate::function::{Function, Program, STUB, TLS_STUB};
use crate::programs::{FUNCTIONS, HELLO, OVER_TLS, Paths};
use crate::stub::{Recorded, Stub};
use crate::template;
use crate::tls;

/// A program and what answers when it calls.
pub(crate) type Subject = (Program, Arc<Stub>);

/// The four functions, a function that does nothing, and somebody else's if one is given.
pub(crate) async fn all(paths: &Paths, template: &str, arguments: &Arguments) -> Result<Vec<Subject>, String> {
    let mut all = ours(paths, template).await?;
    let hello = program(HELLO, paths, BTreeMap::new(), vec![events::operate()], "hello")?;
    all.push((hello, nothing()));
    if let Some(path) = &arguments.bootstrap {
        all.push((other(arguments, path)?, nothing()));
    }
    Ok(all)
}

/// The four functions. The row that status and the worker find is the one that operate and the worker write.
async fn ours(paths: &Paths, template: &str) -> Result<Vec<Subject>, String> {
    let made = |package: &str, events: Vec<Bytes>, expected: &str| {
        let resource = FUNCTIONS
            .iter()
            .find(|(name, _)| *name == package)
            .map_or("", |(_, resource)| resource);
        program(
            package,
            paths,
            template::variables(template, resource),
            events,
            expected,
        )
    };
    let caller = events::caller();
    let operate = made("operate", vec![events::operate()], "\"statusCode\":202")?;
    let recorded = once(&operate, Stub::new(&caller, &Value::Null, true)).await?;
    let message = recorded.message.clone();
    let worker = made("worker", vec![events::worker(&recorded)], "\"batchItemFailures\":[]")?;
    let recorded = once(&worker, Stub::new(&caller, &recorded.accepted, true)).await?;
    let recorded = Recorded { message, ..recorded };
    let status = made("status", vec![events::status(&recorded)], "\"statusCode\":200")?;
    let sweep = made("sweep", Vec::new(), "")?;
    let over_tls = over_tls(&worker);
    Ok(vec![
        (operate, nothing()),
        (status, Stub::new(&caller, &recorded.ended, false)),
        (worker, Stub::new(&caller, &recorded.accepted, false)),
        (sweep, nothing()),
        (over_tls, Stub::new(&caller, &recorded.accepted, false)),
    ])
}

/// The worker before a Fineract over TLS, to be started.
fn over_tls(worker: &Program) -> Program {
    let mut over_tls = Program {
        name: OVER_TLS.to_owned(),
        events: Vec::new(),
        ..worker.clone()
    };
    if let Some(url) = over_tls.variables.get_mut("FINERACT_URL") {
        *url = url.replace(STUB, TLS_STUB);
    }
    let authority = tls::AUTHORITY.to_owned();
    over_tls.variables.insert("FINERACT_CA_PEM".to_owned(), authority);
    over_tls
}

/// A stub for a function that reads no row.
fn nothing() -> Arc<Stub> {
    Stub::new(&events::caller(), &Value::Null, false)
}

async fn once(program: &Program, stub: Arc<Stub>) -> Result<Recorded, String> {
    let mut function = Function::start(program, Arc::clone(&stub)).await?;
    for event in &program.events {
        function.handle(event).await?;
    }
    function.end().await;
    Ok(stub.recorded())
}

fn program(
    name: &str,
    paths: &Paths,
    variables: BTreeMap<String, String>,
    events: Vec<Bytes>,
    expected: &str,
) -> Result<Program, String> {
    let path = paths.get(name).ok_or_else(|| format!("no program {name}"))?;
    Ok(Program {
        name: name.to_owned(),
        path: path.clone(),
        variables,
        events,
        expected: expected.to_owned(),
    })
}

/// A function of somebody else's.
fn other(arguments: &Arguments, path: &Path) -> Result<Program, String> {
    let variables = arguments.env.iter().filter_map(|pair| pair.split_once('='));
    let events = match &arguments.event {
        Some(file) => vec![Bytes::from(
            fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?,
        )],
        None => Vec::new(),
    };
    Ok(Program {
        name: "other".to_owned(),
        path: path
            .canonicalize()
            .map_err(|error| format!("{}: {error}", path.display()))?,
        variables: variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        events,
        expected: arguments.expect.clone().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn somebody_elses_function_is_as_the_arguments_say() {
        let (file, event) = (file!().rsplit('/').next().unwrap(), "events/status.json");
        let bootstrap = format!("{}/src/{file}", env!("CARGO_MANIFEST_DIR"));
        let event = format!("{}/{event}", env!("CARGO_MANIFEST_DIR"));
        let line = [
            "bench",
            "--bootstrap",
            &bootstrap,
            "--event",
            &event,
            "--expect",
            "done",
            "--env",
            "URL={stub}/a=b",
        ];
        let arguments = Arguments::try_parse_from(line).unwrap();
        let program = other(&arguments, Path::new(&bootstrap)).unwrap();
        assert_eq!(program.expected, "done");
        assert_eq!(program.variables["URL"], "{stub}/a=b");
        assert_eq!(program.events, [Bytes::from(fs::read(&event).unwrap())]);
    }
}
