//! What the kinds of correlation keep of events and groups, and what they hold against their bounds.

use super::Item;
use super::distinct::Distinct;
use super::memory::{Chain, Sum};
use super::quantile::quantile;
use super::ring::{Chained, Entry, Ring};
use crate::events::batch::{Id, Part, Value};
use crate::events::keep::Keep;
use crate::events::rule::{Extension, Kind, Limits, Sequence};
use crate::events::value::Number;
use std::fmt::Debug;

/// A way of measuring a group's events in the window.
pub(super) trait Measure {
    /// What is kept of an event.
    type Detail: Copy + Debug + Keep;
    /// What is remembered of a group.
    type Memory: Debug + Default + Keep;

    /// What is to be kept of an event.
    fn detail(part: &Part) -> Self::Detail;

    /// Forgets what was remembered.
    fn clear(memory: &mut Self::Memory) {
        *memory = Self::Memory::default();
    }

    /// Takes note of an event that enters, of a correlation on so many rules.
    fn enter(memory: &mut Self::Memory, item: &Item<'_>, detail: Self::Detail, rules: usize);

    /// Takes note of an event that leaves, with so many left. What only serves `least` events or more need not be kept.
    fn leave(memory: &mut Self::Memory, detail: Self::Detail, left: u64, least: u64);

    /// What correlations of this kind hold against their bounds; `None` when none of them can fire.
    fn of(
        kind: &Kind,
        memory: &mut Self::Memory,
        seen: &mut Seen<'_, Self::Detail>,
        item: &Item<'_>,
    ) -> Option<Measured>;
}

/// A group's events in the window.
pub(super) struct Seen<'r, D> {
    pub ring: &'r mut Ring<D>,
    pub chained: &'r mut Chained,
    pub timespan_ms: i64,
    pub rules: usize,
}

impl<D: Copy> Seen<'_, D> {
    /// The events, oldest first.
    pub(super) fn events(&mut self) -> impl Iterator<Item = &Entry<D>> {
        self.ring.of(self.chained)
    }

    fn details(&mut self) -> impl Iterator<Item = D> {
        self.events().map(|e| e.detail)
    }

    /// How many.
    pub(super) fn count(&self) -> u64 {
        u64::from(self.chained.count)
    }
}

/// What correlations hold against their bounds.
pub(super) enum Measured {
    /// A number.
    Number(Number),
    /// Numbers in ascending order, of which each takes its percentile.
    Sorted(Vec<f64>),
    /// Which rules have matched.
    Rules(u64),
    /// Yes.
    Yes,
}

/// The number of events.
#[derive(Debug)]
pub(super) struct Events;

impl Measure for Events {
    type Detail = ();
    type Memory = ();

    fn detail(_: &Part) {}

    fn enter((): &mut (), _: &Item<'_>, (): (), _: usize) {}

    fn leave((): &mut (), (): (), _: u64, _: u64) {}

    fn of(_: &Kind, (): &mut (), seen: &mut Seen<'_, ()>, _: &Item<'_>) -> Option<Measured> {
        Some(Measured::Number(whole(seen.count())))
    }
}

/// The number of different values.
#[derive(Debug)]
pub(super) struct Values;

impl Measure for Values {
    type Detail = Id;
    type Memory = Distinct;

    fn detail(part: &Part) -> Id {
        // INVARIANT: whoever counts different values gets fingerprints, whoever computes gets numbers (`matching::records`).
        if let Value::Id(id) = part.value { id } else { Id(0) }
    }

    fn enter(memory: &mut Distinct, _: &Item<'_>, Id(id): Id, _: usize) {
        memory.enter(id);
    }

    fn leave(memory: &mut Distinct, Id(id): Id, left: u64, least: u64) {
        memory.leave(id, left, least);
    }

    fn of(kind: &Kind, memory: &mut Distinct, seen: &mut Seen<'_, Id>, item: &Item<'_>) -> Option<Measured> {
        let different = memory.count(|| seen.details().map(|Id(id)| id));
        if let Kind::Extension(Extension::FirstSeen { after }) = kind {
            let fresh = memory.times(Self::detail(item.part).0) == 1;
            return (fresh && different > *after).then_some(Measured::Yes);
        }
        Some(Measured::Number(whole(different)))
    }
}

/// The sum of numbers, or their mean.
#[derive(Debug)]
pub(super) struct Sums;

impl Measure for Sums {
    type Detail = Number;
    type Memory = Sum;

    fn detail(part: &Part) -> Number {
        if let Value::Number(n) = part.value { n } else { Number::Whole(0) }
    }

    fn enter(memory: &mut Sum, _: &Item<'_>, number: Number, _: usize) {
        memory.enter(number);
    }

    fn leave(memory: &mut Sum, number: Number, _: u64, _: u64) {
        memory.leave(number);
    }

