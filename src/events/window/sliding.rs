//! One correlation's windows over all groups of a partition.

use super::baseline::{Histories, Overdue};
use super::distinct::Distinct;
use super::group::{Chain, Group, Memory, Sum};
use super::quantile::quantile;
use super::ring::{Detail, Ring};
use super::watch::Watch;
use crate::events::batch::{Part, Record, Value};
use crate::events::keep::{Keep, keep};
use crate::events::place::Place;
use crate::events::plan::Correlating;
use crate::events::rule::{Extension, Kind, Percentile, Sequence};
use crate::events::value::Number;

/// The windows of one correlation.
#[derive(Debug)]
pub(super) struct Window {
    kind: Kind,
    timespan_ms: i64,
    rules: usize,
    /// The fewest events that can make it fire.
    least: u64,
    ring: Ring,
    groups: Vec<Group>,
    /// For the kinds that remember rather than count.
    watch: Option<Watch>,
    /// For `baseline`.
    histories: Option<Histories>,
}

/// That a correlation fires, and on what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fires {
    pub count: u64,
    pub first: Place,
    pub value: Option<f64>,
}

keep!(Fires { count, first, value });

impl Window {
    pub(super) fn new(correlation: &Correlating) -> Self {
        let least = match &correlation.kind {
            Kind::EventCount(l) | Kind::ValueCount(l) => l.least(),
            Kind::Extension(Extension::FirstSeen { after }) => *after,
            _ => 0,
        };
        let histories = match &correlation.kind {
            Kind::Extension(Extension::Baseline(rule)) => Some(Histories::new(rule, correlation)),
            _ => None,
        };
        let watch = match &correlation.kind {
            Kind::Extension(Extension::FirstSeen { .. } | Extension::Baseline(_)) => None,
            Kind::Extension(extension) => Some(Watch::new(extension, correlation)),
            _ => None,
        };
        Self {
            kind: correlation.kind.clone(),
            timespan_ms: correlation.timespan_ms,
            rules: correlation.rules,
            least,
            ring: Ring::default(),
            groups: Vec::new(),
            watch,
            histories,
        }
    }

    /// Appends what the windows hold; what the rule says is not part of it.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.ring.put(out);
        self.groups.put(out);
        self.watch.iter().for_each(|w| w.put(out));
        self.histories.iter().for_each(|h| h.put(out));
    }

    /// Takes back what `put` wrote, into windows of the same correlation.
    pub(super) fn restore(&mut self, from: &mut &[u8]) -> Option<()> {
        self.ring = Keep::take(from)?;
        self.groups = Keep::take(from)?;
        if let Some(watch) = &mut self.watch {
            watch.restore(from)?;
        }
        if let Some(histories) = &mut self.histories {
            histories.restore(from)?;
        }
        Some(())
    }

    fn keeps_details(&self) -> bool {
        !matches!(self.kind, Kind::EventCount(_) | Kind::TemporalOrdered)
    }

    /// Lets go of events that lie outside (now - timespan, now]; `gone` gets the key of each.
    pub(super) fn leave(&mut self, now_ms: i64, gone: &mut impl FnMut(u32)) {
        if let Some(histories) = &mut self.histories {
            histories.leave(now_ms, gone);
            return;
        }
        if let Some(watch) = &mut self.watch {
            watch.sweep(now_ms, gone);
            return;
        }
        let until = now_ms.saturating_sub(self.timespan_ms);
        while let Some((entry, detail, next)) = self.ring.pop_until(until) {
            if let Some(group) = self.groups.get_mut(entry.key as usize) {
                group.count -= 1;
                group.head = next;
                forget(group, detail, self.least);
                if group.count == 0 {
                    gone(entry.key);
                }
            }
        }
    }

    /// Something of what is kept of a group, so that it is at hand when the group is needed.
    pub(super) fn glance(&self, key: u32) -> u64 {
        let Some(group) = self.groups.get(key as usize) else { return 0 };
        self.ring.get(group.tail).map_or(group.tail, |e| u64::from(e.key))
    }

    /// Takes an event in. True when its group is new and so holds on to its key.
    pub(super) fn enter(&mut self, record: &Record, part: &Part, key: u32) -> bool {
        if let Some(watch) = &mut self.watch {
            return watch.enter(record, key);
        }
        if let Some(histories) = &mut self.histories {
            return histories.enter(record, part, key);
        }
        let detail = self.keeps_details().then_some(Detail { rules: part.rules, value: part.value });
        let index = key as usize;
        while self.groups.len() <= index {
            self.groups.push(Group { memory: memory(&self.kind, self.rules), ..Group::default() });
        }
        let Some(group) = self.groups.get_mut(index) else { return false };
        let fresh = group.count == 0;
        let before = (!fresh).then_some(group.tail);
        let number = self.ring.push((record.at_ms, record.place, key), detail, before);
        if fresh {
            group.head = number;
            // The number may have served a key that is gone: what it remembered is not this group's.
            group.memory.clear();
        }
        group.tail = number;
        group.count += 1;
        remember(group, record.at_ms, part);
        fresh
    }

    /// Whether the correlation fires at this event, which has entered. `ids` are the fingerprints of the part's values.
    pub(super) fn judge(&mut self, record: &Record, part: &Part, ids: &[u128], key: u32) -> Option<Fires> {
        if let Some(watch) = &mut self.watch {
            return watch.judge(record, part, ids, key);
        }
        if let Some(histories) = &mut self.histories {
            return histories.judge(key);
        }
        let group = self.groups.get_mut(key as usize)?;
        if group.count < self.least {
            return None;
        }
        let ring = &self.ring;
        let head = group.head;
        let values = || ring.details_from(head).map(|d| d.value);
        let fingerprints = || values().filter_map(|v| if let Value::Id(id) = v { Some(id) } else { None });
        let value = match (&self.kind, &mut group.memory) {
            (Kind::EventCount(limits), _) => limits.hold(whole(group.count)).then_some(None),
            (Kind::ValueCount(limits), Memory::Distinct(d)) => {
                let n = whole(d.count(fingerprints()));
                limits.hold(n).then(|| Some(n.real()))
            }
            (Kind::Extension(Extension::FirstSeen { after }), Memory::Distinct(d)) => {
                let n = d.count(fingerprints());
                let fresh = matches!(part.value, Value::Id(id) if d.times(id) == 1);
                (fresh && n > *after).then_some(None)
            }
            (Kind::ValueSum(limits), Memory::Sum(s)) => held(s.of(values()), limits),
            (Kind::ValueAvg(limits), Memory::Sum(s)) => held(mean(s.of(values()), group.count), limits),
            (Kind::ValuePercentile(rank, limits), _) => held(percentile(*rank, values())?, limits),
            (Kind::Temporal(sequence), Memory::Rules(counts)) => temporal(sequence, counts).then_some(None),
            (Kind::TemporalOrdered, Memory::Chain(chain)) => {
                let ends_here = part.rules >> (self.rules - 1) & 1 == 1;
                let inside = chain.start().is_some_and(|s| s > record.at_ms.saturating_sub(self.timespan_ms));
                (ends_here && inside).then_some(None)
            }
            _ => None,
        }?;
        let first = ring.get(head).map_or(record.place, |e| e.place);
        Some(Fires { count: group.count, first, value })
    }

    /// What fires because time has passed; see `Watch::overdue` and `Histories::overdue`.
    pub(super) fn overdue(&mut self, until_ms: i64, fire: &mut impl FnMut(Overdue)) {
        if let Some(watch) = &mut self.watch {
            watch.overdue(until_ms, fire);
        }
        if let Some(histories) = &mut self.histories {
            histories.overdue(until_ms, fire);
        }
    }
}

