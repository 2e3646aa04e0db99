//! The windows of correlations that count, over all groups of a partition. Correlations that differ in their bounds alone
//! share one.

use super::Item;
use super::keys::Keys;
use super::measure::{Measure, Seen, verdict};
use super::ring::{Chained, Ring};
use super::seat::Keeper;
use crate::events::keep::{Keep, keep};
use crate::events::line::fetch;
use crate::events::place::Place;
use crate::events::plan::Correlating;
use crate::events::rule::{Extension, Kind};

/// How many events before its turn the group of an event that leaves is fetched from memory.
const AHEAD: usize = 16;

/// The windows of the correlations at one seat, which measure them in one way.
#[derive(Debug)]
pub(super) struct Sliding<M: Measure> {
    /// What each of the correlations asks.
    asks: Vec<Kind>,
    timespan_ms: i64,
    rules: usize,
    /// The fewest events that can make one of them fire.
    least: u64,
    ring: Ring<M::Detail>,
    groups: Vec<Group<M::Memory>>,
}

/// A group's events in the window.
#[derive(Debug, Default)]
struct Group<R> {
    chained: Chained,
    /// What is remembered besides.
    memory: R,
}

/// That a correlation fires, and on what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fires {
    pub count: u64,
    pub first: Place,
    pub value: Option<f64>,
}

keep!(Fires { count, first, value });

impl<M: Measure> Sliding<M> {
    /// Empty windows for `sharing`, which all come to the same numbers.
    pub(super) fn new(sharing: &[&Correlating]) -> Self {
        let least = |c: &&Correlating| match &c.kind {
            Kind::EventCount(l) | Kind::ValueCount(l) => l.least(),
            Kind::Extension(Extension::FirstSeen { after }) => *after,
            _ => 0,
        };
        Self {
            asks: sharing.iter().map(|c| c.kind.clone()).collect(),
            timespan_ms: sharing.first().map_or(0, |c| c.timespan_ms),
            rules: sharing.first().map_or(0, |c| c.rules),
            least: sharing.iter().map(least).min().unwrap_or(0),
            ring: Ring::default(),
            groups: Vec::new(),
        }
    }

    /// What the correlations make of the group of an event that has entered.
    fn ask(&mut self, item: &Item<'_>, fire: &mut impl FnMut(usize, Fires)) {
        let Self { asks, timespan_ms, rules, ring, groups, .. } = self;
        let Some(Group { chained, memory }) = groups.get_mut(item.key as usize) else { return };
        let mut seen = Seen { ring, chained, timespan_ms: *timespan_ms, rules: *rules };
        let measured = asks.first().and_then(|kind| M::of(kind, memory, &mut seen, item));
        let Some(measured) = measured else { return };
        for (member, kind) in asks.iter().enumerate() {
            if let Some(value) = verdict(kind, &measured) {
                let first = seen.events().next().map_or(item.record.place, |e| e.place);
                fire(member, Fires { count: seen.count(), first, value });
            }
        }
    }
}

impl<M: Measure> Keeper for Sliding<M> {
    fn put(&self, out: &mut Vec<u8>) {
        self.ring.put(out);
        self.groups.put(out);
    }

    fn restore(&mut self, from: &mut &[u8]) -> Option<()> {
        self.ring = Keep::take(from)?;
        self.groups = Keep::take(from)?;
        Some(())
    }

    /// Lets go of events that lie outside (now - timespan, now].
    #[inline]
    fn leave(&mut self, now_ms: i64, keys: &mut Keys) {
        let until = now_ms.saturating_sub(self.timespan_ms);
        while let Some(entry) = self.ring.oldest_until(until) {
            let mut none = Group::default();
            let group = self.groups.get_mut(entry.key as usize).unwrap_or(&mut none);
            self.ring.pop(&entry, &mut group.chained);
            let left = group.chained.count;
            M::leave(&mut group.memory, entry.detail, u64::from(left), self.least);
            if left == 0 {
                keys.release(entry.key);
            }
            // More are likely to leave soon.
            self.ring.ahead(AHEAD).into_iter().for_each(|entry| self.fetch(entry.key, keys));
        }
    }

    #[inline]
    fn fetch(&self, key: u32, keys: &Keys) {
        if let Some(Group { chained, memory }) = self.groups.get(key as usize) {
            fetch(chained);
            fetch(memory);
        }
        keys.fetch_holders(key);
    }

    #[inline]
    fn enter(&mut self, item: &Item<'_>) -> bool {
        let number = item.key as usize;
        if self.groups.len() <= number {
            self.groups.resize_with(number + 1, Group::default);
        }
        let Some(group) = self.groups.get_mut(number) else { return false };
        let fresh = group.chained.count == 0;
        let detail = M::detail(item.part);
        self.ring.push((item.record.at_ms, item.record.place), item.key, detail, &mut group.chained);
        if fresh {
            // The number may have served a key that is gone: what was remembered is not this group's.
            M::clear(&mut group.memory);
        }
        M::enter(&mut group.memory, item, detail, self.rules);
        fresh
    }

    #[inline]
    fn judge(&mut self, item: &Item<'_>, fire: &mut impl FnMut(usize, Fires)) {
        if self.groups.get(item.key as usize).is_some_and(|g| u64::from(g.chained.count) >= self.least) {
            self.ask(item, fire);
        }
    }
}

impl<R: Keep> Keep for Group<R> {
    fn put(&self, out: &mut Vec<u8>) {
        let Self { chained, memory } = self;
        chained.put(out);
        memory.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self { chained: Keep::take(from)?, memory: R::take(from)? })
    }
}
