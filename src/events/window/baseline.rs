//! What a group usually does: its measure of a period against those of its periods before, or against its peers'.
//!
//! INVARIANT: what is forgotten could not have changed a firing, so when it is forgotten does not matter. Each group keeps
//! at most one short entry for every period of the timespan, and the different values of the period at hand.

use super::Item;
use super::keys::Keys;
use super::quantile::quantile;
use super::seat::Keeper;
use super::sliding::Fires;
use crate::events::batch::{Id, Value};
use crate::events::hash::Table;
use crate::events::keep::{Keep, keep};
use crate::events::place::Place;
use crate::events::plan::Correlating;
use crate::events::rule::{Baseline, Measure};
use crate::events::value::Number;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A firing that no event completes, but the passing of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overdue {
    pub at_ms: i64,
    pub key: u32,
    pub last: Place,
    pub fires: Fires,
}

keep!(Overdue { at_ms, key, last, fires });

/// The groups of one correlation.
#[derive(Debug)]
pub(super) struct Histories {
    rule: Baseline,
    /// Periods in the timespan.
    span: i64,
    groups: BTreeMap<u32, History>,
    /// The period of the newest event, while it is open. Peers are compared when it closes.
    open: Option<i64>,
    /// Firings of closed periods that wait to be told.
    ready: Vec<Overdue>,
    since_sweep: usize,
}

/// One group.
#[derive(Debug)]
struct History {
    /// Which groups are its peers.
    peers: u64,
    now: Period,
    /// Earlier periods of the timespan, oldest first: all with events, or for peers those that passed the bound.
    past: VecDeque<Past>,
    /// What was usual before this period; `None` when there was not enough.
    usual: Option<f64>,
}

keep!(History { peers, now, past, usual });

#[derive(Debug)]
struct Period {
    number: i64,
    events: u64,
    whole: i128,
    real: f64,
    different: Table<()>,
    first: Place,
    last: Place,
    passed: bool,
}

keep!(Period { number, events, whole, real, different, first, last, passed });

#[derive(Clone, Copy, Debug)]
struct Past {
    number: i64,
    events: u64,
    measure: f64,
    first: Place,
    passed: bool,
}

keep!(Past { number, events, measure, first, passed });

impl Histories {
    pub(super) fn new(rule: &Baseline, correlation: &Correlating) -> Self {
        Self {
            rule: rule.clone(),
            span: correlation.timespan_ms / rule.period_ms,
            groups: BTreeMap::new(),
            open: None,
            ready: Vec::new(),
            since_sweep: 0,
        }
    }

    fn of_peers(&self) -> bool {
        !self.rule.peers.is_empty()
    }

    /// Whether the group's own period passes the bound at this event: once a period.
    fn fires(&mut self, key: u32) -> Option<Fires> {
        let history = self.groups.get_mut(&key)?;
        let measure = history.now.measure(self.rule.measure);
        if history.now.passed || !self.rule.passed(measure, history.usual?) {
            return None;
        }
        history.now.passed = true;
        history.fires(&self.rule, self.span, measure)
    }

    /// Firings of periods that are over, given that nothing before `until_ms` can still come.
    pub(super) fn overdue(&mut self, until_ms: i64, fire: &mut impl FnMut(Overdue)) {
        if let Some(open) = self.open.filter(|open| self.rule.end_ms(*open) <= until_ms) {
            self.close(open);
            self.open = None;
        }
        self.ready.drain(..).for_each(fire);
    }

    /// Compares everybody who was active in the period with their active peers.
    fn close(&mut self, number: i64) {
        if !self.of_peers() {
            return;
        }
        let mut circles: BTreeMap<u64, Vec<(f64, u32)>> = BTreeMap::new();
        for (key, history) in self.groups.iter().filter(|(_, h)| h.now.number == number) {
            circles.entry(history.peers).or_default().push((history.now.measure(self.rule.measure), *key));
        }
        for circle in circles.values_mut() {
            circle.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            for (own, (measure, key)) in circle.iter().enumerate() {
                let others = circle.len() - 1;
                let other = |i: usize| circle.get(if i < own { i } else { i + 1 }).map(|(m, _)| *m);
                let usual = quantile(self.rule.usual, others, other).filter(|_| others >= self.rule.enough);
                let Some(history) = self.groups.get_mut(key) else { continue };
                history.now.passed = usual.is_some_and(|usual| self.rule.passed(*measure, usual));
                if !history.now.passed {
                    continue;
                }
                if let Some(fires) = history.fires(&self.rule, self.span, *measure) {
                    let (at_ms, last) = (self.rule.end_ms(number), history.now.last);
                    self.ready.push(Overdue { at_ms, key: *key, last, fires });
                }
            }
        }
    }
}

impl Keeper for Histories {
    fn put(&self, out: &mut Vec<u8>) {
        self.groups.put(out);
        self.open.put(out);
        self.ready.put(out);
        self.since_sweep.put(out);
    }

