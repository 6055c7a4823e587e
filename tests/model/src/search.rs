//! Breadth first through every state.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use crate::model::Model;
use crate::packed::Packed;
use crate::rules::Property;
use crate::state::State;
use crate::step::{Step, What};

/// What a search found.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many states there are; those up to the counterexample, if there is one.
    pub states: usize,
    /// How many steps lead from one to another.
    pub steps: usize,
    /// How many steps the furthest is away.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// Everything that happens.
    pub happened: BTreeSet<&'static str>,
    /// A shortest way to what must not be.
    pub counterexample: Option<Counterexample>,
}

/// A way to what must not be.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// What does not hold.
    pub property: Property,
    /// What happens, in order.
    pub way: Vec<What>,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} does not hold:", self.property)?;
        self.way.iter().try_for_each(|what| write!(f, "\n  {what}"))
    }
}

/// The states, by number, and the steps of fair weather between them.
#[derive(Default)]
struct Graph {
    numbers: HashMap<Packed, u32>,
    /// From where each state was reached first.
    parents: Vec<u32>,
    fair: Vec<(u32, u32)>,
    over: Vec<bool>,
}

impl Graph {
    /// The number of a state, and whether it is new.
    fn number(&mut self, state: &State, parent: u32) -> (u32, bool) {
        let next = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(state.packed()).or_insert(next);
        let new = number == next;
        if new {
            self.parents.push(parent);
        }
        (number, new)
    }

    /// The numbers of the states on the way to this one.
    fn way(&self, mut number: u32) -> Vec<u32> {
        let mut way = vec![number];
        while number > 0 {
            number = self.parents[number as usize];
            way.push(number);
        }
        way.reverse();
        way
    }

    /// The first state from which fair weather leads to no end.
    fn dead_end(&self) -> Option<u32> {
        // The steps by where they lead to: those to state n stand from starts[n] to starts[n + 1].
        let mut starts = vec![0_u32; self.parents.len() + 2];
        for (_, to) in &self.fair {
            starts[*to as usize + 2] += 1;
        }
        for place in 2..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut sources = vec![0_u32; self.fair.len()];
        for (from, to) in &self.fair {
            let next = &mut starts[*to as usize + 1];
            sources[*next as usize] = *from;
            *next += 1;
        }
        let mut ends = self.over.clone();
        let mut waiting: Vec<usize> = (0..)
            .zip(&ends)
            .filter_map(|(number, ends)| ends.then_some(number))
            .collect();
        while let Some(number) = waiting.pop() {
            for from in &sources[starts[number] as usize..starts[number + 1] as usize] {
                let from = *from as usize;
                if !std::mem::replace(&mut ends[from], true) {
                    waiting.push(from);
                }
            }
        }
        (0..).zip(ends).find_map(|(number, ends)| (!ends).then_some(number))
    }
}

impl Model {
    /// Goes through every state that can be reached, or up to the first that breaks a property.
    pub fn search(&self) -> Report {
        let began = Instant::now();
        let mut graph = Graph::default();
        let start = self.start();
        graph.number(&start, 0);
        graph.over.push(self.is_over(&start));
        let mut waiting = VecDeque::from([(start, 0)]);
        let (mut steps, mut all, mut last) = (Vec::new(), 0, 0);
        let (mut happened, mut texts) = (BTreeSet::new(), HashSet::new());
        let mut broken = None;
        'search: while let Some((state, number)) = waiting.pop_front() {
            last = number;
            self.steps(&state, &mut steps);
            all += steps.len();
            for step in &steps {
                if texts.insert(step.what.text.as_ptr().addr()) {
                    happened.insert(step.what.text);
                }
                let to = self.tidy(step.state).sorted();
                let (next, new) = graph.number(&to, number);
                if new {
                    graph.over.push(self.is_over(&to));
                    waiting.push_back((to, next));
                }
                if let Some(property) = step.breaks {
                    broken = Some((property, next));
                    break 'search;
                }
                if step.fair && next != number {
                    graph.fair.push((number, next));
                }
            }
        }
        let found = broken.or_else(|| Some((Property::CanEnd, graph.dead_end()?)));
        Report {
            states: graph.parents.len(),
            steps: all,
            depth: graph.way(last).len() - 1,
            took: began.elapsed(),
            happened,
            counterexample: found.map(|(property, end)| Counterexample {
                property,
                way: self.retrace(&graph, &graph.way(end)),
            }),
        }
    }

    /// What happens on the way through these states, gone once more so that each worker keeps its name.
    fn retrace(&self, graph: &Graph, numbers: &[u32]) -> Vec<What> {
        let mut state = self.start();
        let (mut way, mut steps) = (Vec::new(), Vec::new());
        for number in numbers.iter().skip(1) {
            self.steps(&state, &mut steps);
            let leads = |step: &&Step| graph.numbers.get(&self.tidy(step.state).sorted().packed()) == Some(number);
            if let Some(step) = steps.iter().find(leads) {
                way.push(step.what);
                state = self.tidy(step.state);
            }
        }
        way
    }
}
