//! What was measured, as tables, JSON and plots.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::budgets::{self, Verdict};
use crate::figures::{Figures, micros, millis, ratio};
use crate::instructions::Counts;
use crate::measure::{Answered, FirstRandom, Started};
use crate::plot;
use crate::programs::HELLO;

/// Everything that was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Where and when.
    pub(crate) machine: Vec<(&'static str, String)>,
    /// How each program starts.
    pub(crate) started: Vec<(String, Started)>,
    /// How each program answers.
    pub(crate) answered: Vec<(String, Answered)>,
    /// Instructions a request, if they were counted.
    pub(crate) instructions: Option<Counts>,
    /// Processor time to the first random byte.
    pub(crate) first_random: Option<FirstRandom>,
    /// How long everything took, without building.
    pub(crate) took: Option<Duration>,
}

impl Report {
    /// Writes `measured.md`, `measured.json` and the plots into a folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(failed)?;
        fs::write(folder.join("measured.md"), self.markdown()).map_err(failed)?;
        fs::write(folder.join("measured.json"), format!("{:#}\n", self.json())).map_err(failed)?;
        let three = |figures: &Figures| vec![micros(figures.min), micros(figures.median), micros(figures.p99)];
        let legend = ["minimum", "median", "99 of 100"];
        let starts: Vec<plot::Bars> = self
            .started
            .iter()
            .map(|(name, started)| (name.clone(), three(&started.time)))
            .collect();
        plot::bars(
            &folder.join("start.svg"),
            "Process start to the first `next`",
            "µs",
            &legend,
            &starts,
        )?;
        let answers: Vec<plot::Bars> = self
            .answered
            .iter()
            .map(|(name, answered)| (name.clone(), three(&answered.time)))
            .collect();
        plot::bars(
            &folder.join("warm.svg"),
            "Event to answer, warm",
            "µs",
            &legend,
            &answers,
        )?;
        let memory: Vec<plot::Line> = self
            .answered
            .iter()
            .map(|(name, answered)| (name.clone(), answered.memory.clone()))
            .collect();
        plot::lines(
            &folder.join("memory.svg"),
            "Resident memory",
            "requests",
            "KiB",
            &memory,
        )
    }

    fn hello_start(&self) -> u64 {
        let hello = self.started.iter().find(|(name, _)| name == HELLO);
        hello.map(|(_, started)| started.time.median).unwrap_or_default()
    }

    /// The tables.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(
            "# Measured\n\nWritten by `cargo run -p bench --release`; [README.md](README.md) says what the figures mean.\n\n",
        );
        self.machine_table(&mut text);
        self.budgets_table(&mut text);
        self.start_table(&mut text);
        self.warm_table(&mut text);
        if let Some(counts) = &self.instructions {
            text.push_str("## Instructions a request, without the network\n\n| function | instructions |\n|---|---|\n");
            for (name, count) in counts {
                line(&mut text, &[name.clone(), thousands(*count)]);
            }
        }
        text
    }

    fn machine_table(&self, text: &mut String) {
        text.push_str("| | |\n|---|---|\n");
        for (name, value) in &self.machine {
            line(text, &[(*name).to_owned(), value.clone()]);
        }
    }

    /// The budgets of what was measured.
    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        let mut verdicts = budgets::of_starts(&self.started);
        verdicts.push(budgets::of_random(self.first_random.as_ref()));
        verdicts.extend(budgets::of_requests(&self.answered));
        verdicts.push(budgets::of_whole(self.took));
        verdicts
    }

    fn budgets_table(&self, text: &mut String) {
        text.push_str("\n## Budgets\n\n| program | budget | measured | |\n|---|---|---|---|\n");
        for verdict in self.verdicts() {
            let Verdict {
                program,
                budget,
                measured,
                held,
                kind: _,
            } = verdict;
            let held = if held { "held" } else { "**missed**" }.to_owned();
            line(text, &[program, budget, measured, held]);
        }
    }

    fn start_table(&self, text: &mut String) {
        text.push_str("\n## Start: the process begins, asks for its first event\n\n");
        text.push_str(
            "Milliseconds. What was called on the way has an open connection then: over TLS where the name says so ",
        );
        text.push_str("(to Fineract), else over plain HTTP.\n\n");
        text.push_str("| program | minimum | median | 99 of 100 | of `hello` | CPU, median | calls on the way |\n");
        text.push_str("|---|---|---|---|---|---|---|\n");
        for (name, started) in &self.started {
            let Figures { min, median, p99 } = started.time;
            let cells = [
                name.clone(),
                millis(min),
                millis(median),
                millis(p99),
                format!("{} x", ratio(median, self.hello_start())),
                millis(started.cpu.median),
                calls(&started.calls, 1),
            ];
            line(text, &cells);
        }
        if let Some(first) = &self.first_random {
            let FirstRandom { loaded, random } = first;
            let random = format!(
                "\nTo the first random byte a process takes {} µs of processor time, {} of them to load (medians).\n",
                micros(random.median),
                micros(loaded.median)
            );
            text.push_str(&random);
        }
        text.push_str("\n![Start](start.svg)\n\n");
    }

    fn warm_table(&self, text: &mut String) {
        text.push_str("## Warm: requests one after the other\n\n");
        text.push_str("Microseconds from the event to the answer, processor time a request, resident memory.\n\n");
        text.push_str("| program | requests | minimum | median | 99 of 100 | CPU a request | calls a request |");
        text.push_str(" memory then | after |\n|---|---|---|---|---|---|---|---|---|\n");
        for (name, answered) in &self.answered {
            let Figures { min, median, p99 } = answered.time;
            let then = answered.memory.iter().find(|(number, _)| *number == answered.requests);
            let last = answered.memory.last();
            let memory = |look: Option<&(u64, u64)>, with: bool| match look {
                Some((number, kib)) if with => format!("{} MB ({})", mb(*kib), thousands(*number)),
                Some((_, kib)) => format!("{} MB", mb(*kib)),
                None => String::new(),
            };
            let cells = [
                name.clone(),
                thousands(answered.requests),
                micros(min).to_string(),
                micros(median).to_string(),
                micros(p99).to_string(),
                format!("{} µs, {} µs user", micros(answered.cpu), micros(answered.user)),
                calls(&answered.calls, answered.requests),
                memory(then, false),
                memory(last, true),
            ];
            line(text, &cells);
        }
        text.push_str("\n![Warm](warm.svg)\n\n![Memory](memory.svg)\n\n");
    }

    /// The same for programs.
    fn json(&self) -> Value {
        let figures = |figures: &Figures| json!({"min": figures.min, "median": figures.median, "p99": figures.p99});
        let started: BTreeMap<_, _> = self
            .started
            .iter()
            .map(|(name, started)| {
                let Started { time, cpu, calls } = started;
                (
                    name.clone(),
                    json!({"time_ns": figures(time), "cpu_ns": figures(cpu), "calls": calls}),
                )
            })
            .collect();
        let answered: BTreeMap<_, _> = self
            .answered
            .iter()
            .map(|(name, answered)| {
                let Answered {
                    requests,
                    time,
                    cpu,
                    user,
                    calls,
                    memory,
                } = answered;
                let entry = json!({"requests": requests, "time_ns": figures(time), "cpu_ns": cpu, "user_ns": user,
                "calls": calls, "memory_kib": memory});
                (name.clone(), entry)
            })
            .collect();
        json!({
            "machine": self.machine.iter().cloned().collect::<BTreeMap<_, _>>(),
            "start": started,
            "warm": answered,
            "instructions": self.instructions,
            "first_random_byte_cpu_ns": self.first_random.map(|first| {
                json!({"loaded": figures(&first.loaded), "random": figures(&first.random)})
            }),
            "took_ns": self.took.map(|took| u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)),
        })
    }
}

fn line(text: &mut String, cells: &[String]) {
    // Writing to a text does not fail.
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// Calls by name, each divided by how many requests made them.
fn calls(calls: &BTreeMap<String, u64>, requests: u64) -> String {
    let each = |(name, count): (&String, &u64)| match count / requests.max(1) {
        0 => None,
        1 => Some(name.clone()),
        times => Some(format!("{times} {name}")),
    };
    let told: Vec<_> = calls.iter().filter_map(each).collect();
    if told.is_empty() {
        "none".to_owned()
    } else {
        told.join(", ")
    }
}

fn mb(kib: u64) -> String {
    let tenths = kib * 1_024 / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A number with its thousands apart.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect();
    groups.join(",")
}