    fn restore(&mut self, from: &mut &[u8]) -> Option<()> {
        self.groups = Keep::take(from)?;
        self.open = Keep::take(from)?;
        self.ready = Keep::take(from)?;
        self.since_sweep = Keep::take(from)?;
        Some(())
    }

    /// Closes the period before `now_ms`, and forgets groups that had no event within the timespan.
    fn leave(&mut self, now_ms: i64, keys: &mut Keys) {
        let number = self.rule.period_of(now_ms);
        if let Some(open) = self.open.filter(|open| *open < number) {
            self.close(open);
        }
        self.open = Some(number);
        self.since_sweep += 1;
        if self.since_sweep < 1024 + self.groups.len() {
            return;
        }
        self.since_sweep = 0;
        let waiting: BTreeSet<u32> = self.ready.iter().map(|r| r.key).collect();
        let span = self.span;
        self.groups.retain(|key, history| {
            let keep = history.now.number + span >= number || waiting.contains(key);
            if !keep {
                keys.release(*key);
            }
            keep
        });
    }

    fn enter(&mut self, item: &Item<'_>) -> bool {
        let Item { record, part, key, .. } = *item;
        let number = self.rule.period_of(record.at_ms);
        let fresh = !self.groups.contains_key(&key);
        let of_peers = self.of_peers();
        let history = self.groups.entry(key).or_insert_with(|| History {
            // The high half of the fingerprint is that of the peers.
            peers: (record.key >> 64) as u64,
            now: Period::new(number, record.place),
            past: VecDeque::new(),
            usual: None,
        });
        if history.now.number != number {
            history.turn(&self.rule, number, record.place);
            history.forget(number - self.span);
            history.usual = if of_peers { None } else { history.usual(&self.rule, number, self.span) };
        }
        history.now.add(record.place, part.value);
        fresh
    }

    fn judge(&mut self, item: &Item<'_>, fire: &mut impl FnMut(usize, Fires)) {
        if let Some(fires) = self.fires(item.key) {
            fire(0, fires);
        }
    }
}

impl History {
    /// Puts the period at hand behind and begins another.
    fn turn(&mut self, rule: &Baseline, number: i64, place: Place) {
        let done = std::mem::replace(&mut self.now, Period::new(number, place));
        if done.passed || rule.peers.is_empty() {
            self.past.push_back(done.past(rule.measure));
        }
    }

    /// Forgets what lies before the period `oldest`.
    fn forget(&mut self, oldest: i64) {
        while self.past.front().is_some_and(|p| p.number < oldest) {
            self.past.pop_front();
        }
    }

    /// What was usual in the timespan's periods before `number`.
    fn usual(&self, rule: &Baseline, number: i64, span: i64) -> Option<f64> {
        let first = self.past.front()?.number.max(number - span);
        let mut measures: Vec<f64> = self.past.iter().map(|p| p.measure).collect();
        if rule.idle {
            let periods = usize::try_from(number - first).unwrap_or(0);
            measures.resize(measures.len().max(periods), 0.0);
        }
        measures.sort_by(f64::total_cmp);
        let at = |i: usize| measures.get(i).copied();
        quantile(rule.usual, measures.len(), at).filter(|_| measures.len() >= rule.enough)
    }

    /// The firing of the period at hand, which passed the bound, if enough periods of the timespan did.
    fn fires(&self, rule: &Baseline, span: i64, measure: f64) -> Option<Fires> {
        let within = |p: &&Past| p.passed && p.number > self.now.number - span;
        let passed: Vec<&Past> = self.past.iter().filter(within).collect();
        if passed.len() + 1 < rule.on {
            return None;
        }
        // Of a firing on one period, that period is the evidence; of one on several, all that passed are.
        let before = if rule.on > 1 { passed.as_slice() } else { &[] };
        let count = self.now.events + before.iter().map(|p| p.events).sum::<u64>();
        let first = before.first().map_or(self.now.first, |p| p.first);
        Some(Fires { count, first, value: Some(measure) })
    }
}

impl Period {
    fn new(number: i64, place: Place) -> Self {
        Self {
            number,
            events: 0,
            whole: 0,
            real: 0.0,
            different: Table::default(),
            first: place,
            last: place,
            passed: false,
        }
    }

    fn add(&mut self, place: Place, value: Value) {
        self.events += 1;
        self.last = place;
        match value {
            Value::Id(Id(id)) => {
                self.different.insert(id, ());
            }
            Value::Number(Number::Whole(n)) => self.whole += i128::from(n),
            Value::Number(Number::Real(n)) => self.real += n,
            _ => {}
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 the nearest float is near enough")]
    fn measure(&self, of: Measure) -> f64 {
        match of {
            Measure::Events => self.events as f64,
            Measure::Distinct => self.different.len() as f64,
            Measure::Sum => self.whole as f64 + self.real,
        }
    }

    fn past(&self, of: Measure) -> Past {
        Past {
            number: self.number,
            events: self.events,
            measure: self.measure(of),
            first: self.first,
            passed: self.passed,
        }
    }
}