    fn of(kind: &Kind, memory: &mut Sum, seen: &mut Seen<'_, Number>, _: &Item<'_>) -> Option<Measured> {
        let sum = memory.of(|| seen.details());
        Some(Measured::Number(if let Kind::ValueAvg(_) = kind { mean(sum, seen.count()) } else { sum }))
    }
}

/// Percentiles of numbers.
#[derive(Debug)]
pub(super) struct Percentiles;

impl Measure for Percentiles {
    type Detail = Number;
    type Memory = ();

    fn detail(part: &Part) -> Number {
        Sums::detail(part)
    }

    fn enter((): &mut (), _: &Item<'_>, _: Number, _: usize) {}

    fn leave((): &mut (), _: Number, _: u64, _: u64) {}

    fn of(_: &Kind, (): &mut (), seen: &mut Seen<'_, Number>, _: &Item<'_>) -> Option<Measured> {
        let mut sorted: Vec<f64> = seen.details().map(Number::real).collect();
        sorted.sort_by(f64::total_cmp);
        Some(Measured::Sorted(sorted))
    }
}

/// Which rules have matched.
#[derive(Debug)]
pub(super) struct Together;

impl Measure for Together {
    type Detail = u64;
    /// How many events of each rule.
    type Memory = Vec<u32>;

    fn detail(part: &Part) -> u64 {
        part.rules
    }

    fn clear(memory: &mut Vec<u32>) {
        memory.clear();
    }

    fn enter(memory: &mut Vec<u32>, _: &Item<'_>, matched: u64, rules: usize) {
        memory.resize(rules, 0);
        counted(memory, matched, |n| *n += 1);
    }

    fn leave(memory: &mut Vec<u32>, matched: u64, _: u64, _: u64) {
        counted(memory, matched, |n| *n = n.saturating_sub(1));
    }

    fn of(_: &Kind, memory: &mut Vec<u32>, _: &mut Seen<'_, u64>, _: &Item<'_>) -> Option<Measured> {
        let matched = memory.iter().enumerate().filter(|(_, n)| **n > 0);
        Some(Measured::Rules(matched.fold(0, |all, (i, _)| all | 1 << i)))
    }
}

fn counted(counts: &mut [u32], matched: u64, change: impl Fn(&mut u32)) {
    counts.iter_mut().enumerate().filter(|(i, _)| matched >> i & 1 == 1).for_each(|(_, n)| change(n));
}

/// Whether the rules have matched in their order.
#[derive(Debug)]
pub(super) struct InOrder;

impl Measure for InOrder {
    type Detail = ();
    type Memory = Chain;

    fn detail(_: &Part) {}

    fn clear(memory: &mut Chain) {
        memory.clear();
    }

    fn enter(memory: &mut Chain, item: &Item<'_>, (): (), rules: usize) {
        memory.extend(item.record.at_ms, item.part.rules, rules);
    }

    fn leave(_: &mut Chain, (): (), _: u64, _: u64) {}

    fn of(_: &Kind, memory: &mut Chain, seen: &mut Seen<'_, ()>, item: &Item<'_>) -> Option<Measured> {
        let ends_here = item.part.rules >> (seen.rules - 1) & 1 == 1;
        let start = memory.start().filter(|_| ends_here)?;
        (start > item.record.at_ms.saturating_sub(seen.timespan_ms)).then_some(Measured::Yes)
    }
}

/// Whether a correlation of this kind fires, and then perhaps with a value.
#[expect(clippy::option_option, reason = "whether it fires, and then perhaps with a value")]
pub(super) fn verdict(kind: &Kind, measured: &Measured) -> Option<Option<f64>> {
    match (kind, measured) {
        (Kind::EventCount(limits), Measured::Number(n)) => limits.hold(*n).then_some(None),
        (Kind::ValueCount(limits) | Kind::ValueSum(limits) | Kind::ValueAvg(limits), Measured::Number(n)) => {
            held(*n, limits)
        }
        (Kind::ValuePercentile(rank, limits), Measured::Sorted(all)) => {
            held(quantile(*rank, all.len(), |i| all.get(i).copied()).map(Number::of)?, limits)
        }
        (Kind::Temporal(Sequence::Count(limits)), Measured::Rules(matched)) => {
            limits.hold(whole(u64::from(matched.count_ones()))).then_some(None)
        }
        (Kind::Temporal(Sequence::Expr(expr)), Measured::Rules(matched)) => {
            expr.holds(&mut |i| matched >> i & 1 == 1).then_some(None)
        }
        (_, Measured::Yes) => Some(None),
        _ => None,
    }
}

fn whole(n: u64) -> Number {
    Number::Whole(i64::try_from(n).unwrap_or(i64::MAX))
}

#[expect(clippy::option_option, reason = "whether it fires, and then with a value")]
fn held(value: Number, limits: &Limits) -> Option<Option<f64>> {
    limits.hold(value).then(|| Some(value.real()))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn mean(sum: Number, count: u64) -> Number {
    Number::of(sum.real() / count as f64)
}
