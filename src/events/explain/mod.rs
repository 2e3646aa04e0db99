//! Why an event did or did not match: every question a rule asks of it, with the value it met and the answer.
//!
//! The verdicts are the engine's own: `Investigation` runs the rules over the log as a scan does, and keeps what the windows
//! were given for the one event that is asked about.

mod correlation;
mod detection;
mod line;
mod show;

pub use correlation::Window;
pub use line::unreadable;
pub use show::{json, text};

use super::batch::{Batch, Firing, Part, Record};
use super::context::Context;
use super::correlator::{Correlator, one_by_one};
use super::doubles::Doubles;
use super::hash::Seed;
use super::matching::Matcher;
use super::memory::LATENESS_MS;
use super::place::Place;
use super::plan::Plan;

/// A question and its answer, with those that it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The question, as the rule writes it.
    pub says: String,
    /// Whether it holds of the event.
    pub holds: bool,
    /// What the event has, where the question is about a field.
    pub value: Option<String>,
    /// What it is made of.
    pub of: Vec<Node>,
}

/// One rule and the event.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The rule's title.
    pub title: String,
    /// Its id.
    pub id: String,
    /// Whether it matched, or fired at this event.
    pub holds: bool,
    /// For a rule on single events: its conditions and searches, then the filters laid over it.
    pub nodes: Vec<Node>,
    /// For a correlation: its window at the event's instant.
    pub window: Option<Window>,
}

/// The event asked about and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Offset of its line.
    pub offset: u64,
    /// Number of its line, from 1.
    pub line: u64,
    /// Its instant, or why the line is no event.
    pub event: Result<i64, String>,
    /// Every rule, in order.
    pub rules: Vec<Explained>,
}

/// What a record gives one correlation, kept beyond its batch.
#[derive(Clone, Debug)]
struct Entry {
    at_ms: i64,
    place: Place,
    key: u128,
    key_text: Vec<u8>,
    space: u32,
    part: Part,
    /// Whether it lives only if a correlation that this one refers to fires at the place.
    deferred: bool,
}

/// Runs the rules over a log with an eye on one line.
pub struct Investigation<'p> {
    plan: &'p Plan,
    context: &'p Context,
    matcher: Matcher<'p>,
    correlator: Correlator<'p>,
    doubles: Doubles,
    /// Lines with an id that came before.
    doubled: Vec<Place>,
    entries: Vec<Entry>,
    firings: Vec<Firing>,
}

impl<'p> Investigation<'p> {
    /// Begins; every rule of `plan` should report (`reporting`), so that what only serves others is seen too.
    pub fn new(plan: &'p Plan, context: &'p Context) -> Self {
        let mut correlator = Correlator::new(plan, 1, LATENESS_MS);
        correlator.open(0);
        let matcher = Matcher::new(plan, context, Seed::default());
        let (doubles, doubled) = (Doubles::default(), Vec::new());
        Self { plan, context, matcher, correlator, doubles, doubled, entries: Vec::new(), firings: Vec::new() }
    }

    /// Takes the next whole lines of the log, which begin at `offset`.
    pub fn stretch(&mut self, bytes: &[u8], offset: u64) {
        let mut batch = Batch::default();
        self.matcher.stretch(bytes, 0, offset, &mut batch);
        self.doubled.extend(self.doubles.drop_from(&mut batch));
        for (record, deferred) in
            batch.records.iter().map(|r| (r, false)).chain(batch.deferred.iter().map(|r| (r, true)))
        {
            let entry = |part: &Part| Self::entry(record, part, batch.key_of(record), deferred);
            self.entries.extend(batch.parts_of(record).iter().map(entry));
        }
        self.correlator.add(0, batch);
        self.settle();
        self.forget();
    }

    fn entry(record: &Record, part: &Part, key: &[u8], deferred: bool) -> Entry {
        let Record { at_ms, place, key: fingerprint, space, .. } = *record;
        Entry { at_ms, place, key: fingerprint, key_text: key.to_vec(), space, part: *part, deferred }
    }

    fn settle(&mut self) {
        let firings = &mut self.firings;
        self.correlator.settle(&one_by_one, &mut |f| firings.push(f));
    }

    /// Entries and firings that no later event could still have in its window.
    fn forget(&mut self) {
        let reach = self.plan.longest_window_ms().saturating_add(2 * LATENESS_MS);
        let Some(oldest) = self.correlator.high_ms(0).map(|high| high.saturating_sub(reach)) else { return };
        self.entries.retain(|e| e.at_ms >= oldest);
        self.firings.retain(|f| f.at_ms >= oldest);
    }

    /// Ends at the line `line` (number `number`, at `offset`), which has been taken in, and what came with it at one instant.
    pub fn explain(mut self, line: &[u8], number: u64, offset: u64) -> Explanation {
        self.correlator.close(0);
        self.settle();
        let read = detection::Reading::new(self.plan, self.context, line);
        let place = Place::new(0, offset);
        let mut event = read.as_ref().map(|r| r.at_ms).map_err(Clone::clone);
        if self.doubled.contains(&place) {
            event = Err("an event with the same id came before; only that one counts".to_owned());
        }
        let rules = match &read {
            _ if event.is_err() => Vec::new(),
            Err(_) => Vec::new(),
            Ok(reading) => (0..self.plan.set.rules.len()).map(|rule| self.rule(rule, reading, place)).collect(),
        };
        Explanation { offset, line: number, event, rules }
    }

    fn rule(&self, rule: usize, reading: &detection::Reading<'_>, place: Place) -> Explained {
        let fired = self.firings.iter().any(|f| f.rule == rule && f.last == place);
        let known = self.plan.set.rules.get(rule);
        let (title, id) = known.map_or_else(Default::default, |r| (r.title.clone(), r.id.clone()));
        let correlation = self.plan.correlations.iter().position(|c| c.rule == rule);
        match correlation {
            None => {
                let (holds, nodes) = reading.rule(rule);
                Explained { title, id, holds, nodes, window: None }
            }
            Some(number) => {
                let window = correlation::window(self, number, reading.at_ms, place);
                Explained { title, id, holds: fired, nodes: Vec::new(), window: Some(window) }
            }
        }
    }
}

/// Makes every rule report, also those that only serve correlations.
pub fn reporting(mut plan: Plan) -> Plan {
    plan.detections.iter_mut().flat_map(|d| &mut d.rules).for_each(|(_, reports)| *reports = true);
    plan.correlations.iter_mut().for_each(|c| c.reports = true);
    plan
}