fn memory(kind: &Kind, rules: usize) -> Memory {
    match kind {
        Kind::ValueCount(_) | Kind::Extension(Extension::FirstSeen { .. }) => Memory::Distinct(Distinct::default()),
        Kind::ValueSum(_) | Kind::ValueAvg(_) => Memory::Sum(Sum::default()),
        Kind::Temporal(_) => Memory::Rules(vec![0; rules].into()),
        Kind::TemporalOrdered => Memory::Chain(Chain::new(rules)),
        _ => Memory::None,
    }
}

fn remember(group: &mut Group, at_ms: i64, part: &Part) {
    match &mut group.memory {
        Memory::Distinct(d) => {
            if let Value::Id(id) = part.value {
                d.enter(id);
            }
        }
        Memory::Sum(s) => s.enter(part.value),
        Memory::Rules(counts) => bits(counts.len(), part.rules).for_each(|i| {
            if let Some(n) = counts.get_mut(i) {
                *n += 1;
            }
        }),
        Memory::Chain(chain) => chain.extend(at_ms, part.rules),
        Memory::None => {}
    }
}

fn forget(group: &mut Group, detail: Option<Detail>, least: u64) {
    let Some(detail) = detail else { return };
    match &mut group.memory {
        Memory::Distinct(d) => {
            if let Value::Id(id) = detail.value {
                d.leave(id, group.count, least);
            }
        }
        Memory::Sum(s) => s.leave(detail.value),
        Memory::Rules(counts) => bits(counts.len(), detail.rules).for_each(|i| {
            if let Some(n) = counts.get_mut(i) {
                *n = n.saturating_sub(1);
            }
        }),
        Memory::Chain(_) | Memory::None => {}
    }
}

fn bits(count: usize, of: u64) -> impl Iterator<Item = usize> {
    (0..count).filter(move |i| of >> i & 1 == 1)
}

fn whole(n: u64) -> Number {
    Number::Whole(i64::try_from(n).unwrap_or(i64::MAX))
}

#[expect(clippy::option_option, reason = "whether it fires, and then perhaps with a value")]
fn held(value: Number, limits: &crate::events::rule::Limits) -> Option<Option<f64>> {
    limits.hold(value).then(|| Some(value.real()))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn mean(sum: Number, count: u64) -> Number {
    Number::of(sum.real() / count as f64)
}

fn temporal(sequence: &Sequence, counts: &[u32]) -> bool {
    let seen = |i: usize| counts.get(i).is_some_and(|n| *n > 0);
    match sequence {
        Sequence::Count(limits) => limits.hold(whole((0..counts.len()).filter(|i| seen(*i)).count() as u64)),
        Sequence::Expr(expr) => expr.holds(&mut |i| seen(i)),
    }
}

fn percentile(rank: Percentile, values: impl Iterator<Item = Value>) -> Option<Number> {
    let mut numbers: Vec<f64> =
        values.filter_map(|v| if let Value::Number(n) = v { Some(n.real()) } else { None }).collect();
    numbers.sort_by(f64::total_cmp);
    quantile(rank, numbers.len(), |i| numbers.get(i).copied()).map(Number::of)
}
